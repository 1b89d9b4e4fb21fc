/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 5280 section 6, with the time of signing in place of the present time. */
#include "path.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <svms/time.h>

#include "failure.h"
#include "known_answer.h"
#include "revocation.h"

/* Certificates between leaf and anchor. */
#define MAX_INTERMEDIATES 8
/* OpenSSL's level of 112 bits: RSA and DSA from 2048 bits, elliptic curves from 224, no SHA-1. */
#define SECURITY_LEVEL 2
#define NS_PER_SECOND INT64_C(1000000000)
/* By how much clocks may differ (C-VER-4). */
#define CLOCK_TOLERANCE_NS INT64_C(300000000000)

static const char unreadable_extension[] = "one of its extensions cannot be read";

svms_status svms_path_name(char out[SVMS_NAME_WORDS_SIZE], const svms_path_query *query,
                           X509 *certificate)
{
    return svms_name_words(out, query->ctx, X509_get_subject_name(certificate), query->err);
}

/* Whoever gave an anchor vouches for it: RFC 5280 asks nothing of its extensions, and its own
 * signature proves nothing. What is needed for issuing is asked of it all the same. */
static bool is_excused_in_an_anchor(int error)
{
    return error == X509_V_ERR_CA_BCONS_NOT_CRITICAL ||
           error == X509_V_ERR_CA_CERT_MISSING_KEY_USAGE ||
           error == X509_V_ERR_MISSING_SUBJECT_KEY_IDENTIFIER ||
           error == X509_V_ERR_MISSING_AUTHORITY_KEY_IDENTIFIER ||
           error == X509_V_ERR_CA_MD_TOO_WEAK;
}

/* Critical extensions that OpenSSL takes for processed although nothing here does what they ask
 * for: they are unknown (I-PTH-9). */
static bool has_unprocessed(const X509 *certificate, bool is_responder)
{
    static const int unprocessed[] = { NID_netscape_cert_type, NID_sbgp_ipAddrBlock,
                                       NID_sbgp_autonomousSysNum, NID_proxyCertInfo,
                                       NID_id_pkix_OCSP_noCheck };
    for (size_t i = 0; i < sizeof unprocessed / sizeof unprocessed[0]; i++) {
        int index = X509_get_ext_by_NID(certificate, unprocessed[i], -1);
        bool critical =
            index >= 0 && X509_EXTENSION_get_critical(X509_get_ext(certificate, index)) != 0;
        if (critical && !(is_responder && unprocessed[i] == NID_id_pkix_OCSP_noCheck)) {
            return true;
        }
    }
    return false;
}

/* OpenSSL's verify callback: 1 lets the path be built on. Periods are judged afterwards, with our
 * own 64-bit times, so that a broken rule takes precedence over an expired certificate. */
static int judge_step(int ok, X509_STORE_CTX *store)
{
    int error = X509_STORE_CTX_get_error(store);
    if (ok || error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID) {
        return 1;
    }
    return is_excused_in_an_anchor(error) &&
           X509_STORE_CTX_get_error_depth(store) >= X509_STORE_CTX_get_num_untrusted(store);
}

static const char *words_for(int error)
{
    static const struct {
        int error;
        const char *words;
    } known[] = {
        { X509_V_ERR_CERT_SIGNATURE_FAILURE, "its signature does not verify" },
        { X509_V_ERR_INVALID_CA, "it is not allowed to issue certificates" },
        { X509_V_ERR_KEYUSAGE_NO_CERTSIGN, "it is not allowed to issue certificates" },
        { X509_V_ERR_PATH_LENGTH_EXCEEDED, "too many CAs stand below it" },
        { X509_V_ERR_CERT_CHAIN_TOO_LONG, "its chain is too long" },
        { X509_V_ERR_EE_KEY_TOO_SMALL, "its key is too weak" },
        { X509_V_ERR_CA_KEY_TOO_SMALL, "its key is too weak" },
        { X509_V_ERR_CA_MD_TOO_WEAK, "its signature uses a weak digest" },
        { X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, "it has an unknown critical extension" },
        { X509_V_ERR_PERMITTED_VIOLATION, "a CA does not permit its name" },
        { X509_V_ERR_EXCLUDED_VIOLATION, "a CA excludes its name" },
        { X509_V_ERR_MISSING_AUTHORITY_KEY_IDENTIFIER, "it has no authority key identifier" },
        { X509_V_ERR_MISSING_SUBJECT_KEY_IDENTIFIER, "it has no subject key identifier" },
        { X509_V_ERR_CA_CERT_MISSING_KEY_USAGE, "it is a CA without key usage" },
        { X509_V_ERR_CA_BCONS_NOT_CRITICAL, "its basic constraints are not critical" },
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].error == error) {
            return known[i].words;
        }
    }
    return X509_verify_cert_error_string(error);
}

