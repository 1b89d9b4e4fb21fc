/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include <openssl/rsa.h>

#include "failing_allocator.h"
#include "key_material.h"
#include "oaep_vectors.h"
#include "wrap.h"

#define KEYS (sizeof oaep_keys / sizeof oaep_keys[0])
#define CASES (sizeof oaep_cases / sizeof oaep_cases[0])

static svms_ctx *ctx;
static EVP_PKEY *pkeys[KEYS];
static svms_private_key *owners[KEYS];
static svms_public_key *recipients[KEYS];
static uint8_t plain[32];

static int set_up(void **state)
{
    (void)state;
    assert_int_equal(svms_ctx_new(&ctx, NULL, NULL), SVMS_OK);
    for (size_t i = 0; i < sizeof plain; i++) {
        plain[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < KEYS; i++) {
        BIO *text = BIO_new_mem_buf(oaep_keys[i], -1);
        pkeys[i] = PEM_read_bio_PrivateKey(text, NULL, NULL, NULL);
        BIO_free(text);
        assert_non_null(pkeys[i]);
        assert_int_equal(
            svms_private_key_from_pem(&owners[i], ctx, oaep_keys[i], strlen(oaep_keys[i]), NULL),
            SVMS_OK);
        recipients[i] = take_public(ctx, pkeys[i]);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < KEYS; i++) {
        EVP_PKEY_free(pkeys[i]);
        svms_private_key_free(&owners[i]);
        svms_public_key_free(&recipients[i]);
    }
    svms_ctx_free(&ctx);
    return 0;
}

/* Memory that ends where the bytes end, so that a sanitizer sees any step beyond. */
static uint8_t *exact(const char *hex, size_t *size)
{
    *size = strlen(hex) / 2;
    uint8_t *bytes = malloc(*size ? *size : 1);
    assert_non_null(bytes);
    from_hex(hex, bytes, *size);
    return bytes;
}

static void what_others_sealed_opens_and_what_is_wrong_does_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        const oaep_case *c = &oaep_cases[i];
        size_t size = 0;
        uint8_t *sealed = exact(c->sealed, &size);
        uint8_t out[32];
        memset(out, 0xEE, sizeof out);
        uint8_t before[32];
        memcpy(before, out, sizeof out);
        svms_error err = SVMS_ERROR_INIT;
        svms_status status =
            svms_rsa_oaep_open(ctx, owners[c->key], sealed, size, out, sizeof out, &err);
        if (status != (c->opens ? SVMS_OK : SVMS_E_WRONG_KEY)) {
            fail_msg("key %d, %s: %s", c->key, c->what, svms_status_name(status));
        }
        assert_memory_equal(out, c->opens ? plain : before, sizeof out);
        assert_int_equal(err.status, c->opens ? SVMS_OK : SVMS_E_WRONG_KEY);
        free(sealed);
    }
}

static void what_is_padded_wrongly_and_what_is_decrypted_wrongly_read_the_same(void **state)
{
    (void)state;
    char message[sizeof((svms_error *)NULL)->message] = "";
    for (size_t i = 0; i < CASES; i++) {
        const oaep_case *c = &oaep_cases[i];
        size_t size = 0;
        uint8_t *sealed = exact(c->sealed, &size);
        uint8_t out[32];
        svms_error err = SVMS_ERROR_INIT;
        svms_status status =
            svms_rsa_oaep_open(ctx, owners[c->key], sealed, size, out, sizeof out, &err);
        free(sealed);
        if (status == SVMS_OK || size != svms_rsa_sealed_size_of_private(owners[c->key])) {
            continue;
        }
        if (message[0] == '\0') {
            memcpy(message, err.message, sizeof message);
        }
        assert_string_equal(err.message, message);
    }
    assert_true(message[0] != '\0');
}

/* OpenSSL as a recipient that knows nothing of us. */
static size_t open_directly(EVP_PKEY *pkey, const uint8_t *sealed, size_t size, uint8_t *out,
                            size_t room)
{
    EVP_PKEY_CTX *state = EVP_PKEY_CTX_new(pkey, NULL);
    assert_int_equal(EVP_PKEY_decrypt_init(state), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(state, RSA_PKCS1_OAEP_PADDING), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_oaep_md(state, EVP_sha256()), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_mgf1_md(state, EVP_sha256()), 1);
    assert_int_equal(EVP_PKEY_decrypt(state, out, &room, sealed, size), 1);
    EVP_PKEY_CTX_free(state);
    return room;
}

