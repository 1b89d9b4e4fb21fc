/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL's own allocations fail one after the other: nothing crashes or leaks, nothing is left in
 * its error queue, and no signature or ciphertext that is bad gets through. Keys by URI are missing
 * here: OpenSSL 3.0 itself reads through a NULL pointer when its store runs out of memory. */
#include "cmocka_all.h"

#include <openssl/crypto.h>

#include <svms/external_key.h>

#include "aead.h"
#include "key_material.h"
#include "oaep_vectors.h"
#include "sign.h"
#include "wrap.h"

#define ATTEMPTS_MAX 30000

static long until_failure = -1;

static bool must_fail(void)
{
    return until_failure >= 0 && until_failure-- == 0;
}

static void *provider_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return must_fail() ? NULL : malloc(size);
}

static void *provider_realloc(void *pointer, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return must_fail() ? NULL : realloc(pointer, size);
}

static void provider_free(void *pointer, const char *file, int line)
{
    (void)file;
    (void)line;
    free(pointer);
}

static svms_ctx *ctx;
static svms_private_key *own;
static svms_public_key *peer;
static char own_pem[PEM_ROOM];
static char peer_pem[PEM_ROOM];

static svms_status hash(svms_error *err)
{
    uint8_t out[SVMS_DIGEST_SIZE];
    svms_iovec run = { "x", 1 };
    return svms_sha256(ctx, &run, 1, out, err);
}

static svms_status derive(svms_error *err)
{
    uint8_t prk[SVMS_DIGEST_SIZE];
    uint8_t out[80];
    svms_status status = svms_hkdf_extract(ctx, "salt", 4, "x", 1, prk, err);
    if (status == SVMS_OK) {
        status = svms_hkdf_expand(ctx, prk, "info", 4, out, sizeof out, err);
    }
    return status;
}

static svms_status seal(svms_error *err)
{
    static const uint8_t key[SVMS_AEAD_KEY_SIZE];
    static const uint8_t nonce[SVMS_AEAD_NONCE_SIZE];
    uint8_t sealed[4 + SVMS_AEAD_TAG_SIZE];
    uint8_t opened[4];
    svms_status status = svms_aead_seal(ctx, key, nonce, "a", 1, "text", 4, sealed, err);
    if (status == SVMS_OK) {
        status = svms_aead_open(ctx, key, nonce, "a", 1, sealed, sizeof sealed, opened, err);
    }
    if (status == SVMS_OK) {
        assert_memory_equal(opened, "text", 4);
    }
    return status;
}

static svms_status wrap(svms_error *err)
{
    uint8_t enc[SVMS_HPKE_P256_ENC_SIZE];
    uint8_t sealed[4 + SVMS_AEAD_TAG_SIZE];
    uint8_t opened[4];
    svms_status status = svms_hpke_seal(ctx, peer, "i", 1, "a", 1, "text", 4, enc, sealed, err);
    if (status == SVMS_OK) {
        status = svms_hpke_open(ctx, own, enc, "i", 1, "a", 1, sealed, sizeof sealed, opened, err);
    }
    if (status == SVMS_OK) {
        assert_memory_equal(opened, "text", 4);
    }
    return status;
}

static svms_private_key *rsa;
static svms_public_key *rsa_peer;

static svms_status wrap_by_rsa(svms_error *err)
{
    uint8_t sealed[SVMS_RSA_SEALED_MAX];
    uint8_t opened[4];
    size_t size = sizeof sealed;
    svms_status status = svms_rsa_oaep_seal(ctx, rsa_peer, "text", 4, sealed, &size, err);
    if (status == SVMS_OK) {
        status = svms_rsa_oaep_open(ctx, rsa, sealed, size, opened, sizeof opened, err);
    }
    if (status == SVMS_OK) {
        assert_memory_equal(opened, "text", 4);
    }
    return status;
}

