/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "failing_allocator.h"
#include "key_material.h"
#include "sign.h"

static svms_ctx *ctx;

static svms_verify_engine *verifier_of(EVP_PKEY *pkey)
{
    svms_public_key *key = take_public(ctx, pkey);
    svms_verify_engine *engine = NULL;
    assert_int_equal(svms_verify_engine_new(&engine, ctx, key, NULL), SVMS_OK);
    svms_public_key_free(&key);
    return engine;
}

static svms_sign_engine *signer_of(EVP_PKEY *pkey)
{
    svms_private_key *key = take_private(ctx, pkey);
    svms_sign_engine *engine = NULL;
    assert_int_equal(svms_sign_engine_new(&engine, ctx, key, NULL), SVMS_OK);
    svms_private_key_free(&key);
    return engine;
}

static void assert_verifies(EVP_PKEY *pkey, uint16_t algorithm, const void *data, size_t data_size,
                            const uint8_t *signature, size_t size, svms_status expected)
{
    svms_verify_engine *engine = verifier_of(pkey);
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_verify(engine, algorithm, data, data_size, signature, size, &err),
                     expected);
    assert_int_equal(err.status, expected);
    svms_verify_engine_free(&engine);
}

static EVP_PKEY *raw_public(const char *name, const char *hex)
{
    uint8_t bytes[32];
    from_hex(hex, bytes, sizeof bytes);
    EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key_ex(NULL, name, NULL, bytes, sizeof bytes);
    assert_non_null(pkey);
    return pkey;
}

static EVP_PKEY *raw_private(const char *name, const char *hex)
{
    uint8_t bytes[32];
    from_hex(hex, bytes, sizeof bytes);
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key_ex(NULL, name, NULL, bytes, sizeof bytes);
    assert_non_null(pkey);
    return pkey;
}

