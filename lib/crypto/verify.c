/* SPDX-License-Identifier: Apache-2.0 */
#include "sign.h"

#include <openssl/err.h>

#include "ecdsa_raw.h"
#include "failure.h"
#include "key_internal.h"
#include "scheme.h"

struct svms_verify_engine {
    svms_ctx *ctx;
    const svms_scheme *scheme;
    size_t size;
    EVP_MD_CTX *prepared; /* key and parameters set; copied for every signature */
    EVP_MD_CTX *work;
};

static bool prepare(svms_verify_engine *engine, svms_ctx *ctx, EVP_PKEY *pkey)
{
    OSSL_PARAM params[SVMS_SCHEME_PARAMS];
    svms_scheme_params(engine->scheme, ctx, params);
    engine->prepared = EVP_MD_CTX_new();
    engine->work = EVP_MD_CTX_new();
    return engine->prepared && engine->work &&
           EVP_DigestVerifyInit_ex(engine->prepared, NULL, engine->scheme->digest,
                                   svms_ossl_context(ctx), svms_ossl_properties(ctx), pkey,
                                   params) == 1;
}

svms_status svms_verify_engine_new(svms_verify_engine **out, svms_ctx *ctx,
                                   const svms_public_key *key, svms_error *err)
{
    svms_key_kind kind = svms_public_key_kind(key);
    const svms_scheme *scheme = svms_scheme_of(kind);
    if (!scheme)
        return svms_fail(err, SVMS_E_UNSUPPORTED, "%s keys cannot sign", svms_key_kind_name(kind));
    EVP_PKEY *pkey = svms_public_key_evp(key);
    svms_verify_engine *engine = svms_alloc(ctx, sizeof *engine);
    if (!engine)
        return svms_fail_memory(err);
    engine->ctx = ctx;
    engine->scheme = scheme;
    engine->size = scheme->size > 0 ? scheme->size : (size_t)EVP_PKEY_get_size(pkey);
    if (!prepare(engine, ctx, pkey)) {
        svms_verify_engine_free(&engine);
        return svms_fail_crypto(err, "cannot prepare for verifying");
    }
    ERR_clear_error();
    *out = engine;
    return SVMS_OK;
}

void svms_verify_engine_free(svms_verify_engine **engine)
{
    if (!engine || !*engine)
        return;
    EVP_MD_CTX_free((*engine)->work);
    EVP_MD_CTX_free((*engine)->prepared);
    svms_release((*engine)->ctx, *engine);
    *engine = NULL;
}

svms_status svms_verify(svms_verify_engine *engine, uint16_t algorithm, const void *data,
                        size_t data_size, const uint8_t *signature, size_t size, svms_error *err)
{
    static const uint8_t empty[1];
    if (algorithm != engine->scheme->algorithm)
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "signature algorithm %u does not belong to the key", algorithm);
    if (size != engine->size)
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "a signature of %zu bytes, where %zu are due",
                         size, engine->size);
    uint8_t der[SVMS_ECDSA_DER_MAX];
    if (engine->scheme->width > 0) {
        if (!svms_ecdsa_to_der(signature, engine->scheme->width, der, &size))
            return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                             "the signature is not in its only valid form");
        signature = der;
    }
    if (EVP_MD_CTX_copy_ex(engine->work, engine->prepared) != 1)
        return svms_fail_crypto(err, "cannot verify");
    int result =
        EVP_DigestVerify(engine->work, signature, size, data_size > 0 ? data : empty, data_size);
    if (result < 0 || (result == 0 && svms_crypto_starved()))
        return svms_fail_crypto(err, "cannot verify");
    ERR_clear_error();
    if (result == 1)
        return SVMS_OK;
    return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "the signature does not verify");
}
