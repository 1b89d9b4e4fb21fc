/* SPDX-License-Identifier: Apache-2.0 */
#include "../base/cmocka_all.h"

#include "signed_stream.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/rsa.h>

static const uint8_t uuid[16] = { 0x00, 0x5B, 0xC9, 0x3F, 0x2D, 0x71, 0x5E, 0x95,
                                  0xAD, 0xA4, 0x79, 0x6F, 0x90, 0x87, 0x7A, 0x6F };

typedef struct piece {
    const uint8_t *data;
    size_t size;
} piece;

static uint64_t big(const uint8_t *data, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        value = value << 8 | data[i];
    }
    return value;
}

static uint64_t little(const uint8_t *data, size_t size)
{
    uint64_t value = 0;
    for (size_t i = size; i-- > 0;) {
        value = value << 8 | data[i];
    }
    return value;
}

static size_t find_start(const uint8_t *data, size_t size, size_t from)
{
    for (size_t i = from; i + 3 <= size; i++) {
        if (data[i] == 0 && data[i + 1] == 0 && data[i + 2] == 1) {
            return i;
        }
    }
    return size;
}

/* The next NAL unit at *at, which moves on; false at the end. */
static bool next_nal(svms_nal_framing framing, const uint8_t *data, size_t size, size_t *at,
                     piece *nal)
{
    static const size_t widths[] = { 4, 2, 1 };
    if (framing == SVMS_NAL_ANNEX_B) {
        size_t start = find_start(data, size, *at);
        if (start == size) {
            return false;
        }
        size_t end = find_start(data, size, start + 3);
        *at = end;
        while (end > start + 3 && data[end - 1] == 0) {
            end--;
        }
        *nal = (piece){ data + start + 3, end - start - 3 };
        return true;
    }
    if (*at == size) {
        return false;
    }
    size_t width = widths[framing];
    assert_true(size - *at >= width);
    size_t length = (size_t)big(data + *at, width);
    assert_true(size - *at - width >= length);
    *nal = (piece){ data + *at + width, length };
    *at += width + length;
    return true;
}

static size_t unescape(const uint8_t *data, size_t size, uint8_t *out)
{
    size_t count = 0;
    unsigned zeros = 0;
    for (size_t i = 0; i < size; i++) {
        if (zeros == 2 && data[i] == 3) {
            zeros = 0;
            continue;
        }
        assert_false(zeros == 2 && data[i] < 3);
        zeros = data[i] == 0 ? zeros + 1 : 0;
        out[count++] = data[i];
    }
    return count;
}

static unsigned type_of(uint32_t codec, const piece *nal)
{
    return codec == SVMS_CODEC_H265 ? (nal->data[0] >> 1) & 0x3Fu : nal->data[0] & 0x1Fu;
}

static size_t header_of(uint32_t codec)
{
    return codec == SVMS_CODEC_H265 ? 2 : 1;
}

static bool is_vcl(uint32_t codec, const piece *nal)
{
    unsigned type = type_of(codec, nal);
    return codec == SVMS_CODEC_H265 ? type < 32 : type >= 1 && type <= 5;
}

static bool is_anchor(uint32_t codec, const piece *nal)
{
    unsigned type = type_of(codec, nal);
    bool is_idr = codec == SVMS_CODEC_H265 ? type >= 16 && type <= 21 : type == 5;
    return is_idr && nal->data[header_of(codec)] >= 0x80;
}

/* Offset of what follows the UUID in a SEI without emulation prevention; 0: another SEI. */
static size_t is_media_signing(uint32_t codec, const uint8_t *plain, size_t size)
{
    size_t at = header_of(codec) + 1;
    size_t payload = 0;
    if (plain[at - 1] != 5) {
        return 0;
    }
    while (at < size && plain[at] == 255) {
        payload += plain[at++];
    }
    payload += plain[at++];
    if (payload < 17 || memcmp(plain + at, uuid, 16) != 0) {
        return 0;
    }
    assert_int_equal(at + payload + 1, size);
    assert_int_equal(plain[size - 1], 0x80);
    return at + 16;
}

static bool is_sei(uint32_t codec, const piece *nal)
{
    return type_of(codec, nal) == (codec == SVMS_CODEC_H265 ? 39 : 6);
}

static void read_general(signed_sei *sei, const uint8_t *value, size_t size)
{
    static const uint8_t versions[] = { 2, 26, 6, 0 };
    assert_memory_equal(value, versions, sizeof versions);
    assert_true(value[4] <= 1);
    sei->is_partial = value[4] == 1;
    sei->start = little(value + 5, 8);
    sei->end = little(value + 13, 8);
    sei->counter = (uint32_t)little(value + 21, 4);
    sei->count = (uint16_t)big(value + 25, 2);
    assert_int_equal(size, 27 + 2 * ((size - 27) / 2));
    sei->list_hash = value + 27;
    sei->predecessor = value + 27 + (size - 27) / 2;
}

