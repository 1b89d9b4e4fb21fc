/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_tell.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "camera_clock.h"

#define WORDS_SIZE 320

/* Takes data over; what cannot be made is left out. */
static void tell(const recorder_parts *parts, service_level level, const char *camera,
                 const char *kind, json_t *data, const char *words)
{
    char *text = data ? json_dumps(data, JSON_COMPACT) : NULL;
    recorder_event(parts, level, camera, kind, text, words);
    free(text);
    json_decref(data);
}

void camera_tell_found(const recorder_parts *parts, const char *camera)
{
    svms_audit_record *record = NULL;
    tell(parts, SERVICE_NOTICE, camera, "camera.found", NULL, "media come");
    svms_status status =
        recorder_record(&record, parts, "device.found", SVMS_AUDIT_SUCCESS, camera, NULL);
    auditor_tell_later(parts->auditor, &record, status);
}

void camera_tell_trouble(const recorder_parts *parts, const char *camera,
                         const camera_trouble *trouble)
{
    svms_audit_record *record = NULL;
    char words[WORDS_SIZE];
    char digest[65] = "";
    for (size_t i = 0; trouble->certificate && i < 32; i++) {
        (void)snprintf(digest + 2 * i, 3, "%02x", trouble->certificate[i]);
    }
    (void)snprintf(words, sizeof words, "%s: %s", trouble->kind, trouble->words);
    json_t *data = json_pack("{s:s, s:s}", "why", trouble->kind, "words", trouble->words);
    if (data && digest[0]) {
        (void)json_object_set_new(data, "certificate", json_string(digest));
    }
    tell(parts, SERVICE_WARNING, camera, trouble->is_refused ? "camera.refused" : "camera.lost",
         data, words);
    svms_status status = recorder_record(&record, parts, "device.lost",
                                         trouble->is_refused ? SVMS_AUDIT_DENIED : SVMS_AUDIT_ERROR,
                                         camera, trouble->words);
    if (record && status == SVMS_OK) {
        status = svms_audit_record_text(record, "kind", trouble->kind, NULL);
    }
    if (record && status == SVMS_OK && trouble->certificate) {
        status = svms_audit_record_digest(record, "certificate", trouble->certificate, 32, NULL);
    }
    auditor_tell_later(parts->auditor, &record, status);
}

static const char *alarm_kind(const camera_alarm *alarm)
{
    if (alarm->kind == CAMERA_ALARM_OVER) {
        return "camera.authentic";
    }
    if (alarm->kind == CAMERA_ALARM_SILENT) {
        return "camera.unsigned";
    }
    switch (alarm->verdict) {
    case SVMS_CAMERA_AUTHENTIC:
        return "camera.untrusted";
    case SVMS_CAMERA_MISSING:
        return "camera.incomplete";
    case SVMS_CAMERA_UNSIGNED:
        return "camera.unsigned";
    default:
        return "camera.altered";
    }
}

static const char *alarm_words(const camera_alarm *alarm)
{
    if (alarm->kind == CAMERA_ALARM_OVER) {
        return "what comes is again what the camera signed";
    }
    if (alarm->kind == CAMERA_ALARM_SILENT) {
        return "no signature of the camera came for too long";
    }
    switch (alarm->verdict) {
    case SVMS_CAMERA_AUTHENTIC:
        return "what comes was signed by somebody who is not trusted";
    case SVMS_CAMERA_MISSING:
        return "pictures that the camera signed are missing";
    case SVMS_CAMERA_UNSIGNED:
        return "no valid signature of the camera covers what comes";
    case SVMS_CAMERA_INSERTED:
        return "pictures come that the camera never signed";
    default:
        return "what comes is not what the camera signed";
    }
}

static json_t *alarm_data(const camera_alarm *alarm)
{
    char from[SVMS_TIME_TEXT_SIZE] = "";
    json_t *reasons = json_array();
    for (uint32_t bit = 1; reasons && bit != 0; bit <<= 1) {
        const char *name = (alarm->reasons & bit) != 0 ? svms_camera_reason_name(bit) : NULL;
        if (name) {
            (void)json_array_append_new(reasons, json_string(name));
        }
    }
    if (alarm->from_utc_ns != SVMS_NO_TIME) {
        svms_time_format(alarm->from_utc_ns, from);
    }
    return json_pack("{s:i, s:s, s:o, s:s}", "track", (int)alarm->track, "verdict",
                     svms_camera_verdict_name(alarm->verdict), "reasons", reasons, "from", from);
}

void camera_tell_alarm(const recorder_parts *parts, const char *camera, const camera_alarm *alarm)
{
    svms_audit_record *record = NULL;
    const char *kind = alarm_kind(alarm);
    const char *words = alarm_words(alarm);
    bool is_over = alarm->kind == CAMERA_ALARM_OVER;
    tell(parts, is_over ? SERVICE_NOTICE : SERVICE_ERROR, camera, kind, alarm_data(alarm), words);
    svms_status status =
        recorder_record(&record, parts, "device.tamper",
                        is_over ? SVMS_AUDIT_SUCCESS : SVMS_AUDIT_FAILURE, camera, words);
    if (record && status == SVMS_OK) {
        status = svms_audit_record_text(record, "what", kind, NULL);
    }
    auditor_tell_later(parts->auditor, &record, status);
}

void camera_tell_clock(const recorder_parts *parts, const char *camera, bool is_off,
                       int64_t ahead_ns)
{
    svms_audit_record *record = NULL;
    char by[CAMERA_CLOCK_TEXT];
    char words[WORDS_SIZE];
    camera_clock_write(by, ahead_ns);
    (void)snprintf(words, sizeof words, "its clock is %s%s", is_off ? "" : "right again: ", by);
    tell(parts, is_off ? SERVICE_WARNING : SERVICE_NOTICE, camera,
         is_off ? "camera.clock_off" : "camera.clock_right",
         json_pack("{s:I}", "ahead_ns", (json_int_t)ahead_ns), words);
    svms_status status =
        recorder_record(&record, parts, "time.jump", SVMS_AUDIT_SUCCESS, camera, words);
    if (record && status == SVMS_OK) {
        status = svms_audit_record_number(record, ahead_ns < 0 ? "back_ns" : "ahead_ns",
                                          ahead_ns < 0 ? -ahead_ns : ahead_ns, NULL);
    }
    if (record && status == SVMS_OK) {
        status = svms_audit_record_text(record, "source", "camera", NULL);
    }
    auditor_tell_later(parts->auditor, &record, status);
}

void camera_tell_unrecorded(const recorder_parts *parts, const char *camera, const svms_error *why)
{
    svms_audit_record *record = NULL;
    tell(parts, SERVICE_ERROR, camera, "recording.failed",
         json_pack("{s:s}", "words", why->message), why->message);
    svms_status status =
        recorder_record(&record, parts, "storage.failed", SVMS_AUDIT_ERROR, camera, why->message);
    auditor_tell_later(parts->auditor, &record, status);
}
