/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence locks, and what is erased for good. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_internal.h"

#define LOCKS_MAX 10000u
#define TASK_MS 600000

static const char *const nothing[] = { NULL };

/* from and to of a body. false: it was answered. */
static bool read_times(const api_caller *caller, json_t *body, svms_time_range *out)
{
    const char *from = json_string_value(json_object_get(body, "from"));
    const char *to = json_string_value(json_object_get(body, "to"));
    bool is_range = from && to && svms_time_parse(&out->from_utc_ns, from, NULL) == SVMS_OK &&
                    svms_time_parse(&out->to_utc_ns, to, NULL) == SVMS_OK &&
                    out->from_utc_ns < out->to_utc_ns;
    if (!is_range) {
        api_refuse(caller->exchange, HTTP_BAD_REQUEST,
                   "'from' and 'to' are no times as in 2026-11-21T10:00:00Z, one after the other");
    }
    return is_range;
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

/* Ledger and containers are written, which waits for disks: on a thread of its own. */
typedef struct evidence_task {
    recorder_web *web;
    uint64_t exchange;
    gate_pass *pass;
    const char *event; /* "evidence.lock", ".unlock" or ".delete" */
    char camera[RECORDER_NAME_MAX + 1];
    svms_time_range range;
    char who[GATE_NAME_SIZE];
    char why[LEDGER_WHY_MAX + 1];
    char id[LEDGER_ID_SIZE + 1]; /* of the lock */
    uint32_t erased;
    svms_status status;
    svms_error err;
} evidence_task;

static bool is(const evidence_task *self, const char *event)
{
    return strcmp(self->event, event) == 0;
}

/* With the mark of the ledger, which shows that it was cut later. */
static void tell(const evidence_task *self)
{
    char mark[LEDGER_MARK_SIZE];
    const recorder_web *web = self->web;
    auditor *log = web->options.parts->auditor;
    svms_audit_record *record = NULL;
    const svms_audit_range told = { self->range.from_utc_ns, self->range.to_utc_ns };
    bool is_done = self->status == SVMS_OK;
    if (!log) {
        return;
    }
    keeper_mark(web->options.keeper, mark);
    svms_audit_event event =
        auditor_event(log, self->event, is_done ? SVMS_AUDIT_SUCCESS : SVMS_AUDIT_FAILURE);
    gate_pass_name(self->pass, &event);
    event.device = self->camera;
    event.from_utc_ns = told.from_utc_ns;
    event.to_utc_ns = told.to_utc_ns;
    event.object = mark;
    event.reason = !is_done ? self->err.message : self->why[0] ? self->why : NULL;
    svms_status put = auditor_begin(&record, log, &event, NULL);
    put = put == SVMS_OK ? svms_audit_record_ranges(record, "ranges", &told, 1, NULL) : put;
    auditor_tell_later(log, &record, put);
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

static void answer_task(const evidence_task *self, web_exchange *exchange)
{
    http_status failed = status_of(self->status);
    if (self->status != SVMS_OK && failed == HTTP_INTERNAL) {
        api_fail(self->web, exchange, &self->err, "it could not be written");
    } else if (self->status != SVMS_OK) {
        api_refuse(exchange, failed, self->err.message);
    } else if (is(self, "evidence.lock")) {
        api_answer(exchange, HTTP_CREATED, json_pack("{s:s}", "id", self->id));
    } else if (is(self, "evidence.delete")) {
        api_answer(exchange, HTTP_OK, json_pack("{s:I}", "erased", (json_int_t)self->erased));
    } else {
        web_answer(exchange, HTTP_NO_CONTENT, NULL, NULL, 0, NULL);
    }
}

/* Whether anybody still waits for it or not, it is on the record. */
static void finished(void *user)
{
    evidence_task *self = user;
    web_exchange *exchange = web_find(self->web->server, self->exchange);
    if (self->status != SVMS_E_USAGE && self->status != SVMS_E_STATE) {
        tell(self);
    }
    if (exchange) {
        answer_task(self, exchange);
    }
    self->web->evidence--;
    gate_pass_free(&self->pass);
    free(self);
}

static void run(void *user)
{
    evidence_task *self = user;
    keeper *keeps = self->web->options.keeper;
    const indexed_range range = { self->camera, self->range.from_utc_ns, self->range.to_utc_ns };
    if (is(self, "evidence.lock")) {
        self->status = keeper_lock(keeps, &range, self->who, self->why, self->id, &self->err);
    } else if (is(self, "evidence.unlock")) {
        self->status = keeper_unlock(keeps, self->id, self->who, self->why, &self->err);
    } else {
        self->status = keeper_erase(keeps, &range, self->who, self->why, &self->erased, &self->err);
    }
    api_post(self->web, finished, self);
}

static void over(void *user, web_exchange *exchange, bool was_sent)
{
    (void)user;
    (void)exchange;
    (void)was_sent;
}

/* id: of the lock that is to be opened, or NULL. */
static void begin(api_caller *caller, const svms_access_question *question, const char *id,
                  const char *why)
{
    static const web_events events = { .ended = over };
    recorder_web *web = caller->web;
    bool has_room = web->evidence < API_EVIDENCE_MAX && !atomic_load(&web->must_stop);
    evidence_task *self = has_room ? calloc(1, sizeof *self) : NULL;
    if (!self) {
        api_refuse(caller->exchange, HTTP_UNAVAILABLE, "too much is to be done at once");
        return;
    }
    self->web = web;
    self->exchange = web_exchange_id(caller->exchange);
    self->event = question->action;
    self->range = question->range;
    self->err = (svms_error)SVMS_ERROR_INIT;
    (void)snprintf(self->camera, sizeof self->camera, "%s", question->device);
    (void)snprintf(self->who, sizeof self->who, "%s", gate_pass_subject(caller->pass));
    (void)snprintf(self->why, sizeof self->why, "%s", why);
    (void)snprintf(self->id, sizeof self->id, "%s", id ? id : "");
    self->pass = caller->pass;
    web->evidence++;
    if (!api_thread(web, run, self)) {
        web->evidence--;
        free(self);
        api_refuse(caller->exchange, HTTP_UNAVAILABLE, "no thread is left");
        return;
    }
    caller->pass = NULL;
    web_listen(caller->exchange, &events, self);
    web_take_time(caller->exchange, TASK_MS);
}

/* Why, in the words of who asks; "" where there is none. */
static const char *why_of(json_t *body)
{
    const char *why = json_string_value(json_object_get(body, "why"));
    return why ? why : "";
}

static void lock(api_caller *caller, json_t *body)
{
    gate_answer answer;
    svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
    const char *id = json_string_value(json_object_get(body, "camera"));
    if (!id) {
        api_refuse(caller->exchange, HTTP_BAD_REQUEST, "'camera' is missing");
        return;
    }
    if (!read_times(caller, body, &question.range)) {
        return;
    }
    const recorded_camera *camera =
        recorder_settings_camera(caller->web->options.parts->settings, id);
    if (!camera) {
        api_refuse(caller->exchange, HTTP_NOT_FOUND, "there is no such camera");
        return;
    }
    question.action = "evidence.lock";
    question.device = camera->id;
    if (may_whole(caller, "evidence.lock", &question, &answer)) {
        begin(caller, &question, NULL, why_of(body));
    }
}

void api_lock(void *user, web_exchange *exchange, const web_request *request)
{
    static const api_member members[] = { { "camera", JSON_STRING, RECORDER_NAME_MAX },
                                          { "from", JSON_STRING, SVMS_TIME_TEXT_SIZE },
                                          { "to", JSON_STRING, SVMS_TIME_TEXT_SIZE },
                                          { "why", JSON_STRING, LEDGER_WHY_MAX },
                                          { NULL, JSON_NULL, 0 } };
    api_caller caller;
    if (api_admit(&caller, user, exchange, request) && api_query(&caller, nothing)) {
        json_t *body = api_body(&caller, members);
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

static void unlock(api_caller *caller)
{
    gate_answer answer;
    svms_error err = SVMS_ERROR_INIT;
    const indexed_range all = { NULL, INT64_MIN + 1, INT64_MAX };
    wanted_lock wanted = { .id = web_part(caller->request, "id") };
    svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
    const char *why = web_query(caller->request, "why");
    svms_status status =
        recorder_index_locks(caller->web->options.parts->index, &all, match, &wanted, &err);
    if (status != SVMS_OK && status != SVMS_E_CANCELLED) {
        api_fail(caller->web, caller->exchange, &err, "the index cannot be read");
        return;
    }
    if (!wanted.is_found || (why && strlen(why) > LEDGER_WHY_MAX)) {
        api_refuse(caller->exchange, wanted.is_found ? HTTP_BAD_REQUEST : HTTP_NOT_FOUND,
                   wanted.is_found ? "'why' is too long" : "there is no such lock");
        return;
    }
    question.action = "evidence.unlock";
    question.device = wanted.camera;
    question.range = wanted.range;
    if (may_whole(caller, "evidence.unlock", &question, &answer)) {
        begin(caller, &question, wanted.id, why ? why : "");
    }
}

void api_unlock(void *user, web_exchange *exchange, const web_request *request)
{
    static const char *const names[] = { "why", NULL };
    api_caller caller;
    if (api_admit(&caller, user, exchange, request) && api_query(&caller, names)) {
        unlock(&caller);
    }
    gate_pass_free(&caller.pass);
}

/* Locks as they are in the index; who may see which is asked when that is left. */
typedef struct lock_list {
    json_t *list;
    bool is_cut;
} lock_list;

static svms_status add(void *user, const indexed_lock *one)
{
    lock_list *self = user;
    if (json_array_size(self->list) >= LOCKS_MAX) {
        self->is_cut = true;
        return SVMS_E_CANCELLED;
    }
    json_t *entry = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "id", one->id, "camera",
                              one->camera, "from", api_time(one->from_utc_ns), "to",
                              api_time(one->to_utc_ns), "who", api_text(one->who), "why",
                              api_text(one->why), "since", api_time(one->since_utc_ns));
    return api_append(self->list, entry) ? SVMS_OK : SVMS_E_NO_MEMORY;
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

static void list(const api_caller *caller)
{
    svms_error err = SVMS_ERROR_INIT;
    const indexed_range all = { NULL, INT64_MIN + 1, INT64_MAX };
    lock_list found = { json_array(), false };
    svms_status status =
        recorder_index_locks(caller->web->options.parts->index, &all, add, &found, &err);
    if (status != SVMS_OK && !found.is_cut) {
        json_decref(found.list);
        api_fail(caller->web, caller->exchange, &err, "the index cannot be read");
        return;
    }
    for (size_t i = json_array_size(found.list); i > 0; i--) {
        if (!may_see(caller, json_array_get(found.list, i - 1))) {
            (void)json_array_remove(found.list, i - 1);
        }
    }
    api_answer(caller->exchange, HTTP_OK,
               json_pack("{s:o, s:b}", "locks", found.list, "cut", found.is_cut));
}

void api_locks(void *user, web_exchange *exchange, const web_request *request)
{
    api_caller caller;
    if (api_admit(&caller, user, exchange, request) && api_query(&caller, nothing)) {
        list(&caller);
    }
    gate_pass_free(&caller.pass);
}

void api_erase(void *user, web_exchange *exchange, const web_request *request)
{
    static const api_member members[] = { { "from", JSON_STRING, SVMS_TIME_TEXT_SIZE },
                                          { "to", JSON_STRING, SVMS_TIME_TEXT_SIZE },
                                          { "why", JSON_STRING, LEDGER_WHY_MAX },
                                          { NULL, JSON_NULL, 0 } };
    api_caller caller;
    gate_answer answer;
    if (api_admit(&caller, user, exchange, request) && api_query(&caller, nothing)) {
        svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
        json_t *body = api_body(&caller, members);
        const recorded_camera *camera = NULL;
        if (body && read_times(&caller, body, &question.range)) {
            camera = api_camera(&caller);
        }
        if (camera) {
            question.action = "evidence.delete";
            question.device = camera->id;
        }
        if (camera && may_whole(&caller, "evidence.delete", &question, &answer)) {
            begin(&caller, &question, NULL, why_of(body));
        }
        json_decref(body);
    }
    gate_pass_free(&caller.pass);
}
