/* SPDX-License-Identifier: Apache-2.0 */
/* Records for people and for programs: a table as wide as the terminal, lines of fields with tabs
 * between them where there is none, or JSON, one object a line. */
#ifndef SVMS_CLI_AUDIT_TABLE_H
#define SVMS_CLI_AUDIT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include <svms/svms.h>

#include "exit_status.h"

#define AUDIT_COLUMNS 7

typedef struct audit_table {
    svms_ctx *ctx;
    bool json;
    bool is_terminal;
    bool has_heading;
    size_t widths[AUDIT_COLUMNS]; /* 0: there is no room for it */
} audit_table;

void audit_table_begin(audit_table *table, svms_ctx *ctx, bool json);
/* Complains itself. */
exit_status audit_table_put(audit_table *table, const svms_audit_found *found);

#endif
