/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys by URI, from files; tests/interop has those of a TPM. */
#include "cmocka_all.h"

#include <errno.h>
#include <unistd.h>

#include "failing_allocator.h"
#include "key_material.h"
#include "sign.h"

static svms_ctx *ctx;
static char folder[] = "/tmp/svms-test-key-uri-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) && svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    svms_ctx_free(&ctx);
    return rmdir(folder);
}

static const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put_file(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(path_of(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void remove_file(const char *name)
{
    assert_int_equal(unlink(path_of(name)), 0);
}

static svms_status take(svms_private_key **key, const char *prefix, const char *name,
                        svms_error *err)
{
    char uri[256];
    snprintf(uri, sizeof uri, "%s%s", prefix, path_of(name));
    return svms_private_key_from_uri(key, ctx, uri, err);
}

static void every_kind_of_key_is_taken_from_pem_and_der(void **state)
{
    (void)state;
    static const char *const kinds[] = { "P-256", "P-384", "ED25519", "X25519", "RSA:2048" };
    static const char *const prefixes[] = { "", "file:", "file://" };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        EVP_PKEY *pkey = make_pkey(kinds[i]);
        char pem[PEM_ROOM];
        uint8_t *der = NULL;
        int der_size = i2d_PrivateKey(pkey, &der);
        assert_true(der_size > 0);
        put_file("pem", pem, private_pem(pkey, pem));
        put_file("der", der, (size_t)der_size);
        for (size_t j = 0; j < 3; j++) {
            svms_private_key *key = NULL;
            assert_int_equal(take(&key, prefixes[j], j == 1 ? "der" : "pem", NULL), SVMS_OK);
            assert_int_equal(EVP_PKEY_eq(svms_private_key_evp(key), pkey), 1);
            assert_false(svms_private_key_is_external(key));
            char again[PEM_ROOM];
            size_t size = sizeof again;
            assert_int_equal(svms_private_key_to_pem(key, again, &size, NULL), SVMS_OK);
            assert_string_equal(again, pem);
            svms_private_key_free(&key);
        }
        OPENSSL_free(der);
        remove_file("pem");
        remove_file("der");
        EVP_PKEY_free(pkey);
    }
}

static void the_first_private_key_among_other_things_is_taken(void **state)
{
    (void)state;
    EVP_PKEY *first = make_pkey("P-256");
    EVP_PKEY *second = make_pkey("P-384");
    char text[3 * PEM_ROOM];
    size_t size = public_pem(second, text);
    size += private_pem(first, text + size);
    size += private_pem(second, text + size);
    put_file("many.pem", text, size);
    svms_private_key *key = NULL;
    assert_int_equal(take(&key, "file:", "many.pem", NULL), SVMS_OK);
    assert_int_equal(EVP_PKEY_eq(svms_private_key_evp(key), first), 1);
    svms_private_key_free(&key);
    remove_file("many.pem");
    EVP_PKEY_free(first);
    EVP_PKEY_free(second);
}

static void expect_refusal(const char *prefix, const char *name, svms_status expected,
                           const char *message)
{
    svms_private_key *key = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(take(&key, prefix, name, &err), expected);
    assert_null(key);
    assert_int_equal(err.status, expected);
    assert_string_equal(err.message, message);
    assert_int_equal(ERR_peek_error(), 0);
}

static void what_is_no_private_key_is_refused(void **state)
{
    (void)state;
    char pem[PEM_ROOM];
    EVP_PKEY *pkey = make_pkey("P-256");
    put_file("public.pem", pem, public_pem(pkey, pem));
    expect_refusal("file:", "public.pem", SVMS_E_MALFORMED, "no private key is there");
    put_file("words", "words", 5);
    expect_refusal("file:", "words", SVMS_E_MALFORMED, "no private key is there");
    put_file("empty", "", 0);
    expect_refusal("file:", "empty", SVMS_E_MALFORMED, "no private key is there");
    /* A folder: its files are named, and none is opened. */
    expect_refusal("file:", "", SVMS_E_MALFORMED, "no private key is there");
    remove_file("public.pem");
    remove_file("words");
    remove_file("empty");
    EVP_PKEY_free(pkey);
}

static void keys_of_other_kinds_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *kind;
        const char *message;
    } others[] = {
        { "secp521r1", "elliptic curve keys on secp521r1 are not supported" },
        { "secp256k1", "elliptic curve keys on secp256k1 are not supported" },
        { "ED448", "ED448 keys are not supported" },
        { "RSA:1024", "RSA keys of 1024 bits are not supported" },
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        EVP_PKEY *pkey = make_pkey(others[i].kind);
        char pem[PEM_ROOM];
        put_file("key.pem", pem, private_pem(pkey, pem));
        expect_refusal("file:", "key.pem", SVMS_E_UNSUPPORTED, others[i].message);
        EVP_PKEY_free(pkey);
    }
    remove_file("key.pem");
}

