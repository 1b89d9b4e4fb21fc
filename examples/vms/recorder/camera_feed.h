/* SPDX-License-Identifier: Apache-2.0 */
/* What one camera sends goes its ways here: validated, recorded, shown to who watches. Recording
 * that fails is told and tried again, and never ends the connection. Belongs to one thread. */
#ifndef CAMERA_FEED_H
#define CAMERA_FEED_H

#include <stream_pull.h>
#include <svms/svms.h>

#include "camera_store.h"
#include "live_hub.h"
#include "recorder_parts.h"

typedef struct camera_feed camera_feed;

typedef struct camera_feed_options {
    const recorder_parts *parts; /* borrowed, as all of these */
    const recorded_camera *camera;
    const storage_keys *keys; /* of the camera's storage */
    live_hub *hub;
    void (*trouble)(void *user, const storage_settings *storage, const svms_error *err);
    void *user;
} camera_feed_options;

typedef struct camera_feed_state {
    camera_store_state store;
    uint64_t verdicts;
    uint64_t bad;
    char words[160]; /* why nothing is recorded; or empty */
} camera_feed_state;

/* Reads whose signatures are believed; err names the file. */
svms_status camera_feed_new(camera_feed **out, const camera_feed_options *options, svms_error *err);
/* For stream_pull_options: events, with the feed as user. */
extern const stream_pull_events camera_feed_events;
/* A connection begins; before it is stepped. */
void camera_feed_connect(camera_feed *self, stream_pull *pull);
/* It is over, and the pull not freed yet. was_lost: not because somebody wanted it. */
void camera_feed_disconnect(camera_feed *self, bool was_lost);
/* Samples of the present connection. */
uint64_t camera_feed_samples(const camera_feed *self);
/* What cannot be recorded now is tried again when it is time to; each second or so. */
void camera_feed_tend(camera_feed *self);
/* Ends the segment. */
void camera_feed_flush(camera_feed *self);
void camera_feed_look(const camera_feed *self, camera_feed_state *out);
/* Ends the recording. NULL and pointer to NULL are accepted. */
void camera_feed_free(camera_feed **self);

#endif
