/* SPDX-License-Identifier: Apache-2.0 */
/* Who wants which export, and what the audit log hears of it. */
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "api_export.h"

#define FORMAT "svmx"
#define DESTINATION "https"
#define PASSWORD_MAX 1024
#define REASON_MAX 1000
#define CASE_MAX 200

static const char *text_of(json_t *body, const char *name)
{
    return json_string_value(json_object_get(body, name));
}

static bool refuse(const api_caller *caller, const char *words)
{
    api_refuse(caller->exchange, HTTP_BAD_REQUEST, words);
    return false;
}

static bool read_range(const api_caller *caller, json_t *body, svms_time_range *range)
{
    const char *from = text_of(body, "from");
    const char *to = text_of(body, "to");
    bool is_range = from && to && svms_time_parse(&range->from_utc_ns, from, NULL) == SVMS_OK &&
                    svms_time_parse(&range->to_utc_ns, to, NULL) == SVMS_OK &&
                    range->from_utc_ns < range->to_utc_ns;
    return is_range || refuse(caller, "'from' and 'to' are no times as in 2026-11-21T10:00:00Z, "
                                      "one after the other");
}

/* For each camera, as a whole. The answer is the narrowest of all. */
static bool may_export(const api_caller *caller, export_job *job, json_t *cameras,
                       gate_answer *narrowest)
{
    size_t number = 0;
    json_t *entry = NULL;
    gate_answer answer;
    uint32_t obligations = 0;
    json_array_foreach(cameras, number, entry)
    {
        const char *id = json_string_value(entry);
        const recorded_camera *camera =
            id ? recorder_settings_camera(caller->web->options.parts->settings, id) : NULL;
        svms_access_question question = SVMS_ACCESS_QUESTION_INIT;
        if (!camera) {
            api_refuse(caller->exchange, HTTP_NOT_FOUND, "there is no such camera");
            return false;
        }
        question.action = "export.create";
        question.device = camera->id;
        question.range = *api_export_range(job);
        question.format = SVMS_FORM_SVMX;
        if (!api_may(caller, "export.create", &question, &answer)) {
            return false;
        }
        if (answer.range_count != 1 || answer.ranges[0].from_utc_ns != question.range.from_utc_ns ||
            answer.ranges[0].to_utc_ns != question.range.to_utc_ns) {
            api_refuse(caller->exchange, HTTP_FORBIDDEN, "it is not allowed for all of that time");
            return false;
        }
        obligations |= answer.obligations;
        if (number == 0 || answer.valid_until_utc_ns < narrowest->valid_until_utc_ns) {
            *narrowest = answer;
        }
        if (!api_export_add_camera(job, camera)) {
            return refuse(caller, "more than 64 cameras, or one of them twice");
        }
    }
    narrowest->obligations = obligations;
    return number > 0 || refuse(caller, "'cameras' is no list of ids");
}

static bool read_recipients(const api_caller *caller, export_job *job, json_t *body)
{
    size_t number = 0;
    json_t *entry = NULL;
    json_t *list = json_object_get(body, "recipients");
    json_array_foreach(list, number, entry)
    {
        svms_error err = SVMS_ERROR_INIT;
        const char *pem = json_string_value(entry);
        if (!pem || api_export_add_recipient(job, pem, &err) != SVMS_OK) {
            return refuse(caller, "a recipient is no certificate or public key (PEM) that can "
                                  "receive");
        }
    }
    const char *password = text_of(body, "password");
    if (password && password[0] == '\0') {
        return refuse(caller, "the password is empty");
    }
    if (number == 0 && !password) {
        return refuse(caller, "nobody could open it: name 'recipients' or a 'password'");
    }
    return true;
}

static bool read_job(const api_caller *caller, export_job *job, json_t *body, gate_answer *answer)
{
    const char *password = text_of(body, "password");
    if (!read_range(caller, body, api_export_range(job)) || !read_recipients(caller, job, body) ||
        !may_export(caller, job, json_object_get(body, "cameras"), answer)) {
        return false;
    }
    bool no_reexport = json_is_true(json_object_get(body, "no_reexport")) ||
                       (answer->obligations & SVMS_OBLIGED_NO_REEXPORT) != 0;
    if (!api_export_say(job, password, text_of(body, "reason"), text_of(body, "case"),
                        no_reexport)) {
        web_answer_words(caller->exchange, HTTP_INTERNAL, "out of memory");
        return false;
    }
    return true;
}

static void export(api_caller *caller, json_t *body)
{
    gate_answer answer = { .valid_until_utc_ns = INT64_MAX };
    recorder_web *web = caller->web;
    export_job *job = NULL;
    if (!web->options.exporter || !web->options.keys) {
        api_refuse(caller->exchange, HTTP_NOT_IMPLEMENTED,
                   "this recorder has no exporter's identity, or no key to play with");
        return;
    }
    if (web->exports >= API_EXPORTS_MAX) {
        static const web_pair fields[] = { { "Retry-After", "30" }, { NULL, NULL } };
        static const char words[] = "{\"error\": \"others export at the moment\"}\n";
        web_answer(caller->exchange, HTTP_UNAVAILABLE, "application/json", words, sizeof words - 1,
                   fields);
        return;
    }
    job = api_export_new(web);
    if (!job) {
        web_answer_words(caller->exchange, HTTP_INTERNAL, "out of memory");
    } else if (read_job(caller, job, body, &answer)) {
        api_export_begin(&job, caller, &answer);
    }
    api_export_free(&job);
}