static void read_cryptography(signed_sei *sei, const uint8_t *value, size_t size)
{
    static const uint8_t sha2[] = { 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02 };
    static const char *const names[] = { NULL, "SHA256", "SHA384", "SHA512" };
    assert_int_equal(value[0], 1);
    assert_int_equal(value[1], 11);
    assert_memory_equal(value + 2, sha2, sizeof sha2);
    assert_in_range(value[12], 1, 3);
    sei->hash = names[value[12]];
    sei->scheme_oid_size = value[13];
    assert_int_equal(size, 14 + sei->scheme_oid_size + 2);
    sei->rsa_bits = (uint16_t)big(value + size - 2, 2);
}

static void read_element(signed_sei *sei, uint8_t tag, const uint8_t *value, size_t size)
{
    sei->tag_count[tag]++;
    sei->last_size[tag] = size;
    switch (tag) {
    case 1:
        read_general(sei, value, size);
        break;
    case 2:
        assert_int_equal(value[0], 1);
        sei->list = value + 1;
        sei->list_size = size - 1;
        break;
    case 3:
        assert_int_equal(value[0], 1);
        sei->signature = value + 3;
        sei->signature_size = (size_t)big(value + 1, 2);
        assert_true(sei->signature_size > 0 && sei->signature_size <= size - 3);
        break;
    case 4:
        read_cryptography(sei, value, size);
        break;
    case 5:
        assert_int_equal(value[0], 1);
        sei->vendor = value + 1;
        break;
    case 6:
        assert_int_equal(value[0], 1);
        assert_true(value[1] <= 1);
        assert_null(sei->pem[value[1]]);
        sei->pem[value[1]] = value + 2;
        sei->pem_size[value[1]] = size - 2;
        break;
    default:
        assert_int_equal(tag, 7);
    }
}

static void read_elements(signed_sei *sei, size_t at)
{
    size_t end = sei->plain_size - 1;
    sei->flags = sei->plain[at++];
    while (at < end) {
        assert_true(end - at >= 3);
        uint8_t tag = sei->plain[at];
        size_t size = (size_t)big(sei->plain + at + 1, 2);
        assert_true(end - at - 3 >= size);
        assert_int_equal(sei->signature_at, 0);
        if (tag == 3) {
            sei->signature_at = at;
        }
        read_element(sei, tag, sei->plain + at + 3, size);
        at += 3 + size;
    }
    assert_int_equal(at, end);
}

signed_stream *signed_stream_open(uint32_t codec, svms_nal_framing framing, const char *hash)
{
    signed_stream *stream = calloc(1, sizeof *stream);
    assert_non_null(stream);
    stream->codec = codec;
    stream->framing = framing;
    stream->hash = hash;
    stream->hash_size = strcmp(hash, "SHA384") == 0 ? 48 : 32;
    return stream;
}

void signed_stream_close(signed_stream **stream)
{
    for (size_t i = 0; i < (*stream)->sei_count; i++) {
        free((*stream)->seis[i].nal);
        free((*stream)->seis[i].plain);
    }
    free((*stream)->units);
    free(*stream);
    *stream = NULL;
}

static void digest(const char *name, const void *data, size_t size, uint8_t *out)
{
    assert_int_equal(EVP_Q_digest(NULL, name, NULL, data, size, out, NULL), 1);
}

static void add_unit(signed_stream *stream, const piece *nal, bool as_sei)
{
    if (stream->unit_count == stream->unit_capacity) {
        stream->unit_capacity = stream->unit_capacity ? stream->unit_capacity * 2 : 256;
        stream->units = realloc(stream->units, stream->unit_capacity * sizeof stream->units[0]);
        assert_non_null(stream->units);
    }
    signed_unit *unit = &stream->units[stream->unit_count++];
    memset(unit, 0, sizeof *unit);
    unit->frame = stream->frame_count;
    unit->is_sei = as_sei;
    size_t size = nal->size;
    while (size > 0 && nal->data[size - 1] == 0) {
        size--;
    }
    digest(stream->hash, nal->data, size, unit->hash);
    if (as_sei) {
        return;
    }
    unit->is_anchor = is_anchor(stream->codec, nal);
    if (unit->is_anchor) {
        memcpy(stream->anchor, unit->hash, sizeof stream->anchor);
        stream->has_anchor = true;
    } else if (stream->has_anchor) {
        uint8_t both[128];
        memcpy(both, stream->anchor, stream->hash_size);
        memcpy(both + stream->hash_size, unit->hash, stream->hash_size);
        digest(stream->hash, both, 2 * stream->hash_size, unit->hash);
    }
}

