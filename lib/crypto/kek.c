/* SPDX-License-Identifier: Apache-2.0 */
/* Key-encryption keys: AES-256 key wrap (RFC 3394). */
#include <svms/key.h>

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "cursor.h"
#include "external.h"
#include "failure.h"
#include "pem.h"
#include "wrap.h"

#define LABEL "SVMS KEY-ENCRYPTION KEY"
#define ID_CONTEXT "svms1 kek"

struct svms_kek {
    svms_ctx *ctx;
    uint8_t id[SVMS_KEK_ID_SIZE];
    uint8_t key[SVMS_KEK_PLAIN_SIZE];
    svms_external *external; /* instead of key */
};

svms_status svms_kek_from_bytes(svms_kek **out, svms_ctx *ctx, const uint8_t id[SVMS_KEK_ID_SIZE],
                                const uint8_t key[SVMS_KEK_PLAIN_SIZE], svms_error *err)
{
    svms_kek *kek = svms_alloc(ctx, sizeof *kek);
    if (!kek) {
        return svms_fail_memory(err);
    }
    kek->ctx = ctx;
    memcpy(kek->id, id, sizeof kek->id);
    memcpy(kek->key, key, sizeof kek->key);
    *out = kek;
    return SVMS_OK;
}

svms_status svms_kek_generate(svms_kek **out, svms_ctx *ctx, svms_error *err)
{
    if (!out || !ctx) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    uint8_t key[SVMS_KEK_PLAIN_SIZE];
    uint8_t digest[SVMS_DIGEST_SIZE];
    svms_iovec runs[] = { { ID_CONTEXT, sizeof ID_CONTEXT - 1 }, { key, sizeof key } };
    svms_status status = svms_random(ctx, key, sizeof key, err);
    if (status == SVMS_OK) {
        status = svms_sha256(ctx, runs, 2, digest, err);
    }
    if (status == SVMS_OK) {
        status = svms_kek_from_bytes(out, ctx, digest, key, err);
    }
    svms_wipe(key, sizeof key);
    return status;
}

static svms_status decode(svms_kek **out, svms_ctx *ctx, const svms_pem_block *block,
                          svms_error *err)
{
    if (svms_pem_is_encrypted(block)) {
        return svms_fail(err, SVMS_E_MALFORMED, "the key-encryption key is encrypted");
    }
    svms_cursor body = svms_cursor_over(block->der, (size_t)block->size, 0);
    const uint8_t *id = svms_read_bytes(&body, SVMS_KEK_ID_SIZE);
    const uint8_t *key = svms_read_bytes(&body, SVMS_KEK_PLAIN_SIZE);
    if (!svms_cursor_at_end(&body) || body.failed) {
        return svms_fail(err, SVMS_E_MALFORMED,
                         "a key-encryption key of %ld bytes, where %d are due", block->size,
                         SVMS_KEK_ID_SIZE + SVMS_KEK_PLAIN_SIZE);
    }
    return svms_kek_from_bytes(out, ctx, id, key, err);
}

svms_status svms_kek_from_pem(svms_kek **out, svms_ctx *ctx, const char *text, size_t size,
                              svms_error *err)
{
    if (!out || !ctx || !text) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    BIO *blocks = NULL;
    svms_status status = svms_pem_open(&blocks, text, size, err);
    if (status != SVMS_OK) {
        return status;
    }
    bool found = false;
    while (!found) {
        svms_pem_block block;
        status = svms_pem_next(blocks, &block, err);
        if (status != SVMS_OK) {
            break;
        }
        found = svms_pem_is(&block, LABEL);
        if (found) {
            status = decode(out, ctx, &block, err);
        }
        svms_pem_block_clear(&block);
    }
    BIO_free(blocks);
    if (status == SVMS_END) {
        return svms_fail(err, SVMS_E_MALFORMED, "no key-encryption key in the PEM text");
    }
    return status;
}

svms_status svms_kek_to_pem(const svms_kek *kek, char *out, size_t *size, svms_error *err)
{
    if (!kek || !out || !size) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    if (kek->external) {
        return svms_fail(err, SVMS_E_UNSUPPORTED,
                         "the key-encryption key is not in the process, so it cannot be written");
    }
    uint8_t body[SVMS_KEK_ID_SIZE + SVMS_KEK_PLAIN_SIZE];
    memcpy(body, kek->id, sizeof kek->id);
    memcpy(body + sizeof kek->id, kek->key, sizeof kek->key);
    /* Memory of such a BIO is wiped when it grows and when it goes. */
    BIO *text = BIO_new(BIO_s_mem());
    bool written = text && PEM_write_bio(text, LABEL, "", body, (long)sizeof body) > 0;
    svms_wipe(body, sizeof body);
    if (!written) {
        BIO_free(text);
        return svms_fail_crypto(err, "cannot write the key-encryption key");
    }
    svms_status status = svms_pem_hand_out(text, "the key-encryption key", out, size, err);
    BIO_free(text);
    return status;
}

svms_status svms_kek_from_unwrapper(svms_kek **out, svms_ctx *ctx,
                                    const uint8_t id[SVMS_KEK_ID_SIZE],
                                    const svms_unwrapper *unwrapper, svms_error *err)
{
    if (!out || !ctx || !id || !unwrapper) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_external *external = NULL;
    svms_status status = svms_external_from_unwrapper(&external, ctx, unwrapper, err);
    if (status != SVMS_OK) {
        return status;
    }
    static const uint8_t nothing[SVMS_KEK_PLAIN_SIZE];
    svms_kek *kek = NULL;
    status = svms_kek_from_bytes(&kek, ctx, id, nothing, err);
    if (status != SVMS_OK) {
        svms_external_discard(&external);
        return status;
    }
    kek->external = external;
    *out = kek;
    return SVMS_OK;
}

