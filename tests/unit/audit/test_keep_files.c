/* SPDX-License-Identifier: Apache-2.0 */
/* The files of retention, as bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "holds.h"
#include "kept.h"

static svms_ctx *ctx;

static int set_up(void **state)
{
    (void)state;
    return svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    svms_ctx_free(&ctx);
    return 0;
}

#define BYTES(text) text, sizeof text - 1

static void kept_records_are_found_by_their_place(void **state)
{
    (void)state;
    svms_kept kept;
    svms_builder bytes = svms_builder_new(ctx, SVMS_KEPT_MAX);
    svms_put_kept(&bytes, 0, "first", 5);
    svms_put_kept(&bytes, 7, "seventh", 7);
    svms_put_kept(&bytes, 255, "last", 4);
    assert_int_equal(svms_kept_parse(&kept, bytes.data, bytes.size, NULL), SVMS_OK);
    assert_int_equal(kept.count, 3);
    assert_memory_equal(svms_kept_find(&kept, 7)->record, "seventh", 7);
    assert_memory_equal(svms_kept_find(&kept, 255)->record, "last", 4);
    assert_null(svms_kept_find(&kept, 8));
    for (size_t size = 1; size < bytes.size; size++) {
        svms_status status = svms_kept_parse(&kept, bytes.data, size, NULL);
        assert_int_equal(status, size == 9 || size == 20 ? SVMS_OK : SVMS_E_TRUNCATED);
    }
    svms_builder_clear(&bytes);
}

static void what_is_no_file_of_kept_records_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } bad[] = {
        { "", 0 },
        { BYTES("\x01\x00\x00\x01x") },                  /* no such place */
        { BYTES("\x00\x02\x00\x01x\x00\x02\x00\x01x") }, /* twice */
        { BYTES("\x00\x02\x00\x01x\x00\x01\x00\x01x") }, /* descending */
        { BYTES("\x00\x02\x00\x00") },                   /* empty */
    };
    svms_kept kept;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(svms_kept_parse(&kept, bad[i].bytes, bad[i].size, NULL), SVMS_E_MALFORMED);
    }
    svms_builder bytes = svms_builder_new(ctx, SVMS_KEPT_MAX);
    svms_put_u16(&bytes, 3);
    svms_put_u16(&bytes, SVMS_AUDIT_RECORD_MAX + 1);
    svms_put_zeros(&bytes, SVMS_AUDIT_RECORD_MAX + 1);
    assert_int_equal(svms_kept_parse(&kept, bytes.data, bytes.size, NULL), SVMS_E_MALFORMED);
    svms_builder_clear(&bytes);
}

static void kept_files_are_spelt_like_tiles(void **state)
{
    (void)state;
    char path[SVMS_TILE_PATH_MAX];
    svms_kept_path(7, path);
    assert_string_equal(path, "kept/007");
    svms_kept_path(1234067, path);
    assert_string_equal(path, "kept/x001/x234/067");
}

static void the_minimum_is_two_numbers(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",         "512\n",    "512\n512",     "256\n512\n", "512\n0512\n",
        "511\n0\n", "512\n1\n", "512\n512\n\n", "-1\n0\n",    "562949953421312\n0\n",
    };
    svms_log_minimum minimum;
    svms_builder again = svms_builder_new(ctx, 64);
    assert_int_equal(svms_log_minimum_parse(&minimum, BYTES("512\n256\n"), NULL), SVMS_OK);
    assert_int_equal(minimum.first, 512);
    assert_int_equal(minimum.cleared, 256);
    svms_put_log_minimum(&again, &minimum);
    assert_int_equal(again.size, 8);
    assert_memory_equal(again.data, "512\n256\n", 8);
    svms_builder_clear(&again);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(svms_log_minimum_parse(&minimum, bad[i], strlen(bad[i]), NULL),
                         SVMS_E_MALFORMED);
    }
}

static void holds_have_one_spelling(void **state)
{
    (void)state;
    static const char good[] = "case-17 0 5 -\n"
                               "case-17 0 5 2026-03-04T05:06:07.000Z\n"
                               "B.9_x 7 281474976710655 2026-03-04T05:06:07.000000001Z\n";
    static const char *const bad[] = {
        "case",
        "case 0 5 -",
        "case 0 5\n",
        "case  0 5 -\n",
        " 0 5 -\n",
        "case 00 5 -\n",
        "case 6 5 -\n",
        "case 0 281474976710656 -\n",
        "case 0 5 2026-03-04T05:06:07Z\n",
        "case 0 5 2026-03-04T06:06:07.000+01:00\n",
        "case 0 5 never\n",
        "ca/se 0 5 -\n",
        "case 0 5 - \n",
        "case 0 5 -\ncase 0 5 -\n",
        "\n",
    };
    svms_holds holds;
    svms_builder again = svms_builder_new(ctx, SVMS_HOLDS_TEXT_MAX);
    assert_int_equal(svms_holds_parse(&holds, ctx, BYTES(good), NULL), SVMS_OK);
    assert_int_equal(holds.count, 3);
    for (size_t i = 0; i < holds.count; i++) {
        svms_put_hold(&again, &holds.hold[i]);
    }
    assert_int_equal(again.size, sizeof good - 1);
    assert_memory_equal(again.data, good, again.size);
    svms_builder_clear(&again);
    svms_holds_clear(&holds);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(svms_holds_parse(&holds, ctx, bad[i], strlen(bad[i]), NULL),
                         SVMS_E_MALFORMED);
        svms_holds_clear(&holds);
    }
}

static void holds_are_bounded(void **state)
{
    (void)state;
    svms_holds holds;
    svms_hold one = { .name = "x", .until_utc_ns = INT64_MIN };
    assert_int_equal(svms_holds_parse(&holds, ctx, "", 0, NULL), SVMS_OK);
    for (unsigned i = 0; i < SVMS_HOLDS_MAX; i++) {
        assert_int_equal(svms_holds_add(&holds, &one, NULL), SVMS_OK);
    }
    assert_int_equal(svms_holds_add(&holds, &one, NULL), SVMS_E_LIMIT);
    svms_holds_clear(&holds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_records_are_found_by_their_place),
        cmocka_unit_test(what_is_no_file_of_kept_records_is_refused),
        cmocka_unit_test(kept_files_are_spelt_like_tiles),
        cmocka_unit_test(the_minimum_is_two_numbers),
        cmocka_unit_test(holds_have_one_spelling),
        cmocka_unit_test(holds_are_bounded),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
