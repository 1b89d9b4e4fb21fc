/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include "failing_allocator.h"
#include "key_material.h"
#include "wrap.h"

#define KEM_P256 0x0010
#define KEM_X25519 0x0020

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

#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define INFO "4f6465206f6e2061204772656369616e2055726e"
#define AAD "436f756e742d30"
#define PLAIN "4265617574792069732074727574682c20747275746820626561757479"

typedef struct hpke_case {
    uint16_t kem;
    const char *recipient;
    const char *recipient_public;
    const char *ephemeral;
    const char *enc;
    const char *info;
    const char *aad;
    const char *plain;
    const char *sealed;
} hpke_case;

#define P256_RECIPIENT "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2"
#define P256_RECIPIENT_PUBLIC                                                                      \
    "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a82"                           \
    "6a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0"
#define P256_EPHEMERAL "4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb"
#define P256_ENC                                                                                   \
    "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac9"                           \
    "8536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4"

static const hpke_case cases[] = {
    /* The CFRG's vectors for RFC 9180: mode 0, kem 32, kdf 1, aead 2, first encryption. */
    { KEM_X25519, "497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d",
      "430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c",
      "179d4b53b6365c45b600c4163b61d95cbc2f4d9e36f1695558dce265ab8bab11",
      "6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256", INFO, AAD, PLAIN,
      "e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be9931980a41de125a925cdad859d5b7"
      "a" },
    /* Keys of RFC 9180, A.3.1; sealed by tests/vectors/hpke_vectors.py. */
    { KEM_P256, P256_RECIPIENT, P256_RECIPIENT_PUBLIC, P256_EPHEMERAL, P256_ENC, INFO, AAD, PLAIN,
      "518c46e6810fbc55362f7d5995b0f54339d93664ca44e5c74d0f289c4f7983b4781b193de04ad3319f177244d"
      "e" },
    { KEM_P256, P256_RECIPIENT, P256_RECIPIENT_PUBLIC, P256_EPHEMERAL, P256_ENC, "", "", "",
      "d36800864c390ea91f09550992a8eefe" },
};

typedef struct parties {
    svms_private_key *recipient;
    svms_public_key *recipient_public;
    svms_private_key *ephemeral;
} parties;

static EVP_PKEY *x25519_private(const char *hex)
{
    uint8_t bytes[32];
    from_hex(hex, bytes, sizeof bytes);
    return EVP_PKEY_new_raw_private_key_ex(NULL, "X25519", NULL, bytes, sizeof bytes);
}

static EVP_PKEY *x25519_public(const char *hex)
{
    uint8_t bytes[32];
    from_hex(hex, bytes, sizeof bytes);
    return EVP_PKEY_new_raw_public_key_ex(NULL, "X25519", NULL, bytes, sizeof bytes);
}

static parties parties_of(const hpke_case *c)
{
    bool x = c->kem == KEM_X25519;
    EVP_PKEY *pkeys[] = {
        x ? x25519_private(c->recipient) : ec_pkey("P-256", c->recipient, c->recipient_public),
        x ? x25519_public(c->recipient_public) : ec_pkey("P-256", NULL, c->recipient_public),
        x ? x25519_private(c->ephemeral) : ec_pkey("P-256", c->ephemeral, c->enc),
    };
    parties p = { take_private(ctx, pkeys[0]), take_public(ctx, pkeys[1]),
                  take_private(ctx, pkeys[2]) };
    for (size_t i = 0; i < 3; i++) {
        EVP_PKEY_free(pkeys[i]);
    }
    return p;
}

static void free_parties(parties *p)
{
    svms_private_key_free(&p->recipient);
    svms_public_key_free(&p->recipient_public);
    svms_private_key_free(&p->ephemeral);
}

