/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <picture_size.h>
#include <stream_clock.h>

#include "intake_internal.h"

#define NS_PER_SECOND INT64_C(1000000000)
/* Sender reports come every five seconds or so. */
#define SETTLE_NS (10 * STREAM_SECOND)

static int64_t utc_now(void)
{
    struct timespec now = { 0, 0 };
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static svms_status refuse(svms_error *err, svms_status status, const char *words)
{
    if (err) {
        *err = (svms_error)SVMS_ERROR_INIT;
        err->status = status;
        (void)snprintf(err->message, sizeof err->message, "%s", words);
    }
    return status;
}

svms_status intake_new(intake **out, const intake_calls *calls, void *user, svms_error *err)
{
    intake *self = calloc(1, sizeof *self);
    if (!self) {
        return refuse(err, SVMS_E_NO_MEMORY, "out of memory");
    }
    self->calls = calls;
    self->user = user;
    self->why = (svms_error)SVMS_ERROR_INIT;
    intake_hold_begin(&self->hold);
    *out = self;
    return SVMS_OK;
}

static void forget_tracks(intake *self)
{
    for (size_t i = 0; i < self->track_count; i++) {
        intake_order_end(&self->tracks[i].order);
        free(self->tracks[i].config);
    }
    self->track_count = 0;
}

void intake_free(intake **self)
{
    if (self && *self) {
        intake_hold_end(&(*self)->hold);
        forget_tracks(*self);
        free(*self);
        *self = NULL;
    }
}

bool intake_has_begun(const intake *self)
{
    return self->has_begun;
}

uint64_t intake_came(const intake *self)
{
    return self->came_ns;
}

const intake_losses *intake_lost(const intake *self)
{
    return &self->losses;
}

svms_status intake_failure(const intake *self, svms_error *err)
{
    if (err && self->failure != SVMS_OK) {
        *err = self->why;
    }
    return self->failure;
}

void intake_forgive(intake *self)
{
    self->failure = SVMS_OK;
    self->why = (svms_error)SVMS_ERROR_INIT;
}

void intake_note(const intake *self, const char *words)
{
    if (self->calls->note) {
        self->calls->note(self->user, words);
    }
}

svms_status intake_fail(intake *self, svms_status status, const svms_error *err)
{
    if (self->failure == SVMS_OK) {
        self->failure = status;
        self->why = *err;
        self->why.status = status;
    }
    return status;
}

svms_status intake_no_memory(intake *self)
{
    svms_error err = SVMS_ERROR_INIT;
    return intake_fail(self, refuse(&err, SVMS_E_NO_MEMORY, "out of memory"), &err);
}

void intake_connect(intake *self, stream_pull *pull)
{
    self->pull = pull;
    self->number_count = 0;
    self->is_settled = false;
    self->settle_ns = STREAM_NEVER;
    for (size_t i = 0; i < self->track_count; i++) {
        intake_order_break(&self->tracks[i].order);
        self->tracks[i].is_connected = false;
    }
}

bool intake_set_config(intake_track *track, const uint8_t *config, size_t size)
{
    uint8_t *copy = malloc(size);
    if (copy) {
        memcpy(copy, config, size);
        free(track->config);
        track->config = copy;
        track->track.config = copy;
        track->track.config_size = (uint32_t)size;
    }
    return copy != NULL;
}

/* Their size in the recording's head is that of its beginning. */
void intake_look_into(intake_track *track, const uint8_t *config, size_t size, bool has_begun)
{
    picture_size found = PICTURE_SIZE_INIT;
    if (!picture_size_read(&found, track->track.codec, config, size)) {
        return;
    }
    if (!has_begun) {
        track->track.width = found.width;
        track->track.height = found.height;
    }
    if (found.overtakers >= 0) {
        intake_timeline_tell_depth(&track->order.line, (unsigned)found.overtakers);
    }
}

static bool add_track(intake *self, const svms_track *track)
{
    intake_track *added = &self->tracks[self->track_count];
    memset(added, 0, sizeof *added);
    added->track = *track;
    added->track.config = NULL;
    added->track.config_size = 0;
    intake_order_begin(&added->order, track);
    self->track_count++;
    if (track->config_size == 0) {
        return true;
    }
    intake_look_into(added, track->config, track->config_size, false);
    return intake_set_config(added, track->config, track->config_size);
}

static bool is_taken(const intake *self, int number)
{
    for (size_t i = 0; i < self->number_count; i++) {
        if (self->numbers[i] == number) {
            return true;
        }
    }
    return false;
}

/* The recorded track that a track of another connection goes on with, or -1. */
static int find_track(const intake *self, const svms_track *track)
{
    for (size_t i = 0; i < self->track_count; i++) {
        const svms_track *known = &self->tracks[i].track;
        if (!is_taken(self, (int)i) && known->codec == track->codec &&
            known->timebase_den == track->timebase_den && known->channels == track->channels) {
            return (int)i;
        }
    }
    return -1;
}

static void choose_reference(intake *self)
{
    self->reference = 0;
    for (size_t i = self->track_count; i > 0; i--) {
        if (self->tracks[i - 1].track.kind == SVMS_TRACK_VIDEO) {
            self->reference = i - 1;
        }
    }
}

/* A recording that has begun goes on with the tracks that it has. */
static svms_status go_on(intake *self, const stream_pull_track *tracks, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        int number = find_track(self, &tracks[i].track);
        self->numbers[self->number_count++] = number;
        found += number >= 0 ? 1 : 0;
        if (number < 0) {
            intake_note(self, "the camera has a track that it had not before, which is left out");
        }
    }
    if (found == 0) {
        svms_error err = SVMS_ERROR_INIT;
        return intake_fail(
            self,
            refuse(&err, SVMS_E_STATE,
                   "the camera sends other media than before; they need another recording"),
            &err);
    }
    return SVMS_OK;
}

