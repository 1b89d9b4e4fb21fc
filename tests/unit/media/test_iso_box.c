/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes of ISO base media files: what is one, what is none, and that nothing is without bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "iso_box.h"

typedef struct bytes {
    const uint8_t *data;
    size_t size;
    bool fails;
} bytes;

static svms_status read_at(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                           int *os_error)
{
    const bytes *from = user;
    size_t left = offset < from->size ? from->size - (size_t)offset : 0;
    *os_error = 5;
    *got = size < left ? size : left;
    if (from->fails) {
        return SVMS_E_IO;
    }
    memcpy(out, from->data + offset, *got);
    return SVMS_OK;
}

static svms_status get_size(void *user, uint64_t *size, int *os_error)
{
    const bytes *from = user;
    *os_error = 0;
    *size = from->size;
    return SVMS_OK;
}

static svms_source source_of(bytes *from)
{
    svms_source source = SVMS_SOURCE_INIT;
    source.user = from;
    source.read_at = read_at;
    source.get_size = get_size;
    return source;
}

static void boxes_follow_one_another(void **state)
{
    static const uint8_t file[] = { 0,   0,   0,   8,   'f', 't', 'y', 'p', 0,    0,   0,  1,
                                    'm', 'd', 'a', 't', 0,   0,   0,   0,   0,    0,   0,  17,
                                    'x', 0,   0,   0,   0,   'f', 'r', 'e', 0xE9, 'y', 'z' };
    bytes from = { file, sizeof(file), false };
    svms_source source = source_of(&from);
    svms_iso_walk walk = svms_iso_begin(&source, sizeof(file));
    svms_iso_box box;
    (void)state;
    assert_int_equal(svms_iso_next(&walk, &box, NULL), SVMS_OK);
    assert_int_equal(box.type, SVMS_ISO_TYPE('f', 't', 'y', 'p'));
    assert_true(box.offset == 0 && box.size == 8 && box.header_size == 8 && !box.to_end);
    assert_int_equal(svms_iso_next(&walk, &box, NULL), SVMS_OK);
    assert_string_equal(svms_iso_name_of(box.type).text, "mdat");
    assert_true(box.offset == 8 && box.size == 17 && box.header_size == 16);
    assert_true(svms_iso_payload_offset(&box) == 24 && svms_iso_payload_size(&box) == 1);
    assert_int_equal(svms_iso_next(&walk, &box, NULL), SVMS_OK);
    assert_string_equal(svms_iso_name_of(box.type).text, "fre?");
    assert_true(box.to_end && box.size == 10);
    assert_int_equal(svms_iso_next(&walk, &box, NULL), SVMS_END);
    assert_int_equal(svms_iso_next(&walk, &box, NULL), SVMS_END);
}

static void wrong_sizes_are_refused(void **state)
{
    static const struct {
        uint8_t file[20];
        size_t size;
        svms_status top;
        svms_status inner;
    } cases[] = {
        { { 0, 0, 0, 7, 'a', 'b', 'c', 'd' }, 8, SVMS_E_MALFORMED, SVMS_E_MALFORMED },
        { { 0, 0, 0, 9, 'a', 'b', 'c', 'd' }, 8, SVMS_E_TRUNCATED, SVMS_E_MALFORMED },
        { { 0, 0, 0, 8, 'a', 'b', 'c' }, 7, SVMS_E_MALFORMED, SVMS_E_MALFORMED },
        { { 0, 0, 0, 1, 'a', 'b', 'c', 'd', 0, 0, 0 }, 11, SVMS_E_MALFORMED, SVMS_E_MALFORMED },
        { { 0, 0, 0, 1, 'a', 'b', 'c', 'd', 0, 0, 0, 0, 0, 0, 0, 15 },
          16,
          SVMS_E_MALFORMED,
          SVMS_E_MALFORMED },
        { { 0, 0, 0, 1, 'a', 'b', 'c', 'd', 255, 255, 255, 255, 255, 255, 255, 255 },
          16,
          SVMS_E_TRUNCATED,
          SVMS_E_MALFORMED },
        { { 0, 0, 0, 0, 'a', 'b', 'c', 'd' }, 8, SVMS_OK, SVMS_E_MALFORMED },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bytes from = { cases[i].file, cases[i].size, false };
        svms_source source = source_of(&from);
        svms_iso_walk walk = svms_iso_begin(&source, cases[i].size);
        svms_iso_box box;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_iso_next(&walk, &box, &err), cases[i].top);
        assert_true(cases[i].top == SVMS_OK || err.offset == 0);
        walk = svms_iso_begin(&source, cases[i].size);
        walk.depth = 1;
        assert_int_equal(svms_iso_next(&walk, &box, NULL), cases[i].inner);
    }
}