static void the_published_bytes_are_sealed_and_opened(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const hpke_case *c = &cases[i];
        parties p = parties_of(c);
        uint8_t info[64];
        uint8_t aad[64];
        uint8_t plain[64];
        uint8_t expected[80];
        uint8_t expected_enc[65];
        size_t info_size = from_hex(c->info, info, sizeof info);
        size_t aad_size = from_hex(c->aad, aad, sizeof aad);
        size_t size = from_hex(c->plain, plain, sizeof plain);
        size_t sealed_size = from_hex(c->sealed, expected, sizeof expected);
        size_t enc_size = from_hex(c->enc, expected_enc, sizeof expected_enc);
        assert_int_equal(svms_hpke_kem_of_public(p.recipient_public), c->kem);
        assert_int_equal(svms_hpke_kem_of_private(p.recipient), c->kem);
        assert_int_equal(svms_hpke_enc_size(c->kem), enc_size);

        uint8_t enc[65];
        uint8_t sealed[80];
        assert_int_equal(svms_hpke_seal_with(ctx, p.ephemeral, p.recipient_public, info, info_size,
                                             aad, aad_size, plain, size, enc, sealed, NULL),
                         SVMS_OK);
        assert_memory_equal(enc, expected_enc, enc_size);
        assert_memory_equal(sealed, expected, sealed_size);
        uint8_t opened[64] = { 0 };
        assert_int_equal(svms_hpke_open(ctx, p.recipient, expected_enc, info, info_size, aad,
                                        aad_size, expected, sealed_size, opened, NULL),
                         SVMS_OK);
        if (size > 0) {
            assert_memory_equal(opened, plain, size);
        }
        free_parties(&p);
    }
}

/* An info of 2,048 bytes; expected by tests/vectors/hpke_vectors.py. */
static void a_long_info_is_taken_whole(void **state)
{
    (void)state;
    uint8_t info[2048];
    for (size_t i = 0; i < sizeof info; i++) {
        info[i] = (uint8_t)i;
    }
    parties p = parties_of(&cases[1]);
    uint8_t aad[16];
    uint8_t plain[32];
    uint8_t expected[64];
    uint8_t sealed[64];
    uint8_t enc[65];
    size_t aad_size = from_hex(AAD, aad, sizeof aad);
    size_t size = from_hex(PLAIN, plain, sizeof plain);
    size_t sealed_size =
        from_hex("7f02593dd699604dad926a8f23a82b59b312dc0a386cfcb74f0faf564f4abaf1e5ce8e0d68a60cfa"
                 "f06a3090ca",
                 expected, sizeof expected);
    assert_int_equal(svms_hpke_seal_with(ctx, p.ephemeral, p.recipient_public, info, sizeof info,
                                         aad, aad_size, plain, size, enc, sealed, NULL),
                     SVMS_OK);
    assert_memory_equal(sealed, expected, sealed_size);
    free_parties(&p);
}

static void every_seal_is_fresh_and_opens_for_its_recipient_only(void **state)
{
    (void)state;
    static const char *const kinds[] = { "X25519", "P-256" };
    for (size_t i = 0; i < 2; i++) {
        EVP_PKEY *pkeys[2] = { make_pkey(kinds[i]), make_pkey(kinds[i]) };
        svms_public_key *to = take_public(ctx, pkeys[0]);
        svms_private_key *right = take_private(ctx, pkeys[0]);
        svms_private_key *wrong = take_private(ctx, pkeys[1]);
        uint8_t enc[2][65];
        uint8_t sealed[2][48];
        uint8_t content[32];
        uint8_t opened[32] = { 0 };
        memset(content, 0x3C, sizeof content);
        for (size_t n = 0; n < 2; n++) {
            assert_int_equal(
                svms_hpke_seal(ctx, to, "info", 4, "aad", 3, content, 32, enc[n], sealed[n], NULL),
                SVMS_OK);
        }
        assert_memory_not_equal(enc[0], enc[1], 32);
        assert_memory_not_equal(sealed[0], sealed[1], 48);
        assert_int_equal(
            svms_hpke_open(ctx, right, enc[0], "info", 4, "aad", 3, sealed[0], 48, opened, NULL),
            SVMS_OK);
        assert_memory_equal(opened, content, 32);
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(
            svms_hpke_open(ctx, wrong, enc[0], "info", 4, "aad", 3, sealed[0], 48, opened, &err),
            SVMS_E_WRONG_KEY);
        assert_int_equal(err.status, SVMS_E_WRONG_KEY);
        assert_int_equal(
            svms_hpke_open(ctx, right, enc[1], "info", 4, "aad", 3, sealed[0], 48, opened, NULL),
            SVMS_E_WRONG_KEY);
        svms_public_key_free(&to);
        svms_private_key_free(&right);
        svms_private_key_free(&wrong);
        EVP_PKEY_free(pkeys[0]);
        EVP_PKEY_free(pkeys[1]);
    }
}

