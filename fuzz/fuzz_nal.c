/* SPDX-License-Identifier: Apache-2.0 */
/* NAL unit iteration in every framing, and the parsers behind it. The first byte chooses codec and
 * framing. */
#include <stdint.h>
#include <stdlib.h>

#include "h264_syntax.h"
#include "h265_syntax.h"
#include "sei.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void parse_h264(svms_h264_sets *sets, const svms_nal *nal)
{
    svms_h264_slice slice;
    if (nal->type == SVMS_H264_SPS || nal->type == SVMS_H264_PPS) {
        (void)svms_h264_learn(sets, nal);
    }
    if (nal->type != SVMS_H264_SLICE && nal->type != SVMS_H264_IDR) {
        return;
    }
    if (svms_h264_read_slice(sets, nal, &slice)) {
        require(slice.header_bits <= SVMS_SLICE_PREFIX * 8);
        require(slice.type <= SVMS_H264_I && slice.qp <= 51);
        require(sets->pps[slice.pps].known);
        require(!sets->pps[slice.pps].cabac || slice.header_bits % 8 == 0);
    }
}

static void parse_h265(svms_h265_sets *sets, const svms_nal *nal)
{
    svms_h265_slice slice;
    if (nal->type == SVMS_H265_SPS || nal->type == SVMS_H265_PPS) {
        (void)svms_h265_learn(sets, nal);
    }
    if (nal->type > SVMS_H265_VCL_LAST) {
        return;
    }
    if (svms_h265_read_slice(sets, nal, &slice)) {
        const svms_h265_pps *pps = &sets->pps[slice.pps];
        require(slice.header_bits <= SVMS_SLICE_PREFIX * 8 && slice.header_bits % 8 == 0);
        require(pps->known && sets->sps[pps->sps].known);
        require(slice.address == 0 || slice.address < sets->sps[pps->sps].coding_blocks);
    }
}

/* Emulation prevention only ever takes bytes away, and taking it away is deterministic. */
static void check_payload(const svms_nal *nal, uint32_t codec)
{
    uint8_t some[8];
    uint8_t more[SVMS_SLICE_PREFIX];
    size_t few = svms_nal_payload(nal, codec, some, sizeof some);
    size_t many = svms_nal_payload(nal, codec, more, sizeof more);
    require(many + svms_nal_header_size(codec) <= nal->size && few <= many);
    for (size_t i = 0; i < few; i++) {
        require(some[i] == more[i]);
    }
    bool refresh = false;
    (void)svms_sei_find_refresh(nal, codec, &refresh);
    (void)svms_nal_is_escaped(nal);
}

static void check_bounds(const svms_nal *nal, const uint8_t *data, size_t size, size_t *end)
{
    require(nal->framed_offset >= *end && nal->framed_size > nal->size);
    require(nal->framed_offset <= size && nal->framed_size <= size - nal->framed_offset);
    require(nal->data + nal->size == data + nal->framed_offset + nal->framed_size);
    require(nal->data > data);
    *end = nal->framed_offset + nal->framed_size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    uint32_t codec = (data[0] & 4) != 0 ? SVMS_CODEC_H265 : SVMS_CODEC_H264;
    svms_nal_framing framing = (svms_nal_framing)(data[0] & 3);
    data++;
    size--;
    svms_h264_sets *h264 = calloc(1, sizeof *h264);
    svms_h265_sets *h265 = calloc(1, sizeof *h265);
    svms_nal_iterator it = SVMS_NAL_ITERATOR_INIT;
    svms_nal nal = SVMS_NAL_INIT;
    svms_error err = SVMS_ERROR_INIT;
    require(h264 && h265);
    (void)svms_h264_learn_config(h264, data, size);
    (void)svms_h265_learn_config(h265, data, size);
    require(svms_nal_begin(&it, codec, framing, data, size) == SVMS_OK);
    size_t end = 0, count = 0;
    svms_status status;
    while ((status = svms_nal_next(&it, &nal, &err)) == SVMS_OK) {
        check_bounds(&nal, data, size, &end);
        check_payload(&nal, codec);
        if (codec == SVMS_CODEC_H264) {
            parse_h264(h264, &nal);
        } else {
            parse_h265(h265, &nal);
        }
        require(++count <= size);
    }
    if (status != SVMS_END) {
        require(err.status == status && err.offset <= size);
    } else if (framing != SVMS_NAL_ANNEX_B) {
        require(end == size);
    }
    free(h264);
    free(h265);
    return 0;
}
