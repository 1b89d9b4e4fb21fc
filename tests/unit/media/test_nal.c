/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nal_internal.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

typedef struct {
    uint32_t type;
    size_t offset; /* of the NAL unit header */
    size_t size;
    size_t framed_offset;
    size_t framed_size;
} expected_nal;

typedef struct {
    const char *what;
    uint32_t codec;
    svms_nal_framing framing;
    size_t size;
    uint8_t bytes[24];
    size_t count;
    expected_nal nals[3];
    svms_status status; /* after the last NAL unit */
    uint64_t offset;    /* of the failure */
} nal_case;

static const nal_case cases[] = {
    { "4-byte lengths",
      SVMS_CODEC_H264,
      SVMS_NAL_LENGTH4,
      11,
      { 0, 0, 0, 2, 0x65, 0x88, 0, 0, 0, 1, 0x09 },
      2,
      { { 5, 4, 2, 0, 6 }, { 9, 10, 1, 6, 5 } },
      SVMS_END,
      0 },
    { "2-byte lengths",
      SVMS_CODEC_H265,
      SVMS_NAL_LENGTH2,
      9,
      { 0, 3, 0x26, 0x01, 0xAF, 0, 2, 0x46, 0x01 },
      2,
      { { 19, 2, 3, 0, 5 }, { 35, 7, 2, 5, 4 } },
      SVMS_END,
      0 },
    { "1-byte lengths",
      SVMS_CODEC_H264,
      SVMS_NAL_LENGTH1,
      5,
      { 1, 0x67, 2, 0x68, 0 },
      2,
      { { 7, 1, 1, 0, 2 }, { 8, 3, 2, 2, 3 } },
      SVMS_END,
      0 },
    { "start codes of three and four bytes, zeros between and after",
      SVMS_CODEC_H264,
      SVMS_NAL_ANNEX_B,
      18,
      { 0, 0, 0, 1, 0x67, 0x42, 0, 0, 1, 0x68, 0, 0, 0, 0, 1, 0x65, 0x80, 0 },
      3,
      { { 7, 4, 2, 0, 6 }, { 8, 9, 1, 6, 4 }, { 5, 15, 2, 11, 6 } },
      SVMS_END,
      0 },
    { "leading zeros",
      SVMS_CODEC_H265,
      SVMS_NAL_ANNEX_B,
      9,
      { 0, 0, 0, 0, 0, 0, 1, 0x02, 0x01 },
      1,
      { { 1, 7, 2, 3, 6 } },
      SVMS_END,
      0 },
    { "an H.265 header that begins with zero",
      SVMS_CODEC_H265,
      SVMS_NAL_ANNEX_B,
      11,
      { 0, 0, 1, 0x00, 0x01, 0xAA, 0, 0, 1, 0x00, 0x01 },
      2,
      { { 0, 3, 3, 0, 6 }, { 0, 9, 2, 6, 5 } },
      SVMS_END,
      0 },
    { "emulation prevention stays inside",
      SVMS_CODEC_H264,
      SVMS_NAL_ANNEX_B,
      9,
      { 0, 0, 1, 0x65, 0, 0, 3, 1, 0x80 },
      1,
      { { 5, 3, 6, 0, 9 } },
      SVMS_END,
      0 },
    { "a length one too long",
      SVMS_CODEC_H264,
      SVMS_NAL_LENGTH4,
      11,
      { 0, 0, 0, 2, 0x65, 0x88, 0, 0, 0, 2, 0x09 },
      1,
      { { 5, 4, 2, 0, 6 } },
      SVMS_E_TRUNCATED,
      6 },
    { "the longest length",
      SVMS_CODEC_H264,
      SVMS_NAL_LENGTH4,
      5,
      { 0xFF, 0xFF, 0xFF, 0xFF, 0x65 },
      0,
      { { 0, 0, 0, 0, 0 } },
      SVMS_E_TRUNCATED,
      0 },
    { "half a length",
      SVMS_CODEC_H264,
      SVMS_NAL_LENGTH4,
      8,
      { 0, 0, 0, 1, 0x65, 0, 0, 0 },
      1,
      { { 5, 4, 1, 0, 5 } },
      SVMS_E_TRUNCATED,
      5 },
    { "half a 2-byte length",
      SVMS_CODEC_H264,
      SVMS_NAL_LENGTH2,
      1,
      { 0 },
      0,
      { { 0, 0, 0, 0, 0 } },
      SVMS_E_TRUNCATED,
      0 },
    { "an empty NAL unit",
      SVMS_CODEC_H264,
      SVMS_NAL_LENGTH4,
      5,
      { 0, 0, 0, 0, 0x65 },
      0,
      { { 0, 0, 0, 0, 0 } },
      SVMS_E_MALFORMED,
      4 },
    { "an empty NAL unit between start codes",
      SVMS_CODEC_H264,
      SVMS_NAL_ANNEX_B,
      7,
      { 0, 0, 1, 0, 0, 1, 0x65 },
      0,
      { { 0, 0, 0, 0, 0 } },
      SVMS_E_MALFORMED,
      3 },
    { "half an H.265 header",
      SVMS_CODEC_H265,
      SVMS_NAL_LENGTH4,
      5,
      { 0, 0, 0, 1, 0x26 },
      0,
      { { 0, 0, 0, 0, 0 } },
      SVMS_E_MALFORMED,
      4 },
    { "the forbidden bit",
      SVMS_CODEC_H264,
      SVMS_NAL_LENGTH4,
      5,
      { 0, 0, 0, 1, 0xE5 },
      0,
      { { 0, 0, 0, 0, 0 } },
      SVMS_E_MALFORMED,
      4 },
    { "no start code at all",
      SVMS_CODEC_H264,
      SVMS_NAL_ANNEX_B,
      4,
      { 0x65, 0, 0, 1 },
      0,
      { { 0, 0, 0, 0, 0 } },
      SVMS_E_MALFORMED,
      0 },
    { "a start code with one zero",
      SVMS_CODEC_H264,
      SVMS_NAL_ANNEX_B,
      3,
      { 0, 1, 0x65 },
      0,
      { { 0, 0, 0, 0, 0 } },
      SVMS_E_MALFORMED,
      1 },
    { "only zeros",
      SVMS_CODEC_H264,
      SVMS_NAL_ANNEX_B,
      5,
      { 0, 0, 0, 0, 0 },
      0,
      { { 0, 0, 0, 0, 0 } },
      SVMS_E_MALFORMED,
      0 },
    { "zeros that lead to no start code",
      SVMS_CODEC_H264,
      SVMS_NAL_ANNEX_B,
      9,
      { 0, 0, 1, 0x65, 0x88, 0, 0, 0, 5 },
      1,
      { { 5, 3, 2, 0, 5 } },
      SVMS_E_MALFORMED,
      8 },
    { "nothing",
      SVMS_CODEC_H264,
      SVMS_NAL_LENGTH4,
      0,
      { 0 },
      0,
      { { 0, 0, 0, 0, 0 } },
      SVMS_END,
      0 },
    { "nothing between start codes",
      SVMS_CODEC_H264,
      SVMS_NAL_ANNEX_B,
      0,
      { 0 },
      0,
      { { 0, 0, 0, 0, 0 } },
      SVMS_END,
      0 },
};

