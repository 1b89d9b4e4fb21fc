/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <openssl/err.h>

#include "base64.h"
#include "ecdsa_raw.h"
#include "failure.h"
#include "json_put.h"
#include "jws_sign.h"
#include "private_key.h"
#include "sign.h"

static svms_status put_header(svms_builder *out, const svms_jws_signer *signer, svms_error *err)
{
    svms_builder json = svms_builder_new(out->ctx, SVMS_JWS_MAX);
    svms_json_open(&json, NULL, '{');
    svms_json_put_text(&json, "alg", svms_token_algorithm_name(signer->algorithm));
    svms_json_put_text(&json, "typ", signer->type);
    if (signer->kid) {
        svms_json_put_text(&json, "kid", signer->kid);
    }
    svms_json_close(&json, '}');
    svms_status status = svms_builder_check(&json, "the token's header", err);
    if (status == SVMS_OK) {
        svms_put_base64url(out, json.data, json.size);
    }
    svms_builder_clear(&json);
    return status;
}

/* RS256 is what evidence is never signed by, so that the engine of lib/crypto does not know it. */
static svms_status sign_pkcs1(uint8_t *signature, size_t *size, svms_ctx *ctx,
                              const svms_private_key *key, const svms_builder *text,
                              svms_error *err)
{
    EVP_PKEY *pkey = svms_private_key_evp(key);
    if (!pkey) {
        return svms_fail(err, SVMS_E_UNSUPPORTED, "a key behind callbacks does not sign by RS256");
    }
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    bool done = digest &&
                EVP_DigestSignInit_ex(digest, NULL, "SHA256", svms_ossl_context(ctx),
                                      svms_private_key_properties(key), pkey, NULL) == 1 &&
                EVP_DigestSign(digest, signature, size, text->data, text->size) == 1;
    EVP_MD_CTX_free(digest);
    return done ? SVMS_OK : svms_fail_crypto(err, "cannot sign a token");
}

/* The other algorithms are those of container.md, C-ALG-2, to the byte. */
static svms_status sign(uint8_t *signature, size_t *size, svms_ctx *ctx,
                        const svms_jws_signer *signer, const svms_builder *text, svms_error *err)
{
    if (signer->algorithm == SVMS_TOKEN_RS256) {
        return sign_pkcs1(signature, size, ctx, signer->key, text, err);
    }
    svms_sign_engine *engine = NULL;
    svms_status status = svms_sign_engine_new(&engine, ctx, signer->key, err);
    if (status == SVMS_OK) {
        status = svms_sign(engine, text->data, text->size, signature, size, err);
    }
    svms_sign_engine_free(&engine);
    return status;
}

svms_status svms_jws_put(svms_builder *out, const svms_jws_signer *signer, const void *payload,
                         size_t size, svms_error *err)
{
    uint8_t signature[SVMS_JWS_SIGNATURE_MAX];
    size_t signature_size = sizeof signature;
    svms_builder text = svms_builder_new(out->ctx, SVMS_JWS_MAX);
    svms_status status = put_header(&text, signer, err);
    if (status == SVMS_OK) {
        svms_put_u8(&text, '.');
        svms_put_base64url(&text, payload, size);
        status = svms_builder_check(&text, "the token", err);
    }
    if (status == SVMS_OK) {
        status = sign(signature, &signature_size, out->ctx, signer, &text, err);
    }
    if (status == SVMS_OK) {
        svms_put_u8(&text, '.');
        svms_put_base64url(&text, signature, signature_size);
        status = svms_builder_check(&text, "the token", err);
    }
    if (status == SVMS_OK) {
        svms_put_bytes(out, text.data, text.size);
        status = svms_builder_check(out, "the token", err);
    }
    svms_builder_clear(&text);
    return status;
}
