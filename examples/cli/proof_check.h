/* SPDX-License-Identifier: Apache-2.0 */
/* A clear file is compared with its proof. Every function complains itself. */
#ifndef SVMS_CLI_PROOF_CHECK_H
#define SVMS_CLI_PROOF_CHECK_H

#include <svms/svms.h>

#include "exit_status.h"

typedef struct proof_findings {
    svms_proof_info info;
    svms_proof_report report;
} proof_findings;

/* EXIT_GOOD means that there is a report, whatever its verdict. */
exit_status proof_check(proof_findings *out, svms_ctx *ctx, svms_evidence *evidence,
                        const char *path, const svms_export_verify_options *given);

#endif
