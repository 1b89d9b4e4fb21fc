/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "light_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

typedef struct {
    const char *what;
    uint32_t nal_type;
    uint32_t slice_type;
    int32_t qp_delta;
    bool sync;
    bool whole;
} h264_case;

static const h264_case h264_cases[] = {
    { "P", 1, P_SLICE, 0, false, false },
    { "P, all slices alike", 1, P_SLICE + 5, 0, false, false },
    { "B", 1, B_SLICE, 0, false, false },
    { "flagged sync", 1, P_SLICE, 0, true, true },
    { "IDR", 5, I_SLICE, 0, false, true },
    { "I of an open GOP", 1, I_SLICE, 0, false, true },
    { "I, all slices alike", 1, I_SLICE + 5, 0, false, true },
    { "SP", 1, SP_SLICE, 0, false, true },
    { "SI", 1, SI_SLICE, 0, false, true },
    { "no slice type at all", 1, 10, 0, false, true },
    { "data partition A", 2, P_SLICE, 0, false, true },
    { "data partition B", 3, P_SLICE, 0, false, true },
    { "data partition C", 4, P_SLICE, 0, false, true },
    { "SVC or MVC prefix", 14, P_SLICE, 0, false, true },
    { "auxiliary picture", 19, P_SLICE, 0, false, true },
    { "SVC or MVC slice", 20, P_SLICE, 0, false, true },
    { "3D slice", 21, P_SLICE, 0, false, true },
    { "a quantiser at which macroblocks may be stored raw", 1, P_SLICE, -17, false, true },
    { "the finest quantiser at which they are not", 1, P_SLICE, -16, false, false },
    { "a quantiser that does not exist", 1, P_SLICE, 26, false, true },
};

static void the_kind_of_h264_slice_decides(void **state)
{
    (void)state;
    const h264_options options = { 0 };
    fixture f;
    begin_h264(&f, options);
    for (size_t i = 0; i < COUNT(h264_cases); i++) {
        const h264_case *c = &h264_cases[i];
        print_message("%s\n", c->what);
        append_h264_slice(&f.sample, 1, P_SLICE, options, 0, BIG);
        append_h264_slice(&f.sample, c->nal_type, c->slice_type, options, c->qp_delta, BIG);
        assert_int_equal(plan_is_whole(&f, c->sync), c->whole);
    }
    close_planner(&f);
}

typedef struct {
    const char *what;
    uint32_t nal_type;
    uint32_t slice_type;
    bool whole;
} h265_case;

static const h265_case h265_cases[] = {
    { "P", 1, H265_P_SLICE, false },
    { "B", 0, H265_B_SLICE, false },
    { "RASL", 9, H265_P_SLICE, false },
    { "I that is no random access point", 1, H265_I_SLICE, true },
    { "BLA", 16, H265_I_SLICE, true },
    { "IDR", 20, H265_I_SLICE, true },
    { "CRA", 21, H265_I_SLICE, true },
    { "CRA of P slices", 21, H265_P_SLICE, true },
    { "reserved for random access", 23, H265_I_SLICE, true },
    { "reserved, not for reference", 10, H265_P_SLICE, true },
    { "reserved", 31, H265_P_SLICE, true },
    { "no slice type at all", 1, 4, true },
};

static void the_kind_of_h265_slice_decides(void **state)
{
    (void)state;
    const h265_options options = { 0 };
    fixture f;
    begin_h265(&f, options);
    for (size_t i = 0; i < COUNT(h265_cases); i++) {
        const h265_case *c = &h265_cases[i];
        print_message("%s\n", c->what);
        append_h265_slice(&f.sample, 1, H265_P_SLICE, 0, options, BIG);
        append_h265_slice(&f.sample, c->nal_type, c->slice_type, 7, options, BIG);
        assert_int_equal(plan_is_whole(&f, false), c->whole);
    }
    append_h265_slice(&f.sample, 1, H265_P_SLICE, 0, options, BIG);
    assert_false(plan_is_whole(&f, false));
    append_h265_slice(&f.sample, 1, H265_P_SLICE, 0, options, BIG);
    assert_true(plan_is_whole(&f, true));
    close_planner(&f);
}

static void another_layer_or_no_temporal_identifier_is_whole(void **state)
{
    (void)state;
    static const uint8_t headers[][2] = { { 0x03, 0x01 }, { 0x02, 0x09 }, { 0x02, 0x00 } };
    const h265_options options = { 0 };
    fixture f;
    begin_h265(&f, options);
    for (size_t i = 0; i < COUNT(headers); i++) {
        append_h265_slice(&f.sample, 1, H265_P_SLICE, 0, options, BIG);
        f.sample.data[4] = headers[i][0];
        f.sample.data[5] = headers[i][1];
        assert_true(plan_is_whole(&f, false));
    }
    close_planner(&f);
}