static void a_box_in_a_box_stays_in_it(void **state)
{
    static const uint8_t file[] = { 0, 0, 0, 20, 'm', 'e', 't', 'a', 0,   0,   0,   0,
                                    0, 0, 0, 8,  'h', 'd', 'l', 'r', 'o', 'u', 't', '!' };
    bytes from = { file, sizeof(file), false };
    svms_source source = source_of(&from);
    svms_iso_walk walk = svms_iso_begin(&source, sizeof(file));
    svms_iso_walk inner;
    svms_iso_box box;
    svms_iso_box child;
    (void)state;
    assert_int_equal(svms_iso_next(&walk, &box, NULL), SVMS_OK);
    assert_int_equal(svms_iso_enter(&inner, &walk, &box, 4, NULL), SVMS_OK);
    assert_int_equal(svms_iso_next(&inner, &child, NULL), SVMS_OK);
    assert_int_equal(child.offset, 12);
    assert_int_equal(svms_iso_next(&inner, &child, NULL), SVMS_END);
    assert_int_equal(svms_iso_enter(&inner, &walk, &box, 13, NULL), SVMS_E_MALFORMED);
    assert_int_equal(svms_iso_next(&walk, &box, NULL), SVMS_E_MALFORMED);
}

static void depth_and_number_are_bounded(void **state)
{
    static const uint8_t file[] = { 0, 0, 0, 8, 'b', 'o', 'x', ' ' };
    bytes from = { file, sizeof(file), false };
    svms_source source = source_of(&from);
    svms_iso_walk walk = svms_iso_begin(&source, sizeof(file));
    svms_iso_walk inner;
    svms_iso_box box;
    (void)state;
    walk.count = SVMS_ISO_MAX_FILE_BOXES;
    assert_int_equal(svms_iso_next(&walk, &box, NULL), SVMS_E_LIMIT);
    walk.count = SVMS_ISO_MAX_CHILDREN;
    assert_int_equal(svms_iso_next(&walk, &box, NULL), SVMS_OK);
    walk = svms_iso_begin(&source, sizeof(file));
    walk.depth = SVMS_ISO_MAX_DEPTH - 1;
    walk.count = SVMS_ISO_MAX_CHILDREN;
    assert_int_equal(svms_iso_next(&walk, &box, NULL), SVMS_E_LIMIT);
    assert_int_equal(svms_iso_enter(&inner, &walk, &box, 0, NULL), SVMS_E_LIMIT);
}

static void a_source_that_fails_is_told_of(void **state)
{
    static const uint8_t file[] = { 0, 0, 0, 8, 'b', 'o', 'x', ' ' };
    bytes from = { file, sizeof(file), true };
    svms_source source = source_of(&from);
    svms_iso_walk walk = svms_iso_begin(&source, sizeof(file));
    svms_iso_box box;
    (void)state;
    assert_int_equal(svms_iso_next(&walk, &box, NULL), SVMS_E_IO);
    from.fails = false;
    from.size = 4;
    assert_int_equal(svms_iso_next(&walk, &box, NULL), SVMS_E_TRUNCATED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boxes_follow_one_another),
        cmocka_unit_test(wrong_sizes_are_refused),
        cmocka_unit_test(a_box_in_a_box_stays_in_it),
        cmocka_unit_test(depth_and_number_are_bounded),
        cmocka_unit_test(a_source_that_fails_is_told_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