static void halves_that_do_not_fit_together_are_refused(void **state)
{
    (void)state;
    EVP_PKEY *other = make_pkey("P-256");
    EVP_PKEY *pkey = make_pkey("P-256");
    BIGNUM *scalar = NULL;
    uint8_t point[65];
    size_t size = 0;
    assert_int_equal(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &scalar), 1);
    assert_int_equal(EVP_PKEY_get_octet_string_param(other, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY,
                                                     point, sizeof point, &size),
                     1);
    char *scalar_hex = BN_bn2hex(scalar);
    char point_hex[131];
    for (size_t i = 0; i < size; i++) {
        snprintf(point_hex + 2 * i, 3, "%02x", point[i]);
    }
    EVP_PKEY *chimera = ec_pkey("P-256", scalar_hex, point_hex);
    char pem[PEM_ROOM];
    put_file("chimera.pem", pem, private_pem(chimera, pem));
    expect_refusal("file:", "chimera.pem", SVMS_E_MALFORMED,
                   "the parts of the private P-256 key do not fit together");
    remove_file("chimera.pem");
    OPENSSL_free(scalar_hex);
    BN_free(scalar);
    EVP_PKEY_free(chimera);
    EVP_PKEY_free(other);
    EVP_PKEY_free(pkey);
}

static void nobody_is_asked_for_a_password(void **state)
{
    (void)state;
    EVP_PKEY *pkey = make_pkey("P-256");
    for (int traditional = 0; traditional < 2; traditional++) {
        BIO *text = BIO_new(BIO_s_mem());
        char pem[PEM_ROOM];
        int (*write)(BIO *, const EVP_PKEY *, const EVP_CIPHER *, const unsigned char *, int,
                     pem_password_cb *, void *) =
            traditional ? PEM_write_bio_PrivateKey_traditional : PEM_write_bio_PrivateKey;
        assert_int_equal(
            write(text, pkey, EVP_aes_256_cbc(), (const uint8_t *)"secret", 6, NULL, NULL), 1);
        put_file("locked.pem", pem, take_text(text, pem));
        expect_refusal("file:", "locked.pem", SVMS_E_MALFORMED, "the private key needs a password");
    }
    remove_file("locked.pem");
    EVP_PKEY_free(pkey);
}

static void a_place_that_is_not_there_is_named_by_its_error(void **state)
{
    (void)state;
    static const char *const prefixes[] = { "", "file:", "file://" };
    for (size_t i = 0; i < 3; i++) {
        svms_private_key *key = NULL;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(take(&key, prefixes[i], "absent", &err), SVMS_E_IO);
        assert_int_equal(err.os_error, ENOENT);
        assert_string_equal(err.message, "cannot open the private key: No such file or directory");
        assert_int_equal(ERR_peek_error(), 0);
    }
}

