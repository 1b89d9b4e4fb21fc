/* SPDX-License-Identifier: Apache-2.0 */
#include "key_kind.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "digest.h"
#include "failure.h"
#include "known_answer.h"

#define RSA_BITS_LEAST 2048
#define RSA_BITS_MOST 8192

/* Asked twice, because not every provider can tell, so that "no answer" must pass for "no". */
static bool has_explicit_parameters(EVP_PKEY *pkey)
{
    static const char name[] = OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS;
    int explicit_parameters = 0;
    bool told = EVP_PKEY_get_int_param(pkey, name, &explicit_parameters) == 1 ||
                EVP_PKEY_get_int_param(pkey, name, &explicit_parameters) == 1;
    return told && explicit_parameters != 0;
}

static svms_status ec_kind(EVP_PKEY *pkey, svms_key_kind *kind, svms_error *err)
{
    char curve[64] = "";
    if (has_explicit_parameters(pkey) ||
        EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, curve, sizeof curve,
                                       NULL) != 1) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "elliptic curve keys without a named curve are not supported");
    }
    int nid = OBJ_sn2nid(curve);
    if (nid == NID_undef) {
        nid = EC_curve_nist2nid(curve);
    }
    if (nid == NID_X9_62_prime256v1) {
        *kind = SVMS_KEY_P256;
    } else if (nid == NID_secp384r1) {
        *kind = SVMS_KEY_P384;
    } else {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "elliptic curve keys on %s are not supported",
                         curve);
    }
    return SVMS_OK;
}

static svms_status find_kind(EVP_PKEY *pkey, svms_key_kind *kind, svms_error *err)
{
    if (EVP_PKEY_is_a(pkey, "EC")) {
        return ec_kind(pkey, kind, err);
    }
    if (EVP_PKEY_is_a(pkey, "ED25519")) {
        *kind = SVMS_KEY_ED25519;
        return SVMS_OK;
    }
    if (EVP_PKEY_is_a(pkey, "X25519")) {
        *kind = SVMS_KEY_X25519;
        return SVMS_OK;
    }
    if (EVP_PKEY_is_a(pkey, "RSA")) {
        int bits = EVP_PKEY_get_bits(pkey);
        if (bits <= 0 || EVP_PKEY_get_size(pkey) <= 0) {
            return svms_fail_crypto(err, "the provider does not tell the size of the RSA key");
        }
        if (bits < RSA_BITS_LEAST || bits > RSA_BITS_MOST) {
            return svms_fail(err, SVMS_E_UNSUPPORTED, "RSA keys of %d bits are not supported",
                             bits);
        }
        *kind = SVMS_KEY_RSA;
        return SVMS_OK;
    }
    const char *name = EVP_PKEY_get0_type_name(pkey);
    return svms_fail(err, SVMS_E_UNSUPPORTED, "%s keys are not supported",
                     name ? name : "unnamed kinds of");
}

svms_status svms_key_kind_of(svms_ctx *ctx, EVP_PKEY *pkey, svms_key_kind *kind, svms_error *err)
{
    svms_key_kind found = SVMS_KEY_P256;
    svms_status status = find_kind(pkey, &found, err);
    if (status == SVMS_E_UNSUPPORTED && (find_kind(pkey, &found, NULL) != SVMS_E_UNSUPPORTED ||
                                         !svms_known_key_is_taken(ctx, SVMS_KEY_P256))) {
        return svms_fail_crypto(err, "cannot tell the kind of the key");
    }
    ERR_clear_error();
    if (status == SVMS_OK) {
        *kind = found;
    }
    return status;
}

const char *svms_key_kind_name(svms_key_kind kind)
{
    switch (kind) {
    case SVMS_KEY_P256:
        return "P-256";
    case SVMS_KEY_P384:
        return "P-384";
    case SVMS_KEY_ED25519:
        return "Ed25519";
    case SVMS_KEY_X25519:
        return "X25519";
    case SVMS_KEY_RSA:
        return "RSA";
    }
    return "unknown";
}

/* Asked twice, because not every provider can tell, so that "no answer" must pass for "no". */
static bool encodes_compressed(EVP_PKEY *pkey)
{
    static const char name[] = OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT;
    char format[32] = "";
    bool told = EVP_PKEY_get_utf8_string_param(pkey, name, format, sizeof format, NULL) == 1 ||
                EVP_PKEY_get_utf8_string_param(pkey, name, format, sizeof format, NULL) == 1;
    return told && strcmp(format, OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) != 0;
}

EVP_PKEY *svms_key_canonical(EVP_PKEY *pkey, svms_key_kind kind)
{
    bool is_ec = kind == SVMS_KEY_P256 || kind == SVMS_KEY_P384;
    if (!is_ec || !encodes_compressed(pkey)) {
        ERR_clear_error();
        return EVP_PKEY_up_ref(pkey) == 1 ? pkey : NULL;
    }
    EVP_PKEY *copy = EVP_PKEY_dup(pkey);
    if (copy &&
        EVP_PKEY_set_utf8_string_param(copy, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                       OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) == 1) {
        return copy;
    }
    EVP_PKEY_free(copy);
    return NULL;
}

