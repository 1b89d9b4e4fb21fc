/* SPDX-License-Identifier: Apache-2.0 */
/* Who the peer is. OpenSSL hands over what was sent and builds no path of its own. */
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "failure.h"
#include "purpose.h"
#include "tls_internal.h"

void svms_tls_finding_clear(svms_tls_finding *finding)
{
    svms_chain_free(&finding->chain);
    svms_builder_clear(&finding->sent);
    *finding = (svms_tls_finding){ .words = SVMS_ERROR_INIT,
                                   .verdict = SVMS_IDENTITY_UNSIGNED,
                                   .revocation = SVMS_REVOCATION_NOT_CHECKED };
}

static bool is_of_our_own(svms_status status)
{
    return status == SVMS_E_NO_MEMORY || status == SVMS_E_CRYPTO || status == SVMS_E_INTERNAL;
}

/* A path to what is trusted, or the pinned certificate itself; never one that is known as revoked.
 */
static svms_status check_path(svms_tls *tls, svms_tls_finding *finding,
                              const svms_purpose_question *question, svms_error *err)
{
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    svms_status status = SVMS_E_UNTRUSTED;
    if (tls->state->trust || !tls->pin) {
        status = svms_purpose_check(tls->state->trust, finding->chain, question, &result, err);
    }
    if (tls->pin && status == SVMS_E_UNTRUSTED && result.verdict != SVMS_IDENTITY_REVOKED) {
        svms_revocation known = result.revocation;
        status = svms_purpose_check(tls->pin, finding->chain, question, &result, err);
        result.revocation = known;
    }
    finding->verdict = result.verdict;
    finding->revocation = result.revocation;
    finding->is_trusted = status == SVMS_OK;
    return status;
}

static bool is_pinned(const svms_tls *tls, const svms_chain *chain)
{
    return memcmp(tls->pinned, svms_chain_leaf_digest(chain), SVMS_DIGEST_SIZE) == 0;
}

static svms_status check_name(const svms_tls *tls, svms_tls_finding *finding, svms_error *words)
{
    if (tls->host[0] == '\0') {
        return SVMS_OK;
    }
    svms_status status = svms_chain_matches_host(finding->chain, tls->host, words);
    finding->name_matches = status == SVMS_OK;
    return status;
}

/* The first thing that is wrong, in the order in which it matters. */
static svms_status judge(svms_tls *tls, svms_tls_finding *finding,
                         const svms_purpose_question *question, svms_error *err)
{
    svms_error name_words = SVMS_ERROR_INIT;
    svms_status named = check_name(tls, finding, &name_words);
    if (named != SVMS_OK && named != SVMS_E_UNTRUSTED) {
        return svms_fail_as(err, named, &name_words);
    }
    if (tls->pin && !is_pinned(tls, finding->chain)) {
        char subject[SVMS_NAME_WORDS_SIZE];
        svms_tls_name(subject, finding->chain);
        finding->verdict = SVMS_IDENTITY_UNKNOWN_ISSUER;
        return svms_fail(err, SVMS_E_UNTRUSTED,
                         "the server's certificate (%s) is not the pinned one", subject);
    }
    svms_status status = check_path(tls, finding, question, err);
    if (status == SVMS_OK && named != SVMS_OK && !tls->pin) {
        return svms_fail_as(err, named, &name_words);
    }
    return status;
}

/* Where no path is asked for. It says that this is the peer, and nothing of what the certificate
 * holds. */
static svms_status ask_above(svms_tls *tls, svms_tls_finding *finding, svms_error *err)
{
    svms_status status = tls->judge(tls->user, finding->chain, err);
    finding->is_trusted = status == SVMS_OK;
    finding->verdict = status == SVMS_OK ? SVMS_IDENTITY_TRUSTED : SVMS_IDENTITY_BAD_CHAIN;
    return status;
}

