/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_verifier.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>

#include "der.h"
#include "failure.h"
#include "known_answer.h"

/* Digest, padding, salt, digest of MGF1, its properties, end. */
#define PARAMS_MAX 6

static bool has_explicit_parameters(EVP_PKEY *pkey)
{
    int explicit_parameters = 0;
    return EVP_PKEY_get_int_param(pkey, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                                  &explicit_parameters) == 1 &&
           explicit_parameters != 0;
}

/* The rest of the library does not sign on that curve, so that svms_key_kind does not have it. */
static bool is_on_p521(EVP_PKEY *pkey)
{
    char curve[16] = "";
    return EVP_PKEY_is_a(pkey, "EC") &&
           EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, curve, sizeof curve,
                                          NULL) == 1 &&
           (strcmp(curve, "secp521r1") == 0 || strcmp(curve, "P-521") == 0) &&
           !has_explicit_parameters(pkey);
}

/* What the rest of the library does not take; err says already what that is. */
static svms_status find_other_kind(svms_camera_verifier *verifier, svms_error *err)
{
    /* Asked twice, because a provider that fails says no as well. */
    if (is_on_p521(verifier->pkey) || is_on_p521(verifier->pkey)) {
        verifier->like = SVMS_KEY_P384;
        ERR_clear_error();
        return SVMS_OK;
    }
    if (!svms_known_key_is_taken(verifier->ctx, SVMS_KEY_P384)) {
        return svms_fail_crypto(err, "cannot tell the kind of the camera's key");
    }
    ERR_clear_error();
    return SVMS_E_UNSUPPORTED;
}

static svms_status find_kind(svms_camera_verifier *verifier, svms_error *err)
{
    svms_key_kind kind = SVMS_KEY_P256;
    svms_status status = svms_key_kind_of(verifier->ctx, verifier->pkey, &kind, err);
    if (status == SVMS_E_UNSUPPORTED) {
        return find_other_kind(verifier, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (kind != SVMS_KEY_P256 && kind != SVMS_KEY_P384 && kind != SVMS_KEY_RSA) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "%s keys do not sign video",
                         svms_key_kind_name(kind));
    }
    verifier->like = kind;
    verifier->is_rsa = kind == SVMS_KEY_RSA;
    return SVMS_OK;
}

svms_status svms_camera_verifier_open(svms_camera_verifier *verifier, svms_ctx *ctx, EVP_PKEY *pkey,
                                      svms_error *err)
{
    memset(verifier, 0, sizeof *verifier);
    verifier->ctx = ctx;
    verifier->pkey = pkey;
    if (!pkey) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "the camera's key is of no known kind");
    }
    svms_status status = find_kind(verifier, err);
    if (status != SVMS_OK) {
        return status;
    }
    int size = EVP_PKEY_get_size(pkey);
    if (size <= 0) {
        return svms_fail_crypto(err, "cannot tell how long a signature is");
    }
    verifier->signature_max = (size_t)size;
    return SVMS_OK;
}

void svms_camera_verifier_close(svms_camera_verifier *verifier)
{
    for (size_t i = 0; i < SVMS_CAMERA_HASHES; i++) {
        EVP_PKEY_CTX_free(verifier->by_key[i]);
        EVP_PKEY_CTX_free(verifier->pkcs1[i]);
    }
    memset(verifier, 0, sizeof *verifier);
}

svms_status svms_camera_verifier_takes(const svms_camera_verifier *verifier,
                                       const svms_camera_algorithms *algorithms, svms_error *err)
{
    svms_camera_hash hash = algorithms->hash;
    svms_camera_scheme scheme = algorithms->scheme;
    if ((unsigned)hash >= SVMS_CAMERA_HASHES) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "a SEI names a hash other than SHA-256, SHA-384 and SHA-512");
    }
    if ((unsigned)scheme >= SVMS_CAMERA_SCHEMES) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "a SEI names a signature other than ECDSA, RSASSA-PSS and "
                         "RSASSA-PKCS1-v1_5");
    }
    if (algorithms->scheme_hash != SVMS_CAMERA_HASHES && algorithms->scheme_hash != hash) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "a SEI names a signature with another hash than its own");
    }
    if (scheme == SVMS_CAMERA_SCHEME_AXIS && verifier->is_rsa && hash != SVMS_CAMERA_SHA256) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "a SEI of Axis has an RSA key and another hash than SHA-256");
    }
    if (scheme != SVMS_CAMERA_SCHEME_BY_KEY && scheme != SVMS_CAMERA_SCHEME_AXIS &&
        (scheme == SVMS_CAMERA_SCHEME_ECDSA) == verifier->is_rsa) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "a SEI names a signature that the camera's %s key cannot make",
                         verifier->is_rsa ? "RSA" : "elliptic curve");
    }
    return SVMS_OK;
}

static OSSL_PARAM text_param(const char *name, const char *value)
{
    /* Parameters are read only here, but OSSL_PARAM serves both directions. */
    return OSSL_PARAM_construct_utf8_string(name, (char *)(uintptr_t)value, 0);
}

