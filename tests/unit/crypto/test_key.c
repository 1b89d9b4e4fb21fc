/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include <stdio.h>

#include <openssl/rsa.h>
#include <openssl/x509.h>

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

/* Reads from memory that ends where the text ends, so that a sanitizer sees any step beyond. */
static svms_status read_private(const char *pem, svms_private_key **key, svms_error *err)
{
    size_t size = strlen(pem);
    char *exact = malloc(size ? size : 1);
    memcpy(exact, pem, size);
    svms_status status = svms_private_key_from_pem(key, ctx, exact, size, err);
    free(exact);
    return status;
}

static svms_status read_public(const char *pem, svms_public_key **key, svms_error *err)
{
    size_t size = strlen(pem);
    char *exact = malloc(size ? size : 1);
    memcpy(exact, pem, size);
    svms_status status = svms_public_key_from_pem(key, ctx, exact, size, err);
    free(exact);
    return status;
}

static void assert_private_fails(const char *pem, svms_status expected, const char *message)
{
    svms_private_key *key = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(read_private(pem, &key, &err), expected);
    assert_int_equal(err.status, expected);
    if (!strstr(err.message, message)) {
        fail_msg("\"%s\" is not in \"%s\"", message, err.message);
    }
    assert_null(key);
}

static void assert_public_fails(const char *pem, svms_status expected, const char *message)
{
    svms_public_key *key = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(read_public(pem, &key, &err), expected);
    assert_int_equal(err.status, expected);
    if (!strstr(err.message, message)) {
        fail_msg("\"%s\" is not in \"%s\"", message, err.message);
    }
    assert_null(key);
}

static void expected_id(EVP_PKEY *pkey, uint8_t out[SVMS_DIGEST_SIZE])
{
    uint8_t *der = NULL;
    int size = i2d_PUBKEY(pkey, &der);
    assert_true(size > 0);
    assert_int_equal(EVP_Digest(der, (size_t)size, out, NULL, EVP_sha256(), NULL), 1);
    OPENSSL_free(der);
}

