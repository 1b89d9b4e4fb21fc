/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include "aead.h"
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

typedef struct gcm_case {
    const char *key;
    const char *nonce;
    const char *aad;
    const char *plain;
    const char *cipher;
    const char *tag;
} gcm_case;

#define LONG_KEY "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"
#define ZERO_KEY "0000000000000000000000000000000000000000000000000000000000000000"
#define LONG_PLAIN                                                                                 \
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"                             \
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
#define LONG_CIPHER                                                                                \
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"                             \
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"

/* McGrew and Viega, submission of GCM to NIST, test cases 13 to 16. */
static const gcm_case cases[] = {
    { ZERO_KEY, "000000000000000000000000", "", "", "", "530f8afbc74536b9a963b4f1c4cb738b" },
    { ZERO_KEY, "000000000000000000000000", "", "00000000000000000000000000000000",
      "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919" },
    { LONG_KEY, "cafebabefacedbaddecaf888", "", LONG_PLAIN "1aafd255", LONG_CIPHER "898015ad",
      "b094dac5d93471bdec1a502270e3cc6c" },
    { LONG_KEY, "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2", LONG_PLAIN,
      LONG_CIPHER, "76fc6ece0f4e1768cddf8853bb2d551b" },
};

typedef struct message {
    uint8_t key[32];
    uint8_t nonce[12];
    uint8_t aad[32];
    size_t aad_size;
    uint8_t plain[64];
    uint8_t sealed[80]; /* ciphertext and tag */
    size_t size;
} message;

static message load(const gcm_case *c)
{
    message m;
    from_hex(c->key, m.key, sizeof m.key);
    from_hex(c->nonce, m.nonce, sizeof m.nonce);
    m.aad_size = from_hex(c->aad, m.aad, sizeof m.aad);
    m.size = from_hex(c->plain, m.plain, sizeof m.plain);
    from_hex(c->cipher, m.sealed, sizeof m.sealed);
    from_hex(c->tag, m.sealed + m.size, 16);
    return m;
}

static svms_aead *new_engine(void)
{
    svms_aead *aead = NULL;
    assert_int_equal(svms_aead_new(&aead, ctx, NULL), SVMS_OK);
    return aead;
}

static void one_shots_give_the_published_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        message m = load(&cases[i]);
        uint8_t out[80];
        assert_int_equal(
            svms_aead_seal(ctx, m.key, m.nonce, m.aad, m.aad_size, m.plain, m.size, out, NULL),
            SVMS_OK);
        assert_memory_equal(out, m.sealed, m.size + 16);
        assert_int_equal(svms_aead_open(ctx, m.key, m.nonce, m.aad, m.aad_size, m.sealed,
                                        m.size + 16, out, NULL),
                         SVMS_OK);
        if (m.size > 0) {
            assert_memory_equal(out, m.plain, m.size);
        }
    }
}

static void one_engine_serves_all_cases_in_place_and_in_pieces(void **state)
{
    (void)state;
    svms_aead *aead = new_engine();
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            message m = load(&cases[i]);
            uint8_t work[64];
            uint8_t tag[16];
            size_t cut = m.size * round / 3;
            memcpy(work, m.plain, m.size);
            assert_true(svms_aead_set_key(aead, m.key, true));
            assert_true(svms_aead_begin(aead, m.nonce));
            assert_true(svms_aead_aad(aead, m.aad, m.aad_size / 2));
            assert_true(svms_aead_aad(aead, m.aad + m.aad_size / 2, m.aad_size - m.aad_size / 2));
            assert_true(svms_aead_update(aead, work, cut, work));
            assert_true(svms_aead_update(aead, work + cut, m.size - cut, work + cut));
            assert_true(svms_aead_seal_end(aead, tag));
            if (m.size > 0) {
                assert_memory_equal(work, m.sealed, m.size);
            }
            assert_memory_equal(tag, m.sealed + m.size, 16);

            assert_true(svms_aead_set_key(aead, m.key, false));
            assert_true(svms_aead_begin(aead, m.nonce));
            assert_true(svms_aead_aad(aead, m.aad, m.aad_size));
            assert_true(svms_aead_update(aead, work, cut, work));
            assert_true(svms_aead_update(aead, work + cut, m.size - cut, work + cut));
            assert_true(svms_aead_open_end(aead, tag));
            if (m.size > 0) {
                assert_memory_equal(work, m.plain, m.size);
            }
        }
    }
    svms_aead_free(&aead);
    assert_null(aead);
    svms_aead_free(&aead);
    svms_aead_free(NULL);
}