static svms_status no_path(svms_path_query *query, X509 *last, bool self_signed)
{
    char subject[SVMS_NAME_WORDS_SIZE];
    char issuer[SVMS_NAME_WORDS_SIZE];
    svms_status status = svms_path_name(subject, query, last);
    if (status == SVMS_OK) {
        status = svms_name_words(issuer, query->ctx, X509_get_issuer_name(last), query->err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    query->verdict = SVMS_IDENTITY_UNKNOWN_ISSUER;
    if (self_signed) {
        return svms_fail(query->err, SVMS_E_UNTRUSTED,
                         "the self-signed certificate of %s is no trust anchor", subject);
    }
    return svms_fail(query->err, SVMS_E_UNTRUSTED,
                     "the issuer of the certificate of %s is unknown: %s", subject, issuer);
}

static svms_status broken_rule(svms_path_query *query, X509 *certificate, const char *rule)
{
    char subject[SVMS_NAME_WORDS_SIZE];
    svms_status status = svms_path_name(subject, query, certificate);
    if (status != SVMS_OK) {
        return status;
    }
    query->verdict = SVMS_IDENTITY_BAD_CHAIN;
    return svms_fail(query->err, SVMS_E_UNTRUSTED, "the certificate of %s breaks a rule: %s",
                     subject, rule);
}

/* OpenSSL passes over certificates whose extensions it cannot read, without saying so. */
static X509 *find_unreadable(const svms_certificates *given)
{
    for (int i = 0; i < sk_X509_num(given); i++) {
        X509 *certificate = sk_X509_value(given, i);
        if (X509_get_extension_flags(certificate) & EXFLAG_INVALID) {
            return certificate;
        }
    }
    return NULL;
}

static svms_status explain(svms_path_query *query, X509_STORE_CTX *store)
{
    if (svms_provider_lacked_memory()) {
        return svms_fail_memory(query->err);
    }
    int error = X509_STORE_CTX_get_error(store);
    X509 *certificate = X509_STORE_CTX_get_current_cert(store);
    X509 *damaged = find_unreadable(query->given);
    if (!certificate) {
        certificate = sk_X509_value(query->given, 0);
    }
    switch (error) {
    case X509_V_ERR_OUT_OF_MEM:
        return svms_fail_memory(query->err);
    case X509_V_OK:
    case X509_V_ERR_UNSPECIFIED:
    case X509_V_ERR_INVALID_CALL:
    case X509_V_ERR_STORE_LOOKUP:
        return damaged ? broken_rule(query, damaged, unreadable_extension)
                       : svms_fail_crypto(query->err, "cannot build a certificate path");
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return no_path(query, certificate, true);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return damaged ? broken_rule(query, damaged, unreadable_extension)
                       : no_path(query, certificate, false);
    default:
        return broken_rule(query, certificate, words_for(error));
    }
}

static bool configure(X509_STORE_CTX *store, svms_certificates *anchors, int64_t seconds)
{
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(store);
    X509_STORE_CTX_set0_trusted_stack(store, anchors);
    X509_STORE_CTX_set_verify_cb(store, judge_step);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_X509_STRICT |
                                           X509_V_FLAG_POLICY_CHECK);
    X509_VERIFY_PARAM_set_depth(param, MAX_INTERMEDIATES);
    X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
    /* Only tells OpenSSL which of several possible issuers to prefer. */
    time_t at = (time_t)seconds;
    if ((int64_t)at == seconds) {
        X509_VERIFY_PARAM_set_time(param, at);
    }
    /* Whatever policy a path is valid for will do, but CAs may ask that there be one. */
    return X509_VERIFY_PARAM_add0_policy(param, OBJ_nid2obj(NID_any_policy)) == 1;
}

/* Every given certificate is an anchor, so a path ends at the first of them; OpenSSL goes on to a
 * root that was given as well, which may have expired. */
static svms_certificates *path_to_first_anchor(X509_STORE_CTX *store)
{
    svms_certificates *path = X509_STORE_CTX_get1_chain(store);
    int untrusted = X509_STORE_CTX_get_num_untrusted(store);
    while (path && sk_X509_num(path) > untrusted + 1) {
        X509_free(sk_X509_pop(path));
    }
    return path;
}

static svms_status note_anchor(svms_path_query *query)
{
    X509 *anchor = sk_X509_value(query->path, sk_X509_num(query->path) - 1);
    return svms_name_cut(query->anchor, sizeof query->anchor, query->ctx,
                         X509_get_subject_name(anchor), query->err);
}

/* Extensions that decide about a path, of which none may be in BER: what one reader takes for TRUE
 * another might take for FALSE. */
static bool has_sloppy_extension(const X509 *certificate)
{
    static const int deciding[] = {
        NID_basic_constraints,      NID_key_usage,         NID_ext_key_usage,
        NID_name_constraints,       NID_subject_alt_name,  NID_policy_constraints,
        NID_certificate_policies,   NID_policy_mappings,   NID_authority_key_identifier,
        NID_subject_key_identifier, NID_inhibit_any_policy
    };
    for (size_t i = 0; i < sizeof deciding / sizeof deciding[0]; i++) {
        int index = X509_get_ext_by_NID(certificate, deciding[i], -1);
        if (index < 0) {
            continue;
        }
        const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(X509_get_ext(certificate, index));
        if (!svms_der_is_well_formed(ASN1_STRING_get0_data(value),
                                     (size_t)ASN1_STRING_length(value))) {
            return true;
        }
    }
    return false;
}

/* What OpenSSL does not look at. */
static svms_status check_own_rules(svms_path_query *query, int *error)
{
    for (int i = 0; i < sk_X509_num(query->path); i++) {
        X509 *certificate = sk_X509_value(query->path, i);
        if (has_unprocessed(certificate, query->is_responder && i == 0)) {
            *error = X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION;
            return broken_rule(query, certificate, words_for(*error));
        }
        if (has_sloppy_extension(certificate)) {
            *error = X509_V_ERR_INVALID_EXTENSION;
            return broken_rule(query, certificate, unreadable_extension);
        }
        if (X509_get_version(certificate) > X509_VERSION_3) {
            *error = X509_V_ERR_UNSPECIFIED;
            return broken_rule(query, certificate, "its version is unknown");
        }
    }
    return SVMS_OK;
}

/* Keeps the path that was found, up to its first anchor. */
static svms_status keep_path(svms_path_query *query, X509_STORE_CTX *store, int *error)
{
    query->path = path_to_first_anchor(store);
    if (!query->path) {
        return svms_fail_crypto(query->err, "cannot keep a certificate path");
    }
    svms_status status = check_own_rules(query, error);
    return status == SVMS_OK ? note_anchor(query) : status;
}

/* Builds the path that suits a moment out of some certificates, with every rule but the periods
 * checked. *error receives OpenSSL's reason, *last the certificate at which it stopped. */
static svms_status try_certificates(svms_path_query *query, svms_certificates *from,
                                    int64_t seconds, int *error, X509 **last)
{
    svms_ctx *ctx = query->ctx;
    X509 *leaf = sk_X509_value(query->given, 0);
    X509_STORE_CTX *store =
        X509_STORE_CTX_new_ex(svms_ossl_context(ctx), svms_ossl_properties(ctx));
    if (!store || X509_STORE_CTX_init(store, NULL, leaf, from) != 1 ||
        !configure(store, query->anchors, seconds)) {
        X509_STORE_CTX_free(store);
        return svms_fail_crypto(query->err, "cannot prepare a certificate path");
    }
    ERR_clear_error();
    svms_status status = X509_verify_cert(store) == 1 ? SVMS_OK : explain(query, store);
    ERR_clear_error();
    *error = X509_STORE_CTX_get_error(store);
    *last = X509_STORE_CTX_get_current_cert(store);
    sk_X509_pop_free(query->path, X509_free);
    query->path = NULL;
    query->built++;
    if (status == SVMS_OK) {
        status = keep_path(query, store, error);
    }
    X509_STORE_CTX_free(store);
    return status;
}

/* OpenSSL takes the first issuer that fits and does not come back. A certificate whose own issuer
 * nobody knows leads nowhere, so whoever stands beside it (a CA that two others certified) is tried
 * without it. What was wrong first is what is told. */
static svms_status try_path(svms_path_query *query, int64_t seconds, int *error)
{
    svms_error *err = query->err;
    X509 *last = NULL;
    svms_status first = try_certificates(query, query->given, seconds, error, &last);
    if (first != SVMS_E_UNTRUSTED || query->verdict != SVMS_IDENTITY_UNKNOWN_ISSUER) {
        return first;
    }
    svms_certificates *left = sk_X509_dup(query->given);
    svms_status status = left ? first : svms_fail_crypto(err, "cannot prepare a certificate path");
    svms_error later = SVMS_ERROR_INIT;
    query->err = &later;
    while (status == SVMS_E_UNTRUSTED && query->verdict == SVMS_IDENTITY_UNKNOWN_ISSUER &&
           last != sk_X509_value(query->given, 0) && sk_X509_delete_ptr(left, last)) {
        int reason = 0;
        status = try_certificates(query, left, seconds, &reason, &last);
        if (status == SVMS_OK) {
            *error = reason;
        }
    }
    query->err = err;
    sk_X509_free(left);
    if (status == SVMS_E_UNTRUSTED) {
        query->verdict = SVMS_IDENTITY_UNKNOWN_ISSUER;
        return first;
    }
    if (status != SVMS_OK && left) {
        return svms_fail_as(err, status, &later);
    }
    if (status == SVMS_OK) {
        query->verdict = SVMS_IDENTITY_TRUSTED;
    }
    return status;
}

/* Keys like those of the path still work (known_answer.h). */
static bool known_keys_are_taken(const svms_path_query *query)
{
    bool tried[SVMS_KEY_RSA + 1] = { false };
    bool taken = true;
    for (int i = 0; taken && i < sk_X509_num(query->given); i++) {
        EVP_PKEY *key = X509_get0_pubkey(sk_X509_value(query->given, i));
        svms_key_kind kind = SVMS_KEY_P256;
        if (!key || svms_key_kind_of(query->ctx, key, &kind, NULL) != SVMS_OK) {
            kind = SVMS_KEY_P256;
        }
        taken = tried[kind] || svms_known_key_is_taken(query->ctx, kind);
        tried[kind] = true;
    }
    ERR_clear_error();
    return taken;
}

/* A "no" is believed as known_answer.h says. */
static svms_status build_path(svms_path_query *query, int64_t seconds)
{
    int error = 0;
    int again = 0;
    svms_status status = try_path(query, seconds, &error);
    if (status != SVMS_E_UNTRUSTED) {
        return status;
    }
    svms_identity_verdict verdict = query->verdict;
    svms_error *err = query->err;
    query->err = NULL;
    svms_status second = try_path(query, seconds, &again);
    query->err = err;
    query->verdict = verdict;
    if (second == SVMS_E_NO_MEMORY) {
        return svms_fail_memory(err);
    }
    if (second != SVMS_E_UNTRUSTED || again != error || !known_keys_are_taken(query)) {
        return svms_fail_crypto(err, "the provider cannot check a certificate path");
    }
    return status;
}

/* Fills early and late with the first certificate, from the leaf on, that does not cover the
 * moment. A date that cannot be read covers nothing. */
static void find_out_of_period(const svms_certificates *path, int64_t utc_ns,
                               svms_out_of_period *early, svms_out_of_period *late)
{
    int64_t seconds = svms_floor_seconds(utc_ns);
    *early = (svms_out_of_period){ NULL, utc_ns };
    *late = (svms_out_of_period){ NULL, utc_ns };
    for (int i = 0; i < sk_X509_num(path); i++) {
        X509 *certificate = sk_X509_value(path, i);
        int64_t first;
        int64_t last;
        if (!early->certificate &&
            (!svms_date_seconds(X509_get0_notBefore(certificate), &first) || seconds < first)) {
            early->certificate = certificate;
        }
        if (!late->certificate &&
            (!svms_date_seconds(X509_get0_notAfter(certificate), &last) || seconds > last)) {
            late->certificate = certificate;
        }
    }
}

/* A path that was built for one moment mostly serves the others too; only where it does not may
 * another one (a renewed CA, say) serve better. The certificates found are kept alive by chain and
 * trust store, not by the path. */
static svms_status check_moment(svms_path_query *query, int64_t utc_ns)
{
    svms_out_of_period early = { NULL, 0 };
    svms_out_of_period late = { NULL, 0 };
    if (query->path) {
        find_out_of_period(query->path, utc_ns, &early, &late);
        if (!early.certificate && !late.certificate) {
            return SVMS_OK;
        }
    }
    svms_status status = build_path(query, svms_floor_seconds(utc_ns));
    if (status != SVMS_OK) {
        return status;
    }
    find_out_of_period(query->path, utc_ns, &early, &late);
    if (!query->too_early.certificate) {
        query->too_early = early;
    }
    if (!query->too_late.certificate) {
        query->too_late = late;
    }
    return SVMS_OK;
}

/* Between the date of the certificate and the moment at which it was needed. */
static const char *period_words(svms_identity_verdict verdict, bool at_present)
{
    if (at_present) {
        return "; now it is ";
    }
    switch (verdict) {
    case SVMS_IDENTITY_NOT_YET_VALID:
        return ", after it was used to sign at ";
    case SVMS_IDENTITY_EXPIRED_THEN:
        return ", before it was used to sign at ";
    default:
        return "; that it was used to sign before, at ";
    }
}

/* The words for the verdicts that name a date. */
static svms_status refuse_period(svms_path_query *query, svms_identity_verdict verdict,
                                 const svms_out_of_period *fault)
{
    bool early = verdict == SVMS_IDENTITY_NOT_YET_VALID;
    X509 *certificate = fault->certificate;
    char subject[SVMS_NAME_WORDS_SIZE];
    char date[SVMS_DATE_WORDS_SIZE];
    char moment[SVMS_TIME_TEXT_SIZE];
    svms_status status = svms_path_name(subject, query, certificate);
    if (status != SVMS_OK) {
        return status;
    }
    svms_date_words(date,
                    early ? X509_get0_notBefore(certificate) : X509_get0_notAfter(certificate));
    /* Whoever reads it knows what time it is; fractions matter for signatures alone. */
    svms_time_format(query->at_present ? svms_floor_seconds(fault->needed_utc_ns) * NS_PER_SECOND
                                       : fault->needed_utc_ns,
                     moment);
    query->verdict = verdict;
    return svms_fail(query->err, SVMS_E_UNTRUSTED, "the certificate of %s %s at %s%s%s%s", subject,
                     !early              ? "expired"
                     : query->at_present ? "becomes valid"
                                         : "became valid",
                     date, period_words(verdict, query->at_present), moment,
                     verdict == SVMS_IDENTITY_EXPIRED_NOW && !query->at_present
                         ? ", is claimed but not attested"
                         : "");
}

/* Whether the signature is attested to have existed before a moment. A claim is not enough, also
 * where the caller accepts claims: who has a stolen key sets his clock as he likes. */
static bool is_older_than(const svms_identity_question *question, int64_t limit_utc_ns)
{
    return question->attested_utc_ns != SVMS_NO_TIME && question->attested_utc_ns < limit_utc_ns;
}

/* What has expired by now must have been valid at the attested time. */
static svms_status check_now(svms_path_query *query)
{
    const svms_identity_question *question = &query->question;
    if (question->policy == SVMS_TIME_CLAIMED) {
        return SVMS_OK;
    }
    svms_status status = check_moment(query, question->now_utc_ns);
    if (status != SVMS_OK || !query->too_late.certificate) {
        return status;
    }
    svms_out_of_period expired = query->too_late;
    if (question->attested_utc_ns != SVMS_NO_TIME) {
        query->too_late = (svms_out_of_period){ NULL, 0 };
        status = check_moment(query, question->attested_utc_ns);
        if (status != SVMS_OK || !query->too_late.certificate) {
            return status;
        }
    }
    expired.needed_utc_ns = question->to_utc_ns;
    return refuse_period(query, SVMS_IDENTITY_EXPIRED_NOW, &expired);
}

static svms_status check_revocation(svms_path_query *query)
{
    svms_revocation_finding found;
    char subject[SVMS_NAME_WORDS_SIZE];
    char date[SVMS_TIME_TEXT_SIZE];
    svms_status status =
        svms_revocation_of_path(&found, query->trust, query->path, query->stapled,
                                &query->stapled_state, query->question.now_utc_ns, query->err);
    if (status != SVMS_OK) {
        return status;
    }
    query->revocation = found.state;
    query->revoked_utc_ns = found.since_utc_ns;
    if (found.state != SVMS_REVOCATION_REVOKED ||
        is_older_than(&query->question, found.since_utc_ns)) {
        return SVMS_OK;
    }
    status = svms_path_name(subject, query, found.certificate);
    if (status != SVMS_OK) {
        return status;
    }
    svms_time_format(found.since_utc_ns, date);
    query->verdict = SVMS_IDENTITY_REVOKED;
    return svms_fail(
        query->err, SVMS_E_UNTRUSTED, "the certificate of %s is revoked since %s%s", subject, date,
        query->at_present ? "" : ", and it is not attested that it was used to sign before");
}

bool svms_path_is_after(int64_t utc_ns, int64_t limit_utc_ns)
{
    return limit_utc_ns < INT64_MAX - CLOCK_TOLERANCE_NS &&
           utc_ns > limit_utc_ns + CLOCK_TOLERANCE_NS;
}

/* What exists at some time was not made later. */
static svms_status check_future(svms_path_query *query)
{
    const svms_identity_question *question = &query->question;
    char claimed[SVMS_TIME_TEXT_SIZE];
    char limit[SVMS_TIME_TEXT_SIZE];
    bool attested = question->attested_utc_ns != SVMS_NO_TIME &&
                    svms_path_is_after(question->to_utc_ns, question->attested_utc_ns);
    if (!attested && !svms_path_is_after(question->to_utc_ns, question->now_utc_ns)) {
        return SVMS_OK;
    }
    svms_time_format(question->to_utc_ns, claimed);
    svms_time_format(attested ? question->attested_utc_ns : question->now_utc_ns, limit);
    query->verdict = SVMS_IDENTITY_FUTURE;
    return svms_fail(query->err, SVMS_E_UNTRUSTED, "the time of signing, %s, lies after %s, %s",
                     claimed, attested ? "the time at which it is attested to have existed" : "now",
                     limit);
}

/* Worst verdict first. */
static svms_status run_query(svms_path_query *query)
{
    svms_status status = check_moment(query, query->question.from_utc_ns);
    if (status == SVMS_OK) {
        status = check_moment(query, query->question.to_utc_ns);
    }
    if (status == SVMS_OK) {
        status = query->allows(query);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (query->too_early.certificate) {
        return refuse_period(query, SVMS_IDENTITY_NOT_YET_VALID, &query->too_early);
    }
    if (query->too_late.certificate) {
        return refuse_period(query, SVMS_IDENTITY_EXPIRED_THEN, &query->too_late);
    }
    status = check_future(query);
    if (status == SVMS_OK) {
        status = check_revocation(query);
    }
    unsigned judged = query->built;
    if (status == SVMS_OK) {
        status = check_now(query);
    }
    /* Another path, such as one through a renewed CA, has other certificates. */
    return status == SVMS_OK && query->built != judged ? check_revocation(query) : status;
}

static void forget_path(svms_path_query *query)
{
    sk_X509_pop_free(query->path, X509_free);
    query->path = NULL;
    query->built = 0;
    query->too_early = (svms_out_of_period){ NULL, 0 };
    query->too_late = (svms_out_of_period){ NULL, 0 };
}

static svms_status ask(svms_path_query *query, svms_certificates *anchors)
{
    query->verdict = SVMS_IDENTITY_TRUSTED;
    query->revocation = SVMS_REVOCATION_NOT_CHECKED;
    query->stapled_state = SVMS_REVOCATION_NOT_CHECKED;
    query->revoked_utc_ns = SVMS_NO_TIME;
    query->anchor[0] = '\0';
    query->anchors = anchors;
    svms_status status = run_query(query);
    forget_path(query);
    return status;
}

svms_status svms_path_is_direct(svms_ctx *ctx, X509 *certificate, X509 *issuer, svms_error *err)
{
    svms_path_query query = { .ctx = ctx, .err = NULL };
    svms_certificates *given = sk_X509_new_reserve(NULL, 1);
    svms_certificates *anchors = sk_X509_new_reserve(NULL, 1);
    svms_status status = SVMS_E_CRYPTO;
    if (given && anchors && sk_X509_push(given, certificate) == 1 &&
        sk_X509_push(anchors, issuer) == 1) {
        query.given = given;
        query.anchors = anchors;
        query.is_responder = true;
        status = build_path(&query, 0);
    }
    if (status == SVMS_E_NO_MEMORY) {
        (void)svms_fail_memory(err);
    } else if (status == SVMS_E_CRYPTO) {
        status = svms_fail_crypto(err, "cannot check an OCSP responder");
    }
    forget_path(&query);
    sk_X509_free(given);
    sk_X509_free(anchors);
    return status;
}

/* The leaf's fingerprint stands in the store. */
static svms_status find_pin(bool *pinned, const svms_path_query *query)
{
    const svms_trust *trust = query->trust;
    uint8_t digest[SVMS_DIGEST_SIZE];
    *pinned = false;
    if (trust->pin_count == 0) {
        return SVMS_OK;
    }
    svms_status status =
        svms_certificate_digest(digest, query->ctx, sk_X509_value(query->given, 0), query->err);
    for (size_t i = 0; status == SVMS_OK && i < trust->pin_count && !*pinned; i++) {
        *pinned = memcmp(trust->pins + i * SVMS_DIGEST_SIZE, digest, sizeof digest) == 0;
    }
    return status;
}

/* As its own anchor the leaf needs no path; every other rule holds. */
static svms_status ask_about_pinned(svms_path_query *query)
{
    static const char pinned[] = "pinned: ";
    X509 *leaf = sk_X509_value(query->given, 0);
    svms_certificates *alone = sk_X509_new_reserve(NULL, 1);
    char subject[sizeof query->anchor - sizeof pinned + 1];
    if (!alone || sk_X509_push(alone, leaf) != 1) {
        sk_X509_free(alone);
        return svms_fail_crypto(query->err, "cannot keep a certificate path");
    }
    svms_status status = ask(query, alone);
    sk_X509_free(alone);
    query->anchors = NULL;
    if (status != SVMS_OK && status != SVMS_E_UNTRUSTED) {
        return status;
    }
    svms_status named =
        svms_name_cut(subject, sizeof subject, query->ctx, X509_get_subject_name(leaf), query->err);
    if (named != SVMS_OK) {
        return named;
    }
    snprintf(query->anchor, sizeof query->anchor, "%s%s", pinned, subject);
    return status;
}

/* Whatever a path would show, the pin stands for it, except that the leaf is revoked. */
static svms_status check_pinned(svms_path_query *query)
{
    svms_error *err = query->err;
    svms_error cause = SVMS_ERROR_INIT;
    if (sk_X509_num(query->trust->anchors) == 0) {
        return ask_about_pinned(query);
    }
    query->err = &cause;
    svms_status status = ask(query, query->trust->anchors);
    query->err = err;
    if (status == SVMS_E_UNTRUSTED && query->verdict != SVMS_IDENTITY_REVOKED) {
        return ask_about_pinned(query);
    }
    return status == SVMS_OK ? status : svms_fail_as(err, status, &cause);
}

svms_status svms_path_check(svms_path_query *query)
{
    bool pinned = false;
    bool anchored = query->trust && sk_X509_num(query->trust->anchors) > 0;
    query->verdict = SVMS_IDENTITY_NO_ANCHOR;
    query->revocation = SVMS_REVOCATION_NOT_CHECKED;
    query->stapled_state = SVMS_REVOCATION_NOT_CHECKED;
    query->revoked_utc_ns = SVMS_NO_TIME;
    if (query->trust) {
        svms_status status = find_pin(&pinned, query);
        if (status != SVMS_OK) {
            return status;
        }
    }
    if (pinned) {
        return check_pinned(query);
    }
    if (!anchored) {
        return svms_fail(query->err, SVMS_E_UNTRUSTED, "%s",
                         query->trust ? "no trust anchor was given, and the certificate is not one "
                                        "of those that are pinned"
                                      : "no trust anchor was given");
    }
    return ask(query, query->trust->anchors);
}
