/* SPDX-License-Identifier: Apache-2.0 */
/* What a camera's store tells: to the audit log, to who follows events, to the index. */
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include <jansson.h>

#include "camera_store_internal.h"

typedef struct id_text {
    char text[2 * 16 + 1];
} id_text;

static id_text text_of(const uint8_t id[16])
{
    id_text out = { "" };
    for (size_t i = 0; i < 16; i++) {
        (void)snprintf(out.text + 2 * i, 3, "%02x", id[i]);
    }
    return out;
}

static const char *camera_of(const camera_store *self)
{
    return self->options.camera->id;
}

static svms_status put_head(svms_audit_record *record, const svms_head *head)
{
    svms_status put =
        svms_audit_record_text(record, "container", text_of(head->container_id).text, NULL);
    if (put == SVMS_OK) {
        put = svms_audit_record_text(record, "recording", text_of(head->recording_id).text, NULL);
    }
    if (put == SVMS_OK && head->segment != SVMS_NO_SEGMENT) {
        put = svms_audit_record_number(record, "segment", head->segment, NULL);
    }
    if (put == SVMS_OK && head->segment != SVMS_NO_SEGMENT) {
        put = svms_audit_record_digest(record, "manifest", head->manifest_hash,
                                       sizeof head->manifest_hash, NULL);
    }
    return put;
}

static void tell_head(camera_store *self, const char *event, const svms_head *head,
                      const uint8_t *end, const char *why, const char *reason)
{
    const recorder_parts *parts = self->options.parts;
    svms_audit_record *record = NULL;
    if (!parts->auditor) {
        return;
    }
    svms_status put =
        recorder_record(&record, parts, event, reason ? SVMS_AUDIT_ERROR : SVMS_AUDIT_SUCCESS,
                        camera_of(self), reason);
    if (put == SVMS_OK) {
        put = put_head(record, head);
    }
    if (put == SVMS_OK && end) {
        put = svms_audit_record_digest(record, "end", end, 32, NULL);
    }
    if (put == SVMS_OK && why) {
        put = svms_audit_record_text(record, "why", why, NULL);
    }
    auditor_tell_later(parts->auditor, &record, put);
}

void store_audit(camera_store *self, const char *event, const svms_head *head, const char *why,
                 const char *reason)
{
    tell_head(self, event, head, NULL, why, reason);
}

void store_audit_end(camera_store *self, const svms_head *head, const char *path)
{
    const recorder_parts *parts = self->options.parts;
    svms_source source = SVMS_SOURCE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    uint8_t end[32];
    if (!parts->auditor) {
        return;
    }
    svms_status status = path ? svms_source_open_file(&source, parts->ctx, path, &err) : SVMS_END;
    if (status == SVMS_OK) {
        status = svms_trailer_digest(parts->ctx, &source, end, &err);
        svms_source_close(&source);
    }
    if (path && status != SVMS_OK) {
        service_log_error(parts->service, SERVICE_WARNING, &err, "the end of %s cannot be told",
                          path);
    }
    if (head->segment != SVMS_NO_SEGMENT) {
        tell_head(self, "recording.head", head, status == SVMS_OK ? end : NULL, NULL, NULL);
    }
}

/* {"path", "free_bytes", "why"}; NULL is a good one, too. */
static char *failure_data(const char *path, bool has_free, uint64_t free_bytes, const char *why)
{
    json_t *object = json_pack("{s:s, s:s}", "path", path, "why", why);
    if (object && has_free) {
        (void)json_object_set_new(object, "free_bytes", json_integer((json_int_t)free_bytes));
    }
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    return text;
}