static void many_messages_follow_one_key(void **state)
{
    (void)state;
    uint8_t key[32] = { 1 };
    svms_aead *sealer = new_engine();
    svms_aead *opener = new_engine();
    assert_true(svms_aead_set_key(sealer, key, true));
    assert_true(svms_aead_set_key(opener, key, false));
    for (uint8_t n = 0; n < 50; n++) {
        uint8_t nonce[12] = { n };
        uint8_t plain[40];
        uint8_t streamed[40 + 16];
        uint8_t expected[40 + 16];
        memset(plain, n, sizeof plain);
        assert_true(svms_aead_begin(sealer, nonce));
        assert_true(svms_aead_aad(sealer, &n, 1));
        assert_true(svms_aead_update(sealer, plain, sizeof plain, streamed));
        assert_true(svms_aead_seal_end(sealer, streamed + sizeof plain));
        assert_int_equal(
            svms_aead_seal(ctx, key, nonce, &n, 1, plain, sizeof plain, expected, NULL), SVMS_OK);
        assert_memory_equal(streamed, expected, sizeof expected);
        uint8_t back[40];
        assert_true(svms_aead_begin(opener, nonce));
        assert_true(svms_aead_aad(opener, &n, 1));
        assert_true(svms_aead_update(opener, streamed, sizeof back, back));
        /* Every fifth message is damaged, which must not spoil the next. */
        streamed[sizeof plain] ^= n % 5 == 0;
        assert_int_equal(svms_aead_open_end(opener, streamed + sizeof plain), n % 5 != 0);
        assert_memory_equal(back, plain, sizeof back);
    }
    svms_aead_free(&sealer);
    svms_aead_free(&opener);
}

