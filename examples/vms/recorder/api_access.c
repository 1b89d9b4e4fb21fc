/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks, and whether he may. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_internal.h"
#include "web_login.h"

/* All tokens from an address count together. */
#define LOCKOUT_NAME "token"

const char api_too_long[] = "the time falls into too many pieces; ask for less of it";

static void challenge(web_exchange *exchange)
{
    static const web_pair fields[] = { { "WWW-Authenticate", "Bearer realm=\"svms-recorder\"" },
                                       { NULL, NULL } };
    static const char body[] = "{\"error\": \"a token is needed that holds\"}\n";
    web_answer(exchange, HTTP_UNAUTHORIZED, "application/json", body, sizeof body - 1, fields);
}

/* "192.0.2.1:443", "[2001:db8::1]:443" */
static void host_of(const char *address, char out[API_ADDRESS_SIZE])
{
    const char *end = strrchr(address, ':');
    size_t size = end ? (size_t)(end - address) : strlen(address);
    if (size >= 2 && address[0] == '[' && address[size - 1] == ']') {
        address++;
        size -= 2;
    }
    size = size < API_ADDRESS_SIZE ? size : API_ADDRESS_SIZE - 1;
    memcpy(out, address, size);
    out[size] = '\0';
}

static void tell_closed(const api_caller *caller)
{
    const recorder_parts *parts = caller->web->options.parts;
    char words[160];
    (void)snprintf(words, sizeof words, "too many tokens from %s did not hold", caller->address);
    recorder_event(parts, SERVICE_WARNING, NULL, "login.closed", NULL, words);
    if (parts->auditor) {
        svms_audit_event event =
            auditor_event(parts->auditor, "account.locked", SVMS_AUDIT_SUCCESS);
        event.actor_kind = SVMS_AUDIT_ACTOR_UNKNOWN;
        event.address = caller->address;
        event.reason = words;
        auditor_note(parts->auditor, &event);
    }
}

/* Whether the token is at fault, and not we. */
static bool is_refusal(svms_status status)
{
    svms_status_kind kind = svms_status_class(status);
    return kind == SVMS_CLASS_MALFORMED || kind == SVMS_CLASS_EVIDENCE || kind == SVMS_CLASS_POLICY;
}

bool api_admit(api_caller *out, recorder_web *web, web_exchange *exchange,
               const web_request *request)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_token_verdict verdict = SVMS_TOKEN_FORM;
    size_t size = 0;
    const char *token = web_bearer_of(web_field(request, "authorization"), &size);
    *out = (api_caller){ .web = web, .exchange = exchange, .request = request };
    host_of(request->address, out->address);
    if (!token || web_lockout_ask(web->lockout, LOCKOUT_NAME, request->peer_key, request->now_ms) ==
                      WEB_LOCKOUT_CLOSED) {
        challenge(exchange);
        return false;
    }
    const gate_asker asker = { .token = token,
                               .token_size = size,
                               .certificate = request->peer,
                               .address = out->address,
                               .client = web_field(request, "user-agent") };
    svms_status status = gate_admit(&out->pass, web->options.parts->gate, &asker, &verdict, &err);
    if (status == SVMS_OK) {
        web_lockout_succeed(web->lockout, LOCKOUT_NAME, request->peer_key);
        return true;
    }
    if (!is_refusal(status)) {
        api_fail(web, exchange, &err, "a token cannot be judged");
        return false;
    }
    if (web_lockout_fail(web->lockout, LOCKOUT_NAME, request->peer_key, request->now_ms) ==
        WEB_LOCKOUT_CLOSES) {
        tell_closed(out);
    }
    challenge(exchange);
    return false;
}

/* Each use can be on the record, and a package can forbid another export; what is watched cannot.
 */
static uint32_t kept_by(const char *action)
{
    uint32_t kept = SVMS_OBLIGED_AUDIT_EACH;
    return strcmp(action, "export.create") == 0 ? kept | (uint32_t)SVMS_OBLIGED_NO_REEXPORT : kept;
}

