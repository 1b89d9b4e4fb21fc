/* SPDX-License-Identifier: Apache-2.0 */
/* Verifications and countersignatures in the audit log. Every function complains itself, and does
 * nothing where trail is NULL. */
#ifndef SVMS_CLI_AUDIT_VERDICT_H
#define SVMS_CLI_AUDIT_VERDICT_H

#include "audit_trail.h"

#define COUNTERSIGN_EVENT "evidence.countersign"

typedef struct audit_verdict {
    const char *event; /* "recording.verify" or "export.verify" */
    const char *object;
    svms_verdict verdict;
    uint64_t segments;
    int64_t first_failure_utc_ns; /* SVMS_NO_TIME: none, or not known when */
    const uint8_t *digest;        /* 32 bytes, or NULL */
    const char *reason;           /* NULL: the name of the verdict */
} audit_verdict;

/* Before the verdict is shown to anybody. */
exit_status audit_tell_verdict(audit_trail *trail, const audit_verdict *what);

/* What was asked for and not done; returns status, or why that could not be told. */
exit_status audit_tell_failure(audit_trail *trail, const char *event, const char *object,
                               exit_status status);

/* A signature on top of others; digest of its link. */
exit_status audit_tell_countersign(audit_trail *trail, const char *object, uint64_t link,
                                   const uint8_t digest[32]);

#endif
