/* SPDX-License-Identifier: Apache-2.0 */
#include "onvif_call.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_SECOND UINT64_C(1000000000)

const xml_node *onvif_member(const onvif_call *call, const char *name)
{
    return xml_child(call->soap.operation, xml_space(call->soap.operation), name);
}

const char *onvif_member_text(const onvif_call *call, const char *name)
{
    return xml_text(onvif_member(call, name));
}

static void refuse(onvif_call *call, const char *text, const char *what)
{
    soap_fail(&call->fault, "ter:InvalidArgVal", NULL, "'%.40s' is no %s", text, what);
}

bool onvif_read_real(onvif_call *call, const char *text, double *out)
{
    char *end = NULL;
    size_t size = strspn(text, "+-0123456789.eE");
    double value = size > 0 && text[size] == '\0' ? strtod(text, &end) : 0;
    if (!end || *end != '\0' || !isfinite(value)) {
        refuse(call, text, "number");
        return false;
    }
    *out = value;
    return true;
}

bool onvif_read_number(onvif_call *call, const char *text, uint32_t least, uint32_t most,
                       uint32_t *out)
{
    char *end = NULL;
    size_t size = strspn(text, "0123456789");
    unsigned long value = size > 0 && size < 10 && text[size] == '\0' ? strtoul(text, &end, 10) : 0;
    if (!end || value < least || value > most) {
        soap_fail(&call->fault, "ter:InvalidArgVal", "ter:ConfigModify",
                  "'%.40s' is no whole number from %u to %u", text, least, most);
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

bool onvif_read_flag(onvif_call *call, const char *text, bool *out)
{
    bool is_true = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
    if (!is_true && strcmp(text, "false") != 0 && strcmp(text, "0") != 0) {
        refuse(call, text, "truth value");
        return false;
    }
    *out = is_true;
    return true;
}

bool onvif_read_duration(onvif_call *call, const char *text, uint64_t *out)
{
    static const struct {
        char unit;
        double seconds;
    } units[] = { { 'H', 3600 }, { 'M', 60 }, { 'S', 1 } };
    const char *at = text;
    double seconds = 0;
    size_t unit = 0;
    if (strncmp(at, "PT", 2) != 0 || strlen(text) > 24) {
        refuse(call, text, "duration of hours, minutes and seconds");
        return false;
    }
    at += 2;
    while (*at) {
        char *end = NULL;
        double part = *at >= '0' && *at <= '9' ? strtod(at, &end) : 0;
        while (end && unit < 3 && units[unit].unit != *end) {
            unit++;
        }
        if (!end || unit == 3 || !(part <= 86400)) {
            refuse(call, text, "duration of hours, minutes and seconds");
            return false;
        }
        seconds += part * units[unit++].seconds;
        at = end + 1;
    }
    if (unit == 0 || !(seconds <= 86400)) {
        refuse(call, text, "duration of at most a day");
        return false;
    }
    *out = (uint64_t)(seconds * (double)NS_PER_SECOND);
    return true;
}

void onvif_fail_status(onvif_call *call, const svms_error *err)
{
    const char *words = err->message[0] ? err->message : svms_status_name(err->status);
    switch (svms_status_class(err->status)) {
    case SVMS_CLASS_POLICY:
    case SVMS_CLASS_USAGE:
    case SVMS_CLASS_MALFORMED:
        soap_fail(&call->fault, "ter:InvalidArgVal", "ter:ConfigModify", "%s", words);
        return;
    case SVMS_CLASS_SUCCESS:
    case SVMS_CLASS_EVIDENCE:
    case SVMS_CLASS_ENVIRONMENT:
    case SVMS_CLASS_INTERNAL:
        break;
    }
    /* What is wrong inside is for those who run the camera. */
    service_log_error(call->parts->service, SERVICE_ERROR, err, "ONVIF: %s failed",
                      xml_name(call->soap.operation));
    call->fault.is_ours = true;
    soap_fail(&call->fault, "ter:Action", NULL, "the camera could not do it");
}

bool onvif_is_token(onvif_call *call, const char *text, const char *token, const char *subcode,
                    bool may_be_absent)
{
    if (strcmp(text, token) == 0 || (may_be_absent && text[0] == '\0')) {
        return true;
    }
    soap_fail(&call->fault, "ter:InvalidArgVal", subcode, "there is no '%.40s'", text);
    return false;
}

/* What a client calls us, where it can be part of an address, and our own address otherwise. */
static void find_authority(const onvif_call *call, char out[ONVIF_HOST_SIZE])
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]";
    const char *host = web_field(call->request, "host");
    size_t size = host ? strlen(host) : 0;
    bool is_good = size > 0 && size < ONVIF_HOST_SIZE - 16 && strspn(host, allowed) == size;
    (void)snprintf(out, ONVIF_HOST_SIZE, "%s", is_good ? host : onvif_address(call->owner));
}

void onvif_base(const onvif_call *call, char out[ONVIF_HOST_SIZE])
{
    char authority[ONVIF_HOST_SIZE];
    find_authority(call, authority);
    (void)snprintf(out, ONVIF_HOST_SIZE, "%s://%.240s", call->request->is_secure ? "https" : "http",
                   authority);
}

void onvif_host(const onvif_call *call, char out[ONVIF_HOST_SIZE])
{
    find_authority(call, out);
    char *colon = strrchr(out, ':');
    if (colon && !strchr(colon, ']')) {
        *colon = '\0';
    }
}

void onvif_tell(const onvif_call *call, const char *event, svms_audit_outcome outcome,
                const char *object, const char *setting, const char *reason)
{
    svms_audit_record *record = NULL;
    svms_error err = SVMS_ERROR_INIT;
    auditor *log = call->parts->auditor;
    svms_audit_event told = auditor_event(log, event, outcome);
    told.actor_kind = call->user[0] ? SVMS_AUDIT_ACTOR_USER : SVMS_AUDIT_ACTOR_UNKNOWN;
    told.actor_id = call->user[0] ? call->user : NULL;
    told.address = call->request->address;
    told.client = "ONVIF";
    told.object = object;
    told.reason = reason;
    if (!log) {
        return;
    }
    svms_status status = auditor_begin(&record, log, &told, &err);
    if (status == SVMS_OK && setting) {
        svms_audit_change change = SVMS_AUDIT_CHANGE_INIT;
        change.setting = setting;
        status = svms_audit_record_change(record, &change, &err);
    }
    if (status != SVMS_OK) {
        service_log_error(call->parts->service, SERVICE_ERROR, &err,
                          "the audit log cannot be told of %s", event);
    }
    auditor_tell_later(log, &record, status);
}

void onvif_changed(const onvif_call *call, const char *setting)
{
    onvif_tell(call, "config.change", SVMS_AUDIT_SUCCESS, NULL, setting, NULL);
    camera_events_tell(call->parts->events, CAMERA_SETTINGS_CHANGED, true, SVMS_NO_TIME, "ONVIF",
                       "%s", setting);
}

void onvif_send(web_exchange *exchange, xml_writer *out, http_status status)
{
    if (out->has_failed || !out->bytes) {
        web_answer_words(exchange, HTTP_INTERNAL, "no memory");
    } else {
        web_answer(exchange, status, SOAP_TYPE, out->bytes, out->size, NULL);
    }
    xml_writer_clear(out);
}
