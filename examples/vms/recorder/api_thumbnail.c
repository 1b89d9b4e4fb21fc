/* SPDX-License-Identifier: Apache-2.0 */
/* One small picture of a moment, for whoever may play it. Disk and decoder are waited for on a
 * thread of its own. */
#include <stdlib.h>
#include <string.h>

#include "api_internal.h"
#include "thumbnail.h"

#define SECOND INT64_C(1000000000)
/* What is older is no picture of the moment that was asked for. */
#define PAST (3600 * SECOND)
#define WIDTH 320
#define FORMAT "jpeg"
#define EVENT "snapshot.create"

typedef struct making {
    recorder_web *web;
    uint64_t exchange;
    gate_pass *pass;
    const recorded_camera *camera;
    int64_t at_utc_ns;
    uint32_t width;
    svms_time_range ranges[GATE_RANGES_MAX];
    size_t range_count;
    thumbnail made;
    svms_status status;
    svms_error err;
} making;

static void release(making *self)
{
    thumbnail_clear(&self->made);
    gate_pass_free(&self->pass);
    free(self);
}

/* Whether the client still waits or not: the picture was made. */
static void tell(const making *self)
{
    svms_audit_record *record = NULL;
    const svms_time_range of = { self->made.utc_ns, self->made.utc_ns + 1 };
    svms_status status =
        api_record(&record, self->web, self->pass, EVENT, self->camera->id, &of, NULL, NULL);
    if (record && status == SVMS_OK) {
        status = svms_audit_record_text(record, "format", FORMAT, NULL);
    }
    api_tell(self->web, &record, status);
}

static void answer(const making *self, web_exchange *exchange)
{
    char time[SVMS_TIME_TEXT_SIZE];
    if (self->status == SVMS_OK) {
        const web_pair fields[] = { { "Svms-Time", time }, { NULL, NULL } };
        svms_time_format(self->made.utc_ns, time);
        web_answer(exchange, HTTP_OK, "image/jpeg", self->made.jpeg, self->made.size, fields);
    } else if (self->status == SVMS_END) {
        api_refuse(exchange, HTTP_NOT_FOUND, "nothing was recorded then");
    } else if (self->status == SVMS_E_UNSUPPORTED) {
        api_refuse(exchange, HTTP_NOT_IMPLEMENTED, "no picture can be made of this video");
    } else {
        api_fail(self->web, exchange, &self->err, "no picture can be made");
    }
}

static void made(void *user)
{
    making *self = user;
    web_exchange *exchange = web_find(self->web->server, self->exchange);
    if (self->status == SVMS_OK) {
        tell(self);
    }
    if (exchange) {
        answer(self, exchange);
    }
    self->web->thumbnails--;
    release(self);
}

static void make(void *user)
{
    making *self = user;
    const thumbnail_wish wish = { .parts = self->web->options.parts,
                                  .keys = self->web->options.keys,
                                  .camera = self->camera->id,
                                  .ranges = self->ranges,
                                  .range_count = self->range_count,
                                  .at_utc_ns = self->at_utc_ns,
                                  .width = self->width };
    self->status = thumbnail_find(&self->made, &wish, &self->err);
    api_post(self->web, made, self);
}

static void over(void *user, web_exchange *exchange, bool was_sent)
{
    (void)user;
    (void)exchange;
    (void)was_sent;
}

static void say_busy(web_exchange *exchange)
{
    static const web_pair fields[] = { { "Retry-After", "1" }, { NULL, NULL } };
    static const char body[] = "{\"error\": \"others look for pictures at the moment\"}\n";
    web_answer(exchange, HTTP_UNAVAILABLE, "application/json", body, sizeof body - 1, fields);
}

static void begin(api_caller *caller, const recorded_camera *camera, int64_t at, int64_t width,
                  const gate_answer *allowed)
{
    static const web_events events = { .ended = over };
    recorder_web *web = caller->web;
    making *self = calloc(1, sizeof *self);
    if (!self) {
        web_answer_words(caller->exchange, HTTP_INTERNAL, "out of memory");
        return;
    }
    self->web = web;
    self->exchange = web_exchange_id(caller->exchange);
    self->pass = caller->pass;
    self->camera = camera;
    self->at_utc_ns = at;
    self->width = (uint32_t)width;
    self->err = (svms_error)SVMS_ERROR_INIT;
    memcpy(self->ranges, allowed->ranges, allowed->range_count * sizeof self->ranges[0]);
    self->range_count = allowed->range_count;
    caller->pass = NULL;
    web->thumbnails++;
    if (api_thread(web, make, self)) {
        web_listen(caller->exchange, &events, NULL);
        return;
    }
    web->thumbnails--;
    release(self);
    say_busy(caller->exchange);
}

/* The moment that is asked for; without one, the newest picture. false: it was answered. */
static bool read_moment(const api_caller *caller, int64_t *out)
{
    const char *text = web_query(caller->request, "at");
    *out = recorder_now();
    if (!text ||
        (svms_time_parse(out, text, NULL) == SVMS_OK && *out >= 0 && *out < INT64_MAX - SECOND)) {
        return true;
    }
    api_refuse(caller->exchange, HTTP_BAD_REQUEST, "'at' is no time as in 2026-11-21T10:00:00Z");
    return false;
}

static void find(api_caller *caller)
{
    static const char *const names[] = { "at", "width", NULL };
    gate_answer allowed;
    int64_t at = 0;
    int64_t width = 0;
    svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
    if (!api_query(caller, names) || !read_moment(caller, &at) ||
        !api_number(caller, "width", THUMBNAIL_WIDTH_LEAST, THUMBNAIL_WIDTH_MAX, WIDTH, &width)) {
        return;
    }
    /* Behind the parameters, so that nobody learns by them which cameras there are. */
    const recorded_camera *camera = api_camera(caller);
    if (!camera) {
        return;
    }
    /* It shows no more than playback would. */
    question.action = "playback.view";
    question.device = camera->id;
    question.range = (svms_time_range){ at > PAST ? at - PAST : 0, at + 1 };
    if (!api_may(caller, EVENT, &question, &allowed)) {
        return;
    }
    if (caller->web->thumbnails >= API_THUMBNAILS_MAX) {
        say_busy(caller->exchange);
        return;
    }
    begin(caller, camera, at, width, &allowed);
}

void api_thumbnail(void *user, web_exchange *exchange, const web_request *request)
{
    recorder_web *web = user;
    api_caller caller;
    if (api_admit(&caller, web, exchange, request)) {
        if (web->options.keys && thumbnail_is_possible()) {
            find(&caller);
        } else {
            api_refuse(exchange, HTTP_NOT_IMPLEMENTED,
                       "this recorder makes no pictures: it has no key, or no decoder");
        }
    }
    gate_pass_free(&caller.pass);
}
