/* SPDX-License-Identifier: Apache-2.0 */
/* Opening an authority (I-CA-1). */
#include "authority.h"

#include <openssl/x509v3.h>

#include "failure.h"
#include "key_internal.h"

static svms_status refuse(const svms_ca *ca, X509 *certificate, const char *why, svms_error *err)
{
    char subject[SVMS_NAME_WORDS_SIZE];
    svms_status status = svms_name_words(subject, ca->ctx, X509_get_subject_name(certificate), err);
    return status == SVMS_OK ? svms_fail(err, SVMS_E_USAGE, "%s %s", subject, why) : status;
}

static svms_status check_certificate(const svms_ca *ca, X509 *certificate, svms_error *err)
{
    uint32_t usage = X509_get_key_usage(certificate);
    if ((X509_get_extension_flags(certificate) & EXFLAG_INVALID) != 0) {
        return refuse(ca, certificate, "has an extension that cannot be read", err);
    }
    if (X509_check_ca(certificate) != 1 || (usage & X509v3_KU_KEY_CERT_SIGN) == 0) {
        return refuse(ca, certificate, "is no CA", err);
    }
    return SVMS_OK;
}

static svms_status check_link(const svms_ca *ca, X509 *lower, X509 *upper, svms_error *err)
{
    bool issued = false;
    svms_status status = svms_is_issued_by(&issued, ca->ctx, lower, upper, err);
    if (status != SVMS_OK || issued) {
        return status;
    }
    return refuse(ca, lower, "was not issued by the next certificate of the chain", err);
}

static svms_status check_chain(const svms_ca *ca, svms_error *err)
{
    const svms_certificates *all = ca->chain->certificates;
    svms_status status = SVMS_OK;
    for (int i = 0; status == SVMS_OK && i < sk_X509_num(all); i++) {
        status = check_certificate(ca, sk_X509_value(all, i), err);
        if (status == SVMS_OK && i > 0) {
            status = check_link(ca, sk_X509_value(all, i - 1), sk_X509_value(all, i), err);
        }
    }
    return status;
}

static svms_status check_key(const svms_ca *ca, svms_error *err)
{
    bool same = false;
    svms_status status =
        svms_is_key_of(&same, ca->ctx, ca->certificate, svms_private_key_public_evp(ca->key), err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!same) {
        return svms_fail(err, SVMS_E_WRONG_KEY,
                         "the key does not belong to the certificate of the authority");
    }
    svms_signing signing;
    status = svms_signing_open(&signing, ca->ctx, ca->key, err);
    svms_signing_close(&signing);
    return status;
}

static svms_status check(svms_ca *ca, svms_error *err)
{
    svms_status status = check_chain(ca, err);
    if (status == SVMS_OK) {
        status = check_key(ca, err);
    }
    if (status == SVMS_OK) {
        status =
            svms_chain_leaf_validity(ca->chain, &ca->not_before_utc_ns, &ca->not_after_utc_ns, err);
    }
    /* The last second counts as a whole; what is issued has whole seconds. */
    ca->not_after_utc_ns -= ca->not_after_utc_ns % SVMS_NS_PER_SECOND;
    return status;
}

svms_status svms_ca_open(svms_ca **out, svms_ctx *ctx, const svms_chain *chain,
                         const svms_private_key *key, svms_error *err)
{
    if (!out || !ctx || !chain || !key) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_ca *ca = svms_alloc(ctx, sizeof *ca);
    if (!ca) {
        return svms_fail_memory(err);
    }
    ca->ctx = ctx;
    ca->chain = chain;
    ca->key = key;
    ca->certificate = sk_X509_value(chain->certificates, 0);
    svms_status status = check(ca, err);
    if (status != SVMS_OK) {
        svms_ca_free(&ca);
        return status;
    }
    *out = ca;
    return SVMS_OK;
}

void svms_ca_free(svms_ca **ca)
{
    if (!ca || !*ca) {
        return;
    }
    svms_release((*ca)->ctx, *ca);
    *ca = NULL;
}
