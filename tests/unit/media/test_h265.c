/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "h265_syntax.h"
#include "samples.h"

#include "encoder_streams.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static svms_h265_sets *new_sets(void)
{
    svms_h265_sets *sets = calloc(1, sizeof *sets);
    assert_non_null(sets);
    return sets;
}

static void learn_last(svms_h265_sets *sets, const sample_bytes *sample, bool expected)
{
    svms_nal_iterator it = SVMS_NAL_ITERATOR_INIT;
    svms_nal nal = SVMS_NAL_INIT;
    assert_int_equal(
        svms_nal_begin(&it, SVMS_CODEC_H265, SVMS_NAL_LENGTH4, sample->data, sample->size),
        SVMS_OK);
    while (svms_nal_next(&it, &nal, NULL) == SVMS_OK) {
        continue;
    }
    assert_int_equal(svms_h265_learn(sets, &nal), expected);
}

static bool read_only_nal(const svms_h265_sets *sets, const sample_bytes *sample,
                          svms_h265_slice *slice)
{
    svms_nal nal;
    assert_true(svms_nal_over(&nal, SVMS_CODEC_H265, sample->data + 4, sample->size - 4));
    return svms_h265_read_slice(sets, &nal, slice);
}

static void headers_of_encoders_are_read_as_ffmpeg_reads_them(void **state)
{
    (void)state;
    svms_h265_sets *sets = new_sets();
    for (size_t i = 0; i < COUNT(encoder_streams); i++) {
        const encoder_stream *stream = &encoder_streams[i];
        if (stream->codec != SVMS_CODEC_H265) {
            continue;
        }
        print_message("%s\n", stream->name);
        memset(sets, 0, sizeof *sets);
        assert_true(svms_h265_learn_config(sets, stream->config, stream->config_size));
        for (size_t j = 0; j < stream->slice_count; j++) {
            const encoder_slice *expected = &stream->slices[j];
            svms_h265_slice slice;
            svms_nal nal;
            assert_true(
                svms_nal_over(&nal, SVMS_CODEC_H265, expected->bytes, sizeof expected->bytes));
            assert_true(svms_h265_read_slice(sets, &nal, &slice));
            assert_false(slice.dependent);
            assert_int_equal(slice.type, expected->type);
            assert_int_equal(slice.address, expected->first);
            assert_int_equal(slice.header_bits, expected->header_bits);
        }
    }
    free(sets);
}

static void what_the_encoder_was_told_is_seen_in_the_sets(void **state)
{
    (void)state;
    svms_h265_sets *sets = new_sets();
    for (size_t i = 0; i < COUNT(encoder_streams); i++) {
        const encoder_stream *stream = &encoder_streams[i];
        if (stream->codec != SVMS_CODEC_H265) {
            continue;
        }
        bool wavefront = strcmp(stream->name, "h265_wavefront") == 0;
        bool lossless = strcmp(stream->name, "h265_lossless") == 0;
        memset(sets, 0, sizeof *sets);
        assert_true(svms_h265_learn_config(sets, stream->config, stream->config_size));
        assert_int_equal(sets->pps[0].wavefront, wavefront);
        assert_int_equal(sets->pps[0].lossless, lossless);
        assert_int_equal(sets->any_restart, wavefront || lossless);
        assert_int_equal(sets->sps[0].coding_blocks, wavefront ? 20 * 15 : 5 * 4);
        assert_int_equal(sets->sps[0].chroma_format, strcmp(stream->name, "h265_weighted") ? 1 : 2);
        assert_false(sets->sps[0].extended || sets->sps[0].pcm || sets->pps[0].extended);
    }
    free(sets);
}

static const encoder_stream *first_h265(void)
{
    const encoder_stream *stream = encoder_streams;
    while (stream->codec != SVMS_CODEC_H265) {
        stream++;
    }
    return stream;
}

static void a_configuration_cut_or_lengthened_is_refused(void **state)
{
    (void)state;
    const encoder_stream *stream = first_h265();
    svms_h265_sets *sets = new_sets();
    uint8_t *longer = calloc(1, stream->config_size + 1);
    assert_non_null(longer);
    memcpy(longer, stream->config, stream->config_size);
    assert_false(svms_h265_learn_config(sets, longer, stream->config_size + 1));
    free(longer);
    for (size_t size = 0; size < stream->config_size; size++) {
        uint8_t *cut = malloc(size > 0 ? size : 1);
        assert_non_null(cut);
        memcpy(cut, stream->config, size);
        assert_false(svms_h265_learn_config(sets, cut, size));
        free(cut);
    }
    free(sets);
}