static svms_status on_tracks(void *user, const stream_pull_track *tracks, size_t count)
{
    intake *self = user;
    if (self->has_begun) {
        return go_on(self, tracks, count);
    }
    forget_tracks(self);
    for (size_t i = 0; i < count; i++) {
        if (!add_track(self, &tracks[i].track)) {
            return intake_no_memory(self);
        }
        self->numbers[self->number_count++] = (int)i;
    }
    choose_reference(self);
    return SVMS_OK;
}

static int connection_number(const intake *self, size_t track)
{
    for (size_t i = 0; i < self->number_count; i++) {
        if (self->numbers[i] == (int)track) {
            return (int)i;
        }
    }
    return -1;
}

int64_t intake_camera_utc(const intake *self, size_t track, const svms_rtp_event *event)
{
    int number = connection_number(self, track);
    if (event->utc_source == SVMS_RTP_UTC_REPLAY) {
        return event->utc_ns;
    }
    return number < 0 ? SVMS_NO_TIME : stream_pull_utc(self->pull, (size_t)number, event->rtp_time);
}

static const held_event *first_sample_of(const intake *self, size_t track)
{
    const held_event *held = self->hold.first;
    while (held && (held->track != track || held->event.kind != SVMS_RTP_SAMPLE)) {
        held = held->next;
    }
    return held;
}

static bool config_is_known(const intake *self)
{
    for (size_t i = 0; i < self->track_count; i++) {
        const svms_track *track = &self->tracks[i].track;
        bool needed = track->codec == SVMS_CODEC_H264 || track->codec == SVMS_CODEC_H265;
        if (needed && track->config_size == 0) {
            return false;
        }
    }
    return true;
}

/* RTP times of what is held. */
static unsigned held_times(const intake *self, size_t track, int64_t *times, unsigned max)
{
    unsigned count = 0;
    const held_event *held = self->hold.first;
    for (; held && count < max; held = held->next) {
        if (held->track == track && held->event.kind == SVMS_RTP_SAMPLE) {
            times[count++] = held->event.rtp_time;
        }
    }
    return count;
}

