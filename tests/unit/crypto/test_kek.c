/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include "failing_allocator.h"
#include "key_material.h"
#include "wrap.h"

static svms_ctx *ctx;

static int make_context(void **state)
{
    (void)state;
    return svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK ? 0 : -1;
}

static int free_context(void **state)
{
    (void)state;
    svms_ctx_free(&ctx);
    return 0;
}

/* RFC 3394, 4.6: 256 bits of key data with a 256-bit key. The others by aes_key_wrap() of Debian's
 * python3-cryptography. */
static const struct wrap_case {
    const char *kek;
    const char *plain;
    const char *wrapped;
} cases[] = {
    { "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
      "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
      "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21" },
    { "5ff80d210df7544bac96cb9c1661681d604db10241ed87ced3f2e99ba6e58dba",
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0a590e11526d363c0edab22bd8d34869f34cd63452c9a2786bea5ec577ee23398e56d4f6d00ca04e" },
    { "bd88189d85ea4fa841086480c7dcca28283e2a1984370418e762480396b538ec",
      "42ef22f3a614ee7ee8066f001fd3a0d98569454f7915a771a3d08e0a8ea2ebf9",
      "95f68ccc826930bfe42d1a805248d516afe4a391b8e315ab13fbae2990bbb5485b82b0a9c9baab04" },
};

static svms_kek *kek_of(const char *hex)
{
    uint8_t key[32];
    static const uint8_t id[SVMS_KEK_ID_SIZE] = { 1, 2, 3 };
    svms_kek *kek = NULL;
    from_hex(hex, key, sizeof key);
    assert_int_equal(svms_kek_from_bytes(&kek, ctx, id, key, NULL), SVMS_OK);
    return kek;
}

static void the_published_bytes_are_wrapped_and_unwrapped(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t plain[32];
        uint8_t wrapped[40];
        uint8_t out[40] = { 0 };
        from_hex(cases[i].plain, plain, sizeof plain);
        from_hex(cases[i].wrapped, wrapped, sizeof wrapped);
        svms_kek *kek = kek_of(cases[i].kek);
        assert_int_equal(svms_kek_wrap(kek, plain, out, NULL), SVMS_OK);
        assert_memory_equal(out, wrapped, sizeof wrapped);
        assert_int_equal(svms_kek_unwrap(kek, wrapped, out, NULL), SVMS_OK);
        assert_memory_equal(out, plain, sizeof plain);
        svms_kek_free(&kek);
        assert_null(kek);
    }
}

