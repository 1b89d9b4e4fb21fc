/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include "ecdsa_raw.h"

/* Everything is checked against OpenSSL's own arithmetic and DER. */
static const struct {
    size_t width;
    int nid;
} curves[] = { { 32, NID_X9_62_prime256v1 }, { 48, NID_secp384r1 } };

static BIGNUM *order_of(size_t curve)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(curves[curve].nid);
    BIGNUM *order = BN_dup(EC_GROUP_get0_order(group));
    EC_GROUP_free(group);
    return order;
}

static size_t to_der(const BIGNUM *r, const BIGNUM *s, uint8_t *out)
{
    ECDSA_SIG *signature = ECDSA_SIG_new();
    assert_int_equal(ECDSA_SIG_set0(signature, BN_dup(r), BN_dup(s)), 1);
    int size = i2d_ECDSA_SIG(signature, &out);
    assert_true(size > 0);
    ECDSA_SIG_free(signature);
    return (size_t)size;
}

/* Values around every bound: 1, 2^8 and 2^(8w-1) steps, n/2 and its neighbours, n - 1. */
static size_t interesting(const BIGNUM *order, BIGNUM **out)
{
    size_t count = 0;
    BIGNUM *half = BN_dup(order);
    BN_rshift1(half, half);
    for (int shift = 0; shift < BN_num_bits(order); shift += 7) {
        out[count] = BN_new();
        BN_set_bit(out[count++], shift);
    }
    for (int delta = -2; delta <= 2; delta++) {
        out[count] = BN_dup(half);
        if (delta < 0) {
            BN_sub_word(out[count++], (BN_ULONG)-delta);
        } else {
            BN_add_word(out[count++], (BN_ULONG)delta);
        }
    }
    out[count] = BN_dup(order);
    BN_sub_word(out[count++], 1);
    BN_free(half);
    return count;
}

static void every_der_signature_becomes_the_same_low_s_and_comes_back(void **state)
{
    (void)state;
    for (size_t c = 0; c < 2; c++) {
        size_t width = curves[c].width;
        BIGNUM *order = order_of(c);
        BIGNUM *half = BN_dup(order);
        BN_rshift1(half, half);
        BIGNUM *values[80];
        size_t count = interesting(order, values);
        for (size_t i = 0; i < count * count; i++) {
            const BIGNUM *r = values[i / count];
            const BIGNUM *s = values[i % count];
            uint8_t der[SVMS_ECDSA_DER_MAX];
            uint8_t raw[2 * SVMS_ECDSA_WIDTH_MAX];
            uint8_t expected[2 * SVMS_ECDSA_WIDTH_MAX];
            size_t der_size = to_der(r, s, der);
            BIGNUM *low = BN_dup(s);
            if (BN_cmp(s, half) > 0) {
                BN_sub(low, order, s);
            }
            BN_bn2binpad(r, expected, (int)width);
            BN_bn2binpad(low, expected + width, (int)width);
            assert_true(svms_ecdsa_to_raw(der, der_size, width, raw));
            assert_memory_equal(raw, expected, 2 * width);

            uint8_t canonical[SVMS_ECDSA_DER_MAX];
            uint8_t back[SVMS_ECDSA_DER_MAX];
            size_t back_size = 0;
            size_t canonical_size = to_der(r, low, canonical);
            assert_true(svms_ecdsa_to_der(raw, width, back, &back_size));
            assert_int_equal(back_size, canonical_size);
            assert_memory_equal(back, canonical, canonical_size);
            BN_free(low);
        }
        for (size_t i = 0; i < count; i++) {
            BN_free(values[i]);
        }
        BN_free(half);
        BN_free(order);
    }
}

static void values_out_of_range_have_no_der(void **state)
{
    (void)state;
    for (size_t c = 0; c < 2; c++) {
        size_t width = curves[c].width;
        BIGNUM *order = order_of(c);
        BIGNUM *half = BN_dup(order);
        BN_rshift1(half, half);
        BIGNUM *one = BN_new();
        BN_one(one);
        BIGNUM *zero = BN_new();
        BIGNUM *above_half = BN_dup(half);
        BN_add_word(above_half, 1);
        BIGNUM *last = BN_dup(order);
        BN_sub_word(last, 1);
        BIGNUM *ones = BN_new();
        BN_set_bit(ones, (int)width * 8);
        BN_sub_word(ones, 1);
        const struct {
            const BIGNUM *r;
            const BIGNUM *s;
            bool taken;
        } table[] = {
            { one, one, true },    { last, half, true },       { zero, one, false },
            { one, zero, false },  { zero, zero, false },      { order, one, false },
            { ones, one, false },  { one, above_half, false }, { one, last, false },
            { one, order, false }, { one, ones, false },
        };
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
            uint8_t raw[2 * SVMS_ECDSA_WIDTH_MAX];
            uint8_t der[SVMS_ECDSA_DER_MAX];
            size_t size = 0;
            BN_bn2binpad(table[i].r, raw, (int)width);
            BN_bn2binpad(table[i].s, raw + width, (int)width);
            assert_int_equal(svms_ecdsa_to_der(raw, width, der, &size), table[i].taken);
        }
        BN_free(ones);
        BN_free(last);
        BN_free(above_half);
        BN_free(zero);
        BN_free(one);
        BN_free(half);
        BN_free(order);
    }
}

static void der_that_is_no_signature_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } table[] = {
        { "", 0 },
        { "\x30", 1 },
        { "\x30\x00", 2 },
        { "\x31\x06\x02\x01\x01\x02\x01\x01", 8 },
        { "\x30\x06\x03\x01\x01\x02\x01\x01", 8 },
        { "\x30\x06\x02\x01\x01\x03\x01\x01", 8 },
        { "\x30\x05\x02\x01\x01\x02\x01\x01", 8 },
        { "\x30\x07\x02\x01\x01\x02\x01\x01", 8 },
        { "\x30\x06\x02\x01\x01\x02\x01\x01\x00", 9 },
        { "\x30\x07\x02\x01\x01\x02\x01\x01\x00", 9 },
        { "\x30\x05\x02\x00\x02\x01\x01", 7 },
        { "\x30\x06\x02\x01\x01\x02\x02\x01", 8 },
        { "\x30\x03\x02\x01\x01", 5 },
    };
    uint8_t raw[2 * SVMS_ECDSA_WIDTH_MAX];
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_false(svms_ecdsa_to_raw((const uint8_t *)table[i].bytes, table[i].size, 32, raw));
    }
    assert_true(svms_ecdsa_to_raw((const uint8_t *)"\x30\x06\x02\x01\x01\x02\x01\x01", 8, 32, raw));

    /* 33 significant bytes do not fit 32. */
    uint8_t wide[2 + 2 + 33 + 3] = { 0x30, 38, 0x02, 33 };
    memset(wide + 4, 1, 33);
    memcpy(wide + 37, "\x02\x01\x01", 3);
    assert_false(svms_ecdsa_to_raw(wide, sizeof wide, 32, raw));
    assert_true(svms_ecdsa_to_raw(wide, sizeof wide, 48, raw));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_der_signature_becomes_the_same_low_s_and_comes_back),
        cmocka_unit_test(values_out_of_range_have_no_der),
        cmocka_unit_test(der_that_is_no_signature_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
