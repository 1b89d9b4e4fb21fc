/* SPDX-License-Identifier: Apache-2.0 */
/* The demonstration CA: as an authority, but without requests, and looser about periods. */
#include <svms/identity.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "authority.h"
#include "failure.h"
#include "key_internal.h"
#include "options.h"
#include "subject_name.h"

static svms_status check_issuer(const svms_ca *issuer, bool issues_ca, svms_error *err)
{
    if (X509_check_ca(issuer->certificate) != 1 ||
        (X509_get_key_usage(issuer->certificate) & X509v3_KU_KEY_CERT_SIGN) == 0) {
        return svms_fail(err, SVMS_E_USAGE, "the issuer is no CA");
    }
    if (issues_ca && X509_get_pathlen(issuer->certificate) == 0) {
        return svms_fail(err, SVMS_E_USAGE, "the issuer may not issue CA certificates");
    }
    if (EVP_PKEY_eq(X509_get0_pubkey(issuer->certificate),
                    svms_private_key_public_evp(issuer->key)) != 1) {
        return svms_fail(err, SVMS_E_CRYPTO,
                         "the issuer's certificate and key do not belong together");
    }
    return SVMS_OK;
}

static svms_status check_plan(const svms_certificate_plan *plan, svms_error *err)
{
    if (plan->role != SVMS_ROLE_NONE && !svms_role_signs_evidence(plan->role)) {
        return svms_fail(err, SVMS_E_USAGE, "%d is no role that signs evidence", (int)plan->role);
    }
    svms_status status = svms_check_common_name(plan->common_name, err);
    if (status == SVMS_OK) {
        status = svms_check_dates(plan, err);
    }
    if (status == SVMS_OK && !plan->issuer && plan->role != SVMS_ROLE_NONE) {
        return svms_fail(err, SVMS_E_USAGE, "only a CA certificate can be self-signed");
    }
    if (status == SVMS_OK && EVP_PKEY_can_sign(plan->subject_key) != 1) {
        return svms_fail(err, SVMS_E_USAGE, "a certificate needs a key that can sign");
    }
    return status == SVMS_OK && plan->issuer
               ? check_issuer(plan->issuer, plan->role == SVMS_ROLE_NONE, err)
               : status;
}

svms_status svms_certificate_issue(svms_ctx *ctx, const svms_certificate_options *options,
                                   const svms_private_key *subject_key, const svms_chain *issuer,
                                   const svms_private_key *issuer_key, char *out, size_t *size,
                                   svms_error *err)
{
    if (!ctx || !options || !subject_key || !size || (!out && *size > 0)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a certificate needs a context, options, a key and a buffer");
    }
    if (!issuer != !issuer_key) {
        return svms_fail(err, SVMS_E_USAGE, "an issuer's certificate and key go together");
    }
    svms_certificate_options known = SVMS_CERTIFICATE_OPTIONS_INIT;
    svms_status status =
        svms_options_read(&known, sizeof known, options, "svms_certificate_options", err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_ca upper = { .ctx = ctx, .chain = issuer, .key = issuer_key };
    upper.certificate = issuer ? sk_X509_value(issuer->certificates, 0) : NULL;
    /* A self-signed CA may have CAs below it, and those none. */
    svms_certificate_plan plan = { .ctx = ctx,
                                   .issuer = issuer ? &upper : NULL,
                                   .subject_key = svms_private_key_public_evp(subject_key),
                                   .common_name = known.common_name,
                                   .not_before_utc_ns = known.not_before_utc_ns,
                                   .not_after_utc_ns = known.not_after_utc_ns,
                                   .role = known.role,
                                   .role_alone = true,
                                   .path_length = issuer ? 0 : 1 };
    ERR_clear_error();
    status = check_plan(&plan, err);
    if (status == SVMS_OK) {
        status = svms_make_certificate(&plan, issuer ? issuer_key : subject_key, out, size, err);
    }
    ERR_clear_error();
    return status;
}