static void every_changed_input_keeps_it_closed(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        parties p = parties_of(&cases[i]);
        uint8_t enc[65];
        uint8_t info[] = "info";
        uint8_t aad[] = "aad";
        uint8_t sealed[48];
        uint8_t content[32] = { 5 };
        uint8_t opened[32];
        assert_int_equal(svms_hpke_seal(ctx, p.recipient_public, info, 4, aad, 3, content, 32, enc,
                                        sealed, NULL),
                         SVMS_OK);
        /* The top bit of an X25519 value is ignored by RFC 7748, but enc itself is hashed. */
        const struct {
            uint8_t *bytes;
            size_t size;
        } inputs[] = {
            { enc, svms_hpke_enc_size(cases[i].kem) }, { info, 4 }, { aad, 3 }, { sealed, 48 }
        };
        for (size_t n = 0; n < 4; n++) {
            for (size_t byte = 0; byte < inputs[n].size; byte++) {
                inputs[n].bytes[byte] ^= 0x80;
                assert_int_equal(svms_hpke_open(ctx, p.recipient, enc, info, 4, aad, 3, sealed, 48,
                                                opened, NULL),
                                 SVMS_E_WRONG_KEY);
                inputs[n].bytes[byte] ^= 0x80;
            }
        }
        for (size_t size = 0; size < 48; size += 5) {
            assert_int_equal(
                svms_hpke_open(ctx, p.recipient, enc, info, 4, aad, 3, sealed, size, opened, NULL),
                SVMS_E_WRONG_KEY);
        }
        free_parties(&p);
    }
}

/* Points of small order (RFC 7748, section 6.1; Bernstein's list), which make the result zero. */
static void x25519_points_of_small_order_are_refused(void **state)
{
    (void)state;
    static const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    parties p = parties_of(&cases[0]);
    uint8_t sealed[48] = { 0 };
    uint8_t out[64];
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        uint8_t enc[65];
        from_hex(points[i], enc, sizeof enc);
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(
            svms_hpke_open(ctx, p.recipient, enc, NULL, 0, NULL, 0, sealed, 48, out, &err),
            SVMS_E_WRONG_KEY);
        assert_string_equal(err.message, "the sender's ephemeral key is not a valid one");

        EVP_PKEY *pkey = x25519_public(points[i]);
        svms_public_key *weak = take_public(ctx, pkey);
        assert_int_equal(svms_hpke_seal(ctx, weak, NULL, 0, NULL, 0, "x", 1, enc, out, &err),
                         SVMS_E_CRYPTO);
        svms_public_key_free(&weak);
        EVP_PKEY_free(pkey);
    }
    free_parties(&p);
}

static void p256_points_off_the_curve_or_in_other_forms_are_refused(void **state)
{
    (void)state;
    static const char *const points[] = {
        /* y changed */
        "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac9"
        "8536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c5",
        /* (0, 0) */
        "04" ZERO ZERO,
        /* x = p */
        "04ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
        "8536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4",
        /* compressed, hybrid, infinity */
        "02a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac9"
        "8536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4",
        "06a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac9"
        "8536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4",
        "00a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac9"
        "8536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4",
    };
    parties p = parties_of(&cases[1]);
    uint8_t sealed[48] = { 0 };
    uint8_t out[48];
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        uint8_t enc[65];
        assert_int_equal(from_hex(points[i], enc, sizeof enc), 65);
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(
            svms_hpke_open(ctx, p.recipient, enc, NULL, 0, NULL, 0, sealed, 48, out, &err),
            SVMS_E_WRONG_KEY);
        assert_string_equal(err.message, "the sender's ephemeral key is not a valid one");
    }
    free_parties(&p);
}