static void a_dependent_segment_needs_its_independent_one(void **state)
{
    (void)state;
    h265_options options = { 0 };
    options.dependent_slices = true;
    fixture f;
    begin_h265(&f, options);
    append_h265_slice(&f.sample, 1, H265_P_SLICE, 0, options, BIG);
    append_h265_slice(&f.sample, 1, H265_DEPENDENT, 9, options, BIG);
    assert_false(plan_is_whole(&f, false));
    assert_int_equal(f.count, 2);
    append_h265_slice(&f.sample, 1, H265_DEPENDENT, 9, options, BIG);
    append_h265_slice(&f.sample, 1, H265_P_SLICE, 18, options, BIG);
    assert_true(plan_is_whole(&f, false));
    append_h265_slice(&f.sample, 1, H265_I_SLICE, 0, options, BIG);
    append_h265_slice(&f.sample, 1, H265_DEPENDENT, 9, options, BIG);
    assert_true(plan_is_whole(&f, false));
    close_planner(&f);
}

typedef struct {
    const char *what;
    h265_options options;
} h265_tool;

static void tools_that_expose_a_tail_make_h265_whole(void **state)
{
    (void)state;
    static const h265_tool tools[] = {
        { "wavefronts", { .wavefront = true } },
        { "tiles", { .tiles = true } },
        { "lossless blocks", { .lossless = true } },
        { "raw samples", { .pcm = true } },
        { "an SPS extension", { .sps_extension = true } },
        { "a PPS extension", { .pps_extension = true } },
    };
    for (size_t i = 0; i < COUNT(tools); i++) {
        fixture f;
        print_message("%s\n", tools[i].what);
        begin_h265(&f, tools[i].options);
        append_h265_slice(&f.sample, 1, H265_P_SLICE, 0, tools[i].options, BIG);
        assert_true(plan_is_whole(&f, false));
        close_planner(&f);
    }
}

static void a_lossless_h264_stream_is_whole(void **state)
{
    (void)state;
    const h264_options options = { .lossless = true };
    fixture f;
    begin_h264(&f, options);
    append_h264_slice(&f.sample, 1, P_SLICE, options, 0, BIG);
    assert_true(plan_is_whole(&f, false));
    close_planner(&f);
}

typedef struct {
    const char *what;
    size_t size;
    uint8_t bytes[16];
    bool whole;
} unit_case;

/* Units in front of a P slice; none of them may change what comes in later samples. */
static void units_that_do_not_parse_make_their_sample_whole(void **state)
{
    (void)state;
    static const unit_case table[] = {
        { "access unit delimiter", 2, { 0x09, 0xF0 }, false },
        { "filler", 4, { 0x0C, 0xFF, 0xFF, 0x80 }, false },
        { "an unspecified type", 3, { 0x1F, 0, 1 }, false },
        { "SEI whose message is too long", 4, { 0x06, 5, 9, 1 }, true },
        { "SEI without end", 4, { 0x06, 5, 1, 0x55 }, true },
        { "SEI of one endless number", 5, { 0x06, 255, 255, 255, 255 }, true },
        { "an empty SEI", 1, { 0x06 }, true },
        { "SEI with more than zeros behind", 7, { 0x06, 5, 1, 0x55, 0x80, 0, 7 }, true },
        { "SEI with zeros behind", 7, { 0x06, 5, 1, 0x55, 0x80, 0, 0 }, false },
        { "a slice of its header alone", 1, { 0x01 }, true },
    };
    const h264_options options = { 0 };
    fixture f;
    begin_h264(&f, options);
    for (size_t i = 0; i < COUNT(table); i++) {
        print_message("%s\n", table[i].what);
        append_nal(&f.sample, table[i].bytes, table[i].size);
        append_h264_slice(&f.sample, 1, P_SLICE, options, 0, BIG);
        assert_int_equal(plan_is_whole(&f, false), table[i].whole);
        append_h264_slice(&f.sample, 1, P_SLICE, options, 0, BIG);
        assert_false(plan_is_whole(&f, false));
    }
    close_planner(&f);
}

static void h265_units_that_do_not_parse_make_their_sample_whole(void **state)
{
    (void)state;
    static const unit_case table[] = {
        { "access unit delimiter", 3, { 35 << 1, 1, 0x50 }, false },
        { "VPS", 4, { 32 << 1, 1, 0x0C, 0x01 }, false },
        { "SEI whose message is too long", 5, { 39 << 1, 1, 5, 9, 1 }, true },
        { "suffix SEI without end", 5, { 40 << 1, 1, 132, 1, 0x55 }, true },
        { "a slice of its header alone", 2, { 1 << 1, 1 }, true },
        { "a broken PPS", 3, { 34 << 1, 1, 0x01 }, true },
    };
    const h265_options options = { 0 };
    fixture f;
    begin_h265(&f, options);
    for (size_t i = 0; i < COUNT(table); i++) {
        print_message("%s\n", table[i].what);
        append_nal(&f.sample, table[i].bytes, table[i].size);
        append_h265_slice(&f.sample, 1, H265_P_SLICE, 0, options, BIG);
        assert_int_equal(plan_is_whole(&f, false), table[i].whole);
    }
    append_h265_slice(&f.sample, 1, H265_P_SLICE, 0, options, BIG);
    assert_true(plan_is_whole(&f, false));
    append_h265_pps(&f.sample, options);
    append_h265_slice(&f.sample, 1, H265_P_SLICE, 0, options, BIG);
    assert_false(plan_is_whole(&f, false));
    f.sample.data[0] = 0;
    f.sample.size = 3;
    assert_true(plan_is_whole(&f, false));
    append_h265_slice(&f.sample, 1, H265_P_SLICE, 0, options, BIG);
    assert_true(plan_is_whole(&f, false));
    close_planner(&f);
}

