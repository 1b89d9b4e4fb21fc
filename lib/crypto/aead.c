/* SPDX-License-Identifier: Apache-2.0 */
#include "aead.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "failure.h"

/* EVP counts in int. */
#define PIECE_MAX ((size_t)1 << 30)

/* Kept here because the provider, asked to encrypt without a nonce, makes one up. */
typedef enum aead_phase { PHASE_NO_KEY, PHASE_IDLE, PHASE_MESSAGE } aead_phase;

struct svms_aead {
    svms_ctx *ctx;
    EVP_CIPHER *algorithm;
    EVP_CIPHER_CTX *state;
    aead_phase phase;
};

svms_status svms_aead_new(svms_aead **out, svms_ctx *ctx, svms_error *err)
{
    svms_aead *aead = svms_alloc(ctx, sizeof *aead);
    if (!aead) {
        return svms_fail_memory(err);
    }
    aead->ctx = ctx;
    aead->algorithm =
        EVP_CIPHER_fetch(svms_ossl_context(ctx), "AES-256-GCM", svms_ossl_properties(ctx));
    aead->state = EVP_CIPHER_CTX_new();
    if (!aead->algorithm || !aead->state ||
        EVP_CipherInit_ex2(aead->state, aead->algorithm, NULL, NULL, 1, NULL) != 1) {
        svms_aead_free(&aead);
        return svms_fail_crypto(err, "cannot prepare AES-256-GCM");
    }
    *out = aead;
    return SVMS_OK;
}

void svms_aead_free(svms_aead **aead)
{
    if (!aead || !*aead) {
        return;
    }
    EVP_CIPHER_CTX_free((*aead)->state);
    EVP_CIPHER_free((*aead)->algorithm);
    svms_release((*aead)->ctx, *aead);
    *aead = NULL;
}

static bool settle(svms_aead *aead, int result, aead_phase after)
{
    if (result == 1) {
        aead->phase = after;
        return true;
    }
    ERR_clear_error();
    if (aead->phase == PHASE_MESSAGE) {
        aead->phase = PHASE_IDLE;
    }
    return false;
}

bool svms_aead_set_key(svms_aead *aead, const uint8_t key[SVMS_AEAD_KEY_SIZE], bool encrypt)
{
    aead->phase = PHASE_NO_KEY;
    int result = EVP_CipherInit_ex2(aead->state, NULL, key, NULL, encrypt ? 1 : 0, NULL);
    return settle(aead, result, PHASE_IDLE);
}

bool svms_aead_begin(svms_aead *aead, const uint8_t nonce[SVMS_AEAD_NONCE_SIZE])
{
    if (aead->phase == PHASE_NO_KEY) {
        return false;
    }
    int result = EVP_CipherInit_ex2(aead->state, NULL, NULL, nonce, -1, NULL);
    return settle(aead, result, PHASE_MESSAGE);
}

/* Without out the bytes are additional data to EVP. */
static bool feed(svms_aead *aead, const uint8_t *in, size_t size, uint8_t *out)
{
    while (size > 0 && aead->phase == PHASE_MESSAGE) {
        size_t piece = size < PIECE_MAX ? size : PIECE_MAX;
        int written = 0;
        int result = EVP_CipherUpdate(aead->state, out, &written, in, (int)piece);
        if (!settle(aead, result, PHASE_MESSAGE)) {
            return false;
        }
        in += piece;
        if (out) {
            out += piece;
        }
        size -= piece;
    }
    return aead->phase == PHASE_MESSAGE;
}

bool svms_aead_aad(svms_aead *aead, const void *data, size_t size)
{
    return feed(aead, data, size, NULL);
}

bool svms_aead_update(svms_aead *aead, const uint8_t *in, size_t size, uint8_t *out)
{
    return (out || size == 0) && feed(aead, in, size, out);
}

static bool finish(svms_aead *aead)
{
    uint8_t rest[1];
    int written = 0;
    return settle(aead, EVP_CipherFinal_ex(aead->state, rest, &written), PHASE_IDLE);
}

bool svms_aead_seal_end(svms_aead *aead, uint8_t tag[SVMS_AEAD_TAG_SIZE])
{
    if (aead->phase != PHASE_MESSAGE || !finish(aead)) {
        return false;
    }
    int result = EVP_CIPHER_CTX_ctrl(aead->state, EVP_CTRL_AEAD_GET_TAG, SVMS_AEAD_TAG_SIZE, tag);
    return settle(aead, result, PHASE_IDLE);
}

bool svms_aead_open_end(svms_aead *aead, const uint8_t tag[SVMS_AEAD_TAG_SIZE])
{
    if (aead->phase != PHASE_MESSAGE) {
        return false;
    }
    /* The provider only reads the tag; its interface predates const. */
    void *expected = (void *)(uintptr_t)tag;
    int result =
        EVP_CIPHER_CTX_ctrl(aead->state, EVP_CTRL_AEAD_SET_TAG, SVMS_AEAD_TAG_SIZE, expected);
    return settle(aead, result, PHASE_MESSAGE) && finish(aead);
}