static void flipped_bits_never_read_out_of_bounds(void **state)
{
    (void)state;
    svms_h265_sets *sets = new_sets();
    for (size_t i = 0; i < COUNT(encoder_streams); i++) {
        const encoder_stream *stream = &encoder_streams[i];
        if (stream->codec != SVMS_CODEC_H265) {
            continue;
        }
        uint8_t *config = malloc(stream->config_size);
        assert_non_null(config);
        for (size_t bit = 0; bit < stream->config_size * 8; bit++) {
            memcpy(config, stream->config, stream->config_size);
            config[bit / 8] ^= (uint8_t)(0x80u >> (bit % 8));
            (void)svms_h265_learn_config(sets, config, stream->config_size);
            for (size_t j = 0; j < stream->slice_count; j++) {
                svms_h265_slice slice;
                svms_nal nal;
                assert_true(svms_nal_over(&nal, SVMS_CODEC_H265, stream->slices[j].bytes,
                                          SLICE_PREFIX_BYTES));
                (void)svms_h265_read_slice(sets, &nal, &slice);
            }
        }
        free(config);
    }
    free(sets);
}

static void a_configuration_with_2_byte_lengths_is_refused(void **state)
{
    (void)state;
    const encoder_stream *stream = first_h265();
    svms_h265_sets *sets = new_sets();
    uint8_t *config = malloc(stream->config_size);
    assert_non_null(config);
    memcpy(config, stream->config, stream->config_size);
    assert_true(svms_h265_learn_config(sets, config, stream->config_size));
    config[21] ^= 2;
    assert_false(svms_h265_learn_config(sets, config, stream->config_size));
    config[21] ^= 2;
    config[0] = 2;
    assert_false(svms_h265_learn_config(sets, config, stream->config_size));
    free(config);
    free(sets);
}

static void a_header_that_does_not_end_in_alignment_is_refused(void **state)
{
    (void)state;
    const h265_options options = { 0 };
    sample_bytes sample = new_sample();
    svms_h265_sets *sets = new_sets();
    svms_h265_slice slice;
    bit_writer w = { { 0 }, 0 };
    append_h265_sps(&sample, options);
    learn_last(sets, &sample, true);
    append_h265_pps(&sample, options);
    learn_last(sets, &sample, true);
    put_h265_slice(&w, 1, H265_B_SLICE, 0, options);
    /* The last byte of the header ends in a one and zeros; change each of those bits. */
    unsigned bit = 0;
    bool stop = false;
    while (!stop) {
        stop = (w.data[w.bits / 8 - 1] >> bit & 1) != 0;
        sample.size = 0;
        append_h265_slice(&sample, 1, H265_B_SLICE, 0, options, 100);
        assert_true(read_only_nal(sets, &sample, &slice));
        sample.data[4 + 2 + w.bits / 8 - 1] ^= (uint8_t)(1u << bit++);
        assert_false(read_only_nal(sets, &sample, &slice));
    }
    assert_true(bit > 1);
    free(sets);
    free_sample(&sample);
}

typedef struct {
    const char *what;
    uint32_t type;
    uint32_t address;
    bool readable;
} address_case;

static void a_segment_must_lie_within_the_picture(void **state)
{
    (void)state;
    static const address_case table[] = {
        { "the first", H265_P_SLICE, 0, true },
        { "the last block", H265_P_SLICE, 239, true },
        { "one too far", H265_P_SLICE, 240, false },
        { "dependent", H265_DEPENDENT, 120, true },
        { "dependent, one too far", H265_DEPENDENT, 240, false },
    };
    h265_options options = { 0 };
    options.dependent_slices = true;
    sample_bytes sample = new_sample();
    svms_h265_sets *sets = new_sets();
    append_h265_sps(&sample, options);
    learn_last(sets, &sample, true);
    append_h265_pps(&sample, options);
    learn_last(sets, &sample, true);
    for (size_t i = 0; i < COUNT(table); i++) {
        svms_h265_slice slice;
        print_message("%s\n", table[i].what);
        sample.size = 0;
        append_h265_slice(&sample, 1, table[i].type, table[i].address, options, 100);
        assert_int_equal(read_only_nal(sets, &sample, &slice), table[i].readable);
        if (!table[i].readable) {
            continue;
        }
        assert_int_equal(slice.address, table[i].address);
        assert_int_equal(slice.dependent, table[i].type == H265_DEPENDENT);
    }
    free(sets);
    free_sample(&sample);
}

