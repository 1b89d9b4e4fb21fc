/* SPDX-License-Identifier: Apache-2.0 */
/* What an OCSP response says about a certificate, and whether it may be believed (I-PTH-40 to
 * I-PTH-45). */
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <svms/time.h>

#include "failure.h"
#include "known_answer.h"
#include "ocsp.h"
#include "path.h"

/* Hashes that a CertID and a ResponderID may use: they name, they prove nothing. */
static const char *name_digest(const ASN1_OBJECT *algorithm)
{
    switch (OBJ_obj2nid(algorithm)) {
    case NID_sha1:
        return "SHA1";
    case NID_sha256:
        return "SHA256";
    default:
        return NULL;
    }
}

/* Whether a digest of the data is the expected one. A provider that fails must not look like
 * another certificate. */
static svms_status digest_is(bool *same, svms_ctx *ctx, const char *name, const svms_iovec *data,
                             const ASN1_OCTET_STRING *expected, svms_error *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    EVP_MD *algorithm = EVP_MD_fetch(svms_ossl_context(ctx), name, svms_ossl_properties(ctx));
    bool done =
        algorithm && EVP_Digest(data->data, data->size, digest, &length, algorithm, NULL) == 1;
    EVP_MD_free(algorithm);
    if (!done) {
        return svms_fail_crypto(err, "cannot tell whom an OCSP response is about");
    }
    *same = (size_t)ASN1_STRING_length(expected) == length &&
            memcmp(ASN1_STRING_get0_data(expected), digest, length) == 0;
    return SVMS_OK;
}

static svms_status name_is(bool *same, svms_ctx *ctx, const char *digest, X509 *certificate,
                           const ASN1_OCTET_STRING *expected, svms_error *err)
{
    const unsigned char *der = NULL;
    svms_iovec name = { NULL, 0 };
    if (X509_NAME_get0_der(X509_get_subject_name(certificate), &der, &name.size) != 1) {
        return svms_fail_crypto(err, "cannot write a name");
    }
    name.data = der;
    return digest_is(same, ctx, digest, &name, expected, err);
}

static svms_status key_is(bool *same, svms_ctx *ctx, const char *digest, const X509 *certificate,
                          const ASN1_OCTET_STRING *expected, svms_error *err)
{
    const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(certificate);
    svms_iovec key = { ASN1_STRING_get0_data(bits), (size_t)ASN1_STRING_length(bits) };
    return digest_is(same, ctx, digest, &key, expected, err);
}

/* Whether a single response is about the certificate of this issuer. */
static svms_status is_about(bool *about, svms_ctx *ctx, OCSP_SINGLERESP *single,
                            const svms_issued *one, svms_error *err)
{
    ASN1_OCTET_STRING *name = NULL;
    ASN1_OCTET_STRING *key = NULL;
    ASN1_OBJECT *algorithm = NULL;
    ASN1_INTEGER *serial = NULL;
    /* OpenSSL gives parts of a CertID away without const. */
    OCSP_CERTID *id = (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(single);
    *about = false;
    if (OCSP_id_get0_info(&name, &algorithm, &key, &serial, id) != 1) {
        return svms_fail_crypto(err, "cannot read an OCSP response");
    }
    const char *digest = name_digest(algorithm);
    if (!digest || ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(one->certificate)) != 0) {
        return SVMS_OK;
    }
    svms_status status = name_is(about, ctx, digest, one->issuer, name, err);
    return status == SVMS_OK && *about ? key_is(about, ctx, digest, one->issuer, key, err) : status;
}

static svms_status is_responder(bool *is, svms_ctx *ctx, const OCSP_BASICRESP *basic,
                                X509 *certificate, svms_error *err)
{
    const ASN1_OCTET_STRING *key = NULL;
    const X509_NAME *name = NULL;
    *is = false;
    if (OCSP_resp_get0_id(basic, &key, &name) != 1) {
        return SVMS_OK;
    }
    if (!name) {
        return key_is(is, ctx, "SHA1", certificate, key, err);
    }
    *is = X509_NAME_cmp(name, X509_get_subject_name(certificate)) == 0;
    return svms_crypto_starved() ? svms_fail_memory(err) : SVMS_OK;
}