static svms_status wrap_by_kek(svms_error *err)
{
    svms_kek *kek = NULL;
    svms_kek *again = NULL;
    char pem[512];
    size_t size = sizeof pem;
    uint8_t plain[SVMS_KEK_PLAIN_SIZE] = "text";
    uint8_t wrapped[SVMS_KEK_WRAPPED_SIZE];
    uint8_t opened[SVMS_KEK_PLAIN_SIZE];
    svms_status status = svms_kek_generate(&kek, ctx, err);
    if (status == SVMS_OK) {
        status = svms_kek_to_pem(kek, pem, &size, err);
    }
    if (status == SVMS_OK) {
        status = svms_kek_from_pem(&again, ctx, pem, size, err);
    }
    if (status == SVMS_OK) {
        status = svms_kek_wrap(kek, plain, wrapped, err);
    }
    if (status == SVMS_OK) {
        status = svms_kek_unwrap(again, wrapped, opened, err);
    }
    if (status == SVMS_OK) {
        assert_memory_equal(opened, plain, sizeof plain);
    }
    svms_kek_free(&again);
    svms_kek_free(&kek);
    return status;
}

static svms_status stretch(svms_error *err)
{
    static const uint8_t salt[SVMS_SCRYPT_SALT_SIZE];
    uint8_t out[32];
    return svms_scrypt(ctx, "x", 1, salt, 10, out, err);
}

static svms_status sign(svms_error *err)
{
    svms_sign_engine *engine = NULL;
    uint8_t signature[64];
    size_t size = sizeof signature;
    svms_status status = svms_sign_engine_new(&engine, ctx, own, err);
    if (status == SVMS_OK) {
        status = svms_sign(engine, "data", 4, signature, &size, err);
    }
    svms_sign_engine_free(&engine);
    return status;
}

static uint8_t given[64];

/* The one behind the callback does not suffer from the want of memory. */
static svms_status give(void *user, svms_sign_request *request, const svms_sign_message *message)
{
    (void)user;
    (void)message;
    return svms_sign_request_complete(request, SVMS_OK, given, sizeof given);
}

static svms_status sign_by_callback(svms_error *err)
{
    svms_signer signer = SVMS_SIGNER_INIT;
    svms_private_key *key = NULL;
    svms_sign_engine *engine = NULL;
    uint8_t signature[64];
    size_t size = sizeof signature;
    signer.begin = give;
    svms_status status = svms_private_key_from_signer(&key, ctx, peer, &signer, err);
    if (status == SVMS_OK) {
        status = svms_sign_engine_new(&engine, ctx, key, err);
    }
    if (status == SVMS_OK) {
        status = svms_sign(engine, "data", 4, signature, &size, err);
    }
    if (status == SVMS_OK) {
        assert_memory_equal(signature, given, sizeof given);
    }
    svms_sign_engine_free(&engine);
    svms_private_key_free(&key);
    return status;
}

static uint8_t good[64];

static svms_status verify(svms_error *err)
{
    svms_verify_engine *engine = NULL;
    svms_status status = svms_verify_engine_new(&engine, ctx, peer, err);
    if (status == SVMS_OK) {
        assert_int_not_equal(
            svms_verify(engine, SVMS_SIG_ECDSA_P256_SHA256, "datb", 4, good, sizeof good, NULL),
            SVMS_OK);
        status = svms_verify(engine, SVMS_SIG_ECDSA_P256_SHA256, "data", 4, good, sizeof good, err);
    }
    svms_verify_engine_free(&engine);
    return status;
}

static svms_status read_keys(svms_error *err)
{
    svms_private_key *private_key = NULL;
    svms_public_key *public_key = NULL;
    char pem[PEM_ROOM];
    size_t size = sizeof pem;
    svms_status status =
        svms_private_key_from_pem(&private_key, ctx, own_pem, strlen(own_pem), err);
    if (status == SVMS_OK) {
        status = svms_private_key_to_pem(private_key, pem, &size, err);
    }
    if (status == SVMS_OK) {
        status = svms_public_key_from_pem(&public_key, ctx, peer_pem, strlen(peer_pem), err);
    }
    if (status == SVMS_OK) {
        status = svms_public_key_id(public_key, good, err);
    }
    svms_private_key_free(&private_key);
    svms_public_key_free(&public_key);
    return status;
}

static svms_status generate(svms_error *err)
{
    svms_private_key *key = NULL;
    svms_status status = svms_private_key_generate(&key, ctx, err);
    svms_private_key_free(&key);
    return status;
}

