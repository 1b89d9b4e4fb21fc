/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs of audit records behind a container (svms timestamp --audit-proof): whom to believe that
 * they attest a time. */
#ifndef SVMS_CLI_ATTEST_OPTIONS_H
#define SVMS_CLI_ATTEST_OPTIONS_H

#include "audit_trust_options.h"

typedef struct attest_means {
    audit_trust trust;
    svms_audit_attester by;
    svms_attester attester;
    bool is_given;
} attest_means;

/* Nothing is loaded where no log key was named; then nothing else may be named, and a log key needs
 * witnesses. Complains itself. out must stay where it is. */
exit_status attest_load(attest_means *out, svms_ctx *ctx, const audit_trust_options *options,
                        const char *command);
/* NULL where nobody was named. */
const svms_attester *attest_attester(const attest_means *means);

#endif
