/* SPDX-License-Identifier: Apache-2.0 */
/* The details of audit records. Every function complains itself. */
#ifndef SVMS_CLI_AUDIT_DETAILS_H
#define SVMS_CLI_AUDIT_DETAILS_H

#include <stdbool.h>

#include <jansson.h>
#include <svms/svms.h>

#include "audit_record.h"

/* Adds what the object details has, each member as the event has it. is_secret: no value of a
 * setting is to be told. */
exit_status audit_details_put(svms_audit_record *record, const char *event, json_t *details,
                              bool is_secret, const audit_teller *teller);

/* Adds "name=value" of a command line to the object details: a list by its single entries, a
 * stretch of time as FROM/TO. */
exit_status audit_details_type(json_t *details, const char *event, const char *text,
                               const audit_teller *teller);

#endif