static void add_sei(signed_stream *stream, const piece *nal)
{
    uint8_t *plain = malloc(nal->size);
    assert_non_null(plain);
    size_t plain_size = unescape(nal->data, nal->size, plain);
    size_t at = is_media_signing(stream->codec, plain, plain_size);
    if (at == 0) {
        free(plain);
        return;
    }
    assert_true(stream->sei_count < SIGNED_SEIS_MAX);
    signed_sei *sei = &stream->seis[stream->sei_count++];
    const signed_sei *before = stream->sei_count > 1 ? sei - 1 : NULL;
    sei->nal = malloc(nal->size);
    assert_non_null(sei->nal);
    memcpy(sei->nal, nal->data, nal->size);
    sei->nal_size = nal->size;
    sei->plain = plain;
    sei->plain_size = plain_size;
    sei->frame = stream->frame_count;
    sei->units_before = stream->unit_count;
    sei->is_repeated = before && before->nal_size == sei->nal_size &&
                       memcmp(before->nal, sei->nal, sei->nal_size) == 0;
    read_elements(sei, at);
    if (sei->signature_at == 0) {
        add_unit(stream, nal, true);
    }
}

void signed_stream_take(signed_stream *stream, const uint8_t *data, size_t size)
{
    size_t at = 0;
    piece nal;
    while (next_nal(stream->framing, data, size, &at, &nal)) {
        assert_true(nal.size > 0);
        if (is_vcl(stream->codec, &nal)) {
            add_unit(stream, &nal, false);
        } else if (is_sei(stream->codec, &nal)) {
            add_sei(stream, &nal);
        }
    }
    stream->frame_count++;
}

void signed_stream_text(uint32_t codec, svms_nal_framing framing, const uint8_t *data, size_t size,
                        char *out, size_t room)
{
    size_t at = 0;
    size_t length = 0;
    piece nal;
    while (next_nal(framing, data, size, &at, &nal)) {
        char what = '.';
        if (is_vcl(codec, &nal)) {
            what = is_anchor(codec, &nal) ? 'I' : 'P';
        } else if (is_sei(codec, &nal)) {
            signed_stream *one = signed_stream_open(codec, framing, "SHA256");
            add_sei(one, &nal);
            const signed_sei *sei = &one->seis[0];
            if (one->sei_count > 0 && sei->tag_count[7] > 0) {
                what = 'a';
            } else if (one->sei_count > 0) {
                what = (sei->flags & 0x80) != 0 ? 'c' : sei->signature_at > 0 ? 'S' : 'U';
            }
            signed_stream_close(&one);
        }
        assert_true(length + 1 < room);
        out[length++] = what;
    }
    out[length] = '\0';
}

size_t signed_sei_certificates(const signed_sei *sei, int user)
{
    size_t count = 0;
    BIO *text = BIO_new_mem_buf(sei->pem[user], (int)sei->pem_size[user]);
    for (;; count++) {
        X509 *certificate = PEM_read_bio_X509(text, NULL, NULL, NULL);
        if (!certificate) {
            break;
        }
        X509_free(certificate);
    }
    BIO_free(text);
    return count;
}

static EVP_PKEY *leaf_key(const signed_sei *sei, int user)
{
    BIO *text = BIO_new_mem_buf(sei->pem[user], (int)sei->pem_size[user]);
    X509 *leaf = PEM_read_bio_X509(text, NULL, NULL, NULL);
    assert_non_null(leaf);
    EVP_PKEY *key = X509_get_pubkey(leaf);
    assert_non_null(key);
    X509_free(leaf);
    BIO_free(text);
    return key;
}

/* Bytes of the NAL unit, as it stands, that hold what comes before the signature element. */
static size_t escaped_document(const signed_sei *sei)
{
    size_t plain = 0;
    size_t at = 0;
    unsigned zeros = 0;
    while (plain < sei->signature_at) {
        if (zeros == 2 && sei->nal[at] == 3) {
            zeros = 0;
        } else {
            zeros = sei->nal[at] == 0 ? zeros + 1 : 0;
            plain++;
        }
        at++;
    }
    return at;
}

static void check_signature(const signed_sei *sei, EVP_PKEY *key)
{
    bool is_escaped = (sei->flags & 0x40) != 0;
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how = NULL;
    assert_int_equal(EVP_DigestVerifyInit_ex(state, &how, sei->hash, NULL, NULL, key, NULL), 1);
    if (EVP_PKEY_is_a(key, "RSA")) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(sei->rsa_bits, EVP_PKEY_get_bits(key));
        assert_int_equal(sei->scheme_oid_size, 11);
    } else {
        assert_int_equal(sei->rsa_bits, 0);
        assert_int_equal(sei->scheme_oid_size, 0);
    }
    assert_int_equal(sei->last_size[3], 3 + EVP_PKEY_get_size(key));
    assert_int_equal(EVP_DigestVerify(state, sei->signature, sei->signature_size,
                                      is_escaped ? sei->nal : sei->plain,
                                      is_escaped ? escaped_document(sei) : sei->signature_at),
                     1);
    EVP_MD_CTX_free(state);
}

