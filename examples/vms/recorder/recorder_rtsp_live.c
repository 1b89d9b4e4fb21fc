/* SPDX-License-Identifier: Apache-2.0 */
/* What cameras send now. A camera that nobody watches is only looked at once in a second, for what
 * it could offer; one that is watched has one place in its hub, for all who watch it here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recorder_failure.h"
#include "recorder_rtsp_internal.h"

/* What one camera may send in one round, so that the others get theirs. */
enum { PACKETS_AT_ONCE = 256 };

static void drop_tracks(rtsp_camera *camera)
{
    for (uint32_t i = 0; i < camera->track_count; i++) {
        free((void *)(uintptr_t)camera->tracks[i].config);
    }
    camera->track_count = 0;
}

static svms_status open_camera(recorder_rtsp *self, rtsp_camera *camera,
                               const recorded_camera *from, svms_error *err)
{
    camera->rtsp = self;
    camera->camera = from;
    (void)snprintf(camera->live_path, sizeof camera->live_path, RTSP_LIVE_PREFIX "%s", from->id);
    (void)snprintf(camera->replay_path, sizeof camera->replay_path, RTSP_REPLAY_PREFIX "%s",
                   from->id);
    if (!self->options.keys) {
        return SVMS_OK;
    }
    const stream_replay_options options = { camera->replay_path, from->name, &rtsp_replay_calls,
                                            self };
    return stream_serve_add_replay(&camera->replay, self->serve, &options, err);
}

svms_status rtsp_live_open(recorder_rtsp *self, svms_error *err)
{
    const recorder_settings *all = self->options.parts->settings;
    svms_status status = SVMS_OK;
    self->cameras = calloc(all->camera_count ? all->camera_count : 1, sizeof *self->cameras);
    if (!self->cameras) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    for (size_t i = 0; status == SVMS_OK && i < all->camera_count; i++) {
        self->camera_count = i + 1;
        status = open_camera(self, &self->cameras[i], &all->cameras[i], err);
    }
    return status;
}

void rtsp_live_free(recorder_rtsp *self)
{
    for (size_t i = 0; i < self->camera_count; i++) {
        drop_tracks(&self->cameras[i]);
    }
    free(self->cameras);
}

/* On the thread of the camera. */
static void has_come(void *user)
{
    recorder_rtsp *self = user;
    if (!atomic_load(&self->is_awake)) {
        rtsp_wake(self);
    }
}

void rtsp_live_join(rtsp_camera *camera)
{
    recorder_rtsp *self = camera->rtsp;
    svms_error err = SVMS_ERROR_INIT;
    live_hub *hub = camera_fleet_hub(self->options.fleet, camera->camera->id);
    if (camera->viewer || !hub || atomic_load(&self->must_stop)) {
        return;
    }
    if (live_hub_join(&camera->viewer, hub, has_come, self, &err) != SVMS_OK) {
        service_log_error(self->options.parts->service, SERVICE_WARNING, &err,
                          "%s cannot be watched", camera->camera->id);
        return;
    }
    /* What it has already is news, too. */
    rtsp_wake(self);
}

static void leave(rtsp_camera *camera)
{
    live_viewer_leave(&camera->viewer);
    live_packet_release(&camera->newest);
}

void rtsp_live_leave(recorder_rtsp *self)
{
    for (size_t i = 0; i < self->camera_count; i++) {
        leave(&self->cameras[i]);
    }
}

static bool is_same_kind(const svms_track *one, const svms_track *other)
{
    return one->codec == other->codec && one->kind == other->kind &&
           one->timebase_num == other->timebase_num && one->timebase_den == other->timebase_den &&
           one->sample_rate == other->sample_rate && one->channels == other->channels;
}

static bool is_same_config(const svms_track *one, const svms_track *other)
{
    return one->config_size == other->config_size &&
           (one->config_size == 0 || memcmp(one->config, other->config, one->config_size) == 0);
}

static svms_status keep_track(rtsp_camera *camera, uint32_t number, const svms_track *track)
{
    uint8_t *config = NULL;
    if (track->config_size > 0) {
        config = malloc(track->config_size);
        if (!config) {
            return SVMS_E_NO_MEMORY;
        }
        memcpy(config, track->config, track->config_size);
    }
    if (number < camera->track_count) {
        free((void *)(uintptr_t)camera->tracks[number].config);
    } else {
        camera->track_count = number + 1;
    }
    camera->tracks[number] = *track;
    camera->tracks[number].config = config;
    return SVMS_OK;
}

