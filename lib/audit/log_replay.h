/* SPDX-License-Identifier: Apache-2.0 */
/* Segments of the journal: replayed when a log is opened, begun and dropped as it grows. */
#ifndef SVMS_LOG_REPLAY_H
#define SVMS_LOG_REPLAY_H

#include "log_internal.h"

/* Leaves the last segment open, the tree at its end, and all its records in the backlog. What lies
 * behind that was put aside (log_aside.h). */
SVMS_MUST_CHECK svms_status svms_log_replay(svms_audit_log *log, svms_error *err);
/* The leader's. */
SVMS_MUST_CHECK svms_status svms_log_begin_segment(svms_audit_log *log, svms_error *err);
/* The leader's. What a failure left of a segment that was to begin. */
SVMS_MUST_CHECK svms_status svms_log_drop_stray(svms_audit_log *log, svms_error *err);
/* Records from that number on are not in full bundles, or in the segment that is written. */
SVMS_MUST_CHECK svms_status svms_log_drop_limit(svms_audit_log *log, uint64_t *out,
                                                svms_error *err);
/* Segments of which everything is in full bundles. */
SVMS_MUST_CHECK svms_status svms_log_drop_segments(svms_audit_log *log, svms_error *err);

#endif
