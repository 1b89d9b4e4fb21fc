/* SPDX-License-Identifier: Apache-2.0 */
#include "sign.h"

#include <openssl/err.h>

#include "ecdsa_raw.h"
#include "failure.h"
#include "private_key.h"
#include "sign_internal.h"

static svms_status prepare_here(svms_sign_engine *engine, EVP_PKEY *pkey, svms_error *err)
{
    OSSL_PARAM params[SVMS_SCHEME_PARAMS];
    svms_scheme_params(engine->scheme, engine->ctx, false, params);
    engine->prepared = EVP_MD_CTX_new();
    if (engine->prepared &&
        EVP_DigestSignInit_ex(engine->prepared, NULL, engine->scheme->digest,
                              svms_ossl_context(engine->ctx), svms_ossl_properties(engine->ctx),
                              pkey, params) == 1) {
        return SVMS_OK;
    }
    return svms_fail_crypto(err, "cannot prepare for signing");
}

static svms_status prepare_elsewhere(svms_sign_engine *engine, const svms_private_key *key,
                                     svms_error *err)
{
    svms_ctx *ctx = engine->ctx;
    if (engine->scheme->digest) {
        engine->digest =
            EVP_MD_fetch(svms_ossl_context(ctx), engine->scheme->digest, svms_ossl_properties(ctx));
        if (!engine->digest) {
            return svms_fail_crypto(err, "cannot prepare for signing");
        }
    }
    if (svms_private_key_external(key)) {
        engine->external = svms_external_hold(svms_private_key_external(key));
    } else {
        engine->properties = svms_copy_text(ctx, svms_private_key_properties(key));
        if (!engine->properties) {
            return svms_fail_memory(err);
        }
        EVP_PKEY *pkey = svms_private_key_evp(key);
        engine->pkey = EVP_PKEY_up_ref(pkey) == 1 ? pkey : NULL;
    }
    return svms_verify_engine_new(&engine->check, ctx, svms_private_key_half(key), err);
}

static svms_status prepare(svms_sign_engine *engine, const svms_private_key *key, svms_error *err)
{
    engine->work = EVP_MD_CTX_new();
    if (!engine->work) {
        return svms_fail_crypto(err, "cannot prepare for signing");
    }
    return svms_private_key_is_external(key) ? prepare_elsewhere(engine, key, err)
                                             : prepare_here(engine, svms_private_key_evp(key), err);
}

svms_status svms_sign_engine_new(svms_sign_engine **out, svms_ctx *ctx, const svms_private_key *key,
                                 svms_error *err)
{
    svms_key_kind kind = svms_private_key_kind(key);
    const svms_scheme *scheme = svms_scheme_of(kind);
    svms_external *external = svms_private_key_external(key);
    if (!scheme || (external && !svms_external_signs(external))) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         scheme ? "this %s key only decrypts" : "%s keys cannot sign",
                         svms_key_kind_name(kind));
    }
    svms_sign_engine *engine = svms_alloc(ctx, sizeof *engine);
    if (!engine) {
        return svms_fail_memory(err);
    }
    engine->ctx = ctx;
    engine->scheme = scheme;
    engine->size = scheme->size > 0 ? scheme->size
                                    : (size_t)EVP_PKEY_get_size(svms_private_key_public_evp(key));
    svms_status status = prepare(engine, key, err);
    if (status != SVMS_OK) {
        svms_sign_engine_free(&engine);
        return status;
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
    svms_sign_engine *given = *engine;
    *engine = NULL;
    EVP_MD_CTX_free(given->work);
    EVP_MD_CTX_free(given->prepared);
    EVP_PKEY_free(given->pkey);
    EVP_MD_free(given->digest);
    svms_verify_engine_free(&given->check);
    svms_release(given->ctx, given->properties);
    svms_external_drop(&given->external);
    svms_release(given->ctx, given);
}

uint16_t svms_sign_engine_algorithm(const svms_sign_engine *engine)
{
    return engine->scheme->algorithm;
}

