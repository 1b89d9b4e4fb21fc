/* SPDX-License-Identifier: Apache-2.0 */
#include "parameter_sets.h"

#include <string.h>

#include "cursor.h"
#include "failure.h"
#include "h264_syntax.h"
#include "h265_syntax.h"

/* Ids lie within the first bytes; only that of an H.265 SPS stands behind up to 7 sub-layers. */
enum { ID_PREFIX = 128 };

svms_parameter_sets svms_parameter_sets_new(svms_ctx *ctx, uint32_t codec)
{
    svms_parameter_sets sets = { .ctx = ctx, .codec = codec };
    return sets;
}

void svms_parameter_sets_clear(svms_parameter_sets *sets)
{
    for (uint32_t i = 0; i < sets->count; i++) {
        svms_release(sets->ctx, sets->items[i].data);
        sets->items[i] = (svms_parameter_set){ 0, 0, NULL, 0 };
    }
    sets->count = 0;
}

svms_status svms_parameter_sets_copy(svms_parameter_sets *out, const svms_parameter_sets *sets,
                                     svms_error *err)
{
    bool changed = false;
    for (uint32_t i = 0; i < sets->count; i++) {
        const svms_parameter_set *item = &sets->items[i];
        svms_status status = svms_parameter_sets_take(out, item->data, item->size, &changed, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    return SVMS_OK;
}

bool svms_parameter_sets_wants(uint32_t codec, uint32_t nal_type)
{
    if (codec == SVMS_CODEC_H265) {
        return nal_type >= SVMS_H265_VPS && nal_type <= SVMS_H265_PPS;
    }
    return nal_type == SVMS_H264_SPS || nal_type == SVMS_H264_PPS;
}

/* H.265 7.3.3: general part, then what is present of each sub-layer. */
static void skip_profile_tier_level(svms_bits *bits, unsigned sub_layers)
{
    bool profile[8] = { false };
    bool level[8] = { false };
    svms_bits_skip(bits, 88 + 8);
    for (unsigned i = 0; i < sub_layers; i++) {
        profile[i] = svms_bits_flag(bits);
        level[i] = svms_bits_flag(bits);
    }
    svms_bits_skip(bits, sub_layers > 0 ? 2 * (8 - sub_layers) : 0);
    for (unsigned i = 0; i < sub_layers; i++) {
        svms_bits_skip(bits, (profile[i] ? 88u : 0u) + (level[i] ? 8u : 0u));
    }
}

static uint32_t read_h265_id(uint32_t type, svms_bits *bits)
{
    if (type == SVMS_H265_VPS) {
        return svms_bits_read(bits, 4);
    }
    if (type == SVMS_H265_SPS) {
        svms_bits_skip(bits, 4);
        unsigned sub_layers = svms_bits_read(bits, 3);
        svms_bits_skip(bits, 1);
        skip_profile_tier_level(bits, sub_layers);
    }
    return svms_bits_ue(bits);
}

static bool read_id(uint32_t codec, const svms_nal *nal, uint32_t *id)
{
    uint8_t payload[ID_PREFIX];
    size_t size = svms_nal_payload(nal, codec, payload, sizeof payload);
    svms_bits bits = svms_bits_over(payload, size);
    if (codec == SVMS_CODEC_H265) {
        *id = read_h265_id(nal->type, &bits);
    } else {
        svms_bits_skip(&bits, nal->type == SVMS_H264_SPS ? 24 : 0);
        *id = svms_bits_ue(&bits);
    }
    return !bits.failed && *id < SVMS_H264_MAX_PPS;
}

/* Where a set is, or where it belongs. */
static uint32_t find(const svms_parameter_sets *sets, uint32_t type, uint32_t id, bool *there)
{
    uint32_t i = 0;
    while (i < sets->count && (sets->items[i].type < type ||
                               (sets->items[i].type == type && sets->items[i].id < id))) {
        i++;
    }
    *there = i < sets->count && sets->items[i].type == type && sets->items[i].id == id;
    return i;
}

static svms_status put_at(svms_parameter_sets *sets, uint32_t place, bool replaces,
                          const svms_nal *nal, uint32_t id, svms_error *err)
{
    if (!replaces && sets->count == SVMS_PARAMETER_SETS_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "more than %d parameter sets", SVMS_PARAMETER_SETS_MAX);
    }
    uint8_t *copy = svms_alloc(sets->ctx, nal->size);
    if (!copy) {
        return svms_fail_memory(err);
    }
    memcpy(copy, nal->data, nal->size);
    if (replaces) {
        svms_release(sets->ctx, sets->items[place].data);
    } else {
        memmove(&sets->items[place + 1], &sets->items[place],
                (sets->count - place) * sizeof sets->items[0]);
        sets->count++;
    }
    sets->items[place] = (svms_parameter_set){ nal->type, id, copy, nal->size };
    return SVMS_OK;
}

svms_status svms_parameter_sets_take(svms_parameter_sets *sets, const uint8_t *data, size_t size,
                                     bool *changed, svms_error *err)
{
    svms_nal nal;
    uint32_t id = 0;
    if (!svms_nal_over(&nal, sets->codec, data, size) ||
        !svms_parameter_sets_wants(sets->codec, nal.type) || !read_id(sets->codec, &nal, &id)) {
        return svms_fail(err, SVMS_E_MALFORMED, "no parameter set where one must be");
    }
    if (size > SVMS_PARAMETER_SET_BYTES_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "a parameter set of more than %d bytes",
                         SVMS_PARAMETER_SET_BYTES_MAX);
    }
    bool there = false;
    uint32_t place = find(sets, nal.type, id, &there);
    const svms_parameter_set *old = &sets->items[place];
    if (there && old->size == size && memcmp(old->data, data, size) == 0) {
        return SVMS_OK;
    }
    svms_status status = put_at(sets, place, there, &nal, id, err);
    *changed = *changed || status == SVMS_OK;
    return status;
}