typedef struct {
    const char *what;
    h265_options options;
    bool readable;
} extension_case;

static void a_slice_under_unknown_extensions_is_not_read(void **state)
{
    (void)state;
    static const extension_case table[] = {
        { "none", { 0 }, true },
        { "raw samples", { .pcm = true }, true },
        { "tiles", { .tiles = true }, true },
        { "an SPS extension", { .sps_extension = true }, false },
        { "a PPS extension", { .pps_extension = true }, false },
    };
    sample_bytes sample = new_sample();
    svms_h265_sets *sets = new_sets();
    for (size_t i = 0; i < COUNT(table); i++) {
        svms_h265_slice slice;
        print_message("%s\n", table[i].what);
        memset(sets, 0, sizeof *sets);
        sample.size = 0;
        append_h265_sps(&sample, table[i].options);
        learn_last(sets, &sample, true);
        append_h265_pps(&sample, table[i].options);
        learn_last(sets, &sample, true);
        assert_int_equal(sets->sps[0].pcm, table[i].options.pcm);
        sample.size = 0;
        append_h265_slice(&sample, 1, H265_B_SLICE, 0, table[i].options, 100);
        assert_int_equal(read_only_nal(sets, &sample, &slice), table[i].readable);
    }
    free(sets);
    free_sample(&sample);
}

static void every_optional_part_of_a_header_is_stepped_over(void **state)
{
    (void)state;
    static const uint32_t types[] = { H265_P_SLICE, H265_B_SLICE, H265_I_SLICE, H265_DEPENDENT };
    sample_bytes sample = new_sample();
    svms_h265_sets *sets = new_sets();
    for (unsigned tools = 0; tools < 4; tools++) {
        h265_options options = { .all_parts = true, .dependent_slices = true };
        options.tiles = (tools & 1) != 0;
        options.wavefront = (tools & 2) != 0;
        sample.size = 0;
        append_h265_sps(&sample, options);
        learn_last(sets, &sample, true);
        append_h265_pps(&sample, options);
        learn_last(sets, &sample, true);
        for (size_t i = 0; i < COUNT(types); i++) {
            svms_h265_slice slice;
            bit_writer w = { { 0 }, 0 };
            uint32_t nal_type = types[i] == H265_I_SLICE ? 21 : 1;
            put_h265_slice(&w, nal_type, types[i], 33, options);
            sample.size = 0;
            append_h265_slice(&sample, nal_type, types[i], 33, options, 200);
            assert_true(read_only_nal(sets, &sample, &slice));
            assert_int_equal(slice.address, 33);
            assert_int_equal(slice.header_bits, w.bits);
            for (size_t size = 6; size < 6 + w.bits / 8; size++) {
                sample.size = size;
                assert_false(read_only_nal(sets, &sample, &slice));
            }
        }
    }
    free(sets);
    free_sample(&sample);
}

static void a_set_that_does_not_parse_makes_all_of_its_kind_unknown(void **state)
{
    (void)state;
    static const uint8_t broken[][3] = { { 33 << 1, 0x01, 0x0F }, { 34 << 1, 0x01, 0x01 } };
    const h265_options options = { 0 };
    sample_bytes sample = new_sample();
    svms_h265_sets *sets = new_sets();
    for (size_t i = 0; i < COUNT(broken); i++) {
        svms_h265_slice slice;
        sample.size = 0;
        append_h265_sps(&sample, options);
        learn_last(sets, &sample, true);
        append_h265_pps(&sample, options);
        learn_last(sets, &sample, true);
        append_nal(&sample, broken[i], sizeof broken[i]);
        learn_last(sets, &sample, false);
        sample.size = 0;
        append_h265_slice(&sample, 1, H265_P_SLICE, 0, options, 100);
        assert_false(read_only_nal(sets, &sample, &slice));
    }
    free(sets);
    free_sample(&sample);
}

typedef struct {
    const char *what;
    const char *bits; /* of st_ref_pic_set() */
    unsigned index;
    unsigned count;
    bool readable;
    unsigned before;
    unsigned after;
    uint32_t used;
    int32_t delta[4];
} rps_case;

