/* SPDX-License-Identifier: Apache-2.0 */
/* What NAL units are to camera-signed video (CS-NAL-1 to CS-NAL-3). */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "camera_nal.h"

#define UUID_BYTES                                                                                 \
    0x00, 0x5B, 0xC9, 0x3F, 0x2D, 0x71, 0x5E, 0x95, 0xAD, 0xA4, 0x79, 0x6F, 0x90, 0x87, 0x7A, 0x6F
#define OTHER_BYTES                                                                                \
    0x53, 0x69, 0x67, 0x6E, 0x65, 0x64, 0x20, 0x56, 0x69, 0x64, 0x65, 0x6F, 0x2E, 0x2E, 0x2E, 0x30

static svms_camera_nal look_at(uint32_t codec, const uint8_t *data, size_t size)
{
    svms_nal nal = SVMS_NAL_INIT;
    nal.type = codec == SVMS_CODEC_H265 ? data[0] >> 1 & 0x3Fu : data[0] & 0x1Fu;
    nal.data = data;
    nal.size = size;
    return svms_camera_nal_of(codec, &nal);
}

static void expect(uint32_t codec, unsigned type, bool begins, svms_camera_nal_kind kind,
                   bool is_first)
{
    uint8_t data[] = { (uint8_t)type, begins ? 0x88 : 0x48, 0x11 };
    if (codec == SVMS_CODEC_H265) {
        data[0] = (uint8_t)(type << 1);
        data[1] = 0x01;
        data[2] = begins ? 0xAF : 0x2F;
    }
    svms_camera_nal found = look_at(codec, data, sizeof data);
    if (found.kind != kind || found.is_first_slice != is_first) {
        fail_msg("type %u, %s: kind %d, first %d", type, begins ? "begins" : "goes on", found.kind,
                 found.is_first_slice);
    }
    assert_ptr_equal(found.data, data);
    assert_int_equal(found.size, sizeof data);
    assert_false(found.is_axis);
}

static void slices_of_h264_are_covered_and_idr_begins_a_gop(void **state)
{
    (void)state;
    for (unsigned type = 0; type < 32; type++) {
        bool is_vcl = type >= 1 && type <= 5;
        bool tells = type == 1 || type == 2 || type == 5; /* partitions B and C do not */
        svms_camera_nal_kind plain = is_vcl ? SVMS_CAMERA_NAL_SLICE : SVMS_CAMERA_NAL_IGNORED;
        expect(SVMS_CODEC_H264, type, false, plain, false);
        expect(SVMS_CODEC_H264, type, true, type == 5 ? SVMS_CAMERA_NAL_ANCHOR : plain, tells);
    }
}

static void slices_of_h265_are_covered_and_irap_begins_a_gop(void **state)
{
    (void)state;
    for (unsigned type = 0; type < 64; type++) {
        bool is_vcl = type <= 31;
        bool leads = type >= 16 && type <= 21;
        svms_camera_nal_kind plain = is_vcl ? SVMS_CAMERA_NAL_SLICE : SVMS_CAMERA_NAL_IGNORED;
        expect(SVMS_CODEC_H265, type, false, plain, false);
        expect(SVMS_CODEC_H265, type, true, leads ? SVMS_CAMERA_NAL_ANCHOR : plain, is_vcl);
    }
}

static void zeros_at_the_end_belong_to_nothing(void **state)
{
    (void)state;
    static const uint8_t idr[] = { 0x65, 0x88, 0x00, 0x80, 0x00, 0x00, 0x00 };
    static const uint8_t header_only[] = { 0x65, 0x00, 0x00 };
    static const uint8_t zeros[] = { 0x00, 0x00, 0x00 };
    svms_camera_nal found = look_at(SVMS_CODEC_H264, idr, sizeof idr);
    assert_int_equal(found.kind, SVMS_CAMERA_NAL_ANCHOR);
    assert_int_equal(found.size, 4);
    found = look_at(SVMS_CODEC_H264, header_only, sizeof header_only);
    assert_int_equal(found.kind, SVMS_CAMERA_NAL_SLICE);
    assert_int_equal(found.size, 1);
    found = look_at(SVMS_CODEC_H265, zeros, sizeof zeros); /* type 0 is a slice there */
    assert_int_equal(found.kind, SVMS_CAMERA_NAL_SLICE);
    assert_int_equal(found.size, 0);
}

