/* SPDX-License-Identifier: Apache-2.0 */
#include "h265_syntax.h"

/* Everything the parts of a slice segment header need to know of one another. */
typedef struct {
    const svms_h265_sps *sps;
    const svms_h265_pps *pps;
    uint32_t nal_type;
    svms_h265_slice_type type;
    unsigned pictures; /* NumPicTotalCurr */
    bool temporal_mvp;
    bool sao;
    bool deblocking_disabled;
    uint32_t references[2];
} header;

static unsigned count_ones(uint32_t value)
{
    unsigned ones = 0;
    for (; value != 0; value &= value - 1) {
        ones++;
    }
    return ones;
}

static void read_long_term(svms_bits *bits, header *h)
{
    const svms_h265_sps *sps = h->sps;
    uint32_t from_sps = sps->long_term_count > 0 ? svms_bits_ue(bits) : 0;
    uint32_t own = svms_bits_ue(bits);
    if (from_sps > 32 || own > 32) {
        bits->failed = true;
        return;
    }
    for (uint32_t i = 0; i < from_sps + own && !bits->failed; i++) {
        bool used;
        if (i < from_sps) {
            uint32_t index = svms_bits_read(bits, svms_bits_needed(sps->long_term_count));
            bits->failed |= index >= sps->long_term_count;
            used = index < 32 && (sps->long_term_used >> index & 1) != 0;
        } else {
            svms_bits_skip(bits, sps->poc_lsb_bits);
            used = svms_bits_flag(bits);
        }
        h->pictures += used ? 1 : 0;
        if (svms_bits_flag(bits)) {
            svms_bits_skip_ue(bits, 1);
        }
    }
}

static bool read_reference_pictures(svms_bits *bits, header *h)
{
    const svms_h265_sps *sps = h->sps;
    if (h->nal_type == SVMS_H265_IDR_W_RADL || h->nal_type == SVMS_H265_IDR_N_LP) {
        return true;
    }
    svms_bits_skip(bits, sps->poc_lsb_bits);
    if (svms_bits_flag(bits)) {
        uint32_t index = svms_bits_read(bits, svms_bits_needed(sps->rps_count));
        if (index >= sps->rps_count) {
            return false;
        }
        h->pictures = count_ones(sps->rps[index].used);
    } else {
        svms_h265_rps own;
        if (!svms_h265_read_rps(bits, sps->rps, sps->rps_count, sps->rps_count, &own)) {
            return false;
        }
        h->pictures = count_ones(own.used);
    }
    if (sps->long_term) {
        read_long_term(bits, h);
    }
    h->temporal_mvp = sps->temporal_mvp && svms_bits_flag(bits);
    return !bits->failed;
}

static void read_reference_counts(svms_bits *bits, header *h)
{
    h->references[0] = h->pps->references[0];
    h->references[1] = h->type == SVMS_H265_B ? h->pps->references[1] : 0;
    if (svms_bits_flag(bits)) {
        h->references[0] = svms_bits_ue(bits) + 1;
        if (h->type == SVMS_H265_B) {
            h->references[1] = svms_bits_ue(bits) + 1;
        }
    }
    if (h->references[0] > 15 || h->references[1] > 15 || h->pictures == 0) {
        bits->failed = true;
    }
}

static void skip_modifications(svms_bits *bits, const header *h)
{
    if (!h->pps->lists_modification || h->pictures <= 1) {
        return;
    }
    for (unsigned list = 0; list < (h->type == SVMS_H265_B ? 2u : 1u); list++) {
        if (svms_bits_flag(bits)) {
            svms_bits_skip(bits, h->references[list] * svms_bits_needed(h->pictures));
        }
    }
}

static void skip_collocated(svms_bits *bits, const header *h)
{
    if (!h->temporal_mvp) {
        return;
    }
    bool second = h->type == SVMS_H265_B && !svms_bits_flag(bits);
    if (h->references[second ? 1 : 0] > 1) {
        svms_bits_skip_ue(bits, 1);
    }
}

/* 7.3.6.3 for streams of one layer. */
static void skip_weights(svms_bits *bits, const header *h)
{
    bool chroma = h->sps->chroma_format != 0;
    svms_bits_skip_ue(bits, chroma ? 2 : 1);
    for (unsigned list = 0; list < 2; list++) {
        uint32_t count = h->references[list];
        uint32_t luma_flags = svms_bits_read(bits, count);
        uint32_t chroma_flags = chroma ? svms_bits_read(bits, count) : 0;
        svms_bits_skip_ue(bits, 2 * count_ones(luma_flags) + 4 * count_ones(chroma_flags));
    }
}