static bool verifies(svms_ctx *ctx, OCSP_BASICRESP *basic, EVP_PKEY *key)
{
    return ASN1_item_verify_ex(ASN1_ITEM_rptr(OCSP_RESPDATA), OCSP_resp_get0_tbs_sigalg(basic),
                               OCSP_resp_get0_signature(basic), OCSP_resp_get0_respdata(basic),
                               NULL, key, svms_ossl_context(ctx), svms_ossl_properties(ctx)) == 1;
}

/* A "no" is believed as known_answer.h says. */
static svms_status check_signature(bool *right, svms_ctx *ctx, OCSP_BASICRESP *basic, X509 *signer,
                                   svms_error *err)
{
    EVP_PKEY *key = X509_get0_pubkey(signer);
    svms_key_kind kind = SVMS_KEY_P256;
    *right = key && verifies(ctx, basic, key);
    if (!key || *right) {
        return SVMS_OK;
    }
    if (svms_key_kind_of(ctx, key, &kind, NULL) != SVMS_OK) {
        kind = SVMS_KEY_P256;
    }
    if (svms_crypto_starved() || verifies(ctx, basic, key) || !svms_known_key_is_taken(ctx, kind)) {
        return svms_fail_crypto(err, "cannot check the signature of an OCSP response");
    }
    ERR_clear_error();
    return SVMS_OK;
}

static bool is_valid_at(const X509 *certificate, int64_t utc_ns)
{
    int64_t first = 0;
    int64_t last = 0;
    return svms_certificate_validity(certificate, &first, &last, NULL) == SVMS_OK &&
           first <= utc_ns && utc_ns <= last;
}

/* A certificate that lets its holder answer for the issuer: issued by it directly, for that. */
static svms_status check_delegate(bool *right, const svms_trust *trust, X509 *delegate,
                                  const svms_issued *one, int64_t produced_utc_ns, svms_error *err)
{
    svms_revocation_finding found = { SVMS_REVOCATION_NOT_CHECKED, SVMS_NO_TIME, NULL };
    svms_issued itself = { delegate, one->issuer, one->now_utc_ns };
    *right = (X509_get_extension_flags(delegate) & EXFLAG_XKUSAGE) != 0 &&
             (X509_get_extended_key_usage(delegate) & XKU_OCSP_SIGN) != 0 &&
             (X509_get_key_usage(delegate) & X509v3_KU_DIGITAL_SIGNATURE) != 0 &&
             is_valid_at(delegate, produced_utc_ns);
    if (!*right) {
        return SVMS_OK;
    }
    svms_status status = svms_path_is_direct(trust->ctx, delegate, one->issuer, err);
    if (status == SVMS_OK) {
        status = svms_revocation_by_lists(&found, trust, &itself, err);
    } else if (status == SVMS_E_UNTRUSTED) {
        *right = false;
        return SVMS_OK;
    }
    *right = status == SVMS_OK && found.state != SVMS_REVOCATION_REVOKED;
    return status;
}

/* Signed by a certificate that came with the response. */
static svms_status check_delegates(bool *right, const svms_trust *trust,
                                   const svms_ocsp_answer *answer, const svms_issued *one,
                                   svms_error *err)
{
    int64_t produced = svms_date_ns(OCSP_resp_get0_produced_at(answer->basic));
    svms_status status = SVMS_OK;
    for (int i = 0; status == SVMS_OK && !*right && i < sk_X509_num(answer->responders); i++) {
        X509 *delegate = sk_X509_value(answer->responders, i);
        status = is_responder(right, trust->ctx, answer->basic, delegate, err);
        if (status == SVMS_OK && *right) {
            status = check_signature(right, trust->ctx, answer->basic, delegate, err);
        }
        if (status == SVMS_OK && *right) {
            status = check_delegate(right, trust, delegate, one, produced, err);
        }
    }
    return status;
}

