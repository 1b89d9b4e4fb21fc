/* SPDX-License-Identifier: Apache-2.0 */
#include "h265_syntax.h"

enum { MAX_SUB_LAYERS = 7, EXTENDED_SAR = 255 };

/* 7.3.3 with profilePresentFlag set. */
static void skip_profile_tier_level(svms_bits *bits, unsigned sub_layers)
{
    bool profile[MAX_SUB_LAYERS] = { false };
    bool level[MAX_SUB_LAYERS] = { false };
    svms_bits_skip(bits, 96);
    for (unsigned i = 0; i + 1 < sub_layers; i++) {
        profile[i] = svms_bits_flag(bits);
        level[i] = svms_bits_flag(bits);
    }
    if (sub_layers > 1) {
        svms_bits_skip(bits, 2 * (9 - sub_layers));
    }
    for (unsigned i = 0; i + 1 < sub_layers; i++) {
        svms_bits_skip(bits, (profile[i] ? 88u : 0u) + (level[i] ? 8u : 0u));
    }
}

void svms_h265_skip_scaling_lists(svms_bits *bits)
{
    for (unsigned size = 0; size < 4; size++) {
        unsigned coefficients = size == 0 ? 16 : 64;
        for (unsigned matrix = 0; matrix < 6 && !bits->failed; matrix += size == 3 ? 3 : 1) {
            if (svms_bits_flag(bits)) {
                svms_bits_skip_ue(bits, coefficients + (size > 1 ? 1 : 0));
            } else {
                svms_bits_skip_ue(bits, 1);
            }
        }
    }
}

/* chroma_format_idc to the bit depths. The picture size is wanted in coding tree blocks, whose size
 * comes later. Refuses separate colour planes. */
static bool read_picture(svms_bits *bits, svms_h265_sps *sps, uint32_t size[2])
{
    uint32_t chroma = svms_bits_ue(bits);
    if (chroma > 3 || (chroma == 3 && svms_bits_flag(bits))) {
        return false;
    }
    sps->chroma_format = (uint8_t)chroma;
    size[0] = svms_bits_ue(bits);
    size[1] = svms_bits_ue(bits);
    if (size[0] == 0 || size[0] > 65535 || size[1] == 0 || size[1] > 65535) {
        return false;
    }
    if (svms_bits_flag(bits)) {
        svms_bits_skip_ue(bits, 4);
    }
    svms_bits_skip_ue(bits, 2);
    return !bits->failed;
}

static bool read_block_sizes(svms_bits *bits, svms_h265_sps *sps, const uint32_t size[2])
{
    uint32_t smallest = svms_bits_ue(bits);
    uint32_t difference = svms_bits_ue(bits);
    if (smallest > 3 || difference > 3 || smallest + difference > 3) {
        return false;
    }
    uint32_t side = 8u << (smallest + difference);
    sps->coding_blocks = ((size[0] + side - 1) / side) * ((size[1] + side - 1) / side);
    sps->address_bits = (uint8_t)svms_bits_needed(sps->coding_blocks);
    svms_bits_skip_ue(bits, 4);
    return !bits->failed;
}

static bool read_tools(svms_bits *bits, svms_h265_sps *sps)
{
    if (svms_bits_flag(bits) && svms_bits_flag(bits)) {
        svms_h265_skip_scaling_lists(bits);
    }
    svms_bits_skip(bits, 1);
    sps->sao = svms_bits_flag(bits);
    sps->pcm = svms_bits_flag(bits);
    if (sps->pcm) {
        svms_bits_skip(bits, 8);
        svms_bits_skip_ue(bits, 2);
        svms_bits_skip(bits, 1);
    }
    return !bits->failed;
}

static bool read_reference_sets(svms_bits *bits, svms_h265_sps *sps)
{
    uint32_t count = svms_bits_ue(bits);
    if (count > SVMS_H265_MAX_RPS) {
        return false;
    }
    sps->rps_count = (uint8_t)count;
    for (unsigned i = 0; i < count; i++) {
        if (!svms_h265_read_rps(bits, sps->rps, i, count, &sps->rps[i])) {
            return false;
        }
    }
    sps->long_term = svms_bits_flag(bits);
    uint32_t long_term = sps->long_term ? svms_bits_ue(bits) : 0;
    if (long_term > 32) {
        return false;
    }
    sps->long_term_count = (uint8_t)long_term;
    for (unsigned i = 0; i < long_term; i++) {
        svms_bits_skip(bits, sps->poc_lsb_bits);
        sps->long_term_used |= svms_bits_read(bits, 1) << i;
    }
    return !bits->failed;
}

