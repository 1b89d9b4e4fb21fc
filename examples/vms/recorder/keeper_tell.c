/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "keeper_internal.h"

/* NULL is good data, too. */
static char *data_of(const keeper_news *news)
{
    json_t *object = json_object();
    if (object && news->path) {
        (void)json_object_set_new(object, "path", json_string(news->path));
    }
    if (object && news->free_bytes) {
        (void)json_object_set_new(object, "free_bytes",
                                  json_integer((json_int_t)*news->free_bytes));
    }
    if (object) {
        (void)json_object_set_new(object, "why", json_string(news->words));
    }
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
    json_decref(object);
    return text;
}

static void audit(const keeper *self, const keeper_news *news)
{
    const recorder_parts *parts = self->options.parts;
    svms_audit_record *record = NULL;
    bool good = news->level > SERVICE_WARNING;
    if (!parts->auditor) {
        return;
    }
    svms_status put =
        recorder_record(&record, parts, news->kind, good ? SVMS_AUDIT_SUCCESS : SVMS_AUDIT_ERROR,
                        news->camera, news->words);
    if (put == SVMS_OK && news->path) {
        put = svms_audit_record_text(record, "path", news->path, NULL);
    }
    if (put == SVMS_OK && news->free_bytes) {
        put = svms_audit_record_number(record, "free_bytes", *news->free_bytes, NULL);
    }
    auditor_tell_later(parts->auditor, &record, put);
}

void keeper_tell(const keeper *self, const keeper_news *news)
{
    char *data = data_of(news);
    recorder_event(self->options.parts, news->level, news->camera, news->kind, data, news->words);
    free(data);
    if (news->is_audited) {
        audit(self, news);
    }
}
