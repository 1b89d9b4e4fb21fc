/* SPDX-License-Identifier: Apache-2.0 */
/* A log whose records are of known days, so that what a pruning may take and must leave is known.
 */
#ifndef SVMS_TEST_KEEP_CASE_H
#define SVMS_TEST_KEEP_CASE_H

#include <stdatomic.h>

#include <svms/audit_keep.h>

#include "kept.h"
#include "memory_folder.h"

#define DAY INT64_C(86400000000000)
/* 2026-01-01T00:00:00Z */
#define DAY_ZERO INT64_C(1767225600000000000)

/* Places in the first bundle, which is of day 0; the second is of day 10, the third of day 100, the
 * fourth of day 101. */
#define EVIDENCE_AT 10u
#define UNKNOWN_AT 20u
#define NO_JSON_AT 30u
#define HELD_AT 40u

typedef struct keep_case {
    svms_ctx *ctx;
    memory_folder folder;
    svms_folder view;
    int64_t now_utc_ns;
    atomic_ulong allocations;
    size_t failing; /* 0: none of them */
    bool fails_on;  /* and all behind it */
    atomic_long live;
} keep_case;

/* NUL behind it. */
typedef struct keep_case_record {
    char text[2048];
    size_t size;
} keep_case_record;

keep_case *keep_case_new(void);
void keep_case_free(keep_case *f);

svms_audit_log *keep_case_open(keep_case *f);
void keep_case_close(svms_audit_log **log);
/* A record of an event of a day. */
void keep_case_add(svms_audit_log *log, const char *event, unsigned day);
/* Up to a size of the log. */
void keep_case_fill(svms_audit_log *log, uint64_t size, unsigned day);
/* Four bundles, and a journal that begins behind the third; the clock stands at day 120. */
void keep_case_build(keep_case *f);
/* As much as was there when the copy was made. */
void keep_case_restore(keep_case *f, const memory_folder *kept);

svms_audit_prune_options keep_case_options(unsigned before_day);
svms_audit_pruned keep_case_prune(svms_audit_log *log, const svms_audit_prune_options *options);

/* The record of a number as a reader finds it; false: it was pruned. What is there must have its
 * hash; what is not must have been announced. */
bool keep_case_read(keep_case *f, uint64_t index, keep_case_record *out);
uint64_t keep_case_size(keep_case *f);
/* The tiles are those of the checkpoint, and each record is as keep_case_read() wants it; how many
 * are there. */
uint64_t keep_case_survey(keep_case *f);
/* Records that are there and contain a text. */
uint64_t keep_case_count(keep_case *f, const char *text);

#endif
