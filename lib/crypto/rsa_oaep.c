/* SPDX-License-Identifier: Apache-2.0 */
/* RSAES-OAEP (RFC 8017, 7.1), SHA-256, MGF1-SHA-256, empty label. */
#include "wrap.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "failure.h"
#include "private_key.h"

#define OVERHEAD (2 * SVMS_DIGEST_SIZE + 2)
#define PLAIN_MOST (SVMS_RSA_SEALED_MAX - OVERHEAD)
#define PARAMS 6

static size_t sealed_size(EVP_PKEY *pkey, svms_key_kind kind)
{
    if (kind != SVMS_KEY_RSA) {
        return 0;
    }
    int bits = EVP_PKEY_get_bits(pkey);
    return bits == 2048 || bits == 3072 || bits == 4096 ? (size_t)bits / 8 : 0;
}

size_t svms_rsa_sealed_size_of_public(const svms_public_key *key)
{
    return sealed_size(svms_public_key_evp(key), svms_public_key_kind(key));
}

size_t svms_rsa_sealed_size_of_private(const svms_private_key *key)
{
    if (!svms_private_key_decrypts(key)) {
        return 0;
    }
    return sealed_size(svms_private_key_public_evp(key), svms_private_key_kind(key));
}

static OSSL_PARAM text_param(const char *name, const char *value)
{
    /* Parameters are read only here, but OSSL_PARAM serves both directions. */
    return OSSL_PARAM_construct_utf8_string(name, (char *)(uintptr_t)value, 0);
}

static void padding(svms_ctx *ctx, OSSL_PARAM params[PARAMS])
{
    const char *properties = svms_ossl_properties(ctx);
    OSSL_PARAM *next = params;
    *next++ = text_param(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, OSSL_PKEY_RSA_PAD_MODE_OAEP);
    *next++ = text_param(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, "SHA2-256");
    *next++ = text_param(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, "SHA2-256");
    if (properties) {
        *next++ = text_param(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST_PROPS, properties);
        *next++ = text_param(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST_PROPS, properties);
    }
    *next = OSSL_PARAM_construct_end();
}

static svms_status refuse_kind(svms_key_kind kind, svms_error *err)
{
    return svms_fail(err, SVMS_E_UNSUPPORTED,
                     kind == SVMS_KEY_RSA ? "this %s key cannot receive: it has another size, or "
                                            "only signs"
                                          : "%s keys cannot receive by RSA",
                     svms_key_kind_name(kind));
}

static bool encrypt(svms_ctx *ctx, EVP_PKEY *pkey, const void *in, size_t size,
                    uint8_t sealed[SVMS_RSA_SEALED_MAX], size_t *sealed_size)
{
    OSSL_PARAM params[PARAMS];
    padding(ctx, params);
    EVP_PKEY_CTX *state =
        EVP_PKEY_CTX_new_from_pkey(svms_ossl_context(ctx), pkey, svms_ossl_properties(ctx));
    bool done = state && EVP_PKEY_encrypt_init_ex(state, params) == 1 &&
                EVP_PKEY_encrypt(state, sealed, sealed_size, in, size) == 1;
    EVP_PKEY_CTX_free(state);
    return done;
}

svms_status svms_rsa_oaep_seal(svms_ctx *ctx, const svms_public_key *recipient, const void *in,
                               size_t size, uint8_t *out, size_t *out_size, svms_error *err)
{
    size_t due = svms_rsa_sealed_size_of_public(recipient);
    if (due == 0) {
        return refuse_kind(svms_public_key_kind(recipient), err);
    }
    if (size > due - OVERHEAD || *out_size < due) {
        return svms_fail(err, SVMS_E_LIMIT,
                         "RSA of %zu bytes seals at most %zu bytes, and needs room for %zu", due,
                         due - OVERHEAD, due);
    }
    uint8_t sealed[SVMS_RSA_SEALED_MAX];
    size_t written = sizeof sealed;
    if (!encrypt(ctx, svms_public_key_evp(recipient), in, size, sealed, &written) ||
        written != due) {
        return svms_fail_crypto(err, "cannot seal with RSA");
    }
    ERR_clear_error();
    memcpy(out, sealed, due);
    *out_size = due;
    return SVMS_OK;
}

/* What decrypting gives beside 0 and 1. */
#define UNPREPARED (-1)
#define FAILED (-2)