/* RFC 8410, section 10. */
static const char rfc8410_private[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
    "-----END PRIVATE KEY-----\n";
static const char rfc8410_public[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
    "-----END PUBLIC KEY-----\n";

static void the_published_pair_is_read_and_has_one_id(void **state)
{
    (void)state;
    svms_private_key *own = NULL;
    svms_public_key *peer = NULL;
    uint8_t expected[SVMS_DIGEST_SIZE];
    uint8_t id[SVMS_DIGEST_SIZE];
    /* base64 -d | sha256sum of the public key's line */
    from_hex("a1e9156054e04fac899ae9f275132cdc07a5dbc4ea2c2ad3a1ffc6e0d253681f", expected,
             sizeof expected);
    assert_int_equal(read_private(rfc8410_private, &own, NULL), SVMS_OK);
    assert_int_equal(read_public(rfc8410_public, &peer, NULL), SVMS_OK);
    assert_int_equal(svms_private_key_id(own, id, NULL), SVMS_OK);
    assert_memory_equal(id, expected, sizeof id);
    assert_int_equal(svms_public_key_id(peer, id, NULL), SVMS_OK);
    assert_memory_equal(id, expected, sizeof id);
    char pem[300];
    size_t size = sizeof pem;
    assert_int_equal(svms_private_key_to_pem(own, pem, &size, NULL), SVMS_OK);
    assert_string_equal(pem, rfc8410_private);
    assert_int_equal(size, strlen(rfc8410_private));
    svms_private_key_free(&own);
    svms_public_key_free(&peer);
}

static void every_supported_kind_goes_through_pem_and_back(void **state)
{
    (void)state;
    static const char *const kinds[] = { "P-256", "P-384", "ED25519", "X25519", "RSA:2048" };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char pem[PEM_ROOM];
        char again[PEM_ROOM];
        uint8_t expected[SVMS_DIGEST_SIZE];
        uint8_t id[SVMS_DIGEST_SIZE];
        EVP_PKEY *pkey = make_pkey(kinds[i]);
        expected_id(pkey, expected);
        svms_private_key *own = NULL;
        private_pem(pkey, pem);
        assert_int_equal(read_private(pem, &own, NULL), SVMS_OK);
        size_t size = sizeof again;
        assert_int_equal(svms_private_key_to_pem(own, again, &size, NULL), SVMS_OK);
        assert_string_equal(again, pem);
        assert_int_equal(svms_private_key_id(own, id, NULL), SVMS_OK);
        assert_memory_equal(id, expected, sizeof id);
        assert_int_equal(EVP_PKEY_eq(svms_private_key_evp(own), pkey), 1);

        svms_public_key *peer = NULL;
        public_pem(pkey, pem);
        assert_int_equal(read_public(pem, &peer, NULL), SVMS_OK);
        assert_int_equal(svms_public_key_id(peer, id, NULL), SVMS_OK);
        assert_memory_equal(id, expected, sizeof id);
        assert_int_equal(EVP_PKEY_eq(svms_public_key_evp(peer), pkey), 1);
        size = sizeof again;
        assert_int_equal(svms_public_key_to_pem(peer, again, &size, NULL), SVMS_OK);
        assert_string_equal(again, pem);
        assert_int_equal(size, strlen(pem));
        svms_private_key_free(&own);
        svms_public_key_free(&peer);
        assert_null(own);
        assert_null(peer);
        EVP_PKEY_free(pkey);
    }
    svms_private_key_free(NULL);
    svms_public_key_free(NULL);
}

static void older_private_key_formats_are_read(void **state)
{
    (void)state;
    static const char *const kinds[] = { "P-256", "P-384", "RSA:2048" };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char pem[PEM_ROOM];
        EVP_PKEY *pkey = make_pkey(kinds[i]);
        BIO *text = BIO_new(BIO_s_mem());
        assert_int_equal(
            PEM_write_bio_PrivateKey_traditional(text, pkey, NULL, NULL, 0, NULL, NULL), 1);
        take_text(text, pem);
        assert_null(strstr(pem, "BEGIN PRIVATE KEY"));
        svms_private_key *key = NULL;
        assert_int_equal(read_private(pem, &key, NULL), SVMS_OK);
        assert_int_equal(EVP_PKEY_eq(svms_private_key_evp(key), pkey), 1);
        svms_private_key_free(&key);
        EVP_PKEY_free(pkey);
    }
}

/* What "openssl ecparam -genkey" writes, with text around it and the line ends of Windows. */
static void blocks_and_text_around_the_key_are_passed_over(void **state)
{
    (void)state;
    char pem[PEM_ROOM];
    char whole[2 * PEM_ROOM];
    EVP_PKEY *pkey = make_pkey("P-256");
    private_pem(pkey, pem);
    size_t length = (size_t)snprintf(whole, sizeof whole,
                                     "Key of camera 7\r\n-----BEGIN EC PARAMETERS-----\r\n"
                                     "BggqhkjOPQMBBw==\r\n-----END EC PARAMETERS-----\r\n%s",
                                     rfc8410_public);
    for (const char *c = pem; *c; c++) {
        if (*c == '\n') {
            whole[length++] = '\r';
        }
        whole[length++] = *c;
    }
    snprintf(whole + length, sizeof whole - length, "%s", rfc8410_private);
    svms_private_key *own = NULL;
    assert_int_equal(read_private(whole, &own, NULL), SVMS_OK);
    assert_int_equal(EVP_PKEY_eq(svms_private_key_evp(own), pkey), 1);
    svms_private_key_free(&own);

    /* The public key is found behind private ones, too. */
    snprintf(whole, sizeof whole, "%s%s", pem, rfc8410_public);
    svms_public_key *peer = NULL;
    assert_int_equal(read_public(whole, &peer, NULL), SVMS_OK);
    assert_true(EVP_PKEY_is_a(svms_public_key_evp(peer), "ED25519"));
    svms_public_key_free(&peer);
    EVP_PKEY_free(pkey);
}

