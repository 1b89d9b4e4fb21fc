/* SPDX-License-Identifier: Apache-2.0 */
/* What a server staples: an OCSP response about its own certificate (RFC 6066 section 8). */
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "certificate.h"
#include "failure.h"
#include "ocsp.h"
#include "purpose.h"
#include "tls_internal.h"

int svms_tls_give_staple(SSL *ssl, void *unused)
{
    const svms_tls *tls = SSL_get_app_data(ssl);
    const svms_tls_state *state = tls->state;
    (void)unused;
    if (!state->staple || svms_utc_now(state->ctx) >= state->staple_until_utc_ns) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    /* OpenSSL releases what it is given. */
    unsigned char *copy = OPENSSL_memdup(state->staple, state->staple_size);
    if (!copy) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    if (SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)state->staple_size) != 1) {
        OPENSSL_free(copy);
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    return SSL_TLSEXT_ERR_OK;
}

static bool write_certificate(BIO *text, const svms_chain *chain, size_t index)
{
    size_t size = 0;
    const uint8_t *der = svms_chain_der(chain, index, &size);
    return PEM_write_bio(text, PEM_STRING_X509, "", der, (long)size) > 0;
}

/* A store that trusts who issued the leaf: a client has found its own way to that one. */
static svms_status trust_issuers(svms_trust **out, svms_ctx *ctx, const svms_chain *chain,
                                 svms_error *err)
{
    char *data = NULL;
    BIO *text = BIO_new(BIO_s_mem());
    bool done = text != NULL;
    for (size_t i = 1; done && i < svms_chain_count(chain); i++) {
        done = write_certificate(text, chain, i);
    }
    if (!done) {
        BIO_free(text);
        return svms_fail_crypto(err, "cannot write one's own chain");
    }
    long size = BIO_get_mem_data(text, &data);
    svms_status status = svms_trust_from_pem(out, ctx, data, (size_t)size, err);
    BIO_free(text);
    return status;
}

/* What a client that requires a staple would find. */
static svms_status check_staple(const svms_tls_state *state, const svms_tls_credentials *given,
                                const svms_trust *trust, svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    svms_purpose_question question = { .purpose = SVMS_PURPOSE_TLS_SERVER,
                                       .now_utc_ns = svms_utc_now(state->ctx),
                                       .staple = given->ocsp,
                                       .staple_size = given->ocsp_size,
                                       .needs_staple = true };
    svms_status status = svms_purpose_check(trust, given->chain, &question, &result, &why);
    if (status == SVMS_E_UNTRUSTED) {
        return svms_fail(err, status, "what is to be stapled would be refused: %s", why.message);
    }
    return status == SVMS_OK ? SVMS_OK : svms_fail_as(err, status, &why);
}

/* The first moment at which a part of the response is out of date. */
static svms_status find_end(svms_tls_state *state, svms_error *err)
{
    svms_ocsp_answer answer = { NULL, NULL };
    svms_status status =
        svms_ocsp_parse(&answer, state->ctx, state->staple, state->staple_size, 0, err);
    if (status != SVMS_OK) {
        return status;
    }
    state->staple_until_utc_ns = INT64_MAX;
    for (int i = 0; i < OCSP_resp_count(answer.basic); i++) {
        ASN1_GENERALIZEDTIME *next = NULL;
        int64_t seconds = 0;
        (void)OCSP_single_get0_status(OCSP_resp_get0(answer.basic, i), NULL, NULL, NULL, &next);
        if (next && svms_date_seconds(next, &seconds) &&
            seconds < state->staple_until_utc_ns / 1000000000) {
            state->staple_until_utc_ns = seconds * 1000000000;
        }
    }
    svms_ocsp_clear(&answer);
    return SVMS_OK;
}

static svms_status judge_staple(const svms_tls_state *state, const svms_tls_credentials *given,
                                svms_error *err)
{
    svms_trust *issuers = NULL;
    if (svms_chain_count(given->chain) == 1) {
        if (!given->trust) {
            return svms_fail(err, SVMS_E_USAGE,
                             "an OCSP response to staple can be checked only with the issuer's "
                             "certificate in the chain or in the trust store");
        }
        return check_staple(state, given, given->trust, err);
    }
    svms_status status = trust_issuers(&issuers, state->ctx, given->chain, err);
    if (status == SVMS_OK) {
        status = check_staple(state, given, issuers, err);
    }
    svms_trust_free(&issuers);
    return status;
}

svms_status svms_tls_load_staple(svms_tls_state *state, const svms_tls_credentials *given,
                                 svms_error *err)
{
    svms_status status = judge_staple(state, given, err);
    if (status != SVMS_OK) {
        return status;
    }
    state->staple = svms_alloc(state->ctx, given->ocsp_size);
    if (!state->staple) {
        return svms_fail_memory(err);
    }
    memcpy(state->staple, given->ocsp, given->ocsp_size);
    state->staple_size = given->ocsp_size;
    return find_end(state, err);
}