/* RFC 8032, 7.1, tests 1 to 3. */
static void ed25519_signs_and_verifies_as_published(void **state)
{
    (void)state;
    static const struct {
        const char *private_key;
        const char *public_key;
        const char *message;
        const char *signature;
    } table[] = {
        { "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
          "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
          "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
          "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
        { "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
          "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
          "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
          "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
        { "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
          "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
          "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
          "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a" },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint8_t message[4];
        uint8_t expected[64];
        uint8_t found[64];
        size_t message_size = from_hex(table[i].message, message, sizeof message);
        from_hex(table[i].signature, expected, sizeof expected);
        EVP_PKEY *own = raw_private("ED25519", table[i].private_key);
        EVP_PKEY *peer = raw_public("ED25519", table[i].public_key);
        svms_sign_engine *engine = signer_of(own);
        assert_int_equal(svms_sign_engine_algorithm(engine), SVMS_SIG_ED25519);
        /* Twice, because the engine goes on. */
        for (int round = 0; round < 2; round++) {
            size_t size = sizeof found;
            assert_int_equal(
                svms_sign(engine, message_size ? message : NULL, message_size, found, &size, NULL),
                SVMS_OK);
            assert_int_equal(size, 64);
            assert_memory_equal(found, expected, 64);
        }
        assert_verifies(peer, SVMS_SIG_ED25519, message_size ? message : NULL, message_size,
                        expected, 64, SVMS_OK);
        expected[63] ^= 0x20;
        assert_verifies(peer, SVMS_SIG_ED25519, message, message_size, expected, 64,
                        SVMS_E_NOT_AUTHENTIC);
        svms_sign_engine_free(&engine);
        EVP_PKEY_free(own);
        EVP_PKEY_free(peer);
    }
}

#define P256_POINT                                                                                 \
    "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"                           \
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
#define P384_POINT                                                                                 \
    "04ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a25451"   \
    "5480bc138015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344" \
    "fd2533264720"

/* RFC 6979, A.2.5 and A.2.6. Its signatures are not low-S throughout: of those that are not,
 * the other form must be taken instead. */
static const struct {
    const char *curve;
    const char *point;
    uint16_t algorithm;
    const char *message;
    const char *r;
    const char *s;
    bool low;
} rfc6979[] = {
    { "P-256", P256_POINT, SVMS_SIG_ECDSA_P256_SHA256, "sample",
      "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
      "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8", false },
    { "P-256", P256_POINT, SVMS_SIG_ECDSA_P256_SHA256, "test",
      "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
      "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083", true },
    { "P-384", P384_POINT, SVMS_SIG_ECDSA_P384_SHA384, "sample",
      "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c"
      "81a648152e44acf96e36dd1e80fabe46",
      "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94f"
      "a329c145786e679e7b82c71a38628ac8",
      false },
    { "P-384", P384_POINT, SVMS_SIG_ECDSA_P384_SHA384, "test",
      "8203b63d3c853e8d77227fb377bcf7b7b772e97892a80f36ab775d509d7a5feb"
      "0542a7f0812998da8f1dd3ca3cf023db",
      "ddd0760448d42d8a43af45af836fce4de8be06b485e9b61b827c2f13173923e0"
      "6a739f040649a667bf3b828246baa5a5",
      false },
};

static void negate_s(const char *curve, uint8_t *s, size_t width)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(EC_curve_nist2nid(curve));
    BIGNUM *value = BN_bin2bn(s, (int)width, NULL);
    BN_sub(value, EC_GROUP_get0_order(group), value);
    BN_bn2binpad(value, s, (int)width);
    BN_free(value);
    EC_GROUP_free(group);
}

static void published_ecdsa_signatures_verify_in_their_low_form_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rfc6979 / sizeof rfc6979[0]; i++) {
        uint8_t signature[96];
        size_t width = from_hex(rfc6979[i].r, signature, 48);
        from_hex(rfc6979[i].s, signature + width, 48);
        const char *message = rfc6979[i].message;
        EVP_PKEY *pkey = ec_pkey(rfc6979[i].curve, NULL, rfc6979[i].point);
        svms_status expected = rfc6979[i].low ? SVMS_OK : SVMS_E_NOT_AUTHENTIC;
        svms_status other = rfc6979[i].low ? SVMS_E_NOT_AUTHENTIC : SVMS_OK;
        assert_verifies(pkey, rfc6979[i].algorithm, message, strlen(message), signature, 2 * width,
                        expected);
        negate_s(rfc6979[i].curve, signature + width, width);
        assert_verifies(pkey, rfc6979[i].algorithm, message, strlen(message), signature, 2 * width,
                        other);
        EVP_PKEY_free(pkey);
    }
}

#define WYCHEPROOF_R "2ba3a8be6b94d5ec80a6d9d1190a436effe50d85a1eee859b8cc6af9bd5c2e18"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define ONE "0000000000000000000000000000000000000000000000000000000000000001"
#define ORDER "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"

