/* SPDX-License-Identifier: Apache-2.0 */
/* What a witness answers over HTTP. Specification: audit.md, section 6. */
#ifndef SVMS_CLI_AUDIT_WITNESS_SERVICE_H
#define SVMS_CLI_AUDIT_WITNESS_SERVICE_H

#include "http_service.h"

typedef struct audit_witness_service {
    svms_witness *witness; /* borrowed */
    bool json;             /* how it is logged */
} audit_witness_service;

/* Logs what happens to a connection; user is the audit_witness_service. */
void audit_witness_log(void *user, const char *what, const char *address, const char *words);

/* Answers, and logs what it did; user is the audit_witness_service. */
void audit_witness_answer(void *user, const http_question *question, http_answer *out);

#endif
