/* SPDX-License-Identifier: Apache-2.0 */
#include "h265_syntax.h"

#include <string.h>

static bool read_coding(svms_bits *bits, svms_h265_pps *pps)
{
    svms_bits_skip(bits, 1);
    pps->cabac_init = svms_bits_flag(bits);
    uint32_t first = svms_bits_ue(bits);
    uint32_t second = svms_bits_ue(bits);
    if (first > 14 || second > 14) {
        return false;
    }
    pps->references[0] = (uint8_t)(first + 1);
    pps->references[1] = (uint8_t)(second + 1);
    svms_bits_skip_ue(bits, 1);
    svms_bits_skip(bits, 2);
    if (svms_bits_flag(bits)) {
        svms_bits_skip_ue(bits, 1);
    }
    svms_bits_skip_ue(bits, 2);
    pps->chroma_qp_offsets = svms_bits_flag(bits);
    pps->weighted_pred = svms_bits_flag(bits);
    pps->weighted_bipred = svms_bits_flag(bits);
    pps->lossless = svms_bits_flag(bits);
    pps->tiles = svms_bits_flag(bits);
    pps->wavefront = svms_bits_flag(bits);
    return !bits->failed;
}

static bool skip_tiles(svms_bits *bits)
{
    uint32_t columns = svms_bits_ue(bits);
    uint32_t rows = svms_bits_ue(bits);
    if (columns > 4096 || rows > 4096) {
        return false;
    }
    if (!svms_bits_flag(bits)) {
        svms_bits_skip_ue(bits, columns + rows);
    }
    svms_bits_skip(bits, 1);
    return !bits->failed;
}

static void read_deblocking(svms_bits *bits, svms_h265_pps *pps)
{
    if (!svms_bits_flag(bits)) {
        return;
    }
    pps->deblocking_override = svms_bits_flag(bits);
    pps->deblocking_disabled = svms_bits_flag(bits);
    if (!pps->deblocking_disabled) {
        svms_bits_skip_ue(bits, 2);
    }
}

bool svms_h265_read_pps(svms_bits *bits, svms_h265_pps *pps, uint32_t *id)
{
    *id = svms_bits_ue(bits);
    uint32_t sps = svms_bits_ue(bits);
    if (*id >= SVMS_H265_MAX_PPS || sps >= SVMS_H265_MAX_SPS) {
        return false;
    }
    pps->sps = (uint8_t)sps;
    pps->dependent_slices = svms_bits_flag(bits);
    pps->output_flag = svms_bits_flag(bits);
    pps->extra_bits = (uint8_t)svms_bits_read(bits, 3);
    if (!read_coding(bits, pps) || (pps->tiles && !skip_tiles(bits))) {
        return false;
    }
    pps->loop_filter_across = svms_bits_flag(bits);
    read_deblocking(bits, pps);
    if (svms_bits_flag(bits)) {
        svms_h265_skip_scaling_lists(bits);
    }
    pps->lists_modification = svms_bits_flag(bits);
    svms_bits_skip_ue(bits, 1);
    pps->header_extension = svms_bits_flag(bits);
    pps->extended = svms_bits_flag(bits);
    pps->known = true;
    return !bits->failed;
}

static bool learn_sps(svms_h265_sets *sets, svms_bits *bits)
{
    svms_h265_sps sps = { 0 };
    uint32_t id = 0;
    if (!svms_h265_read_sps(bits, &sps, &id)) {
        memset(sets->sps, 0, sizeof sets->sps);
        return false;
    }
    sets->sps[id] = sps;
    return true;
}

static bool learn_pps(svms_h265_sets *sets, svms_bits *bits)
{
    svms_h265_pps pps = { 0 };
    uint32_t id = 0;
    bool readable = svms_h265_read_pps(bits, &pps, &id);
    if (readable) {
        sets->pps[id] = pps;
    } else {
        memset(sets->pps, 0, sizeof sets->pps);
    }
    sets->any_restart = false;
    for (size_t i = 0; i < SVMS_H265_MAX_PPS; i++) {
        const svms_h265_pps *one = &sets->pps[i];
        sets->any_restart |= one->known && (one->tiles || one->wavefront || one->lossless);
    }
    return readable;
}

bool svms_h265_learn(svms_h265_sets *sets, const svms_nal *nal)
{
    uint8_t payload[SVMS_PARAMETER_SET_PREFIX];
    size_t size = svms_nal_payload(nal, SVMS_CODEC_H265, payload, sizeof payload);
    svms_bits bits = svms_bits_over(payload, size);
    return nal->type == SVMS_H265_SPS ? learn_sps(sets, &bits) : learn_pps(sets, &bits);
}

static bool learn_array(svms_h265_sets *sets, svms_cursor *cursor)
{
    uint32_t type = svms_read_u8(cursor) & 0x3Fu;
    unsigned count = svms_read_u16(cursor);
    for (unsigned i = 0; i < count; i++) {
        size_t size = svms_read_u16(cursor);
        const uint8_t *bytes = svms_read_bytes(cursor, size);
        svms_nal nal;
        if (!bytes || !svms_nal_over(&nal, SVMS_CODEC_H265, bytes, size) || nal.type != type) {
            return false;
        }
        if ((type == SVMS_H265_SPS || type == SVMS_H265_PPS) && !svms_h265_learn(sets, &nal)) {
            return false;
        }
    }
    return !cursor->failed;
}

bool svms_h265_learn_config(svms_h265_sets *sets, const uint8_t *config, size_t size)
{
    svms_cursor cursor = svms_cursor_over(config, size, 0);
    if (svms_read_u8(&cursor) != 1 || !svms_skip(&cursor, 20)) {
        return false;
    }
    if ((svms_read_u8(&cursor) & 3) != 3) {
        return false;
    }
    unsigned arrays = svms_read_u8(&cursor);
    for (unsigned i = 0; i < arrays; i++) {
        if (!learn_array(sets, &cursor)) {
            return false;
        }
    }
    return svms_cursor_at_end(&cursor);
}
