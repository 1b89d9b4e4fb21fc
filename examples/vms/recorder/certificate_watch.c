/* SPDX-License-Identifier: Apache-2.0 */
#include "certificate_watch.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>
#include <stream_clock.h>

#include "recorder_failure.h"

/* Also when nothing is near, as the clock may have been set. */
#define LOOK_NS (UINT64_C(3600) * STREAM_SECOND)

struct certificate_watch {
    const recorder_parts *parts;
    const char *camera;
    svms_expiry *expiry;
    uint64_t look_at; /* by stream_clock() */
};

static void audit(const certificate_watch *self, const svms_expiry_entry *entry, const char *event)
{
    svms_audit_record *record = NULL;
    const svms_certificate_info *info = &entry->certificate;
    svms_status status = recorder_record(&record, self->parts, event, SVMS_AUDIT_SUCCESS,
                                         self->camera, entry->label);
    if (record && status == SVMS_OK) {
        status =
            svms_audit_record_digest(record, "sha256", info->sha256, sizeof info->sha256, NULL);
    }
    if (record && status == SVMS_OK) {
        status = svms_audit_record_text(record, "subject", info->subject, NULL);
    }
    if (record && status == SVMS_OK) {
        status = svms_audit_record_time(record, "until", info->not_after_utc_ns, NULL);
    }
    auditor_tell_later(self->parts->auditor, &record, status);
}

static svms_status nears_its_end(void *user, const svms_expiry_entry *entry)
{
    const certificate_watch *self = user;
    char until[SVMS_TIME_TEXT_SIZE] = "";
    char words[2 * sizeof entry->certificate.subject];
    bool is_over = entry->stage == SVMS_EXPIRY_EXPIRED;
    const char *event = is_over ? "certificate.expired" : "certificate.expiring";
    svms_time_format(entry->certificate.not_after_utc_ns, until);
    (void)snprintf(words, sizeof words, "%s (%s) %s until %s", entry->certificate.subject,
                   entry->label, is_over ? "was valid" : "is valid", until);
    json_t *said = json_pack("{s:s, s:s, s:s, s:s}", "use", entry->label, "subject",
                             entry->certificate.subject, "until", until, "stage",
                             svms_expiry_stage_name(entry->stage));
    char *data = said ? json_dumps(said, JSON_COMPACT) : NULL;
    recorder_event(self->parts, is_over ? SERVICE_ERROR : SERVICE_WARNING, self->camera, event,
                   data, words);
    free(data);
    json_decref(said);
    audit(self, entry, event);
    return SVMS_OK;
}

svms_status certificate_watch_new(certificate_watch **out, const recorder_parts *parts,
                                  const char *camera, svms_error *err)
{
    certificate_watch *self = calloc(1, sizeof *self);
    if (!self) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    self->parts = parts;
    self->camera = camera;
    svms_status status = svms_expiry_new(&self->expiry, parts->ctx, nears_its_end, self, err);
    if (status != SVMS_OK) {
        free(self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

void certificate_watch_take(certificate_watch *self, const char *label, const svms_chain *chain)
{
    svms_error err = SVMS_ERROR_INIT;
    if (svms_expiry_watch(self->expiry, label, chain, &err) != SVMS_OK) {
        service_log_error(self->parts->service, SERVICE_WARNING, &err,
                          "%s: the end of a certificate is not watched",
                          self->camera ? self->camera : label);
    }
    self->look_at = 0;
}

void certificate_watch_look(certificate_watch *self)
{
    svms_error err = SVMS_ERROR_INIT;
    int64_t next = SVMS_NO_TIME;
    int64_t now = recorder_now();
    if (stream_clock() < self->look_at) {
        return;
    }
    if (svms_expiry_check(self->expiry, now, &next, &err) != SVMS_OK) {
        service_log_error(self->parts->service, SERVICE_WARNING, &err,
                          "that certificates end cannot be told");
    }
    bool is_soon = next != SVMS_NO_TIME && next > now && (uint64_t)(next - now) < LOOK_NS;
    self->look_at = stream_clock() + (is_soon ? (uint64_t)(next - now) : LOOK_NS);
}

void certificate_watch_free(certificate_watch **self)
{
    if (self && *self) {
        svms_expiry_free(&(*self)->expiry);
        free(*self);
        *self = NULL;
    }
}