static void a_certificate_gives_its_key_unchecked(void **state)
{
    (void)state;
    char pem[PEM_ROOM];
    EVP_PKEY *pkey = make_pkey("P-256");
    /* No names, no dates, version 1, and signed by somebody else. */
    EVP_PKEY *other = make_pkey("ED25519");
    X509 *certificate = X509_new();
    assert_int_equal(X509_set_pubkey(certificate, pkey), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), 0));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(certificate), -1));
    assert_true(X509_sign(certificate, other, NULL) > 0);
    BIO *text = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_X509(text, certificate), 1);
    take_text(text, pem);
    svms_public_key *key = NULL;
    assert_int_equal(read_public(pem, &key, NULL), SVMS_OK);
    assert_int_equal(EVP_PKEY_eq(svms_public_key_evp(key), pkey), 1);
    svms_public_key_free(&key);
    assert_private_fails(pem, SVMS_E_MALFORMED, "no private key in the PEM text");
    X509_free(certificate);
    EVP_PKEY_free(pkey);
    EVP_PKEY_free(other);
}

static void unsupported_keys_are_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *kind;
        const char *message;
    } table[] = {
        { "P-521", "elliptic curve keys on secp521r1 are not supported" },
        { "secp256k1", "elliptic curve keys on secp256k1 are not supported" },
        { "ED448", "ED448 keys are not supported" },
        { "X448", "X448 keys are not supported" },
        { "RSA:1024", "RSA keys of 1024 bits are not supported" },
        { "RSA:2047", "RSA keys of 2047 bits are not supported" },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char pem[PEM_ROOM];
        EVP_PKEY *pkey = make_pkey(table[i].kind);
        private_pem(pkey, pem);
        assert_private_fails(pem, SVMS_E_UNSUPPORTED, table[i].message);
        public_pem(pkey, pem);
        assert_public_fails(pem, SVMS_E_UNSUPPORTED, table[i].message);
        EVP_PKEY_free(pkey);
    }
}

static EVP_PKEY *rsa_pss_pkey(void)
{
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *state = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
    assert_int_equal(EVP_PKEY_keygen_init(state), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(state, 2048), 1);
    assert_int_equal(EVP_PKEY_keygen(state, &pkey), 1);
    EVP_PKEY_CTX_free(state);
    return pkey;
}

/* An RSA public key with the modulus 2^bits - 1. */
static EVP_PKEY *rsa_pkey_of(int bits, BN_ULONG exponent)
{
    BIGNUM *n = BN_new();
    BIGNUM *e = BN_new();
    BN_set_bit(n, bits);
    BN_sub_word(n, 1);
    BN_set_word(e, exponent);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *state = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *pkey = NULL;
    assert_int_equal(EVP_PKEY_fromdata_init(state), 1);
    assert_int_equal(EVP_PKEY_fromdata(state, &pkey, EVP_PKEY_PUBLIC_KEY, params), 1);
    EVP_PKEY_CTX_free(state);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(n);
    BN_free(e);
    return pkey;
}

static void restricted_rsa_and_overlong_rsa_are_refused_by_name(void **state)
{
    (void)state;
    char pem[PEM_ROOM];
    EVP_PKEY *pkey = rsa_pss_pkey();
    private_pem(pkey, pem);
    assert_private_fails(pem, SVMS_E_UNSUPPORTED, "RSA-PSS keys are not supported");
    public_pem(pkey, pem);
    assert_public_fails(pem, SVMS_E_UNSUPPORTED, "RSA-PSS keys are not supported");
    EVP_PKEY_free(pkey);

    pkey = rsa_pkey_of(8193, 65537);
    public_pem(pkey, pem);
    assert_public_fails(pem, SVMS_E_UNSUPPORTED, "RSA keys of 8193 bits are not supported");
    EVP_PKEY_free(pkey);
}

