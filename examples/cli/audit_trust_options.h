/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a command believes about a log: keys from the command line, each as text or as a file that
 * has it as its first line. Every function complains itself. */
#ifndef SVMS_CLI_AUDIT_TRUST_OPTIONS_H
#define SVMS_CLI_AUDIT_TRUST_OPTIONS_H

#include <svms/svms.h>

#include "exit_status.h"
#include "options.h"

typedef struct audit_trust_options {
    const char *key;
    text_list witnesses; /* in the hands of who administers the log */
    text_list outside;   /* not in them */
    uint32_t quorum;
} audit_trust_options;

typedef struct audit_trust {
    svms_audit_trust trust;
    svms_audit_witness witnesses[SVMS_AUDIT_WITNESSES_MAX];
    char log_key[SVMS_AUDIT_KEY_SIZE];
    char witness_keys[SVMS_AUDIT_WITNESSES_MAX][SVMS_AUDIT_KEY_SIZE];
} audit_trust;

/* One key. */
exit_status audit_key_load(char out[SVMS_AUDIT_KEY_SIZE], const char *text, const char *command,
                           const char *option);

exit_status audit_trust_load(audit_trust *out, const audit_trust_options *options,
                             const char *command);

#endif
