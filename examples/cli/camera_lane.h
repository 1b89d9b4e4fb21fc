/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures that a camera signed, from container to container of one recording. Every function
 * complains itself. */
#ifndef SVMS_CLI_CAMERA_LANE_H
#define SVMS_CLI_CAMERA_LANE_H

#include <stdbool.h>

#include <svms/svms.h>

#include "camera_check.h"
#include "exit_status.h"

typedef struct camera_lane {
    svms_track tracks[SVMS_MAX_TRACKS]; /* of the newest container; without configurations */
    uint32_t track_count;
    camera_check *check; /* NULL: nothing is looked at again */
} camera_lane;

/* The next container. Where its tracks are others than before, what waits is told, and another
 * stream begins; trust NULL: nothing is looked at. */
exit_status camera_lane_enter(camera_lane *lane, svms_ctx *ctx, const svms_track *tracks,
                              uint32_t track_count, const camera_check_options *options);
/* A sample of that container. */
exit_status camera_lane_feed(camera_lane *lane, const svms_sample *sample);
/* No more come; all that waits is told. */
exit_status camera_lane_end(camera_lane *lane);
void camera_lane_free(camera_lane *lane);

#endif
