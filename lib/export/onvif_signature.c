/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures over digests, by OpenSSL. */
#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>

#include "ecdsa_raw.h"
#include "failure.h"
#include "key_internal.h"
#include "known_answer.h"
#include "onvif_algorithm.h"

#define MAX_PARAMS 6
/* An ECDSA signature has the length that is wanted about every second time. */
#define ATTEMPTS 128

static OSSL_PARAM text_param(const char *name, const char *value)
{
    /* Parameters are read only here, but OSSL_PARAM serves both directions. */
    return OSSL_PARAM_construct_utf8_string(name, (char *)(uintptr_t)value, 0);
}

static void describe(const svms_onvif_algorithm *algorithm, svms_ctx *ctx, int *salt,
                     OSSL_PARAM params[MAX_PARAMS])
{
    OSSL_PARAM *next = params;
    *next++ = text_param(OSSL_SIGNATURE_PARAM_DIGEST, svms_onvif_digest_name(algorithm->digest));
    if (algorithm->family == SVMS_ONVIF_PKCS1) {
        *next++ = text_param(OSSL_SIGNATURE_PARAM_PAD_MODE, OSSL_PKEY_RSA_PAD_MODE_PKCSV15);
    }
    if (algorithm->family == SVMS_ONVIF_PSS) {
        *salt = (int)algorithm->salt;
        *next++ = text_param(OSSL_SIGNATURE_PARAM_PAD_MODE, OSSL_PKEY_RSA_PAD_MODE_PSS);
        *next++ = OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, salt);
        *next++ =
            text_param(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, svms_onvif_digest_name(algorithm->mask));
        if (svms_ossl_properties(ctx)) {
            *next++ = text_param(OSSL_SIGNATURE_PARAM_MGF1_PROPERTIES, svms_ossl_properties(ctx));
        }
    }
    *next = OSSL_PARAM_construct_end();
}

/* r of full length with its sign byte, and the lower of the two possible s. */
size_t svms_onvif_signature_size(const svms_onvif_algorithm *algorithm, const svms_private_key *key)
{
    if (algorithm->family != SVMS_ONVIF_ECDSA) {
        return (size_t)EVP_PKEY_get_size(svms_private_key_public_evp(key));
    }
    return algorithm->digest == SVMS_ONVIF_SHA256 ? 71 : 103;
}

static bool sign_once(svms_ctx *ctx, const svms_private_key *key,
                      const svms_onvif_algorithm *algorithm, const uint8_t *digest,
                      uint8_t *signature, size_t *size)
{
    OSSL_PARAM params[MAX_PARAMS];
    int salt = 0;
    describe(algorithm, ctx, &salt, params);
    EVP_PKEY_CTX *state = EVP_PKEY_CTX_new_from_pkey(
        svms_ossl_context(ctx), svms_private_key_evp(key), svms_private_key_properties(key));
    bool done = state && EVP_PKEY_sign_init_ex(state, params) == 1 &&
                EVP_PKEY_sign(state, signature, size, digest,
                              svms_onvif_digest_size(algorithm->digest)) == 1;
    EVP_PKEY_CTX_free(state);
    return done;
}

/* Made again until it has the size that was counted in what is signed. */
static svms_status sign_ecdsa(svms_ctx *ctx, const svms_private_key *key,
                              const svms_onvif_algorithm *algorithm, const uint8_t *digest,
                              uint8_t *signature, size_t size, svms_error *err)
{
    size_t width = svms_onvif_digest_size(algorithm->digest);
    for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
        uint8_t der[SVMS_ECDSA_DER_MAX];
        uint8_t raw[2 * 48];
        size_t der_size = sizeof der;
        if (!sign_once(ctx, key, algorithm, digest, der, &der_size) || der_size > sizeof der ||
            !svms_ecdsa_to_raw(der, der_size, width, raw) ||
            !svms_ecdsa_to_der(raw, width, der, &der_size)) {
            return svms_fail_crypto(err, "cannot sign");
        }
        if (der_size == size) {
            memcpy(signature, der, size);
            return SVMS_OK;
        }
    }
    return svms_fail(err, SVMS_E_UNSUPPORTED,
                     "whoever holds the key always makes the same signature, of another size than "
                     "the one that is signed");
}

svms_status svms_onvif_sign(svms_ctx *ctx, const svms_private_key *key,
                            const svms_onvif_algorithm *algorithm, const uint8_t *digest,
                            uint8_t *signature, size_t size, svms_error *err)
{
    svms_public_key *half = NULL;
    svms_status status = SVMS_OK;
    if (algorithm->family == SVMS_ONVIF_ECDSA) {
        status = sign_ecdsa(ctx, key, algorithm, digest, signature, size, err);
    } else {
        size_t written = size;
        if (!sign_once(ctx, key, algorithm, digest, signature, &written) || written != size) {
            status = svms_fail_crypto(err, "cannot sign");
        }
    }
    ERR_clear_error();
    if (status != SVMS_OK) {
        return status;
    }
    /* What a provider gives is not believed. */
    status = svms_public_key_from_evp(&half, ctx, svms_private_key_public_evp(key), err);
    if (status == SVMS_OK) {
        status = svms_onvif_check(ctx, half, algorithm, digest, signature, size, err);
    }
    svms_public_key_free(&half);
    if (status == SVMS_E_NOT_AUTHENTIC) {
        return svms_fail(err, SVMS_E_CRYPTO,
                         "who holds the key gave a signature that its public half refuses");
    }
    return status;
}

/* 1 when it verifies, 0 when it does not or the provider failed, negative when it surely failed. */
static int check_once(svms_ctx *ctx, EVP_PKEY *key, const svms_onvif_algorithm *algorithm,
                      const uint8_t *digest, const uint8_t *signature, size_t size)
{
    OSSL_PARAM params[MAX_PARAMS];
    int salt = 0;
    describe(algorithm, ctx, &salt, params);
    EVP_PKEY_CTX *state =
        EVP_PKEY_CTX_new_from_pkey(svms_ossl_context(ctx), key, svms_ossl_properties(ctx));
    int result = -1;
    if (state && EVP_PKEY_verify_init_ex(state, params) == 1) {
        result = EVP_PKEY_verify(state, signature, size, digest,
                                 svms_onvif_digest_size(algorithm->digest));
    }
    EVP_PKEY_CTX_free(state);
    return result == 1 ? 1 : result < 0 && !state ? -1 : 0;
}

svms_status svms_onvif_check(svms_ctx *ctx, const svms_public_key *key,
                             const svms_onvif_algorithm *algorithm, const uint8_t *digest,
                             const uint8_t *signature, size_t size, svms_error *err)
{
    svms_key_kind kind = svms_public_key_kind(key);
    EVP_PKEY *pkey = svms_public_key_evp(key);
    bool is_ec = kind == SVMS_KEY_P256 || kind == SVMS_KEY_P384;
    if (is_ec != (algorithm->family == SVMS_ONVIF_ECDSA) || (!is_ec && kind != SVMS_KEY_RSA)) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the signature algorithm is not one of the certificate's %s key",
                         svms_key_kind_name(kind));
    }
    int result = check_once(ctx, pkey, algorithm, digest, signature, size);
    if (result == 0) {
        int again = check_once(ctx, pkey, algorithm, digest, signature, size);
        result = again == 0 && svms_known_key_is_taken(ctx, kind) ? 0 : -1;
    }
    if (result < 0) {
        return svms_fail_crypto(err, "cannot verify");
    }
    ERR_clear_error();
    if (result == 1) {
        return SVMS_OK;
    }
    return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "the signature does not verify");
}
