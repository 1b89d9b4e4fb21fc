/* SPDX-License-Identifier: Apache-2.0 */
#include "purpose.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include <svms/time.h>

#include "failure.h"
#include "ocsp.h"
#include "path.h"

static const char *purpose_words(svms_purpose purpose)
{
    return purpose == SVMS_PURPOSE_TLS_SERVER ? "TLS servers (serverAuth)"
                                              : "TLS clients (clientAuth)";
}

static uint32_t purpose_bit(svms_purpose purpose)
{
    return purpose == SVMS_PURPOSE_TLS_SERVER ? XKU_SSL_SERVER : XKU_SSL_CLIENT;
}

static svms_status refuse(svms_path_query *query, X509 *certificate, const char *words,
                          const char *what)
{
    char subject[SVMS_NAME_WORDS_SIZE];
    svms_status status = svms_path_name(subject, query, certificate);
    if (status != SVMS_OK) {
        return status;
    }
    query->verdict = SVMS_IDENTITY_WRONG_ROLE;
    return svms_fail(query->err, SVMS_E_UNTRUSTED, "the certificate of %s %s%s", subject, words,
                     what);
}

typedef struct purpose_case {
    const svms_chain *chain;
    const svms_purpose_question *question;
} purpose_case;

/* A CA whose extended key usage leaves the purpose out may not issue for it. */
static svms_status check_authorities(svms_path_query *query, svms_purpose purpose)
{
    for (int i = 1; i + 1 < sk_X509_num(query->path); i++) {
        X509 *authority = sk_X509_value(query->path, i);
        uint32_t allowed = X509_get_extended_key_usage(authority);
        if ((allowed & (purpose_bit(purpose) | XKU_ANYEKU)) == 0) {
            return refuse(query, authority, "is not for issuing to ", purpose_words(purpose));
        }
    }
    return SVMS_OK;
}

/* A path query's "allows". */
static svms_status allows_connections(svms_path_query *query)
{
    const purpose_case *asked = query->user;
    svms_purpose purpose = asked->question->purpose;
    uint32_t roles = asked->question->roles;
    X509 *leaf = sk_X509_value(query->given, 0);
    bool has_usage = (X509_get_extension_flags(leaf) & EXFLAG_XKUSAGE) != 0;
    if ((X509_get_key_usage(leaf) & X509v3_KU_DIGITAL_SIGNATURE) == 0) {
        return refuse(query, leaf, "does not allow digital signatures (key usage)", "");
    }
    if (!has_usage || (X509_get_extended_key_usage(leaf) & purpose_bit(purpose)) == 0) {
        return refuse(query, leaf, "is not for ", purpose_words(purpose));
    }
    if (roles != 0 && (asked->chain->leaf_roles & roles) == 0) {
        char named[SVMS_ROLES_WORDS_SIZE];
        char wanted[SVMS_ROLES_WORDS_SIZE];
        char words[2 * SVMS_ROLES_WORDS_SIZE + 32];
        svms_roles_words(named, asked->chain->leaf_roles);
        svms_roles_words(wanted, roles);
        snprintf(words, sizeof words, "%s; needed is %s", named, wanted);
        return refuse(query, leaf, "names ", words);
    }
    return check_authorities(query, purpose);
}

/* Reads what was stapled. What cannot be read makes the peer untrusted. */
static svms_status read_staple(svms_ocsp_answer *out, svms_path_query *query,
                               const svms_purpose_question *question)
{
    svms_error cause = SVMS_ERROR_INIT;
    svms_status status =
        svms_ocsp_parse(out, query->ctx, question->staple, question->staple_size, 0, &cause);
    if (status == SVMS_E_MALFORMED || status == SVMS_E_UNSUPPORTED || status == SVMS_E_LIMIT) {
        query->verdict = SVMS_IDENTITY_BAD_CHAIN;
        return svms_fail(query->err, SVMS_E_UNTRUSTED, "stapled: %.160s", cause.message);
    }
    return status == SVMS_OK ? status : svms_fail_as(query->err, status, &cause);
}

