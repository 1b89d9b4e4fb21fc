/* SPDX-License-Identifier: Apache-2.0 */
/* Verification of a package, with a progress bar. Every function complains itself. */
#ifndef SVMS_CLI_PACKAGE_CHECK_H
#define SVMS_CLI_PACKAGE_CHECK_H

#include "package_report.h"

typedef struct package_question {
    const char *trust_path;
    const char *crl_path;
    const char *anchors_path; /* of time stamp authorities */
    bool claimed_time;
    const uint8_t *expected_head; /* NULL: none */
    bool open_samples;
    bool wrong_key; /* what was given does not open it, which was said */
    const svms_attester
        *attester; /* who judges proofs of audit records behind recordings, or NULL */
} package_question;

/* Verifies; EXIT_GOOD means that there is a report, whatever its verdict. SIGINT ends it. */
exit_status package_check(package_findings *out, svms_ctx *ctx, const package_file *file,
                          const package_question *question);
/* The same with trust that is loaded already; either may be NULL. */
exit_status package_check_with(package_findings *out, const package_file *file,
                               const package_question *question, const svms_trust *trust,
                               const svms_trust *stamp_trust);
void package_findings_free(package_findings *found);

/* What the verdict comes to. */
exit_status package_findings_status(const package_findings *found);

#endif
