/* SPDX-License-Identifier: Apache-2.0 */
#include "verdicts.h"

#include <stdio.h>
#include <stdlib.h>

#include "media_time.h"

/* Ticks of verdicts: microseconds, of which a sample's duration may have an hour. */
#define VERDICT_TICKS 1000000u
#define NS_PER_TICK 1000

struct verdicts {
    verdicts_options options;
    svms_camera_validator *validators[SVMS_MAX_TRACKS];
    bool has_sample[SVMS_MAX_TRACKS];
    svms_track clocks[SVMS_MAX_TRACKS]; /* time bases of the tracks */
    uint32_t track_count;               /* without that of verdicts, which is the next one */
    camera_watch watch;
    int64_t start_utc_ns;
    int64_t newest_utc_ns; /* of what was recorded */
    uint32_t track;        /* whose pictures are validated */
    char *text;            /* of a verdict */
    size_t room;
    bool has_failed;       /* nothing is validated any more */
    svms_status not_taken; /* what the owner returned */
};

static svms_status no_memory(svms_error *err)
{
    if (err) {
        *err = (svms_error)SVMS_ERROR_INIT;
        err->status = SVMS_E_NO_MEMORY;
        (void)snprintf(err->message, sizeof err->message, "out of memory");
    }
    return SVMS_E_NO_MEMORY;
}

static bool can_be_signed(const svms_track *track)
{
    return track->codec == SVMS_CODEC_H264 || track->codec == SVMS_CODEC_H265;
}

static svms_status make_validators(verdicts *self, svms_ctx *ctx, const svms_track *tracks,
                                   svms_error *err)
{
    const verdicts_options *given = &self->options;
    svms_status status = SVMS_OK;
    for (uint32_t i = 0; status == SVMS_OK && i < self->track_count; i++) {
        svms_camera_validator_options options = SVMS_CAMERA_VALIDATOR_OPTIONS_INIT;
        options.codec = tracks[i].codec;
        options.framing = SVMS_NAL_LENGTH4;
        options.flags = given->is_signed ? SVMS_CAMERA_EXPECT_SIGNED : 0;
        options.trust = given->makers;
        options.user_trust = given->users;
        options.chain = given->chain;
        options.clock_tolerance_ms = given->any_clock ? SVMS_CAMERA_ANY_CLOCK : 0;
        self->clocks[i] = tracks[i];
        self->clocks[i].config = NULL; /* only the time base is looked at again */
        self->clocks[i].config_size = 0;
        if (can_be_signed(&tracks[i])) {
            status = svms_camera_validator_new(&self->validators[i], ctx, &options, err);
        }
    }
    return status;
}

static void drop_validators(verdicts *self)
{
    for (uint32_t i = 0; i < self->track_count; i++) {
        svms_camera_validator_free(&self->validators[i]);
    }
}

static bool has_video(const svms_track *tracks, uint32_t count)
{
    bool has = false;
    for (uint32_t i = 0; i < count; i++) {
        has = has || can_be_signed(&tracks[i]);
    }
    return has;
}

svms_status verdicts_begin(verdicts **out, svms_ctx *ctx, svms_track *tracks, uint32_t *count,
                           int64_t start_utc_ns, const verdicts_options *options, svms_error *err)
{
    svms_track track = SVMS_TRACK_INIT;
    *out = NULL;
    if (!has_video(tracks, *count)) {
        return SVMS_OK;
    }
    if (*count >= SVMS_MAX_TRACKS) {
        if (err) {
            *err = (svms_error)SVMS_ERROR_INIT;
            err->status = SVMS_E_LIMIT;
            (void)snprintf(err->message, sizeof err->message,
                           "there is no room for a track of verdicts beside %d others",
                           SVMS_MAX_TRACKS);
        }
        return SVMS_E_LIMIT;
    }
    verdicts *self = calloc(1, sizeof *self);
    if (!self) {
        return no_memory(err);
    }
    self->options = *options;
    self->track_count = *count;
    self->start_utc_ns = start_utc_ns;
    self->newest_utc_ns = start_utc_ns;
    camera_watch_begin(&self->watch, options->alarm, options->user);
    svms_status status = make_validators(self, ctx, tracks, err);
    if (status != SVMS_OK) {
        verdicts_free(&self);
        return status;
    }
    track.kind = SVMS_TRACK_METADATA;
    track.codec = SVMS_CODEC_CAMERA_VERDICTS;
    track.timebase_den = VERDICT_TICKS;
    tracks[(*count)++] = track;
    *out = self;
    return SVMS_OK;
}

/* Into self->text; *size receives its bytes. */
static svms_status write_text(verdicts *self, const svms_camera_validator *validator,
                              uint32_t track, size_t *size, svms_error *err)
{
    *size = self->room;
    svms_status status = svms_camera_validator_record(validator, track, self->text, size, err);
    if (status != SVMS_E_LIMIT) {
        return status;
    }
    char *larger = realloc(self->text, *size);
    if (!larger) {
        return no_memory(err);
    }
    self->text = larger;
    self->room = *size;
    return svms_camera_validator_record(validator, track, self->text, size, err);
}

