/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "h264_syntax.h"
#include "samples.h"

#include "encoder_streams.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static svms_h264_sets *new_sets(void)
{
    svms_h264_sets *sets = calloc(1, sizeof *sets);
    assert_non_null(sets);
    return sets;
}

static svms_nal last_nal(const sample_bytes *sample)
{
    svms_nal_iterator it = SVMS_NAL_ITERATOR_INIT;
    svms_nal nal = SVMS_NAL_INIT;
    assert_int_equal(
        svms_nal_begin(&it, SVMS_CODEC_H264, SVMS_NAL_LENGTH4, sample->data, sample->size),
        SVMS_OK);
    while (svms_nal_next(&it, &nal, NULL) == SVMS_OK) {
        continue;
    }
    return nal;
}

static void headers_of_encoders_are_read_as_ffmpeg_reads_them(void **state)
{
    (void)state;
    svms_h264_sets *sets = new_sets();
    for (size_t i = 0; i < COUNT(encoder_streams); i++) {
        const encoder_stream *stream = &encoder_streams[i];
        if (stream->codec != SVMS_CODEC_H264) {
            continue;
        }
        print_message("%s\n", stream->name);
        memset(sets, 0, sizeof *sets);
        assert_true(svms_h264_learn_config(sets, stream->config, stream->config_size));
        for (size_t j = 0; j < stream->slice_count; j++) {
            const encoder_slice *expected = &stream->slices[j];
            svms_h264_slice slice;
            svms_nal nal;
            assert_true(
                svms_nal_over(&nal, SVMS_CODEC_H264, expected->bytes, sizeof expected->bytes));
            assert_true(svms_h264_read_slice(sets, &nal, &slice));
            assert_int_equal(slice.type, expected->type);
            assert_int_equal(slice.first_mb, expected->first);
            assert_int_equal(slice.header_bits, expected->header_bits);
            assert_int_equal(slice.qp, sets->pps[slice.pps].init_qp + expected->qp_delta);
        }
    }
    free(sets);
}

static void what_the_encoder_was_told_is_seen_in_the_sets(void **state)
{
    (void)state;
    svms_h264_sets *sets = new_sets();
    for (size_t i = 0; i < COUNT(encoder_streams); i++) {
        const encoder_stream *stream = &encoder_streams[i];
        if (stream->codec != SVMS_CODEC_H264) {
            continue;
        }
        memset(sets, 0, sizeof *sets);
        assert_true(svms_h264_learn_config(sets, stream->config, stream->config_size));
        assert_int_equal(sets->any_cavlc, strcmp(stream->name, "h264_cavlc") == 0);
        assert_int_equal(sets->sps[0].lossless, strcmp(stream->name, "h264_lossless") == 0);
        assert_int_equal(sets->sps[0].frame_mbs_only, strcmp(stream->name, "h264_interlaced") != 0);
        assert_int_equal(sets->sps[0].chroma_format, strcmp(stream->name, "h264_444") == 0 ? 3 : 1);
    }
    free(sets);
}

static void a_configuration_cut_anywhere_is_refused(void **state)
{
    (void)state;
    const encoder_stream *stream = &encoder_streams[0];
    svms_h264_sets *sets = new_sets();
    /* The last four bytes are an extension that repeats what the SPS says. */
    for (size_t size = 0; size < stream->config_size - 4; size++) {
        uint8_t *cut = malloc(size > 0 ? size : 1);
        assert_non_null(cut);
        memcpy(cut, stream->config, size);
        assert_false(svms_h264_learn_config(sets, cut, size));
        free(cut);
    }
    free(sets);
}

typedef struct {
    const char *what;
    size_t at;
    uint8_t value;
} config_change;

static void a_configuration_that_is_not_ours_is_refused(void **state)
{
    (void)state;
    static const config_change changes[] = {
        { "another version", 0, 2 },
        { "2-byte lengths", 4, 0xFD },
        { "a PPS where the SPS must be", 8, 0x68 },
        { "the forbidden bit", 8, 0xE7 },
        { "an unknown profile", 9, 0x2C },
    };
    uint8_t config[64];
    svms_h264_sets *sets = new_sets();
    const encoder_stream *stream = &encoder_streams[0];
    assert_true(stream->config_size <= sizeof config);
    for (size_t i = 0; i < COUNT(changes); i++) {
        print_message("%s\n", changes[i].what);
        memcpy(config, stream->config, stream->config_size);
        config[changes[i].at] = changes[i].value;
        assert_false(svms_h264_learn_config(sets, config, stream->config_size));
    }
    free(sets);
}

