/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <svms/media.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

typedef struct {
    uint32_t marker;
    size_t offset;
    size_t size;
    size_t scan_offset;
    size_t scan_size;
} expected_segment;

typedef struct {
    const char *what;
    size_t size;
    uint8_t bytes[32];
    size_t count;
    expected_segment segments[5];
    svms_status status;
    uint64_t offset;
} jpeg_case;

static const jpeg_case cases[] = {
    { "a scan with restart markers and stuffed bytes",
      23,
      { 0xFF, 0xD8, 0xFF, 0xFE, 0,    3,    7,    0xFF, 0xDA, 0,    2,   0x11,
        0xFF, 0,    0xFF, 0xD0, 0x22, 0xFF, 0xD7, 0x33, 0x44, 0xFF, 0xD9 },
      4,
      { { 0xD8, 0, 0, 0, 0 }, { 0xFE, 2, 1, 0, 0 }, { 0xDA, 7, 0, 11, 10 }, { 0xD9, 21, 0, 0, 0 } },
      SVMS_END,
      0 },
    { "two scans, fill bytes before markers, bytes after EOI",
      25,
      { 0xFF, 0xD8, 0xFF, 0xFF, 0xDB, 0,    2,    0xFF, 0xDA, 0,    2, 1, 0xFF,
        0xFF, 0xDA, 0,    2,    0x01, 0x02, 0xFF, 0xFF, 0xFF, 0xD9, 9, 9 },
      5,
      { { 0xD8, 0, 0, 0, 0 },
        { 0xDB, 3, 0, 0, 0 },
        { 0xDA, 7, 0, 11, 1 },
        { 0xDA, 13, 0, 17, 2 },
        { 0xD9, 21, 0, 0, 0 } },
      SVMS_END,
      0 },
    { "a marker without length",
      6,
      { 0xFF, 0xD8, 0xFF, 0x01, 0xFF, 0xD9 },
      3,
      { { 0xD8, 0, 0, 0, 0 }, { 0x01, 2, 0, 0, 0 }, { 0xD9, 4, 0, 0, 0 } },
      SVMS_END,
      0 },
    { "no SOI", 4, { 0xFF, 0xDB, 0, 2 }, 0, { { 0, 0, 0, 0, 0 } }, SVMS_E_MALFORMED, 0 },
    { "fill bytes before SOI",
      3,
      { 0xFF, 0xFF, 0xD8 },
      0,
      { { 0, 0, 0, 0, 0 } },
      SVMS_E_MALFORMED,
      0 },
    { "not even a marker", 2, { 0x00, 0xD8 }, 0, { { 0, 0, 0, 0, 0 } }, SVMS_E_MALFORMED, 0 },
    { "no marker where one must stand",
      5,
      { 0xFF, 0xD8, 0x00, 0xFF, 0xD9 },
      1,
      { { 0xD8, 0, 0, 0, 0 } },
      SVMS_E_MALFORMED,
      2 },
    { "a stuffed byte where a marker must stand",
      4,
      { 0xFF, 0xD8, 0xFF, 0x00 },
      1,
      { { 0xD8, 0, 0, 0, 0 } },
      SVMS_E_MALFORMED,
      2 },
    { "a second SOI",
      4,
      { 0xFF, 0xD8, 0xFF, 0xD8 },
      1,
      { { 0xD8, 0, 0, 0, 0 } },
      SVMS_E_MALFORMED,
      2 },
    { "a restart marker outside a scan",
      4,
      { 0xFF, 0xD8, 0xFF, 0xD3 },
      1,
      { { 0xD8, 0, 0, 0, 0 } },
      SVMS_E_MALFORMED,
      2 },
    { "a length shorter than itself",
      6,
      { 0xFF, 0xD8, 0xFF, 0xDB, 0, 1 },
      1,
      { { 0xD8, 0, 0, 0, 0 } },
      SVMS_E_MALFORMED,
      4 },
    { "a segment that reaches beyond the end",
      7,
      { 0xFF, 0xD8, 0xFF, 0xDB, 0, 4, 1 },
      1,
      { { 0xD8, 0, 0, 0, 0 } },
      SVMS_E_TRUNCATED,
      4 },
    { "half a length",
      5,
      { 0xFF, 0xD8, 0xFF, 0xDB, 0 },
      1,
      { { 0xD8, 0, 0, 0, 0 } },
      SVMS_E_TRUNCATED,
      4 },
    { "a scan without end",
      9,
      { 0xFF, 0xD8, 0xFF, 0xDA, 0, 2, 1, 2, 0xFF },
      1,
      { { 0xD8, 0, 0, 0, 0 } },
      SVMS_E_TRUNCATED,
      9 },
    { "an empty scan without end",
      6,
      { 0xFF, 0xD8, 0xFF, 0xDA, 0, 2 },
      1,
      { { 0xD8, 0, 0, 0, 0 } },
      SVMS_E_TRUNCATED,
      6 },
    { "no EOI", 2, { 0xFF, 0xD8 }, 1, { { 0xD8, 0, 0, 0, 0 } }, SVMS_E_TRUNCATED, 2 },
    { "half a marker", 1, { 0xFF }, 0, { { 0, 0, 0, 0, 0 } }, SVMS_E_TRUNCATED, 1 },
    { "nothing", 0, { 0 }, 0, { { 0, 0, 0, 0, 0 } }, SVMS_E_TRUNCATED, 0 },
};