static svms_status make_new_context(svms_error *err)
{
    svms_ctx *another = NULL;
    svms_status status = svms_ctx_new(&another, NULL, err);
    svms_ctx_free(&another);
    return status;
}

/* The success that ends it is one in which no allocation failed. */
static void each_provider_allocation_fails(svms_status (*body)(svms_error *err))
{
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(body(&err), SVMS_OK);
    /* Every one of the first 256, then fewer and fewer: decoding a key makes thousands. */
    for (long n = 0; n < ATTEMPTS_MAX; n += 1 + n / 256) {
        until_failure = n;
        svms_error each = SVMS_ERROR_INIT;
        svms_status status = body(&each);
        bool untouched = until_failure >= 0;
        until_failure = -1;
        assert_int_equal(each.status, status);
        /* OpenSSL does not always tell want of memory from bad input when it decodes a key; but no
         * such want may make a good signature a bad one. */
        assert_int_not_equal(status, SVMS_E_NOT_AUTHENTIC);
        assert_int_equal(ERR_peek_error(), 0);
        if (untouched) {
            assert_int_equal(status, SVMS_OK);
            return;
        }
    }
    fail_msg("no end of allocations");
}

static void hashing_and_derivation_fail_cleanly(void **state)
{
    (void)state;
    each_provider_allocation_fails(make_new_context);
    each_provider_allocation_fails(hash);
    each_provider_allocation_fails(derive);
    each_provider_allocation_fails(stretch);
}

static void sealing_and_wrapping_fail_cleanly(void **state)
{
    (void)state;
    each_provider_allocation_fails(seal);
    each_provider_allocation_fails(wrap);
    each_provider_allocation_fails(wrap_by_rsa);
    each_provider_allocation_fails(wrap_by_kek);
}

static void signing_fails_cleanly_and_verifying_never_says_yes_wrongly(void **state)
{
    (void)state;
    svms_sign_engine *engine = NULL;
    size_t size = sizeof good;
    assert_int_equal(svms_sign_engine_new(&engine, ctx, own, NULL), SVMS_OK);
    assert_int_equal(svms_sign(engine, "data", 4, good, &size, NULL), SVMS_OK);
    svms_sign_engine_free(&engine);
    each_provider_allocation_fails(sign);
    each_provider_allocation_fails(verify);
    memcpy(given, good, sizeof given);
    each_provider_allocation_fails(sign_by_callback);
}

static void reading_and_making_keys_fails_cleanly(void **state)
{
    (void)state;
    each_provider_allocation_fails(read_keys);
    each_provider_allocation_fails(generate);
}

static int set_up(void **state)
{
    (void)state;
    EVP_PKEY *pkey = make_pkey("P-256");
    private_pem(pkey, own_pem);
    public_pem(pkey, peer_pem);
    bool made = svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK &&
                svms_private_key_from_evp(&own, ctx, pkey, NULL) == SVMS_OK &&
                svms_public_key_from_evp(&peer, ctx, pkey, NULL) == SVMS_OK;
    EVP_PKEY_free(pkey);
    made =
        made &&
        svms_private_key_from_pem(&rsa, ctx, oaep_keys[0], strlen(oaep_keys[0]), NULL) == SVMS_OK &&
        svms_public_key_from_evp(&rsa_peer, ctx, svms_private_key_evp(rsa), NULL) == SVMS_OK;
    return made ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    svms_private_key_free(&own);
    svms_public_key_free(&peer);
    svms_private_key_free(&rsa);
    svms_public_key_free(&rsa_peer);
    svms_ctx_free(&ctx);
    return 0;
}

int main(void)
{
    /* Only possible before OpenSSL has allocated anything. */
    if (CRYPTO_set_mem_functions(provider_malloc, provider_realloc, provider_free) != 1) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashing_and_derivation_fail_cleanly),
        cmocka_unit_test(sealing_and_wrapping_fail_cleanly),
        cmocka_unit_test(signing_fails_cleanly_and_verifying_never_says_yes_wrongly),
        cmocka_unit_test(reading_and_making_keys_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
