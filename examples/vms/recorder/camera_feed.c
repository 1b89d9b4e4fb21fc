/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <intake.h>
#include <stream_clock.h>
#include <verdicts.h>

#include "camera_clock.h"
#include "camera_tell.h"
#include "recorder_failure.h"
#include "recorder_identity.h"

/* What does not mend by itself is looked at again so often. */
#define RETRY_NS (30 * STREAM_SECOND)
/* The largest number that the audit log takes. */
#define LARGEST_NUMBER ((INT64_C(1) << 53) - 1)
/* The camera's, and that of verdicts. */
#define TRACKS_MAX (STREAM_PULL_TRACKS_MAX + 1)

struct camera_feed {
    camera_feed_options options;
    svms_trust *signers; /* NULL: nothing is validated */
    intake *intake;
    verdicts *verdicts;
    camera_store *store; /* NULL: it cannot be opened now */
    uint64_t retry_at;
    bool was_told; /* that nothing is recorded */
    char words[160];

    svms_track tracks[TRACKS_MAX]; /* of the recording */
    uint8_t *configs[STREAM_PULL_TRACKS_MAX];
    uint32_t track_count;
    uint32_t camera_tracks; /* without that of verdicts */
    int64_t start_utc_ns;
    bool by_camera;

    bool is_live; /* the hub has begun, for this connection */
    uint64_t samples;
    camera_clock clock;
    uint64_t verdicts_before; /* of validations that have ended */
    uint64_t bad_before;
};

/* Its recording waits for somebody, or for a disk; the camera is watched meanwhile. */
static void give_up(camera_feed *self, const svms_error *why)
{
    camera_store_close(&self->store);
    self->retry_at = stream_clock() + RETRY_NS;
    (void)snprintf(self->words, sizeof self->words, "%.159s", why->message);
    if (!self->was_told) {
        camera_tell_unrecorded(self->options.parts, self->options.camera->id, why);
    }
    self->was_told = true;
}

static svms_status begin_store(camera_feed *self, svms_error *err)
{
    return camera_store_begin(self->store, self->tracks, self->track_count, self->start_utc_ns,
                              self->by_camera ? SVMS_CLOCK_CAMERA : SVMS_CLOCK_SYSTEM, err);
}

/* Also before there are media: what was interrupted is recovered then. */
static void open_store(camera_feed *self)
{
    svms_error err = SVMS_ERROR_INIT;
    const camera_feed_options *is = &self->options;
    const camera_store_options options = { is->parts, is->camera, is->keys, is->trouble, is->user };
    svms_status status = camera_store_open(&self->store, &options, &err);
    if (status == SVMS_OK && self->track_count > 0) {
        status = begin_store(self, &err);
    }
    if (status != SVMS_OK) {
        give_up(self, &err);
    }
}

void camera_feed_tend(camera_feed *self)
{
    if (!self->store && stream_clock() >= self->retry_at) {
        open_store(self);
    }
}

static void store(camera_feed *self, const svms_sample *sample)
{
    svms_error err = SVMS_ERROR_INIT;
    camera_feed_tend(self);
    if (!self->store) {
        return;
    }
    if (camera_store_put(self->store, sample, &err) != SVMS_OK) {
        give_up(self, &err);
    } else if (self->was_told) {
        self->was_told = false;
        self->words[0] = '\0';
    }
}

static svms_status take_verdict(void *user, const svms_sample *sample, svms_error *err)
{
    (void)err;
    store(user, sample);
    return SVMS_OK;
}

static void take_alarm(void *user, const camera_alarm *alarm)
{
    const camera_feed *self = user;
    camera_tell_alarm(self->options.parts, self->options.camera->id, alarm);
}

static void validation_failed(void *user, const svms_error *why)
{
    const camera_feed *self = user;
    recorder_event(self->options.parts, SERVICE_ERROR, self->options.camera->id,
                   "camera.unvalidated", NULL, why->message);
}

static void end_verdicts(camera_feed *self)
{
    svms_error err = SVMS_ERROR_INIT;
    if (!self->verdicts) {
        return;
    }
    if (verdicts_end(self->verdicts, &err) != SVMS_OK && !verdicts_have_failed(self->verdicts)) {
        validation_failed(self, &err);
    }
    self->verdicts_before += verdicts_watch(self->verdicts)->reports;
    self->bad_before += verdicts_watch(self->verdicts)->bad;
    verdicts_free(&self->verdicts);
}

/* Recording goes on without them. Their track is added to those of the camera. */
static void begin_verdicts(camera_feed *self)
{
    svms_error err = SVMS_ERROR_INIT;
    verdicts_options options;
    memset(&options, 0, sizeof options);
    options.makers = self->signers;
    options.is_signed = self->options.camera->is_signed;
    options.any_clock = !self->by_camera;
    options.take = take_verdict;
    options.alarm = take_alarm;
    options.failed = validation_failed;
    options.user = self;
    if (self->signers &&
        verdicts_begin(&self->verdicts, self->options.parts->ctx, self->tracks, &self->track_count,
                       self->start_utc_ns, &options, &err) != SVMS_OK) {
        validation_failed(self, &err);
    }
}