/* From Wycheproof's ecdsa_secp256r1_sha256_p1363_test, message "123400". */
static void wycheproofs_bad_ecdsa_signatures_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *signature;
        svms_status expected;
    } table[] = {
        { WYCHEPROOF_R "4cd60b855d442f5b3c7b11eb6c4e0ae7525fe710fab9aa7c77a67f79e6fadd76",
          SVMS_OK },
        { WYCHEPROOF_R "b329f479a2bbd0a5c384ee1493b1f5186a87139cac5df4087c134b49156847db",
          SVMS_E_NOT_AUTHENTIC },
        { "012ba3a8bd6b94d5ed80a6d9d1190a436ebccc0833490686deac8635bcb9bf5369"
          "00b329f479a2bbd0a5c384ee1493b1f5186a87139cac5df4087c134b49156847db",
          SVMS_E_NOT_AUTHENTIC },
        { "d45c5740946b2a147f59262ee6f5bc90bd01ed280528b62b3aed5fc93f06f739"
          "b329f479a2bbd0a5c384ee1493b1f5186a87139cac5df4087c134b49156847db",
          SVMS_E_NOT_AUTHENTIC },
        { "d45c5740946b2a147f59262ee6f5bc90bd01ed280528b62b3aed5fc93f06f739"
          "4cd60b855d442f5b3c7b11eb6c4e0ae7525fe710fab9aa7c77a67f79e6fadd76",
          SVMS_E_NOT_AUTHENTIC },
        { "0100000000000000002ba3a8be6b94d5ec80a6d9d1190a436effe50d85a1eee859b8cc6af9bd5c2e18"
          "000000000000000000b329f479a2bbd0a5c384ee1493b1f5186a87139cac5df4087c134b49156847db",
          SVMS_E_NOT_AUTHENTIC },
        { ZERO ZERO, SVMS_E_NOT_AUTHENTIC },
        { ZERO ONE, SVMS_E_NOT_AUTHENTIC },
        { ZERO ORDER, SVMS_E_NOT_AUTHENTIC },
        { ONE ZERO, SVMS_E_NOT_AUTHENTIC },
        { ONE ONE, SVMS_E_NOT_AUTHENTIC },
        { ONE ORDER, SVMS_E_NOT_AUTHENTIC },
        { ORDER ZERO, SVMS_E_NOT_AUTHENTIC },
        { ORDER ONE, SVMS_E_NOT_AUTHENTIC },
        { ORDER ORDER, SVMS_E_NOT_AUTHENTIC },
        { ONE "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550",
          SVMS_E_NOT_AUTHENTIC },
        { ONE "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
          SVMS_E_NOT_AUTHENTIC },
        { "", SVMS_E_NOT_AUTHENTIC },
        { "0101", SVMS_E_NOT_AUTHENTIC },
    };
    EVP_PKEY *pkey = ec_pkey("P-256", NULL,
                             "042927b10512bae3eddcfe467828128bad2903269919f7086069c8c4df6c732838"
                             "c7787964eaac00e5921fb1498a60f4606766b3d9685001558d1a974e7341513e");
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint8_t signature[128];
        size_t size = from_hex(table[i].signature, signature, sizeof signature);
        assert_verifies(pkey, SVMS_SIG_ECDSA_P256_SHA256, "123400", 6, signature, size,
                        table[i].expected);
    }
    EVP_PKEY_free(pkey);
}

static EVP_PKEY *wycheproof_rsa(void)
{
    static const char pem[] = "-----BEGIN PUBLIC KEY-----\n"
                              "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAorRRoH0KpfluRVZxUTVQ\n"
                              "UUqKW0YuvvcXCU+h/ugiJOY3+XRtP3yv0xh42AMltu9aFwD2WQO0aUKeidbqyIRQ\n"
                              "l7WrOTGJ25JRLtincRoSU/rNIPecFegkfz0+QuRuSMmOJUov6XZTE6A+/48X4aAp\n"
                              "OXofomqNzib0kO2BKZYV2YFMItphBCjgnH2WWFlCZvXAIdD87KCNlFoSvoLeTR7O\n"
                              "a0wDFFtdNJXU7VQR64eNrwX9evw+Ca2g8RJkIvWQl1oZaYFvSGmLy7obTZyuedRg\n"
                              "2Pn4Xnl1AF2bwixOWsD3waRdElaaYoB9O5oC5aUw53MGb0U9H1tMLpz3ggKD90K5\n"
                              "1QIDAQAB\n"
                              "-----END PUBLIC KEY-----\n";
    BIO *text = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *pkey = PEM_read_bio_PUBKEY(text, NULL, NULL, NULL);
    BIO_free(text);
    assert_non_null(pkey);
    return pkey;
}

