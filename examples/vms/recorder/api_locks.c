/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence locks, and what is erased for good. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_internal.h"

#define LOCKS_MAX 10000u

/* camera, from and to of a body. false: it was answered. */
static bool read_range(const api_caller *caller, json_t *body, bool has_camera,
                       const recorded_camera **camera, svms_time_range *range)
{
    const char *id = json_string_value(json_object_get(body, "camera"));
    const char *from = json_string_value(json_object_get(body, "from"));
    const char *to = json_string_value(json_object_get(body, "to"));
    if (has_camera) {
        *camera = id ? recorder_settings_camera(caller->web->options.parts->settings, id) : NULL;
    }
    if (!*camera) {
        api_refuse(caller->exchange, id ? HTTP_NOT_FOUND : HTTP_BAD_REQUEST,
                   id ? "there is no such camera" : "'camera' is missing");
        return false;
    }
    if (!from || !to || svms_time_parse(&range->from_utc_ns, from, NULL) != SVMS_OK ||
        svms_time_parse(&range->to_utc_ns, to, NULL) != SVMS_OK ||
        range->from_utc_ns >= range->to_utc_ns) {
        api_refuse(caller->exchange, HTTP_BAD_REQUEST,
                   "'from' and 'to' are no times as in 2026-11-21T10:00:00Z, one after the other");
        return false;
    }
    return true;
}

/* Locked, or erased, as a whole or not at all. */
static bool may_whole(const api_caller *caller, const char *event, svms_access_question *question,
                      gate_answer *answer)
{
    if (!api_may(caller, event, question, answer)) {
        return false;
    }
    if (answer->range_count == 1 && answer->ranges[0].from_utc_ns == question->range.from_utc_ns &&
        answer->ranges[0].to_utc_ns == question->range.to_utc_ns) {
        return true;
    }
    api_refuse(caller->exchange, HTTP_FORBIDDEN, "it is not allowed for all of that time");
    return false;
}

static void tell(const api_caller *caller, const char *event, const char *camera,
                 const svms_time_range *range, const char *why)
{
    char mark[LEDGER_MARK_SIZE];
    svms_audit_record *record = NULL;
    const svms_audit_range told = { range->from_utc_ns, range->to_utc_ns };
    keeper_mark(caller->web->options.keeper, mark);
    svms_status status =
        api_record(&record, caller->web, caller->pass, event, camera, range, mark, why);
    if (record && status == SVMS_OK) {
        status = svms_audit_record_ranges(record, "ranges", &told, 1, NULL);
    }
    api_tell(caller->web, &record, status);
}

static http_status status_of(svms_status status)
{
    switch (status) {
    case SVMS_E_USAGE:
        return HTTP_BAD_REQUEST;
    case SVMS_E_STATE:
        return HTTP_NOT_FOUND;
    case SVMS_E_POLICY:
    case SVMS_E_EXISTS:
        return HTTP_CONFLICT;
    case SVMS_E_LIMIT:
        return HTTP_NO_ROOM;
    default:
        return HTTP_INTERNAL;
    }
}

static void answer_failure(const api_caller *caller, svms_status status, const svms_error *err)
{
    http_status answer = status_of(status);
    if (answer == HTTP_INTERNAL) {
        api_fail(caller->web, caller->exchange, err, "it could not be written");
    } else {
        api_refuse(caller->exchange, answer, err->message);
    }
}

/* Why, in the words of who asks; "" where there is none. */
static const char *why_of(json_t *body)
{
    const char *why = json_string_value(json_object_get(body, "why"));
    return why ? why : "";
}

static void lock(const api_caller *caller, json_t *body)
{
    char id[37];
    gate_answer answer;
    svms_error err = SVMS_ERROR_INIT;
    const recorded_camera *camera = NULL;
    svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
    if (!read_range(caller, body, true, &camera, &question.range)) {
        return;
    }
    question.action = "evidence.lock";
    question.device = camera->id;
    if (!may_whole(caller, "evidence.lock", &question, &answer)) {
        return;
    }
    const indexed_range range = { camera->id, question.range.from_utc_ns,
                                  question.range.to_utc_ns };
    svms_status status = keeper_lock(caller->web->options.keeper, &range,
                                     gate_pass_subject(caller->pass), why_of(body), id, &err);
    if (status != SVMS_OK) {
        answer_failure(caller, status, &err);
        return;
    }
    tell(caller, "evidence.lock", camera->id, &question.range, why_of(body));
    api_answer(caller->exchange, HTTP_CREATED, json_pack("{s:s}", "id", id));
}

