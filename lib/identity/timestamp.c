/* SPDX-License-Identifier: Apache-2.0 */
/* Checking a time stamp: what it says, who signed it, and whether he may. */
#include "timestamp.h"

#include <stdio.h>
#include <string.h>

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "failure.h"
#include "known_answer.h"
#include "options.h"
#include "path.h"

typedef struct stamp_check {
    svms_ctx *ctx;
    const svms_trust *trust;
    const uint8_t *token_bytes;
    size_t token_size;
    svms_token token;
    CMS_ContentInfo *cms;
    svms_certificates *given; /* the signer's first, then the others of the token */
    svms_timestamp_info info;
    svms_error *err;
} stamp_check;

static svms_status parse(stamp_check *check)
{
    const unsigned char *end = check->token_bytes;
    ERR_clear_error();
    check->cms =
        CMS_ContentInfo_new_ex(svms_ossl_context(check->ctx), svms_ossl_properties(check->ctx));
    if (!check->cms) {
        return svms_fail_crypto(check->err, "cannot read a time stamp");
    }
    if (d2i_CMS_ContentInfo(&check->cms, &end, (long)check->token_size) == NULL) {
        check->cms = NULL; /* has been released */
    }
    if (svms_provider_lacked_memory()) {
        return svms_fail_memory(check->err);
    }
    if (!check->cms || end != check->token_bytes + check->token_size) {
        return svms_fail(check->err, SVMS_E_MALFORMED, "a time stamp cannot be read (RFC 5652)");
    }
    return SVMS_OK;
}

static bool is_signer(CMS_SignerInfo *signer, X509 *certificate)
{
    return CMS_SignerInfo_cert_cmp(signer, certificate) == 0;
}