/* In memory of its own, so that a sanitizer sees each byte read too far. */
static uint8_t *copy_of(const nal_case *c)
{
    uint8_t *copy = malloc(c->size > 0 ? c->size : 1);
    assert_non_null(copy);
    memcpy(copy, c->bytes, c->size);
    return copy;
}

static void check_case(const nal_case *c)
{
    uint8_t *data = copy_of(c);
    svms_nal_iterator it = SVMS_NAL_ITERATOR_INIT;
    svms_nal nal = SVMS_NAL_INIT;
    svms_error err = SVMS_ERROR_INIT;
    print_message("%s\n", c->what);
    assert_int_equal(svms_nal_begin(&it, c->codec, c->framing, data, c->size), SVMS_OK);
    for (size_t i = 0; i < c->count; i++) {
        assert_int_equal(svms_nal_next(&it, &nal, &err), SVMS_OK);
        assert_int_equal(nal.type, c->nals[i].type);
        assert_ptr_equal(nal.data, data + c->nals[i].offset);
        assert_int_equal(nal.size, c->nals[i].size);
        assert_int_equal(nal.framed_offset, c->nals[i].framed_offset);
        assert_int_equal(nal.framed_size, c->nals[i].framed_size);
    }
    for (int again = 0; again < 2; again++) {
        assert_int_equal(svms_nal_next(&it, &nal, &err), c->status);
        if (c->status < 0) {
            assert_int_equal(err.status, c->status);
            assert_int_equal(err.offset, c->offset);
        }
    }
    free(data);
}