/* From Wycheproof's rsa_pss_2048_sha256_mgf1_32_test, cases 1 and 3. */
static void wycheproofs_rsa_pss_signatures_verify(void **state)
{
    (void)state;
    static const struct {
        const char *message;
        const char *signature;
    } table[] = {
        { "", "4f01e0c12b08625ecac89a69231906edf826380f37c959a96690d046316d68ff"
              "ce9d5c471694fcebfc6b45534864689256e4fc81c78e583f675d0c94b4496474"
              "51e81beff01a11a516d5e5ce3f1a910437cb8a3a5096b19fb15f4524a35b23d8"
              "9cdba12cf5b71aac1047b28c562df7c5542c34ce23a182cf7e0e231934b17294"
              "799d44877a1d68ef1b8f073619b7618e6b7c22db20030d98cf591ffc3d4da5f5"
              "8613ecd5ecfc3b40a1d02f40891ca43695cd4c088b05a8054c89c595a47e2748"
              "16f35384226f74459ee63e25a1bfc03c360490552ec38343f8ace502f065303b"
              "00bc0ec320711b211fde92e57feb9013c3609342495ec0d7cabdec21e54acc38" },
        { "Test", "401eb03cdb47ca88033e3030f6bdecbac8f5c8fc1dd6a13d23d379ed9a2b3098"
                  "91d13d74fea9d21d159b9e6d8f37efa2489962e24555f56dd434ff1d31ce4f9f"
                  "5abd3f22cbea8b691d6a11e44efb83e2bca155e6a164325e0fde2a8865afd5c9"
                  "f51161a9d615f62af7ec2e31b3e5ab649c164490d31d88cfae35b84aea792569"
                  "0f929a144b6d2f48e8fb894a52deecd1b9a6496990c4ecf1588699a42cacd10c"
                  "53af350514e4291ea9a058e77f101e32c1c0cefa61d945f7bc931f8bd19e7ba3"
                  "169358a60e5a8b0123bc3199b9fdcafe8e519c41ba675491a27b85e44ef2d772"
                  "77c10fe107293c8290186913bc9a99b640d8da041b64f31eab1d35920985f4a5" },
    };
    EVP_PKEY *pkey = wycheproof_rsa();
    for (size_t i = 0; i < 2; i++) {
        const char *message = table[i].message;
        uint8_t signature[256];
        from_hex(table[i].signature, signature, sizeof signature);
        assert_verifies(pkey, SVMS_SIG_RSA_PSS_SHA256, message, strlen(message), signature, 256,
                        SVMS_OK);
        signature[0] ^= 1;
        assert_verifies(pkey, SVMS_SIG_RSA_PSS_SHA256, message, strlen(message), signature, 256,
                        SVMS_E_NOT_AUTHENTIC);
        signature[0] ^= 1;
        assert_verifies(pkey, SVMS_SIG_RSA_PSS_SHA256, "other", 5, signature, 256,
                        SVMS_E_NOT_AUTHENTIC);
        assert_verifies(pkey, SVMS_SIG_RSA_PSS_SHA256, message, strlen(message), signature, 255,
                        SVMS_E_NOT_AUTHENTIC);
    }
    uint8_t extreme[256];
    memset(extreme, 0xFF, sizeof extreme);
    assert_verifies(pkey, SVMS_SIG_RSA_PSS_SHA256, "x", 1, extreme, 256, SVMS_E_NOT_AUTHENTIC);
    memset(extreme, 0, sizeof extreme);
    assert_verifies(pkey, SVMS_SIG_RSA_PSS_SHA256, "x", 1, extreme, 256, SVMS_E_NOT_AUTHENTIC);
    EVP_PKEY_free(pkey);
}

/* Signs as OpenSSL would on its own, with the padding and parameters given. */
static size_t rsa_sign_with(EVP_PKEY *pkey, int padding, int salt, const char *digest,
                            const char *mgf1, uint8_t *out, size_t room)
{
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    EVP_PKEY_CTX *inner = NULL;
    assert_int_equal(EVP_DigestSignInit_ex(state, &inner, digest, NULL, NULL, pkey, NULL), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(inner, padding), 1);
    if (padding == RSA_PKCS1_PSS_PADDING) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(inner, salt), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_mgf1_md_name(inner, mgf1, NULL), 1);
    }
    assert_int_equal(EVP_DigestSign(state, out, &room, (const uint8_t *)"data", 4), 1);
    EVP_MD_CTX_free(state);
    return room;
}

