/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "failure.h"
#include "key_internal.h"
#include "purpose.h"
#include "sign.h"
#include "tls_internal.h"

static svms_status check_given(const svms_tls_rules *rules, const svms_tls_credentials *given,
                               svms_error *err)
{
    bool judges = rules->side == SVMS_TLS_SERVER && rules->peer != SVMS_TLS_PEER_NOT_ASKED &&
                  !rules->names_peers;
    if (given->reserved != 0 || (!given->ocsp != (given->ocsp_size == 0))) {
        return svms_fail(err, SVMS_E_USAGE, "the credentials of TLS are out of range");
    }
    if (!given->chain != !given->key) {
        return svms_fail(err, SVMS_E_USAGE, "a certificate chain and its key belong together");
    }
    if (!given->chain && rules->side == SVMS_TLS_SERVER) {
        return svms_fail(err, SVMS_E_USAGE, "a TLS server needs a certificate chain and its key");
    }
    if (given->ocsp && rules->side != SVMS_TLS_SERVER) {
        return svms_fail(err, SVMS_E_USAGE, "only TLS servers staple OCSP responses");
    }
    if (judges && !given->trust) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a TLS server that asks for certificates needs a trust store");
    }
    return SVMS_OK;
}

static svms_status check_key(const svms_tls_credentials *given, svms_error *err)
{
    uint8_t of_key[SVMS_DIGEST_SIZE];
    uint8_t of_leaf[SVMS_DIGEST_SIZE];
    if (!svms_private_key_evp(given->key)) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "TLS cannot use a private key that is behind callbacks");
    }
    svms_status status = svms_private_key_id(given->key, of_key, err);
    if (status == SVMS_OK) {
        status = svms_public_key_id(svms_chain_leaf_key(given->chain), of_leaf, err);
    }
    if (status == SVMS_OK && memcmp(of_key, of_leaf, sizeof of_key) != 0) {
        char subject[SVMS_NAME_WORDS_SIZE];
        svms_tls_name(subject, given->chain);
        return svms_fail(err, SVMS_E_USAGE,
                         "the private key does not belong to the certificate of %s", subject);
    }
    return status;
}

/* What one has had all along and has only grown old is no reason to refuse a reload: a new list
 * that revokes somebody must not wait for a new certificate. */
static bool is_old_news(svms_tls_state *state, const svms_tls_state *before,
                        svms_identity_verdict verdict, const svms_error *why)
{
    bool is_same = before && memcmp(before->leaf, state->leaf, sizeof state->leaf) == 0;
    bool is_about_time =
        verdict == SVMS_IDENTITY_EXPIRED_NOW || verdict == SVMS_IDENTITY_EXPIRED_THEN;
    if (!is_same || !is_about_time) {
        return false;
    }
    state->leaf_is_past = true;
    svms_log(state->ctx, SVMS_LOG_WARNING, "peers refuse one's own certificate: %s", why->message);
    return true;
}