static void every_framing_yields_the_units_and_names_the_bad_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_case(&cases[i]);
    }
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    static const uint8_t data[] = { 0, 0, 0, 1, 0x65 };
    svms_nal_iterator it = SVMS_NAL_ITERATOR_INIT;
    svms_nal_iterator unset = SVMS_NAL_ITERATOR_INIT;
    svms_nal nal = SVMS_NAL_INIT;
    uint32_t h264 = SVMS_CODEC_H264;
    assert_int_equal(svms_nal_begin(NULL, h264, SVMS_NAL_LENGTH4, data, 5), SVMS_E_USAGE);
    assert_int_equal(svms_nal_begin(&it, h264, SVMS_NAL_LENGTH4, NULL, 5), SVMS_E_USAGE);
    assert_int_equal(svms_nal_begin(&it, SVMS_CODEC_AAC, SVMS_NAL_LENGTH4, data, 5), SVMS_E_USAGE);
    assert_int_equal(svms_nal_begin(&it, h264, (svms_nal_framing)4, data, 5), SVMS_E_USAGE);
    unset.struct_size = 0;
    assert_int_equal(svms_nal_begin(&unset, h264, SVMS_NAL_LENGTH4, data, 5), SVMS_E_USAGE);
    assert_int_equal(svms_nal_next(&it, &nal, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_nal_begin(&it, h264, SVMS_NAL_LENGTH4, data, 5), SVMS_OK);
    assert_int_equal(svms_nal_next(NULL, &nal, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_nal_next(&it, NULL, NULL), SVMS_E_USAGE);
    nal.struct_size = 0;
    assert_int_equal(svms_nal_next(&it, &nal, NULL), SVMS_E_USAGE);
    nal.struct_size = sizeof nal;
    assert_int_equal(svms_nal_next(&it, &nal, NULL), SVMS_OK);
}

static void a_shorter_struct_of_an_older_caller_is_filled_as_far_as_it_goes(void **state)
{
    (void)state;
    static const uint8_t data[] = { 0, 0, 0, 1, 0x65 };
    svms_nal_iterator it = SVMS_NAL_ITERATOR_INIT;
    svms_nal nal = SVMS_NAL_INIT;
    nal.struct_size = offsetof(svms_nal, framed_offset);
    nal.framed_size = 77;
    assert_int_equal(svms_nal_begin(&it, SVMS_CODEC_H264, SVMS_NAL_LENGTH4, data, 5), SVMS_OK);
    assert_int_equal(svms_nal_next(&it, &nal, NULL), SVMS_OK);
    assert_int_equal(nal.struct_size, offsetof(svms_nal, framed_offset));
    assert_int_equal(nal.type, 5);
    assert_int_equal(nal.framed_size, 77);
}

typedef struct {
    size_t size;
    uint8_t nal[12];
    size_t payload_size;
    uint8_t payload[12];
} payload_case;

static void emulation_prevention_is_taken_out_everywhere(void **state)
{
    (void)state;
    static const payload_case table[] = {
        { 5, { 0x65, 0, 0, 3, 1 }, 3, { 0, 0, 1 } },
        { 4, { 0x65, 0, 0, 3 }, 2, { 0, 0 } },
        { 8, { 0x65, 0, 0, 3, 0, 0, 3, 0 }, 5, { 0, 0, 0, 0, 0 } },
        { 7, { 0x65, 0, 0, 3, 3, 0, 3 }, 5, { 0, 0, 3, 0, 3 } },
        { 6, { 0x65, 0, 3, 0, 0, 3 }, 4, { 0, 3, 0, 0 } },
        { 4, { 0x65, 3, 3, 3 }, 3, { 3, 3, 3 } },
        { 1, { 0x65 }, 0, { 0 } },
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        svms_nal nal;
        uint8_t out[12];
        assert_true(svms_nal_over(&nal, SVMS_CODEC_H264, table[i].nal, table[i].size));
        assert_int_equal(svms_nal_payload(&nal, SVMS_CODEC_H264, out, sizeof out),
                         table[i].payload_size);
        assert_memory_equal(out, table[i].payload, table[i].payload_size);
        for (size_t room = 0; room < table[i].payload_size; room++) {
            assert_int_equal(svms_nal_payload(&nal, SVMS_CODEC_H264, out, room), room);
        }
    }
}

/* Longer units are searched in blocks: every place, so that each block boundary has its turn. */
static void a_start_code_inside_a_unit_is_noticed(void **state)
{
    (void)state;
    static const size_t sizes[] = { 4, 64, 512, 513, 514, 515, 516, 1024, 1025, 1026, 1100 };
    for (size_t i = 0; i < COUNT(sizes); i++) {
        size_t size = sizes[i];
        uint8_t *bytes = malloc(size);
        svms_nal nal;
        assert_non_null(bytes);
        memset(bytes, 0xA5, size);
        bytes[0] = 0x65;
        assert_true(svms_nal_over(&nal, SVMS_CODEC_H264, bytes, size));
        assert_true(svms_nal_is_escaped(&nal));
        for (size_t place = 1; place + 3 <= size; place++) {
            for (unsigned last = 0; last < 5; last++) {
                bytes[place] = 0;
                bytes[place + 1] = 0;
                bytes[place + 2] = (uint8_t)last;
                assert_int_equal(svms_nal_is_escaped(&nal), last > 2);
                memset(bytes + place, 0xA5, 3);
            }
        }
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_framing_yields_the_units_and_names_the_bad_byte),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(a_shorter_struct_of_an_older_caller_is_filled_as_far_as_it_goes),
        cmocka_unit_test(emulation_prevention_is_taken_out_everywhere),
        cmocka_unit_test(a_start_code_inside_a_unit_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
