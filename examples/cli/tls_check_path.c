/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of a file, held against what was given: CA certificates and lists, a role, a host, a
 * key, a fingerprint. */
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "tls_check.h"

/* As many as a chain of the library may have. */
#define CHAIN_MAX 8

static const char *subject_of(const check_item *item)
{
    return item->info.subject[0] ? item->info.subject : "a nameless subject";
}

static bool issues(const check_item *item)
{
    return item->info.is_ca != 0;
}

/* Whoever is in the file besides a certificate, so that a path can lead through them. */
static bool add_authorities(BIO *text, const check_report *report, const check_item *leaf)
{
    size_t count = 1;
    bool good = PEM_write_bio_X509(text, leaf->certificate) == 1;
    for (size_t i = 0; i < report->item_count && count < CHAIN_MAX && good; i++) {
        const check_item *item = &report->items[i];
        if (item != leaf && item->kind == CHECK_CERTIFICATE && issues(item)) {
            good = PEM_write_bio_X509(text, item->certificate) == 1;
            count++;
        }
    }
    return good;
}

static svms_chain *chain_of(const check_report *report, const check_means *means,
                            const check_item *leaf)
{
    svms_chain *chain = NULL;
    char *pem = NULL;
    BIO *text = BIO_new(BIO_s_mem());
    if (text && add_authorities(text, report, leaf)) {
        long size = BIO_get_mem_data(text, &pem);
        if (svms_chain_from_pem(&chain, means->ctx, pem, (size_t)size, NULL) != SVMS_OK) {
            chain = NULL;
        }
    }
    BIO_free(text);
    return chain;
}

static svms_role role_to_ask(const check_means *means, const check_item *item)
{
    svms_role role = (svms_role)means->request->role;
    for (unsigned i = 1; i < 32 && role == SVMS_ROLE_NONE; i++) {
        role = (item->info.roles & 1u << i) != 0 ? (svms_role)i : SVMS_ROLE_NONE;
    }
    return role;
}

static bool is_about_time(svms_identity_verdict verdict)
{
    return verdict == SVMS_IDENTITY_EXPIRED_NOW || verdict == SVMS_IDENTITY_EXPIRED_THEN ||
           verdict == SVMS_IDENTITY_NOT_YET_VALID;
}

/* False: the library does not judge certificates like this one. */
static bool judge_signer(check_report *report, const check_means *means, const check_item *item,
                         const svms_chain *chain)
{
    svms_identity_question question = SVMS_IDENTITY_QUESTION_INIT;
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    svms_error err = SVMS_ERROR_INIT;
    question.role = role_to_ask(means, item);
    question.from_utc_ns = means->now_utc_ns;
    question.to_utc_ns = means->now_utc_ns;
    question.now_utc_ns = means->now_utc_ns;
    svms_status status = svms_identity_check(means->trust, chain, &question, &result, &err);
    if (status == SVMS_E_USAGE) {
        return false;
    }
    bool told = is_about_time(result.verdict) &&
                (check_has(report, "expired") || check_has(report, "not-yet-valid"));
    if (status != SVMS_OK && !told) {
        check_find(report, status == SVMS_E_UNTRUSTED ? CHECK_WRONG : CHECK_UNREACHABLE,
                   result.verdict == SVMS_IDENTITY_REVOKED      ? "revoked"
                   : result.verdict == SVMS_IDENTITY_WRONG_ROLE ? "wrong-role"
                                                                : "untrusted",
                   "%s", err.message);
    }
    return true;
}

/* What its period says was said already, and what no list speaks about is no fault. */
static int accept_some(int good, X509_STORE_CTX *context)
{
    int error = X509_STORE_CTX_get_error(context);
    bool passes = error == X509_V_ERR_UNABLE_TO_GET_CRL;
    if (error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID) {
        passes = X509_STORE_CTX_get_error_depth(context) == 0;
    }
    return good || passes;
}

static void find_no_path(check_report *report, const check_item *item, X509_STORE_CTX *context)
{
    int error = X509_STORE_CTX_get_error(context);
    check_find(report, CHECK_WRONG,
               error == X509_V_ERR_CERT_REVOKED      ? "revoked"
               : error == X509_V_ERR_CRL_HAS_EXPIRED ? "list-out-of-date"
                                                     : "untrusted",
               "no path leads from the certificate of %s to a CA that is trusted: %s",
               subject_of(item), X509_verify_cert_error_string(error));
}

