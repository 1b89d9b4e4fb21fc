/* SPDX-License-Identifier: Apache-2.0 */
/* Audit records from JSON objects. What is refused is named by its member; its value, which may be
 * a secret, is never told. Every function complains itself. */
#ifndef SVMS_CLI_AUDIT_RECORD_H
#define SVMS_CLI_AUDIT_RECORD_H

#include <jansson.h>
#include <svms/svms.h>

#include "exit_status.h"

/* Who tells records that do not say it themselves, and what a wrong one comes to. */
typedef struct audit_teller {
    const char *server;
    const char *component;
    const char *process;
    const char *what;  /* is wrong: "line 3" */
    exit_status wrong; /* status for what is wrong */
} audit_teller;

/* From {event, outcome, time, source, actor, device, devices, object, from, to, reason, code,
 * details, secret}, named and made as in docs/spec/audit.md; secret says that no value of the
 * setting is to be told. bytes live as long as the record. */
exit_status audit_record_build(svms_audit_record **out, svms_iovec *bytes, svms_ctx *ctx,
                               json_t *object, const audit_teller *teller);

/* "is wrong: why". */
exit_status audit_record_wrong(const audit_teller *teller, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same with why a call of the library failed. */
exit_status audit_record_failed(const audit_teller *teller, const svms_error *err);

#endif