static bool skip_inter(svms_bits *bits, header *h)
{
    if (h->type == SVMS_H265_I) {
        return true;
    }
    read_reference_counts(bits, h);
    if (bits->failed) {
        return false;
    }
    skip_modifications(bits, h);
    if (h->type == SVMS_H265_B) {
        svms_bits_skip(bits, 1);
    }
    if (h->pps->cabac_init) {
        svms_bits_skip(bits, 1);
    }
    skip_collocated(bits, h);
    bool weighted = h->type == SVMS_H265_P ? h->pps->weighted_pred : h->pps->weighted_bipred;
    if (weighted) {
        skip_weights(bits, h);
    }
    return svms_bits_ue(bits) <= 4 && !bits->failed;
}

static void skip_filters(svms_bits *bits, header *h)
{
    svms_bits_skip_ue(bits, h->pps->chroma_qp_offsets ? 3 : 1);
    h->deblocking_disabled = h->pps->deblocking_disabled;
    if (h->pps->deblocking_override && svms_bits_flag(bits)) {
        h->deblocking_disabled = svms_bits_flag(bits);
        if (!h->deblocking_disabled) {
            svms_bits_skip_ue(bits, 2);
        }
    }
    if (h->pps->loop_filter_across && (h->sao || !h->deblocking_disabled)) {
        svms_bits_skip(bits, 1);
    }
}

/* What only an independent slice segment has. */
static bool read_independent(svms_bits *bits, header *h)
{
    svms_bits_skip(bits, h->pps->extra_bits);
    uint32_t type = svms_bits_ue(bits);
    if (type > SVMS_H265_I) {
        return false;
    }
    h->type = (svms_h265_slice_type)type;
    svms_bits_skip(bits, h->pps->output_flag ? 1 : 0);
    if (!read_reference_pictures(bits, h)) {
        return false;
    }
    if (h->sps->sao) {
        h->sao = svms_bits_flag(bits);
        if (h->sps->chroma_format != 0) {
            h->sao |= svms_bits_flag(bits);
        }
    }
    if (!skip_inter(bits, h)) {
        return false;
    }
    skip_filters(bits, h);
    return !bits->failed;
}

static bool skip_entry_points(svms_bits *bits, const header *h)
{
    if (!h->pps->tiles && !h->pps->wavefront) {
        return true;
    }
    uint32_t count = svms_bits_ue(bits);
    if (count == 0) {
        return !bits->failed;
    }
    uint32_t width = svms_bits_ue(bits) + 1;
    if (count > h->sps->coding_blocks || width == 0 || width > 32) {
        return false;
    }
    for (uint32_t i = 0; i < count && !bits->failed; i++) {
        svms_bits_skip(bits, width);
    }
    return !bits->failed;
}

/* The header extension, and byte_alignment(), which is also proof that all was understood. */
static bool skip_end(svms_bits *bits, const header *h)
{
    if (h->pps->header_extension) {
        uint32_t bytes = svms_bits_ue(bits);
        if (bytes > 256) {
            return false;
        }
        svms_bits_skip(bits, 8 * bytes);
    }
    if (!svms_bits_flag(bits)) {
        return false;
    }
    while (!bits->failed && bits->position % 8 != 0) {
        if (svms_bits_flag(bits)) {
            return false;
        }
    }
    return !bits->failed;
}

static bool find_sets(const svms_h265_sets *sets, uint32_t pps, header *h)
{
    if (pps >= SVMS_H265_MAX_PPS) {
        return false;
    }
    h->pps = &sets->pps[pps];
    h->sps = &sets->sps[h->pps->sps];
    return h->pps->known && h->sps->known && !h->pps->extended && !h->sps->extended;
}

bool svms_h265_read_slice(const svms_h265_sets *sets, const svms_nal *nal, svms_h265_slice *out)
{
    uint8_t payload[SVMS_SLICE_PREFIX];
    size_t size = svms_nal_payload(nal, SVMS_CODEC_H265, payload, sizeof payload);
    svms_bits bits = svms_bits_over(payload, size);
    header h = { 0 };
    h.nal_type = nal->type;
    svms_h265_slice slice = { 0 };
    bool first = svms_bits_flag(&bits);
    if (nal->type >= SVMS_H265_IRAP_FIRST && nal->type <= SVMS_H265_IRAP_LAST) {
        svms_bits_skip(&bits, 1);
    }
    uint32_t pps = svms_bits_ue(&bits);
    if (bits.failed || !find_sets(sets, pps, &h)) {
        return false;
    }
    slice.pps = (uint8_t)pps;
    if (!first) {
        slice.dependent = h.pps->dependent_slices && svms_bits_flag(&bits);
        slice.address = svms_bits_read(&bits, h.sps->address_bits);
        if (slice.address == 0 || slice.address >= h.sps->coding_blocks) {
            return false;
        }
    }
    if (!slice.dependent && !read_independent(&bits, &h)) {
        return false;
    }
    slice.type = h.type;
    if (!skip_entry_points(&bits, &h) || !skip_end(&bits, &h)) {
        return false;
    }
    slice.header_bits = bits.position;
    *out = slice;
    return true;
}