static void judge_chain(svms_tls *tls, svms_tls_finding *finding, const svms_iovec *staple,
                        bool needs_staple)
{
    const svms_tls_rules *rules = &tls->state->rules;
    bool is_server = rules->side == SVMS_TLS_SERVER;
    svms_purpose_question question = { .purpose = is_server ? SVMS_PURPOSE_TLS_CLIENT
                                                            : SVMS_PURPOSE_TLS_SERVER,
                                       .roles = rules->peer_roles,
                                       .now_utc_ns = svms_utc_now(tls->ctx),
                                       .staple = staple ? staple->data : NULL,
                                       .staple_size = staple ? staple->size : 0,
                                       .needs_staple = needs_staple,
                                       .stapled = &finding->stapled };
    finding->stapled = false;
    finding->is_trusted = false;
    finding->words = (svms_error)SVMS_ERROR_INIT;
    finding->status = tls->judge ? ask_above(tls, finding, &finding->words)
                                 : judge(tls, finding, &question, &finding->words);
}

static const char *what_is_missing(svms_revocation known)
{
    switch (known) {
    case SVMS_REVOCATION_STALE:
        return "what says so is out of date";
    case SVMS_REVOCATION_BAD_LIST:
        return "what speaks in the name of its authority is not signed by it";
    default:
        return "no list and no response speaks about it and all above it";
    }
}

/* Whether enough is known of revocation; a staple may still come. */
static void judge_revocation(const svms_tls *tls, svms_tls_finding *finding)
{
    const svms_tls_rules *rules = &tls->state->rules;
    if (finding->status == SVMS_OK && rules->require_revocation &&
        finding->revocation != SVMS_REVOCATION_GOOD) {
        char subject[SVMS_NAME_WORDS_SIZE];
        svms_tls_name(subject, finding->chain);
        finding->status = svms_fail(&finding->words, SVMS_E_UNTRUSTED,
                                    "it is not known whether the certificate of %s is revoked: %s",
                                    subject, what_is_missing(finding->revocation));
    }
}

void svms_tls_judge_again(svms_tls *tls, svms_tls_finding *finding)
{
    judge_chain(tls, finding, NULL, false);
    judge_revocation(tls, finding);
}

static void put_certificate(svms_builder *wire, X509 *certificate)
{
    unsigned char *der = NULL;
    int size = i2d_X509(certificate, &der);
    if (size <= 0) {
        wire->status = SVMS_E_CRYPTO;
        return;
    }
    svms_put_u32(wire, (uint32_t)size);
    svms_put_bytes(wire, der, (size_t)size);
    OPENSSL_free(der);
}

/* The chain as the peer sent it. What no chain can be made of is kept too: whoever inspects wants
 * to know whose it is. */
static svms_status read_chain(svms_tls *tls, svms_tls_finding *finding, STACK_OF(X509) * sent,
                              svms_error *err)
{
    int count = sk_X509_num(sent);
    if (count > SVMS_CHAIN_MAX_CERTIFICATES) {
        return svms_fail(err, SVMS_E_LIMIT, "the peer sent more than %d certificates",
                         SVMS_CHAIN_MAX_CERTIFICATES);
    }
    svms_builder *wire = &finding->sent;
    *wire = svms_builder_new(tls->ctx, SVMS_CHAIN_MAX_SIZE);
    ERR_clear_error();
    for (int i = 0; i < count && wire->status == SVMS_OK; i++) {
        put_certificate(wire, sk_X509_value(sent, i));
    }
    svms_status status = wire->status == SVMS_E_CRYPTO
                             ? svms_fail_crypto(err, "cannot write the peer's certificate")
                             : svms_builder_check(wire, "the peer's certificate chain", err);
    if (status == SVMS_OK) {
        status = svms_chain_from_wire(&finding->chain, tls->ctx, wire->data, wire->size, 0, err);
    }
    if (status == SVMS_OK || wire->status != SVMS_OK) {
        svms_builder_clear(wire);
    }
    return status;
}

