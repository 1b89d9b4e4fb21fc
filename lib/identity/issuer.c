/* SPDX-License-Identifier: Apache-2.0 */
/* Who issued what, and whose key is whose. */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "authority.h"
#include "failure.h"
#include "known_answer.h"

/* Whether keys like this one still work. */
static bool is_still_taken(svms_ctx *ctx, EVP_PKEY *key)
{
    svms_key_kind kind = SVMS_KEY_P256;
    if (!key || svms_key_kind_of(ctx, key, &kind, NULL) != SVMS_OK) {
        kind = SVMS_KEY_P256;
    }
    return svms_known_key_is_taken(ctx, kind);
}

static bool verifies(X509 *lower, EVP_PKEY *key)
{
    return key && X509_verify(lower, key) == 1;
}

svms_status svms_is_issued_by(bool *out, svms_ctx *ctx, X509 *lower, X509 *upper, svms_error *err)
{
    EVP_PKEY *key = X509_get0_pubkey(upper);
    *out = false;
    ERR_clear_error();
    if (X509_check_issued(upper, lower) != X509_V_OK) {
        ERR_clear_error();
        return SVMS_OK;
    }
    bool issued = verifies(lower, key);
    if (!issued && (svms_crypto_starved() || verifies(lower, key) || !is_still_taken(ctx, key))) {
        return svms_fail_crypto(err, "cannot check who issued a certificate");
    }
    ERR_clear_error();
    *out = issued;
    return SVMS_OK;
}

svms_status svms_is_key_of(bool *out, svms_ctx *ctx, X509 *certificate, EVP_PKEY *key,
                           svms_error *err)
{
    const EVP_PKEY *its = X509_get0_pubkey(certificate);
    ERR_clear_error();
    bool same = its && EVP_PKEY_eq(its, key) == 1;
    if (!same && its &&
        (svms_crypto_starved() || EVP_PKEY_eq(its, key) == 1 || !is_still_taken(ctx, key))) {
        return svms_fail_crypto(err, "cannot compare keys");
    }
    ERR_clear_error();
    *out = same;
    return SVMS_OK;
}

svms_status svms_check_key_is_free(const svms_certificate_plan *plan, svms_error *err)
{
    const svms_certificates *above = plan->issuer ? plan->issuer->chain->certificates : NULL;
    for (int i = 0; i < sk_X509_num(above); i++) {
        bool same = false;
        svms_status status =
            svms_is_key_of(&same, plan->ctx, sk_X509_value(above, i), plan->subject_key, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (same) {
            return svms_fail(err, SVMS_E_USAGE,
                             "the key that is to be certified is that of an authority");
        }
    }
    return SVMS_OK;
}