static void a_scheme_that_nobody_serves_is_named_and_nothing_else_of_the_uri(void **state)
{
    (void)state;
    static const struct {
        const char *uri;
        svms_status status;
        const char *message;
    } uris[] = {
        { "pkcs11:object=a;pin-value=secret", SVMS_E_UNSUPPORTED,
          "no loaded provider serves URIs of scheme 'pkcs11'" },
        { "handle:0x81000001", SVMS_E_UNSUPPORTED,
          "no loaded provider serves URIs of scheme 'handle'" },
        { "a-scheme+of.its-own:secret", SVMS_E_UNSUPPORTED,
          "no loaded provider serves URIs of scheme 'a-scheme+of.its-own'" },
        { "a-scheme-that-is-longer-than-any-that-is-shown:secret", SVMS_E_IO,
          "cannot open the private key: No such file or directory" },
        { "", SVMS_E_IO, "cannot open the private key: No such file or directory" },
        { ":", SVMS_E_IO, "cannot open the private key: No such file or directory" },
        { "file://elsewhere/secret", SVMS_E_MALFORMED,
          "the URI of the private key cannot be used" },
    };
    for (size_t i = 0; i < sizeof uris / sizeof uris[0]; i++) {
        svms_private_key *key = NULL;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_private_key_from_uri(&key, ctx, uris[i].uri, &err), uris[i].status);
        assert_string_equal(err.message, uris[i].message);
        assert_int_equal(ERR_peek_error(), 0);
        assert_null(key);
    }
}

static void the_context_decides_which_provider_serves(void **state)
{
    (void)state;
    OSSL_LIB_CTX *library = OSSL_LIB_CTX_new();
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    svms_ctx *own = NULL;
    options.ossl_context = library;
    options.ossl_properties = "provider=default";
    assert_int_equal(svms_ctx_new(&own, &options, NULL), SVMS_OK);
    EVP_PKEY *pkey = make_pkey("P-256");
    char pem[PEM_ROOM];
    put_file("key.pem", pem, private_pem(pkey, pem));
    svms_private_key *key = NULL;
    svms_sign_engine *engine = NULL;
    uint8_t signature[64];
    size_t size = sizeof signature;
    assert_int_equal(svms_private_key_from_uri(&key, own, path_of("key.pem"), NULL), SVMS_OK);
    assert_int_equal(svms_sign_engine_new(&engine, own, key, NULL), SVMS_OK);
    assert_int_equal(svms_sign(engine, "x", 1, signature, &size, NULL), SVMS_OK);
    svms_sign_engine_free(&engine);
    svms_private_key_free(&key);
    svms_ctx_free(&own);
    OSSL_LIB_CTX_free(library);
    remove_file("key.pem");
    EVP_PKEY_free(pkey);
}

static void null_is_no_argument(void **state)
{
    (void)state;
    svms_private_key *key = NULL;
    assert_int_equal(svms_private_key_from_uri(NULL, ctx, "file:x", NULL), SVMS_E_USAGE);
    assert_int_equal(svms_private_key_from_uri(&key, NULL, "file:x", NULL), SVMS_E_USAGE);
    assert_int_equal(svms_private_key_from_uri(&key, ctx, NULL, NULL), SVMS_E_USAGE);
}

static svms_status take_by_uri(svms_ctx *failing, svms_error *err)
{
    svms_private_key *key = NULL;
    svms_status status = svms_private_key_from_uri(&key, failing, path_of("key.pem"), err);
    svms_private_key_free(&key);
    return status;
}

static void every_failing_allocation_is_reported(void **state)
{
    (void)state;
    EVP_PKEY *pkey = make_pkey("P-256");
    char pem[PEM_ROOM];
    put_file("key.pem", pem, private_pem(pkey, pem));
    each_allocation_fails_cleanly(take_by_uri);
    remove_file("key.pem");
    EVP_PKEY_free(pkey);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_kind_of_key_is_taken_from_pem_and_der,
                                  no_openssl_errors_left),
        cmocka_unit_test(the_first_private_key_among_other_things_is_taken),
        cmocka_unit_test(what_is_no_private_key_is_refused),
        cmocka_unit_test(keys_of_other_kinds_are_refused),
        cmocka_unit_test(halves_that_do_not_fit_together_are_refused),
        cmocka_unit_test(nobody_is_asked_for_a_password),
        cmocka_unit_test(a_place_that_is_not_there_is_named_by_its_error),
        cmocka_unit_test(a_scheme_that_nobody_serves_is_named_and_nothing_else_of_the_uri),
        cmocka_unit_test(the_context_decides_which_provider_serves),
        cmocka_unit_test(null_is_no_argument),
        cmocka_unit_test(every_failing_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