static void rsa_keys_that_protect_nothing_are_invalid(void **state)
{
    (void)state;
    static const BN_ULONG exponents[] = { 1, 2, 65536 };
    char pem[PEM_ROOM];
    for (size_t i = 0; i < sizeof exponents / sizeof exponents[0]; i++) {
        EVP_PKEY *pkey = rsa_pkey_of(2048, exponents[i]);
        public_pem(pkey, pem);
        assert_public_fails(pem, SVMS_E_MALFORMED, "the public RSA key is not a valid one");
        EVP_PKEY_free(pkey);
    }
}

static void curves_spelled_out_are_refused(void **state)
{
    (void)state;
    char pem[PEM_ROOM];
    EVP_PKEY *pkey = make_pkey("P-256");
    assert_int_equal(EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_ENCODING, "explicit"),
                     1);
    private_pem(pkey, pem);
    assert_private_fails(pem, SVMS_E_UNSUPPORTED, "without a named curve");
    public_pem(pkey, pem);
    assert_public_fails(pem, SVMS_E_UNSUPPORTED, "without a named curve");
    EVP_PKEY_free(pkey);
}

static void compressed_points_do_not_change_the_id(void **state)
{
    (void)state;
    char pem[PEM_ROOM];
    uint8_t expected[SVMS_DIGEST_SIZE];
    uint8_t id[SVMS_DIGEST_SIZE];
    EVP_PKEY *pkey = make_pkey("P-384");
    expected_id(pkey, expected);
    assert_int_equal(EVP_PKEY_set_utf8_string_param(
                         pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"),
                     1);
    expected_id(pkey, id);
    assert_memory_not_equal(id, expected, sizeof id);

    svms_public_key *peer = NULL;
    public_pem(pkey, pem);
    assert_int_equal(read_public(pem, &peer, NULL), SVMS_OK);
    assert_int_equal(svms_public_key_id(peer, id, NULL), SVMS_OK);
    assert_memory_equal(id, expected, sizeof id);
    svms_public_key_free(&peer);

    svms_private_key *own = NULL;
    private_pem(pkey, pem);
    assert_int_equal(read_private(pem, &own, NULL), SVMS_OK);
    assert_int_equal(svms_private_key_id(own, id, NULL), SVMS_OK);
    assert_memory_equal(id, expected, sizeof id);
    svms_private_key_free(&own);
    EVP_PKEY_free(pkey);
}

static void encrypted_keys_are_refused_without_asking(void **state)
{
    (void)state;
    char pem[PEM_ROOM];
    char password[] = "secret";
    EVP_PKEY *pkey = make_pkey("P-256");
    BIO *text = BIO_new(BIO_s_mem());
    assert_int_equal(
        PEM_write_bio_PKCS8PrivateKey(text, pkey, EVP_aes_256_cbc(), password, 6, NULL, NULL), 1);
    take_text(text, pem);
    assert_private_fails(pem, SVMS_E_MALFORMED, "the private key is encrypted");
    assert_public_fails(pem, SVMS_E_MALFORMED, "a private key where a public key is needed");
    text = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PrivateKey_traditional(text, pkey, EVP_aes_256_cbc(),
                                                          (const unsigned char *)password, 6, NULL,
                                                          NULL),
                     1);
    take_text(text, pem);
    assert_private_fails(pem, SVMS_E_MALFORMED, "the private key is encrypted");
    EVP_PKEY_free(pkey);
}

