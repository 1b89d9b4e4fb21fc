/* SPDX-License-Identifier: Apache-2.0 */
#include "light_codec.h"

#include "sei.h"

enum {
    PARTITION_FIRST = 2,
    PARTITION_LAST = 4,
    PREFIX = 14,
    AUXILIARY = 19,
    EXTENSION = 20,
    EXTENSION_3D = 21
};

/* So fine a quantiser can make an encoder store macroblocks raw (I_PCM): pixels in the clear. */
static const int32_t finest_qp = 10;

static void look_at_slice(const svms_h264_sets *sets, const svms_nal *nal,
                          svms_light_findings *found)
{
    svms_h264_slice slice;
    found->vcl = true;
    found->intra |= nal->type == SVMS_H264_IDR;
    found->unescaped |= found->search && !svms_nal_is_escaped(nal);
    if (found->unescaped || !svms_h264_read_slice(sets, nal, &slice)) {
        found->exposed = true;
        return;
    }
    const svms_h264_pps *pps = &sets->pps[slice.pps];
    found->intra |= slice.type == SVMS_H264_I;
    /* Without adaptive state (CAVLC) a decoder finds its way back in a clear tail. */
    found->exposed |= sets->any_cavlc || sets->sps[pps->sps].lossless || slice.qp < finest_qp;
}

void svms_light_look_h264(svms_h264_sets *sets, const svms_nal *nal, svms_light_findings *found)
{
    found->vcl = false;
    switch (nal->type) {
    case SVMS_H264_SLICE:
    case SVMS_H264_IDR:
        look_at_slice(sets, nal, found);
        break;
    case PARTITION_FIRST:
    case PARTITION_FIRST + 1:
    case PARTITION_LAST:
    case PREFIX:
    case AUXILIARY:
    case EXTENSION:
    case EXTENSION_3D:
        found->exposed = true;
        break;
    case SVMS_H264_SEI:
        if (!svms_sei_find_refresh(nal, SVMS_CODEC_H264, &found->refresh)) {
            found->exposed = true;
        }
        break;
    case SVMS_H264_SPS:
    case SVMS_H264_PPS:
        if (!svms_h264_learn(sets, nal)) {
            found->exposed = true;
        }
        break;
    default:
        break;
    }
}