static void check_case(const jpeg_case *c)
{
    uint8_t *data = malloc(c->size > 0 ? c->size : 1);
    svms_jpeg_iterator it = SVMS_JPEG_ITERATOR_INIT;
    svms_jpeg_segment segment = SVMS_JPEG_SEGMENT_INIT;
    svms_error err = SVMS_ERROR_INIT;
    assert_non_null(data);
    memcpy(data, c->bytes, c->size);
    print_message("%s\n", c->what);
    assert_int_equal(svms_jpeg_begin(&it, data, c->size), SVMS_OK);
    for (size_t i = 0; i < c->count; i++) {
        assert_int_equal(svms_jpeg_next(&it, &segment, &err), SVMS_OK);
        assert_int_equal(segment.marker, c->segments[i].marker);
        assert_int_equal(segment.offset, c->segments[i].offset);
        assert_int_equal(segment.size, c->segments[i].size);
        assert_int_equal(segment.scan_offset, c->segments[i].scan_offset);
        assert_int_equal(segment.scan_size, c->segments[i].scan_size);
        if (segment.size > 0) {
            assert_ptr_equal(segment.data, data + segment.offset + 4);
        }
    }
    for (int again = 0; again < 2; again++) {
        assert_int_equal(svms_jpeg_next(&it, &segment, &err), c->status);
        if (c->status < 0) {
            assert_int_equal(err.offset, c->offset);
        }
    }
    free(data);
}

static void segments_are_found_and_the_bad_byte_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_case(&cases[i]);
    }
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    static const uint8_t data[] = { 0xFF, 0xD8, 0xFF, 0xD9 };
    svms_jpeg_iterator it = SVMS_JPEG_ITERATOR_INIT;
    svms_jpeg_segment segment = SVMS_JPEG_SEGMENT_INIT;
    assert_int_equal(svms_jpeg_begin(NULL, data, sizeof data), SVMS_E_USAGE);
    assert_int_equal(svms_jpeg_begin(&it, NULL, 0), SVMS_E_USAGE);
    assert_int_equal(svms_jpeg_next(&it, &segment, NULL), SVMS_E_USAGE);
    it.struct_size = 4;
    assert_int_equal(svms_jpeg_begin(&it, data, sizeof data), SVMS_E_USAGE);
    it.struct_size = sizeof it;
    assert_int_equal(svms_jpeg_begin(&it, data, sizeof data), SVMS_OK);
    assert_int_equal(svms_jpeg_next(NULL, &segment, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_jpeg_next(&it, NULL, NULL), SVMS_E_USAGE);
    segment.struct_size = 1;
    assert_int_equal(svms_jpeg_next(&it, &segment, NULL), SVMS_E_USAGE);
    segment.struct_size = sizeof segment;
    assert_int_equal(svms_jpeg_next(&it, &segment, NULL), SVMS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_are_found_and_the_bad_byte_is_named),
        cmocka_unit_test(wrong_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