static void text_without_the_right_key_says_what_it_holds(void **state)
{
    (void)state;
    static const char *const nothing[] = {
        "",
        "hello",
        "-----BEGIN PRIVATE KEY",
        "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
    };
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++) {
        assert_private_fails(nothing[i], SVMS_E_MALFORMED, "");
        assert_public_fails(nothing[i], SVMS_E_MALFORMED, "");
    }
    assert_private_fails("", SVMS_E_MALFORMED, "no private key in the PEM text");
    assert_public_fails("", SVMS_E_MALFORMED, "no public key in the PEM text");
    assert_private_fails(rfc8410_public, SVMS_E_MALFORMED, "no private key in the PEM text");
    assert_public_fails(rfc8410_private, SVMS_E_MALFORMED,
                        "the PEM text holds a private key where a public key is needed");
}

static void damaged_pem_is_malformed(void **state)
{
    (void)state;
    static const char *const privates[] = {
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n",
        "-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PUBLIC KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\n\n-----END PRIVATE KEY-----\n",
        /* one byte behind the structure */
        "-----BEGIN PRIVATE KEY-----\n"
        "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhCAA==\n"
        "-----END PRIVATE KEY-----\n",
        /* an algorithm nobody has */
        "-----BEGIN PRIVATE KEY-----\n"
        "MC4CAQAwBQYDK2V6BCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
        "-----END PRIVATE KEY-----\n",
    };
    static const char *const publics[] = {
        "-----BEGIN PUBLIC KEY-----\nMCowBQYD\n-----END PUBLIC KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\n"
        "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuEA\n"
        "-----END PUBLIC KEY-----\n",
        "-----BEGIN CERTIFICATE-----\nMCowBQYD\n-----END CERTIFICATE-----\n",
    };
    for (size_t i = 0; i < sizeof privates / sizeof privates[0]; i++) {
        assert_private_fails(privates[i], SVMS_E_MALFORMED, "");
    }
    for (size_t i = 0; i < sizeof publics / sizeof publics[0]; i++) {
        assert_public_fails(publics[i], SVMS_E_MALFORMED, "damaged");
    }
}

static void pem_from_der(const char *label, const uint8_t *der, long size, char out[PEM_ROOM])
{
    BIO *text = BIO_new(BIO_s_mem());
    assert_true(PEM_write_bio(text, label, "", der, size) > 0);
    take_text(text, out);
}

static void a_private_key_with_a_foreign_public_half_is_malformed(void **state)
{
    (void)state;
    char pem[PEM_ROOM];
    EVP_PKEY *pkeys[2] = { make_pkey("P-256"), make_pkey("P-256") };
    uint8_t *der[2] = { NULL, NULL };
    int size = 0;
    for (size_t i = 0; i < 2; i++) {
        size = i2d_PrivateKey(pkeys[i], &der[i]);
    }
    /* SEC 1 ends with the uncompressed point. */
    memcpy(der[0] + size - 65, der[1] + size - 65, 65);
    pem_from_der("EC PRIVATE KEY", der[0], size, pem);
    assert_private_fails(pem, SVMS_E_MALFORMED, "key do not fit together");
    for (size_t i = 0; i < 2; i++) {
        OPENSSL_free(der[i]);
        EVP_PKEY_free(pkeys[i]);
    }

    EVP_PKEY *rsa = make_pkey("RSA:2048");
    uint8_t *rsa_der = NULL;
    size = i2d_PrivateKey(rsa, &rsa_der);
    /* PKCS #1: the last byte of the modulus, which begins at offset 12 with a zero byte. */
    rsa_der[12 + 255] ^= 2;
    pem_from_der("RSA PRIVATE KEY", rsa_der, size, pem);
    assert_private_fails(pem, SVMS_E_MALFORMED, "key do not fit together");
    OPENSSL_free(rsa_der);
    EVP_PKEY_free(rsa);
}

