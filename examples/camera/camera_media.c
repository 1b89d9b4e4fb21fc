/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_media.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "camera_failure.h"
#include "camera_live.h"
#include "camera_media_internal.h"
#include "stream_clock.h"

#define LONGEST_NAP (STREAM_SECOND / 50)
#define LENS_RETRY (2 * STREAM_SECOND)
#define LENS_PATIENCE (3 * STREAM_SECOND)
#define SHOTS_AT_ONCE 8u

/* In one lens's order: what is lost is lost, what is late is not waited for. */
static void take_shots(camera_media *self, uint64_t now)
{
    for (uint32_t i = 0; self->source && i < SHOTS_AT_ONCE; i++) {
        svms_error err = SVMS_ERROR_INIT;
        lens_shot shot;
        svms_status status = lens_next(self->source, &shot, &err);
        if (status == SVMS_AGAIN) {
            break;
        }
        if (status != SVMS_OK) {
            media_lens_gone(self, status == SVMS_END ? "it ended" : err.message);
            self->lens_retry = now + LENS_RETRY;
            break;
        }
        media_shot(self, &shot);
    }
    if (self->source && now > self->last_picture + LENS_PATIENCE) {
        camera_events_tell(self->options.events, CAMERA_LENS_LOST, true, SVMS_NO_TIME, "lens",
                           "no picture came for three seconds");
    }
}

static void try_lens(camera_media *self, uint64_t now)
{
    svms_error err = SVMS_ERROR_INIT;
    if (self->source || now < self->lens_retry) {
        return;
    }
    self->lens_retry = now + LENS_RETRY;
    if (media_lens_open(self, &err) != SVMS_OK) {
        media_lens_gone(self, err.message);
    }
}

static void look_at_wishes(camera_media *self)
{
    svms_error err = SVMS_ERROR_INIT;
    if (atomic_exchange(&self->wants_reload, false) &&
        camera_live_reload(self->live, &err) != SVMS_OK) {
        service_log_error(self->options.service, SERVICE_ERROR, &err,
                          "the new certificate cannot be used");
    }
    uint64_t revision = camera_state_revision(self->options.state);
    if (self->source && revision != self->revision) {
        media_settings(self);
    }
    uint64_t newest = camera_events_newest(self->options.events);
    if (newest != self->event_seen) {
        /* Perhaps somebody may no longer watch. */
        self->event_seen = newest;
        stream_serve_judge_again(camera_live_server(self->live));
    }
}

static uint64_t next_moment(const camera_media *self, uint64_t now)
{
    uint64_t latest = now + LONGEST_NAP;
    if (!self->source) {
        return latest;
    }
    uint64_t due = lens_due(self->source);
    return lens_handle(self->source) >= 0 || due == 0 ? now + LONGEST_NAP / 4
                                                      : stream_earlier(due, latest);
}

static void *run(void *user)
{
    camera_media *self = user;
    while (!atomic_load(&self->is_stopping)) {
        svms_error err = SVMS_ERROR_INIT;
        uint64_t now = stream_clock();
        try_lens(self, now);
        look_at_wishes(self);
        take_shots(self, now);
        if (stream_serve_run(camera_live_server(self->live), next_moment(self, now), &err) !=
            SVMS_OK) {
            service_log_error(self->options.service, SERVICE_ERROR, &err, "cannot serve");
        }
        atomic_store(&self->watchers, stream_serve_watchers(camera_live_server(self->live)));
    }
    media_end(self);
    return NULL;
}

static void free_media(camera_media *self)
{
    tamper_close(&self->tamper);
    sound_encoder_close(&self->sound);
    camera_pipeline_free(&self->pipeline);
    lens_close(&self->source);
    camera_live_close(&self->live);
    if (self->has_edge_server && self->options.edge->closed) {
        self->options.edge->closed(self->options.edge->user);
    }
    camera_snapshot_free(&self->snapshot);
    free(self);
}

static svms_status begin(camera_media *self, svms_error *err)
{
    const camera_media_options *from = &self->options;
    camera_pipeline_options options = { from->ctx, from->events, from->identity, from->ptz,
                                        from->preset };
    /* First, as it owns the listener. */
    svms_status status = camera_live_open(&self->live, from, err);
    if (status == SVMS_OK) {
        status = camera_pipeline_new(&self->pipeline, &options, err);
    }
    if (status == SVMS_OK && from->edge && from->edge->serve) {
        status = from->edge->serve(from->edge->user, camera_live_server(self->live), err);
        self->has_edge_server = status == SVMS_OK;
    }
    return status;
}

svms_status camera_media_start(camera_media **out, const camera_media_options *options,
                               svms_error *err)
{
    camera_media *self = calloc(1, sizeof *self);
    camera_snapshot *snapshot = camera_snapshot_new();
    if (!self || !snapshot) {
        free(self);
        camera_snapshot_free(&snapshot);
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for media");
    }
    self->snapshot = snapshot;
    self->options = *options;
    self->began = stream_clock();
    self->last_picture = self->began;
    svms_status status = begin(self, err);
    if (status == SVMS_OK) {
        int failure = pthread_create(&self->thread, NULL, run, self);
        if (failure != 0) {
            status = camera_fail(err, SVMS_E_IO, failure, "no thread for media");
        }
    }
    if (status != SVMS_OK) {
        free_media(self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

void camera_media_reload(camera_media *media)
{
    atomic_store(&media->wants_reload, true);
}

svms_status camera_media_snapshot(camera_media *media, uint8_t **out, size_t *size, svms_error *err)
{
    return camera_snapshot_take(media->snapshot, out, size, err);
}

void camera_media_synchronize(camera_media *media)
{
    atomic_store(&media->wants_idr, true);
}

void camera_media_describe(camera_media *media, camera_media_status *out)
{
    out->has_pictures = atomic_load(&media->has_pictures);
    out->is_signed = atomic_load(&media->is_signed);
    out->watchers = atomic_load(&media->watchers);
    out->pictures = atomic_load(&media->pictures);
    out->lost = atomic_load(&media->lost);
}

void camera_media_stop(camera_media **media)
{
    if (media && *media) {
        atomic_store(&(*media)->is_stopping, true);
        stream_serve_wake(camera_live_server((*media)->live));
        pthread_join((*media)->thread, NULL);
        free_media(*media);
        *media = NULL;
    }
}