static void forget_tracks(camera_feed *self)
{
    for (size_t i = 0; i < STREAM_PULL_TRACKS_MAX; i++) {
        free(self->configs[i]);
        self->configs[i] = NULL;
    }
    self->track_count = 0;
    self->camera_tracks = 0;
}

static svms_status keep_config(camera_feed *self, uint32_t track, const svms_track *from,
                               svms_error *err)
{
    uint8_t *copy = from->config_size > 0 ? malloc(from->config_size) : NULL;
    if (from->config_size > 0 && !copy) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    if (copy) {
        memcpy(copy, from->config, from->config_size);
    }
    free(self->configs[track]);
    self->configs[track] = copy;
    self->tracks[track].config = copy;
    self->tracks[track].config_size = from->config_size;
    return SVMS_OK;
}

static svms_status keep_tracks(camera_feed *self, const intake_media *media, svms_error *err)
{
    svms_status status = SVMS_OK;
    forget_tracks(self);
    for (uint32_t i = 0; i < media->track_count && status == SVMS_OK; i++) {
        self->tracks[i] = media->tracks[i];
        status = keep_config(self, i, &media->tracks[i], err);
    }
    if (status == SVMS_OK) {
        self->track_count = media->track_count;
        self->camera_tracks = media->track_count;
        self->start_utc_ns = media->start_utc_ns;
        self->by_camera = media->by_camera;
    }
    return status;
}

static svms_status on_begin(void *user, const intake_media *media, svms_error *err)
{
    camera_feed *self = user;
    svms_error why = SVMS_ERROR_INIT;
    end_verdicts(self);
    svms_status status = keep_tracks(self, media, err);
    if (status != SVMS_OK) {
        return status;
    }
    begin_verdicts(self);
    self->is_live = false;
    if (!self->store) {
        camera_feed_tend(self);
    } else if (begin_store(self, &why) != SVMS_OK) {
        give_up(self, &why);
    }
    return SVMS_OK;
}

static void show(camera_feed *self, const svms_sample *sample)
{
    svms_error err = SVMS_ERROR_INIT;
    if (!self->is_live &&
        live_hub_begin(self->options.hub, self->tracks, self->camera_tracks, &err) != SVMS_OK) {
        service_log_error(self->options.parts->service, SERVICE_WARNING, &err,
                          "%s: nobody can watch", self->options.camera->id);
        return;
    }
    self->is_live = true;
    live_hub_put(self->options.hub, sample);
}

static svms_status on_sample(void *user, const svms_sample *sample, svms_error *err)
{
    camera_feed *self = user;
    (void)err;
    self->samples++;
    show(self, sample);
    store(self, sample);
    if (verdicts_follow(self->verdicts, sample, NULL) != SVMS_OK &&
        !verdicts_have_failed(self->verdicts)) {
        end_verdicts(self);
    }
    return SVMS_OK;
}

static svms_status on_gap(void *user, svms_gap_reason reason, svms_error *err)
{
    camera_feed *self = user;
    svms_error why = SVMS_ERROR_INIT;
    (void)err;
    if (self->store && camera_store_gap(self->store, reason, &why) != SVMS_OK) {
        give_up(self, &why);
    }
    return SVMS_OK;
}

/* Who watches begins anew: with the next picture that stands alone, and the new configuration. */
static void on_change(void *user, uint32_t track, const svms_track *to)
{
    camera_feed *self = user;
    svms_error err = SVMS_ERROR_INIT;
    if (track >= self->camera_tracks) {
        return;
    }
    if (keep_config(self, track, to, &err) != SVMS_OK) {
        service_log_error(self->options.parts->service, SERVICE_WARNING, &err,
                          "%s: viewers keep the old configuration", self->options.camera->id);
        return;
    }
    self->tracks[track].width = to->width;
    self->tracks[track].height = to->height;
    self->is_live = false;
}

static void on_note(void *user, const char *words)
{
    const camera_feed *self = user;
    service_log(self->options.parts->service, SERVICE_NOTICE, "%s: %s", self->options.camera->id,
                words);
}

static const intake_calls calls = { on_begin, on_sample, on_gap, NULL, on_change, on_note };