svms_status svms_aead_seal(svms_ctx *ctx, const uint8_t key[SVMS_AEAD_KEY_SIZE],
                           const uint8_t nonce[SVMS_AEAD_NONCE_SIZE], const void *aad,
                           size_t aad_size, const void *in, size_t size, uint8_t *out,
                           svms_error *err)
{
    svms_aead *aead = NULL;
    svms_status status = svms_aead_new(&aead, ctx, err);
    if (status != SVMS_OK) {
        return status;
    }
    bool done = svms_aead_set_key(aead, key, true) && svms_aead_begin(aead, nonce) &&
                svms_aead_aad(aead, aad, aad_size) && svms_aead_update(aead, in, size, out) &&
                svms_aead_seal_end(aead, out + size);
    svms_aead_free(&aead);
    if (done) {
        return SVMS_OK;
    }
    svms_wipe(out, size + SVMS_AEAD_TAG_SIZE);
    return svms_fail(err, SVMS_E_CRYPTO, "cannot encrypt with AES-256-GCM");
}

bool svms_aead_is_sound(svms_ctx *ctx)
{
    /* McGrew and Viega, "The Galois/Counter Mode of Operation", test case 14: all is zero. */
    static const uint8_t zeros[SVMS_AEAD_KEY_SIZE];
    static const uint8_t sealed[16] = { 0xCE, 0xA7, 0x40, 0x3D, 0x4D, 0x60, 0x6B, 0x6E,
                                        0x07, 0x4E, 0xC5, 0xD3, 0xBA, 0xF3, 0x9D, 0x18 };
    static const uint8_t tag[SVMS_AEAD_TAG_SIZE] = {
        0xD0, 0xD1, 0xC8, 0xA7, 0x99, 0x99, 0x6B, 0xF0,
        0x26, 0x5B, 0x98, 0xB5, 0xD4, 0x8A, 0xB9, 0x19
    };
    uint8_t plain[sizeof sealed];
    svms_aead *aead = NULL;
    bool right = svms_aead_new(&aead, ctx, NULL) == SVMS_OK &&
                 svms_aead_set_key(aead, zeros, false) && svms_aead_begin(aead, zeros) &&
                 svms_aead_update(aead, sealed, sizeof sealed, plain) &&
                 svms_aead_open_end(aead, tag) && memcmp(plain, zeros, sizeof plain) == 0;
    svms_aead_free(&aead);
    return right;
}

/* Opening failed at the end: encrypts in place what was decrypted, which tells by itself what the
 * tag ought to be. False when it is right after all, or when the provider fails again. */
static bool tag_is_wrong(svms_aead *aead, const uint8_t key[SVMS_AEAD_KEY_SIZE],
                         const uint8_t nonce[SVMS_AEAD_NONCE_SIZE], svms_iovec aad, uint8_t *plain,
                         size_t size, const uint8_t tag[SVMS_AEAD_TAG_SIZE])
{
    uint8_t due[SVMS_AEAD_TAG_SIZE] = { 0 };
    bool known = svms_aead_set_key(aead, key, true) && svms_aead_begin(aead, nonce) &&
                 svms_aead_aad(aead, aad.data, aad.size) &&
                 svms_aead_update(aead, plain, size, plain) && svms_aead_seal_end(aead, due);
    bool wrong = known && !svms_equal_secret(due, tag, sizeof due);
    svms_wipe(due, sizeof due);
    return wrong;
}

svms_status svms_aead_open(svms_ctx *ctx, const uint8_t key[SVMS_AEAD_KEY_SIZE],
                           const uint8_t nonce[SVMS_AEAD_NONCE_SIZE], const void *aad,
                           size_t aad_size, const void *in, size_t size, uint8_t *out,
                           svms_error *err)
{
    if (size < SVMS_AEAD_TAG_SIZE) {
        return svms_fail(err, SVMS_E_TRUNCATED, "the sealed bytes are shorter than their tag");
    }
    svms_aead *aead = NULL;
    svms_status status = svms_aead_new(&aead, ctx, err);
    if (status != SVMS_OK) {
        return status;
    }
    const uint8_t *sealed = in;
    size_t plain_size = size - SVMS_AEAD_TAG_SIZE;
    bool working = svms_aead_set_key(aead, key, false) && svms_aead_begin(aead, nonce) &&
                   svms_aead_aad(aead, aad, aad_size) &&
                   svms_aead_update(aead, sealed, plain_size, out);
    bool opened = working && svms_aead_open_end(aead, sealed + plain_size);
    svms_iovec more = { aad, aad_size };
    bool wrong = working && !opened &&
                 tag_is_wrong(aead, key, nonce, more, out, plain_size, sealed + plain_size);
    svms_aead_free(&aead);
    if (opened) {
        return SVMS_OK;
    }
    svms_wipe(out, plain_size);
    if (!wrong) {
        return svms_fail(err, SVMS_E_CRYPTO, "cannot decrypt with AES-256-GCM");
    }
    return svms_fail(err, SVMS_E_WRONG_KEY, "the key does not open the sealed bytes");
}
