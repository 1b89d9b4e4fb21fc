/* SPDX-License-Identifier: Apache-2.0 */
/* The list of hashes that is open, and what it becomes (CS-NAL-3, CS-SGN-2). */
#include <string.h>

#include "failure.h"
#include "signer_internal.h"

#define FIRST_CAPACITY ((size_t)64)
#define NS_PER_SECOND INT64_C(1000000000)
/* CS-DOC-1: an end that lies so far behind its start makes readers doubt the order of bytes. */
#define DAY_NS (86400 * NS_PER_SECOND)

static size_t hash_size(const svms_camera_signer *signer)
{
    return svms_camera_hash_size(signer->key.hash);
}

/* Room for one more hash. */
static uint8_t *next_place(svms_camera_signer *signer, svms_error *err)
{
    svms_signer_list *list = &signer->list;
    size_t size = hash_size(signer);
    if (list->count == UINT16_MAX) {
        (void)svms_fail(err, SVMS_E_LIMIT, "more than %u NAL units before a part could end",
                        (unsigned)UINT16_MAX);
        return NULL;
    }
    if (list->count == list->capacity) {
        size_t capacity = list->capacity > 0 ? list->capacity * 2 : FIRST_CAPACITY;
        uint8_t *grown = svms_grow(signer->ctx, list->hashes, list->count * size, capacity * size);
        if (!grown) {
            (void)svms_fail_memory(err);
            return NULL;
        }
        list->hashes = grown;
        list->capacity = capacity;
    }
    return list->hashes + list->count * size;
}

static void spoil(svms_camera_signer *signer, const svms_error *cause)
{
    signer->list.is_whole = false;
    svms_signer_tell(signer, cause->status, cause);
}

static void begin_list(svms_camera_signer *signer)
{
    signer->list.count = 0;
    signer->list.is_whole = true;
    signer->list.start_utc_ns = signer->utc_ns;
}

static int64_t end_of_list(const svms_camera_signer *signer)
{
    return signer->is_clock_set ? signer->last_utc_ns : signer->utc_ns;
}

static bool is_to_be_signed(const svms_camera_signer *signer, const svms_signer_closing *end)
{
    return end->is_partial || end->is_last || signer->unsigned_gops + 1 >= signer->sign_every;
}

static void fill_content(const svms_camera_signer *signer, svms_sei_content *content,
                         const svms_sei_general *general, bool is_signed)
{
    const svms_signer_list *list = &signer->list;
    size_t list_size = list->count * hash_size(signer);
    *content = (svms_sei_content){ .general = general };
    if ((signer->flags & SVMS_CAMERA_LOW_BIT_RATE) == 0 && list_size < SVMS_SEI_ELEMENT_MAX) {
        content->list = list->hashes;
        content->list_size = list_size;
    }
    if (is_signed) {
        content->room = signer->key.room;
    }
    if (is_signed && signer->certificate.size == 0) {
        content->more = signer->more.data;
        content->more_size = signer->more.size;
    }
}

static svms_status queue_sei(svms_camera_signer *signer, const svms_signer_closing *end,
                             svms_error *err)
{
    static const uint8_t none[SVMS_CAMERA_HASH_MAX];
    svms_signer_list *list = &signer->list;
    uint8_t list_hash[SVMS_CAMERA_HASH_MAX];
    if (signer->waiting_count == SVMS_CAMERA_WAITING_MAX) {
        return svms_fail(err, SVMS_E_LIMIT,
                         "%d SEIs wait for the key already: what was to be signed now is not",
                         SVMS_CAMERA_WAITING_MAX);
    }
    if (!svms_camera_hash_once(signer->hasher, signer->key.hash, list->hashes,
                               list->count * hash_size(signer), list_hash)) {
        return svms_fail_crypto(err, "cannot hash a list of hashes");
    }
    svms_sei_general general = { .is_partial = end->is_partial,
                                 .start_utc_ns = list->start_utc_ns,
                                 .end_utc_ns = end_of_list(signer),
                                 .counter = signer->counter,
                                 .count = (uint16_t)list->count,
                                 .list_hash = list_hash,
                                 .predecessor = list->has_first ? list->first : none };
    svms_sei_content content;
    bool is_signed = is_to_be_signed(signer, end);
    fill_content(signer, &content, &general, is_signed);
    svms_signer_sei *sei = &signer->waiting[signer->waiting_count];
    svms_status status = svms_signer_sei_make(signer, sei, &signer->key, &content, err);
    if (status != SVMS_OK) {
        return status;
    }
    sei->unit = signer->unit;
    signer->waiting_count++;
    signer->unsigned_gops = is_signed ? 0 : signer->unsigned_gops + 1;
    return SVMS_OK;
}

