/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "failure.h"
#include "json_read.h"
#include "keep.h"
#include "options.h"

#define RECORD_DEPTH 32u

svms_status svms_keep_judge(svms_ctx *ctx, const void *record, size_t size, svms_keep_facts *out,
                            svms_error *err)
{
    static const svms_json_limits limits = { SVMS_AUDIT_RECORD_MAX, RECORD_DEPTH };
    svms_json_document document;
    *out = (svms_keep_facts){ .has_time = false };
    svms_status status =
        svms_json_load_plain(&document, ctx, "record", &limits, record, size, NULL);
    if (status == SVMS_E_NO_MEMORY) {
        return svms_fail_memory(err);
    }
    if (status != SVMS_OK) {
        return SVMS_OK;
    }
    svms_json_node root = svms_json_root(&document);
    out->at_utc_ns = svms_json_time(&root, "time");
    out->has_time = !svms_json_failed(&root);
    const char *event = svms_json_text(&root, "event");
    if (out->has_time && event) {
        const svms_audit_event_kind *kind = svms_audit_event_kind_of(event);
        out->is_evidence = kind && kind->is_evidence != 0;
        out->is_announcement = strcmp(event, "log.pruned") == 0;
    }
    svms_json_unload(&document);
    return SVMS_OK;
}

bool svms_keep_stays(const svms_keep *keep, uint64_t index, const svms_keep_facts *facts,
                     bool is_held)
{
    if (is_held || facts->is_announcement) {
        return true;
    }
    if (facts->is_evidence) {
        return keep->options.evidence_before_utc_ns == SVMS_NO_TIME ||
               facts->at_utc_ns >= keep->options.evidence_before_utc_ns;
    }
    return index >= keep->options.attested_size && facts->has_time &&
           facts->at_utc_ns >= keep->options.before_utc_ns;
}

svms_status svms_keep_begin_record(svms_audit_log *log, const char *name,
                                   const svms_audit_event *by, svms_audit_record **out,
                                   svms_error *err)
{
    svms_audit_event event = SVMS_AUDIT_EVENT_INIT;
    event.component = "audit";
    event.actor_kind = SVMS_AUDIT_ACTOR_SYSTEM;
    svms_status status = svms_options_read(&event, sizeof event, by, "who does it", err);
    if (status != SVMS_OK) {
        return status;
    }
    event.event = name;
    event.outcome = SVMS_AUDIT_SUCCESS;
    event.at_utc_ns = SVMS_NO_TIME;
    event.server = event.server ? event.server : log->server;
    event.device = NULL;
    event.devices = NULL;
    event.device_count = 0;
    event.object = log->epochs.origin;
    event.from_utc_ns = SVMS_NO_TIME;
    event.to_utc_ns = SVMS_NO_TIME;
    event.code = NULL;
    return svms_audit_record_new(out, log->ctx, &event, err);
}

svms_status svms_keep_append(svms_audit_log *log, svms_audit_record *record, svms_error *err)
{
    svms_log_lead(log);
    svms_status status = svms_log_append_own(log, &record, 1, err);
    svms_log_follow(log);
    return status;
}
