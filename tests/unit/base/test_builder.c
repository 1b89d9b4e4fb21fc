/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include <string.h>

#include "builder.h"
#include "failing_allocator.h"

typedef struct fixture {
    failing_allocator allocator;
    svms_ctx *ctx;
} fixture;

static fixture set_up(void)
{
    fixture f = { { NEVER_FAILS, 0 }, NULL };
    return f;
}

static svms_ctx *context_of(fixture *f)
{
    svms_ctx_options options = failing_options(&f->allocator);
    assert_int_equal(svms_ctx_new(&f->ctx, &options, NULL), SVMS_OK);
    return f->ctx;
}

static void tear_down(fixture *f)
{
    svms_ctx_free(&f->ctx);
    assert_int_equal(f->allocator.live, 0);
}

static void fields_are_big_endian_and_in_order(void **state)
{
    (void)state;
    fixture f = set_up();
    svms_builder b = svms_builder_new(context_of(&f), 1000);
    svms_put_u8(&b, 0x01);
    svms_put_u16(&b, 0x0203);
    svms_put_u32(&b, 0x04050607);
    svms_put_u64(&b, UINT64_C(0x08090A0B0C0D0E0F));
    svms_put_i32(&b, -2);
    svms_put_i64(&b, INT64_MIN);
    svms_put_bytes(&b, "xy", 2);
    svms_put_bytes(&b, NULL, 0);
    svms_put_zeros(&b, 2);
    svms_put_zeros(&b, 0);
    svms_patch_u32(&b, 3, 0xA0A1A2A3);
    static const uint8_t expected[] = {
        0x01, 0x02, 0x03, 0xA0, 0xA1, 0xA2, 0xA3, 0x08, 0x09, 0x0A, 0x0B,
        0x0C, 0x0D, 0x0E, 0x0F, 0xFF, 0xFF, 0xFF, 0xFE, 0x80, 0,    0,
        0,    0,    0,    0,    0,    'x',  'y',  0,    0,
    };
    assert_int_equal(svms_builder_check(&b, "it", NULL), SVMS_OK);
    assert_int_equal(b.size, sizeof expected);
    assert_memory_equal(b.data, expected, sizeof expected);
    svms_builder_clear(&b);
    assert_null(b.data);
    svms_builder_clear(&b);
    svms_builder_clear(NULL);
    tear_down(&f);
}

static void nothing_is_allocated_before_the_first_append(void **state)
{
    (void)state;
    fixture f = set_up();
    svms_ctx *ctx = context_of(&f);
    long live = f.allocator.live;
    svms_builder b = svms_builder_new(ctx, 10);
    assert_int_equal(f.allocator.live, live);
    svms_put_bytes(&b, NULL, 0);
    assert_int_equal(f.allocator.live, live);
    tear_down(&f);
}

static void the_maximum_is_reached_but_not_passed(void **state)
{
    (void)state;
    fixture f = set_up();
    svms_ctx *ctx = context_of(&f);
    static const size_t maxima[] = { 0, 1, 255, 256, 257, 1000 };
    for (size_t i = 0; i < sizeof maxima / sizeof maxima[0]; i++) {
        svms_builder b = svms_builder_new(ctx, maxima[i]);
        for (size_t n = 0; n < maxima[i]; n++) {
            svms_put_u8(&b, (uint8_t)n);
        }
        assert_int_equal(b.status, SVMS_OK);
        assert_int_equal(b.size, maxima[i]);
        svms_put_u8(&b, 1);
        assert_int_equal(b.status, SVMS_E_LIMIT);
        assert_int_equal(b.size, maxima[i]);
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_builder_check(&b, "the header", &err), SVMS_E_LIMIT);
        assert_non_null(strstr(err.message, "the header exceeds its maximum of "));
        for (size_t n = 0; n < maxima[i]; n++) {
            assert_int_equal(b.data[n], (uint8_t)n);
        }
        svms_builder_clear(&b);
    }
    tear_down(&f);
}

