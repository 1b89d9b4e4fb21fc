/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys behind a passphrase: what is written is read by OpenSSL and by us, and a file cannot
 * make anybody work for long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <svms/key.h>

#include "der_put.h"
#include "key_internal.h"

#define TEXT_SIZE 8192
#define PASSPHRASE "correct horse"
#define PASSPHRASE_SIZE (sizeof PASSPHRASE - 1)
#define RSA_BITS ((size_t)2048)

static svms_ctx *ctx;
static svms_private_key *key;

static EVP_PKEY *make(const char *type)
{
    if (strcmp(type, "RSA") == 0) {
        return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", RSA_BITS);
    }
    return type[0] == 'P' ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", type)
                          : EVP_PKEY_Q_keygen(NULL, NULL, type);
}

static svms_status open_text(const char *text, size_t size, const char *passphrase, svms_error *err)
{
    svms_private_key *read = NULL;
    svms_status status = svms_private_key_from_encrypted_pem(&read, ctx, text, size, passphrase,
                                                             strlen(passphrase), err);
    assert_int_equal(status == SVMS_OK, read != NULL);
    if (read) {
        assert_int_equal(EVP_PKEY_eq(svms_private_key_evp(read), svms_private_key_evp(key)), 1);
    }
    svms_private_key_free(&read);
    return status;
}

static void every_kind_of_key_is_written_and_read(void **state)
{
    (void)state;
    static const char *const kinds[] = { "P-256", "P-384", "ED25519", "X25519", "RSA" };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        EVP_PKEY *pkey = make(kinds[i]);
        svms_private_key *own = NULL;
        svms_private_key *read = NULL;
        char text[TEXT_SIZE];
        size_t size = sizeof text;
        assert_int_equal(svms_private_key_from_evp(&own, ctx, pkey, NULL), SVMS_OK);
        assert_int_equal(
            svms_private_key_to_encrypted_pem(own, PASSPHRASE, PASSPHRASE_SIZE, text, &size, NULL),
            SVMS_OK);
        assert_int_equal(strlen(text), size);
        assert_ptr_equal(strstr(text, "-----BEGIN ENCRYPTED PRIVATE KEY-----"), text);
        assert_int_equal(svms_private_key_from_encrypted_pem(&read, ctx, text, size, PASSPHRASE,
                                                             PASSPHRASE_SIZE, NULL),
                         SVMS_OK);
        assert_int_equal(EVP_PKEY_eq(svms_private_key_evp(read), pkey), 1);
        BIO *bio = BIO_new_mem_buf(text, (int)size);
        EVP_PKEY *theirs = PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)(uintptr_t)PASSPHRASE);
        assert_int_equal(EVP_PKEY_eq(theirs, pkey), 1);
        EVP_PKEY_free(theirs);
        BIO_free(bio);
        svms_private_key_free(&read);
        svms_private_key_free(&own);
        EVP_PKEY_free(pkey);
    }
}

/* The key as OpenSSL encrypts it. */
static size_t encrypt_with(X509_ALGOR *algorithm, char text[TEXT_SIZE])
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(svms_private_key_evp(key));
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL;
    assert_non_null(algorithm);
    X509_SIG *sealed = PKCS8_set0_pbe(PASSPHRASE, PASSPHRASE_SIZE, info, algorithm);
    assert_non_null(sealed);
    assert_int_equal(PEM_write_bio_PKCS8(bio, sealed), 1);
    size_t size = (size_t)BIO_get_mem_data(bio, &data);
    assert_true(size < TEXT_SIZE);
    memcpy(text, data, size);
    X509_SIG_free(sealed);
    PKCS8_PRIV_KEY_INFO_free(info);
    BIO_free(bio);
    return size;
}

