/* SPDX-License-Identifier: Apache-2.0 */
/* What a camera signed, validated while it is recorded (signedvideo.md, section 5). Every function
 * complains itself. */
#ifndef SVMS_CLI_RECORD_CAMERA_H
#define SVMS_CLI_RECORD_CAMERA_H

#include <stdbool.h>

#include <verdicts.h>

#include <svms/svms.h>

#include "camera_trust.h"
#include "exit_status.h"
#include "record_way.h"

/* Takes a sample of the verdict track, which is older than what was recorded last: newest_utc_ns.
 */
typedef exit_status record_verdict_taker(void *user, svms_sample *sample, int64_t newest_utc_ns);

/* Most bytes of what is said all in all, with its NUL. */
#define CAMERA_SUM_SIZE 160

typedef struct record_camera {
    camera_trust trust;
    bool is_asked;  /* something is to be validated */
    bool has_begun; /* and there is video */
    verdicts *verdicts;
    exit_status stored; /* of the newest verdict */
    record_verdict_taker *take;
    camera_alarm_taker *tell;
    void *user; /* of both */
} record_camera;

exit_status record_camera_load(record_camera *camera, svms_ctx *ctx, const record_way *way);
/* Adds the track of verdicts behind *count tracks, where there is video to validate. any_clock:
 * nobody knows when it was captured. */
exit_status record_camera_begin(record_camera *camera, svms_ctx *ctx, svms_track *tracks,
                                uint32_t *count, int64_t start_utc_ns, bool any_clock);
/* A sample that was recorded just now. */
exit_status record_camera_follow(record_camera *camera, const svms_sample *sample);
/* Nothing more will be recorded. */
exit_status record_camera_end(record_camera *camera);
/* What was found, all in all, in words. */
void record_camera_sum(const record_camera *camera, char *out, size_t size);
/* Says that, where something was validated. */
void record_camera_tell(const record_camera *camera);
/* EXIT_EVIDENCE where something was not what a trusted camera signed (camera_watch.h);
 * EXIT_ENVIRONMENT where validation did not come to its end. */
exit_status record_camera_status(const record_camera *camera);
void record_camera_free(record_camera *camera);

#endif
