/* SPDX-License-Identifier: Apache-2.0 */
#include "digest.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "failure.h"

/* EVP_MAC takes a NULL key for "the key of before". */
static const uint8_t empty[1];
static const char sha256[] = "SHA2-256";

static EVP_MAC_CTX *prepare(svms_ctx *ctx, const char *digest, const uint8_t *key, size_t key_size)
{
    EVP_MAC *mac = EVP_MAC_fetch(svms_ossl_context(ctx), "HMAC", svms_ossl_properties(ctx));
    EVP_MAC_CTX *state = mac ? EVP_MAC_CTX_new(mac) : NULL;
    EVP_MAC_free(mac);
    if (!state) {
        return NULL;
    }
    /* The provider fetches the digest by name, so our properties must go with it. */
    char *properties = (char *)(uintptr_t)svms_ossl_properties(ctx);
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)(uintptr_t)digest, 0),
        properties ? OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_PROPERTIES, properties, 0)
                   : OSSL_PARAM_construct_end(),
        OSSL_PARAM_construct_end(),
    };
    if (EVP_MAC_init(state, key_size > 0 ? key : empty, key_size, params) == 1) {
        return state;
    }
    EVP_MAC_CTX_free(state);
    return NULL;
}

static bool add(EVP_MAC_CTX *state, const void *data, size_t size)
{
    return size == 0 || EVP_MAC_update(state, data, size) == 1;
}

static bool finish(EVP_MAC_CTX *state, uint8_t out[SVMS_DIGEST_SIZE])
{
    size_t written = 0;
    return EVP_MAC_final(state, out, &written, SVMS_DIGEST_SIZE) == 1 &&
           written == SVMS_DIGEST_SIZE;
}

svms_status svms_hmac(svms_ctx *ctx, const char *digest, const uint8_t *key, size_t key_size,
                      const void *data, size_t size, uint8_t out[SVMS_HMAC_MAX], size_t *out_size,
                      svms_error *err)
{
    size_t written = 0;
    EVP_MAC_CTX *state = prepare(ctx, digest, key, key_size);
    bool done = state && add(state, data, size) &&
                EVP_MAC_final(state, out, &written, SVMS_HMAC_MAX) == 1 && written > 0;
    EVP_MAC_CTX_free(state);
    if (!done) {
        svms_wipe(out, SVMS_HMAC_MAX);
        return svms_fail_crypto(err, "cannot compute HMAC");
    }
    *out_size = written;
    return SVMS_OK;
}

svms_status svms_hmac_sha256(svms_ctx *ctx, const uint8_t *key, size_t key_size, const void *data,
                             size_t size, uint8_t out[SVMS_DIGEST_SIZE], svms_error *err)
{
    uint8_t code[SVMS_DIGEST_SIZE];
    EVP_MAC_CTX *state = prepare(ctx, sha256, key, key_size);
    bool done = state && add(state, data, size) && finish(state, code);
    EVP_MAC_CTX_free(state);
    if (done) {
        memcpy(out, code, sizeof code);
    }
    svms_wipe(code, sizeof code);
    return done ? SVMS_OK : svms_fail_crypto(err, "cannot compute HMAC-SHA-256");
}

svms_status svms_hkdf_extract(svms_ctx *ctx, const void *salt, size_t salt_size, const void *secret,
                              size_t secret_size, uint8_t out[SVMS_DIGEST_SIZE], svms_error *err)
{
    /* An absent salt is one of zeros (RFC 5869, 2.2), which to HMAC is the same as an empty key. */
    return svms_hmac_sha256(ctx, salt, salt_size, secret, secret_size, out, err);
}

/* T(i) = HMAC(prk, T(i-1) || info || i), RFC 5869, 2.3. */
static bool expand(EVP_MAC_CTX *state, const void *info, size_t info_size, uint8_t *out,
                   size_t out_size)
{
    uint8_t block[SVMS_DIGEST_SIZE];
    size_t block_size = 0;
    bool done = true;
    for (uint8_t counter = 1; done && out_size > 0; counter++) {
        done = (counter == 1 || EVP_MAC_init(state, NULL, 0, NULL) == 1) &&
               add(state, block, block_size) && add(state, info, info_size) &&
               add(state, &counter, 1) && finish(state, block);
        if (!done) {
            break;
        }
        block_size = sizeof block;
        size_t part = out_size < sizeof block ? out_size : sizeof block;
        memcpy(out, block, part);
        out += part;
        out_size -= part;
    }
    svms_wipe(block, sizeof block);
    return done;
}

svms_status svms_hkdf_expand(svms_ctx *ctx, const uint8_t prk[SVMS_DIGEST_SIZE], const void *info,
                             size_t info_size, uint8_t *out, size_t out_size, svms_error *err)
{
    if (out_size > (size_t)255 * SVMS_DIGEST_SIZE) {
        return svms_fail(err, SVMS_E_LIMIT, "HKDF cannot give more than %d bytes",
                         255 * SVMS_DIGEST_SIZE);
    }
    EVP_MAC_CTX *state = prepare(ctx, sha256, prk, SVMS_DIGEST_SIZE);
    bool done = state && expand(state, info, info_size, out, out_size);
    EVP_MAC_CTX_free(state);
    if (done) {
        return SVMS_OK;
    }
    svms_wipe(out, out_size);
    return svms_fail_crypto(err, "cannot compute HKDF");
}