static void what_openssl_wrote_is_read_or_refused_with_words(void **state)
{
    (void)state;
    static const char unknown[] =
        "the private key is encrypted in another way than PBES2 with PBKDF2 (HMAC-SHA-256) or "
        "scrypt, and AES-256-CBC";
    const EVP_CIPHER *aes = EVP_aes_256_cbc();
    struct {
        X509_ALGOR *algorithm;
        svms_status status;
        const char *words;
    } cases[] = {
        { PKCS5_pbe2_set_iv(aes, 2048, NULL, 0, NULL, NID_hmacWithSHA256), SVMS_OK, NULL },
        { PKCS5_pbe2_set_iv(aes, 1, NULL, 0, NULL, NID_hmacWithSHA256), SVMS_OK, NULL },
        { PKCS5_pbe2_set_scrypt(aes, NULL, 0, NULL, 16384, 8, 1), SVMS_OK, NULL },
        { PKCS5_pbe2_set_scrypt(aes, NULL, 0, NULL, 1024, 8, 1), SVMS_OK, NULL },
        { PKCS5_pbe2_set_scrypt(aes, NULL, 0, NULL, 1024, 4, 1), SVMS_E_UNSUPPORTED,
          "the private key wants scrypt with other parameters than r 8 and p 1" },
        { PKCS5_pbe2_set_scrypt(aes, NULL, 0, NULL, 1024, 8, 2), SVMS_E_UNSUPPORTED,
          "the private key wants scrypt with other parameters than r 8 and p 1" },
        { PKCS5_pbe2_set_scrypt(aes, NULL, 0, NULL, 512, 8, 1), SVMS_E_LIMIT,
          "the private key wants scrypt with N 512; powers of 2 from 1024 to 262144 are done" },
        { PKCS5_pbe2_set_iv(aes, 2048, NULL, 0, NULL, NID_hmacWithSHA1), SVMS_E_UNSUPPORTED,
          unknown },
        { PKCS5_pbe2_set_iv(EVP_aes_128_cbc(), 2048, NULL, 0, NULL, NID_hmacWithSHA256),
          SVMS_E_UNSUPPORTED, unknown },
        { PKCS5_pbe2_set_iv(EVP_des_ede3_cbc(), 2048, NULL, 0, NULL, NID_hmacWithSHA256),
          SVMS_E_UNSUPPORTED, unknown },
        { PKCS5_pbe_set(NID_pbe_WithSHA1And3_Key_TripleDES_CBC, 2048, NULL, 0), SVMS_E_UNSUPPORTED,
          unknown },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[TEXT_SIZE];
        svms_error err = SVMS_ERROR_INIT;
        size_t size = encrypt_with(cases[i].algorithm, text);
        svms_status status = open_text(text, size, PASSPHRASE, &err);
        if (status != cases[i].status ||
            (cases[i].words && strcmp(err.message, cases[i].words) != 0)) {
            fail_msg("case %zu: %s: %s", i, svms_status_name(status), err.message);
        }
        if (status == SVMS_OK) {
            assert_int_equal(open_text(text, size, "wrong", &err), SVMS_E_WRONG_KEY);
            assert_string_equal(err.message, "the passphrase is not that of the private key");
        }
    }
}

/* EncryptedPrivateKeyInfo with any recipe around 32 bytes of nothing. */
static size_t recipe_text(uint64_t rounds, uint64_t n, size_t salt_size, char text[TEXT_SIZE])
{
    static const uint8_t zeros[128];
    svms_builder der = svms_builder_new(ctx, TEXT_SIZE);
    size_t whole = svms_der_open(&der, SVMS_DER_SEQUENCE);
    size_t algorithm = svms_der_open(&der, SVMS_DER_SEQUENCE);
    svms_der_put(&der, SVMS_DER_OID, "\x2A\x86\x48\x86\xF7\x0D\x01\x05\x0D", 9);
    size_t both = svms_der_open(&der, SVMS_DER_SEQUENCE);
    size_t derivation = svms_der_open(&der, SVMS_DER_SEQUENCE);
    if (n > 0) {
        svms_der_put(&der, SVMS_DER_OID, "\x2B\x06\x01\x04\x01\xDA\x47\x04\x0B", 9);
    } else {
        svms_der_put(&der, SVMS_DER_OID, "\x2A\x86\x48\x86\xF7\x0D\x01\x05\x0C", 9);
    }
    size_t parameters = svms_der_open(&der, SVMS_DER_SEQUENCE);
    svms_der_put(&der, SVMS_DER_OCTETS, zeros, salt_size);
    svms_der_put_number(&der, n > 0 ? n : rounds);
    if (n > 0) {
        svms_der_put_number(&der, 8);
        svms_der_put_number(&der, 1);
    } else {
        size_t function = svms_der_open(&der, SVMS_DER_SEQUENCE);
        svms_der_put(&der, SVMS_DER_OID, "\x2A\x86\x48\x86\xF7\x0D\x02\x09", 8);
        svms_der_put_null(&der);
        svms_der_close(&der, function);
    }
    svms_der_close(&der, parameters);
    svms_der_close(&der, derivation);
    size_t cipher = svms_der_open(&der, SVMS_DER_SEQUENCE);
    svms_der_put(&der, SVMS_DER_OID, "\x60\x86\x48\x01\x65\x03\x04\x01\x2A", 9);
    svms_der_put(&der, SVMS_DER_OCTETS, zeros, 16);
    svms_der_close(&der, cipher);
    svms_der_close(&der, both);
    svms_der_close(&der, algorithm);
    svms_der_put(&der, SVMS_DER_OCTETS, zeros, 32);
    svms_der_close(&der, whole);
    BIO *bio = BIO_new(BIO_s_mem());
    char *data = NULL;
    assert_true(PEM_write_bio(bio, PEM_STRING_PKCS8, "", der.data, (long)der.size) > 0);
    size_t size = (size_t)BIO_get_mem_data(bio, &data);
    memcpy(text, data, size);
    BIO_free(bio);
    svms_builder_clear(&der);
    return size;
}