static void rsa_signatures_of_any_other_shape_are_refused(void **state)
{
    (void)state;
    static const struct {
        int padding;
        int salt;
        const char *digest;
        const char *mgf1;
        svms_status expected;
    } table[] = {
        { RSA_PKCS1_PSS_PADDING, 32, "SHA256", "SHA256", SVMS_OK },
        { RSA_PKCS1_PSS_PADDING, 31, "SHA256", "SHA256", SVMS_E_NOT_AUTHENTIC },
        { RSA_PKCS1_PSS_PADDING, 33, "SHA256", "SHA256", SVMS_E_NOT_AUTHENTIC },
        { RSA_PKCS1_PSS_PADDING, 0, "SHA256", "SHA256", SVMS_E_NOT_AUTHENTIC },
        { RSA_PKCS1_PSS_PADDING, 32, "SHA256", "SHA1", SVMS_E_NOT_AUTHENTIC },
        { RSA_PKCS1_PSS_PADDING, 32, "SHA1", "SHA256", SVMS_E_NOT_AUTHENTIC },
        { RSA_PKCS1_PADDING, 0, "SHA256", NULL, SVMS_E_NOT_AUTHENTIC },
    };
    EVP_PKEY *pkey = make_pkey("RSA:2048");
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint8_t signature[256];
        size_t size = rsa_sign_with(pkey, table[i].padding, table[i].salt, table[i].digest,
                                    table[i].mgf1, signature, sizeof signature);
        assert_verifies(pkey, SVMS_SIG_RSA_PSS_SHA256, "data", 4, signature, size,
                        table[i].expected);
    }
    EVP_PKEY_free(pkey);
}

static const struct {
    const char *kind;
    uint16_t algorithm;
    size_t size;
    size_t rounds;
} signing_kinds[] = {
    { "P-256", SVMS_SIG_ECDSA_P256_SHA256, 64, 40 },
    { "P-384", SVMS_SIG_ECDSA_P384_SHA384, 96, 20 },
    { "ED25519", SVMS_SIG_ED25519, 64, 10 },
    { "RSA:2048", SVMS_SIG_RSA_PSS_SHA256, 256, 3 },
    { "RSA:3072", SVMS_SIG_RSA_PSS_SHA256, 384, 3 },
};
#define KIND_COUNT (sizeof signing_kinds / sizeof signing_kinds[0])

/* Made once, because an RSA key takes a second. */
static EVP_PKEY *key_of_kind[KIND_COUNT];

static bool openssl_verifies(EVP_PKEY *pkey, const uint8_t *signature, size_t size,
                             uint16_t algorithm, const void *data, size_t data_size)
{
    uint8_t der[200];
    if (algorithm == SVMS_SIG_ECDSA_P256_SHA256 || algorithm == SVMS_SIG_ECDSA_P384_SHA384) {
        ECDSA_SIG *pair = ECDSA_SIG_new();
        ECDSA_SIG_set0(pair, BN_bin2bn(signature, (int)size / 2, NULL),
                       BN_bin2bn(signature + size / 2, (int)size / 2, NULL));
        uint8_t *end = der;
        size = (size_t)i2d_ECDSA_SIG(pair, &end);
        signature = der;
        ECDSA_SIG_free(pair);
    }
    const char *digest = algorithm == SVMS_SIG_ED25519             ? NULL
                         : algorithm == SVMS_SIG_ECDSA_P384_SHA384 ? "SHA384"
                                                                   : "SHA256";
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    EVP_PKEY_CTX *inner = NULL;
    assert_int_equal(EVP_DigestVerifyInit_ex(state, &inner, digest, NULL, NULL, pkey, NULL), 1);
    if (algorithm == SVMS_SIG_RSA_PSS_SHA256) {
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(inner, RSA_PKCS1_PSS_PADDING), 1);
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(inner, 32), 1);
    }
    int result = EVP_DigestVerify(state, signature, size, data, data_size);
    EVP_MD_CTX_free(state);
    return result == 1;
}

static void signatures_of_every_kind_verify_here_and_in_plain_openssl(void **state)
{
    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        EVP_PKEY *pkey = key_of_kind[i];
        svms_sign_engine *signer = signer_of(pkey);
        svms_verify_engine *verifier = verifier_of(pkey);
        uint16_t algorithm = signing_kinds[i].algorithm;
        assert_int_equal(svms_sign_engine_algorithm(signer), algorithm);
        for (size_t round = 0; round < signing_kinds[i].rounds; round++) {
            uint8_t data[64];
            uint8_t signature[SVMS_SIGNATURE_MAX];
            size_t size = sizeof signature;
            memset(data, (int)round, sizeof data);
            assert_int_equal(svms_sign(signer, data, sizeof data, signature, &size, NULL), SVMS_OK);
            assert_int_equal(size, signing_kinds[i].size);
            assert_int_equal(
                svms_verify(verifier, algorithm, data, sizeof data, signature, size, NULL),
                SVMS_OK);
            assert_true(openssl_verifies(pkey, signature, size, algorithm, data, sizeof data));
            data[round % sizeof data] ^= 1;
            assert_int_equal(
                svms_verify(verifier, algorithm, data, sizeof data, signature, size, NULL),
                SVMS_E_NOT_AUTHENTIC);
        }
        svms_sign_engine_free(&signer);
        svms_verify_engine_free(&verifier);
    }
}

