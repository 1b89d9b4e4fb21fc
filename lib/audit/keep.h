/* SPDX-License-Identifier: Apache-2.0 */
/* Retention (audit.md, section 8). Whoever prunes or holds is the log's keeper, one thread at a
 * time, and takes that role before any other. */
#ifndef SVMS_KEEP_H
#define SVMS_KEEP_H

#include <svms/audit_keep.h>

#include "holds.h"
#include "kept.h"
#include "log_internal.h"

void svms_keep_take(svms_audit_log *log);
void svms_keep_give_up(svms_audit_log *log);

/* keep_record.c: what a record says that decides how long it stays. */
typedef struct svms_keep_facts {
    bool has_time;
    bool is_evidence;
    bool is_announcement; /* log.pruned: stays for ever */
    int64_t at_utc_ns;
} svms_keep_facts;
/* What is no record has no facts. */
SVMS_MUST_CHECK svms_status svms_keep_judge(svms_ctx *ctx, const void *record, size_t size,
                                            svms_keep_facts *out, svms_error *err);
/* An event of the log that somebody brings about; by NULL: the log itself. */
SVMS_MUST_CHECK svms_status svms_keep_begin_record(svms_audit_log *log, const char *name,
                                                   const svms_audit_event *by,
                                                   svms_audit_record **out, svms_error *err);
/* Appends the record, and frees it. */
SVMS_MUST_CHECK svms_status svms_keep_append(svms_audit_log *log, svms_audit_record *record,
                                             svms_error *err);

/* One pruning. */
typedef struct svms_keep {
    svms_audit_log *log;
    svms_audit_prune_options options;
    int64_t now_utc_ns;
    svms_hasher *hasher;
    svms_holds holds;
    svms_log_minimum minimum;
    svms_builder bytes; /* a bundle, or what stayed of one */
    svms_builder tile;  /* its hashes */
    svms_builder stays; /* what is to stay of it */
    svms_audit_pruned result;
} svms_keep;

/* keep_record.c: whether a record of a bundle that is old enough stays. */
bool svms_keep_stays(const svms_keep *keep, uint64_t index, const svms_keep_facts *facts,
                     bool is_held);
/* keep.c: what goes of the records from first to last, said before it does. */
SVMS_MUST_CHECK svms_status svms_keep_announce(const svms_keep *keep, uint64_t first, uint64_t last,
                                               uint64_t kept, svms_error *err);
/* The hashes of a full bundle, and a record that must be the one of its place. */
SVMS_MUST_CHECK svms_status svms_keep_load_tile(svms_keep *keep, uint64_t bundle, svms_error *err);
SVMS_MUST_CHECK svms_status svms_keep_compare(const svms_keep *keep, uint64_t bundle,
                                              uint32_t place, const void *record, size_t size,
                                              svms_error *err);

/* keep_journal.c: number of the first record that the journal has. */
SVMS_MUST_CHECK svms_status svms_keep_journal_begins(const svms_keep *keep, uint64_t *out,
                                                     svms_error *err);
/* What stands in front of the wanted record is to leave the journal, now or soon. */
SVMS_MUST_CHECK svms_status svms_keep_free_journal(svms_keep *keep, uint64_t wanted,
                                                   svms_error *err);

/* keep_bundles.c: first step. */
SVMS_MUST_CHECK svms_status svms_keep_prune_bundles(svms_keep *keep, svms_error *err);
/* Removes what a pruning left that was interrupted. */
SVMS_MUST_CHECK svms_status svms_keep_clear(svms_keep *keep, svms_error *err);
/* keep_thin.c: second step. */
SVMS_MUST_CHECK svms_status svms_keep_thin(svms_keep *keep, svms_error *err);

#endif
