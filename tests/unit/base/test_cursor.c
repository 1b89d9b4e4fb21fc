/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include <string.h>

#include "cursor.h"

static const uint8_t bytes[] = { 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xF6, 0xF7, 0xF8 };

static void integers_are_big_endian(void **state)
{
    (void)state;
    svms_cursor c = svms_cursor_over(bytes, sizeof bytes, 0);
    assert_int_equal(svms_read_u8(&c), 0xF1);
    assert_int_equal(svms_read_u16(&c), 0xF2F3);
    assert_int_equal(svms_read_u24(&c), 0xF4F5F6);
    assert_int_equal(svms_read_u16(&c), 0xF7F8);
    assert_true(svms_cursor_at_end(&c));

    c = svms_cursor_over(bytes, sizeof bytes, 0);
    assert_true(svms_read_u64(&c) == UINT64_C(0xF1F2F3F4F5F6F7F8));
    c = svms_cursor_over(bytes, sizeof bytes, 0);
    assert_true(svms_read_u32(&c) == 0xF1F2F3F4u);
    c = svms_cursor_over(bytes, sizeof bytes, 0);
    assert_true(svms_read_i32(&c) == -0x0E0D0C0C);
    c = svms_cursor_over(bytes, sizeof bytes, 0);
    assert_true(svms_read_i64(&c) == -INT64_C(0x0E0D0C0B0A090808));
}

static void a_read_that_does_not_fit_yields_zero_for_good(void **state)
{
    (void)state;
    for (size_t size = 0; size < 8; size++) {
        svms_cursor c = svms_cursor_over(bytes, size, 100);
        assert_true(svms_read_u64(&c) == 0);
        assert_true(c.failed);
        assert_true(svms_cursor_offset(&c) == 100);
        assert_int_equal(svms_cursor_left(&c), 0);
        assert_false(svms_cursor_at_end(&c));
        assert_int_equal(svms_read_u8(&c), 0);
        assert_int_equal(svms_read_u16(&c), 0);
        assert_int_equal(svms_read_u24(&c), 0);
        assert_int_equal(svms_read_u32(&c), 0);
        assert_true(svms_read_i64(&c) == 0);
        assert_null(svms_read_bytes(&c, 0));
        assert_false(svms_skip(&c, 0));
        assert_false(svms_read_zeros(&c, 0));
        assert_true(svms_read_sub(&c, 0).failed);
        assert_true(svms_cursor_offset(&c) == 100);
    }
}

static void sizes_near_the_maximum_do_not_wrap(void **state)
{
    (void)state;
    svms_cursor c = svms_cursor_over(bytes, sizeof bytes, 0);
    assert_true(svms_skip(&c, 3));
    assert_null(svms_read_bytes(&c, SIZE_MAX - 2));
    assert_true(c.failed);
}

static void offsets_count_from_the_origin(void **state)
{
    (void)state;
    svms_cursor c = svms_cursor_over(bytes, sizeof bytes, 1000);
    svms_skip(&c, 5);
    assert_true(svms_cursor_offset(&c) == 1005);
    assert_int_equal(svms_cursor_left(&c), 3);
}

static void copies_are_zeroed_when_they_do_not_fit(void **state)
{
    (void)state;
    uint8_t out[4] = { 9, 9, 9, 9 };
    svms_cursor c = svms_cursor_over(bytes, 6, 0);
    svms_read_copy(&c, out, sizeof out);
    assert_memory_equal(out, bytes, 4);
    svms_read_copy(&c, out, sizeof out);
    assert_memory_equal(out, "\0\0\0\0", 4);
    assert_true(c.failed);
    svms_read_copy(&c, NULL, 0);
}

static void empty_reads_give_a_valid_pointer(void **state)
{
    (void)state;
    svms_cursor c = svms_cursor_over(NULL, 0, 0);
    assert_false(c.failed);
    assert_non_null(svms_read_bytes(&c, 0));
    assert_true(svms_read_zeros(&c, 0));
    assert_true(svms_cursor_at_end(&c));
    assert_true(svms_cursor_over(NULL, 1, 0).failed);
}

static void a_sub_cursor_holds_its_bytes_and_no_more(void **state)
{
    (void)state;
    svms_cursor c = svms_cursor_over(bytes, sizeof bytes, 50);
    svms_skip(&c, 1);
    svms_cursor sub = svms_read_sub(&c, 3);
    assert_true(svms_cursor_offset(&sub) == 51);
    assert_int_equal(svms_read_u24(&sub), 0xF2F3F4);
    assert_true(svms_cursor_at_end(&sub));
    svms_read_u8(&sub);
    assert_true(sub.failed);
    assert_false(c.failed);
    assert_int_equal(svms_read_u8(&c), 0xF5);
    sub = svms_read_sub(&c, 4);
    assert_true(sub.failed);
    assert_true(c.failed);
}

static void zeros_that_are_not_zero_are_named(void **state)
{
    (void)state;
    static const uint8_t padding[] = { 0, 0, 0, 5, 0 };
    svms_cursor c = svms_cursor_over(padding, sizeof padding, 10);
    assert_true(svms_read_zeros(&c, 2));
    assert_true(svms_cursor_offset(&c) == 12);
    assert_false(svms_read_zeros(&c, 3));
    assert_true(c.failed);
    assert_true(svms_cursor_offset(&c) == 13);
    c = svms_cursor_over(padding, 2, 0);
    assert_false(svms_read_zeros(&c, 3));
}

