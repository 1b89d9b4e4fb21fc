/* SPDX-License-Identifier: Apache-2.0 */
/* What a log says about itself. */
#include <stdio.h>

#include "failure.h"
#include "log_internal.h"

static svms_status begin(svms_audit_log *log, const char *name, svms_audit_outcome outcome,
                         const char *reason, svms_audit_record **out, svms_error *err)
{
    svms_audit_event event = SVMS_AUDIT_EVENT_INIT;
    event.event = name;
    event.outcome = outcome;
    event.server = log->server;
    event.component = "audit";
    event.actor_kind = SVMS_AUDIT_ACTOR_SYSTEM;
    event.object = log->epochs.origin;
    event.reason = reason;
    return svms_audit_record_new(out, log->ctx, &event, err);
}

static svms_status finish(svms_status status, svms_audit_record **out)
{
    if (status != SVMS_OK) {
        svms_audit_record_free(out);
    }
    return status;
}

svms_status svms_log_record_open(svms_audit_log *log, svms_audit_record **out, svms_error *err)
{
    svms_status status = begin(log, "log.open", SVMS_AUDIT_SUCCESS, NULL, out, err);
    if (status == SVMS_OK) {
        status = svms_audit_record_number(*out, "size", log->tree.size, err);
    }
    return finish(status, out);
}

svms_status svms_log_record_epoch(svms_audit_log *log, svms_audit_record **out, svms_error *err)
{
    size_t last = log->epochs.count - 1;
    char id[16];
    snprintf(id, sizeof id, "%08x", (unsigned)log->epochs.epoch[last].key.id);
    svms_status status = begin(log, "log.epoch", SVMS_AUDIT_SUCCESS, NULL, out, err);
    if (status == SVMS_OK) {
        status = svms_audit_record_number(*out, "epoch", last, err);
    }
    if (status == SVMS_OK) {
        status = svms_audit_record_text(*out, "key", id, err);
    }
    return finish(status, out);
}

svms_status svms_log_record_gap(svms_audit_log *log, const char *why, uint64_t records,
                                int64_t since_utc_ns, svms_audit_record **out, svms_error *err)
{
    svms_status status =
        begin(log, "log.gap", SVMS_AUDIT_ERROR, "records could not be written", out, err);
    if (status == SVMS_OK) {
        status = svms_audit_record_number(*out, "records", records, err);
    }
    if (status == SVMS_OK) {
        status = svms_audit_record_time(*out, "since", since_utc_ns, err);
    }
    if (status == SVMS_OK) {
        status = svms_audit_record_text(*out, "why", why, err);
    }
    return finish(status, out);
}

svms_status svms_log_record_jump(svms_audit_log *log, int64_t now_utc_ns, svms_audit_record **out,
                                 svms_error *err)
{
    uint64_t back_ns = (uint64_t)log->last_utc_ns - (uint64_t)now_utc_ns;
    const uint64_t most = (UINT64_C(1) << 53) - 1;
    svms_status status = begin(log, "time.jump", SVMS_AUDIT_UNKNOWN, NULL, out, err);
    if (status == SVMS_OK) {
        status = svms_audit_record_number(*out, "back_ns", back_ns < most ? back_ns : most, err);
    }
    return finish(status, out);
}

svms_status svms_log_record_quarantine(svms_audit_log *log, uint64_t bytes, const uint8_t *sha256,
                                       svms_audit_record **out, svms_error *err)
{
    svms_status status =
        begin(log, "log.quarantine", SVMS_AUDIT_ERROR,
              "the end of the journal was never acknowledged, and is put aside", out, err);
    if (status == SVMS_OK) {
        status = svms_audit_record_number(*out, "bytes", bytes, err);
    }
    if (status == SVMS_OK) {
        status = svms_audit_record_digest(*out, "sha256", sha256, SVMS_DIGEST_SIZE, err);
    }
    if (status == SVMS_OK) {
        status = svms_audit_record_number(*out, "records", 0, err);
    }
    return finish(status, out);
}