svms_status svms_key_identify(svms_ctx *ctx, EVP_PKEY *pkey, uint8_t *out, svms_error *err)
{
    uint8_t *der = NULL;
    int size = i2d_PUBKEY(pkey, &der);
    if (size <= 0) {
        return svms_fail_crypto(err, "cannot encode the public key");
    }
    svms_iovec run = { der, (size_t)size };
    svms_status status = svms_sha256(ctx, &run, 1, out, err);
    OPENSSL_free(der);
    ERR_clear_error();
    return status;
}

static bool rsa_numbers_are_sane(EVP_PKEY *pkey)
{
    BIGNUM *n = NULL;
    BIGNUM *e = NULL;
    bool sane = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
                EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_is_odd(n) &&
                BN_is_odd(e) && !BN_is_one(e);
    BN_free(n);
    BN_free(e);
    return sane;
}

/* Signs something and verifies it. OpenSSL's own check of an RSA pair tests the primes, which
 * takes seconds for long keys. */
static int check_rsa_pair(EVP_PKEY_CTX *state)
{
    static const uint8_t probe[32] = { 1 };
    uint8_t signature[RSA_BITS_MOST / 8];
    size_t size = sizeof signature;
    return EVP_PKEY_sign_init(state) == 1 &&
           EVP_PKEY_sign(state, signature, &size, probe, sizeof probe) == 1 &&
           EVP_PKEY_verify_init(state) == 1 &&
           EVP_PKEY_verify(state, signature, size, probe, sizeof probe) == 1;
}

static bool check_with(svms_ctx *ctx, EVP_PKEY *pkey, int (*check)(EVP_PKEY_CTX *))
{
    EVP_PKEY_CTX *state =
        EVP_PKEY_CTX_new_from_pkey(svms_ossl_context(ctx), pkey, svms_ossl_properties(ctx));
    bool valid = state && check(state) == 1;
    EVP_PKEY_CTX_free(state);
    return valid;
}

static bool public_is_valid(svms_ctx *ctx, EVP_PKEY *pkey, svms_key_kind kind)
{
    return kind == SVMS_KEY_RSA ? rsa_numbers_are_sane(pkey)
                                : check_with(ctx, pkey, EVP_PKEY_public_check_quick);
}

static bool pair_is_valid(svms_ctx *ctx, EVP_PKEY *pkey, svms_key_kind kind)
{
    return kind == SVMS_KEY_RSA
               ? rsa_numbers_are_sane(pkey) && check_with(ctx, pkey, check_rsa_pair)
               : check_with(ctx, pkey, EVP_PKEY_pairwise_check);
}

svms_status svms_key_check_public(svms_ctx *ctx, EVP_PKEY *pkey, svms_key_kind kind,
                                  svms_error *err)
{
    bool valid = public_is_valid(ctx, pkey, kind);
    if (!valid && (public_is_valid(ctx, pkey, kind) || !svms_known_key_is_taken(ctx, kind))) {
        return svms_fail_crypto(err, "cannot check the public key");
    }
    ERR_clear_error();
    if (valid) {
        return SVMS_OK;
    }
    return svms_fail(err, SVMS_E_MALFORMED, "the public %s key is not a valid one",
                     svms_key_kind_name(kind));
}

svms_status svms_key_check_pair(svms_ctx *ctx, EVP_PKEY *pkey, svms_key_kind kind, svms_error *err)
{
    bool valid = pair_is_valid(ctx, pkey, kind);
    if (!valid && (pair_is_valid(ctx, pkey, kind) || !svms_known_key_is_taken(ctx, kind))) {
        return svms_fail_crypto(err, "cannot check the private key");
    }
    ERR_clear_error();
    if (valid) {
        return SVMS_OK;
    }
    return svms_fail(err, SVMS_E_MALFORMED, "the parts of the private %s key do not fit together",
                     svms_key_kind_name(kind));
}

static bool gives_private(EVP_PKEY *pkey, svms_key_kind kind)
{
    /* Into a place of our own, because the convenient calls leave copies behind. */
    uint8_t secret[RSA_BITS_MOST / 8];
    OSSL_PARAM params[2] = { OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end() };
    if (kind == SVMS_KEY_ED25519 || kind == SVMS_KEY_X25519) {
        params[0] =
            OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, secret, sizeof secret);
    } else {
        params[0] = OSSL_PARAM_construct_BN(kind == SVMS_KEY_RSA ? OSSL_PKEY_PARAM_RSA_D
                                                                 : OSSL_PKEY_PARAM_PRIV_KEY,
                                            secret, sizeof secret);
    }
    bool given = EVP_PKEY_get_params(pkey, params) == 1 && OSSL_PARAM_modified(params) == 1;
    svms_wipe(secret, sizeof secret);
    return given;
}

svms_status svms_key_gives_private(svms_ctx *ctx, EVP_PKEY *pkey, svms_key_kind kind, bool *gives,
                                   svms_error *err)
{
    bool given = gives_private(pkey, kind);
    if (!given && (gives_private(pkey, kind) || !svms_known_key_is_taken(ctx, kind))) {
        return svms_fail_crypto(err, "cannot look at the private key");
    }
    ERR_clear_error();
    *gives = given;
    return SVMS_OK;
}
