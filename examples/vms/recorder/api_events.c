/* SPDX-License-Identifier: Apache-2.0 */
/* Events behind a number, or, where there are none yet, when there are. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api_internal.h"

#define EVENTS_MAX 500u
#define WAIT_MAX_S 55
#define LOOK_US 500000

typedef struct event_wait {
    api_stream stream;
    struct event *timer;
    int64_t after;
    int64_t until_ms; /* monotonic: then there are none */
    bool is_over;
} event_wait;

/* What may be seen of cameras, and of the recorder itself, as far as it was asked for. */
typedef struct event_sight {
    recorder_web *web;
    gate_pass *pass;
    json_t *list;
    int64_t last; /* number of the newest that was looked at */
    int8_t *seen; /* of each camera of the settings: 0 unknown, 1 yes, -1 no; behind them that of
                     the recorder */
} event_sight;

static bool may_see(event_sight *self, const char *camera)
{
    const recorder_settings *is_set = self->web->options.parts->settings;
    size_t number = is_set->camera_count;
    for (size_t i = 0; camera && i < is_set->camera_count; i++) {
        if (strcmp(is_set->cameras[i].id, camera) == 0) {
            number = i;
        }
    }
    /* Of a camera that the settings do not have any more, as of the recorder. */
    const char *device = number < is_set->camera_count ? camera : NULL;
    if (self->seen[number] == 0) {
        gate_answer answer;
        svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
        question.action = device ? "live.view" : "config.read.recording";
        question.device = device;
        self->seen[number] = api_asks(self->web, self->pass, &question, &answer) ? 1 : -1;
    }
    return self->seen[number] > 0;
}

/* Copied first: a visitor must not ask for long. */
static svms_status copy(void *user, const indexed_event *event)
{
    event_sight *self = user;
    json_t *data = event->data ? json_loads(event->data, 0, NULL) : NULL;
    json_t *entry = json_pack("{s:I, s:o, s:o, s:o, s:o}", "number", (json_int_t)event->number,
                              "camera", event->camera ? api_text(event->camera) : json_null(),
                              "time", api_time(event->utc_ns), "kind", api_text(event->kind),
                              "data", data ? data : json_null());
    self->last = event->number;
    return api_append(self->list, entry) ? SVMS_OK : SVMS_E_NO_MEMORY;
}

static void leave_out_unseen(event_sight *self)
{
    for (size_t i = json_array_size(self->list); i > 0; i--) {
        const json_t *entry = json_array_get(self->list, i - 1);
        if (!may_see(self, json_string_value(json_object_get(entry, "camera")))) {
            (void)json_array_remove(self->list, i - 1);
        }
    }
}

/* The answer; NULL and SVMS_AGAIN: none so far; *after goes behind those that were looked at. */
static svms_status find(json_t **out, recorder_web *web, gate_pass *pass,
                        const recorded_camera *camera, int64_t *after)
{
    const indexed_range all = { camera ? camera->id : NULL, INT64_MIN + 1, INT64_MAX };
    event_sight sight = { .web = web, .pass = pass, .list = json_array(), .last = *after };
    sight.seen = calloc(web->options.parts->settings->camera_count + 1, 1);
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = sight.seen && sight.list
                             ? recorder_index_events(web->options.parts->index, &all, *after,
                                                     EVENTS_MAX, copy, &sight, &err)
                             : SVMS_E_NO_MEMORY;
    *out = NULL;
    if (status == SVMS_OK) {
        leave_out_unseen(&sight);
        *after = sight.last;
        status = json_array_size(sight.list) > 0 ? SVMS_OK : SVMS_AGAIN;
        *out = json_pack("{s:O, s:I}", "events", sight.list, "last", (json_int_t)sight.last);
    } else {
        service_log_error(web->options.parts->service, SERVICE_ERROR, &err,
                          "events cannot be read");
    }
    json_decref(sight.list);
    free(sight.seen);
    return status;
}

static void answer_with(web_exchange *exchange, svms_status status, json_t *body)
{
    if (status == SVMS_OK || status == SVMS_AGAIN) {
        api_answer(exchange, HTTP_OK, body);
    } else {
        json_decref(body);
        api_refuse(exchange, HTTP_INTERNAL, "the index cannot be read");
    }
}

