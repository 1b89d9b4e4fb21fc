/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "light_fixture.h"

#include "encoder_streams.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void what_is_not_h26x_is_whole(void **state)
{
    (void)state;
    static const uint32_t codecs[] = { SVMS_CODEC_MJPEG, SVMS_CODEC_AAC,  SVMS_CODEC_OPUS,
                                       SVMS_CODEC_PCMU,  SVMS_CODEC_PCMA, SVMS_CODEC_ONVIF_METADATA,
                                       0x61763031 };
    for (size_t i = 0; i < COUNT(codecs); i++) {
        fixture f;
        open_planner(&f, codecs[i], NULL, 0);
        append_h264_slice(&f.sample, 1, P_SLICE, (h264_options){ 0 }, 0, BIG);
        assert_true(plan_is_whole(&f, false));
        f.sample.size = 1;
        assert_true(plan_is_whole(&f, true));
        assert_false(plan_is_whole(&f, true));
        assert_int_equal(f.count, 0);
        close_planner(&f);
    }
}

static void an_inter_picture_leaves_only_tails_clear(void **state)
{
    (void)state;
    const h264_options options = { 0 };
    fixture f;
    begin_h264(&f, options);
    append_sei(&f.sample, SVMS_CODEC_H264, 5, 2000);
    size_t first = f.sample.size;
    append_h264_slice(&f.sample, 1, P_SLICE, options, 0, BIG);
    size_t second = f.sample.size;
    append_h264_slice(&f.sample, 1, B_SLICE + 5, options, 0, BIG);
    assert_false(plan_is_whole(&f, false));
    assert_int_equal(f.count, 2);
    assert_int_equal(f.ranges[0].offset, 0);
    assert_int_equal(f.ranges[0].size, first + SVMS_LIGHT_NAL_BYTES);
    assert_int_equal(f.ranges[1].offset, second);
    assert_int_equal(f.ranges[1].size, SVMS_LIGHT_NAL_BYTES);
    close_planner(&f);
}

static void no_small_unit_is_left_uncovered(void **state)
{
    (void)state;
    static const size_t sizes[] = { 40, 1019, 1020, 1021, 1024, 1025, 5000 };
    const h264_options options = { 0 };
    fixture f;
    begin_h264(&f, options);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        append_h264_slice(&f.sample, 1, P_SLICE, options, 0, sizes[i]);
        size_t next = f.sample.size;
        append_h264_slice(&f.sample, 1, P_SLICE, options, 0, 50);
        size_t size = f.sample.size;
        bool whole = plan_is_whole(&f, false);
        assert_int_equal(whole, sizes[i] <= 1020);
        assert_true(covers(&f, 0, next < 1024 ? next : 1024));
        assert_true(covers(&f, next, size - next));
    }
    close_planner(&f);
}

static void before_any_intra_picture_all_is_whole(void **state)
{
    (void)state;
    const h264_options h264 = { 0 };
    const h265_options h265 = { 0 };
    fixture f;
    open_planner(&f, SVMS_CODEC_H264, NULL, 0);
    append_h264_sps(&f.sample, h264);
    append_h264_pps(&f.sample, h264);
    append_h264_slice(&f.sample, 1, P_SLICE, h264, 0, BIG);
    assert_true(plan_is_whole(&f, false));
    append_h264_slice(&f.sample, 1, I_SLICE, h264, 0, BIG);
    assert_true(plan_is_whole(&f, false));
    append_h264_slice(&f.sample, 1, P_SLICE, h264, 0, BIG);
    assert_false(plan_is_whole(&f, false));
    close_planner(&f);
    open_planner(&f, SVMS_CODEC_H265, NULL, 0);
    append_h265_sps(&f.sample, h265);
    append_h265_pps(&f.sample, h265);
    append_h265_slice(&f.sample, 1, H265_P_SLICE, 0, h265, BIG);
    assert_true(plan_is_whole(&f, false));
    append_h265_slice(&f.sample, 21, H265_I_SLICE, 0, h265, BIG);
    assert_true(plan_is_whole(&f, false));
    append_h265_slice(&f.sample, 1, H265_P_SLICE, 0, h265, BIG);
    assert_false(plan_is_whole(&f, false));
    close_planner(&f);
}

