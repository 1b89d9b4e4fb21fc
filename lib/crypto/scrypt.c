/* SPDX-License-Identifier: Apache-2.0 */
#include "wrap.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include "failure.h"

#define LOG2_N_LEAST 10
#define LOG2_N_MOST 18
#define BLOCK_SIZE_FACTOR 8
#define PARALLELISM 1

svms_status svms_scrypt_at(svms_ctx *ctx, const svms_scrypt_cost *cost, const void *password,
                           size_t password_size, const void *salt, size_t salt_size, uint8_t *out,
                           size_t out_size, svms_error *err)
{
    static const uint8_t empty[1];
    uint64_t n = UINT64_C(1) << cost->log2_n;
    uint32_t r = cost->r;
    uint32_t p = cost->p;
    /* 128 * r bytes for each of N blocks and each p, and a few blocks to work in. */
    uint64_t memory = (uint64_t)128 * r * (n + p + 64);
    void *password_place = (void *)(uintptr_t)(password_size > 0 ? password : empty);
    void *salt_place = (void *)(uintptr_t)(salt_size > 0 ? salt : empty);
    char *properties = (char *)(uintptr_t)svms_ossl_properties(ctx);
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, password_place, password_size),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt_place, salt_size),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
        properties ? OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_PROPERTIES, properties, 0)
                   : OSSL_PARAM_construct_end(),
        OSSL_PARAM_construct_end(),
    };
    EVP_KDF *kdf = EVP_KDF_fetch(svms_ossl_context(ctx), "SCRYPT", svms_ossl_properties(ctx));
    EVP_KDF_CTX *state = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    bool done = state && EVP_KDF_derive(state, out, out_size, params) == 1;
    EVP_KDF_CTX_free(state);
    EVP_KDF_free(kdf);
    if (!done) {
        svms_wipe(out, out_size);
        return svms_fail_crypto(err, "cannot compute scrypt");
    }
    return SVMS_OK;
}

svms_status svms_scrypt_with(svms_ctx *ctx, const void *password, size_t password_size,
                             const void *salt, size_t salt_size, unsigned log2_n, uint8_t out[32],
                             svms_error *err)
{
    if (log2_n < LOG2_N_LEAST || log2_n > LOG2_N_MOST) {
        return svms_fail(err, SVMS_E_LIMIT, "a scrypt cost of 2^%u is outside 2^%d to 2^%d", log2_n,
                         LOG2_N_LEAST, LOG2_N_MOST);
    }
    svms_scrypt_cost cost = { log2_n, BLOCK_SIZE_FACTOR, PARALLELISM };
    uint8_t key[32];
    svms_status status =
        svms_scrypt_at(ctx, &cost, password, password_size, salt, salt_size, key, sizeof key, err);
    if (status == SVMS_OK) {
        memcpy(out, key, sizeof key);
    }
    svms_wipe(key, sizeof key);
    return status;
}

svms_status svms_scrypt(svms_ctx *ctx, const void *password, size_t password_size,
                        const uint8_t salt[SVMS_SCRYPT_SALT_SIZE], unsigned log2_n, uint8_t out[32],
                        svms_error *err)
{
    return svms_scrypt_with(ctx, password, password_size, salt, SVMS_SCRYPT_SALT_SIZE, log2_n, out,
                            err);
}