static void a_public_point_off_the_curve_is_malformed(void **state)
{
    (void)state;
    char pem[PEM_ROOM];
    EVP_PKEY *pkey = make_pkey("P-256");
    uint8_t *der = NULL;
    int size = i2d_PUBKEY(pkey, &der);
    der[size - 1] ^= 1;
    pem_from_der("PUBLIC KEY", der, size, pem);
    assert_public_fails(pem, SVMS_E_MALFORMED, "damaged");
    OPENSSL_free(der);
    EVP_PKEY_free(pkey);
}

static void more_than_64_kib_is_refused_unread(void **state)
{
    (void)state;
    const size_t most = 65536;
    char *text = malloc(most + 1);
    memset(text, '\n', most + 1);
    memcpy(text + most - strlen(rfc8410_private), rfc8410_private, strlen(rfc8410_private));
    svms_private_key *key = NULL;
    assert_int_equal(svms_private_key_from_pem(&key, ctx, text, most, NULL), SVMS_OK);
    svms_private_key_free(&key);
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_private_key_from_pem(&key, ctx, text, most + 1, &err), SVMS_E_LIMIT);
    assert_string_equal(err.message, "PEM text is longer than 65536 bytes");
    svms_public_key *peer = NULL;
    assert_int_equal(svms_public_key_from_pem(&peer, ctx, text, most + 1, NULL), SVMS_E_LIMIT);
    assert_int_equal(svms_public_key_from_pem(&peer, ctx, text, SIZE_MAX, NULL), SVMS_E_LIMIT);
    free(text);
}

static void a_generated_key_is_p256_and_new(void **state)
{
    (void)state;
    svms_private_key *keys[2] = { NULL, NULL };
    uint8_t ids[2][SVMS_DIGEST_SIZE];
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(svms_private_key_generate(&keys[i], ctx, NULL), SVMS_OK);
        char group[32];
        assert_int_equal(
            EVP_PKEY_get_group_name(svms_private_key_evp(keys[i]), group, sizeof group, NULL), 1);
        assert_string_equal(group, "prime256v1");
        assert_int_equal(svms_private_key_id(keys[i], ids[i], NULL), SVMS_OK);
    }
    assert_memory_not_equal(ids[0], ids[1], sizeof ids[0]);
    svms_private_key_free(&keys[0]);
    svms_private_key_free(&keys[1]);
}

static void a_place_too_small_for_pem_gets_the_size_needed(void **state)
{
    (void)state;
    svms_private_key *key = NULL;
    assert_int_equal(read_private(rfc8410_private, &key, NULL), SVMS_OK);
    size_t length = strlen(rfc8410_private);
    char out[300] = "untouched";
    for (size_t room = 0; room <= length; room += length) {
        size_t size = room;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_private_key_to_pem(key, out, &size, &err), SVMS_E_LIMIT);
        assert_int_equal(size, length + 1);
        assert_string_equal(out, "untouched");
    }
    size_t size = length + 1;
    assert_int_equal(svms_private_key_to_pem(key, out, &size, NULL), SVMS_OK);
    assert_int_equal(size, length);
    svms_private_key_free(&key);
}

static void a_place_too_small_for_a_public_key_gets_the_size_needed(void **state)
{
    (void)state;
    svms_public_key *key = NULL;
    assert_int_equal(read_public(rfc8410_public, &key, NULL), SVMS_OK);
    size_t length = strlen(rfc8410_public);
    char out[300] = "untouched";
    for (size_t room = 0; room <= length; room += length) {
        size_t size = room;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_public_key_to_pem(key, out, &size, &err), SVMS_E_LIMIT);
        assert_int_equal(size, length + 1);
        assert_string_equal(out, "untouched");
    }
    size_t size = length + 1;
    assert_int_equal(svms_public_key_to_pem(key, out, &size, NULL), SVMS_OK);
    assert_string_equal(out, rfc8410_public);
    svms_public_key_free(&key);
}

