/* SPDX-License-Identifier: Apache-2.0 */
/* What a polygon covers of a picture, as runs of pixels (V-AREA). */
#ifndef SVMS_PRIVACY_RUNS_H
#define SVMS_PRIVACY_RUNS_H

#include <svms/privacy.h>

#include "context_internal.h"

/* Columns [from, to) of a row. */
typedef struct svms_run {
    uint16_t row;
    uint16_t from;
    uint16_t to;
} svms_run;

/* In order of rows and columns; they do not touch one another. */
typedef struct svms_runs {
    svms_ctx *ctx;
    svms_run *items;
    size_t count;
    size_t room;
} svms_runs;

/* A rectangle that holds all runs: columns [left, right), rows [top, bottom). */
typedef struct svms_runs_box {
    uint32_t left;
    uint32_t top;
    uint32_t right;
    uint32_t bottom;
} svms_runs_box;

void svms_runs_free(svms_runs *runs);
svms_runs_box svms_runs_bounds(const svms_runs *runs);

/* What the polygon covers of a picture of that size. */
SVMS_MUST_CHECK svms_status svms_runs_of_polygon(svms_runs *out, svms_ctx *ctx,
                                                 const svms_mask_point *points, size_t count,
                                                 uint32_t width, uint32_t height, svms_error *err);
/* Chroma samples of which a luma pixel is covered. */
SVMS_MUST_CHECK svms_status svms_runs_of_chroma(svms_runs *out, const svms_runs *luma,
                                                svms_error *err);
/* What one or the other covers. */
SVMS_MUST_CHECK svms_status svms_runs_join(svms_runs *out, const svms_runs *one,
                                           const svms_runs *other, svms_error *err);
/* Adds a run behind all others, or to the last where they meet. */
SVMS_MUST_CHECK svms_status svms_runs_add(svms_runs *runs, svms_run run, svms_error *err);
uint64_t svms_runs_samples(const svms_runs *runs);

#endif