bool api_asks(recorder_web *web, gate_pass *pass, const svms_access_question *question,
              gate_answer *answer)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = gate_ask(web->options.parts->gate, pass, question, answer, &err);
    if (status == SVMS_E_LIMIT) {
        *answer = (gate_answer){ .reason = SVMS_ACCESS_NO_RULE, .words = api_too_long };
    } else if (status != SVMS_OK) {
        service_log_error(web->options.parts->service, SERVICE_ERROR, &err,
                          "it cannot be decided whether somebody may %s", question->action);
        *answer =
            (gate_answer){ .reason = SVMS_ACCESS_NO_RULE, .words = "it could not be decided" };
    }
    if (answer->is_allowed && (answer->obligations & ~kept_by(question->action)) != 0) {
        answer->is_allowed = false;
        answer->words = "it comes with obligations that this server cannot keep";
    }
    return answer->is_allowed;
}

/* That somebody used a right, where each use is to be on the record. */
static void tell_use(const api_caller *caller, const svms_access_question *question,
                     const gate_answer *answer)
{
    svms_audit_record *record = NULL;
    const svms_time_range *range =
        question->range.from_utc_ns != SVMS_NO_TIME ? &question->range : NULL;
    svms_status status = api_record(&record, caller->web, caller->pass, "access.decide",
                                    question->device, range, NULL, NULL);
    if (record && status == SVMS_OK) {
        status = svms_audit_record_text(record, "action", question->action, NULL);
    }
    if (record && status == SVMS_OK && answer->rule[0] != '\0') {
        status = svms_audit_record_text(record, "rule", answer->rule, NULL);
    }
    api_tell(caller->web, &record, status);
}

bool api_may(const api_caller *caller, const char *event, const svms_access_question *question,
             gate_answer *answer)
{
    if (api_asks(caller->web, caller->pass, question, answer)) {
        if ((answer->obligations & SVMS_OBLIGED_AUDIT_EACH) != 0) {
            tell_use(caller, question, answer);
        }
        return true;
    }
    if (answer->words == api_too_long) {
        api_refuse(caller->exchange, HTTP_BAD_REQUEST, answer->words);
        return false;
    }
    if (event && caller->web->options.parts->auditor) {
        gate_tell_no(caller->web->options.parts->gate, caller->pass, event, question, answer);
    }
    if (answer->reason == SVMS_ACCESS_NO_TOKEN || answer->reason == SVMS_ACCESS_EXPIRED) {
        challenge(caller->exchange);
    } else if (answer->reason == SVMS_ACCESS_APPROVAL_NEEDED || !question->device) {
        api_refuse(caller->exchange, HTTP_FORBIDDEN, answer->words);
    } else {
        api_refuse(caller->exchange, HTTP_NOT_FOUND, "there is no such camera");
    }
    return false;
}

const recorded_camera *api_camera(const api_caller *caller)
{
    const char *id = web_part(caller->request, "id");
    const recorded_camera *camera =
        id ? recorder_settings_camera(caller->web->options.parts->settings, id) : NULL;
    if (!camera) {
        api_refuse(caller->exchange, HTTP_NOT_FOUND, "there is no such camera");
    }
    return camera;
}

bool api_query(const api_caller *caller, const char *const *names)
{
    char words[120];
    for (size_t i = 0; i < caller->request->query_count; i++) {
        const char *const *name = names;
        while (*name && strcmp(*name, caller->request->query[i].name) != 0) {
            name++;
        }
        if (!*name) {
            (void)snprintf(words, sizeof words, "the parameter '%.60s' is known to nobody",
                           caller->request->query[i].name);
            api_refuse(caller->exchange, HTTP_BAD_REQUEST, words);
            return false;
        }
    }
    return true;
}

bool api_head_only(const api_caller *caller, const char *type)
{
    bool is_head = strcmp(caller->request->method, "HEAD") == 0;
    if (is_head) {
        web_stream_begin(caller->exchange, HTTP_OK, type, WEB_LENGTH_UNKNOWN, NULL);
    }
    return is_head;
}

static bool read_time(const api_caller *caller, const char *name, int64_t otherwise, int64_t *out)
{
    char words[80];
    const char *text = web_query(caller->request, name);
    *out = otherwise;
    if (!text || svms_time_parse(out, text, NULL) == SVMS_OK) {
        return true;
    }
    (void)snprintf(words, sizeof words, "'%s' is no time as in 2026-11-21T10:00:00Z", name);
    api_refuse(caller->exchange, HTTP_BAD_REQUEST, words);
    return false;
}