static void one_pps_with_wavefronts_is_enough_until_it_is_replaced(void **state)
{
    (void)state;
    const h265_options plain = { 0 };
    h265_options other = { .wavefront = true, .pps = 63 };
    fixture f;
    begin_h265(&f, plain);
    append_h265_pps(&f.sample, other);
    append_h265_slice(&f.sample, 1, H265_P_SLICE, 0, plain, BIG);
    assert_true(plan_is_whole(&f, false));
    append_h265_slice(&f.sample, 1, H265_P_SLICE, 0, plain, BIG);
    assert_true(plan_is_whole(&f, false));
    other.wavefront = false;
    append_h265_pps(&f.sample, other);
    append_h265_slice(&f.sample, 1, H265_P_SLICE, 0, plain, BIG);
    assert_false(plan_is_whole(&f, false));
    close_planner(&f);
}

static void cavlc_is_whole_until_the_pps_is_replaced(void **state)
{
    (void)state;
    const h264_options cabac = { 0 };
    const h264_options cavlc = { .cavlc = true };
    const h264_options other_cavlc = { .cavlc = true, .pps = 255 };
    const h264_options other_cabac = { .pps = 255 };
    fixture f;
    begin_h264(&f, cavlc);
    append_h264_slice(&f.sample, 1, P_SLICE, cavlc, 0, BIG);
    assert_true(plan_is_whole(&f, false));
    append_h264_pps(&f.sample, cabac);
    append_h264_slice(&f.sample, 1, P_SLICE, cabac, 0, BIG);
    assert_false(plan_is_whole(&f, false));
    append_h264_pps(&f.sample, other_cavlc);
    append_h264_slice(&f.sample, 1, P_SLICE, cabac, 0, BIG);
    assert_true(plan_is_whole(&f, false));
    append_h264_pps(&f.sample, other_cabac);
    append_h264_slice(&f.sample, 1, P_SLICE, other_cabac, 0, BIG);
    assert_false(plan_is_whole(&f, false));
    close_planner(&f);
}

static void a_slice_of_an_unknown_pps_or_sps_is_whole(void **state)
{
    (void)state;
    const h264_options known = { 0 };
    const h264_options unknown_pps = { .pps = 4 };
    const h264_options unknown_sps = { .pps = 5, .sps = 9 };
    fixture f;
    begin_h264(&f, known);
    append_h264_slice(&f.sample, 1, P_SLICE, unknown_pps, 0, BIG);
    assert_true(plan_is_whole(&f, false));
    append_h264_pps(&f.sample, unknown_sps);
    append_h264_slice(&f.sample, 1, P_SLICE, unknown_sps, 0, BIG);
    assert_true(plan_is_whole(&f, false));
    append_h264_slice(&f.sample, 1, P_SLICE, known, 0, BIG);
    assert_false(plan_is_whole(&f, false));
    close_planner(&f);
    const h265_options known265 = { 0 };
    const h265_options unknown265 = { .pps = 4 };
    begin_h265(&f, known265);
    append_h265_slice(&f.sample, 1, H265_P_SLICE, 0, unknown265, BIG);
    assert_true(plan_is_whole(&f, false));
    close_planner(&f);
}

static void intra_refresh_makes_all_that_follows_whole(void **state)
{
    (void)state;
    static const struct {
        uint32_t codec;
        uint32_t message;
        bool latches;
    } table[] = {
        { SVMS_CODEC_H264, 6, true },    { SVMS_CODEC_H264, 5, false },
        { SVMS_CODEC_H264, 134, false }, { SVMS_CODEC_H265, 6, true },
        { SVMS_CODEC_H265, 134, true },  { SVMS_CODEC_H265, 5, false },
    };
    const h264_options h264 = { 0 };
    const h265_options h265 = { 0 };
    for (size_t i = 0; i < COUNT(table); i++) {
        bool is_h264 = table[i].codec == SVMS_CODEC_H264;
        fixture f;
        if (is_h264) {
            begin_h264(&f, h264);
        } else {
            begin_h265(&f, h265);
        }
        for (int picture = 0; picture < 2; picture++) {
            if (picture == 0) {
                append_sei(&f.sample, table[i].codec, table[i].message, 3);
            }
            if (is_h264) {
                append_h264_slice(&f.sample, 1, P_SLICE, h264, 0, BIG);
            } else {
                append_h265_slice(&f.sample, 1, H265_P_SLICE, 0, h265, BIG);
            }
            assert_int_equal(plan_is_whole(&f, false), table[i].latches);
        }
        close_planner(&f);
    }
}

static void a_recovery_point_at_an_intra_picture_does_not_latch(void **state)
{
    (void)state;
    const h264_options options = { 0 };
    fixture f;
    begin_h264(&f, options);
    append_sei(&f.sample, SVMS_CODEC_H264, 6, 3);
    append_h264_slice(&f.sample, 1, I_SLICE, options, 0, BIG);
    assert_true(plan_is_whole(&f, false));
    append_h264_slice(&f.sample, 1, P_SLICE, options, 0, BIG);
    assert_false(plan_is_whole(&f, false));
    close_planner(&f);
}