/* UNPREPARED when it could not be tried, else whether it opened; *size as EVP_PKEY_decrypt has it.
 */
static int decrypt(svms_ctx *ctx, const svms_private_key *key, const void *sealed,
                   size_t sealed_size, uint8_t *plain, size_t *size)
{
    OSSL_PARAM params[PARAMS];
    padding(ctx, params);
    EVP_PKEY_CTX *state = EVP_PKEY_CTX_new_from_pkey(
        svms_ossl_context(ctx), svms_private_key_evp(key), svms_private_key_properties(key));
    int result = UNPREPARED;
    if (state && EVP_PKEY_decrypt_init_ex(state, params) == 1) {
        result = EVP_PKEY_decrypt(state, plain, size, sealed, sealed_size) == 1;
    }
    EVP_PKEY_CTX_free(state);
    return result;
}

/* Opens what was sealed for the key just now. */
static bool is_sound(svms_ctx *ctx, const svms_private_key *key)
{
    static const uint8_t known[SVMS_DIGEST_SIZE] = { 1 };
    uint8_t sealed[SVMS_RSA_SEALED_MAX];
    uint8_t plain[SVMS_RSA_SEALED_MAX];
    size_t size = sizeof sealed;
    size_t written = sizeof plain;
    return encrypt(ctx, svms_private_key_public_evp(key), known, sizeof known, sealed, &size) &&
           decrypt(ctx, key, sealed, size, plain, &written) == 1 && written == sizeof known &&
           memcmp(plain, known, sizeof known) == 0;
}

/* As decrypt(), but 0 only when it does not open, not when the provider failed and returned the
 * same (known_answer.h says why). */
static int decrypt_surely(svms_ctx *ctx, const svms_private_key *key, const void *sealed,
                          size_t sealed_size, uint8_t *plain, size_t *size)
{
    size_t room = *size;
    int opened = decrypt(ctx, key, sealed, sealed_size, plain, size);
    if (opened != 0) {
        return opened;
    }
    bool again = decrypt(ctx, key, sealed, sealed_size, plain, &room) == 0;
    return again && is_sound(ctx, key) ? 0 : FAILED;
}

static svms_status open_with(svms_ctx *ctx, const svms_private_key *key, const void *sealed,
                             size_t size, uint8_t *out, size_t out_size, svms_error *err)
{
    /* As long as the modulus: OpenSSL wants that much room even where less comes out. */
    uint8_t plain[SVMS_RSA_SEALED_MAX];
    size_t written = sizeof plain;
    int opened = decrypt_surely(ctx, key, sealed, size, plain, &written);
    svms_status status = SVMS_OK;
    if (opened == UNPREPARED && svms_private_key_is_external(key) && !svms_crypto_starved()) {
        status = svms_fail(err, SVMS_E_UNSUPPORTED,
                           "the provider of the RSA key does not decrypt OAEP with SHA-256");
    } else if (opened < 0) {
        status = svms_fail_crypto(err, "cannot open with RSA");
    } else if (opened == 0 || written != out_size) {
        status = svms_fail(err, SVMS_E_WRONG_KEY, "the RSA key does not open this");
    } else {
        memcpy(out, plain, out_size);
    }
    svms_wipe(plain, sizeof plain);
    ERR_clear_error();
    return status;
}

svms_status svms_rsa_oaep_open(svms_ctx *ctx, const svms_private_key *recipient, const void *sealed,
                               size_t size, uint8_t *out, size_t out_size, svms_error *err)
{
    size_t due = svms_rsa_sealed_size_of_private(recipient);
    if (due == 0) {
        return refuse_kind(svms_private_key_kind(recipient), err);
    }
    if (size != due) {
        return svms_fail(err, SVMS_E_WRONG_KEY,
                         "%zu sealed bytes, where the RSA key has %zu of them", size, due);
    }
    if (out_size == 0 || out_size > PLAIN_MOST) {
        return svms_fail(err, SVMS_E_LIMIT, "RSA opens 1 to %d bytes", PLAIN_MOST);
    }
    if (svms_private_key_external(recipient)) {
        return svms_private_key_unwrap(recipient, SVMS_UNWRAP_RSA_OAEP, sealed, size, out, out_size,
                                       err);
    }
    return open_with(ctx, recipient, sealed, size, out, out_size, err);
}
