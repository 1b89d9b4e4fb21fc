/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_trust.h"

#include "keys.h"

bool camera_trust_is_given(const camera_trust_options *options)
{
    return options->makers || options->users;
}

exit_status camera_trust_check(const camera_trust_options *options, const char *command)
{
    bool is_more = options->certificate || options->crl || options->is_signed;
    if (is_more && !camera_trust_is_given(options)) {
        return usage_error(command, "--camera-certificate, --camera-crl and --camera-signed belong "
                                    "to --camera-trust or --camera-user-trust");
    }
    return EXIT_GOOD;
}

exit_status camera_trust_load(camera_trust *out, svms_ctx *ctx, const camera_trust_options *options)
{
    exit_status status = EXIT_GOOD;
    out->is_signed = options->is_signed;
    if (options->makers) {
        status = load_trust_and_crls(&out->makers, ctx, options->makers, options->crl);
    }
    if (status == EXIT_GOOD && options->users) {
        status = load_trust_and_crls(&out->users, ctx, options->users, options->crl);
    }
    if (status == EXIT_GOOD && options->certificate) {
        status = load_chain(&out->chain, ctx, options->certificate);
    }
    return status;
}

void camera_trust_free(camera_trust *trust)
{
    svms_chain_free(&trust->chain);
    svms_trust_free(&trust->users);
    svms_trust_free(&trust->makers);
}
