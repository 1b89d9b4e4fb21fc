/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of H.264 parameter sets and slice headers that tell what a slice is and where its
 * entropy-coded data begin (ITU-T H.264, 7.3.2 and 7.3.3). */
#ifndef SVMS_H264_SYNTAX_H
#define SVMS_H264_SYNTAX_H

#include "nal_internal.h"

enum {
    SVMS_H264_SLICE = 1,
    SVMS_H264_IDR = 5,
    SVMS_H264_SEI = 6,
    SVMS_H264_SPS = 7,
    SVMS_H264_PPS = 8,
    SVMS_H264_MAX_SPS = 32,
    SVMS_H264_MAX_PPS = 256
};

typedef enum svms_h264_slice_type {
    SVMS_H264_P = 0,
    SVMS_H264_B = 1,
    SVMS_H264_I = 2
} svms_h264_slice_type;

typedef struct svms_h264_sps {
    bool known;
    bool lossless; /* qpprime_y_zero_transform_bypass_flag */
    bool frame_mbs_only;
    bool delta_pic_order_always_zero;
    uint8_t chroma_format;
    uint8_t frame_num_bits;
    uint8_t pic_order_cnt_type;
    uint8_t poc_lsb_bits;
} svms_h264_sps;

typedef struct svms_h264_pps {
    bool known;
    bool cabac;
    bool bottom_field_pic_order;
    bool weighted_pred;
    bool deblocking_control;
    bool redundant_pic_cnt;
    uint8_t weighted_bipred;
    uint8_t sps;
    uint8_t references[2]; /* default active reference pictures of each list */
    int16_t init_qp;
} svms_h264_pps;

/* What a decoder would know at this point of the stream. */
typedef struct svms_h264_sets {
    svms_h264_sps sps[SVMS_H264_MAX_SPS];
    svms_h264_pps pps[SVMS_H264_MAX_PPS];
    bool any_cavlc; /* some known PPS selects CAVLC */
} svms_h264_sets;

typedef struct svms_h264_slice {
    svms_h264_slice_type type;
    uint32_t first_mb;
    uint8_t pps;
    int32_t qp;         /* SliceQPY */
    size_t header_bits; /* payload bits before slice_data(), CABAC alignment included */
} svms_h264_slice;

/* Takes up a NAL unit of type SPS or PPS. False when it does not parse; then all sets of its kind
 * are forgotten, because nobody knows which one it was meant to replace. */
bool svms_h264_learn(svms_h264_sets *sets, const svms_nal *nal);
/* Takes up avcC (ISO/IEC 14496-15, 5.3.3.1). False unless it parses and announces 4-byte lengths.
 */
bool svms_h264_learn_config(svms_h264_sets *sets, const uint8_t *config, size_t size);
/* Reads the header of a NAL unit of type 1 or 5. False when it does not parse, or refers to a set
 * that is not known. */
bool svms_h264_read_slice(const svms_h264_sets *sets, const svms_nal *nal, svms_h264_slice *out);

#endif