/* The recording's head says how far pictures are apart. */
static bool step_is_known(const intake *self)
{
    int64_t times[TIMELINE_STEP_SAMPLES];
    return self->tracks[self->reference].track.kind != SVMS_TRACK_VIDEO ||
           held_times(self, self->reference, times, TIMELINE_STEP_SAMPLES) == TIMELINE_STEP_SAMPLES;
}

/* Whether it is known what the times of this connection mean, and what is in it. */
static bool can_settle(const intake *self)
{
    const held_event *first = first_sample_of(self, self->reference);
    return first && (self->has_begun || (config_is_known(self) && step_is_known(self))) &&
           intake_camera_utc(self, self->reference, &first->event) != SVMS_NO_TIME;
}

static svms_status begin(intake *self)
{
    svms_track tracks[STREAM_PULL_TRACKS_MAX];
    svms_error err = SVMS_ERROR_INIT;
    const held_event *first = first_sample_of(self, self->reference);
    first = first ? first : self->hold.first;
    int64_t utc = first ? intake_camera_utc(self, first->track, &first->event) : SVMS_NO_TIME;
    self->by_camera = utc != SVMS_NO_TIME;
    if (!self->by_camera) {
        intake_note(self, "the camera does not say what time it is; times are the recorder's");
        utc = self->came_utc_ns;
    }
    self->start_utc_ns = utc;
    for (size_t i = 0; i < self->track_count; i++) {
        tracks[i] = self->tracks[i].track;
    }
    const intake_media media = { tracks, (uint32_t)self->track_count, utc, self->by_camera };
    svms_status status = self->calls->begin(self->user, &media, &err);
    self->has_begun = status == SVMS_OK;
    return status == SVMS_OK ? SVMS_OK : intake_fail(self, status, &err);
}

/* How far the camera's clock is ahead. */
static void measure_skew(intake *self)
{
    const held_event *first = first_sample_of(self, self->reference);
    int64_t utc = self->by_camera && first ? intake_camera_utc(self, self->reference, &first->event)
                                           : SVMS_NO_TIME;
    if (utc != SVMS_NO_TIME) {
        self->skew_ns = utc - self->came_utc_ns - (int64_t)(first->came_ns - self->came_ns);
    }
}

/* RTP does not say how long a picture is shown; as long as those before it, mostly. */
static void set_usual_durations(intake *self)
{
    for (size_t i = 0; i < self->track_count; i++) {
        int64_t times[TIMELINE_FORESEEN_MAX];
        unsigned count = held_times(self, i, times, TIMELINE_FORESEEN_MAX);
        int64_t usual = intake_timeline_usual_step(times, count);
        svms_track *track = &self->tracks[i].track;
        bool told = track->kind == SVMS_TRACK_VIDEO && usual > 0 && usual <= UINT32_MAX;
        track->default_duration = told ? (uint32_t)usual : 0;
        intake_timeline_tell_step(&self->tracks[i].order.line, usual);
    }
}

static svms_status give_held(intake *self)
{
    svms_status status = SVMS_OK;
    held_event *held = intake_hold_take(&self->hold);
    while (held) {
        if (status == SVMS_OK) {
            status = intake_give(self, held->track, &held->event, held->came_ns);
        }
        free(held);
        held = intake_hold_take(&self->hold);
    }
    return status;
}

/* From now on everything is given on as soon as its times are known. */
static svms_status settle(intake *self)
{
    svms_status status = SVMS_OK;
    self->is_settled = true;
    if (!self->has_begun) {
        set_usual_durations(self);
        status = begin(self);
    }
    measure_skew(self);
    return status == SVMS_OK ? give_held(self) : status;
}

