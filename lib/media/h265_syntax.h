/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of H.265 parameter sets and slice segment headers that tell what a slice is and where
 * its entropy-coded data begin (ITU-T H.265, 7.3.2, 7.3.6 and 7.3.7). */
#ifndef SVMS_H265_SYNTAX_H
#define SVMS_H265_SYNTAX_H

#include "nal_internal.h"

enum {
    SVMS_H265_IRAP_FIRST = 16,
    SVMS_H265_IDR_W_RADL = 19,
    SVMS_H265_IDR_N_LP = 20,
    SVMS_H265_IRAP_LAST = 23,
    SVMS_H265_VCL_LAST = 31,
    SVMS_H265_VPS = 32,
    SVMS_H265_SPS = 33,
    SVMS_H265_PPS = 34,
    SVMS_H265_PREFIX_SEI = 39,
    SVMS_H265_SUFFIX_SEI = 40,
    SVMS_H265_MAX_SPS = 16,
    SVMS_H265_MAX_PPS = 64,
    SVMS_H265_MAX_RPS = 64,
    SVMS_H265_MAX_PICTURES = 16
};

typedef enum svms_h265_slice_type {
    SVMS_H265_B = 0,
    SVMS_H265_P = 1,
    SVMS_H265_I = 2
} svms_h265_slice_type;

/* A short-term reference picture set: first the pictures before the current one, nearest first,
 * then those after it. */
typedef struct svms_h265_rps {
    uint8_t before;
    uint8_t after;
    uint32_t used; /* bit i: picture i may be referred to */
    int32_t delta[SVMS_H265_MAX_PICTURES];
} svms_h265_rps;

typedef struct svms_h265_sps {
    bool known;
    bool extended; /* some extension is present, whose syntax we do not follow */
    bool pcm;      /* samples may be stored raw */
    bool sao;
    bool long_term;
    bool temporal_mvp;
    uint8_t chroma_format;
    uint8_t poc_lsb_bits;
    uint8_t address_bits; /* of slice_segment_address */
    uint8_t rps_count;
    uint8_t long_term_count;
    uint32_t long_term_used; /* bit i: lt_idx_sps i may be referred to */
    uint32_t coding_blocks;  /* PicSizeInCtbsY */
    svms_h265_rps rps[SVMS_H265_MAX_RPS];
} svms_h265_sps;

typedef struct svms_h265_pps {
    bool known;
    bool extended;
    bool tiles;
    bool wavefront; /* entropy_coding_sync_enabled_flag */
    bool lossless;  /* transquant_bypass_enabled_flag */
    bool dependent_slices;
    bool output_flag;
    bool cabac_init;
    bool chroma_qp_offsets;
    bool weighted_pred;
    bool weighted_bipred;
    bool loop_filter_across;
    bool deblocking_override;
    bool deblocking_disabled;
    bool lists_modification;
    bool header_extension;
    uint8_t sps;
    uint8_t extra_bits;
    uint8_t references[2];
} svms_h265_pps;

/* What a decoder would know at this point of the stream. */
typedef struct svms_h265_sets {
    svms_h265_sps sps[SVMS_H265_MAX_SPS];
    svms_h265_pps pps[SVMS_H265_MAX_PPS];
    bool any_restart; /* some known PPS has tiles, wavefronts or lossless blocks */
} svms_h265_sets;

typedef struct svms_h265_slice {
    bool dependent; /* then type is that of the segment before */
    svms_h265_slice_type type;
    uint32_t address;
    uint8_t pps;
    size_t header_bits; /* payload bits before slice_segment_data(), alignment included */
} svms_h265_slice;

/* Takes up a NAL unit of type SPS or PPS. False when it does not parse; then all sets of its kind
 * are forgotten, because nobody knows which one it was meant to replace. */
bool svms_h265_learn(svms_h265_sets *sets, const svms_nal *nal);
/* Takes up hvcC (ISO/IEC 14496-15, 8.3.3.1). False unless it parses and announces 4-byte lengths.
 */
bool svms_h265_learn_config(svms_h265_sets *sets, const uint8_t *config, size_t size);
/* Reads the header of a VCL NAL unit. False when it does not parse, or refers to a set that is not
 * known or has extensions. */
bool svms_h265_read_slice(const svms_h265_sets *sets, const svms_nal *nal, svms_h265_slice *out);

/* 7.3.7: the set after the index earlier ones; when index is count, the one of a slice header. */
bool svms_h265_read_rps(svms_bits *bits, const svms_h265_rps *earlier, unsigned index,
                        unsigned count, svms_h265_rps *out);
/* 7.3.2.2 and 7.3.2.3, without the NAL unit header. */
bool svms_h265_read_sps(svms_bits *bits, svms_h265_sps *sps, uint32_t *id);
bool svms_h265_read_pps(svms_bits *bits, svms_h265_pps *pps, uint32_t *id);
/* 7.3.4 */
void svms_h265_skip_scaling_lists(svms_bits *bits);

#endif
