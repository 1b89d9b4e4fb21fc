/* SPDX-License-Identifier: Apache-2.0 */
#include "auth_digest.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "failure.h"

typedef struct named_algorithm {
    svms_rtsp_digest algorithm;
    const char *name;
    const char *fetched; /* as OpenSSL calls it */
    size_t size;
} named_algorithm;

static const named_algorithm algorithms[] = {
    { SVMS_RTSP_DIGEST_MD5, "MD5", "MD5", 16 },
    { SVMS_RTSP_DIGEST_SHA_256, "SHA-256", "SHA2-256", 32 },
    { SVMS_RTSP_DIGEST_SHA_512_256, "SHA-512-256", "SHA2-512/256", 32 },
};

static const named_algorithm *find(svms_rtsp_digest algorithm)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        if (algorithms[i].algorithm == algorithm) {
            return &algorithms[i];
        }
    }
    return NULL;
}

const char *svms_auth_algorithm_name(svms_rtsp_digest algorithm)
{
    const named_algorithm *found = find(algorithm);
    return found ? found->name : NULL;
}

bool svms_auth_algorithm_read(svms_text_piece name, svms_rtsp_digest *out)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        if (svms_text_piece_is(name, algorithms[i].name)) {
            *out = algorithms[i].algorithm;
            return true;
        }
    }
    return false;
}

size_t svms_auth_hash_size(svms_rtsp_digest algorithm)
{
    const named_algorithm *found = find(algorithm);
    return found ? found->size : 0;
}

static svms_status fetch(EVP_MD **out, svms_ctx *ctx, svms_rtsp_digest algorithm, svms_error *err)
{
    const named_algorithm *found = find(algorithm);
    if (!found) {
        return svms_fail(err, SVMS_E_USAGE, "no algorithm of digest authentication was given");
    }
    ERR_clear_error();
    *out = EVP_MD_fetch(svms_ossl_context(ctx), found->fetched, svms_ossl_properties(ctx));
    if (*out) {
        return SVMS_OK;
    }
    if (svms_crypto_starved()) {
        return svms_fail_crypto(err, "cannot prepare a digest");
    }
    ERR_clear_error();
    return svms_fail(err, SVMS_E_UNSUPPORTED, "the provider has no %s", found->name);
}

svms_status svms_auth_algorithm_check(svms_ctx *ctx, svms_rtsp_digest algorithm, svms_error *err)
{
    EVP_MD *method = NULL;
    svms_status status = fetch(&method, ctx, algorithm, err);
    EVP_MD_free(method);
    return status;
}

svms_text_piece svms_auth_text(const char *text)
{
    return (svms_text_piece){ text, strlen(text) };
}

static bool add_part(EVP_MD_CTX *state, svms_text_piece part, bool first)
{
    return (first || EVP_DigestUpdate(state, ":", 1) == 1) &&
           (part.size == 0 || EVP_DigestUpdate(state, part.data, part.size) == 1);
}

svms_status svms_auth_hash(svms_ctx *ctx, svms_rtsp_digest algorithm, const svms_text_piece *parts,
                           size_t count, uint8_t out[SVMS_AUTH_HASH_MAX], svms_error *err)
{
    EVP_MD *method = NULL;
    svms_status status = fetch(&method, ctx, algorithm, err);
    if (status != SVMS_OK) {
        return status;
    }
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    bool done = state && EVP_DigestInit_ex2(state, method, NULL) == 1;
    for (size_t i = 0; done && i < count; i++) {
        done = add_part(state, parts[i], i == 0);
    }
    uint8_t hash[EVP_MAX_MD_SIZE];
    done = done && EVP_DigestFinal_ex(state, hash, NULL) == 1;
    if (done) {
        memcpy(out, hash, svms_auth_hash_size(algorithm));
    } else {
        status = svms_fail_crypto(err, "cannot compute a digest");
    }
    svms_wipe(hash, sizeof hash);
    EVP_MD_CTX_free(state);
    EVP_MD_free(method);
    return status;
}

void svms_auth_hex(const uint8_t *bytes, size_t size, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * size] = '\0';
}

svms_status svms_auth_response(svms_ctx *ctx, svms_rtsp_digest algorithm,
                               const uint8_t ha1[SVMS_AUTH_HASH_MAX],
                               const svms_auth_exchange *exchange, char out[SVMS_AUTH_HEX_SIZE],
                               svms_error *err)
{
    uint8_t hash[SVMS_AUTH_HASH_MAX] = { 0 };
    char a1[SVMS_AUTH_HEX_SIZE];
    char a2[SVMS_AUTH_HEX_SIZE];
    size_t size = svms_auth_hash_size(algorithm);
    const svms_text_piece asked[] = { exchange->method, exchange->uri };
    svms_status status = svms_auth_hash(ctx, algorithm, asked, 2, hash, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_auth_hex(hash, size, a2);
    svms_auth_hex(ha1, size, a1);
    const svms_text_piece with_qop[] = {
        { a1, 2 * size }, exchange->nonce,        exchange->nc,
        exchange->cnonce, svms_auth_text("auth"), { a2, 2 * size }
    };
    const svms_text_piece without[] = { { a1, 2 * size }, exchange->nonce, { a2, 2 * size } };
    status = exchange->has_qop ? svms_auth_hash(ctx, algorithm, with_qop, 6, hash, err)
                               : svms_auth_hash(ctx, algorithm, without, 3, hash, err);
    svms_wipe(a1, sizeof a1);
    if (status == SVMS_OK) {
        svms_auth_hex(hash, size, out);
    }
    return status;
}
