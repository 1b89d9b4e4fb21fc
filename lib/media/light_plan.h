/* SPDX-License-Identifier: Apache-2.0 */
/* Which bytes of a sample light mode encrypts (container.md, section "Light protection").
 * One planner per track; it remembers parameter sets and what kind of stream it is. */
#ifndef SVMS_LIGHT_PLAN_H
#define SVMS_LIGHT_PLAN_H

#include "context_internal.h"

#include <svms/media.h>

#define SVMS_LIGHT_NAL_BYTES 1024
#define SVMS_LIGHT_MAX_RANGES 256

typedef struct svms_range {
    uint32_t offset;
    uint32_t size;
} svms_range;

typedef struct svms_light_planner svms_light_planner;

/* The planner reads parameter sets from track->config; a configuration it cannot read makes every
 * sample whole. */
SVMS_MUST_CHECK svms_status svms_light_planner_new(svms_light_planner **out, svms_ctx *ctx,
                                                   const svms_track *track, svms_error *err);
void svms_light_planner_free(svms_light_planner **planner);

/* Sorted, disjoint, non-adjacent, non-empty ranges within [0, size). Never fails: whatever does not
 * parse, or would need more than SVMS_LIGHT_MAX_RANGES ranges, is one range over the whole sample.
 * An empty sample has no range. sync is SVMS_SAMPLE_SYNC of the sample. Samples come in decoding
 * order and are smaller than 4 GiB. A sample that does not parse makes all parameter sets unknown
 * until they come again, because it may have held others. */
size_t svms_light_plan(svms_light_planner *planner, const uint8_t *data, size_t size, bool sync,
                       svms_range ranges[SVMS_LIGHT_MAX_RANGES]);

#endif