static void a_random_access_picture_counts_as_intra_even_if_it_cannot_be_read(void **state)
{
    (void)state;
    const h264_options options = { 0 };
    const h264_options unknown = { .pps = 7 };
    fixture f;
    begin_h264(&f, options);
    append_sei(&f.sample, SVMS_CODEC_H264, 6, 3);
    append_h264_slice(&f.sample, 5, I_SLICE, unknown, 0, BIG);
    assert_true(plan_is_whole(&f, false));
    append_h264_slice(&f.sample, 1, P_SLICE, options, 0, BIG);
    assert_false(plan_is_whole(&f, false));
    close_planner(&f);
}

/* Two messages in one unit, the second a recovery point, emulation prevention in the first. */
static void a_recovery_point_behind_other_messages_is_found(void **state)
{
    (void)state;
    static const uint8_t sei[] = { 0x06, 4, 5, 0, 0, 3, 0, 0, 3, 1, 6, 1, 0xC0, 0x80 };
    const h264_options options = { 0 };
    fixture f;
    begin_h264(&f, options);
    append_nal(&f.sample, sei, sizeof sei);
    append_h264_slice(&f.sample, 1, P_SLICE, options, 0, BIG);
    assert_true(plan_is_whole(&f, false));
    append_h264_slice(&f.sample, 1, P_SLICE, options, 0, BIG);
    assert_true(plan_is_whole(&f, false));
    close_planner(&f);
}

static void framing_that_breaks_is_whole_and_makes_the_sets_unknown(void **state)
{
    (void)state;
    const h264_options options = { 0 };
    fixture f;
    for (int how = 0; how < 3; how++) {
        begin_h264(&f, options);
        append_h264_slice(&f.sample, 1, P_SLICE, options, 0, BIG);
        if (how == 0) {
            f.sample.data[3]++;
        }
        if (how == 1) {
            f.sample.data[4] |= 0x80;
        }
        if (how == 2) {
            f.sample.size++;
        }
        assert_true(plan_is_whole(&f, false));
        append_h264_slice(&f.sample, 1, P_SLICE, options, 0, BIG);
        assert_true(plan_is_whole(&f, false));
        append_h264_sps(&f.sample, options);
        append_h264_pps(&f.sample, options);
        append_h264_slice(&f.sample, 1, P_SLICE, options, 0, BIG);
        assert_false(plan_is_whole(&f, false));
        close_planner(&f);
    }
}

static void more_ranges_than_fit_become_one(void **state)
{
    (void)state;
    const h264_options options = { 0 };
    fixture f;
    begin_h264(&f, options);
    for (size_t slices = SVMS_LIGHT_MAX_RANGES; slices <= SVMS_LIGHT_MAX_RANGES + 1; slices++) {
        for (size_t i = 0; i < slices; i++) {
            append_h264_slice(&f.sample, 1, P_SLICE, options, 0, 1100);
        }
        assert_int_equal(plan_is_whole(&f, false), slices > SVMS_LIGHT_MAX_RANGES);
        assert_int_equal(f.count, slices > SVMS_LIGHT_MAX_RANGES ? 1 : slices);
    }
    close_planner(&f);
}

/* A slice as an encoder wrote it, lengthened by filler. */
static void append_encoder_slice(sample_bytes *sample, const encoder_slice *slice)
{
    uint8_t nal[BIG];
    memset(nal, 0xA5, sizeof nal);
    memcpy(nal, slice->bytes, 32);
    append_nal(sample, nal, sizeof nal);
}

static void streams_of_encoders_are_light_where_they_can_be(void **state)
{
    (void)state;
    static const char *const never_light[] = { "h264_cavlc", "h264_lossless", "h265_wavefront",
                                               "h265_lossless" };
    for (size_t i = 0; i < COUNT(encoder_streams); i++) {
        const encoder_stream *stream = &encoder_streams[i];
        bool can_be_light = true;
        for (size_t j = 0; j < COUNT(never_light); j++) {
            can_be_light = can_be_light && strcmp(stream->name, never_light[j]) != 0;
        }
        fixture f;
        print_message("%s\n", stream->name);
        open_planner(&f, stream->codec, stream->config, stream->config_size);
        for (size_t j = 0; j < stream->slice_count; j++) {
            bool intra = stream->slices[j].type == I_SLICE;
            append_encoder_slice(&f.sample, &stream->slices[j]);
            assert_int_equal(plan_is_whole(&f, false), intra || !can_be_light);
        }
        close_planner(&f);
    }
}