static void what_is_sealed_opens_elsewhere_and_never_looks_the_same(void **state)
{
    (void)state;
    static const size_t widths[KEYS] = { 256, 384, 512 };
    for (size_t i = 0; i < KEYS; i++) {
        uint8_t sealed[2][SVMS_RSA_SEALED_MAX];
        for (size_t j = 0; j < 2; j++) {
            size_t size = sizeof sealed[j];
            assert_int_equal(
                svms_rsa_oaep_seal(ctx, recipients[i], plain, sizeof plain, sealed[j], &size, NULL),
                SVMS_OK);
            assert_int_equal(size, widths[i]);
            uint8_t out[SVMS_RSA_SEALED_MAX];
            assert_int_equal(open_directly(pkeys[i], sealed[j], size, out, sizeof out), 32);
            assert_memory_equal(out, plain, sizeof plain);
            memset(out, 0, sizeof out);
            assert_int_equal(svms_rsa_oaep_open(ctx, owners[i], sealed[j], size, out, 32, NULL),
                             SVMS_OK);
            assert_memory_equal(out, plain, sizeof plain);
        }
        assert_memory_not_equal(sealed[0], sealed[1], widths[i]);
        assert_int_equal(svms_rsa_sealed_size_of_public(recipients[i]), widths[i]);
        assert_int_equal(svms_rsa_sealed_size_of_private(owners[i]), widths[i]);
    }
}

static void the_longest_plaintext_fits_and_one_byte_more_does_not(void **state)
{
    (void)state;
    uint8_t long_plain[SVMS_RSA_SEALED_MAX] = { 7 };
    uint8_t sealed[SVMS_RSA_SEALED_MAX];
    uint8_t out[SVMS_RSA_SEALED_MAX];
    for (size_t i = 0; i < KEYS; i++) {
        size_t most = svms_rsa_sealed_size_of_public(recipients[i]) - 66;
        size_t size = sizeof sealed;
        assert_int_equal(
            svms_rsa_oaep_seal(ctx, recipients[i], long_plain, most, sealed, &size, NULL), SVMS_OK);
        assert_int_equal(svms_rsa_oaep_open(ctx, owners[i], sealed, size, out, most, NULL),
                         SVMS_OK);
        assert_memory_equal(out, long_plain, most);
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(
            svms_rsa_oaep_seal(ctx, recipients[i], long_plain, most + 1, sealed, &size, &err),
            SVMS_E_LIMIT);
        assert_int_equal(err.status, SVMS_E_LIMIT);
        size--;
        assert_int_equal(
            svms_rsa_oaep_seal(ctx, recipients[i], long_plain, most, sealed, &size, &err),
            SVMS_E_LIMIT);
        assert_int_equal(svms_rsa_oaep_open(ctx, owners[i], sealed, size + 1, out, 0, &err),
                         SVMS_E_LIMIT);
        assert_int_equal(svms_rsa_oaep_open(ctx, owners[i], sealed, size + 1, out, 447, &err),
                         SVMS_E_LIMIT);
    }
}

static void keys_of_other_kinds_and_sizes_do_not_receive(void **state)
{
    (void)state;
    static const char *const kinds[] = { "P-256", "P-384", "ED25519", "X25519", "RSA:2560" };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        EVP_PKEY *pkey = make_pkey(kinds[i]);
        svms_private_key *owner = take_private(ctx, pkey);
        svms_public_key *recipient = take_public(ctx, pkey);
        uint8_t bytes[SVMS_RSA_SEALED_MAX] = { 0 };
        size_t size = sizeof bytes;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_rsa_sealed_size_of_public(recipient), 0);
        assert_int_equal(svms_rsa_sealed_size_of_private(owner), 0);
        assert_int_equal(svms_rsa_oaep_seal(ctx, recipient, plain, 32, bytes, &size, &err),
                         SVMS_E_UNSUPPORTED);
        assert_int_equal(svms_rsa_oaep_open(ctx, owner, bytes, 320, bytes, 32, &err),
                         SVMS_E_UNSUPPORTED);
        assert_int_equal(err.status, SVMS_E_UNSUPPORTED);
        svms_private_key_free(&owner);
        svms_public_key_free(&recipient);
        EVP_PKEY_free(pkey);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(what_others_sealed_opens_and_what_is_wrong_does_not,
                                  no_openssl_errors_left),
        cmocka_unit_test(what_is_padded_wrongly_and_what_is_decrypted_wrongly_read_the_same),
        cmocka_unit_test_teardown(what_is_sealed_opens_elsewhere_and_never_looks_the_same,
                                  no_openssl_errors_left),
        cmocka_unit_test_teardown(the_longest_plaintext_fits_and_one_byte_more_does_not,
                                  no_openssl_errors_left),
        cmocka_unit_test(keys_of_other_kinds_and_sizes_do_not_receive),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