static void bits_come_most_significant_first(void **state)
{
    (void)state;
    static const uint8_t pattern[] = { 0xA5, 0x3C, 0xFF, 0x00, 0x81 };
    svms_bits b = svms_bits_over(pattern, sizeof pattern);
    assert_int_equal(svms_bits_read(&b, 0), 0);
    assert_int_equal(svms_bits_read(&b, 1), 1);
    assert_int_equal(svms_bits_read(&b, 3), 2);
    assert_int_equal(svms_bits_read(&b, 6), 0x14);
    assert_int_equal(svms_bits_read(&b, 13), 0x1E7F);
    assert_int_equal(svms_bits_read(&b, 17), 0x10081);
    assert_false(b.failed);
    assert_int_equal(svms_bits_read(&b, 1), 0);
    assert_true(b.failed);

    b = svms_bits_over(pattern, sizeof pattern);
    assert_true(svms_bits_read(&b, 32) == 0xA53CFF00u);
    b = svms_bits_over(pattern, sizeof pattern);
    assert_int_equal(svms_bits_read(&b, 33), 0);
    assert_true(b.failed);
}

static void too_few_bits_fail_without_being_consumed(void **state)
{
    (void)state;
    svms_bits b = svms_bits_over(bytes, 2);
    svms_bits_read(&b, 10);
    assert_int_equal(svms_bits_read(&b, 7), 0);
    assert_true(b.failed);
    assert_int_equal(b.position, 10);
    assert_true(svms_bits_over(bytes, SIZE_MAX).failed);
    assert_true(svms_bits_over(NULL, 1).failed);
    b = svms_bits_over(NULL, 0);
    assert_int_equal(svms_bits_ue(&b), 0);
    assert_true(b.failed);
}

/* ITU-T H.264, tables 9-2 and 9-3. */
static void exp_golomb_codes_have_their_standard_values(void **state)
{
    (void)state;
    static const struct {
        uint8_t code[9];
        uint32_t ue;
        int32_t se;
        size_t bits;
    } table[] = {
        { { 0x80 }, 0, 0, 1 },
        { { 0x40 }, 1, 1, 3 },
        { { 0x60 }, 2, -1, 3 },
        { { 0x20 }, 3, 2, 5 },
        { { 0x28 }, 4, -2, 5 },
        { { 0x30 }, 5, 3, 5 },
        { { 0x38 }, 6, -3, 5 },
        { { 0x10 }, 7, 4, 7 },
        { { 0x12 }, 8, -4, 7 },
        { { 0x14 }, 9, 5, 7 },
        /* 31 leading zeros: the longest that is taken. */
        { { 0, 0, 0, 0x01, 0, 0, 0, 0 }, UINT32_C(0x7FFFFFFF), INT32_C(0x40000000), 63 },
        { { 0, 0, 0, 0x01, 0xFF, 0xFF, 0xFF, 0xFE }, UINT32_MAX - 1, -INT32_MAX, 63 },
        { { 0, 0, 0, 0x01, 0xFF, 0xFF, 0xFF, 0xFC }, UINT32_MAX - 2, INT32_MAX, 63 },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        svms_bits b = svms_bits_over(table[i].code, sizeof table[i].code);
        assert_true(svms_bits_ue(&b) == table[i].ue);
        assert_int_equal(b.position, table[i].bits);
        b = svms_bits_over(table[i].code, sizeof table[i].code);
        assert_true(svms_bits_se(&b) == table[i].se);
        assert_false(b.failed);
    }
}

static void endless_and_cut_exp_golomb_codes_fail(void **state)
{
    (void)state;
    static const uint8_t too_long[] = { 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF };
    svms_bits b = svms_bits_over(too_long, sizeof too_long);
    assert_int_equal(svms_bits_ue(&b), 0);
    assert_true(b.failed);
    static const uint8_t cut[] = { 0x00, 0x80 };
    b = svms_bits_over(cut, sizeof cut);
    assert_int_equal(svms_bits_ue(&b), 0);
    assert_true(b.failed);
    b = svms_bits_over(cut, 1);
    assert_int_equal(svms_bits_se(&b), 0);
    assert_true(b.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_big_endian),
        cmocka_unit_test(a_read_that_does_not_fit_yields_zero_for_good),
        cmocka_unit_test(sizes_near_the_maximum_do_not_wrap),
        cmocka_unit_test(offsets_count_from_the_origin),
        cmocka_unit_test(copies_are_zeroed_when_they_do_not_fit),
        cmocka_unit_test(empty_reads_give_a_valid_pointer),
        cmocka_unit_test(a_sub_cursor_holds_its_bytes_and_no_more),
        cmocka_unit_test(zeros_that_are_not_zero_are_named),
        cmocka_unit_test(bits_come_most_significant_first),
        cmocka_unit_test(too_few_bits_fail_without_being_consumed),
        cmocka_unit_test(exp_golomb_codes_have_their_standard_values),
        cmocka_unit_test(endless_and_cut_exp_golomb_codes_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
