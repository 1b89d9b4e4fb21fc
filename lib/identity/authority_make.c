/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of authorities (I-CA-2 to I-CA-4). */
#include <openssl/x509v3.h>

#include "authority.h"
#include "constraints.h"
#include "failure.h"
#include "key_internal.h"
#include "options.h"
#include "subject_name.h"

/* More CAs in a row than any path may have. */
#define PATH_LENGTH_MAX 8

static svms_status check_path_length(const svms_certificate_plan *plan, svms_error *err)
{
    if (plan->path_length < -1 || plan->path_length > PATH_LENGTH_MAX) {
        return svms_fail(err, SVMS_E_USAGE,
                         "the number of CAs below a CA is 0 to %d, or -1 for any", PATH_LENGTH_MAX);
    }
    const svms_certificates *above = plan->issuer ? plan->issuer->chain->certificates : NULL;
    for (int i = 0; i < sk_X509_num(above); i++) {
        long allowed = X509_get_pathlen(sk_X509_value(above, i));
        /* The new CA and the i CAs between stand below that one. */
        if (allowed >= 0 && allowed < i + 1) {
            return svms_fail(err, SVMS_E_USAGE, "the authority may have no CA below it");
        }
        if (allowed >= 0 && (plan->path_length < 0 || plan->path_length > allowed - i - 1)) {
            return svms_fail(err, SVMS_E_USAGE,
                             "this authority allows at most %ld CAs below the new one",
                             allowed - i - 1);
        }
    }
    return SVMS_OK;
}

static svms_status check_plan(const svms_certificate_plan *plan, svms_error *err)
{
    svms_status status = svms_check_common_name(plan->common_name, err);
    if (status == SVMS_OK) {
        status = svms_check_period(plan, err);
    }
    if (status == SVMS_OK) {
        status = check_path_length(plan, err);
    }
    if (status == SVMS_OK) {
        status = svms_check_key_is_free(plan, err);
    }
    return status == SVMS_OK ? svms_check_constraints(plan, err) : status;
}

svms_status svms_ca_create(svms_ctx *ctx, const svms_ca_options *options,
                           const svms_private_key *key, const svms_ca *issuer, char *out,
                           size_t *size, svms_error *err)
{
    if (!ctx || !options || !key || !size || (!out && *size > 0)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "an authority needs a context, options, a key and a buffer");
    }
    svms_ca_options known = SVMS_CA_OPTIONS_INIT;
    svms_status status = svms_options_read(&known, sizeof known, options, "svms_ca_options", err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_certificate_plan plan = {
        .ctx = ctx,
        .issuer = issuer,
        .subject_key = svms_private_key_public_evp(key),
        .common_name = known.common_name,
        .not_before_utc_ns = known.not_before_utc_ns,
        .not_after_utc_ns = known.not_after_utc_ns,
        .path_length = known.path_length,
        .permitted = known.permitted,
        .permitted_count = known.permitted_count,
        .excluded = known.excluded,
        .excluded_count = known.excluded_count,
    };
    status = check_plan(&plan, err);
    return status == SVMS_OK
               ? svms_make_certificate(&plan, issuer ? issuer->key : key, out, size, err)
               : status;
}