void store_tell_failure(camera_store *self, const char *path, bool is_full, const svms_error *why)
{
    const recorder_parts *parts = self->options.parts;
    const char *kind = is_full ? "storage.full" : "storage.failed";
    struct statvfs space;
    bool has_free = statvfs(path, &space) == 0;
    uint64_t free_bytes = has_free ? (uint64_t)space.f_bavail * space.f_frsize : 0;
    char *data = failure_data(path, has_free, free_bytes, why->message);
    recorder_event(parts, SERVICE_ERROR, camera_of(self), kind, data, why->message);
    free(data);
    svms_audit_record *record = NULL;
    if (!parts->auditor) {
        return;
    }
    svms_status put =
        recorder_record(&record, parts, kind, SVMS_AUDIT_ERROR, camera_of(self), why->message);
    if (put == SVMS_OK) {
        put = svms_audit_record_text(record, "path", path, NULL);
    }
    if (put == SVMS_OK && has_free) {
        put = svms_audit_record_number(record, "free_bytes", free_bytes, NULL);
    }
    auditor_tell_later(parts->auditor, &record, put);
}

void store_tell_over(camera_store *self, uint64_t left_out)
{
    char words[96];
    char data[48];
    svms_head head = SVMS_HEAD_INIT;
    (void)snprintf(words, sizeof words, "it can be stored again; %llu samples were left out",
                   (unsigned long long)left_out);
    (void)snprintf(data, sizeof data, "{\"left_out\":%llu}", (unsigned long long)left_out);
    recorder_event(self->options.parts, SERVICE_NOTICE, camera_of(self), "storage.works", data,
                   words);
    if (svms_recording_get_head(self->recording, &head) == SVMS_OK) {
        store_audit(self, "recording.gap", &head, words, NULL);
    }
}

void store_tell_doubt(void *user, const char *name, const svms_error *why)
{
    camera_store *self = user;
    char *data = failure_data(name, false, 0, why->message);
    char words[352];
    (void)snprintf(words, sizeof words, "%s cannot be read, and is passed over: %s", name,
                   why->message);
    recorder_event(self->options.parts, SERVICE_WARNING, camera_of(self), "recording.unreadable",
                   data, words);
    free(data);
}

static void tell_lost(camera_store *self, svms_link_state link)
{
    const char *words = link == SVMS_LINK_MISSING
                            ? "what was remembered of the recording is missing"
                            : "what is there is not what was remembered of the recording";
    recorder_event(self->options.parts, SERVICE_ERROR, camera_of(self), "recording.gap",
                   link == SVMS_LINK_MISSING ? "{\"link\":\"missing\"}" : "{\"link\":\"mismatch\"}",
                   words);
    store_audit(self, "recording.gap", &self->remembered, words, NULL);
}

void store_tell_found(camera_store *self)
{
    const recorder_parts *parts = self->options.parts;
    const store_end *end = &self->end;
    if (end->is_mixed) {
        recorder_event(parts, SERVICE_WARNING, camera_of(self), "recording.mixed", NULL,
                       "there are containers of another recording in its folder");
    }
    if (end->is_found && end->was_interrupted) {
        recorder_event(parts, SERVICE_WARNING, camera_of(self), "recording.recovered", NULL,
                       "it was interrupted; its complete segments hold");
        store_audit(self, "recording.recovered", &end->newest,
                    "it was interrupted; its complete segments hold", NULL);
    }
}

void store_tell_link(camera_store *self, svms_link_state link)
{
    if (link == SVMS_LINK_MISSING || link == SVMS_LINK_MISMATCH) {
        tell_lost(self, link);
    } else if (link == SVMS_LINK_UNCHECKED) {
        recorder_event(self->options.parts, SERVICE_WARNING, camera_of(self), "recording.unchecked",
                       NULL, "what is there could not be compared with a head off the storage");
    }
}

void store_tell_gap(camera_store *self, int64_t from_utc_ns, int64_t to_utc_ns,
                    svms_gap_reason reason)
{
    const recorder_parts *parts = self->options.parts;
    svms_error err = SVMS_ERROR_INIT;
    indexed_gap gap = { camera_of(self), from_utc_ns, to_utc_ns, svms_gap_reason_name(reason) };
    if (recorder_index_put_gap(parts->index, &gap, &err) != SVMS_OK) {
        service_log_error(parts->service, SERVICE_WARNING, &err,
                          "%s: the index does not take a gap", camera_of(self));
    }
}