static void a_failed_append_stops_all_that_follow(void **state)
{
    (void)state;
    fixture f = set_up();
    svms_builder b = svms_builder_new(context_of(&f), 4);
    svms_put_u16(&b, 1);
    svms_put_bytes(&b, "abc", 3);
    svms_put_u8(&b, 1);
    svms_put_u32(&b, 1);
    svms_put_u64(&b, 1);
    svms_put_zeros(&b, 1);
    svms_put_bytes(&b, "a", SIZE_MAX);
    svms_patch_u32(&b, 0, 1);
    assert_int_equal(b.size, 2);
    assert_int_equal(b.status, SVMS_E_LIMIT);
    svms_builder_reset(&b);
    assert_int_equal(b.status, SVMS_OK);
    assert_int_equal(b.size, 0);
    svms_put_u32(&b, 0x01020304);
    assert_memory_equal(b.data, "\1\2\3\4", 4);
    svms_builder_clear(&b);
    tear_down(&f);
}

static void want_of_memory_is_reported_and_keeps_what_was_there(void **state)
{
    (void)state;
    fixture f = set_up();
    svms_builder b = svms_builder_new(context_of(&f), 10000);
    svms_put_zeros(&b, 256);
    f.allocator.until_failure = 0;
    svms_put_u8(&b, 1);
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_builder_check(&b, "it", &err), SVMS_E_NO_MEMORY);
    assert_string_equal(err.message, "out of memory");
    assert_int_equal(b.size, 256);
    svms_builder_clear(&b);
    tear_down(&f);
}

static void a_patch_outside_is_a_defect(void **state)
{
    (void)state;
    fixture f = set_up();
    svms_ctx *ctx = context_of(&f);
    static const size_t positions[] = { 1, 4, SIZE_MAX - 1 };
    for (size_t i = 0; i < sizeof positions / sizeof positions[0]; i++) {
        svms_builder b = svms_builder_new(ctx, 100);
        svms_put_u32(&b, 7);
        svms_patch_u32(&b, positions[i], 1);
        assert_int_equal(svms_builder_check(&b, "it", NULL), SVMS_E_INTERNAL);
        svms_builder_clear(&b);
    }
    svms_builder empty = svms_builder_new(ctx, 100);
    svms_patch_u32(&empty, 0, 1);
    assert_int_equal(svms_builder_check(&empty, "it", NULL), SVMS_E_INTERNAL);
    tear_down(&f);
}

static void growth_keeps_the_content(void **state)
{
    (void)state;
    fixture f = set_up();
    svms_builder b = svms_builder_new(context_of(&f), SIZE_MAX);
    for (uint32_t i = 0; i < 20000; i++) {
        svms_put_u32(&b, i);
    }
    assert_int_equal(b.status, SVMS_OK);
    uint8_t one[4];
    for (uint32_t i = 0; i < 20000; i++) {
        svms_store_u32(one, i);
        assert_memory_equal(b.data + 4 * (size_t)i, one, 4);
    }
    svms_builder_clear(&b);
    tear_down(&f);
}

static void stores_are_big_endian(void **state)
{
    (void)state;
    uint8_t out[8];
    svms_store_u16(out, 0x0102);
    assert_memory_equal(out, "\1\2", 2);
    svms_store_u32(out, 0x01020304);
    assert_memory_equal(out, "\1\2\3\4", 4);
    svms_store_u64(out, UINT64_C(0x0102030405060708));
    assert_memory_equal(out, "\1\2\3\4\5\6\7\10", 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_big_endian_and_in_order),
        cmocka_unit_test(nothing_is_allocated_before_the_first_append),
        cmocka_unit_test(the_maximum_is_reached_but_not_passed),
        cmocka_unit_test(a_failed_append_stops_all_that_follow),
        cmocka_unit_test(want_of_memory_is_reported_and_keeps_what_was_there),
        cmocka_unit_test(a_patch_outside_is_a_defect),
        cmocka_unit_test(growth_keeps_the_content),
        cmocka_unit_test(stores_are_big_endian),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
