/* SPDX-License-Identifier: Apache-2.0 */
/* Validation of what cameras signed, of all tracks of H.264 and H.265 at once. Every function
 * complains itself. */
#ifndef SVMS_CLI_CAMERA_CHECK_H
#define SVMS_CLI_CAMERA_CHECK_H

#include <stdbool.h>

#include <svms/svms.h>

#include "camera_trust.h"
#include "exit_status.h"

typedef struct camera_check camera_check;

/* A report has come; more about it is in the validator until this returns. */
typedef exit_status camera_report_taker(void *user, uint32_t track,
                                        svms_camera_validator *validator,
                                        const svms_camera_gop *gop);

typedef struct camera_check_options {
    const camera_trust *trust;
    int64_t attested_utc_ns; /* or SVMS_NO_TIME */
    bool claimed_time;       /* the camera's clock is believed */
    bool any_clock;          /* nobody knows when the stream was captured */
    camera_report_taker *take;
    void *user;
} camera_check_options;

/* Tracks of other kinds are passed over. Trust, user and ctx must outlive it. */
exit_status camera_check_new(camera_check **out, svms_ctx *ctx, const svms_track *tracks,
                             uint32_t track_count, const camera_check_options *options);
/* How many tracks are validated. */
uint32_t camera_check_count(const camera_check *check);
/* Of a track that is not validated: NULL. */
svms_camera_validator *camera_check_of(const camera_check *check, uint32_t track);
/* A sample with NAL units behind 4-byte lengths, and when it was captured, or SVMS_NO_TIME. Where
 * it came over another connection, it need not go on with those before. */
exit_status camera_check_feed(camera_check *check, const svms_sample *sample, int64_t utc_ns);
/* No more samples come; all that waits is told. */
exit_status camera_check_end(camera_check *check);
void camera_check_free(camera_check **check);

#endif