void svms_signer_close_list(svms_camera_signer *signer, const svms_signer_closing *end)
{
    svms_signer_list *list = &signer->list;
    svms_error err = SVMS_ERROR_INIT;
    if (list->is_whole && queue_sei(signer, end, &err) != SVMS_OK) {
        svms_signer_tell(signer, err.status, &err);
    }
    list->has_first = list->count > 0;
    if (list->has_first) {
        memcpy(list->first, list->hashes, hash_size(signer));
    }
    signer->counter++;
    signer->is_clock_set = false;
    begin_list(signer);
}

static void begin_gop(svms_camera_signer *signer, const svms_camera_nal *nal)
{
    static const svms_signer_closing gop_ends = { .is_partial = false };
    svms_signer_list *list = &signer->list;
    if (list->has_anchor) {
        svms_signer_close_list(signer, &gop_ends);
    }
    begin_list(signer);
    svms_error err = SVMS_ERROR_INIT;
    list->has_anchor = true;
    if (!svms_camera_hash_once(signer->hasher, signer->key.hash, nal->data, nal->size,
                               list->anchor)) {
        (void)svms_fail_crypto(&err, "cannot hash a NAL unit");
        spoil(signer, &err);
        list->has_anchor = false;
        signer->counter++;
        return;
    }
    uint8_t *place = next_place(signer, &err);
    if (!place) {
        spoil(signer, &err);
        return;
    }
    memcpy(place, list->anchor, hash_size(signer));
    list->count++;
}

static bool hash_into(svms_camera_signer *signer, const svms_camera_nal *nal, uint8_t *place)
{
    svms_camera_hasher *hasher = signer->hasher;
    svms_camera_hash hash = signer->key.hash;
    uint8_t own[SVMS_CAMERA_HASH_MAX];
    if (!svms_camera_hash_once(hasher, hash, nal->data, nal->size, own)) {
        return false;
    }
    if (nal->kind == SVMS_CAMERA_NAL_SEI) {
        memcpy(place, own, hash_size(signer));
        return true;
    }
    return svms_camera_hash_link(hasher, hash, signer->list.anchor, own, place);
}

void svms_signer_cover(svms_camera_signer *signer, const svms_camera_nal *nal)
{
    svms_signer_list *list = &signer->list;
    if (nal->kind == SVMS_CAMERA_NAL_ANCHOR) {
        begin_gop(signer, nal);
        return;
    }
    if (nal->kind == SVMS_CAMERA_NAL_IGNORED || !list->has_anchor || !list->is_whole) {
        return;
    }
    svms_error err = SVMS_ERROR_INIT;
    uint8_t *place = next_place(signer, &err);
    if (place && !hash_into(signer, nal, place)) {
        (void)svms_fail_crypto(&err, "cannot hash a NAL unit");
        place = NULL;
    }
    if (!place) {
        spoil(signer, &err);
        return;
    }
    list->count++;
}

void svms_signer_cover_sei(svms_camera_signer *signer, const svms_signer_sei *sei)
{
    svms_signer_list *list = &signer->list;
    for (uint32_t i = 0; i < signer->copies && list->has_anchor && list->is_whole; i++) {
        svms_error err = SVMS_ERROR_INIT;
        uint8_t *place = next_place(signer, &err);
        if (!place) {
            spoil(signer, &err);
            return;
        }
        memcpy(place, sei->hash, hash_size(signer));
        list->count++;
    }
}

bool svms_signer_is_part_due(const svms_camera_signer *signer)
{
    const svms_signer_list *list = &signer->list;
    if (!list->has_anchor) {
        return false;
    }
    return !list->is_whole || signer->is_clock_set || list->count >= signer->part_nal_units ||
           signer->utc_ns - list->start_utc_ns >= signer->part_ns;
}

void svms_signer_take_time(svms_camera_signer *signer, int64_t utc_ns)
{
    int64_t before = signer->utc_ns;
    signer->last_utc_ns = before;
    signer->is_clock_set = false;
    if (signer->has_time && utc_ns < before) {
        signer->is_clock_set = before - utc_ns >= NS_PER_SECOND;
        utc_ns = signer->is_clock_set ? utc_ns : before;
    } else if (signer->has_time && signer->list.has_anchor) {
        signer->is_clock_set = utc_ns - signer->list.start_utc_ns >= DAY_NS;
    }
    signer->has_time = true;
    signer->utc_ns = utc_ns;
}