static int64_t now_ms(void)
{
    struct timespec now = { 0, 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What there is, and be it nothing. */
static void answer(event_wait *self, svms_status status, json_t *body)
{
    self->is_over = true;
    answer_with(self->stream.exchange, status, body);
}

static svms_status find_more(event_wait *self, json_t **out)
{
    return find(out, self->stream.web, self->stream.pass, self->stream.camera, &self->after);
}

static void look(event_wait *self)
{
    const struct timeval later = { 0, LOOK_US };
    json_t *body = NULL;
    svms_status status = find_more(self, &body);
    if (status == SVMS_AGAIN && now_ms() < self->until_ms &&
        evtimer_add(self->timer, &later) == 0) {
        json_decref(body);
        return;
    }
    answer(self, status, body);
}

static void on_time(evutil_socket_t socket, short what, void *user)
{
    (void)socket;
    (void)what;
    look(user);
}

static void give_up(api_stream *stream)
{
    event_wait *self = (event_wait *)(void *)stream;
    if (!self->is_over) {
        json_t *body = NULL;
        (void)event_del(self->timer);
        svms_status status = find_more(self, &body);
        answer(self, status, body);
    }
}

/* Each event is asked about by itself. */
static void judge(api_stream *stream)
{
    stream->valid_until_utc_ns = gate_pass_expires(stream->pass);
    if (stream->valid_until_utc_ns <= recorder_now()) {
        give_up(stream);
    }
}

static void ended(void *user, web_exchange *exchange, bool was_sent)
{
    event_wait *self = user;
    (void)exchange;
    (void)was_sent;
    event_free(self->timer);
    api_stream_end(&self->stream);
    free(self);
}

static void wait_for_some(api_caller *caller, const recorded_camera *camera, int64_t after,
                          int64_t seconds)
{
    static const web_events events = { .ended = ended };
    const gate_answer until = { .valid_until_utc_ns = gate_pass_expires(caller->pass) };
    event_wait *self = calloc(1, sizeof *self);
    struct event *timer = self ? evtimer_new(caller->web->base, on_time, self) : NULL;
    if (!timer) {
        free(self);
        web_answer_words(caller->exchange, HTTP_INTERNAL, "out of memory");
        return;
    }
    self->timer = timer;
    self->after = after;
    self->until_ms = now_ms() + seconds * 1000;
    self->stream.camera = camera;
    self->stream.judge = judge;
    self->stream.stop = give_up;
    if (!api_stream_begin(&self->stream, caller, &until)) {
        event_free(timer);
        free(self);
        return;
    }
    web_listen(caller->exchange, &events, self);
    web_take_time(caller->exchange, (WAIT_MAX_S + 30) * 1000);
    look(self);
}

/* false: it was answered. */
static bool read_camera(const api_caller *caller, const recorded_camera **out)
{
    gate_answer answer;
    svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
    const char *id = web_query(caller->request, "camera");
    *out = id ? recorder_settings_camera(caller->web->options.parts->settings, id) : NULL;
    question.action = "live.view";
    question.device = id;
    if (id && (!*out || !api_asks(caller->web, caller->pass, &question, &answer))) {
        api_refuse(caller->exchange, HTTP_NOT_FOUND, "there is no such camera");
        return false;
    }
    return true;
}

void api_events(void *user, web_exchange *exchange, const web_request *request)
{
    static const char *const names[] = { "after", "wait", "camera", NULL };
    recorder_web *web = user;
    api_caller caller;
    int64_t after = 0;
    int64_t seconds = 0;
    const recorded_camera *camera = NULL;
    if (api_admit(&caller, web, exchange, request) && api_query(&caller, names) &&
        api_number(&caller, "after", 0, INT64_MAX - 1, 0, &after) &&
        api_number(&caller, "wait", 0, WAIT_MAX_S, 0, &seconds) && read_camera(&caller, &camera)) {
        if (seconds > 0) {
            wait_for_some(&caller, camera, after, seconds);
        } else {
            json_t *body = NULL;
            svms_status status = find(&body, web, caller.pass, camera, &after);
            answer_with(exchange, status, body);
        }
    }
    gate_pass_free(&caller.pass);
}
