/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "failure.h"
#include "jws_sign.h"
#include "known_answer.h"

#define ECDSA_DER_MAX 112
#define ED25519_SIGNATURE 64

const svms_jws_scheme *svms_jws_scheme_of(svms_token_algorithm algorithm)
{
    static const svms_jws_scheme schemes[] = {
        [SVMS_TOKEN_ES256] = { "SHA256", 32, false }, [SVMS_TOKEN_ES384] = { "SHA384", 48, false },
        [SVMS_TOKEN_EDDSA] = { NULL, 0, false },      [SVMS_TOKEN_RS256] = { "SHA256", 0, false },
        [SVMS_TOKEN_PS256] = { "SHA256", 0, true },
    };
    return &schemes[algorithm];
}

bool svms_jws_set_padding(const svms_jws_scheme *scheme, EVP_PKEY_CTX *operation)
{
    if (!scheme->is_pss) {
        return true;
    }
    return EVP_PKEY_CTX_set_rsa_padding(operation, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(operation, RSA_PSS_SALTLEN_DIGEST) == 1;
}

/* Both (r, s) and (r, n - s) count: RFC 7518 does not choose, and a token is not known by its
 * signature. 0 on failure. */
static size_t der_of(const uint8_t *raw, size_t width, uint8_t der[ECDSA_DER_MAX])
{
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, (int)width, NULL);
    BIGNUM *s = BN_bin2bn(raw + width, (int)width, NULL);
    uint8_t *end = der;
    int size = 0;
    if (signature && r && s && ECDSA_SIG_set0(signature, r, s) == 1) {
        r = NULL;
        s = NULL;
        size = i2d_ECDSA_SIG(signature, NULL);
        size = size > 0 && size <= ECDSA_DER_MAX ? i2d_ECDSA_SIG(signature, &end) : 0;
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(signature);
    return size > 0 ? (size_t)size : 0;
}

svms_status svms_jwk_prepare(svms_jwk *jwk, svms_ctx *ctx, svms_error *err)
{
    const svms_jws_scheme *scheme = svms_jws_scheme_of(jwk->algorithm);
    EVP_PKEY_CTX *operation = NULL;
    jwk->prepared = EVP_MD_CTX_new();
    if (!jwk->prepared ||
        EVP_DigestVerifyInit_ex(jwk->prepared, &operation, scheme->digest, svms_ossl_context(ctx),
                                svms_ossl_properties(ctx), svms_public_key_evp(jwk->key),
                                NULL) != 1 ||
        !svms_jws_set_padding(scheme, operation)) {
        return svms_fail_crypto(err, "cannot prepare a key for verifying");
    }
    ERR_clear_error();
    return SVMS_OK;
}

/* 1 when it verifies, 0 when it does not or the provider failed. Threads share what was prepared,
 * and each works on a copy. */
static int verify_once(const svms_jws *jws, const svms_jwk *jwk, const uint8_t *signature,
                       size_t size)
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    int result = 0;
    if (digest && EVP_MD_CTX_copy_ex(digest, jwk->prepared) == 1) {
        /* Nothing follows, so that the state need not be copied before it is finished. */
        EVP_MD_CTX_set_flags(digest, EVP_MD_CTX_FLAG_FINALISE);
        result = EVP_DigestVerify(digest, signature, size, (const uint8_t *)jws->signed_text,
                                  jws->signed_size);
    }
    EVP_MD_CTX_free(digest);
    return result == 1;
}

static svms_status verify_surely(const svms_jws *jws, svms_ctx *ctx, const svms_jwk *jwk,
                                 const uint8_t *signature, size_t size, svms_error *err)
{
    ERR_clear_error();
    if (verify_once(jws, jwk, signature, size) == 1) {
        return SVMS_OK;
    }
    if (svms_crypto_starved() || verify_once(jws, jwk, signature, size) == 1 ||
        !svms_known_key_is_taken(ctx, svms_public_key_kind(jwk->key))) {
        return svms_fail_crypto(err, "cannot verify a token");
    }
    ERR_clear_error();
    return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "the token's signature does not verify");
}

/* J-JWS-5 */
static size_t due_size(const svms_jws *jws, const svms_public_key *key)
{
    const svms_jws_scheme *scheme = svms_jws_scheme_of(jws->algorithm);
    if (scheme->width > 0) {
        return 2 * scheme->width;
    }
    return scheme->digest ? (size_t)EVP_PKEY_get_size(svms_public_key_evp(key)) : ED25519_SIGNATURE;
}

svms_status svms_jws_verify(const svms_jws *jws, svms_ctx *ctx, const svms_jwk *jwk,
                            svms_error *err)
{
    uint8_t der[ECDSA_DER_MAX];
    const uint8_t *signature = jws->signature;
    size_t size = jws->signature_size;
    if (jws->algorithm != jwk->algorithm) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "the token says %s, but its key signs by %s",
                         svms_token_algorithm_name(jws->algorithm),
                         svms_token_algorithm_name(jwk->algorithm));
    }
    if (size != due_size(jws, jwk->key)) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the token's signature has %zu bytes, where %zu are due", size,
                         due_size(jws, jwk->key));
    }
    size_t width = svms_jws_scheme_of(jws->algorithm)->width;
    if (width > 0) {
        size = der_of(signature, width, der);
        signature = der;
        if (size == 0) {
            return svms_fail_crypto(err, "cannot verify a token");
        }
    }
    return verify_surely(jws, ctx, jwk, signature, size, err);
}