static void every_flipped_bit_of_a_signature_is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        EVP_PKEY *pkey = key_of_kind[i];
        svms_sign_engine *signer = signer_of(pkey);
        svms_verify_engine *verifier = verifier_of(pkey);
        uint8_t signature[SVMS_SIGNATURE_MAX];
        size_t size = sizeof signature;
        assert_int_equal(svms_sign(signer, "data", 4, signature, &size, NULL), SVMS_OK);
        for (size_t bit = 0; bit < size * 8; bit += 3) {
            signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_equal(
                svms_verify(verifier, signing_kinds[i].algorithm, "data", 4, signature, size, NULL),
                SVMS_E_NOT_AUTHENTIC);
            signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        svms_sign_engine_free(&signer);
        svms_verify_engine_free(&verifier);
    }
}

static void a_signature_fits_one_algorithm_and_length_only(void **state)
{
    (void)state;
    static const uint16_t algorithms[] = { 0, 1, 2, 3, 4, 5, 0x100, 0xFFFF };
    for (size_t i = 0; i < KIND_COUNT; i++) {
        EVP_PKEY *pkey = key_of_kind[i];
        svms_sign_engine *signer = signer_of(pkey);
        svms_verify_engine *verifier = verifier_of(pkey);
        uint8_t signature[SVMS_SIGNATURE_MAX] = { 0 };
        size_t size = sizeof signature;
        assert_int_equal(svms_sign(signer, "data", 4, signature, &size, NULL), SVMS_OK);
        for (size_t a = 0; a < sizeof algorithms / sizeof algorithms[0]; a++) {
            bool own = algorithms[a] == signing_kinds[i].algorithm;
            assert_int_equal(svms_verify(verifier, algorithms[a], "data", 4, signature, size, NULL),
                             own ? SVMS_OK : SVMS_E_NOT_AUTHENTIC);
        }
        const size_t sizes[] = { 0, 1, size - 1, size + 1, 2 * size, SVMS_SIGNATURE_MAX };
        for (size_t n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
            assert_int_equal(svms_verify(verifier, signing_kinds[i].algorithm, "data", 4, signature,
                                         sizes[n], NULL),
                             SVMS_E_NOT_AUTHENTIC);
        }
        svms_sign_engine_free(&signer);
        svms_verify_engine_free(&verifier);
    }
}

static void a_place_too_small_for_the_signature_is_not_written(void **state)
{
    (void)state;
    EVP_PKEY *pkey = make_pkey("P-256");
    svms_sign_engine *signer = signer_of(pkey);
    uint8_t signature[64] = { 7 };
    size_t size = 63;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_sign(signer, "x", 1, signature, &size, &err), SVMS_E_LIMIT);
    assert_string_equal(err.message, "a signature needs 64 bytes");
    assert_int_equal(size, 63);
    assert_int_equal(signature[0], 7);
    svms_sign_engine_free(&signer);
    assert_null(signer);
    svms_sign_engine_free(&signer);
    svms_sign_engine_free(NULL);
    svms_verify_engine_free(NULL);
    EVP_PKEY_free(pkey);
}

static void agreement_keys_neither_sign_nor_verify(void **state)
{
    (void)state;
    EVP_PKEY *pkey = make_pkey("X25519");
    svms_private_key *own = take_private(ctx, pkey);
    svms_public_key *peer = take_public(ctx, pkey);
    svms_sign_engine *signer = NULL;
    svms_verify_engine *verifier = NULL;
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_sign_engine_new(&signer, ctx, own, &err), SVMS_E_UNSUPPORTED);
    assert_string_equal(err.message, "X25519 keys cannot sign");
    assert_int_equal(svms_verify_engine_new(&verifier, ctx, peer, &err), SVMS_E_UNSUPPORTED);
    assert_null(signer);
    assert_null(verifier);
    svms_private_key_free(&own);
    svms_public_key_free(&peer);
    EVP_PKEY_free(pkey);
}

