/* SPDX-License-Identifier: Apache-2.0 */
#include "sign.h"

#include <openssl/err.h>

#include "ecdsa_raw.h"
#include "failure.h"
#include "key_internal.h"
#include "known_answer.h"
#include "scheme.h"

/* Where there is a digest, it is computed here and EVP_PKEY_verify called: EVP_DigestVerify copies
 * its state for every signature, and calls the signature bad when memory for that is lacking. */
struct svms_verify_engine {
    svms_ctx *ctx;
    svms_key_kind kind;
    const svms_scheme *scheme;
    size_t size;
    EVP_MD *digest;
    EVP_PKEY_CTX *verifier;
    EVP_MD_CTX *prepared; /* without a digest: copied for every signature */
    EVP_MD_CTX *work;
};

static bool prepare_for_digest(svms_verify_engine *engine, OSSL_LIB_CTX *library,
                               const char *properties, EVP_PKEY *pkey)
{
    OSSL_PARAM params[SVMS_SCHEME_PARAMS];
    svms_scheme_params(engine->scheme, engine->ctx, true, params);
    engine->digest = EVP_MD_fetch(library, engine->scheme->digest, properties);
    engine->verifier = EVP_PKEY_CTX_new_from_pkey(library, pkey, properties);
    return engine->digest && engine->verifier &&
           EVP_PKEY_verify_init_ex(engine->verifier, params) == 1;
}

static bool prepare(svms_verify_engine *engine, EVP_PKEY *pkey)
{
    OSSL_LIB_CTX *library = svms_ossl_context(engine->ctx);
    const char *properties = svms_ossl_properties(engine->ctx);
    engine->work = EVP_MD_CTX_new();
    if (!engine->work) {
        return false;
    }
    if (engine->scheme->digest) {
        return prepare_for_digest(engine, library, properties, pkey);
    }
    engine->prepared = EVP_MD_CTX_new();
    return engine->prepared && EVP_DigestVerifyInit_ex(engine->prepared, NULL, NULL, library,
                                                       properties, pkey, NULL) == 1;
}

svms_status svms_verify_engine_new(svms_verify_engine **out, svms_ctx *ctx,
                                   const svms_public_key *key, svms_error *err)
{
    svms_key_kind kind = svms_public_key_kind(key);
    const svms_scheme *scheme = svms_scheme_of(kind);
    if (!scheme) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "%s keys cannot sign", svms_key_kind_name(kind));
    }
    EVP_PKEY *pkey = svms_public_key_evp(key);
    svms_verify_engine *engine = svms_alloc(ctx, sizeof *engine);
    if (!engine) {
        return svms_fail_memory(err);
    }
    engine->ctx = ctx;
    engine->kind = kind;
    engine->scheme = scheme;
    engine->size = scheme->size > 0 ? scheme->size : (size_t)EVP_PKEY_get_size(pkey);
    if (!prepare(engine, pkey)) {
        svms_verify_engine_free(&engine);
        return svms_fail_crypto(err, "cannot prepare for verifying");
    }
    ERR_clear_error();
    *out = engine;
    return SVMS_OK;
}

void svms_verify_engine_free(svms_verify_engine **engine)
{
    if (!engine || !*engine) {
        return;
    }
    EVP_MD_CTX_free((*engine)->work);
    EVP_MD_CTX_free((*engine)->prepared);
    EVP_PKEY_CTX_free((*engine)->verifier);
    EVP_MD_free((*engine)->digest);
    svms_release((*engine)->ctx, *engine);
    *engine = NULL;
}

/* 1 when it verifies, 0 when it does not or the provider failed, negative when it surely failed. */
static int verify_once(svms_verify_engine *engine, const void *data, size_t data_size,
                       const uint8_t *signature, size_t size)
{
    static const uint8_t empty[1];
    const void *given = data_size > 0 ? data : empty;
    if (!engine->digest) {
        if (EVP_MD_CTX_copy_ex(engine->work, engine->prepared) != 1) {
            return -1;
        }
        return EVP_DigestVerify(engine->work, signature, size, given, data_size);
    }
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned digest_size = 0;
    if (EVP_DigestInit_ex2(engine->work, engine->digest, NULL) != 1 ||
        EVP_DigestUpdate(engine->work, given, data_size) != 1 ||
        EVP_DigestFinal_ex(engine->work, digest, &digest_size) != 1) {
        return -1;
    }
    return EVP_PKEY_verify(engine->verifier, signature, size, digest, digest_size);
}

/* 1 when it verifies, 0 when it does not, negative when that could not be found out. */
static int verify_surely(svms_verify_engine *engine, const void *data, size_t data_size,
                         const uint8_t *signature, size_t size)
{
    int result = verify_once(engine, data, data_size, signature, size);
    if (result != 0) {
        return result;
    }
    bool again = verify_once(engine, data, data_size, signature, size) == 0;
    return again && svms_known_key_is_taken(engine->ctx, engine->kind) ? 0 : -1;
}

svms_status svms_verify(svms_verify_engine *engine, uint16_t algorithm, const void *data,
                        size_t data_size, const uint8_t *signature, size_t size, svms_error *err)
{
    if (algorithm != engine->scheme->algorithm) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "signature algorithm %u does not belong to the key", algorithm);
    }
    if (size != engine->size) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "a signature of %zu bytes, where %zu are due",
                         size, engine->size);
    }
    uint8_t der[SVMS_ECDSA_DER_MAX];
    if (engine->scheme->width > 0) {
        if (!svms_ecdsa_to_der(signature, engine->scheme->width, der, &size)) {
            return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                             "the signature is not in its only valid form");
        }
        signature = der;
    }
    int result = verify_surely(engine, data, data_size, signature, size);
    if (result < 0) {
        return svms_fail_crypto(err, "cannot verify");
    }
    ERR_clear_error();
    if (result == 1) {
        return SVMS_OK;
    }
    return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "the signature does not verify");
}