static void missing_arguments_are_the_callers_mistake(void **state)
{
    (void)state;
    svms_private_key *own = NULL;
    svms_public_key *peer = NULL;
    char out[10];
    size_t size = sizeof out;
    assert_int_equal(svms_private_key_from_pem(NULL, ctx, "x", 1, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_private_key_from_pem(&own, NULL, "x", 1, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_private_key_from_pem(&own, ctx, NULL, 1, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_public_key_from_pem(NULL, ctx, "x", 1, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_public_key_from_pem(&peer, NULL, "x", 1, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_public_key_from_pem(&peer, ctx, NULL, 1, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_private_key_generate(NULL, ctx, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_private_key_generate(&own, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_private_key_to_pem(NULL, out, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(read_private(rfc8410_private, &own, NULL), SVMS_OK);
    assert_int_equal(svms_private_key_to_pem(own, NULL, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_private_key_to_pem(own, out, NULL, NULL), SVMS_E_USAGE);
    EVP_PKEY *pkey = svms_private_key_evp(own);
    assert_int_equal(svms_public_key_from_evp(NULL, ctx, pkey, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_public_key_from_evp(&peer, NULL, pkey, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_public_key_from_evp(&peer, ctx, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_public_key_to_pem(NULL, out, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(read_public(rfc8410_public, &peer, NULL), SVMS_OK);
    assert_int_equal(svms_public_key_to_pem(peer, NULL, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_public_key_to_pem(peer, out, NULL, NULL), SVMS_E_USAGE);
    assert_null(svms_public_key_evp(NULL));
    svms_public_key_free(&peer);
    svms_private_key_free(&own);
}

static svms_status make_all(svms_ctx *failing, svms_error *err)
{
    svms_private_key *own = NULL;
    svms_private_key *generated = NULL;
    svms_public_key *peer = NULL;
    uint8_t id[SVMS_DIGEST_SIZE];
    svms_status status =
        svms_private_key_from_pem(&own, failing, rfc8410_private, strlen(rfc8410_private), err);
    if (status == SVMS_OK) {
        status =
            svms_public_key_from_pem(&peer, failing, rfc8410_public, strlen(rfc8410_public), err);
    }
    if (status == SVMS_OK) {
        status = svms_private_key_generate(&generated, failing, err);
    }
    if (status == SVMS_OK) {
        status = svms_public_key_id(peer, id, err);
    }
    svms_private_key_free(&own);
    svms_private_key_free(&generated);
    svms_public_key_free(&peer);
    return status;
}

static void keys_survive_want_of_memory(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(make_all);
}

#define UNIT(test) cmocka_unit_test_teardown(test, no_openssl_errors_left)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(the_published_pair_is_read_and_has_one_id),
        UNIT(every_supported_kind_goes_through_pem_and_back),
        UNIT(older_private_key_formats_are_read),
        UNIT(blocks_and_text_around_the_key_are_passed_over),
        UNIT(a_certificate_gives_its_key_unchecked),
        UNIT(unsupported_keys_are_refused_by_name),
        UNIT(restricted_rsa_and_overlong_rsa_are_refused_by_name),
        UNIT(rsa_keys_that_protect_nothing_are_invalid),
        UNIT(curves_spelled_out_are_refused),
        UNIT(compressed_points_do_not_change_the_id),
        UNIT(encrypted_keys_are_refused_without_asking),
        UNIT(text_without_the_right_key_says_what_it_holds),
        UNIT(damaged_pem_is_malformed),
        UNIT(a_private_key_with_a_foreign_public_half_is_malformed),
        UNIT(a_public_point_off_the_curve_is_malformed),
        UNIT(more_than_64_kib_is_refused_unread),
        UNIT(a_generated_key_is_p256_and_new),
        UNIT(a_place_too_small_for_pem_gets_the_size_needed),
        UNIT(a_place_too_small_for_a_public_key_gets_the_size_needed),
        UNIT(missing_arguments_are_the_callers_mistake),
        UNIT(keys_survive_want_of_memory),
    };
    return cmocka_run_group_tests(tests, make_context, free_context);
}