svms_status intake_take_config(intake *self, size_t number, const svms_rtp_event *event)
{
    intake_track *track = &self->tracks[number];
    if (track->track.codec == SVMS_CODEC_MJPEG && track->track.width == 0) {
        intake_look_into(track, event->data, event->size, false);
    }
    if (!event->config || (track->track.config_size == event->config_size &&
                           memcmp(track->config, event->config, event->config_size) == 0)) {
        return SVMS_OK;
    }
    intake_look_into(track, event->config, event->config_size, self->has_begun);
    if (!self->has_begun) {
        return intake_set_config(track, event->config, event->config_size) ? SVMS_OK
                                                                           : intake_no_memory(self);
    }
    /* The samples hold their parameter sets themselves. */
    if (!track->has_told_change) {
        track->has_told_change = true;
        intake_note(self, "the camera changed how it encodes; the recording goes on, and says at "
                          "its beginning how that was before");
    }
    if (self->calls->changed) {
        svms_track now = track->track;
        picture_size found = PICTURE_SIZE_INIT;
        now.config = event->config;
        now.config_size = (uint32_t)event->config_size;
        if (picture_size_read(&found, now.codec, event->config, event->config_size)) {
            now.width = found.width;
            now.height = found.height;
        }
        self->calls->changed(self->user, (uint32_t)number, &now);
    }
    return SVMS_OK;
}

static svms_status hold(intake *self, size_t number, const svms_rtp_event *event, uint64_t now_ns)
{
    if (event->kind == SVMS_RTP_SAMPLE && self->settle_ns == STREAM_NEVER) {
        self->came_ns = now_ns;
        self->came_utc_ns = utc_now();
        self->settle_ns = now_ns + SETTLE_NS;
    }
    if (!intake_hold_add(&self->hold, number, event, now_ns)) {
        return intake_no_memory(self);
    }
    bool over = now_ns >= self->settle_ns || intake_hold_is_full(&self->hold);
    return over || can_settle(self) ? settle(self) : SVMS_OK;
}

static svms_status on_media(void *user, size_t track, const svms_rtp_event *event, uint64_t now_ns)
{
    intake *self = user;
    int number = track < self->number_count ? self->numbers[track] : -1;
    if (number < 0) {
        return SVMS_OK;
    }
    svms_status status = SVMS_OK;
    if (event->kind == SVMS_RTP_SAMPLE) {
        status = intake_take_config(self, (size_t)number, event);
    }
    if (status != SVMS_OK) {
        return status;
    }
    return self->is_settled ? intake_give(self, (size_t)number, event, now_ns)
                            : hold(self, (size_t)number, event, now_ns);
}

static void on_note(void *user, const char *words)
{
    intake_note(user, words);
}

const stream_pull_events intake_events = { NULL, NULL, on_tracks, on_media, on_note };

static void lose_camera(intake *self)
{
    self->was_lost = true;
    for (size_t i = 0; i < self->track_count; i++) {
        intake_track *track = &self->tracks[i];
        if (track->has_sample) {
            track->is_missing = true;
            track->missing.camera_was_lost = true;
        }
    }
}

/* What lasts still; it is told again when it is over. */
static void tell_open_gaps(intake *self)
{
    for (size_t i = 0; i < self->track_count && self->calls->missing; i++) {
        if (self->tracks[i].is_missing) {
            self->tracks[i].missing.track = i;
            self->tracks[i].missing.to_utc_ns = SVMS_NO_TIME;
            self->calls->missing(self->user, &self->tracks[i].missing);
        }
    }
}

svms_status intake_disconnect(intake *self, bool was_lost, svms_error *err)
{
    stream_pull_counts counts;
    if (!self->is_settled && self->hold.first && self->failure == SVMS_OK &&
        self->settle_ns != STREAM_NEVER) {
        (void)settle(self);
    }
    for (size_t i = 0; i < self->track_count && self->failure == SVMS_OK; i++) {
        (void)intake_give_rest(self, i);
    }
    intake_hold_end(&self->hold);
    intake_hold_begin(&self->hold);
    stream_pull_count(self->pull, &counts);
    self->losses.refused += counts.refused;
    self->pull = NULL;
    if (was_lost && self->has_begun) {
        lose_camera(self);
    }
    tell_open_gaps(self);
    return intake_failure(self, err);
}
