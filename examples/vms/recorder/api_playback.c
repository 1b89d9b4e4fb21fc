/* SPDX-License-Identifier: Apache-2.0 */
/* What was recorded, sample by sample, as fast as it was recorded, or as it is taken; forwards, or
 * by groups of pictures backwards. Reading waits for disks, and has a thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api_internal.h"
#include "api_parts.h"
#include "api_pipe.h"

#define SECOND INT64_C(1000000000)
#define SPEED_MAX 64
/* A piece goes out when it has so many bytes, or when there is a pause. */
#define PIECE_BYTES ((size_t)128 * 1024)
/* What is being recorded is looked at so often. */
#define LOOK_MS 200

typedef struct playing {
    api_stream stream;
    api_pipe *pipe;
    playback *playback;
    svms_time_range asked;
    svms_time_range ranges[GATE_RANGES_MAX];
    size_t range_count;
    bool has_sound;
    bool is_backwards;
    bool sync_only;
    int64_t speed; /* 0: as fast as it is taken */
    /* Of the thread. */
    api_pipe *to;
    api_piece piece;
    bool has_base;
    int64_t base_utc_ns; /* this moment of the recording was due ... */
    int64_t base_ms;     /* ... at this one of the monotonic clock */
    uint64_t records;
    int64_t first_utc_ns;
    int64_t last_utc_ns;
    const char *why; /* it ended */
    /* Of the event loop. */
    int64_t began_utc_ns;
    const char *stopped; /* why it shall end; or NULL */
} playing;