typedef struct walk {
    const signed_stream *stream;
    EVP_PKEY *keys[2];
    signed_summary sum;
    const signed_sei *before; /* that covered something */
    const uint8_t *first;     /* hash of the list before */
    size_t next;              /* unit that nothing covers yet */
} walk;

static bool fits_at(const walk *w, const signed_sei *sei, size_t at)
{
    size_t size = w->stream->hash_size;
    uint8_t *hashes = malloc((size_t)sei->count * size);
    uint8_t found[64];
    assert_non_null(hashes);
    for (size_t i = 0; i < sei->count; i++) {
        memcpy(hashes + i * size, w->stream->units[at + i].hash, size);
    }
    digest(w->stream->hash, hashes, sei->count * size, found);
    bool fits = memcmp(found, sei->list_hash, size) == 0;
    if (fits && sei->list) {
        assert_int_equal(sei->list_size, sei->count * size);
        assert_memory_equal(sei->list, hashes, sei->list_size);
    }
    free(hashes);
    return fits;
}

static void check_links(walk *w, const signed_sei *sei, bool is_gap)
{
    static const uint8_t none[64];
    size_t size = w->stream->hash_size;
    uint32_t expected = w->before ? w->before->counter + 1 : 0;
    assert_true(sei->start <= sei->end);
    assert_true(sei->end - sei->start < UINT64_C(864000000000));
    if (is_gap) {
        w->sum.gaps += sei->counter - expected;
        return;
    }
    assert_int_equal(sei->counter, expected);
    assert_memory_equal(sei->predecessor, w->first ? w->first : none, size);
}

static void check_covering(walk *w, const signed_sei *sei)
{
    const signed_stream *stream = w->stream;
    bool is_gap = sei->counter != (w->before ? w->before->counter + 1 : 0);
    assert_string_equal(sei->hash, stream->hash);
    assert_int_equal(sei->last_size[1], 27 + 2 * stream->hash_size);
    assert_true(sei->count > 0);
    if (!w->before) {
        while (w->next < stream->unit_count && !stream->units[w->next].is_anchor) {
            w->next++;
        }
        w->sum.first_unit = w->next;
    }
    while (is_gap && w->next + sei->count <= sei->units_before && !fits_at(w, sei, w->next)) {
        w->next++;
    }
    assert_true(w->next + sei->count <= sei->units_before);
    assert_true(fits_at(w, sei, w->next));
    check_links(w, sei, is_gap);
    w->first = stream->units[w->next].hash;
    w->next += sei->count;
    w->before = sei;
    w->sum.gops++;
    w->sum.signatures += sei->signature_at > 0;
    w->sum.covered += sei->count;
    /* What has no signature stands behind the slice that leads the next list. */
    if (sei->signature_at == 0) {
        assert_true(w->next < sei->units_before);
        assert_false(stream->units[w->next].is_sei);
    }
}

signed_summary signed_stream_check(const signed_stream *stream)
{
    walk w = { .stream = stream };
    for (size_t i = 0; i < stream->sei_count; i++) {
        const signed_sei *sei = &stream->seis[i];
        if (sei->tag_count[7] > 0) {
            continue;
        }
        for (int user = 0; user < 2; user++) {
            if (sei->pem[user]) {
                EVP_PKEY_free(w.keys[user]);
                w.keys[user] = leaf_key(sei, user);
            }
        }
        bool is_certificate = (sei->flags & 0x80) != 0;
        if (sei->signature_at > 0) {
            check_signature(sei, w.keys[1] && !is_certificate ? w.keys[1] : w.keys[0]);
        }
        assert_int_equal(sei->tag_count[1], is_certificate ? 0 : 1);
        assert_int_equal(sei->tag_count[4], 1);
        if (!is_certificate && !sei->is_repeated) {
            check_covering(&w, sei);
        }
    }
    EVP_PKEY_free(w.keys[0]);
    EVP_PKEY_free(w.keys[1]);
    w.sum.tail = stream->unit_count - w.next;
    return w.sum;
}

const signed_sei *signed_stream_gop(const signed_stream *stream, size_t n)
{
    for (size_t i = 0; i < stream->sei_count; i++) {
        const signed_sei *sei = &stream->seis[i];
        bool covers = sei->tag_count[1] > 0 && !sei->is_repeated;
        if (covers && n-- == 0) {
            return sei;
        }
    }
    fail_msg("there are fewer SEIs");
    return NULL;
}
