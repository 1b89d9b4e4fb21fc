/* SPDX-License-Identifier: Apache-2.0 */
#include "sign.h"

#include <openssl/err.h>

#include "ecdsa_raw.h"
#include "failure.h"
#include "key_internal.h"
#include "scheme.h"

struct svms_sign_engine {
    svms_ctx *ctx;
    const svms_scheme *scheme;
    size_t size;
    EVP_MD_CTX *prepared; /* key and parameters set; copied for every signature */
    EVP_MD_CTX *work;
};

static bool prepare(svms_sign_engine *engine, svms_ctx *ctx, EVP_PKEY *pkey)
{
    OSSL_PARAM params[SVMS_SCHEME_PARAMS];
    svms_scheme_params(engine->scheme, ctx, false, params);
    engine->prepared = EVP_MD_CTX_new();
    engine->work = EVP_MD_CTX_new();
    return engine->prepared && engine->work &&
           EVP_DigestSignInit_ex(engine->prepared, NULL, engine->scheme->digest,
                                 svms_ossl_context(ctx), svms_ossl_properties(ctx), pkey,
                                 params) == 1;
}

svms_status svms_sign_engine_new(svms_sign_engine **out, svms_ctx *ctx, const svms_private_key *key,
                                 svms_error *err)
{
    svms_key_kind kind = svms_private_key_kind(key);
    const svms_scheme *scheme = svms_scheme_of(kind);
    if (!scheme) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "%s keys cannot sign", svms_key_kind_name(kind));
    }
    EVP_PKEY *pkey = svms_private_key_evp(key);
    svms_sign_engine *engine = svms_alloc(ctx, sizeof *engine);
    if (!engine) {
        return svms_fail_memory(err);
    }
    engine->ctx = ctx;
    engine->scheme = scheme;
    engine->size = scheme->size > 0 ? scheme->size : (size_t)EVP_PKEY_get_size(pkey);
    if (!prepare(engine, ctx, pkey)) {
        svms_sign_engine_free(&engine);
        return svms_fail_crypto(err, "cannot prepare for signing");
    }
    ERR_clear_error();
    *out = engine;
    return SVMS_OK;
}

void svms_sign_engine_free(svms_sign_engine **engine)
{
    if (!engine || !*engine) {
        return;
    }
    EVP_MD_CTX_free((*engine)->work);
    EVP_MD_CTX_free((*engine)->prepared);
    svms_release((*engine)->ctx, *engine);
    *engine = NULL;
}

uint16_t svms_sign_engine_algorithm(const svms_sign_engine *engine)
{
    return engine->scheme->algorithm;
}

static bool sign_plain(svms_sign_engine *engine, const void *data, size_t data_size, uint8_t *out,
                       size_t *size)
{
    static const uint8_t empty[1];
    if (EVP_MD_CTX_copy_ex(engine->work, engine->prepared) != 1) {
        return false;
    }
    /* One message only, so the digest may be finished where it is instead of in another copy. */
    EVP_MD_CTX_set_flags(engine->work, EVP_MD_CTX_FLAG_FINALISE);
    return EVP_DigestSign(engine->work, out, size, data_size > 0 ? data : empty, data_size) == 1;
}

svms_status svms_sign(svms_sign_engine *engine, const void *data, size_t data_size,
                      uint8_t *signature, size_t *size, svms_error *err)
{
    if (*size < engine->size) {
        return svms_fail(err, SVMS_E_LIMIT, "a signature needs %zu bytes", engine->size);
    }
    size_t width = engine->scheme->width;
    bool done = false;
    if (width > 0) {
        uint8_t der[SVMS_ECDSA_DER_MAX];
        size_t der_size = sizeof der;
        /* When memory runs out at the very end, OpenSSL 3.0 reports success and a size of -1. */
        done = sign_plain(engine, data, data_size, der, &der_size) && der_size <= sizeof der &&
               svms_ecdsa_to_raw(der, der_size, width, signature);
    } else {
        size_t written = engine->size;
        done = sign_plain(engine, data, data_size, signature, &written) && written == engine->size;
    }
    if (!done) {
        return svms_fail_crypto(err, "cannot sign");
    }
    ERR_clear_error();
    *size = engine->size;
    return SVMS_OK;
}
