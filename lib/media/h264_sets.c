/* SPDX-License-Identifier: Apache-2.0 */
#include "h264_syntax.h"

#include <string.h>

static void skip_scaling_list(svms_bits *bits, unsigned size)
{
    int32_t last = 8;
    int32_t next = 8;
    for (unsigned i = 0; i < size && next != 0 && !bits->failed; i++) {
        int32_t delta = svms_bits_se(bits);
        if (delta < -128 || delta > 127) {
            bits->failed = true;
            return;
        }
        next = (last + delta + 256) % 256;
        last = next != 0 ? next : last;
    }
}

static void skip_scaling_matrix(svms_bits *bits, unsigned lists)
{
    for (unsigned i = 0; i < lists && !bits->failed; i++) {
        if (svms_bits_flag(bits)) {
            skip_scaling_list(bits, i < 6 ? 16 : 64);
        }
    }
}

/* 7.3.2.1.1 from chroma_format_idc to the scaling lists. Refuses separate colour planes. */
static bool read_high_profile(svms_bits *bits, svms_h264_sps *sps)
{
    uint32_t chroma = svms_bits_ue(bits);
    if (chroma > 3 || (chroma == 3 && svms_bits_flag(bits))) {
        return false;
    }
    sps->chroma_format = (uint8_t)chroma;
    svms_bits_skip_ue(bits, 2);
    sps->lossless = svms_bits_flag(bits);
    if (svms_bits_flag(bits)) {
        skip_scaling_matrix(bits, chroma == 3 ? 12 : 8);
    }
    return !bits->failed;
}

static bool read_profile(svms_bits *bits, svms_h264_sps *sps, uint32_t profile)
{
    sps->chroma_format = 1;
    switch (profile) {
    case 66:
    case 77:
        return true;
    case 100:
    case 110:
    case 122:
    case 244:
        return read_high_profile(bits, sps);
    default:
        return false;
    }
}

static bool read_picture_order(svms_bits *bits, svms_h264_sps *sps)
{
    uint32_t type = svms_bits_ue(bits);
    sps->pic_order_cnt_type = (uint8_t)type;
    if (type == 0) {
        uint32_t extra = svms_bits_ue(bits);
        sps->poc_lsb_bits = (uint8_t)(extra + 4);
        return extra <= 12;
    }
    if (type == 1) {
        sps->delta_pic_order_always_zero = svms_bits_flag(bits);
        svms_bits_skip_ue(bits, 2);
        uint32_t cycle = svms_bits_ue(bits);
        svms_bits_skip_ue(bits, cycle <= 255 ? cycle : 0);
        return cycle <= 255;
    }
    return type == 2;
}

static bool read_sps(svms_bits *bits, svms_h264_sps *sps, uint32_t *id)
{
    uint32_t profile = svms_bits_read(bits, 8);
    svms_bits_skip(bits, 16);
    *id = svms_bits_ue(bits);
    if (*id >= SVMS_H264_MAX_SPS || !read_profile(bits, sps, profile)) {
        return false;
    }
    uint32_t extra = svms_bits_ue(bits);
    if (extra > 12) {
        return false;
    }
    sps->frame_num_bits = (uint8_t)(extra + 4);
    if (!read_picture_order(bits, sps)) {
        return false;
    }
    svms_bits_skip_ue(bits, 1);
    svms_bits_skip(bits, 1);
    svms_bits_skip_ue(bits, 2);
    sps->frame_mbs_only = svms_bits_flag(bits);
    sps->known = true;
    return !bits->failed;
}

static bool read_pps(svms_bits *bits, svms_h264_pps *pps, uint32_t *id)
{
    *id = svms_bits_ue(bits);
    uint32_t sps = svms_bits_ue(bits);
    if (*id >= SVMS_H264_MAX_PPS || sps >= SVMS_H264_MAX_SPS) {
        return false;
    }
    pps->sps = (uint8_t)sps;
    pps->cabac = svms_bits_flag(bits);
    pps->bottom_field_pic_order = svms_bits_flag(bits);
    if (svms_bits_ue(bits) != 0) { /* slice groups exist in profiles without CABAC only */
        return false;
    }
    uint32_t first = svms_bits_ue(bits);
    uint32_t second = svms_bits_ue(bits);
    if (first > 31 || second > 31) {
        return false;
    }
    pps->references[0] = (uint8_t)(first + 1);
    pps->references[1] = (uint8_t)(second + 1);
    pps->weighted_pred = svms_bits_flag(bits);
    pps->weighted_bipred = (uint8_t)svms_bits_read(bits, 2);
    int32_t qp = svms_bits_se(bits);
    if (qp < -62 || qp > 25) {
        return false;
    }
    pps->init_qp = (int16_t)(26 + qp);
    svms_bits_skip_ue(bits, 2);
    pps->deblocking_control = svms_bits_flag(bits);
    svms_bits_skip(bits, 1);
    pps->redundant_pic_cnt = svms_bits_flag(bits);
    pps->known = true;
    return !bits->failed;
}

static bool learn_sps(svms_h264_sets *sets, svms_bits *bits)
{
    svms_h264_sps sps = { 0 };
    uint32_t id = 0;
    if (!read_sps(bits, &sps, &id)) {
        memset(sets->sps, 0, sizeof sets->sps);
        return false;
    }
    sets->sps[id] = sps;
    return true;
}

static bool learn_pps(svms_h264_sets *sets, svms_bits *bits)
{
    svms_h264_pps pps = { 0 };
    uint32_t id = 0;
    bool readable = read_pps(bits, &pps, &id);
    if (readable) {
        sets->pps[id] = pps;
    } else {
        memset(sets->pps, 0, sizeof sets->pps);
    }
    sets->any_cavlc = false;
    for (size_t i = 0; i < SVMS_H264_MAX_PPS; i++) {
        sets->any_cavlc |= sets->pps[i].known && !sets->pps[i].cabac;
    }
    return readable;
}

bool svms_h264_learn(svms_h264_sets *sets, const svms_nal *nal)
{
    uint8_t payload[SVMS_PARAMETER_SET_PREFIX];
    size_t size = svms_nal_payload(nal, SVMS_CODEC_H264, payload, sizeof payload);
    svms_bits bits = svms_bits_over(payload, size);
    return nal->type == SVMS_H264_SPS ? learn_sps(sets, &bits) : learn_pps(sets, &bits);
}

static bool learn_list(svms_h264_sets *sets, svms_cursor *cursor, unsigned count, uint32_t type)
{
    for (unsigned i = 0; i < count; i++) {
        size_t size = svms_read_u16(cursor);
        const uint8_t *bytes = svms_read_bytes(cursor, size);
        svms_nal nal;
        if (!bytes || !svms_nal_over(&nal, SVMS_CODEC_H264, bytes, size) || nal.type != type) {
            return false;
        }
        if (!svms_h264_learn(sets, &nal)) {
            return false;
        }
    }
    return !cursor->failed;
}

bool svms_h264_learn_config(svms_h264_sets *sets, const uint8_t *config, size_t size)
{
    svms_cursor cursor = svms_cursor_over(config, size, 0);
    if (svms_read_u8(&cursor) != 1 || !svms_skip(&cursor, 3)) {
        return false;
    }
    if ((svms_read_u8(&cursor) & 3) != 3) {
        return false;
    }
    unsigned count = svms_read_u8(&cursor) & 0x1Fu;
    if (!learn_list(sets, &cursor, count, SVMS_H264_SPS)) {
        return false;
    }
    count = svms_read_u8(&cursor);
    return learn_list(sets, &cursor, count, SVMS_H264_PPS);
}