static void flipped_bits_never_read_out_of_bounds(void **state)
{
    (void)state;
    svms_h264_sets *sets = new_sets();
    for (size_t i = 0; i < COUNT(encoder_streams); i++) {
        const encoder_stream *stream = &encoder_streams[i];
        if (stream->codec != SVMS_CODEC_H264) {
            continue;
        }
        uint8_t *config = malloc(stream->config_size);
        assert_non_null(config);
        for (size_t bit = 0; bit < stream->config_size * 8; bit++) {
            memset(sets, 0, sizeof *sets);
            memcpy(config, stream->config, stream->config_size);
            config[bit / 8] ^= (uint8_t)(0x80u >> (bit % 8));
            (void)svms_h264_learn_config(sets, config, stream->config_size);
            for (size_t j = 0; j < stream->slice_count; j++) {
                svms_h264_slice slice;
                svms_nal nal;
                assert_true(svms_nal_over(&nal, SVMS_CODEC_H264, stream->slices[j].bytes,
                                          SLICE_PREFIX_BYTES));
                (void)svms_h264_read_slice(sets, &nal, &slice);
            }
        }
        free(config);
    }
    free(sets);
}

static void a_set_that_does_not_parse_makes_all_of_its_kind_unknown(void **state)
{
    (void)state;
    static const uint8_t broken_sps[] = { 0x67, 0x4D, 0x00 };
    static const uint8_t broken_pps[] = { 0x68 };
    const h264_options options = { false, false, 3, 1 };
    sample_bytes sample = new_sample();
    svms_h264_sets *sets = new_sets();
    svms_h264_slice slice;
    for (int broken = 0; broken < 3; broken++) {
        sample.size = 0;
        append_h264_sps(&sample, options);
        svms_nal nal = last_nal(&sample);
        assert_true(svms_h264_learn(sets, &nal));
        append_h264_pps(&sample, options);
        nal = last_nal(&sample);
        assert_true(svms_h264_learn(sets, &nal));
        append_h264_slice(&sample, 1, P_SLICE, options, 0, 100);
        svms_nal slice_nal = last_nal(&sample);
        assert_true(svms_h264_read_slice(sets, &slice_nal, &slice));
        if (broken == 0) {
            assert_true(svms_nal_over(&nal, SVMS_CODEC_H264, broken_sps, sizeof broken_sps));
        } else {
            assert_true(svms_nal_over(&nal, SVMS_CODEC_H264, broken_pps, sizeof broken_pps));
        }
        assert_false(svms_h264_learn(sets, &nal));
        assert_false(svms_h264_read_slice(sets, &slice_nal, &slice));
    }
    free(sets);
    free_sample(&sample);
}

/* A PPS, and which of its elements is out of range. */
typedef struct {
    const char *what;
    uint32_t id, sps, groups, first, second;
    int32_t qp;
} pps_case;

static void a_pps_out_of_range_is_refused(void **state)
{
    (void)state;
    static const pps_case table[] = {
        { "identifier", 256, 0, 0, 0, 0, 0 },
        { "SPS identifier", 0, 32, 0, 0, 0, 0 },
        { "slice groups", 0, 0, 1, 0, 0, 0 },
        { "references of list 0", 0, 0, 0, 32, 0, 0 },
        { "references of list 1", 0, 0, 0, 0, 32, 0 },
        { "too coarse a quantiser", 0, 0, 0, 0, 0, 26 },
        { "too fine a quantiser", 0, 0, 0, 0, 0, -63 },
    };
    svms_h264_sets *sets = new_sets();
    for (size_t i = 0; i < COUNT(table); i++) {
        bit_writer w = { { 0x68 }, 8 };
        put_ue(&w, table[i].id);
        put_ue(&w, table[i].sps);
        put_bits(&w, 2, 2);
        put_ue(&w, table[i].groups);
        put_ue(&w, table[i].first);
        put_ue(&w, table[i].second);
        put_bits(&w, 0, 3);
        put_se(&w, table[i].qp);
        put_bits(&w, 0x1C, 5);
        put_stop(&w);
        svms_nal nal;
        assert_true(svms_nal_over(&nal, SVMS_CODEC_H264, w.data, w.bits / 8));
        print_message("%s\n", table[i].what);
        assert_false(svms_h264_learn(sets, &nal));
    }
    free(sets);
}