void api_lock(void *user, web_exchange *exchange, const web_request *request)
{
    static const char *const names[] = { "camera", "from", "to", "why", NULL };
    api_caller caller;
    if (api_admit(&caller, user, exchange, request)) {
        json_t *body = api_body(&caller, names);
        if (body) {
            lock(&caller, body);
        }
        json_decref(body);
    }
    gate_pass_free(&caller.pass);
}

/* One that is looked for, copied. */
typedef struct wanted_lock {
    const char *id;
    bool is_found;
    char camera[RECORDER_NAME_MAX + 1];
    svms_time_range range;
} wanted_lock;

static svms_status match(void *user, const indexed_lock *one)
{
    wanted_lock *wanted = user;
    if (strcmp(one->id, wanted->id) != 0) {
        return SVMS_OK;
    }
    wanted->is_found = true;
    (void)snprintf(wanted->camera, sizeof wanted->camera, "%s", one->camera);
    wanted->range = (svms_time_range){ one->from_utc_ns, one->to_utc_ns };
    return SVMS_E_CANCELLED;
}

static void unlock(const api_caller *caller)
{
    gate_answer answer;
    svms_error err = SVMS_ERROR_INIT;
    const indexed_range all = { NULL, INT64_MIN + 1, INT64_MAX };
    wanted_lock wanted = { .id = web_part(caller->request, "id") };
    svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
    const char *why = web_query(caller->request, "why");
    (void)recorder_index_locks(caller->web->options.parts->index, &all, match, &wanted, NULL);
    if (!wanted.is_found) {
        api_refuse(caller->exchange, HTTP_NOT_FOUND, "there is no such lock");
        return;
    }
    question.action = "evidence.unlock";
    question.device = wanted.camera;
    question.range = wanted.range;
    if (!may_whole(caller, "evidence.unlock", &question, &answer)) {
        return;
    }
    svms_status status = keeper_unlock(caller->web->options.keeper, wanted.id,
                                       gate_pass_subject(caller->pass), why ? why : "", &err);
    if (status != SVMS_OK) {
        answer_failure(caller, status, &err);
        return;
    }
    tell(caller, "evidence.unlock", wanted.camera, &wanted.range, why);
    web_answer(caller->exchange, HTTP_NO_CONTENT, NULL, NULL, 0, NULL);
}

void api_unlock(void *user, web_exchange *exchange, const web_request *request)
{
    api_caller caller;
    if (api_admit(&caller, user, exchange, request)) {
        unlock(&caller);
    }
    gate_pass_free(&caller.pass);
}

/* Locks as they are in the index; who may see which is asked when that is left. */
typedef struct lock_list {
    json_t *list;
} lock_list;

static svms_status add(void *user, const indexed_lock *one)
{
    lock_list *self = user;
    if (json_array_size(self->list) >= LOCKS_MAX) {
        return SVMS_E_CANCELLED;
    }
    (void)json_array_append_new(
        self->list, json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "id", one->id, "camera",
                              one->camera, "from", api_time(one->from_utc_ns), "to",
                              api_time(one->to_utc_ns), "who", api_text(one->who), "why",
                              api_text(one->why), "since", api_time(one->since_utc_ns)));
    return SVMS_OK;
}

static bool may_see(const api_caller *caller, const json_t *entry)
{
    gate_answer answer;
    svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
    question.action = "playback.search";
    question.device = json_string_value(json_object_get(entry, "camera"));
    return svms_time_parse(&question.range.from_utc_ns,
                           json_string_value(json_object_get(entry, "from")), NULL) == SVMS_OK &&
           svms_time_parse(&question.range.to_utc_ns,
                           json_string_value(json_object_get(entry, "to")), NULL) == SVMS_OK &&
           api_asks(caller->web, caller->pass, &question, &answer);
}