/* As a peer that pinned the certificate would judge it: its period and what it is for. */
static svms_status check_leaf(svms_tls_state *state, const svms_chain *chain,
                              const svms_tls_state *before, svms_error *err)
{
    svms_trust_options pinned = SVMS_TRUST_OPTIONS_INIT;
    svms_trust *trust = NULL;
    svms_error why = SVMS_ERROR_INIT;
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    svms_purpose_question question = {
        .purpose = state->rules.side == SVMS_TLS_SERVER ? SVMS_PURPOSE_TLS_SERVER
                                                        : SVMS_PURPOSE_TLS_CLIENT,
        .now_utc_ns = svms_utc_now(state->ctx),
    };
    pinned.pins = svms_chain_leaf_digest(chain);
    pinned.pin_count = 1;
    svms_status status = svms_trust_new(&trust, state->ctx, &pinned, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_purpose_check(trust, chain, &question, &result, &why);
    svms_trust_free(&trust);
    if (status == SVMS_E_UNTRUSTED && is_old_news(state, before, result.verdict, &why)) {
        return SVMS_OK;
    }
    if (status == SVMS_E_UNTRUSTED) {
        return svms_fail(err, status, "one's own certificate would be refused: %s", why.message);
    }
    return status == SVMS_OK ? SVMS_OK : svms_fail_as(err, status, &why);
}

/* A signature as TLS wants it of such a key. */
static bool signs(svms_ctx *ctx, EVP_PKEY *key)
{
    static const uint8_t text[] = "libsvms";
    uint8_t signature[SVMS_SIGNATURE_MAX];
    size_t size = sizeof signature;
    EVP_PKEY_CTX *how = NULL;
    const char *digest = EVP_PKEY_is_a(key, "ED25519")                               ? NULL
                         : EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_bits(key) == 384 ? "SHA2-384"
                                                                                     : "SHA2-256";
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    bool done = state && EVP_DigestSignInit_ex(state, &how, digest, svms_ossl_context(ctx),
                                               svms_ossl_properties(ctx), key, NULL) == 1;
    if (done && EVP_PKEY_is_a(key, "RSA")) {
        done = EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1;
    }
    done = done && EVP_DigestSign(state, signature, &size, text, sizeof text) == 1;
    EVP_MD_CTX_free(state);
    return done;
}

/* libssl looks in its own way for who signs with a key: one that a provider keeps may sign for the
 * rest of this library and not for TLS. That is better said now than by every handshake. */
static svms_status check_signing(svms_ctx *ctx, const svms_private_key *key, svms_error *err)
{
    ERR_clear_error();
    if (!svms_private_key_is_external(key) || signs(ctx, svms_private_key_evp(key))) {
        return SVMS_OK;
    }
    if (svms_provider_lacked_memory()) {
        return svms_fail_memory(err);
    }
    return svms_fail(err, SVMS_E_UNSUPPORTED,
                     "OpenSSL's TLS cannot sign with the private key that a provider keeps");
}

static X509 *read_certificate(svms_ctx *ctx, const svms_chain *chain, size_t index)
{
    size_t size = 0;
    const unsigned char *der = svms_chain_der(chain, index, &size);
    X509 *certificate = X509_new_ex(svms_ossl_context(ctx), svms_ossl_properties(ctx));
    if (certificate && !d2i_X509(&certificate, &der, (long)size)) {
        return NULL;
    }
    return certificate;
}

static bool use_chain(svms_tls_state *state, const svms_chain *chain)
{
    X509 *leaf = read_certificate(state->ctx, chain, 0);
    bool done = leaf && SSL_CTX_use_certificate(state->ssl, leaf) == 1;
    X509_free(leaf);
    for (size_t i = 1; done && i < svms_chain_count(chain); i++) {
        X509 *above = read_certificate(state->ctx, chain, i);
        done = above && SSL_CTX_add1_chain_cert(state->ssl, above) == 1;
        X509_free(above);
    }
    return done;
}

static svms_status load_chain(svms_tls_state *state, const svms_tls_credentials *given,
                              const svms_tls_state *before, svms_error *err)
{
    svms_status status = check_key(given, err);
    if (status == SVMS_OK) {
        memcpy(state->leaf, svms_chain_leaf_digest(given->chain), sizeof state->leaf);
        status = state->rules.names_peers ? SVMS_OK : check_leaf(state, given->chain, before, err);
    }
    if (status == SVMS_OK) {
        status = check_signing(state->ctx, given->key, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    ERR_clear_error();
    if (!use_chain(state, given->chain) ||
        SSL_CTX_use_PrivateKey(state->ssl, svms_private_key_evp(given->key)) != 1) {
        return svms_fail_crypto(err, "TLS cannot use the certificate and its key");
    }
    ERR_clear_error();
    return SVMS_OK;
}

svms_status svms_tls_load_credentials(svms_tls_state *state, const svms_tls_credentials *given,
                                      const svms_tls_state *before, svms_error *err)
{
    svms_status status = check_given(&state->rules, given, err);
    if (status == SVMS_OK && given->chain) {
        status = load_chain(state, given, before, err);
    }
    if (status == SVMS_OK && given->trust) {
        state->trust = svms_trust_retain(given->trust);
    }
    /* Nobody can judge a response about a certificate that has expired. */
    if (status == SVMS_OK && given->ocsp && !state->leaf_is_past) {
        status = svms_tls_load_staple(state, given, err);
    }
    return status;
}
