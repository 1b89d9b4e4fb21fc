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
#include "viewing.h"

#define SECOND INT64_C(1000000000)
#define SPEED_MAX 64
/* A piece goes out when it has so many bytes, or when there is a pause. */
#define PIECE_BYTES ((size_t)128 * 1024)
/* What is being recorded is looked at so often ... */
#define LOOK_MS 200
/* ... and not waited for any more so long after the moment that was asked for. */
#define LATE_NS (20 * SECOND)
/* So far before what was asked for lies what it is decoded from, at most. */
#define LEAD_NS (60 * SECOND)
/* Playback follows what is being recorded no longer than that. */
#define FOLLOWED_NS (86400 * SECOND)
/* Nobody waits longer for the next picture. */
#define PAUSE_MAX_MS 60000

typedef struct playing {
    api_stream stream;
    api_pipe *pipe;
    svms_time_range asked;
    bool is_backwards;
    bool sync_only;
    int64_t speed; /* 0: as fast as it is taken */
    atomic_bool has_sound;
    _Atomic(const char *) stopped; /* why it shall end; or NULL */
    pthread_mutex_t mutex;
    svms_time_range ranges[GATE_RANGES_MAX]; /* of the mutex */
    size_t range_count;
    atomic_bool has_new_ranges;
    /* Of the thread. */
    playback *playback;
    api_pipe *to;
    api_piece piece;
    bool has_tracks;
    bool has_group; /* of pictures, that began so: */
    int64_t group_utc_ns;
    bool has_base;
    int64_t base_utc_ns; /* this moment of the recording was due ... */
    int64_t base_ms;     /* ... at this one of the monotonic clock */
    _Atomic(uint64_t) records;
    int64_t first_utc_ns;
    int64_t last_utc_ns;
    const char *why; /* it ended */
    /* Of the event loop. */
    int64_t began_utc_ns;
    bool has_begun;
    bool is_told; /* that it has */
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
    if (wait > PAUSE_MAX_MS) {
        self->has_base = false;
        return pace(self, sample);
    }
    /* Inside of a group of pictures backwards, times go the other way. */
    return wait <= 0 || (flush(self) && api_pipe_wait(self->to, (uint64_t)wait));
}