static void look_at_clock(camera_feed *self, int64_t utc_ns, uint64_t now_ns)
{
    int64_t ahead = 0;
    if (__builtin_sub_overflow(utc_ns, recorder_now(), &ahead)) {
        ahead = utc_ns < 0 ? -LARGEST_NUMBER : LARGEST_NUMBER;
    }
    ahead = ahead > LARGEST_NUMBER ? LARGEST_NUMBER : ahead;
    ahead = ahead < -LARGEST_NUMBER ? -LARGEST_NUMBER : ahead;
    camera_clock_news news = camera_clock_look(&self->clock, ahead, now_ns);
    if (news != CAMERA_CLOCK_NOTHING) {
        camera_tell_clock(self->options.parts, self->options.camera->id,
                          news == CAMERA_CLOCK_IS_OFF, ahead);
    }
}

static svms_status on_tracks(void *user, const stream_pull_track *tracks, size_t count)
{
    const camera_feed *self = user;
    return intake_events.tracks(self->intake, tracks, count);
}

static svms_status on_media(void *user, size_t track, const svms_rtp_event *event, uint64_t now_ns)
{
    camera_feed *self = user;
    if (event->kind == SVMS_RTP_SAMPLE && event->utc_ns != SVMS_NO_TIME) {
        look_at_clock(self, event->utc_ns, now_ns);
    }
    return intake_events.media(self->intake, track, event, now_ns);
}

const stream_pull_events camera_feed_events = { NULL, NULL, on_tracks, on_media, on_note };

/* A list that cannot be used is no reason to record nothing, but one to say so. */
static svms_status load_signers(camera_feed *self, svms_error *err)
{
    const camera_feed_options *is = &self->options;
    svms_error why = SVMS_ERROR_INIT;
    if (!is->camera->signers) {
        return SVMS_OK;
    }
    svms_status status =
        recorder_trust_load(&self->signers, is->parts->ctx, is->camera->signers, NULL, &why);
    if (status == SVMS_E_NO_MEMORY) {
        return recorder_fail(err, status, 0, "out of memory");
    }
    if (status != SVMS_OK) {
        validation_failed(self, &why);
    }
    return SVMS_OK;
}

svms_status camera_feed_new(camera_feed **out, const camera_feed_options *options, svms_error *err)
{
    camera_feed *self = calloc(1, sizeof *self);
    if (!self) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    self->options = *options;
    svms_status status = intake_new(&self->intake, &calls, self, err);
    if (status == SVMS_OK) {
        status = load_signers(self, err);
    }
    if (status != SVMS_OK) {
        camera_feed_free(&self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

void camera_feed_connect(camera_feed *self, stream_pull *pull)
{
    self->is_live = false;
    self->samples = 0;
    intake_connect(self->intake, pull);
}

/* It sends other media than before, say: that is another recording. */
static void begin_anew(camera_feed *self, const svms_error *why)
{
    svms_error err = SVMS_ERROR_INIT;
    intake *fresh = NULL;
    service_log_error(self->options.parts->service, SERVICE_NOTICE, why,
                      "%s: another recording begins", self->options.camera->id);
    if (intake_new(&fresh, &calls, self, &err) != SVMS_OK) {
        service_log_error(self->options.parts->service, SERVICE_WARNING, &err, "%s: not yet",
                          self->options.camera->id);
        intake_forgive(self->intake);
        return;
    }
    intake_free(&self->intake);
    self->intake = fresh;
}

void camera_feed_disconnect(camera_feed *self, bool was_lost)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = intake_disconnect(self->intake, was_lost, &err);
    if (status == SVMS_OK) {
        status = intake_failure(self->intake, &err);
    }
    live_hub_pause(self->options.hub);
    if (status != SVMS_OK) {
        begin_anew(self, &err);
    }
}

uint64_t camera_feed_samples(const camera_feed *self)
{
    return self->samples;
}

void camera_feed_flush(camera_feed *self)
{
    svms_error err = SVMS_ERROR_INIT;
    if (self->store && camera_store_flush(self->store, &err) != SVMS_OK) {
        give_up(self, &err);
    }
}

void camera_feed_look(const camera_feed *self, camera_feed_state *out)
{
    memset(out, 0, sizeof *out);
    out->store.last_utc_ns = SVMS_NO_TIME;
    if (self->store) {
        camera_store_look(self->store, &out->store);
    } else {
        out->store.is_failing = true;
    }
    out->verdicts = self->verdicts_before;
    out->bad = self->bad_before;
    if (self->verdicts) {
        out->verdicts += verdicts_watch(self->verdicts)->reports;
        out->bad += verdicts_watch(self->verdicts)->bad;
    }
    (void)snprintf(out->words, sizeof out->words, "%s", self->words);
}

void camera_feed_free(camera_feed **feed)
{
    if (!feed || !*feed) {
        return;
    }
    camera_feed *self = *feed;
    end_verdicts(self);
    camera_store_close(&self->store);
    intake_free(&self->intake);
    svms_trust_free(&self->signers);
    forget_tracks(self);
    free(self);
    *feed = NULL;
}
