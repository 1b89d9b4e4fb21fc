/* SPDX-License-Identifier: Apache-2.0 */
/* What the media thread does with what comes from the lens. */
#include "camera_media_internal.h"

#include <stdlib.h>
#include <string.h>

#include "camera_failure.h"
#include "stream_clock.h"

#define SOUND_BITS 64000u
#define JUMP_NS (INT64_C(500) * 1000000)

static void tampered(void *user, const tamper_event *event)
{
    static const camera_topic topics[TAMPER_KINDS] = { CAMERA_COVERED, CAMERA_MOVED,
                                                       CAMERA_DEFOCUSED, CAMERA_FROZEN,
                                                       CAMERA_SILENT };
    camera_media *self = user;
    camera_events_tell(self->options.events, topics[event->kind], event->begins, event->utc_ns,
                       event->kind == TAMPER_SILENT ? "microphone" : "lens", "%s",
                       event->begins        ? tamper_name(event->kind)
                       : event->is_accepted ? "what it shows now is taken for its place"
                                            : "over");
}

/* Without it, the camera still sees; that it does not notice is said. */
static void open_tamper(camera_media *self, const lens_format *format)
{
    svms_error err = SVMS_ERROR_INIT;
    tamper_options options;
    memset(&options, 0, sizeof options);
    options.has_sound = format->sample_rate > 0;
    options.user = self;
    options.event = tampered;
    tamper_close(&self->tamper);
    if (tamper_open(&self->tamper, &options, &err) != SVMS_OK) {
        service_log_error(self->options.service, SERVICE_ERROR, &err, "tampering is not noticed");
    }
}

static void close_edge(camera_media *self)
{
    if (self->edge_is_open) {
        self->options.edge->end(self->options.edge->user);
        self->edge_is_open = false;
    }
    self->wants_edge = self->options.edge != NULL;
}

static uint32_t tracks_of(const camera_media *self, svms_track tracks[2])
{
    tracks[0] = *camera_pipeline_track(self->pipeline);
    if (self->sound) {
        tracks[1] = *sound_encoder_track(self->sound);
    }
    return self->sound ? 2 : 1;
}

static svms_status take_settings(camera_media *self, svms_error *err)
{
    camera_settings settings;
    bool is_other = false;
    camera_state_read(self->options.state, &settings);
    self->revision = settings.revision;
    camera_snapshot_forget(self->snapshot);
    svms_status status =
        camera_pipeline_set(self->pipeline, &settings, lens_describe(self->source), &is_other, err);
    if (status == SVMS_OK && (is_other || !camera_live_presentation(self->live))) {
        svms_track tracks[2];
        uint32_t count = tracks_of(self, tracks);
        close_edge(self);
        status = camera_live_tracks(self->live, tracks, count, err);
    }
    return status;
}

void media_settings(camera_media *self)
{
    svms_error err = SVMS_ERROR_INIT;
    if (take_settings(self, &err) != SVMS_OK) {
        service_log_error(self->options.service, SERVICE_ERROR, &err,
                          "settings cannot be used: no pictures are sent");
        camera_events_tell(self->options.events, CAMERA_LENS_LOST, true, SVMS_NO_TIME, "lens", "%s",
                           err.message);
    }
}

svms_status media_lens_open(camera_media *self, svms_error *err)
{
    svms_status status = self->options.open_lens(self->options.user, &self->source, err);
    if (status != SVMS_OK) {
        self->source = NULL;
        return status;
    }
    const lens_format *format = lens_describe(self->source);
    self->last_picture = stream_clock();
    sound_encoder_close(&self->sound);
    if (format->sample_rate > 0) {
        status = sound_encoder_open(&self->sound, format->sample_rate, SOUND_BITS, err);
    }
    if (status == SVMS_OK) {
        open_tamper(self, format);
        status = take_settings(self, err);
    }
    if (status != SVMS_OK) {
        lens_close(&self->source);
    }
    return status;
}

void media_lens_gone(camera_media *self, const char *why)
{
    lens_close(&self->source);
    atomic_store(&self->has_pictures, false);
    camera_snapshot_forget(self->snapshot);
    camera_events_tell(self->options.events, CAMERA_LENS_LOST, true, SVMS_NO_TIME, "lens", "%s",
                       why);
}

static void to_edge(camera_media *self, const svms_sample *sample)
{
    const camera_edge *edge = self->options.edge;
    svms_error err = SVMS_ERROR_INIT;
    bool is_sync = sample->track == 0 && (sample->flags & SVMS_SAMPLE_SYNC) != 0;
    if (!edge) {
        return;
    }
    svms_status status = SVMS_OK;
    if (!self->edge_is_open && self->wants_edge && is_sync) {
        svms_track tracks[2];
        uint32_t count = tracks_of(self, tracks);
        status = edge->begin(edge->user, tracks, count, &err);
        self->edge_is_open = status == SVMS_OK;
    }
    if (status == SVMS_OK && self->edge_is_open) {
        status = edge->sample(edge->user, sample, &err);
    }
    if (status != SVMS_OK) {
        close_edge(self);
        camera_events_tell(self->options.events, CAMERA_EDGE_FAILED, true, SVMS_NO_TIME, "edge",
                           "%s", err.message);
    } else if (self->edge_is_open && is_sync) {
        camera_events_tell(self->options.events, CAMERA_EDGE_FAILED, false, SVMS_NO_TIME, "edge",
                           "kept again");
    }
}