void svms_kek_id(const svms_kek *kek, uint8_t out[SVMS_KEK_ID_SIZE])
{
    memcpy(out, kek->id, sizeof kek->id);
}

void svms_kek_free(svms_kek **kek)
{
    if (!kek || !*kek) {
        return;
    }
    svms_kek *given = *kek;
    *kek = NULL;
    svms_external_drop(&given->external);
    svms_release_secret(given->ctx, given, sizeof *given);
}

static svms_status ask(const svms_kek *kek, svms_unwrap_operation operation, const uint8_t *in,
                       size_t in_size, uint8_t *out, size_t out_size, svms_error *err)
{
    svms_unwrap_message message = {
        .operation = operation, .input = in, .input_size = in_size, .output_size = out_size
    };
    memcpy(message.key_id, kek->id, sizeof message.key_id);
    return svms_external_unwrap(kek->external, &message, out, err);
}

/* NULL when the provider fails. */
static EVP_CIPHER_CTX *prepare(const svms_kek *kek, bool encrypt)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(svms_ossl_context(kek->ctx), "AES-256-WRAP",
                                          svms_ossl_properties(kek->ctx));
    EVP_CIPHER_CTX *state = EVP_CIPHER_CTX_new();
    bool done = cipher && state;
    if (done) {
        EVP_CIPHER_CTX_set_flags(state, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
        done = EVP_CipherInit_ex2(state, cipher, kek->key, NULL, encrypt, NULL) == 1;
    }
    EVP_CIPHER_free(cipher);
    if (done) {
        return state;
    }
    EVP_CIPHER_CTX_free(state);
    return NULL;
}

svms_status svms_kek_wrap(const svms_kek *kek, const uint8_t in[SVMS_KEK_PLAIN_SIZE],
                          uint8_t out[SVMS_KEK_WRAPPED_SIZE], svms_error *err)
{
    if (kek->external) {
        return ask(kek, SVMS_UNWRAP_KEK_WRAP, in, SVMS_KEK_PLAIN_SIZE, out, SVMS_KEK_WRAPPED_SIZE,
                   err);
    }
    uint8_t wrapped[SVMS_KEK_WRAPPED_SIZE];
    int size = 0;
    EVP_CIPHER_CTX *state = prepare(kek, true);
    bool done = state && EVP_CipherUpdate(state, wrapped, &size, in, SVMS_KEK_PLAIN_SIZE) == 1 &&
                size == SVMS_KEK_WRAPPED_SIZE;
    EVP_CIPHER_CTX_free(state);
    if (!done) {
        return svms_fail_crypto(err, "cannot wrap a key");
    }
    ERR_clear_error();
    memcpy(out, wrapped, sizeof wrapped);
    return SVMS_OK;
}

/* Whether it opened; false also when the provider fails. */
static bool unwrap_once(const svms_kek *kek, const uint8_t in[SVMS_KEK_WRAPPED_SIZE],
                        uint8_t plain[SVMS_KEK_WRAPPED_SIZE])
{
    int size = 0;
    EVP_CIPHER_CTX *state = prepare(kek, false);
    bool opened = state && EVP_CipherUpdate(state, plain, &size, in, SVMS_KEK_WRAPPED_SIZE) == 1 &&
                  size == SVMS_KEK_PLAIN_SIZE;
    EVP_CIPHER_CTX_free(state);
    return opened;
}

/* RFC 3394, 4.6. */
static bool is_sound(svms_ctx *ctx)
{
    static const uint8_t wrapped[SVMS_KEK_WRAPPED_SIZE] = {
        0x28, 0xC9, 0xF4, 0x04, 0xC4, 0xB8, 0x10, 0xF4, 0xCB, 0xCC, 0xB3, 0x5C, 0xFB, 0x87,
        0xF8, 0x26, 0x3F, 0x57, 0x86, 0xE2, 0xD8, 0x0E, 0xD3, 0x26, 0xCB, 0xC7, 0xF0, 0xE7,
        0x1A, 0x99, 0xF4, 0x3B, 0xFB, 0x98, 0x8B, 0x9B, 0x7A, 0x02, 0xDD, 0x21,
    };
    svms_kek known = { .ctx = ctx };
    for (size_t i = 0; i < sizeof known.key; i++) {
        known.key[i] = (uint8_t)i;
    }
    uint8_t plain[SVMS_KEK_WRAPPED_SIZE];
    return unwrap_once(&known, wrapped, plain);
}

svms_status svms_kek_unwrap(const svms_kek *kek, const uint8_t in[SVMS_KEK_WRAPPED_SIZE],
                            uint8_t out[SVMS_KEK_PLAIN_SIZE], svms_error *err)
{
    if (kek->external) {
        return ask(kek, SVMS_UNWRAP_KEK_UNWRAP, in, SVMS_KEK_WRAPPED_SIZE, out, SVMS_KEK_PLAIN_SIZE,
                   err);
    }
    uint8_t plain[SVMS_KEK_WRAPPED_SIZE];
    svms_status status = SVMS_OK;
    if (unwrap_once(kek, in, plain)) {
        memcpy(out, plain, SVMS_KEK_PLAIN_SIZE);
    } else if (unwrap_once(kek, in, plain) || !is_sound(kek->ctx)) {
        /* OpenSSL gives the same for a wrong key and for a provider that failed. */
        status = svms_fail_crypto(err, "cannot unwrap a key");
    } else {
        status = svms_fail(err, SVMS_E_WRONG_KEY, "the key-encryption key does not open this");
    }
    svms_wipe(plain, sizeof plain);
    ERR_clear_error();
    return status;
}