static void put_params(const svms_camera_verifier *verifier, svms_camera_hash hash, bool is_pkcs1,
                       OSSL_PARAM params[PARAMS_MAX])
{
    OSSL_PARAM *next = params;
    const char *digest = svms_camera_hash_name(hash);
    const char *properties = svms_ossl_properties(verifier->ctx);
    *next++ = text_param(OSSL_SIGNATURE_PARAM_DIGEST, digest);
    if (is_pkcs1) {
        *next++ = text_param(OSSL_SIGNATURE_PARAM_PAD_MODE, OSSL_PKEY_RSA_PAD_MODE_PKCSV15);
    } else if (verifier->is_rsa) {
        *next++ = text_param(OSSL_SIGNATURE_PARAM_PAD_MODE, OSSL_PKEY_RSA_PAD_MODE_PSS);
        *next++ = text_param(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, OSSL_PKEY_RSA_PSS_SALT_LEN_AUTO);
        *next++ = text_param(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, digest);
        if (properties) {
            *next++ = text_param(OSSL_SIGNATURE_PARAM_MGF1_PROPERTIES, properties);
        }
    }
    *next = OSSL_PARAM_construct_end();
}

static EVP_PKEY_CTX *prepared(svms_camera_verifier *verifier, svms_camera_hash hash, bool is_pkcs1)
{
    EVP_PKEY_CTX **place = is_pkcs1 ? &verifier->pkcs1[hash] : &verifier->by_key[hash];
    OSSL_PARAM params[PARAMS_MAX];
    if (!*place) {
        put_params(verifier, hash, is_pkcs1, params);
        *place = EVP_PKEY_CTX_new_from_pkey(svms_ossl_context(verifier->ctx), verifier->pkey,
                                            svms_ossl_properties(verifier->ctx));
        if (*place && EVP_PKEY_verify_init_ex(*place, params) != 1) {
            EVP_PKEY_CTX_free(*place);
            *place = NULL;
        }
    }
    return *place;
}

/* A positive integer in its shortest form, the next element. */
static bool take_positive(svms_cursor *cursor)
{
    svms_der integer;
    if (!svms_der_take(cursor, SVMS_DER_INTEGER, &integer)) {
        return false;
    }
    uint8_t first = svms_read_u8(&integer.content);
    bool is_padded = first == 0 && !svms_cursor_at_end(&integer.content);
    return !integer.content.failed && first < 0x80 &&
           (!is_padded || svms_read_u8(&integer.content) >= 0x80);
}

/* OpenSSL tells what is no DER from a signature that does not fit only by a negative result, which
 * a provider that fails gives as well. */
static bool is_ecdsa_der(const uint8_t *signature, size_t size)
{
    svms_cursor cursor = svms_cursor_over(signature, size, 0);
    svms_der both;
    return svms_der_take(&cursor, SVMS_DER_SEQUENCE, &both) && svms_cursor_at_end(&cursor) &&
           take_positive(&both.content) && take_positive(&both.content) &&
           svms_cursor_at_end(&both.content);
}

static bool has_form(const svms_camera_verifier *verifier, const uint8_t *signature, size_t size)
{
    return verifier->is_rsa ? size == verifier->signature_max
                            : size <= verifier->signature_max && is_ecdsa_der(signature, size);
}

svms_status svms_camera_verifier_verify(svms_camera_verifier *verifier,
                                        const svms_camera_algorithms *algorithms,
                                        const svms_camera_document *document, const uint8_t *digest,
                                        svms_error *err)
{
    static const char no_fit[] = "the signature of a SEI does not fit";
    bool is_pkcs1 = algorithms->scheme == SVMS_CAMERA_SCHEME_PKCS1 ||
                    (algorithms->scheme == SVMS_CAMERA_SCHEME_AXIS && verifier->is_rsa);
    size_t digest_size = svms_camera_hash_size(algorithms->hash);
    if (!has_form(verifier, document->signature, document->signature_size)) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, no_fit);
    }
    ERR_clear_error();
    EVP_PKEY_CTX *state = prepared(verifier, algorithms->hash, is_pkcs1);
    int result = -1;
    if (state) {
        result = EVP_PKEY_verify(state, document->signature, document->signature_size, digest,
                                 digest_size);
    }
    if (result == 1) {
        return SVMS_OK;
    }
    /* A "no" is believed as known_answer.h says. */
    bool is_sure = result == 0 && !svms_crypto_starved() &&
                   EVP_PKEY_verify(state, document->signature, document->signature_size, digest,
                                   digest_size) == 0 &&
                   svms_known_key_is_taken(verifier->ctx, verifier->like);
    if (!is_sure) {
        return svms_fail_crypto(err, "cannot verify the signature of a SEI");
    }
    ERR_clear_error();
    return svms_fail(err, SVMS_E_NOT_AUTHENTIC, no_fit);
}