static void publish(camera_media *self, const svms_sample *sample)
{
    svms_error err = SVMS_ERROR_INIT;
    stream_presentation *live = camera_live_presentation(self->live);
    if (live && stream_presentation_carries(live, sample->track) &&
        stream_presentation_sample(live, sample, &err) != SVMS_OK) {
        service_log_error(self->options.service, SERVICE_ERROR, &err, "a sample cannot be sent");
    }
    to_edge(self, sample);
}

static void tell_gap(camera_media *self, int64_t to_utc_ns, const char *why)
{
    if (self->edge_is_open && self->options.edge->gap) {
        self->options.edge->gap(self->options.edge->user, self->last_utc_ns, to_utc_ns, why);
    }
}

/* Whether the clock was set between two pictures: it and the one that never goes back then differ
 * by something else than before. */
static void watch_clock(camera_media *self, const lens_shot *shot)
{
    int64_t apart = shot->utc_ns - (int64_t)shot->monotonic_ns;
    int64_t jump = apart - self->apart_ns;
    if (self->has_apart && (jump > JUMP_NS || jump < -JUMP_NS)) {
        camera_events_tell(self->options.events, CAMERA_CLOCK_JUMPED, true, shot->utc_ns, "clock",
                           "by %lld ms", (long long)(jump / 1000000));
        tell_gap(self, shot->utc_ns, "the clock was set");
    }
    self->apart_ns = apart;
    self->has_apart = true;
}

static void look_for_tampering(camera_media *self, const lens_shot *shot)
{
    svms_error err = SVMS_ERROR_INIT;
    if (self->tamper && tamper_see(self->tamper, &shot->picture, shot->utc_ns, shot->monotonic_ns,
                                   &err) != SVMS_OK) {
        service_log_error(self->options.service, SERVICE_ERROR, &err, "tampering is not noticed");
        tamper_close(&self->tamper);
    }
}

static bool is_idr_wanted(camera_media *self)
{
    stream_presentation *live = camera_live_presentation(self->live);
    bool is_asked = atomic_exchange(&self->wants_idr, false);
    bool is_needed = live && stream_presentation_wants_sync(live);
    if (is_needed) {
        camera_pipeline_announce(self->pipeline);
    }
    return is_asked || is_needed || (self->wants_edge && !self->edge_is_open);
}

static void picture(camera_media *self, const lens_shot *shot)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_sample sample = SVMS_SAMPLE_INIT;
    svms_picture seen = SVMS_PICTURE_INIT;
    watch_clock(self, shot);
    self->last_picture = stream_clock();
    look_for_tampering(self, shot);
    if (shot->lost > 0) {
        atomic_fetch_add(&self->lost, shot->lost);
        tell_gap(self, shot->utc_ns, "pictures were lost");
    }
    svms_status status = camera_pipeline_picture(self->pipeline, shot, self->began,
                                                 is_idr_wanted(self), &sample, &err);
    if (status == SVMS_AGAIN) {
        return;
    }
    if (status != SVMS_OK) {
        camera_events_tell(self->options.events, CAMERA_LENS_LOST, true, SVMS_NO_TIME, "lens", "%s",
                           err.message);
        return;
    }
    atomic_store(&self->is_signed, camera_pipeline_is_signed(self->pipeline));
    atomic_store(&self->has_pictures, true);
    atomic_fetch_add(&self->pictures, 1);
    camera_events_tell(self->options.events, CAMERA_LENS_LOST, false, SVMS_NO_TIME, "lens",
                       "pictures come again");
    publish(self, &sample);
    self->last_utc_ns = sample.utc_ns;
    if (camera_pipeline_seen(self->pipeline, &seen)) {
        camera_snapshot_keep(self->snapshot, &seen, shot->monotonic_ns);
    }
}

static void sound(camera_media *self, const lens_shot *shot)
{
    svms_error err = SVMS_ERROR_INIT;
    if (self->tamper) {
        tamper_hear(self->tamper, shot->sound, shot->sound_count, shot->utc_ns, shot->monotonic_ns);
    }
    if (!self->sound || shot->monotonic_ns < self->began) {
        return;
    }
    const svms_track *track = sound_encoder_track(self->sound);
    uint64_t since = shot->monotonic_ns - self->began;
    uint64_t rate = track->sample_rate;
    uint64_t pts = since / STREAM_SECOND * rate + since % STREAM_SECOND * rate / STREAM_SECOND;
    svms_status status =
        sound_encoder_feed(self->sound, shot->sound, shot->sound_count, (int64_t)pts, &err);
    while (status == SVMS_OK) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        status = sound_encoder_take(self->sound, &sample, &err);
        if (status == SVMS_OK) {
            int64_t apart = (sample.pts - (int64_t)pts) * (int64_t)STREAM_SECOND / (int64_t)rate;
            sample.track = 1;
            sample.utc_ns = shot->utc_ns + apart;
            publish(self, &sample);
        }
    }
    if (status != SVMS_AGAIN) {
        service_log_error(self->options.service, SERVICE_ERROR, &err, "sound cannot be encoded");
    }
}

void media_shot(camera_media *self, const lens_shot *shot)
{
    if (shot->kind == LENS_PICTURE) {
        picture(self, shot);
    } else {
        sound(self, shot);
    }
}

void media_end(camera_media *self)
{
    close_edge(self);
}