static void every_flipped_bit_is_noticed_and_nothing_is_handed_out(void **state)
{
    (void)state;
    message m = load(&cases[3]);
    static const uint8_t zeros[64];
    for (size_t bit = 0; bit < (m.size + 16) * 8; bit++) {
        uint8_t out[64];
        memset(out, 1, sizeof out);
        m.sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(svms_aead_open(ctx, m.key, m.nonce, m.aad, m.aad_size, m.sealed,
                                        m.size + 16, out, NULL),
                         SVMS_E_WRONG_KEY);
        assert_memory_equal(out, zeros, m.size);
        m.sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    uint8_t *const fields[] = { m.key, m.nonce, m.aad };
    for (size_t i = 0; i < 3; i++) {
        uint8_t out[64];
        svms_error err = SVMS_ERROR_INIT;
        fields[i][0] ^= 1;
        assert_int_equal(svms_aead_open(ctx, m.key, m.nonce, m.aad, m.aad_size, m.sealed,
                                        m.size + 16, out, &err),
                         SVMS_E_WRONG_KEY);
        assert_string_equal(err.message, "the key does not open the sealed bytes");
        fields[i][0] ^= 1;
    }
}

static void what_is_shorter_than_a_tag_is_truncated(void **state)
{
    (void)state;
    message m = load(&cases[3]);
    for (size_t size = 0; size < 16; size++) {
        assert_int_equal(
            svms_aead_open(ctx, m.key, m.nonce, NULL, 0, m.sealed, size, m.plain, NULL),
            SVMS_E_TRUNCATED);
    }
}

static void calls_out_of_order_fail(void **state)
{
    (void)state;
    uint8_t key[32] = { 1 };
    uint8_t nonce[12] = { 1 };
    uint8_t byte[1] = { 1 };
    uint8_t tag[16];
    svms_aead *aead = new_engine();
    assert_false(svms_aead_begin(aead, nonce));
    assert_false(svms_aead_update(aead, byte, 1, byte));
    assert_true(svms_aead_set_key(aead, key, true));
    assert_false(svms_aead_update(aead, byte, 1, byte));
    assert_true(svms_aead_begin(aead, nonce));
    /* Without a place for the result the bytes would count as additional data. */
    assert_false(svms_aead_update(aead, byte, 1, NULL));
    assert_true(svms_aead_update(aead, NULL, 0, NULL));
    assert_true(svms_aead_update(aead, byte, 1, byte));
    assert_true(svms_aead_seal_end(aead, tag));
    /* The nonce is spent. */
    assert_false(svms_aead_update(aead, byte, 1, byte));
    assert_false(svms_aead_aad(aead, byte, 1));
    assert_false(svms_aead_seal_end(aead, tag));
    assert_false(svms_aead_open_end(aead, tag));
    /* So is the key, as soon as another is set. */
    assert_true(svms_aead_begin(aead, nonce));
    assert_true(svms_aead_set_key(aead, key, true));
    assert_false(svms_aead_update(aead, byte, 1, byte));
    assert_false(svms_aead_seal_end(aead, tag));
    svms_aead_free(&aead);
}

static void an_abandoned_message_does_not_touch_the_next(void **state)
{
    (void)state;
    message m = load(&cases[3]);
    uint8_t out[64];
    uint8_t tag[16];
    svms_aead *aead = new_engine();
    assert_true(svms_aead_set_key(aead, m.key, true));
    assert_true(svms_aead_begin(aead, m.nonce));
    assert_true(svms_aead_aad(aead, "other", 5));
    assert_true(svms_aead_update(aead, m.plain, 7, out));
    assert_true(svms_aead_begin(aead, m.nonce));
    assert_true(svms_aead_aad(aead, m.aad, m.aad_size));
    assert_true(svms_aead_update(aead, m.plain, m.size, out));
    assert_true(svms_aead_seal_end(aead, tag));
    assert_memory_equal(out, m.sealed, m.size);
    assert_memory_equal(tag, m.sealed + m.size, 16);
    svms_aead_free(&aead);
}

static svms_status make_engine(svms_ctx *failing, svms_error *err)
{
    svms_aead *aead = NULL;
    svms_status status = svms_aead_new(&aead, failing, err);
    svms_aead_free(&aead);
    return status;
}

static svms_status seal_and_open(svms_ctx *failing, svms_error *err)
{
    static const uint8_t key[32];
    static const uint8_t nonce[12];
    uint8_t out[17];
    svms_status status = svms_aead_seal(failing, key, nonce, NULL, 0, "x", 1, out, err);
    if (status == SVMS_OK) {
        status = svms_aead_open(failing, key, nonce, NULL, 0, out, 17, out, err);
    }
    return status;
}

static void sealing_survives_want_of_memory(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(make_engine);
    each_allocation_fails_cleanly(seal_and_open);
}

#define UNIT(test) cmocka_unit_test_teardown(test, no_openssl_errors_left)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT(one_shots_give_the_published_bytes),
        UNIT(one_engine_serves_all_cases_in_place_and_in_pieces),
        UNIT(many_messages_follow_one_key),
        UNIT(every_flipped_bit_is_noticed_and_nothing_is_handed_out),
        UNIT(what_is_shorter_than_a_tag_is_truncated),
        UNIT(calls_out_of_order_fail),
        UNIT(an_abandoned_message_does_not_touch_the_next),
        UNIT(sealing_survives_want_of_memory),
    };
    return cmocka_run_group_tests(tests, make_context, free_context);
}
