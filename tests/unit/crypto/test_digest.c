/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include "digest.h"
#include "failing_allocator.h"
#include "key_material.h"

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

/* FIPS 180-4 examples by NIST. */
static const struct {
    const char *text;
    const char *digest;
} sha256_cases[] = {
    { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

static void sha256_gives_the_published_digests(void **state)
{
    (void)state;
    svms_hasher *hasher = NULL;
    assert_int_equal(svms_hasher_new(&hasher, ctx, NULL), SVMS_OK);
    for (size_t i = 0; i < sizeof sha256_cases / sizeof sha256_cases[0]; i++) {
        uint8_t expected[SVMS_DIGEST_SIZE];
        uint8_t found[SVMS_DIGEST_SIZE];
        const char *text = sha256_cases[i].text;
        from_hex(sha256_cases[i].digest, expected, sizeof expected);
        assert_true(svms_hasher_once(hasher, text, strlen(text), found));
        assert_memory_equal(found, expected, sizeof expected);
        svms_iovec runs[] = { { text, strlen(text) / 2 },
                              { NULL, 0 },
                              { text + strlen(text) / 2, strlen(text) - strlen(text) / 2 } };
        memset(found, 0, sizeof found);
        assert_int_equal(svms_sha256(ctx, runs, 3, found, NULL), SVMS_OK);
        assert_memory_equal(found, expected, sizeof expected);
    }
    svms_hasher_free(&hasher);
    assert_null(hasher);
    svms_hasher_free(&hasher);
    svms_hasher_free(NULL);
}

static void a_million_bytes_in_any_pieces_give_the_published_digest(void **state)
{
    (void)state;
    static char letters[1000];
    memset(letters, 'a', sizeof letters);
    uint8_t expected[SVMS_DIGEST_SIZE];
    from_hex("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", expected,
             sizeof expected);
    svms_hasher *hasher = NULL;
    assert_int_equal(svms_hasher_new(&hasher, ctx, NULL), SVMS_OK);
    for (size_t piece = 1; piece <= sizeof letters; piece += 333) {
        uint8_t found[SVMS_DIGEST_SIZE];
        assert_true(svms_hasher_start(hasher));
        for (size_t done = 0; done < 1000000; done += piece) {
            size_t size = 1000000 - done < piece ? 1000000 - done : piece;
            assert_true(svms_hasher_update(hasher, letters, size));
        }
        assert_true(svms_hasher_finish(hasher, found));
        assert_memory_equal(found, expected, sizeof expected);
    }
    svms_hasher_free(&hasher);
}

static void a_digest_must_be_started_and_can_be_abandoned(void **state)
{
    (void)state;
    svms_hasher *hasher = NULL;
    uint8_t first[SVMS_DIGEST_SIZE];
    uint8_t second[SVMS_DIGEST_SIZE];
    assert_int_equal(svms_hasher_new(&hasher, ctx, NULL), SVMS_OK);
    assert_false(svms_hasher_update(hasher, "x", 1));
    assert_false(svms_hasher_finish(hasher, first));
    assert_true(svms_hasher_once(hasher, "abc", 3, first));
    assert_false(svms_hasher_update(hasher, "x", 1));
    assert_false(svms_hasher_finish(hasher, second));
    assert_true(svms_hasher_start(hasher));
    assert_true(svms_hasher_update(hasher, "rubbish", 7));
    assert_true(svms_hasher_once(hasher, "abc", 3, second));
    assert_memory_equal(first, second, sizeof first);
    svms_hasher_free(&hasher);
}

static void two_engines_do_not_disturb_each_other(void **state)
{
    (void)state;
    svms_hasher *a = NULL;
    svms_hasher *b = NULL;
    uint8_t of_a[SVMS_DIGEST_SIZE];
    uint8_t of_b[SVMS_DIGEST_SIZE];
    assert_int_equal(svms_hasher_new(&a, ctx, NULL), SVMS_OK);
    assert_int_equal(svms_hasher_new(&b, ctx, NULL), SVMS_OK);
    assert_true(svms_hasher_start(a) && svms_hasher_start(b));
    assert_true(svms_hasher_update(a, "ab", 2) && svms_hasher_update(b, "a", 1));
    assert_true(svms_hasher_update(a, "c", 1) && svms_hasher_update(b, "bc", 2));
    assert_true(svms_hasher_finish(a, of_a) && svms_hasher_finish(b, of_b));
    assert_memory_equal(of_a, of_b, sizeof of_a);
    svms_hasher_free(&a);
    svms_hasher_free(&b);
}

/* RFC 4231; the fifth is published truncated. */
static const struct {
    const char *key;
    const char *data;
    const char *code;
} hmac_cases[] = {
    { "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
    { "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
    { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
      "dddddddd",
      "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
    { "0102030405060708090a0b0c0d0e0f10111213141516171819",
      "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
      "cdcdcdcd",
      "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
    { "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c", "546573742057697468205472756e636174696f6e",
      "a3b6167473100ee06e0c796c2955552b" },
};

static void hmac_gives_the_published_codes(void **state)
{
    (void)state;
    uint8_t key[200];
    uint8_t data[200];
    uint8_t expected[SVMS_DIGEST_SIZE];
    uint8_t found[SVMS_DIGEST_SIZE];
    for (size_t i = 0; i < sizeof hmac_cases / sizeof hmac_cases[0]; i++) {
        size_t key_size = from_hex(hmac_cases[i].key, key, sizeof key);
        size_t data_size = from_hex(hmac_cases[i].data, data, sizeof data);
        size_t size = from_hex(hmac_cases[i].code, expected, sizeof expected);
        assert_int_equal(svms_hmac_sha256(ctx, key, key_size, data, data_size, found, NULL),
                         SVMS_OK);
        assert_memory_equal(found, expected, size);
    }
}

static void hmac_takes_keys_longer_than_a_block(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *code;
    } cases[] = {
        { "Test Using Larger Than Block-Size Key - Hash Key First",
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
        { "This is a test using a larger than block-size key and a larger than block-size data. "
          "The key needs to be hashed before being used by the HMAC algorithm.",
          "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
    };
    uint8_t key[131];
    uint8_t expected[SVMS_DIGEST_SIZE];
    uint8_t found[SVMS_DIGEST_SIZE];
    memset(key, 0xAA, sizeof key);
    for (size_t i = 0; i < 2; i++) {
        from_hex(cases[i].code, expected, sizeof expected);
        assert_int_equal(svms_hmac_sha256(ctx, key, sizeof key, cases[i].text,
                                          strlen(cases[i].text), found, NULL),
                         SVMS_OK);
        assert_memory_equal(found, expected, sizeof expected);
    }
}

/* RFC 5869, A.1 to A.3. */
static const struct {
    const char *secret;
    const char *salt;
    const char *info;
    const char *prk;
    const char *okm;
} hkdf_cases[] = {
    { "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
      "f0f1f2f3f4f5f6f7f8f9", "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865" },
    { "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
      "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
      "404142434445464748494a4b4c4d4e4f",
      "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
      "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
      "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
      "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
      "d0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
      "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
      "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
      "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
      "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
      "cc30c58179ec3e87c14c01d5c1f3434f1d87" },
    { "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
      "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
      "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8" },
};

static void hkdf_gives_the_published_keys(void **state)
{
    (void)state;
    uint8_t secret[100];
    uint8_t salt[100];
    uint8_t info[100];
    uint8_t prk[SVMS_DIGEST_SIZE];
    uint8_t expected[100];
    uint8_t found[100];
    for (size_t i = 0; i < sizeof hkdf_cases / sizeof hkdf_cases[0]; i++) {
        size_t secret_size = from_hex(hkdf_cases[i].secret, secret, sizeof secret);
        size_t salt_size = from_hex(hkdf_cases[i].salt, salt, sizeof salt);
        size_t info_size = from_hex(hkdf_cases[i].info, info, sizeof info);
        from_hex(hkdf_cases[i].prk, prk, sizeof prk);
        assert_int_equal(svms_hkdf_extract(ctx, salt_size ? salt : NULL, salt_size, secret,
                                           secret_size, found, NULL),
                         SVMS_OK);
        assert_memory_equal(found, prk, sizeof prk);
        size_t size = from_hex(hkdf_cases[i].okm, expected, sizeof expected);
        assert_int_equal(
            svms_hkdf_expand(ctx, prk, info_size ? info : NULL, info_size, found, size, NULL),
            SVMS_OK);
        assert_memory_equal(found, expected, size);
    }
}

/* The end of the longest output, with an info longer than OpenSSL's own HKDF takes. Expected by
 * tests/vectors/hkdf_vectors.py. */
static void hkdf_reaches_its_longest_output_and_no_further(void **state)
{
    (void)state;
    uint8_t prk[SVMS_DIGEST_SIZE];
    uint8_t info[2000];
    static uint8_t out[255 * SVMS_DIGEST_SIZE + 1];
    uint8_t expected[SVMS_DIGEST_SIZE];
    memset(prk, 0x55, sizeof prk);
    memset(info, 0xAA, sizeof info);
    assert_int_equal(svms_hkdf_expand(ctx, prk, info, sizeof info, out, sizeof out - 1, NULL),
                     SVMS_OK);
    from_hex("1db239afd39876c399ccd2a72e133f7ed57ba785850f7fa8996fb15ff5ccd3ae", expected,
             sizeof expected);
    assert_memory_equal(out + 254 * SVMS_DIGEST_SIZE, expected, sizeof expected);
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_hkdf_expand(ctx, prk, info, sizeof info, out, sizeof out, &err),
                     SVMS_E_LIMIT);
    assert_int_equal(err.status, SVMS_E_LIMIT);
    assert_int_equal(svms_hkdf_expand(ctx, prk, info, 1, out, 0, NULL), SVMS_OK);
}

static svms_status make_hasher(svms_ctx *failing, svms_error *err)
{
    svms_hasher *hasher = NULL;
    svms_status status = svms_hasher_new(&hasher, failing, err);
    svms_hasher_free(&hasher);
    return status;
}

static svms_status hash_once(svms_ctx *failing, svms_error *err)
{
    uint8_t out[SVMS_DIGEST_SIZE];
    svms_iovec run = { "x", 1 };
    return svms_sha256(failing, &run, 1, out, err);
}

static void hashing_survives_want_of_memory(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(make_hasher);
    each_allocation_fails_cleanly(hash_once);
}

static void properties_reach_every_fetch(void **state)
{
    (void)state;
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    options.ossl_context = OSSL_LIB_CTX_new();
    options.ossl_properties = "provider=default";
    svms_ctx *own = NULL;
    assert_int_equal(svms_ctx_new(&own, &options, NULL), SVMS_OK);
    uint8_t a[SVMS_DIGEST_SIZE];
    uint8_t b[SVMS_DIGEST_SIZE];
    svms_iovec run = { "x", 1 };
    assert_int_equal(svms_sha256(own, &run, 1, a, NULL), SVMS_OK);
    assert_int_equal(svms_hkdf_extract(own, a, sizeof a, "x", 1, b, NULL), SVMS_OK);
    assert_int_equal(svms_hkdf_expand(own, b, "x", 1, a, sizeof a, NULL), SVMS_OK);
    svms_ctx_free(&own);
    OSSL_LIB_CTX_free(options.ossl_context);
}

#define UNIT(test) cmocka_unit_test_teardown(test, no_openssl_errors_left)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(sha256_gives_the_published_digests),
        UNIT(a_million_bytes_in_any_pieces_give_the_published_digest),
        UNIT(a_digest_must_be_started_and_can_be_abandoned),
        UNIT(two_engines_do_not_disturb_each_other),
        UNIT(hmac_gives_the_published_codes),
        UNIT(hmac_takes_keys_longer_than_a_block),
        UNIT(hkdf_gives_the_published_keys),
        UNIT(hkdf_reaches_its_longest_output_and_no_further),
        UNIT(hashing_survives_want_of_memory),
        UNIT(properties_reach_every_fetch),
    };
    return cmocka_run_group_tests(tests, make_context, free_context);
}