static void skip_sub_layer_hrd(svms_bits *bits, uint32_t count, bool sub_picture)
{
    for (uint32_t i = 0; i < count && !bits->failed; i++) {
        svms_bits_skip_ue(bits, sub_picture ? 4 : 2);
        svms_bits_skip(bits, 1);
    }
}

/* E.2.2 with commonInfPresentFlag set. */
static bool skip_hrd(svms_bits *bits, unsigned sub_layers)
{
    unsigned kinds = svms_bits_read(bits, 1);
    kinds += svms_bits_read(bits, 1);
    bool sub_picture = false;
    if (kinds > 0) {
        sub_picture = svms_bits_flag(bits);
        svms_bits_skip(bits, sub_picture ? 8 + 5 + 1 + 5 : 0);
        svms_bits_skip(bits, sub_picture ? 8 + 4 : 8);
        svms_bits_skip(bits, 15);
    }
    for (unsigned i = 0; i < sub_layers; i++) {
        bool fixed_rate = svms_bits_flag(bits) || svms_bits_flag(bits);
        bool low_delay = false;
        if (fixed_rate) {
            svms_bits_skip_ue(bits, 1);
        } else {
            low_delay = svms_bits_flag(bits);
        }
        uint32_t count = low_delay ? 1 : svms_bits_ue(bits) + 1;
        if (count == 0 || count > 32) {
            return false;
        }
        for (unsigned kind = 0; kind < kinds; kind++) {
            skip_sub_layer_hrd(bits, count, sub_picture);
        }
    }
    return !bits->failed;
}

static void skip_vui_picture(svms_bits *bits)
{
    if (svms_bits_flag(bits) && svms_bits_read(bits, 8) == EXTENDED_SAR) {
        svms_bits_skip(bits, 32);
    }
    if (svms_bits_flag(bits)) {
        svms_bits_skip(bits, 1);
    }
    if (svms_bits_flag(bits)) {
        svms_bits_skip(bits, 4);
        svms_bits_skip(bits, svms_bits_flag(bits) ? 24 : 0);
    }
    if (svms_bits_flag(bits)) {
        svms_bits_skip_ue(bits, 2);
    }
    svms_bits_skip(bits, 3);
    if (svms_bits_flag(bits)) {
        svms_bits_skip_ue(bits, 4);
    }
}

/* E.2.1 */
static bool skip_vui(svms_bits *bits, unsigned sub_layers)
{
    skip_vui_picture(bits);
    if (svms_bits_flag(bits)) {
        svms_bits_skip(bits, 64);
        if (svms_bits_flag(bits)) {
            svms_bits_skip_ue(bits, 1);
        }
        if (svms_bits_flag(bits) && !skip_hrd(bits, sub_layers)) {
            return false;
        }
    }
    if (svms_bits_flag(bits)) {
        svms_bits_skip(bits, 3);
        svms_bits_skip_ue(bits, 5);
    }
    return !bits->failed;
}

static bool read_head(svms_bits *bits, svms_h265_sps *sps, uint32_t *id, unsigned *sub_layers)
{
    svms_bits_skip(bits, 4);
    *sub_layers = svms_bits_read(bits, 3) + 1;
    if (*sub_layers > MAX_SUB_LAYERS) {
        return false;
    }
    svms_bits_skip(bits, 1);
    skip_profile_tier_level(bits, *sub_layers);
    *id = svms_bits_ue(bits);
    uint32_t size[2];
    if (*id >= SVMS_H265_MAX_SPS || !read_picture(bits, sps, size)) {
        return false;
    }
    uint32_t extra = svms_bits_ue(bits);
    if (extra > 12) {
        return false;
    }
    sps->poc_lsb_bits = (uint8_t)(extra + 4);
    svms_bits_skip_ue(bits, svms_bits_flag(bits) ? 3 * *sub_layers : 3);
    return read_block_sizes(bits, sps, size);
}

bool svms_h265_read_sps(svms_bits *bits, svms_h265_sps *sps, uint32_t *id)
{
    unsigned sub_layers = 0;
    if (!read_head(bits, sps, id, &sub_layers)) {
        return false;
    }
    if (!read_tools(bits, sps) || !read_reference_sets(bits, sps)) {
        return false;
    }
    sps->temporal_mvp = svms_bits_flag(bits);
    svms_bits_skip(bits, 1);
    if (svms_bits_flag(bits) && !skip_vui(bits, sub_layers)) {
        return false;
    }
    sps->extended = svms_bits_flag(bits);
    sps->known = true;
    return !bits->failed;
}