/* H.265 (7-61) to (7-66), worked out by hand. Exp-Golomb: 0 is 1, 1 is 010, 2 is 011. */
static void reference_picture_sets_follow_the_standard(void **state)
{
    (void)state;
    static const rps_case table[] = {
        { "two before, one after",
          "011"
          "010"
          "11"
          "0100"
          "11",
          0,
          2,
          true,
          2,
          1,
          5,
          { -1, -3, 1 } },
        { "predicted from it, shifted by -1",
          "1"
          "1"
          "1"
          "1111",
          1,
          2,
          true,
          3,
          0,
          15 & 7,
          { -1, -2, -4 } },
        { "predicted, the middle one dropped",
          "1"
          "0"
          "1"
          "1"
          "00"
          "1"
          "1",
          1,
          2,
          true,
          0,
          2,
          3,
          { 1, 2 } },
        { "predicted, kept but not used",
          "1"
          "1"
          "1"
          "01"
          "01"
          "01"
          "01",
          1,
          2,
          true,
          3,
          0,
          0,
          { -1, -2, -4 } },
        { "back too far",
          "1"
          "011",
          1,
          1,
          false,
          0,
          0,
          0,
          { 0 } },
        { "cut off", "011", 0, 1, false, 0, 0, 0, { 0 } },
        { "seventeen pictures",
          "000010010"
          "1",
          0,
          1,
          false,
          0,
          0,
          0,
          { 0 } },
    };
    svms_h265_rps earlier[2] = { { 2, 1, 5, { -1, -3, 1 } } };
    for (size_t i = 0; i < COUNT(table); i++) {
        bit_writer w = { { 0 }, 0 };
        for (const char *bit = table[i].bits; *bit; bit++) {
            put_bits(&w, *bit == '1', 1);
        }
        print_message("%s\n", table[i].what);
        svms_bits bits = svms_bits_over(w.data, (w.bits + 7) / 8);
        bits.size_bits = w.bits;
        svms_h265_rps rps = { 0 };
        assert_int_equal(svms_h265_read_rps(&bits, earlier, table[i].index, table[i].count, &rps),
                         table[i].readable);
        if (!table[i].readable) {
            continue;
        }
        assert_int_equal(bits.position, w.bits);
        assert_int_equal(rps.before, table[i].before);
        assert_int_equal(rps.after, table[i].after);
        assert_int_equal(rps.used, table[i].used);
        for (unsigned j = 0; j < table[i].before + table[i].after; j++) {
            assert_int_equal(rps.delta[j], table[i].delta[j]);
        }
    }
}

static void a_predicted_set_of_seventeen_pictures_is_refused(void **state)
{
    (void)state;
    svms_h265_rps earlier = { 0 }, rps = { 0 };
    for (unsigned room = 0; room < 2; room++) {
        bit_writer w = { { 0 }, 0 };
        earlier.before = (uint8_t)(16 - room);
        for (int i = 0; i < 16; i++) {
            earlier.delta[i] = -1 - i;
        }
        put_bits(&w, 7, 3); /* predicted, one picture earlier */
        put_bits(&w, 0x1FFFF, 17);
        svms_bits bits = svms_bits_over(w.data, 3);
        assert_int_equal(svms_h265_read_rps(&bits, &earlier, 1, 2, &rps), room > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_of_encoders_are_read_as_ffmpeg_reads_them),
        cmocka_unit_test(what_the_encoder_was_told_is_seen_in_the_sets),
        cmocka_unit_test(a_configuration_cut_or_lengthened_is_refused),
        cmocka_unit_test(a_configuration_with_2_byte_lengths_is_refused),
        cmocka_unit_test(a_header_that_does_not_end_in_alignment_is_refused),
        cmocka_unit_test(flipped_bits_never_read_out_of_bounds),
        cmocka_unit_test(a_segment_must_lie_within_the_picture),
        cmocka_unit_test(a_slice_under_unknown_extensions_is_not_read),
        cmocka_unit_test(every_optional_part_of_a_header_is_stepped_over),
        cmocka_unit_test(a_set_that_does_not_parse_makes_all_of_its_kind_unknown),
        cmocka_unit_test(reference_picture_sets_follow_the_standard),
        cmocka_unit_test(a_predicted_set_of_seventeen_pictures_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
