/* SPDX-License-Identifier: Apache-2.0 */
#include "attest_options.h"

#include "message.h"
#include "options.h"

exit_status attest_load(attest_means *out, svms_ctx *ctx, const audit_trust_options *options,
                        const char *command)
{
    if (!options->key) {
        bool is_lost =
            options->witnesses.count > 0 || options->outside.count > 0 || options->quorum > 0;
        return is_lost ? usage_error(command, "witnesses attest for a log: give --log-key, too")
                       : EXIT_GOOD;
    }
    if (options->quorum == 0) {
        return usage_error(command, "--log-key needs --quorum: only witnesses attest a time");
    }
    exit_status status = audit_trust_load(&out->trust, options, command);
    if (status != EXIT_GOOD) {
        return status;
    }
    out->by = (svms_audit_attester)SVMS_AUDIT_ATTESTER_INIT;
    out->by.ctx = ctx;
    out->by.trust = &out->trust.trust;
    out->attester = (svms_attester)SVMS_ATTESTER_INIT;
    out->attester.user = &out->by;
    out->attester.attest = svms_audit_attest;
    out->is_given = true;
    return EXIT_GOOD;
}

const svms_attester *attest_attester(const attest_means *means)
{
    return means->is_given ? &means->attester : NULL;
}
