/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "camera_failure.h"

#define LABEL "camera"

struct camera_watch {
    camera_parts parts;
    uint64_t cursor;
    svms_expiry *expiry;
    int64_t check_at;
};

/* How an event is called in the audit log (docs/spec/audit.md, section 2), with the one member that
 * says what it was. */
typedef struct audit_form {
    const char *name;
    const char *member; /* NULL: none */
    svms_audit_outcome outcome;
} audit_form;

static const audit_form forms[CAMERA_TOPICS] = {
    [CAMERA_COVERED] = { "device.tamper", "what", SVMS_AUDIT_SUCCESS },
    [CAMERA_MOVED] = { "device.tamper", "what", SVMS_AUDIT_SUCCESS },
    [CAMERA_DEFOCUSED] = { "device.tamper", "what", SVMS_AUDIT_SUCCESS },
    [CAMERA_FROZEN] = { "device.tamper", "what", SVMS_AUDIT_SUCCESS },
    [CAMERA_SILENT] = { "device.tamper", "what", SVMS_AUDIT_SUCCESS },
    [CAMERA_LENS_LOST] = { "device.tamper", "what", SVMS_AUDIT_SUCCESS },
    [CAMERA_EDGE_FULL] = { "storage.full", NULL, SVMS_AUDIT_SUCCESS },
    [CAMERA_EDGE_FAILED] = { "storage.failed", NULL, SVMS_AUDIT_ERROR },
    [CAMERA_SIGNING_FAILED] = { "device.tamper", "what", SVMS_AUDIT_ERROR },
    [CAMERA_CERTIFICATE_ENDS] = { NULL, NULL, SVMS_AUDIT_SUCCESS }, /* told with its certificate */
    [CAMERA_LOGIN_FAILED] = { "login.failure", NULL, SVMS_AUDIT_FAILURE },
    [CAMERA_LOGIN_CLOSED] = { "account.locked", NULL, SVMS_AUDIT_SUCCESS },
    [CAMERA_CLOCK_JUMPED] = { "time.jump", "source", SVMS_AUDIT_SUCCESS },
    /* Told by who did it, with the user who wanted it: */
    [CAMERA_SETTINGS_CHANGED] = { NULL, NULL, SVMS_AUDIT_SUCCESS },
    [CAMERA_USERS_CHANGED] = { NULL, NULL, SVMS_AUDIT_SUCCESS },
    [CAMERA_UPDATED] = { NULL, NULL, SVMS_AUDIT_SUCCESS },
    [CAMERA_RESET] = { NULL, NULL, SVMS_AUDIT_SUCCESS },
    [CAMERA_STARTED] = { NULL, NULL, SVMS_AUDIT_SUCCESS },
};

static void audit(camera_watch *self, const camera_event *event)
{
    const audit_form *form = &forms[event->topic];
    svms_audit_record *record = NULL;
    char words[sizeof event->words + 64];
    if (!self->parts.auditor || !form->name) {
        return;
    }
    svms_audit_event told = auditor_event(self->parts.auditor, form->name, form->outcome);
    snprintf(words, sizeof words, "%s%s: %s", camera_topic_name(event->topic),
             event->is_state && !event->is_so ? " ends" : "",
             event->words[0] ? event->words : "no more is known");
    told.at_utc_ns = event->utc_ns;
    told.actor_kind = SVMS_AUDIT_ACTOR_SYSTEM;
    told.object = event->source;
    told.reason = words;
    if (event->topic == CAMERA_LOGIN_FAILED || event->topic == CAMERA_LOGIN_CLOSED) {
        told.actor_kind = SVMS_AUDIT_ACTOR_USER;
        told.address = event->source;
    }
    svms_status parts = auditor_begin(&record, self->parts.auditor, &told, NULL);
    if (parts == SVMS_OK && form->member) {
        parts = svms_audit_record_text(record, form->member, words, NULL);
    }
    if (parts == SVMS_OK && event->topic == CAMERA_LOGIN_FAILED) {
        static const char *const methods[] = { "pwd" };
        parts = svms_audit_record_list(record, "methods", methods, 1, NULL);
    }
    auditor_tell_later(self->parts.auditor, &record, parts);
}

static service_level level_of(const camera_event *event)
{
    if (event->topic >= CAMERA_CLOCK_JUMPED) {
        return SERVICE_NOTICE;
    }
    return event->is_state && !event->is_so ? SERVICE_NOTICE : SERVICE_WARNING;
}