typedef enum { AS_IS, REFERENCES, MODIFICATIONS, BAD_MODIFICATION, MARKINGS, BAD_MARKING } excess;

/* A P slice of the sets that append_h264_* make, with something in it that has no end or no sense.
 */
static void put_slice(bit_writer *w, excess what, uint32_t alignment)
{
    put_bits(w, 0x21, 8);
    put_ue(w, 0);
    put_ue(w, P_SLICE);
    put_ue(w, 0);
    put_bits(w, 0, 4);
    put_bits(w, what == REFERENCES, 1);
    if (what == REFERENCES) {
        put_ue(w, 32);
    }
    put_bits(w, what == MODIFICATIONS || what == BAD_MODIFICATION, 1);
    for (unsigned i = 0; what == MODIFICATIONS && i < 70; i++) {
        put_ue(w, 0);
        put_ue(w, 0);
    }
    if (what == BAD_MODIFICATION) {
        put_ue(w, 4);
    }
    if (what == MODIFICATIONS) {
        put_ue(w, 3);
    }
    put_bits(w, what == MARKINGS || what == BAD_MARKING, 1);
    for (unsigned i = 0; what == MARKINGS && i < 70; i++) {
        put_ue(w, 5);
    }
    if (what == BAD_MARKING) {
        put_ue(w, 7);
    }
    if (what == MARKINGS) {
        put_ue(w, 0);
    }
    put_ue(w, 0);
    put_se(w, 0);
    while (w->bits % 8 != 0) {
        put_bits(w, alignment, 1);
    }
    put_bits(w, 0x55AA55AA, 32);
}

static void a_header_without_end_or_sense_is_refused(void **state)
{
    (void)state;
    const h264_options options = { 0 };
    sample_bytes sample = new_sample();
    svms_h264_sets *sets = new_sets();
    svms_h264_slice slice;
    append_h264_sps(&sample, options);
    svms_nal nal = last_nal(&sample);
    assert_true(svms_h264_learn(sets, &nal));
    append_h264_pps(&sample, options);
    nal = last_nal(&sample);
    assert_true(svms_h264_learn(sets, &nal));
    for (int what = AS_IS; what <= BAD_MARKING; what++) {
        bit_writer w = { { 0 }, 0 };
        put_slice(&w, (excess)what, 1);
        assert_true(svms_nal_over(&nal, SVMS_CODEC_H264, w.data, w.bits / 8));
        assert_int_equal(svms_h264_read_slice(sets, &nal, &slice), what == AS_IS);
    }
    bit_writer misaligned = { { 0 }, 0 };
    put_slice(&misaligned, AS_IS, 0);
    assert_true(misaligned.bits % 8 == 0);
    assert_true(svms_nal_over(&nal, SVMS_CODEC_H264, misaligned.data, misaligned.bits / 8));
    assert_false(svms_h264_read_slice(sets, &nal, &slice));
    free(sets);
    free_sample(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_of_encoders_are_read_as_ffmpeg_reads_them),
        cmocka_unit_test(what_the_encoder_was_told_is_seen_in_the_sets),
        cmocka_unit_test(a_configuration_cut_anywhere_is_refused),
        cmocka_unit_test(a_configuration_that_is_not_ours_is_refused),
        cmocka_unit_test(flipped_bits_never_read_out_of_bounds),
        cmocka_unit_test(a_set_that_does_not_parse_makes_all_of_its_kind_unknown),
        cmocka_unit_test(a_pps_out_of_range_is_refused),
        cmocka_unit_test(a_header_without_end_or_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
