/* SPDX-License-Identifier: Apache-2.0 */
#include "record_audit.h"

#include <string.h>
#include <time.h>

#include "head_text.h"
#include "message.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define HEAD_EVERY_NS (300 * NS_PER_SECOND)
#define ID_SIZE 16

static int64_t now_ns(void)
{
    struct timespec now = { 0, 0 };
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static svms_status put_head(svms_audit_record *record, const svms_head *head, svms_error *err)
{
    const head_text container = head_text_of(head->container_id, ID_SIZE);
    const head_text recording = head_text_of(head->recording_id, ID_SIZE);
    svms_status put = svms_audit_record_text(record, "container", container.text, err);
    if (put == SVMS_OK) {
        put = svms_audit_record_text(record, "recording", recording.text, err);
    }
    if (put == SVMS_OK && head->segment != SVMS_NO_SEGMENT) {
        put = svms_audit_record_number(record, "segment", head->segment, err);
    }
    if (put == SVMS_OK && head->segment != SVMS_NO_SEGMENT) {
        put = svms_audit_record_digest(record, "manifest", head->manifest_hash, HEAD_SIZE, err);
    }
    return put;
}

static exit_status tell(record_audit *audit, const audit_deed *what, const svms_head *head,
                        const char *why)
{
    svms_audit_record *record = NULL;
    svms_error err = SVMS_ERROR_INIT;
    audit_deed deed = *what;
    deed.object = audit->object;
    deed.device = audit->device;
    exit_status status = audit_trail_begin(&record, audit->trail, &deed);
    if (status != EXIT_GOOD) {
        return status;
    }
    svms_status put = head ? put_head(record, head, &err) : SVMS_OK;
    if (put == SVMS_OK && audit->end) {
        put = svms_audit_record_digest(record, "end", audit->end, HEAD_SIZE, &err);
    }
    if (put == SVMS_OK) {
        put = svms_audit_record_text(record, "why", why, &err);
    }
    return audit_trail_tell(audit->trail, &record, put, &err);
}

exit_status record_audit_start(record_audit *audit, const svms_head *head)
{
    audit_deed deed = AUDIT_DEED_INIT;
    if (!audit->trail) {
        return EXIT_GOOD;
    }
    deed.event = "recording.start";
    audit->head = *head;
    audit->head_due_ns = now_ns() + HEAD_EVERY_NS;
    exit_status status = tell(audit, &deed, head, NULL);
    audit->has_begun = status == EXIT_GOOD;
    return status;
}

void record_audit_event(record_audit *audit, const char *event, const svms_head *head,
                        const char *why)
{
    audit_deed deed = AUDIT_DEED_INIT;
    if (!audit->trail) {
        return;
    }
    deed.event = event;
    bool failed = tell(audit, &deed, head, why) != EXIT_GOOD;
    audit->has_failed = audit->has_failed || failed;
}

static void tell_head(record_audit *audit, const svms_head *head)
{
    if (head->segment != SVMS_NO_SEGMENT) {
        record_audit_event(audit, "recording.head", head, NULL);
        audit->head_due_ns = now_ns() + HEAD_EVERY_NS;
    }
}

static bool find_end(svms_ctx *ctx, const char *path, uint8_t end[HEAD_SIZE])
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_source_open_file(&source, ctx, path, &err);
    if (status == SVMS_OK) {
        status = svms_trailer_digest(ctx, &source, end, &err);
        svms_source_close(&source);
    }
    if (status != SVMS_OK) {
        complain("the end of %s cannot be told: %s", path, err.message);
    }
    return status == SVMS_OK;
}

void record_audit_closed(record_audit *audit, const svms_head *head, svms_ctx *ctx,
                         const char *path)
{
    uint8_t end[HEAD_SIZE];
    if (!audit->trail) {
        return;
    }
    bool has_end = path && find_end(ctx, path, end);
    audit->has_failed = audit->has_failed || (path && !has_end);
    audit->end = has_end ? end : NULL;
    tell_head(audit, head);
    audit->end = NULL;
}

void record_audit_pulse(record_audit *audit, const svms_head *head)
{
    if (!audit->trail) {
        return;
    }
    audit->head = *head;
    audit_trail_tend(audit->trail);
    if (now_ns() >= audit->head_due_ns) {
        tell_head(audit, head);
    }
}

void record_audit_camera(record_audit *audit, const camera_alarm *alarm, const char *what)
{
    audit_deed deed = AUDIT_DEED_INIT;
    svms_audit_record *record = NULL;
    svms_error err = SVMS_ERROR_INIT;
    if (!audit->trail) {
        return;
    }
    bool is_over = alarm->kind == CAMERA_ALARM_OVER;
    deed.event = "device.tamper";
    deed.outcome = is_over ? SVMS_AUDIT_SUCCESS : SVMS_AUDIT_FAILURE;
    deed.reason = is_over ? NULL : "video that came is not what a trusted camera signed";
    deed.object = audit->object;
    deed.device = audit->device;
    deed.from_utc_ns = alarm->from_utc_ns;
    deed.to_utc_ns = alarm->to_utc_ns;
    bool told = audit_trail_begin(&record, audit->trail, &deed) == EXIT_GOOD;
    if (told) {
        svms_status put = svms_audit_record_text(record, "what", what, &err);
        told = audit_trail_tell(audit->trail, &record, put, &err) == EXIT_GOOD;
    }
    audit->has_failed = audit->has_failed || !told;
}

exit_status record_audit_stop(record_audit *audit, exit_status status, const char *why)
{
    audit_deed deed = AUDIT_DEED_INIT;
    if (!audit->trail) {
        return status;
    }
    deed.event = audit->has_begun ? "recording.stop" : "recording.start";
    deed.status = status;
    /* Nobody was denied anything: what was recorded is not what it should be. */
    deed.outcome =
        status == EXIT_EVIDENCE && audit->has_begun ? SVMS_AUDIT_FAILURE : SVMS_AUDIT_UNKNOWN;
    exit_status told = tell(audit, &deed, audit->has_begun ? &audit->head : NULL, why);
    if (audit->has_failed || told != EXIT_GOOD) {
        complain("not everything about this recording could be told to the audit log");
    }
    bool failed = audit->has_failed || told != EXIT_GOOD;
    return status == EXIT_GOOD && failed ? EXIT_ENVIRONMENT : status;
}
