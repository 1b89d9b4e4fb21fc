/* SPDX-License-Identifier: Apache-2.0 */
#include "light_codec.h"

#include "sei.h"

/* Types between the last one in use and the first IRAP type are reserved. */
enum { TRAILING_LAST = 9 };

static bool is_intra_type(uint32_t type)
{
    return type >= SVMS_H265_IRAP_FIRST && type <= SVMS_H265_IRAP_LAST;
}

static void look_at_slice(const svms_h265_sets *sets, const svms_nal *nal,
                          svms_light_findings *found)
{
    svms_h265_slice slice;
    found->vcl = true;
    found->intra |= is_intra_type(nal->type);
    if (nal->type > TRAILING_LAST && !is_intra_type(nal->type)) {
        found->exposed = true;
        return;
    }
    found->unescaped |= found->search && !svms_nal_is_escaped(nal);
    if (found->unescaped || !svms_h265_read_slice(sets, nal, &slice)) {
        found->exposed = true;
        return;
    }
    if (slice.dependent) {
        found->exposed |= !found->independent;
        return;
    }
    found->independent = true;
    found->intra |= slice.type == SVMS_H265_I;
    const svms_h265_pps *pps = &sets->pps[slice.pps];
    /* Tiles and wavefronts start the entropy decoder anew in mid-slice; so do raw samples. */
    found->exposed |= sets->any_restart || sets->sps[pps->sps].pcm;
}

/* nuh_layer_id 0 and a valid nuh_temporal_id_plus1. */
static bool has_plain_header(const svms_nal *nal)
{
    return (nal->data[0] & 1) == 0 && (nal->data[1] & 0xF8) == 0 && (nal->data[1] & 7) != 0;
}

void svms_light_look_h265(svms_h265_sets *sets, const svms_nal *nal, svms_light_findings *found)
{
    found->vcl = false;
    if (!has_plain_header(nal)) {
        found->exposed = true;
        return;
    }
    if (nal->type <= SVMS_H265_VCL_LAST) {
        look_at_slice(sets, nal, found);
        return;
    }
    switch (nal->type) {
    case SVMS_H265_SPS:
    case SVMS_H265_PPS:
        if (!svms_h265_learn(sets, nal)) {
            found->exposed = true;
        }
        break;
    case SVMS_H265_PREFIX_SEI:
    case SVMS_H265_SUFFIX_SEI:
        if (!svms_sei_find_refresh(nal, SVMS_CODEC_H265, &found->refresh)) {
            found->exposed = true;
        }
        break;
    default:
        break;
    }
}
