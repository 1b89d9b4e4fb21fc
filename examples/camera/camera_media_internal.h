/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CAMERA_MEDIA_INTERNAL_H
#define CAMERA_MEDIA_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "camera_live.h"
#include "camera_media.h"
#include "camera_pipeline.h"
#include "camera_snapshot.h"
#include "encoder.h"
#include "tamper.h"

struct camera_media {
    camera_media_options options;
    pthread_t thread;
    /* Between threads. */
    atomic_bool is_stopping;
    atomic_bool wants_reload;
    atomic_bool wants_idr;
    atomic_bool has_pictures;
    atomic_bool is_signed;
    _Atomic uint32_t watchers;
    _Atomic uint64_t pictures;
    _Atomic uint64_t lost;
    camera_snapshot *snapshot;
    /* Of the thread. */
    camera_live *live;
    camera_pipeline *pipeline;
    lens *source; /* NULL: lost */
    tamper *tamper;
    sound_encoder *sound;
    uint64_t began; /* when the time of samples is 0 */
    uint64_t revision;
    uint64_t event_seen;
    uint64_t last_picture;
    uint64_t lens_retry;
    int64_t apart_ns; /* UTC minus the monotonic clock */
    int64_t last_utc_ns;
    bool has_apart;
    bool has_edge_server;
    bool edge_is_open;
    bool wants_edge; /* at the next sync sample */
};

/* Opens the lens, and all that depends on what it delivers. */
svms_status media_lens_open(camera_media *self, svms_error *err);
/* Closes it, and tells. */
void media_lens_gone(camera_media *self, const char *why);
/* Settings have changed. */
void media_settings(camera_media *self);
/* A picture or a piece of sound on its way to all who want it. */
void media_shot(camera_media *self, const lens_shot *shot);
void media_end(camera_media *self);

#endif
