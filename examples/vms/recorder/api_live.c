/* SPDX-License-Identifier: Apache-2.0 */
/* What a camera sends now. The hub keeps what nobody is too slow for; who is goes on with its
 * newest picture that stands alone. */
#include <stdlib.h>
#include <string.h>

#include "api_internal.h"
#include "api_parts.h"
#include "viewing.h"

#define SECOND INT64_C(1000000000)

typedef struct live_stream {
    api_stream stream;
    live_viewer *viewer;
    const live_packet *newest; /* keeps its media, by which others are known */
    api_piece piece;           /* that had no room yet */
    bool has_sound;
    bool is_over; /* nothing more is written */
    bool exchange_ended;
    atomic_bool is_posted;
    int64_t began_utc_ns;
    uint64_t records;
    bool is_told; /* that it began */
    const char *why;
} live_stream;

static void release_if_over(live_stream *self)
{
    if (self->exchange_ended && !atomic_load(&self->is_posted)) {
        live_packet_release(&self->newest);
        api_piece_clear(&self->piece);
        free(self);
    }
}

/* false: it waits for room, or is over. */
static bool flush(live_stream *self)
{
    if (self->piece.size > 0 &&
        web_stream_write(self->stream.exchange, self->piece.bytes, self->piece.size)) {
        self->piece.size = 0;
    }
    return self->piece.size == 0;
}

static void end(live_stream *self, const char *why)
{
    if (self->is_over) {
        return;
    }
    self->is_over = true;
    self->why = why;
    (void)api_piece_end(&self->piece, why);
    if (flush(self)) {
        web_stream_end(self->stream.exchange);
    } else {
        web_stream_abort(self->stream.exchange);
    }
}

static bool add(live_stream *self, const live_packet *packet, bool is_cut)
{
    const svms_track *track = &packet->media->tracks[packet->sample.track];
    bool is_new = !self->newest || self->newest->media != packet->media;
    if (is_new &&
        !api_piece_tracks(&self->piece, packet->media->tracks, packet->media->track_count)) {
        return false;
    }
    if (track->kind == SVMS_TRACK_AUDIO && !self->has_sound) {
        return true;
    }
    self->records++;
    return api_piece_sample(&self->piece, &packet->sample, is_cut && self->records > 1);
}

static void send_all(live_stream *self)
{
    bool is_cut = false;
    while (!self->is_over && flush(self)) {
        const live_packet *packet = live_viewer_next(self->viewer, &is_cut);
        if (!packet) {
            return;
        }
        bool is_added = add(self, packet, is_cut);
        live_packet_release(&self->newest);
        self->newest = packet;
        if (!is_added || self->piece.size > API_QUEUE_BYTES) {
            self->piece.size = 0;
            end(self, is_added ? "a sample is too large" : "out of memory");
        }
    }
}

static void posted(void *user)
{
    live_stream *self = user;
    atomic_store(&self->is_posted, false);
    if (!self->exchange_ended) {
        send_all(self);
    }
    release_if_over(self);
}

/* On the camera's thread. */
static void woken(void *user)
{
    live_stream *self = user;
    if (!atomic_exchange(&self->is_posted, true) &&
        !web_post(self->stream.web->server, posted, self)) {
        atomic_store(&self->is_posted, false);
    }
}

static void writable(void *user, web_exchange *exchange)
{
    (void)exchange;
    send_all(user);
}

static void tell(live_stream *self, const char *event, bool is_over)
{
    svms_audit_record *record = NULL;
    recorder_web *web = self->stream.web;
    int64_t seconds = (recorder_now() - self->began_utc_ns) / SECOND;
    svms_status status = api_record(&record, web, self->stream.pass, event, self->stream.camera->id,
                                    NULL, NULL, is_over ? self->why : NULL);
    if (record && status == SVMS_OK) {
        status = svms_audit_record_text(record, "stream", "https", NULL);
    }
    if (record && status == SVMS_OK && is_over) {
        status =
            svms_audit_record_number(record, "seconds", seconds > 0 ? (uint64_t)seconds : 0, NULL);
    }
    if (record && status == SVMS_OK && is_over) {
        status = svms_audit_record_number(record, "records", self->records, NULL);
    }
    api_tell(web, &record, status);
}

