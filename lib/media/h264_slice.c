/* SPDX-License-Identifier: Apache-2.0 */
#include "h264_syntax.h"

enum { MAX_REFERENCES = 32, END_OF_MODIFICATIONS = 3, END_OF_MARKINGS = 0 };

/* Everything the parts of a slice header need to know of one another. */
typedef struct {
    const svms_h264_sps *sps;
    const svms_h264_pps *pps;
    bool idr;
    bool reference;
    bool field;
    svms_h264_slice_type type;
    uint32_t references[2];
} header;

static void read_picture_order(svms_bits *bits, header *h)
{
    if (!h->sps->frame_mbs_only) {
        h->field = svms_bits_flag(bits);
        if (h->field) {
            svms_bits_skip(bits, 1);
        }
    }
    if (h->idr) {
        svms_bits_skip_ue(bits, 1);
    }
    bool bottom = h->pps->bottom_field_pic_order && !h->field;
    if (h->sps->pic_order_cnt_type == 0) {
        svms_bits_skip(bits, h->sps->poc_lsb_bits);
        svms_bits_skip_ue(bits, bottom ? 1 : 0);
    }
    if (h->sps->pic_order_cnt_type == 1 && !h->sps->delta_pic_order_always_zero) {
        svms_bits_skip_ue(bits, bottom ? 2 : 1);
    }
    if (h->pps->redundant_pic_cnt) {
        svms_bits_skip_ue(bits, 1);
    }
}

static void read_reference_counts(svms_bits *bits, header *h)
{
    if (h->type == SVMS_H264_B) {
        svms_bits_skip(bits, 1);
    }
    h->references[0] = h->pps->references[0];
    h->references[1] = h->type == SVMS_H264_B ? h->pps->references[1] : 0;
    if (svms_bits_flag(bits)) {
        h->references[0] = svms_bits_ue(bits) + 1;
        if (h->type == SVMS_H264_B) {
            h->references[1] = svms_bits_ue(bits) + 1;
        }
    }
    if (h->references[0] > MAX_REFERENCES || h->references[1] > MAX_REFERENCES) {
        bits->failed = true;
    }
}

static void skip_modifications(svms_bits *bits)
{
    if (!svms_bits_flag(bits)) {
        return;
    }
    for (unsigned i = 0; i <= 2 * MAX_REFERENCES && !bits->failed; i++) {
        uint32_t operation = svms_bits_ue(bits);
        if (operation == END_OF_MODIFICATIONS) {
            return;
        }
        if (operation > END_OF_MODIFICATIONS) {
            break;
        }
        svms_bits_skip_ue(bits, 1);
    }
    bits->failed = true;
}

static void skip_weights(svms_bits *bits, const header *h)
{
    bool chroma = h->sps->chroma_format != 0;
    svms_bits_skip_ue(bits, chroma ? 2 : 1);
    for (unsigned list = 0; list < 2; list++) {
        for (uint32_t i = 0; i < h->references[list] && !bits->failed; i++) {
            if (svms_bits_flag(bits)) {
                svms_bits_skip_ue(bits, 2);
            }
            if (chroma && svms_bits_flag(bits)) {
                svms_bits_skip_ue(bits, 4);
            }
        }
    }
}

static void skip_markings(svms_bits *bits, const header *h)
{
    static const uint8_t operands[7] = { 0, 1, 1, 2, 1, 0, 1 };
    if (h->idr) {
        svms_bits_skip(bits, 2);
        return;
    }
    if (!svms_bits_flag(bits)) {
        return;
    }
    for (unsigned i = 0; i <= 2 * MAX_REFERENCES && !bits->failed; i++) {
        uint32_t operation = svms_bits_ue(bits);
        if (operation == END_OF_MARKINGS) {
            return;
        }
        if (operation > 6) {
            break;
        }
        svms_bits_skip_ue(bits, operands[operation]);
    }
    bits->failed = true;
}

static void skip_prediction(svms_bits *bits, header *h)
{
    if (h->type != SVMS_H264_I) {
        read_reference_counts(bits, h);
        skip_modifications(bits);
        if (h->type == SVMS_H264_B) {
            skip_modifications(bits);
        }
        bool weighted =
            h->type == SVMS_H264_B ? h->pps->weighted_bipred == 1 : h->pps->weighted_pred;
        if (weighted) {
            skip_weights(bits, h);
        }
    }
    if (h->reference) {
        skip_markings(bits, h);
    }
}

static void skip_deblocking(svms_bits *bits, const header *h)
{
    if (!h->pps->deblocking_control) {
        return;
    }
    uint32_t disabled = svms_bits_ue(bits);
    if (disabled > 2) {
        bits->failed = true;
    }
    if (disabled != 1) {
        svms_bits_skip_ue(bits, 2);
    }
}

/* cabac_alignment_one_bit: also proof that the header was understood. */
static void skip_alignment(svms_bits *bits)
{
    while (!bits->failed && bits->position % 8 != 0) {
        if (!svms_bits_flag(bits)) {
            bits->failed = true;
        }
    }
}

static bool read_rest(svms_bits *bits, header *h, svms_h264_slice *slice)
{
    svms_bits_skip(bits, h->sps->frame_num_bits);
    read_picture_order(bits, h);
    skip_prediction(bits, h);
    if (h->pps->cabac && h->type != SVMS_H264_I && svms_bits_ue(bits) > 2) {
        return false;
    }
    int32_t delta = svms_bits_se(bits);
    if (delta < -128 || delta > 128) {
        return false;
    }
    slice->qp = h->pps->init_qp + delta;
    skip_deblocking(bits, h);
    if (h->pps->cabac) {
        skip_alignment(bits);
    }
    slice->header_bits = bits->position;
    return !bits->failed && slice->qp <= 51;
}

bool svms_h264_read_slice(const svms_h264_sets *sets, const svms_nal *nal, svms_h264_slice *out)
{
    uint8_t payload[SVMS_SLICE_PREFIX];
    size_t size = svms_nal_payload(nal, SVMS_CODEC_H264, payload, sizeof payload);
    svms_bits bits = svms_bits_over(payload, size);
    svms_h264_slice slice = { 0 };
    slice.first_mb = svms_bits_ue(&bits);
    uint32_t type = svms_bits_ue(&bits);
    uint32_t pps = svms_bits_ue(&bits);
    if (bits.failed || type > 9 || type % 5 > SVMS_H264_I || pps >= SVMS_H264_MAX_PPS) {
        return false;
    }
    slice.type = (svms_h264_slice_type)(type % 5);
    slice.pps = (uint8_t)pps;
    header h = { 0 };
    h.pps = &sets->pps[pps];
    h.sps = &sets->sps[h.pps->sps];
    if (!h.pps->known || !h.sps->known) {
        return false;
    }
    h.idr = nal->type == SVMS_H264_IDR;
    h.reference = (nal->data[0] & 0x60) != 0;
    h.type = slice.type;
    if ((h.idr && h.type != SVMS_H264_I) || !read_rest(&bits, &h, &slice)) {
        return false;
    }
    *out = slice;
    return true;
}