static svms_status refuse_staple(svms_path_query *query, const svms_purpose_question *question)
{
    char subject[SVMS_NAME_WORDS_SIZE];
    svms_status status = svms_path_name(subject, query, sk_X509_value(query->given, 0));
    if (status != SVMS_OK) {
        return status;
    }
    query->verdict = SVMS_IDENTITY_BAD_CHAIN;
    return svms_fail(query->err, SVMS_E_UNTRUSTED, "%s for the certificate of %s",
                     !question->staple ? "no OCSP response was stapled"
                     : query->stapled_state == SVMS_REVOCATION_STALE
                         ? "the stapled OCSP response is out of date"
                     : query->stapled_state == SVMS_REVOCATION_BAD_LIST
                         ? "the stapled OCSP response is not signed by who may answer"
                         : "the stapled OCSP response says nothing",
                     subject);
}

svms_status svms_purpose_check(const svms_trust *trust, const svms_chain *chain,
                               const svms_purpose_question *question, svms_identity_result *result,
                               svms_error *err)
{
    svms_identity_result found = SVMS_IDENTITY_RESULT_INIT;
    svms_ocsp_answer answer = { NULL, NULL };
    bool stapled = false;
    if (!chain) {
        *result = found;
        return svms_fail(err, SVMS_E_UNTRUSTED, "the peer has no certificate");
    }
    purpose_case asked = { chain, question };
    svms_path_query query = { .ctx = chain->ctx,
                              .trust = trust,
                              .given = chain->certificates,
                              .question = SVMS_IDENTITY_QUESTION_INIT,
                              .at_present = true,
                              .revoked_utc_ns = SVMS_NO_TIME,
                              .allows = allows_connections,
                              .user = &asked,
                              .err = err };
    query.question.from_utc_ns = question->now_utc_ns;
    query.question.to_utc_ns = question->now_utc_ns;
    query.question.now_utc_ns = question->now_utc_ns;
    svms_status status = question->staple ? read_staple(&answer, &query, question) : SVMS_OK;
    if (status == SVMS_OK) {
        query.stapled = question->staple ? &answer : NULL;
        status = svms_path_check(&query);
        stapled = status == SVMS_OK && query.stapled_state == SVMS_REVOCATION_GOOD;
    }
    svms_ocsp_clear(&answer);
    if (status == SVMS_OK && question->needs_staple && !stapled) {
        status = refuse_staple(&query, question);
    }
    if (status != SVMS_OK && status != SVMS_E_UNTRUSTED) {
        return status;
    }
    found.verdict = query.verdict;
    found.revocation = query.revocation;
    found.revoked_utc_ns = query.revoked_utc_ns;
    memcpy(found.anchor, query.anchor, sizeof found.anchor);
    *result = found;
    if (question->stapled) {
        *question->stapled = stapled;
    }
    return status;
}

uint32_t svms_chain_roles(const svms_chain *chain)
{
    return chain->leaf_roles;
}

svms_status svms_path_allows_stamping(svms_path_query *query)
{
    X509 *leaf = sk_X509_value(query->given, 0);
    int critical = -1;
    ERR_clear_error();
    EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(leaf, NID_ext_key_usage, &critical, NULL);
    bool only = critical == 1 && sk_ASN1_OBJECT_num(usage) == 1 &&
                OBJ_obj2nid(sk_ASN1_OBJECT_value(usage, 0)) == NID_time_stamp;
    EXTENDED_KEY_USAGE_free(usage);
    if (svms_provider_lacked_memory()) {
        return svms_fail_memory(query->err);
    }
    bool may_sign =
        (X509_get_key_usage(leaf) & (X509v3_KU_DIGITAL_SIGNATURE | X509v3_KU_NON_REPUDIATION)) != 0;
    if (only && may_sign) {
        return SVMS_OK;
    }
    return refuse(query, leaf, "is not one for time stamping alone", only ? " (key usage)" : "");
}