/* Other parameter sets of the same tracks: who watches goes on. */
static svms_status change(rtsp_camera *camera, const live_media *media, svms_error *err)
{
    svms_status status = SVMS_OK;
    for (uint32_t i = 0; status == SVMS_OK && i < media->track_count; i++) {
        if (is_same_config(&camera->tracks[i], &media->tracks[i])) {
            continue;
        }
        status = keep_track(camera, i, &media->tracks[i]);
        if (status == SVMS_OK && stream_presentation_carries(camera->live, i)) {
            status = stream_presentation_change(camera->live, i, &camera->tracks[i], err);
        }
    }
    return status;
}

/* Other tracks: who watched is told, and may come again. */
static svms_status replace(rtsp_camera *camera, const live_media *media, svms_error *err)
{
    recorder_rtsp *self = camera->rtsp;
    svms_status status = SVMS_OK;
    stream_serve_remove(self->serve, &camera->live);
    drop_tracks(camera);
    for (uint32_t i = 0; status == SVMS_OK && i < media->track_count; i++) {
        status = keep_track(camera, i, &media->tracks[i]);
    }
    if (status != SVMS_OK) {
        drop_tracks(camera);
        return recorder_fail(err, status, 0, "out of memory");
    }
    const stream_live_options options = { camera->live_path, camera->camera->name, camera->tracks,
                                          camera->track_count };
    return stream_serve_add_live(&camera->live, self->serve, &options, err);
}

static void take_media(rtsp_camera *camera, const live_media *media)
{
    svms_error err = SVMS_ERROR_INIT;
    bool is_same = camera->track_count == media->track_count;
    for (uint32_t i = 0; is_same && i < media->track_count; i++) {
        is_same = is_same_kind(&camera->tracks[i], &media->tracks[i]);
    }
    if (is_same && !camera->live) {
        /* It could not be offered, and cannot now. */
        return;
    }
    svms_status status = is_same ? change(camera, media, &err) : replace(camera, media, &err);
    if (status != SVMS_OK && !camera->cannot_be_sent) {
        service_log_error(camera->rtsp->options.parts->service, SERVICE_WARNING, &err,
                          "what %s sends cannot be given on", camera->camera->id);
    }
    camera->cannot_be_sent = status != SVMS_OK;
}

static void send(rtsp_camera *camera, const live_packet *packet, bool is_cut)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_sample sample = packet->sample;
    if (!camera->newest || camera->newest->media != packet->media) {
        take_media(camera, packet->media);
        is_cut = true;
    }
    live_packet_release(&camera->newest);
    camera->newest = packet;
    if (!camera->live) {
        return;
    }
    sample.flags |= is_cut ? SVMS_SAMPLE_DISCONTINUITY : 0;
    if (stream_presentation_sample(camera->live, &sample, &err) != SVMS_OK) {
        service_log_error(camera->rtsp->options.parts->service, SERVICE_WARNING, &err,
                          "a sample of %s cannot be sent", camera->camera->id);
    }
}

void rtsp_live_send(recorder_rtsp *self)
{
    bool has_more = false;
    for (size_t i = 0; i < self->camera_count; i++) {
        rtsp_camera *camera = &self->cameras[i];
        bool is_cut = false;
        int sent = 0;
        const live_packet *packet = NULL;
        while (camera->viewer && sent < PACKETS_AT_ONCE &&
               (packet = live_viewer_next(camera->viewer, &is_cut)) != NULL) {
            send(camera, packet, is_cut);
            sent++;
        }
        has_more = has_more || sent == PACKETS_AT_ONCE;
    }
    if (has_more) {
        rtsp_wake(self);
    }
}

/* What it could offer, without staying. */
static void look(rtsp_camera *camera)
{
    bool is_cut = false;
    live_viewer *viewer = NULL;
    live_hub *hub = camera_fleet_hub(camera->rtsp->options.fleet, camera->camera->id);
    if (!hub || live_hub_join(&viewer, hub, NULL, NULL, NULL) != SVMS_OK) {
        return;
    }
    const live_packet *packet = live_viewer_next(viewer, &is_cut);
    if (packet) {
        take_media(camera, packet->media);
    }
    live_packet_release(&packet);
    live_viewer_leave(&viewer);
}

void rtsp_live_tend(recorder_rtsp *self)
{
    for (size_t i = 0; i < self->camera_count; i++) {
        rtsp_camera *camera = &self->cameras[i];
        bool is_watched = camera->live && stream_presentation_watchers(camera->live) > 0;
        if (camera->viewer && !is_watched) {
            leave(camera);
        } else if (!camera->viewer && is_watched) {
            rtsp_live_join(camera);
        } else if (!camera->viewer) {
            look(camera);
        }
    }
}