bool api_range(const api_caller *caller, svms_time_range *out)
{
    if (!read_time(caller, "from", 0, &out->from_utc_ns) ||
        !read_time(caller, "to", API_TIME_MAX, &out->to_utc_ns)) {
        return false;
    }
    if (out->from_utc_ns >= out->to_utc_ns) {
        api_refuse(caller->exchange, HTTP_BAD_REQUEST, "'to' is not after 'from'");
        return false;
    }
    return true;
}

bool api_number(const api_caller *caller, const char *name, int64_t least, int64_t most,
                int64_t otherwise, int64_t *out)
{
    char words[120];
    const char *text = web_query(caller->request, name);
    *out = otherwise;
    if (!text) {
        return true;
    }
    size_t digits = strspn(text, "0123456789");
    int64_t number =
        digits > 0 && digits < 19 && text[digits] == '\0' ? strtoll(text, NULL, 10) : -1;
    if (number >= least && number <= most) {
        *out = number;
        return true;
    }
    (void)snprintf(words, sizeof words, "'%s' is no whole number from %lld to %lld", name,
                   (long long)least, (long long)most);
    api_refuse(caller->exchange, HTTP_BAD_REQUEST, words);
    return false;
}

svms_status api_record(svms_audit_record **out, recorder_web *web, const gate_pass *pass,
                       const char *event, const char *device, const svms_time_range *range,
                       const char *object, const char *reason)
{
    auditor *log = web->options.parts->auditor;
    *out = NULL;
    if (!log) {
        return SVMS_OK;
    }
    svms_audit_event told = auditor_event(log, event, SVMS_AUDIT_SUCCESS);
    gate_pass_name(pass, &told);
    told.device = device;
    told.object = object;
    told.reason = reason;
    if (range) {
        told.from_utc_ns = range->from_utc_ns;
        told.to_utc_ns = range->to_utc_ns;
    }
    return auditor_begin(out, log, &told, NULL);
}

void api_tell(recorder_web *web, svms_audit_record **record, svms_status parts)
{
    if (web->options.parts->auditor) {
        auditor_tell_later(web->options.parts->auditor, record, parts);
    }
}

bool api_stream_begin(api_stream *stream, api_caller *caller, const gate_answer *answer)
{
    static const web_pair fields[] = { { "Retry-After", "10" }, { NULL, NULL } };
    static const char body[] = "{\"error\": \"too many streams at once\"}\n";
    recorder_web *web = caller->web;
    const char *subject = gate_pass_subject(caller->pass);
    unsigned own = 0;
    for (const api_stream *each = web->streams; each; each = each->next) {
        own += strcmp(gate_pass_subject(each->pass), subject) == 0 ? 1 : 0;
    }
    if (web->stream_count >= API_STREAMS_MAX || own >= API_STREAMS_PER_SUBJECT ||
        atomic_load(&web->must_stop)) {
        web_answer(caller->exchange, HTTP_UNAVAILABLE, "application/json", body, sizeof body - 1,
                   fields);
        return false;
    }
    stream->web = web;
    stream->exchange = caller->exchange;
    stream->pass = caller->pass;
    caller->pass = NULL;
    stream->valid_until_utc_ns = answer->valid_until_utc_ns;
    stream->next = web->streams;
    web->streams = stream;
    web->stream_count++;
    return true;
}

void api_stream_end(api_stream *stream)
{
    api_stream **place = &stream->web->streams;
    while (*place && *place != stream) {
        place = &(*place)->next;
    }
    if (*place) {
        *place = stream->next;
        stream->web->stream_count--;
    }
    gate_pass_free(&stream->pass);
}

int64_t api_stream_ask(api_stream *stream, const char *action)
{
    gate_answer answer;
    svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
    question.action = action;
    question.device = stream->camera->id;
    return api_asks(stream->web, stream->pass, &question, &answer) ? answer.valid_until_utc_ns
                                                                   : SVMS_NO_TIME;
}
