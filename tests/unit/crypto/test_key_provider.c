/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys that a provider keeps to itself, whichever provider was loaded first, as long as the
 * one of OpenSSL is preferred for everything else. */
#include "cmocka_all.h"

#include "failing_allocator.h"
#include "key_material.h"

#include "hidden_provider.h"
#include "sign.h"
#include "wrap.h"

enum { P256, P384, ED25519, X25519, RSA2048, KINDS };
static const char *const kinds[KINDS] = { "P-256", "P-384", "ED25519", "X25519", "RSA:2048" };

static OSSL_LIB_CTX *library;
static OSSL_PROVIDER *providers[2];
static svms_ctx *ctx;

static void load(const char *first, const char *second, const char *properties)
{
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    library = OSSL_LIB_CTX_new();
    assert_int_equal(OSSL_PROVIDER_add_builtin(library, "hidden", hidden_provider_init), 1);
    providers[0] = OSSL_PROVIDER_load(library, first);
    providers[1] = OSSL_PROVIDER_load(library, second);
    assert_non_null(providers[0]);
    assert_non_null(providers[1]);
    options.ossl_context = library;
    options.ossl_properties = properties;
    assert_int_equal(svms_ctx_new(&ctx, &options, NULL), SVMS_OK);
}

static int hidden_first(void **state)
{
    (void)state;
    load("hidden", "default", "?provider=default");
    return 0;
}

static int hidden_last(void **state)
{
    (void)state;
    load("default", "hidden", NULL);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    assert_int_equal(ERR_peek_error(), 0);
    svms_ctx_free(&ctx);
    OSSL_PROVIDER_unload(providers[1]);
    OSSL_PROVIDER_unload(providers[0]);
    OSSL_LIB_CTX_free(library);
    return 0;
}

static int fill_vault(void **state)
{
    (void)state;
    for (int i = 0; i < KINDS; i++) {
        vault.keys[i] = make_pkey(kinds[i]);
    }
    return 0;
}

static int empty_vault(void **state)
{
    (void)state;
    for (int i = 0; i < KINDS; i++) {
        EVP_PKEY_free(vault.keys[i]);
    }
    return 0;
}

static svms_private_key *key_of(int kind)
{
    char uri[16];
    svms_private_key *key = NULL;
    svms_error err = SVMS_ERROR_INIT;
    snprintf(uri, sizeof uri, "hidden:%d", kind);
    if (svms_private_key_from_uri(&key, ctx, uri, &err) != SVMS_OK) {
        fail_msg("%s: %s", kinds[kind], err.message);
    }
    return key;
}

static svms_public_key *half_of(int kind)
{
    char pem[PEM_ROOM];
    size_t size = public_pem(vault.keys[kind], pem);
    svms_public_key *half = NULL;
    assert_int_equal(svms_public_key_from_pem(&half, ctx, pem, size, NULL), SVMS_OK);
    return half;
}

static void the_public_half_is_known_and_the_private_one_is_not(void **state)
{
    (void)state;
    for (int i = 0; i < KINDS; i++) {
        svms_private_key *key = key_of(i);
        svms_public_key *half = half_of(i);
        uint8_t id[2][SVMS_DIGEST_SIZE];
        char pem[PEM_ROOM];
        size_t size = sizeof pem;
        assert_true(svms_private_key_is_external(key));
        assert_int_equal(svms_private_key_id(key, id[0], NULL), SVMS_OK);
        assert_int_equal(svms_public_key_id(half, id[1], NULL), SVMS_OK);
        assert_memory_equal(id[0], id[1], SVMS_DIGEST_SIZE);
        assert_int_equal(svms_private_key_to_pem(key, pem, &size, NULL), SVMS_E_UNSUPPORTED);
        svms_public_key_free(&half);
        svms_private_key_free(&key);
    }
}

static const int signing[] = { P256, P384, ED25519, RSA2048 };

static void it_signs(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        svms_private_key *key = key_of(signing[i]);
        svms_public_key *half = half_of(signing[i]);
        svms_sign_engine *engine = NULL;
        svms_verify_engine *verifier = NULL;
        svms_sign_ticket *ticket = NULL;
        uint8_t signature[SVMS_SIGNATURE_MAX];
        bool done = false;
        assert_int_equal(svms_sign_engine_new(&engine, ctx, key, NULL), SVMS_OK);
        assert_int_equal(svms_verify_engine_new(&verifier, ctx, half, NULL), SVMS_OK);
        svms_private_key_free(&key);
        for (size_t text_size = 0; text_size < 8; text_size++) {
            size_t size = sizeof signature;
            svms_error err = SVMS_ERROR_INIT;
            if (svms_sign(engine, text_size ? "1234567" : NULL, text_size, signature, &size,
                          &err) != SVMS_OK) {
                fail_msg("%s: %s", kinds[signing[i]], err.message);
            }
            assert_int_equal(svms_verify(verifier, svms_sign_engine_algorithm(engine), "1234567",
                                         text_size, signature, size, NULL),
                             SVMS_OK);
        }
        size_t size = sizeof signature;
        assert_int_equal(svms_sign_start(engine, "x", 1, &ticket, NULL), SVMS_OK);
        assert_int_equal(svms_sign_poll(ticket, &done, signature, &size, NULL), SVMS_OK);
        assert_true(done);
        svms_sign_ticket_free(&ticket);
        svms_verify_engine_free(&verifier);
        svms_sign_engine_free(&engine);
        svms_public_key_free(&half);
    }
}