static void a_slice_without_a_header_begins_nothing(void **state)
{
    (void)state;
    static const uint8_t h264[] = { 0x65 };
    static const uint8_t h265[] = { 0x26, 0x01 };
    assert_int_equal(look_at(SVMS_CODEC_H264, h264, sizeof h264).kind, SVMS_CAMERA_NAL_SLICE);
    assert_int_equal(look_at(SVMS_CODEC_H265, h265, sizeof h265).kind, SVMS_CAMERA_NAL_SLICE);
}

typedef struct sei_case {
    const char *what;
    uint32_t codec;
    uint8_t data[32];
    size_t size;
    svms_camera_nal_kind kind;
    bool is_axis;
} sei_case;

static const sei_case sei_cases[] = {
    { "H.264",
      SVMS_CODEC_H264,
      { 0x06, 0x05, 0x11, UUID_BYTES, 0x00, 0x80 },
      21,
      SVMS_CAMERA_NAL_SEI,
      false },
    { "H.265",
      SVMS_CODEC_H265,
      { 0x4E, 0x01, 0x05, 0x11, UUID_BYTES, 0x00, 0x80 },
      22,
      SVMS_CAMERA_NAL_SEI,
      false },
    { "a size of several bytes",
      SVMS_CODEC_H264,
      { 0x06, 0x05, 0xFF, 0xFF, 0x00, UUID_BYTES, 0x00, 0x80 },
      23,
      SVMS_CAMERA_NAL_SEI,
      false },
    { "with a reference level",
      SVMS_CODEC_H264,
      { 0x66, 0x05, 0x11, UUID_BYTES, 0x00, 0x80 },
      21,
      SVMS_CAMERA_NAL_SEI,
      false },
    { "nothing behind the UUID",
      SVMS_CODEC_H264,
      { 0x06, 0x05, 0x11, UUID_BYTES },
      19,
      SVMS_CAMERA_NAL_SEI,
      false },
    { "half a UUID",
      SVMS_CODEC_H264,
      { 0x06, 0x05, 0x11, UUID_BYTES },
      18,
      SVMS_CAMERA_NAL_IGNORED,
      false },
    { "another payload type",
      SVMS_CODEC_H264,
      { 0x06, 0x04, 0x11, UUID_BYTES, 0x00, 0x80 },
      21,
      SVMS_CAMERA_NAL_IGNORED,
      false },
    { "a suffix SEI",
      SVMS_CODEC_H265,
      { 0x50, 0x01, 0x05, 0x11, UUID_BYTES, 0x00, 0x80 },
      22,
      SVMS_CAMERA_NAL_IGNORED,
      false },
    { "another UUID",
      SVMS_CODEC_H264,
      { 0x06, 0x05, 0x11, 0x01, 0x5B, 0xC9, 0x3F, 0x2D, 0x71, 0x5E,
        0x95, 0xAD, 0xA4, 0x79, 0x6F, 0x90, 0x87, 0x7A, 0x6F, 0x80 },
      20,
      SVMS_CAMERA_NAL_IGNORED,
      false },
    { "of Axis",
      SVMS_CODEC_H264,
      { 0x06, 0x05, 0x11, OTHER_BYTES, 0x00, 0x80 },
      21,
      SVMS_CAMERA_NAL_SEI,
      true },
    { "of Axis in H.265",
      SVMS_CODEC_H265,
      { 0x4E, 0x01, 0x05, 0x11, OTHER_BYTES, 0x00, 0x80 },
      22,
      SVMS_CAMERA_NAL_SEI,
      true },
    { "only a size",
      SVMS_CODEC_H264,
      { 0x06, 0x05, 0xFF, 0xFF, 0xFF },
      5,
      SVMS_CAMERA_NAL_IGNORED,
      false },
};

static void seis_of_media_signing_are_known_by_their_uuid(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sei_cases / sizeof sei_cases[0]; i++) {
        const sei_case *one = &sei_cases[i];
        svms_camera_nal found = look_at(one->codec, one->data, one->size);
        if (found.kind != one->kind || found.is_axis != one->is_axis || found.is_first_slice) {
            fail_msg("%s: kind %d, of Axis %d", one->what, found.kind, found.is_axis);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_of_h264_are_covered_and_idr_begins_a_gop),
        cmocka_unit_test(slices_of_h265_are_covered_and_irap_begins_a_gop),
        cmocka_unit_test(zeros_at_the_end_belong_to_nothing),
        cmocka_unit_test(a_slice_without_a_header_begins_nothing),
        cmocka_unit_test(seis_of_media_signing_are_known_by_their_uuid),
    };
    return cmocka_run_group_tests_name("signedvideo_nal", tests, NULL, NULL);
}
