/* SPDX-License-Identifier: Apache-2.0 */
#include "jwk.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>

#include "base64.h"
#include "failure.h"
#include "json_put.h"

#define RSA_BYTES_MAX 1024

svms_token_algorithm svms_token_algorithm_of(svms_key_kind kind)
{
    switch (kind) {
    case SVMS_KEY_P256:
        return SVMS_TOKEN_ES256;
    case SVMS_KEY_P384:
        return SVMS_TOKEN_ES384;
    case SVMS_KEY_ED25519:
        return SVMS_TOKEN_EDDSA;
    case SVMS_KEY_RSA:
        return SVMS_TOKEN_RS256;
    default:
        return SVMS_TOKEN_NO_ALGORITHM;
    }
}

static void put_octets(svms_builder *out, const char *name, const uint8_t *bytes, size_t size)
{
    char text[RSA_BYTES_MAX * 4 / 3 + 4];
    svms_builder encoded = svms_builder_new(out->ctx, sizeof text);
    svms_put_base64url(&encoded, bytes, size);
    svms_put_u8(&encoded, 0);
    if (encoded.status == SVMS_OK) {
        svms_json_put_text(out, name, (const char *)encoded.data);
    } else if (out->status == SVMS_OK) {
        out->status = encoded.status;
    }
    svms_builder_clear(&encoded);
}

/* Width 0: as long as the number is. */
static bool put_number(svms_builder *out, const char *name, EVP_PKEY *pkey, const char *param,
                       size_t width)
{
    BIGNUM *number = NULL;
    uint8_t bytes[RSA_BYTES_MAX];
    bool done = EVP_PKEY_get_bn_param(pkey, param, &number) == 1;
    if (done) {
        size_t size = width > 0 ? width : (size_t)BN_num_bytes(number);
        done = size <= sizeof bytes && BN_bn2binpad(number, bytes, (int)size) == (int)size;
        if (done) {
            put_octets(out, name, bytes, size);
        }
        svms_wipe(bytes, sizeof bytes);
    }
    BN_clear_free(number);
    return done;
}

static bool put_ed25519(svms_builder *out, const char *name, EVP_PKEY *pkey, bool is_private)
{
    uint8_t bytes[32];
    size_t size = sizeof bytes;
    bool done = (is_private ? EVP_PKEY_get_raw_private_key(pkey, bytes, &size)
                            : EVP_PKEY_get_raw_public_key(pkey, bytes, &size)) == 1;
    if (done) {
        put_octets(out, name, bytes, size);
    }
    svms_wipe(bytes, sizeof bytes);
    return done;
}

static bool put_curve_point(svms_builder *out, EVP_PKEY *pkey, svms_key_kind kind)
{
    size_t width = kind == SVMS_KEY_P256 ? 32 : 48;
    svms_json_put_text(out, "crv", svms_key_kind_name(kind));
    svms_json_put_text(out, "kty", "EC");
    return put_number(out, "x", pkey, OSSL_PKEY_PARAM_EC_PUB_X, width) &&
           put_number(out, "y", pkey, OSSL_PKEY_PARAM_EC_PUB_Y, width);
}

/* The members in alphabetical order, without what closes the object. */
static bool put_members(svms_builder *out, EVP_PKEY *pkey, svms_key_kind kind)
{
    switch (kind) {
    case SVMS_KEY_P256:
    case SVMS_KEY_P384:
        return put_curve_point(out, pkey, kind);
    case SVMS_KEY_ED25519:
        svms_json_put_text(out, "crv", "Ed25519");
        svms_json_put_text(out, "kty", "OKP");
        return put_ed25519(out, "x", pkey, false);
    case SVMS_KEY_RSA:
        if (!put_number(out, "e", pkey, OSSL_PKEY_PARAM_RSA_E, 0)) {
            return false;
        }
        svms_json_put_text(out, "kty", "RSA");
        return put_number(out, "n", pkey, OSSL_PKEY_PARAM_RSA_N, 0);
    default:
        return false;
    }
}

static bool put_private(svms_builder *out, EVP_PKEY *pkey, svms_key_kind kind)
{
    if (kind == SVMS_KEY_ED25519) {
        return put_ed25519(out, "d", pkey, true);
    }
    if (kind != SVMS_KEY_RSA) {
        return put_number(out, "d", pkey, OSSL_PKEY_PARAM_PRIV_KEY,
                          kind == SVMS_KEY_P256 ? 32 : 48);
    }
    return put_number(out, "d", pkey, OSSL_PKEY_PARAM_RSA_D, 0) &&
           put_number(out, "p", pkey, OSSL_PKEY_PARAM_RSA_FACTOR1, 0) &&
           put_number(out, "q", pkey, OSSL_PKEY_PARAM_RSA_FACTOR2, 0) &&
           put_number(out, "dp", pkey, OSSL_PKEY_PARAM_RSA_EXPONENT1, 0) &&
           put_number(out, "dq", pkey, OSSL_PKEY_PARAM_RSA_EXPONENT2, 0) &&
           put_number(out, "qi", pkey, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, 0);
}

svms_status svms_jwk_put_required(svms_builder *out, EVP_PKEY *pkey, svms_key_kind kind,
                                  svms_error *err)
{
    svms_json_open(out, NULL, '{');
    if (!put_members(out, pkey, kind)) {
        return svms_fail_crypto(err, "cannot write a key as JSON");
    }
    svms_json_close(out, '}');
    return svms_builder_check(out, "a key as JSON", err);
}

/* OpenSSL leaves numbers out without saying so when it lacks memory, and what is left of them moves
 * up: nothing may be written then. */
svms_status svms_jwk_put(svms_builder *out, const svms_jwk_text *what, svms_error *err)
{
    ERR_clear_error();
    svms_json_open(out, NULL, '{');
    if (!put_members(out, what->pkey, what->kind)) {
        return svms_fail_crypto(err, "cannot write a key as JSON");
    }
    svms_json_put_text(out, "alg", svms_token_algorithm_name(what->algorithm));
    svms_json_put_text(out, "use", "sig");
    svms_json_put_text(out, "kid", what->kid);
    bool done = !what->is_private || put_private(out, what->pkey, what->kind);
    if (!done || svms_crypto_starved()) {
        return svms_fail_crypto(err, "cannot write a private key as JSON");
    }
    svms_json_close(out, '}');
    return svms_builder_check(out, "a key as JSON", err);
}