/* That it began, as soon as it lasted long enough to be told. */
static void tend(api_stream *stream)
{
    live_stream *self = (live_stream *)(void *)stream;
    const viewing_rule *rule = &stream->web->options.parts->settings->viewing;
    if (!self->is_told && viewing_is_told(rule, true, self->began_utc_ns, self->records)) {
        self->is_told = true;
        tell(self, "live.start", false);
    }
}

static void ended(void *user, web_exchange *exchange, bool was_sent)
{
    live_stream *self = user;
    (void)exchange;
    (void)was_sent;
    live_viewer_leave(&self->viewer);
    self->why = self->why ? self->why : "the client ended it";
    tend(&self->stream);
    if (self->is_told) {
        tell(self, "live.stop", true);
    }
    api_stream_end(&self->stream);
    self->exchange_ended = true;
    release_if_over(self);
}

/* Sound stays away where it once was; until when that holds counts for the stream, too. */
static void ask_for_sound(live_stream *self)
{
    int64_t until = api_stream_ask(&self->stream, "live.listen");
    self->has_sound = until > recorder_now();
    if (self->has_sound && until < self->stream.valid_until_utc_ns) {
        self->stream.valid_until_utc_ns = until;
    }
}

static void judge(api_stream *stream)
{
    live_stream *self = (live_stream *)(void *)stream;
    stream->valid_until_utc_ns = api_stream_ask(stream, "live.view");
    if (stream->valid_until_utc_ns == SVMS_NO_TIME ||
        stream->valid_until_utc_ns <= recorder_now()) {
        end(self, "permission has ended");
    } else if (self->has_sound) {
        ask_for_sound(self);
    }
}

static void stop(api_stream *stream)
{
    end((live_stream *)(void *)stream, "the recorder ends");
}

static void stopping(void *user, web_exchange *exchange)
{
    (void)exchange;
    end(user, "the recorder ends");
}

static void begin(api_caller *caller, const recorded_camera *camera, const gate_answer *answer)
{
    static const web_events events = { .ended = ended, .writable = writable, .stopping = stopping };
    svms_error err = SVMS_ERROR_INIT;
    recorder_web *web = caller->web;
    web_exchange *exchange = caller->exchange;
    live_hub *hub = camera_fleet_hub(web->options.fleet, camera->id);
    live_stream *self = hub ? calloc(1, sizeof *self) : NULL;
    if (!self) {
        api_refuse(exchange, HTTP_UNAVAILABLE, "it cannot be watched now");
        return;
    }
    self->stream.camera = camera;
    self->stream.judge = judge;
    self->stream.stop = stop;
    self->stream.tend = tend;
    self->began_utc_ns = recorder_now();
    if (!api_stream_begin(&self->stream, caller, answer)) {
        free(self);
        return;
    }
    ask_for_sound(self);
    if (live_hub_join(&self->viewer, hub, woken, self, &err) != SVMS_OK) {
        api_stream_end(&self->stream);
        free(self);
        api_refuse(exchange, HTTP_UNAVAILABLE, "too many watch this camera");
        return;
    }
    tend(&self->stream);
    web_listen(exchange, &events, self);
    web_stream_begin(exchange, HTTP_OK, API_STREAM_TYPE, WEB_LENGTH_UNKNOWN, NULL);
    send_all(self);
}

void api_live(void *user, web_exchange *exchange, const web_request *request)
{
    static const char *const names[] = { NULL };
    api_caller caller;
    gate_answer answer;
    if (api_admit(&caller, user, exchange, request) && api_query(&caller, names)) {
        svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
        const recorded_camera *camera = api_camera(&caller);
        question.action = "live.view";
        question.device = camera ? camera->id : NULL;
        if (camera && api_may(&caller, "live.start", &question, &answer) &&
            !api_head_only(&caller, API_STREAM_TYPE)) {
            begin(&caller, camera, &answer);
        }
    }
    gate_pass_free(&caller.pass);
}