void api_export(void *user, web_exchange *exchange, const web_request *request)
{
    static const char *const nothing[] = { NULL };
    static const api_member members[] = { { "cameras", JSON_ARRAY, 0 },
                                          { "from", JSON_STRING, SVMS_TIME_TEXT_SIZE },
                                          { "to", JSON_STRING, SVMS_TIME_TEXT_SIZE },
                                          { "recipients", JSON_ARRAY, 0 },
                                          { "password", JSON_STRING, PASSWORD_MAX },
                                          { "reason", JSON_STRING, REASON_MAX },
                                          { "case", JSON_STRING, CASE_MAX },
                                          { "no_reexport", JSON_TRUE, 0 },
                                          { NULL, JSON_NULL, 0 } };
    api_caller caller;
    if (api_admit(&caller, user, exchange, request) && api_query(&caller, nothing)) {
        json_t *body = api_body(&caller, members);
        if (body) {
            const char *password = text_of(body, "password");
            export(&caller, body);
            if (password) {
                OPENSSL_cleanse((void *)(uintptr_t)password, strlen(password));
            }
        }
        json_decref(body);
    }
    gate_pass_free(&caller.pass);
}

static svms_status put_recipients(svms_audit_record *record, const svms_export_result *result)
{
    char texts[SVMS_MAX_RECIPIENTS][72];
    const char *list[SVMS_MAX_RECIPIENTS];
    size_t count = 0;
    for (; count < result->recipient_count && count < SVMS_MAX_RECIPIENTS; count++) {
        for (size_t i = 0; i < 8; i++) {
            (void)snprintf(texts[count] + 2 * i, 3, "%02x", result->recipients[count].key_id[i]);
        }
        list[count] = texts[count];
    }
    return svms_audit_record_list(record, "recipients", list, count, NULL);
}

static svms_status put_what(svms_audit_record *record, const api_export_told *told)
{
    const svms_export_result *result = told->result;
    const svms_audit_range range = { told->range->from_utc_ns, told->range->to_utc_ns };
    uint64_t segments = 0;
    for (uint32_t i = 0; i < result->period_count; i++) {
        segments += result->periods[i].segments;
    }
    svms_status put = svms_audit_record_ranges(record, "ranges", &range, 1, NULL);
    put = put == SVMS_OK ? svms_audit_record_number(record, "records", segments, NULL) : put;
    put = put == SVMS_OK ? svms_audit_record_number(record, "bytes", result->bytes, NULL) : put;
    put =
        put == SVMS_OK ? svms_audit_record_digest(record, "digest", result->digest, 32, NULL) : put;
    return put == SVMS_OK ? svms_audit_record_digest(record, "receipt", result->head, 32, NULL)
                          : put;
}

static svms_status put_access(svms_audit_record *record, const svms_export_result *result)
{
    const char *const signers[] = { result->signer };
    bool reexport = (result->policy & SVMS_EXPORT_NO_REEXPORT) == 0;
    svms_status put =
        svms_audit_record_text(record, "encryption", result->sealed ? "sealed" : "none", NULL);
    put = put == SVMS_OK ? svms_audit_record_flag(record, "password", result->has_password, NULL)
                         : put;
    put = put == SVMS_OK ? put_recipients(record, result) : put;
    put = put == SVMS_OK ? svms_audit_record_list(record, "signatures", signers, 1, NULL) : put;
    return put == SVMS_OK ? svms_audit_record_flag(record, "reexport", reexport ? 1 : 0, NULL)
                          : put;
}

void api_export_tell(const api_export_told *told)
{
    const char *devices[API_EXPORT_CAMERAS];
    auditor *log = told->web->options.parts->auditor;
    svms_audit_record *record = NULL;
    if (!log) {
        return;
    }
    /* Of one that did not come to its end, not all is known that a record of it must say. */
    svms_audit_event event =
        auditor_event(log, "export.create", told->result ? SVMS_AUDIT_SUCCESS : SVMS_AUDIT_ERROR);
    gate_pass_name(told->pass, &event);
    for (size_t i = 0; i < told->camera_count; i++) {
        devices[i] = told->cameras[i]->id;
    }
    event.devices = devices;
    event.device_count = told->camera_count;
    event.from_utc_ns = told->range->from_utc_ns;
    event.to_utc_ns = told->range->to_utc_ns;
    event.reason = told->result ? told->reason : told->err->message;
    svms_status put = auditor_begin(&record, log, &event, NULL);
    put = put == SVMS_OK ? svms_audit_record_text(record, "format", FORMAT, NULL) : put;
    put = put == SVMS_OK ? svms_audit_record_text(record, "destination", DESTINATION, NULL) : put;
    if (put == SVMS_OK && told->result) {
        put = put_what(record, told);
        put = put == SVMS_OK ? put_access(record, told->result) : put;
    }
    auditor_tell_later(log, &record, put);
}