/* Signed by the issuer, or by somebody whom it lets answer. */
static svms_status check_signer(bool *right, const svms_trust *trust,
                                const svms_ocsp_answer *answer, const svms_issued *one,
                                svms_error *err)
{
    svms_status status = is_responder(right, trust->ctx, answer->basic, one->issuer, err);
    if (status == SVMS_OK && *right) {
        status = check_signature(right, trust->ctx, answer->basic, one->issuer, err);
    }
    return status == SVMS_OK && !*right ? check_delegates(right, trust, answer, one, err) : status;
}

static int64_t earlier_of_invalidity(OCSP_SINGLERESP *single, int64_t since)
{
    int critical = -1;
    ASN1_GENERALIZEDTIME *invalid =
        OCSP_SINGLERESP_get1_ext_d2i(single, NID_invalidity_date, &critical, NULL);
    int64_t invalid_since = invalid ? svms_date_ns(invalid) : -INT64_MAX;
    ASN1_GENERALIZEDTIME_free(invalid);
    /* -1: there is no such extension */
    return critical == -1 || since < invalid_since ? since : invalid_since;
}

static bool is_current(const ASN1_GENERALIZEDTIME *made, const ASN1_GENERALIZEDTIME *next,
                       int64_t now)
{
    int64_t from = svms_date_ns(made);
    int64_t to = svms_date_ns(next);
    return from > -INT64_MAX && from <= to && !svms_path_is_after(from, now) &&
           !svms_path_is_after(now, to);
}

/* What one single response, rightly signed, says. */
static void judge_single(svms_revocation_finding *out, OCSP_SINGLERESP *single,
                         const svms_issued *one)
{
    int reason = 0;
    ASN1_GENERALIZEDTIME *revoked = NULL;
    ASN1_GENERALIZEDTIME *made = NULL;
    ASN1_GENERALIZEDTIME *next = NULL;
    int64_t since = SVMS_NO_TIME;
    svms_revocation state = SVMS_REVOCATION_NOT_CHECKED;
    switch (OCSP_single_get0_status(single, &reason, &revoked, &made, &next)) {
    case V_OCSP_CERTSTATUS_REVOKED:
        state = SVMS_REVOCATION_REVOKED;
        since = earlier_of_invalidity(single, revoked ? svms_date_ns(revoked) : -INT64_MAX);
        break;
    case V_OCSP_CERTSTATUS_GOOD:
        /* As with lists: of what has expired nobody need know any longer. */
        if (svms_date_ns(made) <= svms_date_ns(X509_get0_notAfter(one->certificate))) {
            state = is_current(made, next, one->now_utc_ns) ? SVMS_REVOCATION_GOOD
                                                            : SVMS_REVOCATION_STALE;
        }
        break;
    default:
        break;
    }
    svms_revocation_add(out, state, since, one->certificate);
}

svms_status svms_ocsp_judge(svms_revocation_finding *out, const svms_trust *trust,
                            const svms_ocsp_answer *answer, const svms_issued *one, svms_error *err)
{
    bool known = false;
    bool right = false;
    ERR_clear_error();
    for (int i = 0; i < OCSP_resp_count(answer->basic); i++) {
        OCSP_SINGLERESP *single = OCSP_resp_get0(answer->basic, i);
        bool about = false;
        svms_status status = is_about(&about, trust->ctx, single, one, err);
        if (status == SVMS_OK && about && !known) {
            status = check_signer(&right, trust, answer, one, err);
            known = true;
        }
        if (status != SVMS_OK) {
            return status;
        }
        if (about && right) {
            judge_single(out, single, one);
        } else if (about) {
            svms_revocation_add(out, SVMS_REVOCATION_BAD_LIST, SVMS_NO_TIME, one->certificate);
        }
    }
    return svms_provider_lacked_memory() ? svms_fail_memory(err) : SVMS_OK;
}
