/* SPDX-License-Identifier: Apache-2.0 */
/* A set of masks, and what was prepared for the size of the latest picture. */
#ifndef SVMS_PRIVACY_INTERNAL_H
#define SVMS_PRIVACY_INTERNAL_H

#include "builder.h"
#include "cover.h"

typedef struct svms_privacy_mask {
    svms_mask mask; /* its points lie behind the masks of the set */
    svms_runs luma;
    svms_runs chroma;
} svms_privacy_mask;

struct svms_privacy {
    svms_ctx *ctx;
    svms_privacy_mask *masks;
    svms_mask_point *points;
    size_t count;
    uint32_t width; /* 0: nothing is prepared */
    uint32_t height;
    svms_runs luma; /* of all masks */
    svms_runs chroma;
    svms_cover_room room;
    svms_builder sample; /* that was taken */
};

SVMS_MUST_CHECK svms_status svms_privacy_prepare(svms_privacy *privacy, uint32_t width,
                                                 uint32_t height, svms_error *err);

#endif