static svms_status take_report(verdicts *self, uint32_t track, const svms_camera_gop *gop,
                               svms_error *err)
{
    svms_sample sample = SVMS_SAMPLE_INIT;
    size_t size = 0;
    svms_status status = write_text(self, self->validators[track], track, &size, err);
    if (status != SVMS_OK) {
        return status;
    }
    sample.track = self->track_count;
    sample.flags = SVMS_SAMPLE_SYNC;
    sample.utc_ns = gop->stream_utc_ns != SVMS_NO_TIME ? gop->stream_utc_ns : self->newest_utc_ns;
    camera_watch_report(&self->watch, track, gop, sample.utc_ns);
    /* Where the container lets nothing older follow, its own rule decides (CS-REC-4). */
    sample.pts = time_add(sample.utc_ns, -self->start_utc_ns) / NS_PER_TICK;
    sample.dts = sample.pts;
    sample.data = (const uint8_t *)self->text;
    sample.size = size;
    self->not_taken = self->options.take(self->options.user, &sample, err);
    return self->not_taken;
}

static svms_status take_reports(verdicts *self, uint32_t track, svms_error *err)
{
    for (;;) {
        svms_camera_gop gop = SVMS_CAMERA_GOP_INIT;
        svms_status status = svms_camera_validator_next(self->validators[track], &gop, err);
        if (status == SVMS_OK) {
            status = take_report(self, track, &gop, err);
        }
        if (status != SVMS_OK) {
            return status == SVMS_END ? SVMS_OK : status;
        }
    }
}

/* The pictures are worth more than what is said of them: only what cannot be recorded is the
 * owner's affair. */
static svms_status go_on(verdicts *self, svms_status status, const svms_error *err)
{
    if (status == SVMS_OK || self->not_taken != SVMS_OK) {
        return status;
    }
    self->has_failed = true;
    drop_validators(self);
    if (self->options.failed) {
        self->options.failed(self->options.user, err);
    }
    return SVMS_OK;
}

static svms_status feed(verdicts *self, const svms_sample *sample, svms_error *err)
{
    svms_camera_validator *validator = self->validators[sample->track];
    svms_status status = camera_begins_anew(&self->has_sample[sample->track], sample)
                             ? svms_camera_validator_gap(validator, err)
                             : SVMS_OK;
    if (status != SVMS_OK) {
        return status;
    }
    status =
        svms_camera_validator_add(validator, sample->data, sample->size, self->newest_utc_ns, err);
    /* What is no NAL unit counts as one that was never signed, and is told so. */
    if (status != SVMS_OK && status != SVMS_E_MALFORMED && status != SVMS_E_TRUNCATED) {
        return status;
    }
    return take_reports(self, sample->track, err);
}

svms_status verdicts_follow(verdicts *self, const svms_sample *sample, svms_error *err)
{
    svms_error own = SVMS_ERROR_INIT;
    svms_error *why = err ? err : &own;
    if (!self || self->has_failed || sample->track >= self->track_count) {
        return SVMS_OK;
    }
    const svms_track *clock = &self->clocks[sample->track];
    self->newest_utc_ns = sample->utc_ns != SVMS_NO_TIME
                              ? sample->utc_ns
                              : time_add(self->start_utc_ns, ticks_to_ns(clock, sample->pts));
    if (!self->validators[sample->track]) {
        return SVMS_OK;
    }
    self->track = sample->track;
    svms_status status = go_on(self, feed(self, sample, why), why);
    if (!self->has_failed) {
        camera_watch_picture(&self->watch, sample->track, self->newest_utc_ns);
    }
    return status;
}

svms_status verdicts_end(verdicts *self, svms_error *err)
{
    svms_error own = SVMS_ERROR_INIT;
    svms_error *why = err ? err : &own;
    svms_status status = SVMS_OK;
    for (uint32_t i = 0; self && status == SVMS_OK && i < self->track_count; i++) {
        if (self->validators[i]) {
            self->track = i;
            status = svms_camera_validator_end(self->validators[i], why);
            status = status == SVMS_OK ? take_reports(self, i, why) : status;
            status = go_on(self, status, why);
        }
    }
    return status;
}

int64_t verdicts_newest_utc(const verdicts *self)
{
    return self->newest_utc_ns;
}

uint32_t verdicts_track(const verdicts *self)
{
    return self->track;
}

const camera_watch *verdicts_watch(const verdicts *self)
{
    return &self->watch;
}

bool verdicts_have_failed(const verdicts *self)
{
    return self->has_failed;
}

void verdicts_free(verdicts **self)
{
    if (self && *self) {
        drop_validators(*self);
        free((*self)->text);
        free(*self);
        *self = NULL;
    }
}