/* Of the codes that OpenSSL makes alerts of, the one whose alert is meant. */
static int code_of(const svms_tls_finding *finding)
{
    switch (finding->status) {
    case SVMS_OK:
        return X509_V_OK;
    case SVMS_E_NO_MEMORY:
        return X509_V_ERR_OUT_OF_MEM;
    case SVMS_E_UNTRUSTED:
        break;
    case SVMS_E_MALFORMED:
    case SVMS_E_LIMIT:
        return X509_V_ERR_CERT_UNTRUSTED; /* bad_certificate */
    case SVMS_E_UNSUPPORTED:
        return X509_V_ERR_INVALID_PURPOSE; /* unsupported_certificate */
    default:
        return X509_V_ERR_UNSPECIFIED; /* internal_error */
    }
    switch (finding->verdict) {
    case SVMS_IDENTITY_NO_ANCHOR:
    case SVMS_IDENTITY_UNKNOWN_ISSUER:
        return X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY; /* unknown_ca */
    case SVMS_IDENTITY_WRONG_ROLE:
        return X509_V_ERR_INVALID_PURPOSE;
    case SVMS_IDENTITY_EXPIRED_NOW:
    case SVMS_IDENTITY_EXPIRED_THEN:
        return X509_V_ERR_CERT_HAS_EXPIRED;
    case SVMS_IDENTITY_REVOKED:
        return X509_V_ERR_CERT_REVOKED;
    default:
        return X509_V_ERR_CERT_UNTRUSTED;
    }
}

/* Whether the handshake may go on. Whoever inspects goes on with any peer, but not when it is we
 * who failed. */
static bool may_go_on(const svms_tls *tls, const svms_tls_finding *finding)
{
    bool inspects = tls->state->rules.peer == SVMS_TLS_PEER_INSPECTED;
    return finding->status == SVMS_OK || (inspects && !is_of_our_own(finding->status));
}

/* A staple, as far as one came. */
static bool get_staple(SSL *ssl, svms_iovec *staple)
{
    const unsigned char *data = NULL;
    long size = SSL_get_tlsext_status_ocsp_resp(ssl, &data);
    *staple = (svms_iovec){ data, size > 0 && data ? (size_t)size : 0 };
    return staple->size > 0;
}

int svms_tls_verify(X509_STORE_CTX *store, void *unused)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    svms_tls *tls = SSL_get_app_data(ssl);
    svms_tls_finding *finding = &tls->peer;
    bool is_client = tls->state->rules.side == SVMS_TLS_CLIENT;
    svms_iovec staple;
    (void)unused;
    svms_tls_finding_clear(finding);
    if (!svms_tls_shares_profile(tls)) {
        X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
        return 0; /* handshake_failure */
    }
    finding->status =
        read_chain(tls, finding, X509_STORE_CTX_get0_untrusted(store), &finding->words);
    if (finding->status == SVMS_OK) {
        bool has_staple = is_client && get_staple(ssl, &staple);
        judge_chain(tls, finding, has_staple ? &staple : NULL, false);
        if (!is_client || SSL_version(ssl) == TLS1_3_VERSION) {
            judge_revocation(tls, finding);
        }
    } else if (!is_of_our_own(finding->status)) {
        finding->verdict = SVMS_IDENTITY_BAD_CHAIN;
    }
    ERR_clear_error();
    X509_STORE_CTX_set_error(store, code_of(finding));
    return may_go_on(tls, finding);
}

/* Whether everything that is asked of revocation is known, now that nothing more comes. */
static void judge_staple(SSL *ssl, svms_tls *tls, svms_tls_finding *finding)
{
    bool needs_staple = tls->state->rules.require_staple;
    bool came_late = SSL_version(ssl) != TLS1_3_VERSION;
    svms_iovec staple;
    bool has_staple = get_staple(ssl, &staple);
    /* Before TLS 1.3 it comes behind the certificate, which has been judged without it. Once more
     * also where one is missed, for the words. */
    if ((came_late && has_staple) || (needs_staple && !finding->stapled)) {
        judge_chain(tls, finding, has_staple ? &staple : NULL, needs_staple);
    }
    judge_revocation(tls, finding);
}

int svms_tls_status_came(SSL *ssl, void *unused)
{
    svms_tls *tls = SSL_get_app_data(ssl);
    svms_tls_finding *finding = &tls->peer;
    (void)unused;
    if (finding->status == SVMS_OK) {
        judge_staple(ssl, tls, finding);
    }
    ERR_clear_error();
    if (may_go_on(tls, finding)) {
        return 1;
    }
    return is_of_our_own(finding->status) ? -1 : 0;
}
