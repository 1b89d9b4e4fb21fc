/* SPDX-License-Identifier: Apache-2.0 */
#include "../base/cmocka_all.h"

#include "film.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/time.h>

/* 1601-01-01 to 1970-01-01, in 100 ns. */
#define EPOCH_TICKS UINT64_C(116444736000000000)

/* A byte of a SEI that is signed, and leaves its form as it is: in the list's hash, or in text. */
#define SEI_BYTE 60

/* Any usage that is no role of ours. */
#define CAMERA_USAGE "1.3.6.1.4.1.99999.1"

void film_camera_open(film_camera *camera, const char *key_type, const party *root, unsigned serial)
{
    party_plan top = { .name = "maker", .from = "20260101000000Z", .to = "20460101000000Z" };
    memset(camera, 0, sizeof *camera);
    if (!root) {
        camera->root = party_make(&top);
    }
    party_plan plan = { .name = "camera",
                        .issuer = root ? root : &camera->root,
                        .from = "20260101000000Z",
                        .to = "20460101000000Z",
                        .usage = CAMERA_USAGE,
                        .key_type = key_type };
    camera->leaf = party_make(&plan);
    (void)party_pem(&camera->leaf, camera->pem, 0, sizeof camera->pem);
    camera->digest = "SHA256";
    camera->serial = serial;
    camera->now_ns = FILM_START;
    film_camera_restart(camera);
}

static void free_list(film_list *list)
{
    bytes_free(&list->hashes);
    memset(list, 0, sizeof *list);
}

void film_camera_restart(film_camera *camera)
{
    bytes_free(&camera->predecessor);
    bytes_free(&camera->anchor);
    free_list(&camera->open);
    for (size_t i = 0; i < camera->closed_count; i++) {
        free_list(&camera->closed[i]);
    }
    camera->closed_count = 0;
    camera->counter = 0;
}

void film_camera_close(film_camera *camera)
{
    film_camera_restart(camera);
    party_free(&camera->leaf);
    party_free(&camera->root);
}

static size_t hash_size(const film_camera *camera)
{
    return (size_t)EVP_MD_get_size(EVP_get_digestbyname(camera->digest));
}

static void hash(const film_camera *camera, const void *data, size_t size, uint8_t *out)
{
    assert_int_equal(EVP_Digest(data, size, out, NULL, EVP_get_digestbyname(camera->digest), NULL),
                     1);
}

static film_unit *add_unit(film *to, char kind, unsigned frame, int64_t utc_ns)
{
    if (to->count == to->capacity) {
        to->capacity = to->capacity ? to->capacity * 2 : 64;
        to->units = realloc(to->units, to->capacity * sizeof *to->units);
        assert_non_null(to->units);
    }
    film_unit *unit = &to->units[to->count++];
    *unit = (film_unit){ kind, frame, utc_ns, { NULL, 0 }, false };
    return unit;
}

/* H(N), linked where it must be, goes into the open list. */
static void cover(film_camera *camera, const film_unit *unit)
{
    uint8_t pair[128];
    size_t size = hash_size(camera);
    hash(camera, unit->nal.data, unit->nal.size, pair + size);
    if (unit->kind == 'I') {
        bytes_free(&camera->anchor);
        put(&camera->anchor, pair + size, size);
    } else if (strchr("iPp", unit->kind) != NULL) {
        if (!camera->anchor.data) {
            return; /* before the first anchor nothing is signed */
        }
        memcpy(pair, camera->anchor.data, size);
        hash(camera, pair, 2 * size, pair + size);
    }
    if (camera->open.hashes.size == 0) {
        camera->open.from_ns = unit->utc_ns;
    }
    put(&camera->open.hashes, pair + size, size);
}

static void close_list(film_camera *camera, bool is_partial)
{
    if (camera->open.hashes.size == 0) {
        return;
    }
    camera->open.is_partial = is_partial;
    camera->open.to_ns = camera->now_ns;
    assert_true(camera->closed_count < sizeof camera->closed / sizeof camera->closed[0]);
    camera->closed[camera->closed_count++] = camera->open;
    memset(&camera->open, 0, sizeof camera->open);
}

static uint64_t ticks_of(int64_t utc_ns)
{
    return (uint64_t)(utc_ns / 100) + EPOCH_TICKS;
}

static void put_general_of(bytes *elements, const film_camera *camera, const film_list *list)
{
    static const uint8_t specification[] = { 26, 6, 0 };
    static const uint8_t zeros[64];
    uint8_t gop[64];
    size_t size = hash_size(camera);
    bytes value = { NULL, 0 };
    void (*put_number)(bytes *, uint64_t, unsigned) = camera->is_big_endian ? put_be : put_le;
    put_byte(&value, 2);
    put(&value, specification, sizeof specification);
    put_byte(&value, list->is_partial);
    put_number(&value, ticks_of(list->from_ns), 8);
    put_number(&value, ticks_of(list->to_ns), 8);
    put_number(&value, camera->counter, 4);
    put_be(&value, list->hashes.size / size, 2);
    hash(camera, list->hashes.data, list->hashes.size, gop);
    put(&value, gop, size);
    put(&value, camera->predecessor.data ? camera->predecessor.data : zeros, size);
    put_element(elements, 1, &value);
    bytes_free(&value);
}

