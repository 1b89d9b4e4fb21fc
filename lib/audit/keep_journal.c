/* SPDX-License-Identifier: Apache-2.0 */
/* The journal gives free what is to be pruned (A-RET-5). */
#include "failure.h"
#include "journal_files.h"
#include "keep.h"
#include "log_replay.h"

static svms_status list(const svms_audit_log *log, svms_journal_segments **out, svms_error *err)
{
    *out = svms_alloc(log->ctx, sizeof **out);
    return *out ? svms_journal_list(log->folder, *out, err) : svms_fail_memory(err);
}

svms_status svms_keep_journal_begins(const svms_keep *keep, uint64_t *out, svms_error *err)
{
    svms_journal_segments *found;
    uint64_t limit = 0;
    svms_status status = list(keep->log, &found, err);
    if (status == SVMS_OK && found->count == 0) {
        status = svms_fail(err, SVMS_E_NOT_AUTHENTIC, "the journal of the log is missing");
    }
    if (status == SVMS_OK) {
        *out = found->first[0];
    }
    if (status == SVMS_OK && keep->options.is_trial) {
        /* As if it had given free what it can. */
        status = svms_log_drop_limit(keep->log, &limit, err);
        for (size_t i = 1; status == SVMS_OK && i < found->count && found->first[i] <= limit; i++) {
            *out = found->first[i];
        }
    }
    svms_release(keep->log->ctx, found);
    return status;
}

/* The leader's. */
static svms_status begin_segment(svms_audit_log *log, uint64_t wanted, svms_error *err)
{
    svms_status status = svms_log_repair(log, err);
    return status == SVMS_OK && log->segment < wanted ? svms_log_begin_segment(log, err) : status;
}

svms_status svms_keep_free_journal(svms_keep *keep, uint64_t wanted, svms_error *err)
{
    svms_audit_log *log = keep->log;
    svms_log_lead(log);
    svms_status status = begin_segment(log, wanted, err);
    svms_log_follow(log);
    return status == SVMS_OK ? svms_log_drop_segments(log, err) : status;
}