/* The signer's certificate, then all others. */
static svms_status collect(stamp_check *check, CMS_SignerInfo *signer)
{
    svms_certificates *all = CMS_get1_certs(check->cms);
    X509 *own = NULL;
    bool kept = true;
    check->given = sk_X509_new_null();
    for (int i = 0; check->given && i < sk_X509_num(all); i++) {
        X509 *one = sk_X509_value(all, i);
        bool first = !own && is_signer(signer, one);
        own = first ? one : own;
        kept = kept && X509_up_ref(one) == 1;
        if (kept && sk_X509_insert(check->given, one, first ? 0 : -1) <= 0) {
            X509_free(one);
            kept = false;
        }
    }
    sk_X509_pop_free(all, X509_free);
    if (!check->given || !kept || svms_crypto_starved()) {
        return svms_fail_crypto(check->err, "cannot keep the certificates of a time stamp");
    }
    if (!own) {
        return svms_fail(check->err, SVMS_E_MALFORMED,
                         "a time stamp lacks the certificate of its authority");
    }
    for (int i = 0; i < sk_X509_num(check->given); i++) {
        svms_status status =
            svms_certificate_settled(sk_X509_value(check->given, i), check->ctx, check->err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    CMS_SignerInfo_set1_signer_cert(signer, own);
    return SVMS_OK;
}

/* OpenSSL compares names as people do. Here each byte must be the certificate's. */
static bool names_certificate(const svms_token *token, X509 *certificate)
{
    svms_cursor id = token->signer_id.content;
    svms_der issuer;
    svms_der serial;
    const unsigned char *name = NULL;
    size_t name_size = 0;
    if (token->signer_id.tag != SVMS_DER_SEQUENCE) {
        const ASN1_OCTET_STRING *key_id = X509_get0_subject_key_id(certificate);
        return key_id && svms_der_equals(&token->signer_id, ASN1_STRING_get0_data(key_id),
                                         (size_t)ASN1_STRING_length(key_id));
    }
    return svms_der_take(&id, SVMS_DER_SEQUENCE, &issuer) &&
           svms_der_take(&id, SVMS_DER_INTEGER, &serial) && svms_cursor_at_end(&id) &&
           X509_NAME_get0_der(X509_get_issuer_name(certificate), &name, &name_size) == 1 &&
           issuer.whole_size == name_size && memcmp(issuer.whole, name, name_size) == 0;
}

static const char *ess_digest_name(const svms_token *token)
{
    static const char *const names[] = { "SHA2-256", "SHA2-384", "SHA2-512" };
    return token->by_ess_v2 ? names[token->ess_kind] : "SHA1";
}

/* The signed attribute that names the certificate, so that no other one of the same key can be put
 * in its place (RFC 5816). */
static svms_status check_binding(stamp_check *check, X509 *certificate)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_MD *md = EVP_MD_fetch(svms_ossl_context(check->ctx), ess_digest_name(&check->token),
                              svms_ossl_properties(check->ctx));
    bool made = md && X509_digest(certificate, md, digest, &size) == 1;
    EVP_MD_free(md);
    if (!made) {
        return svms_fail_crypto(check->err, "cannot hash the certificate of a time stamp");
    }
    if (!names_certificate(&check->token, certificate) ||
        !svms_der_equals(&check->token.ess_digest, digest, size)) {
        return svms_fail(check->err, SVMS_E_NOT_AUTHENTIC,
                         "a time stamp was signed with another certificate than it names");
    }
    return SVMS_OK;
}

static bool verify_once(stamp_check *check, CMS_SignerInfo *signer)
{
    return CMS_SignerInfo_verify(signer) == 1 &&
           CMS_verify(check->cms, NULL, NULL, NULL, NULL,
                      CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY | CMS_NO_ATTR_VERIFY) == 1;
}

/* Signature over the signed attributes, and the digest of the content in them. A "no" is believed
 * as known_answer.h says. */
static svms_status check_signature(stamp_check *check, CMS_SignerInfo *signer)
{
    X509 *certificate = sk_X509_value(check->given, 0);
    svms_key_kind kind = SVMS_KEY_P256;
    ERR_clear_error();
    if (verify_once(check, signer)) {
        ERR_clear_error();
        return SVMS_OK;
    }
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    if (!key || svms_key_kind_of(check->ctx, key, &kind, NULL) != SVMS_OK) {
        kind = SVMS_KEY_P256;
    }
    if (svms_crypto_starved() || verify_once(check, signer) ||
        !svms_known_key_is_taken(check->ctx, kind)) {
        return svms_fail_crypto(check->err, "cannot check the signature of a time stamp");
    }
    ERR_clear_error();
    return svms_fail(check->err, SVMS_E_NOT_AUTHENTIC,
                     "the signature of a time stamp does not verify");
}

static bool is_name_of(GENERAL_NAME *name, X509 *certificate)
{
    GENERAL_NAMES *others = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    bool found = name->type == GEN_DIRNAME &&
                 X509_NAME_cmp(name->d.directoryName, X509_get_subject_name(certificate)) == 0;
    for (int i = 0; !found && i < sk_GENERAL_NAME_num(others); i++) {
        found = GENERAL_NAME_cmp(sk_GENERAL_NAME_value(others, i), name) == 0;
    }
    GENERAL_NAMES_free(others);
    return found;
}

/* Whom the token calls its authority, if it does. */
static svms_status check_authority(stamp_check *check, X509 *certificate)
{
    const svms_der *authority = &check->token.authority;
    const unsigned char *end = authority->whole;
    if (authority->tag == 0) {
        return SVMS_OK;
    }
    ERR_clear_error();
    GENERAL_NAME *name = d2i_GENERAL_NAME(NULL, &end, (long)authority->whole_size);
    bool same = name && is_name_of(name, certificate);
    GENERAL_NAME_free(name);
    if (svms_provider_lacked_memory()) {
        return svms_fail_memory(check->err);
    }
    return same ? SVMS_OK
                : svms_fail(check->err, SVMS_E_NOT_AUTHENTIC,
                            "a time stamp names another authority than the one that signed it");
}

static svms_status check_path(stamp_check *check, const svms_timestamp_question *question)
{
    svms_path_query query = { .ctx = check->ctx,
                              .trust = check->trust,
                              .given = check->given,
                              .question = SVMS_IDENTITY_QUESTION_INIT,
                              .allows = svms_path_allows_stamping,
                              .err = check->err };
    query.question.policy = question->policy;
    query.question.from_utc_ns = check->token.gen_time_utc_ns;
    query.question.to_utc_ns = check->token.gen_time_utc_ns;
    query.question.now_utc_ns = question->now_utc_ns;
    query.question.attested_utc_ns = question->attested_utc_ns;
    svms_status status = svms_path_check(&query);
    check->info.verdict = query.verdict;
    check->info.revocation = query.revocation;
    check->info.revoked_utc_ns = query.revoked_utc_ns;
    return status;
}

static svms_status fill_info(stamp_check *check)
{
    svms_timestamp_info *info = &check->info;
    svms_cursor serial = check->token.serial.content;
    X509 *certificate = sk_X509_value(check->given, 0);
    size_t used = 0;
    info->gen_time_utc_ns = check->token.gen_time_utc_ns;
    info->accuracy_ns = check->token.accuracy_ns;
    while (svms_cursor_left(&serial) > 0 && used + 2 < sizeof info->serial) {
        (void)snprintf(info->serial + used, 3, "%02x", svms_read_u8(&serial));
        used += 2;
    }
    return svms_name_cut(info->authority, sizeof info->authority, check->ctx,
                         X509_get_subject_name(certificate), check->err);
}

static svms_status check_signer(stamp_check *check)
{
    STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(check->cms);
    CMS_SignerInfo *signer = sk_CMS_SignerInfo_value(signers, 0);
    if (!signer) {
        return svms_fail(check->err, SVMS_E_INTERNAL, "the signer of a time stamp was lost");
    }
    svms_status status = collect(check, signer);
    X509 *certificate = sk_X509_value(check->given, 0);
    if (status == SVMS_OK) {
        status = check_binding(check, certificate);
    }
    if (status == SVMS_OK) {
        status = check_signature(check, signer);
    }
    if (status == SVMS_OK) {
        status = check_authority(check, certificate);
    }
    return status == SVMS_OK ? fill_info(check) : status;
}

static svms_status run(stamp_check *check, const uint8_t *digest,
                       const svms_timestamp_question *question)
{
    svms_status status =
        svms_token_read(&check->token, check->token_bytes, check->token_size, check->err);
    if (status == SVMS_OK &&
        memcmp(check->token.imprint, digest, sizeof check->token.imprint) != 0) {
        status =
            svms_fail(check->err, SVMS_E_NOT_AUTHENTIC, "the time stamp is one of something else");
    }
    if (status == SVMS_OK) {
        status = parse(check);
    }
    if (status == SVMS_OK) {
        status = check_signer(check);
    }
    return status == SVMS_OK ? check_path(check, question) : status;
}

static svms_status accept(svms_timestamp_question *out, const svms_timestamp_question *question,
                          const void *token, const uint8_t *digest, svms_timestamp_info *info,
                          svms_error *err)
{
    if (!token || !digest || !question || !info) {
        return svms_fail(err, SVMS_E_USAGE, "token, digest, question and info must not be NULL");
    }
    svms_status status =
        svms_options_read(out, sizeof *out, question, "svms_timestamp_question", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (out->policy != SVMS_TIME_ATTESTED && out->policy != SVMS_TIME_CLAIMED) {
        return svms_fail(err, SVMS_E_USAGE, "%d is no time policy", (int)out->policy);
    }
    if (out->now_utc_ns == SVMS_NO_TIME) {
        return svms_fail(err, SVMS_E_USAGE, "the present time must be known");
    }
    return SVMS_OK;
}

/* Without anchors: what the token says of itself. */
static svms_status read_claims(stamp_check *check, const uint8_t digest[SVMS_DIGEST_SIZE])
{
    svms_token token;
    svms_status status =
        svms_timestamp_attests(check->token_bytes, check->token_size, digest, check->err);
    if (status == SVMS_OK) {
        status = svms_token_read(&token, check->token_bytes, check->token_size, check->err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    check->info.gen_time_utc_ns = token.gen_time_utc_ns;
    check->info.accuracy_ns = token.accuracy_ns;
    check->info.verdict = SVMS_IDENTITY_NO_ANCHOR;
    return svms_fail(check->err, SVMS_E_UNTRUSTED, "no trust anchor was given");
}

svms_status svms_timestamp_check(const svms_trust *trust, const void *token, size_t size,
                                 const uint8_t digest[32], const svms_timestamp_question *question,
                                 svms_timestamp_info *info, svms_error *err)
{
    svms_timestamp_question asked = SVMS_TIMESTAMP_QUESTION_INIT;
    svms_status status = accept(&asked, question, token, digest, info, err);
    if (status != SVMS_OK) {
        return status;
    }
    stamp_check check = { .trust = trust,
                          .token_bytes = token,
                          .token_size = size,
                          .info = SVMS_TIMESTAMP_INFO_INIT,
                          .err = err };
    if (!trust) {
        status = read_claims(&check, digest);
    } else {
        check.ctx = trust->ctx;
        status = run(&check, digest, &asked);
    }
    CMS_ContentInfo_free(check.cms);
    sk_X509_pop_free(check.given, X509_free);
    ERR_clear_error();
    if (status != SVMS_OK && status != SVMS_E_UNTRUSTED) {
        return status;
    }
    svms_status written =
        svms_result_write(info, &check.info, sizeof check.info, "svms_timestamp_info", err);
    return written == SVMS_OK ? status : written;
}