static void put_list_of(bytes *elements, const film_camera *camera, const film_list *list)
{
    bytes value = { NULL, 0 };
    size_t excess = hash_size(camera) * (size_t)abs(camera->list_excess);
    put_byte(&value, 1);
    put(&value, list->hashes.data, list->hashes.size - (camera->list_excess < 0 ? excess : 0));
    put_fill(&value, 0x66, camera->list_excess > 0 ? excess : 0);
    put_element(elements, 2, &value);
    bytes_free(&value);
}

static void put_who(bytes *elements, const film_camera *camera)
{
    put_certificates(elements, 0, camera->pem);
    if (camera->vendor) {
        put_vendor(elements, "", camera->vendor, "maker");
    }
}

static bytes make_sei(const film_camera *camera, const bytes *elements, unsigned reserved,
                      bool is_signed)
{
    sei_plan plan = { .is_h265 = camera->is_h265,
                      .reserved = reserved,
                      .elements = elements,
                      .key = is_signed ? camera->leaf.key : NULL,
                      .digest = camera->digest };
    return sei_make(&plan);
}

static unsigned hash_number(const film_camera *camera)
{
    return strcmp(camera->digest, "SHA512") == 0   ? 3
           : strcmp(camera->digest, "SHA384") == 0 ? 2
                                                   : 1;
}

static bytes certificate_sei(const film_camera *camera)
{
    bytes elements = { NULL, 0 };
    put_cryptography(&elements, hash_number(camera), NULL, 0);
    put_who(&elements, camera);
    bytes out = make_sei(camera, &elements, 0x80, true);
    bytes_free(&elements);
    return out;
}

/* For the oldest list that waits. */
static bytes gop_sei(film_camera *camera, bool is_signed)
{
    bytes elements = { NULL, 0 };
    if (camera->closed_count == 0) {
        close_list(camera, false);
    }
    assert_true(camera->closed_count > 0);
    film_list list = camera->closed[0];
    camera->closed_count--;
    memmove(camera->closed, camera->closed + 1, camera->closed_count * sizeof list);
    put_general_of(&elements, camera, &list);
    put_cryptography(&elements, hash_number(camera), NULL, 0);
    if (!camera->without_lists) {
        put_list_of(&elements, camera, &list);
    }
    if (camera->with_certificates && is_signed) {
        put_who(&elements, camera);
    }
    bytes out = make_sei(camera, &elements, 0, is_signed);
    camera->counter++;
    bytes_free(&camera->predecessor);
    put(&camera->predecessor, list.hashes.data, hash_size(camera));
    free_list(&list);
    bytes_free(&elements);
    return out;
}

static bytes data_sei(const film_camera *camera)
{
    bytes elements = { NULL, 0 };
    bytes value = { NULL, 0 };
    put_fill(&value, 0x5A, 20);
    put_element(&elements, 7, &value);
    bytes out = make_sei(camera, &elements, 0, false);
    bytes_free(&value);
    bytes_free(&elements);
    return out;
}

/* Headers in which the first bit behind them says whether a picture begins. */
static bytes slice(film_camera *camera, char kind)
{
    bytes out = { NULL, 0 };
    bool is_idr = kind == 'I' || kind == 'i';
    if (camera->is_h265) {
        put_byte(&out, is_idr ? 19 << 1 : 1 << 1);
        put_byte(&out, 1);
    } else {
        put_byte(&out, is_idr ? 0x65 : 0x41);
    }
    put_byte(&out, kind == 'I' || kind == 'P' ? 0x88 : 0x11);
    put_be(&out, 0xA0000000u + camera->serial++, 4);
    put_fill(&out, 0x77, 8);
    put_byte(&out, 0x80);
    return out;
}

static bytes parameter_set(const film_camera *camera)
{
    bytes out = { NULL, 0 };
    put_byte(&out, camera->is_h265 ? 33 << 1 : 0x67);
    put_fill(&out, 1, 6);
    return out;
}

static void shoot_unit(film *out, film_camera *camera, char kind)
{
    if (kind == '/') {
        close_list(camera, true);
        return;
    }
    if (kind == 'I') {
        close_list(camera, false);
    }
    bytes nal = { NULL, 0 };
    char known = kind;
    switch (kind) {
    case 'C':
        nal = certificate_sei(camera);
        break;
    case 'S':
    case 'U':
        nal = gop_sei(camera, kind == 'S');
        break;
    case 'D':
        nal = data_sei(camera);
        break;
    case 's':
        nal = parameter_set(camera);
        break;
    case '=':
        known = out->units[out->count - 1].kind;
        put(&nal, out->units[out->count - 1].nal.data, out->units[out->count - 1].nal.size);
        break;
    default:
        nal = slice(camera, kind);
    }
    film_unit *unit = add_unit(out, known, camera->frame, camera->now_ns);
    unit->nal = nal;
    if (strchr("IiPpUD", known) != NULL) {
        cover(camera, unit);
    }
}