static void a_configuration_that_cannot_be_read_makes_all_whole(void **state)
{
    (void)state;
    const encoder_stream *stream = &encoder_streams[0];
    const h264_options options = { 0 };
    fixture f;
    open_planner(&f, SVMS_CODEC_H264, stream->config, stream->config_size - 8);
    append_h264_sps(&f.sample, options);
    append_h264_pps(&f.sample, options);
    append_h264_slice(&f.sample, 5, I_SLICE, options, 0, BIG);
    assert_true(plan_is_whole(&f, true));
    append_h264_slice(&f.sample, 1, P_SLICE, options, 0, BIG);
    assert_true(plan_is_whole(&f, false));
    close_planner(&f);
}

typedef struct {
    size_t left; /* allocations that succeed */
    size_t alive;
} allocator;

static void *allocate(void *user, size_t size)
{
    allocator *a = user;
    if (a->left == 0) {
        return NULL;
    }
    a->left--;
    a->alive++;
    return malloc(size);
}

static void release(void *user, void *pointer)
{
    allocator *a = user;
    a->alive -= pointer != NULL;
    free(pointer);
}

static void every_failed_allocation_is_reported_and_leaks_nothing(void **state)
{
    (void)state;
    static const uint32_t codecs[] = { SVMS_CODEC_H264, SVMS_CODEC_H265, SVMS_CODEC_AAC };
    for (size_t i = 0; i < COUNT(codecs); i++) {
        allocator a = { SIZE_MAX, 0 };
        svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
        svms_ctx *ctx = NULL;
        svms_track track = SVMS_TRACK_INIT;
        svms_light_planner *planner = NULL;
        options.user = &a;
        options.allocate = allocate;
        options.release = release;
        track.codec = codecs[i];
        assert_int_equal(svms_ctx_new(&ctx, &options, NULL), SVMS_OK);
        size_t before = a.alive;
        svms_status status = SVMS_E_NO_MEMORY;
        for (size_t n = 0; status != SVMS_OK; n++) {
            svms_error err = SVMS_ERROR_INIT;
            a.left = n;
            status = svms_light_planner_new(&planner, ctx, &track, &err);
            if (status == SVMS_OK) {
                break;
            }
            assert_int_equal(status, SVMS_E_NO_MEMORY);
            assert_int_equal(err.status, SVMS_E_NO_MEMORY);
            assert_null(planner);
            assert_int_equal(a.alive, before);
            assert_true(n < 10);
        }
        svms_light_planner_free(&planner);
        assert_int_equal(a.alive, before);
        svms_ctx_free(&ctx);
        assert_int_equal(a.alive, 0);
    }
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    svms_ctx *ctx = NULL;
    svms_light_planner *planner = NULL;
    svms_track track = SVMS_TRACK_INIT;
    track.codec = SVMS_CODEC_H264;
    assert_int_equal(svms_ctx_new(&ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_light_planner_new(NULL, ctx, &track, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_light_planner_new(&planner, NULL, &track, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_light_planner_new(&planner, ctx, NULL, NULL), SVMS_E_USAGE);
    track.config_size = 1;
    assert_int_equal(svms_light_planner_new(&planner, ctx, &track, NULL), SVMS_E_USAGE);
    svms_light_planner_free(NULL);
    svms_light_planner_free(&planner);
    svms_ctx_free(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_h26x_is_whole),
        cmocka_unit_test(an_inter_picture_leaves_only_tails_clear),
        cmocka_unit_test(no_small_unit_is_left_uncovered),
        cmocka_unit_test(before_any_intra_picture_all_is_whole),
        cmocka_unit_test(one_pps_with_wavefronts_is_enough_until_it_is_replaced),
        cmocka_unit_test(cavlc_is_whole_until_the_pps_is_replaced),
        cmocka_unit_test(a_slice_of_an_unknown_pps_or_sps_is_whole),
        cmocka_unit_test(intra_refresh_makes_all_that_follows_whole),
        cmocka_unit_test(a_recovery_point_at_an_intra_picture_does_not_latch),
        cmocka_unit_test(a_random_access_picture_counts_as_intra_even_if_it_cannot_be_read),
        cmocka_unit_test(a_recovery_point_behind_other_messages_is_found),
        cmocka_unit_test(framing_that_breaks_is_whole_and_makes_the_sets_unknown),
        cmocka_unit_test(more_ranges_than_fit_become_one),
        cmocka_unit_test(streams_of_encoders_are_light_where_they_can_be),
        cmocka_unit_test(a_configuration_that_cannot_be_read_makes_all_whole),
        cmocka_unit_test(every_failed_allocation_is_reported_and_leaks_nothing),
        cmocka_unit_test(wrong_arguments_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
