/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody looks for (A-RD-2), made ready to be compared with many records. */
#ifndef SVMS_QUERY_H
#define SVMS_QUERY_H

#include <svms/audit_read.h>

#include "builder.h"
#include "bundle_index.h"
#include "pattern.h"

typedef struct svms_query {
    svms_ctx *ctx;
    svms_audit_query asked; /* its lists are the caller's */
    svms_pattern *events;
    uint64_t event_bits; /* svms_bundle_index_event_bit() of what the patterns may cover */
    svms_builder text;   /* A to Z as a to z; empty: none is asked for */
    bool has_conditions; /* on what a record says */
} svms_query;

/* given NULL: everything. SVMS_E_USAGE: it makes no sense. After any outcome svms_query_clear() may
 * be called. */
SVMS_MUST_CHECK svms_status svms_query_read(svms_query *out, svms_ctx *ctx,
                                            const svms_audit_query *given, svms_error *err);
void svms_query_clear(svms_query *query);

/* No record of such a bundle can be one. */
bool svms_query_rules_out(const svms_query *query, const svms_bundle_index_entry *entry);
/* What is no record that is known here is found by its number only. */
SVMS_MUST_CHECK svms_status svms_query_match(const svms_query *query, const void *record,
                                             size_t size, bool *out, svms_error *err);

#endif