static void properties_reach_every_fetch(void **state)
{
    (void)state;
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    options.ossl_context = OSSL_LIB_CTX_new();
    options.ossl_properties = "provider=default";
    svms_ctx *own = NULL;
    assert_int_equal(svms_ctx_new(&own, &options, NULL), SVMS_OK);
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(options.ossl_context, NULL, "RSA", (size_t)2048);
    svms_private_key *key = take_private(own, pkey);
    svms_public_key *peer = take_public(own, pkey);
    svms_sign_engine *signer = NULL;
    svms_verify_engine *verifier = NULL;
    uint8_t signature[256];
    size_t size = sizeof signature;
    assert_int_equal(svms_sign_engine_new(&signer, own, key, NULL), SVMS_OK);
    assert_int_equal(svms_verify_engine_new(&verifier, own, peer, NULL), SVMS_OK);
    assert_int_equal(svms_sign(signer, "x", 1, signature, &size, NULL), SVMS_OK);
    assert_int_equal(svms_verify(verifier, SVMS_SIG_RSA_PSS_SHA256, "x", 1, signature, size, NULL),
                     SVMS_OK);
    svms_sign_engine_free(&signer);
    svms_verify_engine_free(&verifier);
    svms_private_key_free(&key);
    svms_public_key_free(&peer);
    EVP_PKEY_free(pkey);
    svms_ctx_free(&own);
    OSSL_LIB_CTX_free(options.ossl_context);
}

static EVP_PKEY *pkey_at_hand;

static svms_status make_engines(svms_ctx *failing, svms_error *err)
{
    svms_private_key *own = NULL;
    svms_public_key *peer = NULL;
    svms_sign_engine *signer = NULL;
    svms_verify_engine *verifier = NULL;
    svms_status status = svms_private_key_from_evp(&own, failing, pkey_at_hand, err);
    if (status == SVMS_OK) {
        status = svms_public_key_from_evp(&peer, failing, pkey_at_hand, err);
    }
    if (status == SVMS_OK) {
        status = svms_sign_engine_new(&signer, failing, own, err);
    }
    if (status == SVMS_OK) {
        status = svms_verify_engine_new(&verifier, failing, peer, err);
    }
    svms_verify_engine_free(&verifier);
    svms_sign_engine_free(&signer);
    svms_public_key_free(&peer);
    svms_private_key_free(&own);
    return status;
}

static void engines_survive_want_of_memory(void **state)
{
    (void)state;
    pkey_at_hand = make_pkey("P-256");
    each_allocation_fails_cleanly(make_engines);
    EVP_PKEY_free(pkey_at_hand);
}

static int set_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        key_of_kind[i] = make_pkey(signing_kinds[i].kind);
    }
    return svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        EVP_PKEY_free(key_of_kind[i]);
    }
    svms_ctx_free(&ctx);
    return 0;
}

#define UNIT(test) cmocka_unit_test_teardown(test, no_openssl_errors_left)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(ed25519_signs_and_verifies_as_published),
        UNIT(published_ecdsa_signatures_verify_in_their_low_form_only),
        UNIT(wycheproofs_bad_ecdsa_signatures_are_refused),
        UNIT(wycheproofs_rsa_pss_signatures_verify),
        UNIT(rsa_signatures_of_any_other_shape_are_refused),
        UNIT(signatures_of_every_kind_verify_here_and_in_plain_openssl),
        UNIT(every_flipped_bit_of_a_signature_is_noticed),
        UNIT(a_signature_fits_one_algorithm_and_length_only),
        UNIT(a_place_too_small_for_the_signature_is_not_written),
        UNIT(agreement_keys_neither_sign_nor_verify),
        UNIT(properties_reach_every_fetch),
        UNIT(engines_survive_want_of_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