static void a_signature_by_another_key_is_never_used(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        svms_private_key *key = key_of(signing[i]);
        svms_sign_engine *engine = NULL;
        uint8_t signature[SVMS_SIGNATURE_MAX];
        size_t size = sizeof signature;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_sign_engine_new(&engine, ctx, key, NULL), SVMS_OK);
        vault.impostor = make_pkey(kinds[signing[i]]);
        assert_int_equal(svms_sign(engine, "x", 1, signature, &size, &err), SVMS_E_CRYPTO);
        assert_non_null(strstr(err.message, "its public half refuses"));
        assert_int_equal(size, sizeof signature);
        EVP_PKEY_free(vault.impostor);
        vault.impostor = NULL;
        svms_sign_engine_free(&engine);
        svms_private_key_free(&key);
    }
}

static void what_was_sealed_for_it_opens(void **state)
{
    (void)state;
    static const int agreeing[] = { P256, X25519 };
    for (size_t i = 0; i < 2; i++) {
        svms_private_key *key = key_of(agreeing[i]);
        svms_public_key *half = half_of(agreeing[i]);
        uint8_t enc[SVMS_HPKE_P256_ENC_SIZE];
        uint8_t sealed[4 + 16];
        uint8_t out[4];
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_hpke_seal(ctx, half, "i", 1, "a", 1, "text", 4, enc, sealed, NULL),
                         SVMS_OK);
        if (svms_hpke_open(ctx, key, enc, "i", 1, "a", 1, sealed, sizeof sealed, out, &err) !=
            SVMS_OK) {
            fail_msg("%s: %s", kinds[agreeing[i]], err.message);
        }
        assert_memory_equal(out, "text", 4);
        sealed[0] ^= 1;
        assert_int_equal(
            svms_hpke_open(ctx, key, enc, "i", 1, "a", 1, sealed, sizeof sealed, out, NULL),
            SVMS_E_WRONG_KEY);
        svms_public_key_free(&half);
        svms_private_key_free(&key);
    }
}

static void what_was_sealed_for_its_rsa_key_opens_if_it_knows_oaep(void **state)
{
    (void)state;
    svms_private_key *key = key_of(RSA2048);
    svms_public_key *half = half_of(RSA2048);
    uint8_t sealed[SVMS_RSA_SEALED_MAX];
    size_t size = sizeof sealed;
    uint8_t out[4];
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_rsa_sealed_size_of_private(key), 256);
    assert_int_equal(svms_rsa_oaep_seal(ctx, half, "text", 4, sealed, &size, NULL), SVMS_OK);
    assert_int_equal(svms_rsa_oaep_open(ctx, key, sealed, size, out, sizeof out, &err),
                     SVMS_E_UNSUPPORTED);
    assert_string_equal(err.message,
                        "the provider of the RSA key does not decrypt OAEP with SHA-256");
    vault.knows_oaep = true;
    assert_int_equal(svms_rsa_oaep_open(ctx, key, sealed, size, out, sizeof out, NULL), SVMS_OK);
    assert_memory_equal(out, "text", 4);
    sealed[7] ^= 1;
    assert_int_equal(svms_rsa_oaep_open(ctx, key, sealed, size, out, sizeof out, NULL),
                     SVMS_E_WRONG_KEY);
    vault.knows_oaep = false;
    svms_public_key_free(&half);
    svms_private_key_free(&key);
}

static void a_place_without_key_is_refused(void **state)
{
    (void)state;
    svms_private_key *key = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_private_key_from_uri(&key, ctx, "hidden:7", &err), SVMS_E_MALFORMED);
    assert_string_equal(err.message, "no private key is there");
    assert_null(key);
}

static svms_status take_and_sign(svms_ctx *failing, svms_error *err)
{
    svms_private_key *key = NULL;
    svms_sign_engine *engine = NULL;
    uint8_t signature[64];
    size_t size = sizeof signature;
    svms_status status = svms_private_key_from_uri(&key, failing, "hidden:0", err);
    if (status == SVMS_OK) {
        status = svms_sign_engine_new(&engine, failing, key, err);
    }
    if (status == SVMS_OK) {
        status = svms_sign(engine, "x", 1, signature, &size, err);
    }
    svms_sign_engine_free(&engine);
    svms_private_key_free(&key);
    return status;
}

static void every_failing_allocation_is_reported(void **state)
{
    (void)state;
    OSSL_PROVIDER *both[2];
    assert_int_equal(OSSL_PROVIDER_add_builtin(NULL, "hidden", hidden_provider_init), 1);
    both[0] = OSSL_PROVIDER_load(NULL, "default");
    both[1] = OSSL_PROVIDER_load(NULL, "hidden");
    each_allocation_fails_cleanly(take_and_sign);
    OSSL_PROVIDER_unload(both[1]);
    OSSL_PROVIDER_unload(both[0]);
}

#define BOTH_ORDERS(test)                                                                          \
    cmocka_unit_test_setup_teardown(test, hidden_first, unload),                                   \
        cmocka_unit_test_setup_teardown(test, hidden_last, unload)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH_ORDERS(the_public_half_is_known_and_the_private_one_is_not),
        BOTH_ORDERS(it_signs),
        BOTH_ORDERS(a_signature_by_another_key_is_never_used),
        BOTH_ORDERS(what_was_sealed_for_it_opens),
        BOTH_ORDERS(what_was_sealed_for_its_rsa_key_opens_if_it_knows_oaep),
        BOTH_ORDERS(a_place_without_key_is_refused),
        cmocka_unit_test(every_failing_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, fill_vault, empty_vault);
}