/* A decoder that looks for start codes would find a second slice in the clear. */
static void a_start_code_inside_a_slice_makes_the_track_whole(void **state)
{
    (void)state;
    static const uint8_t triples[][4] = { { 0, 0, 1, 0x65 }, { 0, 0, 0, 1 }, { 0, 0, 2, 9 } };
    static const size_t places[] = { 40, 1018, 1500, BIG - 4 };
    const h264_options h264 = { 0 };
    const h265_options h265 = { 0 };
    for (size_t i = 0; i < 2 * COUNT(triples) * COUNT(places); i++) {
        bool is_h264 = i % 2 == 0;
        const uint8_t *triple = triples[i / 2 % COUNT(triples)];
        size_t place = places[i / 2 / COUNT(triples)];
        fixture f;
        if (is_h264) {
            begin_h264(&f, h264);
        } else {
            begin_h265(&f, h265);
        }
        for (int joined = 0; joined < 3; joined++) {
            if (is_h264) {
                append_h264_slice(&f.sample, 1, P_SLICE, h264, 0, BIG);
            } else {
                append_h265_slice(&f.sample, 1, H265_P_SLICE, 0, h265, BIG);
            }
            if (joined == 1) {
                memcpy(f.sample.data + 4 + place, triple, 4);
            }
            assert_int_equal(plan_is_whole(&f, false), joined > 0);
        }
        close_planner(&f);
    }
}

/* Later pictures are searched by turns. */
static void start_codes_that_begin_late_are_found_within_sixteen_pictures(void **state)
{
    (void)state;
    const h264_options options = { 0 };
    for (unsigned before = 60; before < 90; before++) {
        fixture f;
        begin_h264(&f, options);
        for (unsigned i = 0; i < before; i++) {
            append_h264_slice(&f.sample, 1, P_SLICE, options, 0, BIG);
            assert_false(plan_is_whole(&f, false));
        }
        bool found = false;
        for (unsigned i = 0; i < 20; i++) {
            append_h264_slice(&f.sample, 1, P_SLICE, options, 0, BIG);
            memcpy(f.sample.data + 2000, "\0\0\1\x65", 4);
            bool whole = plan_is_whole(&f, false);
            assert_true(whole || (!found && i < 15));
            found = found || whole;
        }
        close_planner(&f);
    }
}

static void a_header_longer_than_light_mode_hides_is_whole(void **state)
{
    (void)state;
    const h264_options options = { 0 };
    fixture f;
    begin_h264(&f, options);
    bit_writer w = { { 0x21 }, 8 };
    put_ue(&w, 0);
    put_ue(&w, P_SLICE);
    put_ue(&w, 0);
    put_bits(&w, 5, 4);
    put_bits(&w, 0, 1);
    put_bits(&w, 1, 1);
    for (unsigned i = 0; i < 60; i++) {
        put_ue(&w, 0);
        put_ue(&w, 0x7FFFFFFE);
    }
    put_ue(&w, 3);
    put_bits(&w, 0, 1);
    put_ue(&w, 0);
    put_se(&w, 0);
    put_ones(&w);
    append_payload(&f.sample, w.data, w.bits / 8, &(bit_writer){ { 0 }, 0 }, BIG);
    assert_true(plan_is_whole(&f, false));
    close_planner(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kind_of_h264_slice_decides),
        cmocka_unit_test(the_kind_of_h265_slice_decides),
        cmocka_unit_test(another_layer_or_no_temporal_identifier_is_whole),
        cmocka_unit_test(a_dependent_segment_needs_its_independent_one),
        cmocka_unit_test(tools_that_expose_a_tail_make_h265_whole),
        cmocka_unit_test(a_lossless_h264_stream_is_whole),
        cmocka_unit_test(units_that_do_not_parse_make_their_sample_whole),
        cmocka_unit_test(h265_units_that_do_not_parse_make_their_sample_whole),
        cmocka_unit_test(a_start_code_inside_a_slice_makes_the_track_whole),
        cmocka_unit_test(start_codes_that_begin_late_are_found_within_sixteen_pictures),
        cmocka_unit_test(a_header_longer_than_light_mode_hides_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