static void costly_recipes_are_refused_before_any_work(void **state)
{
    (void)state;
    static const struct {
        uint64_t rounds;
        uint64_t n;
        size_t salt_size;
        svms_status status;
    } cases[] = {
        { 1, 0, 16, SVMS_E_WRONG_KEY },
        { 0, 0, 16, SVMS_E_LIMIT },
        { 10000001, 0, 16, SVMS_E_LIMIT },
        { UINT64_MAX, 0, 16, SVMS_E_LIMIT },
        { 1, 0, 64, SVMS_E_WRONG_KEY },
        { 1, 0, 65, SVMS_E_MALFORMED },
        { 0, 1024, 16, SVMS_E_WRONG_KEY },
        { 0, 1023, 16, SVMS_E_LIMIT },
        { 0, 1025, 16, SVMS_E_LIMIT },
        { 0, 524288, 16, SVMS_E_LIMIT },
        { 0, UINT64_C(1) << 63, 16, SVMS_E_LIMIT },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[TEXT_SIZE];
        svms_error err = SVMS_ERROR_INIT;
        size_t size = recipe_text(cases[i].rounds, cases[i].n, cases[i].salt_size, text);
        svms_status status = open_text(text, size, PASSPHRASE, &err);
        if (status != cases[i].status) {
            fail_msg("case %zu: %s: %s", i, svms_status_name(status), err.message);
        }
    }
}

static void no_changed_byte_gives_another_key(void **state)
{
    (void)state;
    char text[TEXT_SIZE];
    size_t size = encrypt_with(
        PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), 1, NULL, 0, NULL, NID_hmacWithSHA256), text);
    for (size_t at = 0; at < size; at++) {
        char was = text[at];
        text[at] = was == 'A' ? 'B' : 'A';
        /* A changed ciphertext may give padding by chance, and even a key; never another one than
         * its public half allows. Open_text compares, when the key was read. */
        svms_status status = open_text(text, size, PASSPHRASE, NULL);
        assert_int_not_equal(status, SVMS_E_CRYPTO);
        assert_int_not_equal(status, SVMS_E_NO_MEMORY);
        text[at] = was;
    }
    for (size_t cut = 0; cut < size - 2; cut++) {
        assert_int_not_equal(open_text(text, cut, PASSPHRASE, NULL), SVMS_OK);
    }
}

static void wrong_arguments_and_other_texts_are_refused(void **state)
{
    (void)state;
    char text[TEXT_SIZE];
    size_t size = sizeof text;
    char *longest = malloc(1025);
    svms_private_key *read = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_non_null(longest);
    memset(longest, 'x', 1025);
    assert_int_equal(svms_private_key_to_encrypted_pem(key, longest, 1025, text, &size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_private_key_to_encrypted_pem(key, "", 0, text, &size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_private_key_to_encrypted_pem(key, NULL, 1, text, &size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_private_key_to_encrypted_pem(NULL, "x", 1, text, &size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_private_key_to_encrypted_pem(key, "x", 1, NULL, &size, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_private_key_to_encrypted_pem(key, longest, 1024, text, &size, NULL),
                     SVMS_OK);
    assert_int_equal(
        svms_private_key_from_encrypted_pem(&read, ctx, text, size, longest, 1024, NULL), SVMS_OK);
    svms_private_key_free(&read);
    size = 0;
    assert_int_equal(svms_private_key_to_encrypted_pem(key, "x", 1, NULL, &size, NULL),
                     SVMS_E_LIMIT);
    assert_true(size > 100 && size < sizeof text);
    assert_int_equal(svms_private_key_to_encrypted_pem(key, "x", 1, text, &size, NULL), SVMS_OK);
    size = sizeof text;
    assert_int_equal(svms_private_key_to_pem(key, text, &size, NULL), SVMS_OK);
    assert_int_equal(open_text(text, size, "x", &err), SVMS_E_MALFORMED);
    assert_string_equal(err.message, "the private key is not encrypted");
    assert_int_equal(open_text("", 0, "x", &err), SVMS_E_MALFORMED);
    assert_string_equal(err.message, "no private key in the PEM text");
    free(longest);
}

static int set_up(void **state)
{
    (void)state;
    return svms_ctx_new(&ctx, NULL, NULL) != SVMS_OK ||
           svms_private_key_generate(&key, ctx, NULL) != SVMS_OK;
}

static int tear_down(void **state)
{
    (void)state;
    svms_private_key_free(&key);
    svms_ctx_free(&ctx);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_key_is_written_and_read),
        cmocka_unit_test(what_openssl_wrote_is_read_or_refused_with_words),
        cmocka_unit_test(costly_recipes_are_refused_before_any_work),
        cmocka_unit_test(no_changed_byte_gives_another_key),
        cmocka_unit_test(wrong_arguments_and_other_texts_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