static bool add(playing *self, const playback_sample *sample)
{
    playback_media media;
    bool is_good = true;
    playback_look(self->playback, &media);
    if (!self->has_tracks || sample->tracks_changed) {
        self->has_tracks = true;
        is_good = api_piece_tracks(&self->piece, media.tracks, media.track_count);
    } else if (sample->config) {
        is_good = api_piece_config(&self->piece, sample->sample.track, sample->config,
                                   sample->config_size);
    }
    if (sample->sample.track < media.track_count &&
        media.tracks[sample->sample.track].kind == SVMS_TRACK_AUDIO &&
        (!atomic_load(&self->has_sound) || sample->sample.utc_ns < self->asked.from_utc_ns)) {
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

static size_t copy_ranges(playing *self, svms_time_range out[GATE_RANGES_MAX])
{
    pthread_mutex_lock(&self->mutex);
    size_t count = self->range_count;
    memcpy(out, self->ranges, count * sizeof out[0]);
    pthread_mutex_unlock(&self->mutex);
    return count;
}

/* false: no memory. */
static bool take_new_ranges(playing *self)
{
    svms_time_range ranges[GATE_RANGES_MAX];
    if (!atomic_exchange(&self->has_new_ranges, false)) {
        return true;
    }
    size_t count = copy_ranges(self, ranges);
    return playback_allow(self->playback, ranges, count, NULL) == SVMS_OK;
}

/* Nothing of it comes any more where the camera has gone. */
static bool wait_for_more(playing *self)
{
    if (recorder_now() - LATE_NS > self->asked.to_utc_ns) {
        self->why = "that was all";
        return false;
    }
    return flush(self) && api_pipe_wait(self->to, LOOK_MS);
}

/* It is told, and what follows is given. */
static bool pass_over(playing *self, const svms_error *err)
{
    service_log_error(self->stream.web->options.parts->service, SERVICE_ERROR, err,
                      "a part of %s cannot be played", self->stream.camera->id);
    return api_piece_missing(&self->piece, "a part of the recording cannot be given") &&
           flush(self);
}

static bool is_picture(const playing *self, const svms_sample *sample)
{
    playback_media media;
    playback_look(self->playback, &media);
    return sample->track < media.track_count &&
           media.tracks[sample->track].kind == SVMS_TRACK_VIDEO;
}

/* Backwards, the group of pictures in which the range begins is given as a whole. */
static bool is_behind(playing *self, const svms_sample *sample)
{
    int64_t utc = sample->utc_ns;
    if (!self->is_backwards) {
        return utc >= self->asked.to_utc_ns;
    }
    if (self->sync_only || utc >= self->asked.to_utc_ns) {
        return utc < self->asked.from_utc_ns;
    }
    if ((sample->flags & SVMS_SAMPLE_SYNC) == 0 || !is_picture(self, sample)) {
        return false;
    }
    bool was_last = self->has_group && self->group_utc_ns <= self->asked.from_utc_ns;
    self->has_group = true;
    self->group_utc_ns = utc;
    return was_last;
}

static bool give(playing *self, const playback_sample *sample)
{
    if (is_behind(self, &sample->sample)) {
        self->why = "that was all";
        return false;
    }
    if (!pace(self, sample)) {
        return false;
    }
    if (!add(self, sample)) {
        self->why = "out of memory";
        self->piece.size = 0;
        return false;
    }
    return self->piece.size < PIECE_BYTES || flush(self);
}

/* false: it is over. */
static bool step(playing *self)
{
    playback_sample sample;
    svms_error err = SVMS_ERROR_INIT;
    memset(&sample, 0, sizeof sample);
    if (!api_pipe_wait(self->to, 0)) {
        return false;
    }
    if (!take_new_ranges(self)) {
        self->why = "out of memory";
        return false;
    }
    svms_status status = playback_next(self->playback, &sample, &err);
    if (status == SVMS_AGAIN) {
        return wait_for_more(self);
    }
    if (status == SVMS_END && !self->is_backwards && recorder_now() < self->asked.to_utc_ns) {
        return wait_for_more(self);
    }
    if (status == SVMS_END) {
        self->why = "that was all";
        return false;
    }
    return status == SVMS_OK ? give(self, &sample) : pass_over(self, &err);
}

/* false: it will be answered so. */
static bool open_playback(playing *self)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_time_range ranges[GATE_RANGES_MAX];
    const recorder_web_options *web = &self->stream.web->options;
    playback_options options = {
        .parts = web->parts, .keys = web->keys, .camera = self->stream.camera->id, .ranges = ranges
    };
    options.range_count = copy_ranges(self, ranges);
    svms_status status = playback_open(&self->playback, &options, &err);
    if (status == SVMS_OK) {
        status =
            playback_seek(self->playback,
                          self->is_backwards ? self->asked.to_utc_ns - 1 : self->asked.from_utc_ns,
                          self->is_backwards, self->sync_only, &err);
    }
    if (status == SVMS_END) {
        api_pipe_refuse(self->to, HTTP_NOT_FOUND, "nothing was recorded then");
    } else if (status != SVMS_OK) {
        service_log_error(web->parts->service, SERVICE_ERROR, &err, "%s cannot be played",
                          self->stream.camera->id);
        api_pipe_refuse(self->to, HTTP_INTERNAL, "it cannot be played");
    }
    return status == SVMS_OK;
}

static bool work(void *user, api_pipe *pipe)
{
    playing *self = user;
    self->to = pipe;
    if (!open_playback(self)) {
        return false;
    }
    while (step(self)) {
    }
    /* Nobody takes it any more where there is no reason. */
    self->why = self->why ? self->why : atomic_load(&self->stopped);
    return self->why && api_piece_end(&self->piece, self->why) && flush(self);
}

static void tell(playing *self, const char *event, bool is_over)
{
    char speed[24];
    svms_audit_record *record = NULL;
    svms_audit_range ranges[GATE_RANGES_MAX];
    recorder_web *web = self->stream.web;
    int64_t seconds = (recorder_now() - self->began_utc_ns) / SECOND;
    svms_status status = api_record(&record, web, self->stream.pass, event, self->stream.camera->id,
                                    &self->asked, NULL, is_over ? self->why : NULL);
    size_t count = self->range_count;
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

/* That it began, as soon as it lasted long enough to be told. */
static void tend(api_stream *stream)
{
    playing *self = (playing *)(void *)stream;
    const viewing_rule *rule = &stream->web->options.parts->settings->viewing;
    if (self->has_begun && !self->is_told &&
        viewing_is_told(rule, false, self->began_utc_ns, atomic_load(&self->records))) {
        self->is_told = true;
        tell(self, "playback.start", false);
    }
}

static void begun(void *user)
{
    playing *self = user;
    self->has_begun = true;
    tend(&self->stream);
}

static void release(playing *self)
{
    playback_close(&self->playback);
    api_piece_clear(&self->piece);
    (void)pthread_mutex_destroy(&self->mutex);
    free(self);
}

static void over(void *user, bool was_sent)
{
    playing *self = user;
    const char *stopped = atomic_load(&self->stopped);
    self->why = self->why ? self->why : stopped;
    self->why = was_sent && self->why ? self->why : stopped ? stopped : "the client ended it";
    tend(&self->stream);
    if (self->is_told) {
        tell(self, "playback.stop", true);
    }
    api_stream_end(&self->stream);
    release(self);
}

/* Whether sound may be heard wherever pictures may be seen. */
static void ask_for_sound(playing *self, const svms_access_question *view,
                          const gate_answer *pictures)
{
    gate_answer answer;
    svms_access_question question = *view;
    question.action = "playback.listen";
    bool is_allowed =
        api_asks(self->stream.web, self->stream.pass, &question, &answer) &&
        answer.range_count == pictures->range_count &&
        memcmp(answer.ranges, pictures->ranges, answer.range_count * sizeof answer.ranges[0]) == 0;
    atomic_store(&self->has_sound, is_allowed);
    if (is_allowed && answer.valid_until_utc_ns < self->stream.valid_until_utc_ns) {
        self->stream.valid_until_utc_ns = answer.valid_until_utc_ns;
    }
}

/* What leads to the first picture that was asked for, where that may be seen, too. */
static void add_lead(playing *self, const svms_access_question *view, gate_answer *pictures)
{
    gate_answer answer;
    svms_access_question question = *view;
    int64_t from = self->asked.from_utc_ns;
    if (pictures->range_count == 0 || pictures->ranges[0].from_utc_ns != from ||
        from < INT64_MIN + 1 + LEAD_NS) {
        return;
    }
    question.range = (svms_time_range){ from - LEAD_NS, from };
    if (api_asks(self->stream.web, self->stream.pass, &question, &answer) &&
        answer.range_count > 0 && answer.ranges[answer.range_count - 1].to_utc_ns == from) {
        pictures->ranges[0].from_utc_ns = answer.ranges[answer.range_count - 1].from_utc_ns;
    }
}

static void end_early(playing *self, const char *why)
{
    const char *none = NULL;
    (void)atomic_compare_exchange_strong(&self->stopped, &none, why);
    api_pipe_stop(self->pipe);
}

static void judge(api_stream *stream)
{
    playing *self = (playing *)(void *)stream;
    gate_answer answer;
    svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
    question.action = "playback.view";
    question.device = stream->camera->id;
    question.range = self->asked;
    bool goes_on = api_asks(stream->web, stream->pass, &question, &answer) &&
                   answer.valid_until_utc_ns > recorder_now();
    stream->valid_until_utc_ns = answer.valid_until_utc_ns;
    if (!goes_on) {
        end_early(self, "permission has ended");
        return;
    }
    if (atomic_load(&self->has_sound)) {
        ask_for_sound(self, &question, &answer);
    }
    add_lead(self, &question, &answer);
    pthread_mutex_lock(&self->mutex);
    memcpy(self->ranges, answer.ranges, answer.range_count * sizeof self->ranges[0]);
    self->range_count = answer.range_count;
    pthread_mutex_unlock(&self->mutex);
    atomic_store(&self->has_new_ranges, true);
}

static void stop(api_stream *stream)
{
    end_early((playing *)(void *)stream, "the recorder ends");
}

static void cut(api_stream *stream)
{
    api_pipe_cut(((playing *)(void *)stream)->pipe);
}

static void begin(api_caller *caller, playing *self, const svms_access_question *question,
                  gate_answer *answer)
{
    recorder_web *web = caller->web;
    const api_pipe_calls calls = { .work = work, .begun = begun, .over = over, .user = self };
    self->stream.judge = judge;
    self->stream.tend = tend;
    self->stream.stop = stop;
    self->stream.cut = cut;
    self->began_utc_ns = recorder_now();
    if (!api_stream_begin(&self->stream, caller, answer)) {
        release(self);
        return;
    }
    ask_for_sound(self, question, answer);
    add_lead(self, question, answer);
    memcpy(self->ranges, answer->ranges, answer->range_count * sizeof self->ranges[0]);
    self->range_count = answer->range_count;
    self->pipe = api_pipe_begin(web, caller->exchange, API_STREAM_TYPE, NULL, &calls);
    if (!self->pipe) {
        api_stream_end(&self->stream);
        release(self);
        api_refuse(caller->exchange, HTTP_UNAVAILABLE, "no thread is left");
    }
}

static void play(api_caller *caller)
{
    static const char *const names[] = { "from", "to", "backwards", "sync", "speed", NULL };
    gate_answer answer;
    int64_t backwards = 0;
    int64_t sync = 0;
    int64_t speed = 0;
    svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
    if (!api_query(caller, names) || !api_range(caller, &question.range) ||
        !api_number(caller, "backwards", 0, 1, 0, &backwards) ||
        !api_number(caller, "sync", 0, 1, 0, &sync) ||
        !api_number(caller, "speed", 0, SPEED_MAX, 1, &speed)) {
        return;
    }
    const recorded_camera *camera = api_camera(caller);
    if (!camera) {
        return;
    }
    int64_t to = web_query(caller->request, "to") && !backwards ? question.range.to_utc_ns : 0;
    api_clamp(caller->web, camera->id, &question.range);
    if (to > question.range.to_utc_ns) {
        /* What is still to come is waited for. */
        int64_t latest = recorder_now() + FOLLOWED_NS;
        question.range.to_utc_ns = to < latest ? to : latest;
    }
    question.action = "playback.view";
    question.device = camera->id;
    if (!api_may(caller, "playback.start", &question, &answer) ||
        api_head_only(caller, API_STREAM_TYPE)) {
        return;
    }
    playing *self = calloc(1, sizeof *self);
    if (!self || pthread_mutex_init(&self->mutex, NULL) != 0) {
        free(self);
        web_answer_words(caller->exchange, HTTP_INTERNAL, "out of memory");
        return;
    }
    self->stream.camera = camera;
    self->asked = question.range;
    self->is_backwards = backwards != 0;
    self->sync_only = sync != 0;
    self->speed = speed;
    begin(caller, self, &question, &answer);
}

void api_playback(void *user, web_exchange *exchange, const web_request *request)
{
    recorder_web *web = user;
    api_caller caller;
    if (api_admit(&caller, web, exchange, request)) {
        if (!web->options.keys) {
            api_refuse(exchange, HTTP_NOT_IMPLEMENTED, "this recorder has no key to play with");
        } else {
            play(&caller);
        }
    }
    gate_pass_free(&caller.pass);
}
