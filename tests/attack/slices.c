/* SPDX-License-Identifier: Apache-2.0 */
/* What the attacker knows of slices. */
#include <stdlib.h>

#include "attack.h"
#include "h264_syntax.h"
#include "h265_syntax.h"

struct attack_sets {
    uint32_t codec;
    uint32_t macroblocks;
    svms_h264_sets h264;
    svms_h265_sets h265;
};

attack_sets *attack_sets_new(const attack_clip *clip)
{
    attack_sets *sets = attack_alloc(sizeof *sets);
    uint32_t columns = (uint32_t)(clip->width + MACROBLOCK - 1) / MACROBLOCK;
    uint32_t rows = (uint32_t)(clip->height + MACROBLOCK - 1) / MACROBLOCK;
    const uint8_t *config = clip->parameters->extradata;
    size_t size = (size_t)clip->parameters->extradata_size;
    sets->codec = clip->codec;
    sets->macroblocks = columns * rows;
    bool known = clip->codec == SVMS_CODEC_MJPEG;
    if (clip->codec == SVMS_CODEC_H264) {
        known = svms_h264_learn_config(&sets->h264, config, size);
    }
    if (clip->codec == SVMS_CODEC_H265) {
        known = svms_h265_learn_config(&sets->h265, config, size);
    }
    if (!known) {
        attack_sets_free(&sets);
    }
    return sets;
}

void attack_sets_free(attack_sets **sets)
{
    free(*sets);
    *sets = NULL;
}

static bool next_h264(attack_sets *sets, const svms_nal *nal, uint32_t *first, size_t *bits)
{
    svms_h264_slice slice;
    if (nal->type == SVMS_H264_SPS || nal->type == SVMS_H264_PPS) {
        (void)svms_h264_learn(&sets->h264, nal);
    }
    if (nal->type != SVMS_H264_SLICE && nal->type != SVMS_H264_IDR) {
        return false;
    }
    if (!svms_h264_read_slice(&sets->h264, nal, &slice)) {
        return false;
    }
    *first = slice.first_mb;
    *bits = slice.header_bits;
    return true;
}

static bool next_h265(attack_sets *sets, const svms_nal *nal, uint32_t *first, size_t *bits)
{
    svms_h265_slice slice;
    if (nal->type == SVMS_H265_SPS || nal->type == SVMS_H265_PPS) {
        (void)svms_h265_learn(&sets->h265, nal);
    }
    if (nal->type > SVMS_H265_VCL_LAST || !svms_h265_read_slice(&sets->h265, nal, &slice)) {
        return false;
    }
    /* Coding tree blocks are larger than macroblocks: their share of the picture will do. */
    uint32_t blocks = sets->h265.sps[sets->h265.pps[slice.pps].sps].coding_blocks;
    *first = (uint32_t)((uint64_t)slice.address * sets->macroblocks / blocks);
    *bits = slice.header_bits;
    return true;
}

bool attack_next_slice(attack_sets *sets, const svms_nal *nal, uint32_t *first, size_t *bits)
{
    return sets->codec == SVMS_CODEC_H264 ? next_h264(sets, nal, first, bits)
                                          : next_h265(sets, nal, first, bits);
}