static void tell_events(camera_watch *self)
{
    camera_event event;
    uint64_t before = self->cursor;
    while (camera_events_next(self->parts.events, &self->cursor, &event) == SVMS_OK) {
        if (event.number != before + 1) {
            service_log(self->parts.service, SERVICE_WARNING, "%llu events were overwritten",
                        (unsigned long long)(event.number - before - 1));
        }
        before = event.number;
        service_log(self->parts.service, level_of(&event), "%s%s (%s)%s%s",
                    camera_topic_name(event.topic), event.is_state && !event.is_so ? " ends" : "",
                    event.source, event.words[0] ? ": " : "", event.words);
        audit(self, &event);
    }
}

static void audit_certificate(camera_watch *self, const svms_expiry_entry *entry)
{
    svms_audit_record *record = NULL;
    if (!self->parts.auditor) {
        return;
    }
    svms_audit_event told = auditor_event(
        self->parts.auditor,
        entry->stage == SVMS_EXPIRY_EXPIRED ? "certificate.expired" : "certificate.expiring",
        SVMS_AUDIT_SUCCESS);
    told.actor_kind = SVMS_AUDIT_ACTOR_SYSTEM;
    svms_status parts = auditor_begin(&record, self->parts.auditor, &told, NULL);
    if (parts == SVMS_OK) {
        parts = svms_audit_record_digest(record, "sha256", entry->certificate.sha256,
                                         sizeof entry->certificate.sha256, NULL);
    }
    if (parts == SVMS_OK) {
        parts = svms_audit_record_text(record, "subject", entry->certificate.subject, NULL);
    }
    if (parts == SVMS_OK) {
        parts = svms_audit_record_time(record, "until", entry->certificate.not_after_utc_ns, NULL);
    }
    auditor_tell_later(self->parts.auditor, &record, parts);
}

static svms_status nears_its_end(void *user, const svms_expiry_entry *entry)
{
    camera_watch *self = user;
    char until[SVMS_TIME_TEXT_SIZE];
    svms_time_format(entry->certificate.not_after_utc_ns, until);
    camera_events_tell(self->parts.events, CAMERA_CERTIFICATE_ENDS, true, SVMS_NO_TIME,
                       entry->position == 0 ? "camera" : "authority", "%s: until %s",
                       svms_expiry_stage_name(entry->stage), until);
    audit_certificate(self, entry);
    return SVMS_OK;
}

static int64_t utc_now(void)
{
    struct timespec now = { 0, 0 };
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void camera_watch_papers(camera_watch *watch)
{
    svms_error err = SVMS_ERROR_INIT;
    const camera_papers *papers = camera_identity_take(watch->parts.identity);
    if (svms_expiry_watch(watch->expiry, LABEL, papers->chain, &err) != SVMS_OK) {
        service_log_error(watch->parts.service, SERVICE_ERROR, &err,
                          "the end of the certificate is not watched");
    }
    camera_identity_give(watch->parts.identity, &papers);
    camera_events_tell(watch->parts.events, CAMERA_CERTIFICATE_ENDS, false, SVMS_NO_TIME, "camera",
                       "there is a new certificate");
    watch->check_at = INT64_MIN;
}

svms_status camera_watch_open(camera_watch **out, const camera_parts *parts, svms_error *err)
{
    camera_watch *self = calloc(1, sizeof *self);
    if (!self) {
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory to watch");
    }
    self->parts = *parts;
    svms_status status = svms_expiry_new(&self->expiry, parts->ctx, nears_its_end, self, err);
    if (status != SVMS_OK) {
        free(self);
        return status;
    }
    camera_watch_papers(self);
    *out = self;
    return SVMS_OK;
}

void camera_watch_look(camera_watch *watch)
{
    int64_t now = utc_now();
    /* Also after an hour, as the clock may have been set. */
    if (now >= watch->check_at || watch->check_at - now > INT64_C(3600) * 1000000000) {
        svms_error err = SVMS_ERROR_INIT;
        int64_t next = SVMS_NO_TIME;
        if (svms_expiry_check(watch->expiry, now, &next, &err) != SVMS_OK) {
            service_log_error(watch->parts.service, SERVICE_ERROR, &err,
                              "the end of the certificate cannot be told");
        }
        int64_t soon = now + INT64_C(3600) * 1000000000;
        watch->check_at = next == SVMS_NO_TIME || next > soon ? soon : next;
    }
    tell_events(watch);
}

void camera_watch_close(camera_watch **watch)
{
    if (watch && *watch) {
        tell_events(*watch);
        svms_expiry_free(&(*watch)->expiry);
        free(*watch);
        *watch = NULL;
    }
}
