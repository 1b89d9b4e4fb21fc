/* SPDX-License-Identifier: Apache-2.0 */
/* Events behind a number, or, where there are none yet, when there are. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api_internal.h"

#define EVENTS_MAX 500u
#define WAIT_MAX_S 55
#define LOOK_MS 500

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
    self->last = event->number;
    (void)json_array_append_new(
        self->list, json_pack("{s:I, s:o, s:o, s:o, s:o}", "number", (json_int_t)event->number,
                              "camera", event->camera ? api_text(event->camera) : json_null(),
                              "time", api_time(event->utc_ns), "kind", api_text(event->kind),
                              "data", data ? data : json_null()));
    return SVMS_OK;
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

/* NULL: none so far; *after goes behind those that were looked at. */
static json_t *find(recorder_web *web, gate_pass *pass, const char *camera, int64_t *after,
                    bool may_be_empty)
{
    const indexed_range all = { camera, INT64_MIN + 1, INT64_MAX };
    event_sight sight = { .web = web, .pass = pass, .list = json_array(), .last = *after };
    sight.seen = calloc(web->options.parts->settings->camera_count + 1, 1);
    svms_error err = SVMS_ERROR_INIT;
    if (!sight.seen || recorder_index_events(web->options.parts->index, &all, *after, EVENTS_MAX,
                                             copy, &sight, &err) != SVMS_OK) {
        service_log_error(web->options.parts->service, SERVICE_WARNING, &err,
                          "events cannot be read");
    } else {
        leave_out_unseen(&sight);
    }
    free(sight.seen);
    *after = sight.last;
    if (json_array_size(sight.list) == 0 && !may_be_empty) {
        json_decref(sight.list);
        return NULL;
    }
    return json_pack("{s:o, s:I}", "events", sight.list, "last", (json_int_t)sight.last);
}

static void answer(event_wait *self, json_t *body)
{
    self->is_over = true;
    api_answer(self->stream.exchange, HTTP_OK, body);
}

static int64_t now_ms(void)
{
    struct timespec now = { 0, 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void look(event_wait *self)
{
    const struct timeval later = { 0, LOOK_MS * 1000 };
    bool is_late = now_ms() >= self->until_ms;
    json_t *body =
        find(self->stream.web, self->stream.pass,
             self->stream.camera ? self->stream.camera->id : NULL, &self->after, is_late);
    if (body || evtimer_add(self->timer, &later) != 0) {
        answer(self, body);
    }
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
        (void)event_del(self->timer);
        answer(self, find(stream->web, stream->pass, NULL, &self->after, true));
    }
}

/* Each event is asked about by itself. */
static void judge(api_stream *stream)
{
    stream->valid_until_utc_ns = INT64_MAX;
    if (gate_pass_expires(stream->pass) <= recorder_now()) {
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

void api_events(void *user, web_exchange *exchange, const web_request *request)
{
    recorder_web *web = user;
    api_caller caller;
    int64_t after = 0;
    int64_t seconds = 0;
    if (api_admit(&caller, web, exchange, request) &&
        api_number(&caller, "after", 0, INT64_MAX - 1, 0, &after) &&
        api_number(&caller, "wait", 0, WAIT_MAX_S, 0, &seconds)) {
        const char *id = web_query(request, "camera");
        const recorded_camera *camera =
            id ? recorder_settings_camera(web->options.parts->settings, id) : NULL;
        if (id && !camera) {
            api_refuse(exchange, HTTP_NOT_FOUND, "there is no such camera");
        } else if (seconds == 0) {
            api_answer(exchange, HTTP_OK,
                       find(web, caller.pass, camera ? camera->id : NULL, &after, true));
        } else {
            wait_for_some(&caller, camera, after, seconds);
        }
    }
    gate_pass_free(&caller.pass);
}