static void other_keys_cannot_receive(void **state)
{
    (void)state;
    static const struct {
        const char *kind;
        const char *message;
    } table[] = {
        { "P-384", "P-384 keys cannot receive" },
        { "ED25519", "Ed25519 keys cannot receive" },
        { "RSA:2048", "RSA keys cannot receive" },
    };
    parties p = parties_of(&cases[0]);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        EVP_PKEY *pkey = make_pkey(table[i].kind);
        svms_private_key *own = take_private(ctx, pkey);
        svms_public_key *peer = take_public(ctx, pkey);
        uint8_t enc[65] = { 4 };
        uint8_t sealed[48] = { 0 };
        uint8_t out[48];
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_hpke_kem_of_private(own), 0);
        assert_int_equal(svms_hpke_kem_of_public(peer), 0);
        assert_int_equal(svms_hpke_seal(ctx, peer, NULL, 0, NULL, 0, "x", 1, enc, out, &err),
                         SVMS_E_UNSUPPORTED);
        assert_string_equal(err.message, table[i].message);
        assert_int_equal(
            svms_hpke_seal_with(ctx, p.ephemeral, peer, NULL, 0, NULL, 0, "x", 1, enc, out, NULL),
            SVMS_E_UNSUPPORTED);
        assert_int_equal(
            svms_hpke_open(ctx, own, enc, NULL, 0, NULL, 0, sealed, sizeof sealed, out, &err),
            SVMS_E_UNSUPPORTED);
        assert_string_equal(err.message, table[i].message);
        svms_private_key_free(&own);
        svms_public_key_free(&peer);
        EVP_PKEY_free(pkey);
    }
    parties other = parties_of(&cases[1]);
    uint8_t enc[65];
    uint8_t out[48];
    assert_int_equal(svms_hpke_seal_with(ctx, p.ephemeral, other.recipient_public, NULL, 0, NULL, 0,
                                         "x", 1, enc, out, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_hpke_enc_size(0), 0);
    assert_int_equal(svms_hpke_enc_size(0x0011), 0);
    free_parties(&other);
    free_parties(&p);
}

static parties at_hand;

static svms_status seal_and_open(svms_ctx *failing, svms_error *err)
{
    uint8_t enc[65];
    uint8_t sealed[17];
    uint8_t opened[1];
    svms_status status =
        svms_hpke_seal(failing, at_hand.recipient_public, "i", 1, "a", 1, "x", 1, enc, sealed, err);
    if (status == SVMS_OK) {
        status = svms_hpke_open(failing, at_hand.recipient, enc, "i", 1, "a", 1, sealed,
                                sizeof sealed, opened, err);
    }
    return status;
}

static void sealing_survives_want_of_memory(void **state)
{
    (void)state;
    at_hand = parties_of(&cases[1]);
    each_allocation_fails_cleanly(seal_and_open);
    free_parties(&at_hand);
}

#define UNIT(test) cmocka_unit_test_teardown(test, no_openssl_errors_left)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(the_published_bytes_are_sealed_and_opened),
        UNIT(a_long_info_is_taken_whole),
        UNIT(every_seal_is_fresh_and_opens_for_its_recipient_only),
        UNIT(every_changed_input_keeps_it_closed),
        UNIT(x25519_points_of_small_order_are_refused),
        UNIT(p256_points_off_the_curve_or_in_other_forms_are_refused),
        UNIT(other_keys_cannot_receive),
        UNIT(sealing_survives_want_of_memory),
    };
    return cmocka_run_group_tests(tests, make_context, free_context);
}