/* For certificates of other purposes: what OpenSSL makes of the path. */
static void judge_other(check_report *report, const check_means *means, const check_item *item)
{
    STACK_OF(X509) *others = sk_X509_new_null();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    bool ready = others && context;
    for (size_t i = 0; i < report->item_count && ready; i++) {
        X509 *other = report->items[i].certificate;
        ready = !other || sk_X509_push(others, other) > 0;
    }
    ready = ready && X509_STORE_CTX_init(context, means->anchors, item->certificate, others) == 1;
    if (!ready) {
        check_find(report, CHECK_UNREACHABLE, "failed", "out of memory");
    } else {
        X509_STORE_CTX_set_verify_cb(context, accept_some);
        if (X509_verify_cert(context) != 1) {
            find_no_path(report, item, context);
        }
    }
    X509_STORE_CTX_free(context);
    sk_X509_free(others);
    ERR_clear_error();
}

static void judge_host(check_report *report, const check_means *means, const check_item *item,
                       const svms_chain *chain)
{
    svms_error err = SVMS_ERROR_INIT;
    if (json_array_size(item->names) == 0) {
        check_find(report, CHECK_WRONG, "no-names", "the certificate of %s is for no host",
                   subject_of(item));
        return;
    }
    svms_status status = svms_chain_matches_host(chain, means->request->host, &err);
    if (status != SVMS_OK) {
        check_find(report, CHECK_WRONG, "wrong-host", "%s", err.message);
    }
}

static void judge_leaf(check_report *report, const check_means *means, const check_item *item)
{
    const check_request *request = means->request;
    uint32_t server = 1u << SVMS_ROLE_SERVER;
    svms_chain *chain = chain_of(report, means, item);
    if (!chain) {
        return; /* which was said when it was read */
    }
    if (request->role != SVMS_ROLE_NONE && (item->info.roles & 1u << request->role) == 0) {
        check_find(report, CHECK_WRONG, "wrong-role",
                   "the certificate of %s does not name the role %s", subject_of(item),
                   svms_role_name((svms_role)request->role));
    } else if (means->trust && (role_to_ask(means, item) == SVMS_ROLE_NONE ||
                                !judge_signer(report, means, item, chain))) {
        judge_other(report, means, item);
    }
    if (request->host) {
        judge_host(report, means, item, chain);
    } else if ((item->info.roles & server) != 0 && json_array_size(item->names) == 0) {
        check_find(report, CHECK_WRONG, "no-names",
                   "the certificate of %s is a server's, and for no host", subject_of(item));
    }
    svms_chain_free(&chain);
}

/* Key and fingerprint are those of the first certificate. */
static void judge_first(check_report *report, const check_means *means, const check_item *item)
{
    if (means->public_half &&
        EVP_PKEY_eq(X509_get0_pubkey(item->certificate), means->public_half) != 1) {
        check_find(report, CHECK_WRONG, "wrong-key",
                   "the key of --key is not that of the certificate of %s", subject_of(item));
    }
    if (means->has_pin && memcmp(means->pin, item->info.sha256, sizeof means->pin) != 0) {
        check_find(report, CHECK_WRONG, "wrong-pin",
                   "the fingerprint of the certificate of %s is another one", subject_of(item));
    }
    ERR_clear_error();
}

void check_paths(check_report *report, const check_means *means)
{
    const check_item *first = NULL;
    size_t leaves = 0;
    for (size_t i = 0; i < report->item_count; i++) {
        const check_item *item = &report->items[i];
        first = first || item->kind != CHECK_CERTIFICATE ? first : item;
        if (item->kind == CHECK_CERTIFICATE && !issues(item)) {
            leaves++;
            judge_leaf(report, means, item);
        }
    }
    if (first) {
        judge_first(report, means, first);
    }
    /* A file of nothing but authorities: whether they lead to the ones that are trusted. */
    for (size_t i = 0; i < report->item_count && leaves == 0 && means->anchors; i++) {
        if (report->items[i].kind == CHECK_CERTIFICATE) {
            judge_other(report, means, &report->items[i]);
        }
    }
}