void api_locks(void *user, web_exchange *exchange, const web_request *request)
{
    recorder_web *web = user;
    api_caller caller;
    if (api_admit(&caller, web, exchange, request)) {
        const indexed_range all = { NULL, INT64_MIN + 1, INT64_MAX };
        lock_list found = { json_array() };
        (void)recorder_index_locks(web->options.parts->index, &all, add, &found, NULL);
        for (size_t i = json_array_size(found.list); i > 0; i--) {
            if (!may_see(&caller, json_array_get(found.list, i - 1))) {
                (void)json_array_remove(found.list, i - 1);
            }
        }
        api_answer(exchange, HTTP_OK, json_pack("{s:o}", "locks", found.list));
    }
    gate_pass_free(&caller.pass);
}

/* Overwriting and syncing waits for the disk: on a thread of its own. */
typedef struct erasing {
    recorder_web *web;
    uint64_t exchange;
    gate_pass *pass;
    const recorded_camera *camera;
    svms_time_range range;
    char who[GATE_NAME_SIZE];
    char why[1025];
    uint32_t erased;
    svms_status status;
    svms_error err;
} erasing;

static void erased(void *user)
{
    erasing *self = user;
    api_caller caller = { .web = self->web, .pass = self->pass };
    caller.exchange = web_find(self->web->server, self->exchange);
    if (self->status == SVMS_OK) {
        tell(&caller, "evidence.delete", self->camera->id, &self->range, self->why);
    }
    if (caller.exchange && self->status == SVMS_OK) {
        api_answer(caller.exchange, HTTP_OK, json_pack("{s:i}", "erased", (int)self->erased));
    } else if (caller.exchange) {
        answer_failure(&caller, self->status, &self->err);
    }
    gate_pass_free(&self->pass);
    free(self);
}

static void erase_them(void *user)
{
    erasing *self = user;
    const indexed_range range = { self->camera->id, self->range.from_utc_ns,
                                  self->range.to_utc_ns };
    self->status = keeper_erase(self->web->options.keeper, &range, self->who, self->why,
                                &self->erased, &self->err);
    if (!web_post(self->web->server, erased, self)) {
        service_log(self->web->options.parts->service, SERVICE_ERROR,
                    "out of memory: who erased was not answered");
        gate_pass_free(&self->pass);
        free(self);
    }
}

static void over(void *user, web_exchange *exchange, bool was_sent)
{
    (void)user;
    (void)exchange;
    (void)was_sent;
}

static void begin_erasing(api_caller *caller, const recorded_camera *camera,
                          const svms_time_range *range, const char *why)
{
    static const web_events events = { .ended = over };
    erasing *self = calloc(1, sizeof *self);
    if (!self) {
        web_answer_words(caller->exchange, HTTP_INTERNAL, "out of memory");
        return;
    }
    self->web = caller->web;
    self->exchange = web_exchange_id(caller->exchange);
    self->pass = caller->pass;
    self->camera = camera;
    self->range = *range;
    self->err = (svms_error)SVMS_ERROR_INIT;
    (void)snprintf(self->who, sizeof self->who, "%s", gate_pass_subject(caller->pass));
    (void)snprintf(self->why, sizeof self->why, "%s", why);
    web_listen(caller->exchange, &events, self);
    web_take_time(caller->exchange, 600000);
    caller->pass = NULL;
    if (api_thread(caller->web, erase_them, self)) {
        return;
    }
    api_refuse(caller->exchange, HTTP_UNAVAILABLE, "no thread is left");
    gate_pass_free(&self->pass);
    free(self);
}

void api_erase(void *user, web_exchange *exchange, const web_request *request)
{
    static const char *const names[] = { "from", "to", "why", NULL };
    api_caller caller;
    gate_answer answer;
    if (api_admit(&caller, user, exchange, request)) {
        svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
        const recorded_camera *camera = api_camera(&caller);
        json_t *body = camera ? api_body(&caller, names) : NULL;
        if (body && read_range(&caller, body, false, &camera, &question.range)) {
            question.action = "evidence.delete";
            question.device = camera->id;
            if (may_whole(&caller, "evidence.delete", &question, &answer)) {
                begin_erasing(&caller, camera, &question.range, why_of(body));
            }
        }
        json_decref(body);
    }
    gate_pass_free(&caller.pass);
}