static int64_t now_ms(void)
{
    struct timespec now = { 0, 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool flush(playing *self)
{
    bool goes_on =
        self->piece.size == 0 || api_pipe_write(self->to, self->piece.bytes, self->piece.size);
    self->piece.size = 0;
    return goes_on;
}

/* Waits until it is due; false: it shall end. A gap is passed over. */
static bool pace(playing *self, const playback_sample *sample)
{
    int64_t utc = sample->sample.utc_ns;
    if (self->speed == 0) {
        return true;
    }
    if (!self->has_base || sample->is_after_gap) {
        self->has_base = true;
        self->base_utc_ns = utc;
        self->base_ms = now_ms();
    }
    int64_t apart = self->is_backwards ? self->base_utc_ns - utc : utc - self->base_utc_ns;
    int64_t wait = self->base_ms + apart / 1000000 / self->speed - now_ms();
    /* Inside of a group of pictures backwards, times go the other way. */
    return wait <= 0 || (flush(self) && api_pipe_wait(self->to, (uint64_t)wait));
}

static bool add(playing *self, const playback_sample *sample)
{
    playback_media media;
    bool is_good = true;
    playback_look(self->playback, &media);
    if (self->records == 0 || sample->tracks_changed) {
        is_good = api_piece_tracks(&self->piece, media.tracks, media.track_count);
    } else if (sample->config) {
        is_good = api_piece_config(&self->piece, sample->sample.track, sample->config,
                                   sample->config_size);
    }
    if (sample->sample.track < media.track_count &&
        media.tracks[sample->sample.track].kind == SVMS_TRACK_AUDIO && !self->has_sound) {
        return is_good;
    }
    if (self->records++ == 0) {
        self->first_utc_ns = sample->sample.utc_ns;
        self->last_utc_ns = sample->sample.utc_ns;
    }
    int64_t utc = sample->sample.utc_ns;
    self->first_utc_ns = utc < self->first_utc_ns ? utc : self->first_utc_ns;
    self->last_utc_ns = utc > self->last_utc_ns ? utc : self->last_utc_ns;
    return is_good && api_piece_sample(&self->piece, &sample->sample, sample->is_after_gap);
}

/* false: it is over. */
static bool step(playing *self)
{
    playback_sample sample;
    svms_error err = SVMS_ERROR_INIT;
    memset(&sample, 0, sizeof sample);
    svms_status status = playback_next(self->playback, &sample, &err);
    if (status == SVMS_AGAIN) {
        return flush(self) && api_pipe_wait(self->to, LOOK_MS);
    }
    if (status == SVMS_END) {
        self->why = "that was all";
        return false;
    }
    if (status != SVMS_OK) {
        /* It is told, and what follows is given. */
        service_log_error(self->stream.web->options.parts->service, SERVICE_ERROR, &err,
                          "a part of %s cannot be played", self->stream.camera->id);
        return true;
    }
    bool is_behind = self->is_backwards ? sample.sample.utc_ns < self->asked.from_utc_ns
                                        : sample.sample.utc_ns >= self->asked.to_utc_ns;
    if (is_behind) {
        self->why = "that was all";
        return false;
    }
    if (!pace(self, &sample)) {
        return false;
    }
    if (!add(self, &sample)) {
        self->why = "out of memory";
        return false;
    }
    return self->piece.size < PIECE_BYTES || flush(self);
}

static bool work(void *user, api_pipe *pipe)
{
    playing *self = user;
    self->to = pipe;
    while (step(self)) {
    }
    /* Nobody takes it any more where there is no reason. */
    return self->why && api_piece_end(&self->piece, self->why) && flush(self);
}

static void tell(playing *self, const char *event, bool is_over)
{
    char speed[24];
    svms_audit_record *record = NULL;
    svms_audit_range ranges[GATE_RANGES_MAX];
    size_t count = self->range_count;
    recorder_web *web = self->stream.web;
    int64_t seconds = (recorder_now() - self->began_utc_ns) / SECOND;
    svms_status status = api_record(&record, web, self->stream.pass, event, self->stream.camera->id,
                                    &self->asked, NULL, is_over ? self->why : NULL);
    for (size_t i = 0; i < count; i++) {
        ranges[i] = (svms_audit_range){ self->ranges[i].from_utc_ns, self->ranges[i].to_utc_ns };
    }
    if (is_over && self->records > 0) {
        ranges[0] = (svms_audit_range){ self->first_utc_ns, self->last_utc_ns + 1 };
        count = 1;
    }
    if (record && status == SVMS_OK) {
        status = svms_audit_record_ranges(record, "ranges", ranges, count, NULL);
    }
    if (record && status == SVMS_OK && is_over) {
        status =
            svms_audit_record_number(record, "seconds", seconds > 0 ? (uint64_t)seconds : 0, NULL);
    }
    if (record && status == SVMS_OK && is_over) {
        status = svms_audit_record_number(record, "records", self->records, NULL);
    }
    if (record && status == SVMS_OK) {
        (void)snprintf(speed, sizeof speed, "%s%lld", self->is_backwards ? "-" : "",
                       (long long)self->speed);
        status = svms_audit_record_text(record, "speed", speed, NULL);
    }
    api_tell(web, &record, status);
}

static void release(playing *self)
{
    playback_close(&self->playback);
    api_piece_clear(&self->piece);
    free(self);
}

static void over(void *user, bool was_sent)
{
    playing *self = user;
    (void)was_sent;
    self->why = self->stopped ? self->stopped : self->why;
    self->why = self->why ? self->why : "the client ended it";
    tell(self, "playback.stop", true);
    api_stream_end(&self->stream);
    release(self);
}

static bool is_same(const playing *self, const gate_answer *answer)
{
    bool is = answer->range_count == self->range_count;
    for (size_t i = 0; is && i < self->range_count; i++) {
        is = answer->ranges[i].from_utc_ns == self->ranges[i].from_utc_ns &&
             answer->ranges[i].to_utc_ns == self->ranges[i].to_utc_ns;
    }
    return is;
}

/* Where less, or more, is allowed by now, it ends: who may go on asks again. */
static void judge(api_stream *stream)
{
    playing *self = (playing *)(void *)stream;
    gate_answer answer;
    svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
    question.action = "playback.view";
    question.device = stream->camera->id;
    question.range = self->asked;
    bool goes_on = api_asks(stream->web, stream->pass, &question, &answer) &&
                   is_same(self, &answer) && answer.valid_until_utc_ns > recorder_now();
    stream->valid_until_utc_ns = answer.valid_until_utc_ns;
    if (!goes_on) {
        self->stopped = "permission has ended";
        api_pipe_stop(self->pipe);
    }
}

static void stop(api_stream *stream)
{
    playing *self = (playing *)(void *)stream;
    self->stopped = "the recorder ends";
    api_pipe_stop(self->pipe);
}

static bool may_listen(const api_caller *caller, const svms_access_question *view)
{
    gate_answer answer;
    svms_access_question question = *view;
    question.action = "playback.listen";
    return api_asks(caller->web, caller->pass, &question, &answer) && answer.range_count == 1 &&
           answer.ranges[0].from_utc_ns <= view->range.from_utc_ns &&
           answer.ranges[0].to_utc_ns >= view->range.to_utc_ns;
}

/* false: it was answered. */
static bool open_playback(playing *self, const api_caller *caller)
{
    svms_error err = SVMS_ERROR_INIT;
    const playback_options options = { .parts = caller->web->options.parts,
                                       .keys = caller->web->options.keys,
                                       .camera = self->stream.camera->id,
                                       .ranges = self->ranges,
                                       .range_count = self->range_count };
    svms_status status = playback_open(&self->playback, &options, &err);
    if (status == SVMS_OK) {
        status =
            playback_seek(self->playback,
                          self->is_backwards ? self->asked.to_utc_ns - 1 : self->asked.from_utc_ns,
                          self->is_backwards, self->sync_only, &err);
    }
    if (status == SVMS_END) {
        api_refuse(caller->exchange, HTTP_NOT_FOUND, "nothing was recorded then");
    } else if (status != SVMS_OK) {
        api_fail(caller->web, caller->exchange, &err, "it cannot be played");
    }
    return status == SVMS_OK;
}

static void begin(api_caller *caller, playing *self, const gate_answer *answer)
{
    recorder_web *web = caller->web;
    const api_pipe_calls calls = { .work = work, .over = over, .user = self };
    self->stream.judge = judge;
    self->stream.stop = stop;
    self->began_utc_ns = recorder_now();
    memcpy(self->ranges, answer->ranges, answer->range_count * sizeof self->ranges[0]);
    self->range_count = answer->range_count;
    if (!open_playback(self, caller) || !api_stream_begin(&self->stream, caller, answer)) {
        release(self);
        return;
    }
    tell(self, "playback.start", false);
    self->pipe = api_pipe_begin(web, caller->exchange, API_STREAM_TYPE, NULL, &calls);
    if (!self->pipe) {
        self->why = "no thread is left";
        tell(self, "playback.stop", true);
        api_stream_end(&self->stream);
        release(self);
        api_refuse(caller->exchange, HTTP_UNAVAILABLE, "no thread is left");
    }
}

static void play(api_caller *caller, const recorded_camera *camera)
{
    gate_answer answer;
    int64_t backwards = 0;
    int64_t sync = 0;
    int64_t speed = 0;
    svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
    if (!api_range(caller, &question.range) ||
        !api_number(caller, "backwards", 0, 1, 0, &backwards) ||
        !api_number(caller, "sync", 0, 1, 0, &sync) ||
        !api_number(caller, "speed", 0, SPEED_MAX, 1, &speed)) {
        return;
    }
    api_clamp(caller->web, camera->id, &question.range);
    question.action = "playback.view";
    question.device = camera->id;
    if (!api_may(caller, "playback.start", &question, &answer)) {
        return;
    }
    playing *self = calloc(1, sizeof *self);
    if (!self) {
        web_answer_words(caller->exchange, HTTP_INTERNAL, "out of memory");
        return;
    }
    self->stream.camera = camera;
    self->asked = question.range;
    self->has_sound = may_listen(caller, &question);
    self->is_backwards = backwards != 0;
    self->sync_only = sync != 0;
    self->speed = speed;
    begin(caller, self, &answer);
}

void api_playback(void *user, web_exchange *exchange, const web_request *request)
{
    recorder_web *web = user;
    api_caller caller;
    if (api_admit(&caller, web, exchange, request)) {
        const recorded_camera *camera = api_camera(&caller);
        if (camera && !web->options.keys) {
            api_refuse(exchange, HTTP_NOT_IMPLEMENTED, "this recorder has no key to play with");
        } else if (camera) {
            play(&caller, camera);
        }
    }
    gate_pass_free(&caller.pass);
}