void film_shoot(film *out, film_camera *camera, const char *script)
{
    for (const char *at = script; *at != '\0'; at++) {
        if (*at != ' ') {
            shoot_unit(out, camera, *at);
        }
        if (*at == ' ' || at[1] == '\0') {
            camera->frame++;
            camera->now_ns += FILM_FRAME_NS;
        }
    }
}

void film_free(film *gone)
{
    for (size_t i = 0; i < gone->count; i++) {
        bytes_free(&gone->units[i].nal);
    }
    free(gone->units);
    *gone = (film){ 0 };
}

static unsigned fresh_frame(const film *of)
{
    unsigned most = 0;
    for (size_t i = 0; i < of->count; i++) {
        most = of->units[i].frame > most ? of->units[i].frame : most;
    }
    return most + 1;
}

void film_append(film *out, const film *other, size_t from, size_t to)
{
    unsigned frame = fresh_frame(out);
    for (size_t i = from; i < to; i++) {
        frame += i > from && other->units[i].frame != other->units[i - 1].frame;
        film_unit *unit = add_unit(out, other->units[i].kind, frame, other->units[i].utc_ns);
        put(&unit->nal, other->units[i].nal.data, other->units[i].nal.size);
        unit->is_behind_gap = other->units[i].is_behind_gap;
    }
}

void film_gap(film *of, size_t unit)
{
    assert_true(unit == 0 || of->units[unit - 1].frame != of->units[unit].frame);
    of->units[unit].is_behind_gap = true;
}

film film_copy(const film *other)
{
    film out = { 0 };
    film_append(&out, other, 0, other->count);
    return out;
}

size_t film_find(const film *of, char kind, size_t n)
{
    for (size_t i = 0; i < of->count; i++) {
        if (of->units[i].kind == kind && n-- == 0) {
            return i;
        }
    }
    fail_msg("there is no such unit: %c", kind);
    return 0;
}

void film_remove(film *of, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        bytes_free(&of->units[i].nal);
    }
    memmove(of->units + from, of->units + to, (of->count - to) * sizeof *of->units);
    of->count -= to - from;
}

static film_unit *make_room(film *of, size_t at, char kind, int64_t utc_ns)
{
    (void)add_unit(of, kind, fresh_frame(of), utc_ns);
    film_unit fresh = of->units[of->count - 1];
    memmove(of->units + at + 1, of->units + at, (of->count - 1 - at) * sizeof fresh);
    of->units[at] = fresh;
    return &of->units[at];
}

void film_insert(film *of, size_t at, const void *nal, size_t size)
{
    int64_t utc_ns = of->units[at < of->count ? at : of->count - 1].utc_ns;
    put(&make_room(of, at, 'x', utc_ns)->nal, nal, size);
}

void film_repeat(film *of, size_t unit, size_t at)
{
    film_unit copied = of->units[unit];
    int64_t utc_ns = of->units[at < of->count ? at : of->count - 1].utc_ns;
    put(&make_room(of, at, copied.kind, utc_ns)->nal, copied.nal.data, copied.nal.size);
}

void film_move(film *of, size_t from, size_t to)
{
    film_unit moved = of->units[from];
    moved.frame = fresh_frame(of);
    size_t last = of->count - 1;
    memmove(of->units + from, of->units + from + 1, (last - from) * sizeof moved);
    memmove(of->units + to + 1, of->units + to, (last - to) * sizeof moved);
    of->units[to] = moved;
}

void film_change(film *of, size_t unit)
{
    bytes *nal = &of->units[unit].nal;
    size_t at = strchr("CSU", of->units[unit].kind) ? SEI_BYTE : nal->size - 2;
    nal->data[at] ^= 0x20;
}

svms_trust *film_trust(svms_ctx *ctx, const film_camera *camera)
{
    char pem[FILM_PEM_ROOM];
    svms_trust *trust = NULL;
    size_t size = party_pem(&camera->root, pem, 0, sizeof pem);
    assert_int_equal(svms_trust_from_pem(&trust, ctx, pem, size, NULL), SVMS_OK);
    return trust;
}

svms_camera_validator_options film_options(const film_camera *camera, const svms_trust *trust)
{
    svms_camera_validator_options options = SVMS_CAMERA_VALIDATOR_OPTIONS_INIT;
    options.codec = camera->is_h265 ? SVMS_CODEC_H265 : SVMS_CODEC_H264;
    options.trust = trust;
    options.now_utc_ns = FILM_START + INT64_C(3600000000000);
    return options;
}

size_t film_unit_bytes(const film *of, size_t from, bytes *out)
{
    size_t at = from;
    do {
        put_be(out, of->units[at].nal.size, 4);
        put(out, of->units[at].nal.data, of->units[at].nal.size);
        at++;
    } while (at < of->count && of->units[at].frame == of->units[from].frame);
    return at;
}