bool svms_parameter_sets_are_complete(const svms_parameter_sets *sets)
{
    uint32_t first = sets->codec == SVMS_CODEC_H265 ? SVMS_H265_VPS : SVMS_H264_SPS;
    uint32_t last = sets->codec == SVMS_CODEC_H265 ? SVMS_H265_PPS : SVMS_H264_PPS;
    for (uint32_t type = first; type <= last; type++) {
        bool some = false;
        for (uint32_t i = 0; i < sets->count; i++) {
            some = some || sets->items[i].type == type;
        }
        if (!some) {
            return false;
        }
    }
    return true;
}

static svms_status take_list(svms_parameter_sets *sets, svms_cursor *cursor, unsigned count,
                             svms_error *err)
{
    for (unsigned i = 0; i < count; i++) {
        size_t size = svms_read_u16(cursor);
        size_t offset = cursor->position;
        const uint8_t *bytes = svms_read_bytes(cursor, size);
        bool changed = false;
        if (!bytes) {
            return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                                "a codec configuration ends within a parameter set");
        }
        svms_nal nal;
        /* SEI may stand in hvcC as well. */
        if (svms_nal_over(&nal, sets->codec, bytes, size) &&
            !svms_parameter_sets_wants(sets->codec, nal.type)) {
            continue;
        }
        svms_status status = svms_parameter_sets_take(sets, bytes, size, &changed, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    return SVMS_OK;
}

svms_status svms_parameter_sets_take_config(svms_parameter_sets *sets, const uint8_t *config,
                                            size_t size, svms_error *err)
{
    bool h265 = sets->codec == SVMS_CODEC_H265;
    svms_cursor cursor = svms_cursor_over(config, size, 0);
    uint8_t version = svms_read_u8(&cursor);
    if (cursor.failed || version != 1) {
        return svms_fail_at(err, SVMS_E_MALFORMED, 0, "a codec configuration has not version 1");
    }
    /* ISO/IEC 14496-15, 5.3.3.1 and 8.3.3.1: avcC has two lists, hvcC says how many. */
    (void)svms_skip(&cursor, h265 ? 21 : 4);
    unsigned lists = h265 ? svms_read_u8(&cursor) : 2;
    for (unsigned i = 0; i < lists; i++) {
        (void)svms_skip(&cursor, h265 ? 1 : 0);
        unsigned count = h265 ? svms_read_u16(&cursor) : svms_read_u8(&cursor);
        count = !h265 && i == 0 ? count & 0x1F : count;
        if (cursor.failed) {
            return svms_fail_at(err, SVMS_E_MALFORMED, cursor.position,
                                "a codec configuration ends too early");
        }
        svms_status status = take_list(sets, &cursor, count, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    return SVMS_OK;
}
