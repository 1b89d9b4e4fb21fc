/* SPDX-License-Identifier: Apache-2.0 */
/* Beside a recording: what its cameras signed is validated while it comes, a track of verdicts
 * (docs/spec/signedvideo.md) is made of it, and whoever must know hears of what is not right. */
#ifndef SVMS_INTAKE_VERDICTS_H
#define SVMS_INTAKE_VERDICTS_H

#include <stdbool.h>
#include <stdint.h>

#include <svms/svms.h>

#include "camera_watch.h"

typedef struct verdicts verdicts;

typedef struct verdicts_options {
    const svms_trust *makers; /* of cameras, or NULL; borrowed, as all of these */
    const svms_trust *users;  /* of keys that users put into cameras, or NULL */
    const svms_chain *chain;  /* of a known camera, or NULL */
    bool is_signed;           /* the camera is known to sign */
    bool any_clock;           /* nobody knows when the stream was captured */
    /* A sample of the track of verdicts, to be recorded. What it returns other than SVMS_OK is
     * returned to who fed. */
    svms_status (*take)(void *user, const svms_sample *sample, svms_error *err);
    camera_alarm_taker *alarm;
    /* Validation itself failed; nothing is validated any more, and recording goes on. NULL: nobody
     * asks. */
    void (*failed)(void *user, const svms_error *err);
    void *user;
} verdicts_options;

/* tracks has room for one more than *count: the track of verdicts is added there and counted, where
 * there is H.264 or H.265. *out stays NULL where there is none. SVMS_E_LIMIT: no room beside so
 * many tracks (SVMS_MAX_TRACKS). */
svms_status verdicts_begin(verdicts **out, svms_ctx *ctx, svms_track *tracks, uint32_t *count,
                           int64_t start_utc_ns, const verdicts_options *options, svms_error *err);
/* A sample that was recorded; those of the track of verdicts itself are passed over. NULL is
 * accepted. */
svms_status verdicts_follow(verdicts *self, const svms_sample *sample, svms_error *err);
/* No more come: what waits is told. NULL is accepted. */
svms_status verdicts_end(verdicts *self, svms_error *err);
/* For take() and failed(): UTC of the newest sample that was recorded, and the track whose pictures
 * are validated. */
int64_t verdicts_newest_utc(const verdicts *self);
uint32_t verdicts_track(const verdicts *self);
const camera_watch *verdicts_watch(const verdicts *self);
bool verdicts_have_failed(const verdicts *self);
/* NULL and pointer to NULL are accepted. */
void verdicts_free(verdicts **self);

#endif
