/* SPDX-License-Identifier: Apache-2.0 */
/* svms audit append, once the log is open. Every function complains itself. */
#ifndef SVMS_CLI_AUDIT_APPEND_H
#define SVMS_CLI_AUDIT_APPEND_H

#include <stdbool.h>

#include "audit_place.h"
#include "audit_record.h"

/* Most records that are appended at once, and after how many bytes it is enough. */
#define AUDIT_BATCH 1000
#define AUDIT_BATCH_BYTES (UINT32_C(1) << 19)

typedef struct audit_batch {
    svms_ctx *ctx;
    audit_place *place;
    audit_teller teller;
    bool json;
    svms_audit_record *records[AUDIT_BATCH];
    svms_iovec bytes[AUDIT_BATCH];
    size_t count;
    size_t size;
} audit_batch;

/* Takes a record that is complete. */
void audit_batch_add(audit_batch *batch, svms_audit_record *record, svms_iovec bytes);
/* Appends what was taken, and says its numbers, one record a line. */
exit_status audit_batch_append(audit_batch *batch);
void audit_batch_clear(audit_batch *batch);

/* The JSON objects of standard input, one a line, until it ends or a signal comes. */
exit_status audit_append_lines(audit_batch *batch);

#endif