bool svms_sign_hash(svms_sign_engine *engine, const void *data, size_t data_size,
                    uint8_t digest[EVP_MAX_MD_SIZE], size_t *digest_size)
{
    unsigned size = 0;
    if (engine->digest && (EVP_DigestInit_ex2(engine->work, engine->digest, NULL) != 1 ||
                           EVP_DigestUpdate(engine->work, data, data_size) != 1 ||
                           EVP_DigestFinal_ex(engine->work, digest, &size) != 1)) {
        return false;
    }
    *digest_size = size;
    return true;
}

/* The provider's contexts are made anew each time: not every provider can copy or reuse them. */
static bool sign_message_with_provider(svms_sign_engine *engine, const void *data, size_t data_size,
                                       uint8_t *out, size_t *size)
{
    return EVP_MD_CTX_reset(engine->work) == 1 &&
           EVP_DigestSignInit_ex(engine->work, NULL, NULL, svms_ossl_context(engine->ctx),
                                 engine->properties, engine->pkey, NULL) == 1 &&
           EVP_DigestSign(engine->work, out, size, data, data_size) == 1;
}

static bool sign_with_provider(svms_sign_engine *engine, const void *data, size_t data_size,
                               uint8_t *out, size_t *size)
{
    if (!engine->digest) {
        return sign_message_with_provider(engine, data, data_size, out, size);
    }
    uint8_t digest[EVP_MAX_MD_SIZE];
    size_t digest_size = 0;
    OSSL_PARAM params[SVMS_SCHEME_PARAMS];
    svms_scheme_params(engine->scheme, engine->ctx, true, params);
    EVP_PKEY_CTX *state = EVP_PKEY_CTX_new_from_pkey(svms_ossl_context(engine->ctx), engine->pkey,
                                                     engine->properties);
    bool done = state && svms_sign_hash(engine, data, data_size, digest, &digest_size) &&
                EVP_PKEY_sign_init_ex(state, params) == 1 &&
                EVP_PKEY_sign(state, out, size, digest, digest_size) == 1;
    EVP_PKEY_CTX_free(state);
    return done;
}

static bool sign_plain(svms_sign_engine *engine, const void *data, size_t data_size, uint8_t *out,
                       size_t *size)
{
    static const uint8_t empty[1];
    const void *given = data_size > 0 ? data : empty;
    if (engine->pkey) {
        return sign_with_provider(engine, given, data_size, out, size);
    }
    if (EVP_MD_CTX_copy_ex(engine->work, engine->prepared) != 1) {
        return false;
    }
    /* One message only, so the digest may be finished where it is instead of in another copy. */
    EVP_MD_CTX_set_flags(engine->work, EVP_MD_CTX_FLAG_FINALISE);
    return EVP_DigestSign(engine->work, out, size, given, data_size) == 1;
}

svms_status svms_sign_verify(svms_sign_engine *engine, const void *data, size_t data_size,
                             const uint8_t *signature, svms_error *err)
{
    svms_status status = svms_verify(engine->check, engine->scheme->algorithm, data, data_size,
                                     signature, engine->size, err);
    if (status == SVMS_E_NOT_AUTHENTIC) {
        return svms_fail(err, SVMS_E_CRYPTO,
                         "who holds the key gave a signature that its public half refuses");
    }
    return status;
}

svms_status svms_sign_here(svms_sign_engine *engine, const void *data, size_t data_size,
                           uint8_t *signature, size_t *size, svms_error *err)
{
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
    if (engine->check) {
        svms_status status = svms_sign_verify(engine, data, data_size, signature, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    *size = engine->size;
    return SVMS_OK;
}

svms_status svms_sign(svms_sign_engine *engine, const void *data, size_t data_size,
                      uint8_t *signature, size_t *size, svms_error *err)
{
    if (*size < engine->size) {
        return svms_fail(err, SVMS_E_LIMIT, "a signature needs %zu bytes", engine->size);
    }
    if (!engine->external) {
        return svms_sign_here(engine, data, data_size, signature, size, err);
    }
    svms_sign_ticket *ticket = NULL;
    svms_status status = svms_sign_start(engine, data, data_size, &ticket, err);
    if (status == SVMS_OK) {
        status = svms_sign_wait(ticket, signature, size, err);
    }
    svms_sign_ticket_free(&ticket);
    return status;
}