static void a_changed_bit_and_another_key_do_not_open(void **state)
{
    (void)state;
    uint8_t wrapped[40];
    uint8_t out[32];
    uint8_t before[32];
    memset(out, 0xEE, sizeof out);
    memcpy(before, out, sizeof out);
    from_hex(cases[0].wrapped, wrapped, sizeof wrapped);
    svms_kek *kek = kek_of(cases[0].kek);
    for (size_t bit = 0; bit < sizeof wrapped * 8; bit++) {
        svms_error err = SVMS_ERROR_INIT;
        wrapped[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(svms_kek_unwrap(kek, wrapped, out, &err), SVMS_E_WRONG_KEY);
        assert_string_equal(err.message, "the key-encryption key does not open this");
        assert_memory_equal(out, before, sizeof out);
        wrapped[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    svms_kek *other = kek_of(cases[1].kek);
    assert_int_equal(svms_kek_unwrap(other, wrapped, out, NULL), SVMS_E_WRONG_KEY);
    assert_int_equal(svms_kek_unwrap(kek, wrapped, out, NULL), SVMS_OK);
    svms_kek_free(&other);
    svms_kek_free(&kek);
}

static void to_pem(const svms_kek *kek, char out[512])
{
    size_t size = 512;
    assert_int_equal(svms_kek_to_pem(kek, out, &size, NULL), SVMS_OK);
    assert_int_equal(size, strlen(out));
}

static void a_generated_key_is_new_and_its_id_comes_from_it(void **state)
{
    (void)state;
    uint8_t last[SVMS_KEK_ID_SIZE] = { 0 };
    for (int i = 0; i < 3; i++) {
        svms_kek *kek = NULL;
        char pem[512];
        assert_int_equal(svms_kek_generate(&kek, ctx, NULL), SVMS_OK);
        to_pem(kek, pem);
        BIO *text = BIO_new_mem_buf(pem, -1);
        char *label = NULL;
        char *headers = NULL;
        uint8_t *body = NULL;
        long size = 0;
        assert_int_equal(PEM_read_bio(text, &label, &headers, &body, &size), 1);
        assert_string_equal(label, "SVMS KEY-ENCRYPTION KEY");
        assert_int_equal(size, 48);

        uint8_t input[9 + 32] = "svms1 kek";
        uint8_t digest[32];
        uint8_t id[SVMS_KEK_ID_SIZE];
        memcpy(input + 9, body + 16, 32);
        assert_int_equal(EVP_Digest(input, sizeof input, digest, NULL, EVP_sha256(), NULL), 1);
        svms_kek_id(kek, id);
        assert_memory_equal(id, digest, sizeof id);
        assert_memory_equal(id, body, sizeof id);
        assert_memory_not_equal(id, last, sizeof id);
        memcpy(last, id, sizeof id);
        OPENSSL_free(label);
        OPENSSL_free(headers);
        OPENSSL_free(body);
        BIO_free(text);
        svms_kek_free(&kek);
    }
}

static void a_key_survives_pem_with_whatever_id_it_has(void **state)
{
    (void)state;
    static const uint8_t id[SVMS_KEK_ID_SIZE] = { 1, 2, 3 };
    svms_kek *kek = kek_of(cases[0].kek);
    char pem[512];
    char text[1024];
    to_pem(kek, pem);
    svms_kek_free(&kek);
    snprintf(text, sizeof text,
             "a word in front\n-----BEGIN OTHER-----\nAAAA\n-----END OTHER-----\n%s", pem);
    assert_int_equal(svms_kek_from_pem(&kek, ctx, text, strlen(text), NULL), SVMS_OK);
    uint8_t found[SVMS_KEK_ID_SIZE];
    svms_kek_id(kek, found);
    assert_memory_equal(found, id, sizeof id);
    uint8_t wrapped[40];
    uint8_t plain[32];
    from_hex(cases[0].wrapped, wrapped, sizeof wrapped);
    assert_int_equal(svms_kek_unwrap(kek, wrapped, plain, NULL), SVMS_OK);
    svms_kek_free(&kek);
}

static void pem_that_does_not_fit_says_how_much_it_needs(void **state)
{
    (void)state;
    svms_kek *kek = kek_of(cases[0].kek);
    char pem[512];
    to_pem(kek, pem);
    size_t due = strlen(pem) + 1;
    size_t sizes[] = { 0, 1, due - 1 };
    for (size_t i = 0; i < 3; i++) {
        char out[512] = "untouched";
        size_t size = sizes[i];
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_kek_to_pem(kek, out, &size, &err), SVMS_E_LIMIT);
        assert_int_equal(size, due);
        assert_string_equal(out, "untouched");
        assert_int_equal(svms_kek_to_pem(kek, out, &size, &err), SVMS_OK);
    }
    svms_kek_free(&kek);
}

#define BODY "AAECAwQFBgcICQoLDA0ODwABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
#define BLOCK(body)                                                                                \
    "-----BEGIN SVMS KEY-ENCRYPTION KEY-----\n" body "\n-----END SVMS KEY-ENCRYPTION KEY-----\n"

static void damaged_text_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        svms_status status;
        const char *message;
    } bad[] = {
        { BLOCK(BODY), SVMS_OK, "" },
        { "", SVMS_E_MALFORMED, "no key-encryption key in the PEM text" },
        { "words", SVMS_E_MALFORMED, "no key-encryption key in the PEM text" },
        { "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", SVMS_E_MALFORMED,
          "no key-encryption key in the PEM text" },
        { BLOCK("AAAA"), SVMS_E_MALFORMED, "a key-encryption key of 3 bytes, where 48 are due" },
        { BLOCK(BODY "\nAAAA"), SVMS_E_MALFORMED,
          "a key-encryption key of 51 bytes, where 48 are due" },
        { BLOCK("****"), SVMS_E_MALFORMED, "damaged PEM text" },
        { "-----BEGIN SVMS KEY-ENCRYPTION KEY-----\n" BODY "\n", SVMS_E_MALFORMED,
          "damaged PEM text" },
        { BLOCK("Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n" BODY), SVMS_E_MALFORMED,
          "the key-encryption key is encrypted" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        svms_kek *kek = NULL;
        svms_error err = SVMS_ERROR_INIT;
        size_t size = strlen(bad[i].text);
        char *text = malloc(size ? size : 1);
        memcpy(text, bad[i].text, size);
        assert_int_equal(svms_kek_from_pem(&kek, ctx, text, size, &err), bad[i].status);
        free(text);
        if (!strstr(err.message, bad[i].message)) {
            fail_msg("\"%s\" is not in \"%s\"", bad[i].message, err.message);
        }
        assert_int_equal(kek != NULL, bad[i].status == SVMS_OK);
        svms_kek_free(&kek);
    }
    static char large[65537];
    svms_kek *kek = NULL;
    assert_int_equal(svms_kek_from_pem(&kek, ctx, large, sizeof large, NULL), SVMS_E_LIMIT);
}

static void null_is_no_argument(void **state)
{
    (void)state;
    svms_kek *kek = NULL;
    char text[8];
    size_t size = sizeof text;
    assert_int_equal(svms_kek_generate(NULL, ctx, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_kek_generate(&kek, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_kek_from_pem(NULL, ctx, text, 1, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_kek_from_pem(&kek, NULL, text, 1, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_kek_from_pem(&kek, ctx, NULL, 1, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_kek_to_pem(NULL, text, &size, NULL), SVMS_E_USAGE);
    kek = kek_of(cases[0].kek);
    assert_int_equal(svms_kek_to_pem(kek, NULL, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_kek_to_pem(kek, text, NULL, NULL), SVMS_E_USAGE);
    svms_kek_free(&kek);
    svms_kek_free(&kek);
    svms_kek_free(NULL);
}

static svms_status make_write_and_read(svms_ctx *failing, svms_error *err)
{
    svms_kek *kek = NULL;
    svms_kek *again = NULL;
    char pem[512];
    size_t size = sizeof pem;
    svms_status status = svms_kek_generate(&kek, failing, err);
    if (status == SVMS_OK) {
        status = svms_kek_to_pem(kek, pem, &size, err);
    }
    if (status == SVMS_OK) {
        status = svms_kek_from_pem(&again, failing, pem, size, err);
    }
    svms_kek_free(&kek);
    svms_kek_free(&again);
    return status;
}

static void every_failing_allocation_is_reported(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(make_write_and_read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_published_bytes_are_wrapped_and_unwrapped,
                                  no_openssl_errors_left),
        cmocka_unit_test_teardown(a_changed_bit_and_another_key_do_not_open,
                                  no_openssl_errors_left),
        cmocka_unit_test_teardown(a_generated_key_is_new_and_its_id_comes_from_it,
                                  no_openssl_errors_left),
        cmocka_unit_test(a_key_survives_pem_with_whatever_id_it_has),
        cmocka_unit_test_teardown(pem_that_does_not_fit_says_how_much_it_needs,
                                  no_openssl_errors_left),
        cmocka_unit_test_teardown(damaged_text_is_refused, no_openssl_errors_left),
        cmocka_unit_test(null_is_no_argument),
        cmocka_unit_test(every_failing_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, make_context, free_context);
}
