/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include <string.h>

#include <svms/svms.h>

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

static void texts_of_sdp_are_read(void **state)
{
    (void)state;
    static const struct {
        uint32_t type;
        const char *rtpmap;
        const char *fmtp;
        uint32_t codec;
        uint32_t rate;
        uint32_t channels;
        uint32_t config_size;
    } cases[] = {
        /* RFC 6184 section 8.3. */
        { 98, "H264/90000",
          "profile-level-id=42A01E; packetization-mode=1; "
          "sprop-parameter-sets=Z0IACpZTBYmI,aMljiA==",
          SVMS_CODEC_H264, 90000, 0, 24 },
        { 98, "h264/90000", NULL, SVMS_CODEC_H264, 90000, 0, 0 },
        { 98, "H264/90000", "sprop-parameter-sets=Z0IACpZTBYmI,aMljiA", SVMS_CODEC_H264, 90000, 0,
          24 },
        { 98, "H264/90000", "sprop-parameter-sets=Z0IACpZTBYmI,", SVMS_CODEC_H264, 90000, 0, 0 },
        { 98, "H265/90000", "sprop-max-don-diff=0;tx-mode=SRST", SVMS_CODEC_H265, 90000, 0, 0 },
        /* RFC 3640 section 3.3.6. */
        { 96, "mpeg4-generic/48000/6",
          "streamtype=5; profile-level-id=16; mode=AAC-hbr; config=11B0; sizeLength=13; "
          "indexLength=3; indexDeltaLength=3; constantDuration=1024",
          SVMS_CODEC_AAC, 48000, 6, 2 },
        { 96, "MPEG4-GENERIC/16000", "MODE=aac-HBR;CONFIG=1408", SVMS_CODEC_AAC, 16000, 1, 2 },
        { 0, NULL, NULL, SVMS_CODEC_PCMU, 8000, 1, 0 },
        { 8, NULL, NULL, SVMS_CODEC_PCMA, 8000, 1, 0 },
        { 100, "PCMU/16000/2", NULL, SVMS_CODEC_PCMU, 16000, 2, 0 },
        { 26, NULL, NULL, SVMS_CODEC_MJPEG, 90000, 0, 0 },
        /* ONVIF Streaming, "RTSP session for a metadata stream". */
        { 107, "vnd.onvif.metadata/90000", NULL, SVMS_CODEC_ONVIF_METADATA, 90000, 0, 0 },
        { 107, "vnd.onvif.metadata+gzip/90000", NULL, SVMS_CODEC_ONVIF_METADATA, 90000, 0, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_rtp_format *format = NULL;
        svms_rtp_format_info info = SVMS_RTP_FORMAT_INFO_INIT;
        svms_error err = SVMS_ERROR_INIT;
        svms_status status =
            svms_rtp_format_read(&format, ctx, cases[i].type, cases[i].rtpmap, cases[i].fmtp, &err);
        if (status != SVMS_OK) {
            fail_msg("%s", err.message);
        }
        assert_int_equal(svms_rtp_format_describe(format, &info, NULL), SVMS_OK);
        assert_int_equal(info.payload_type, cases[i].type);
        assert_int_equal(info.codec, cases[i].codec);
        assert_int_equal(info.clock_rate, cases[i].rate);
        assert_int_equal(info.channels, cases[i].channels);
        assert_int_equal(info.config_size, cases[i].config_size);
        svms_rtp_format_free(&format);
    }
}

static void what_cannot_be_received_is_refused_in_words(void **state)
{
    (void)state;
    static const struct {
        const char *rtpmap;
        const char *fmtp;
        svms_status status;
    } cases[] = {
        { NULL, NULL, SVMS_E_MALFORMED },
        { "H264", NULL, SVMS_E_MALFORMED },
        { "H264/0", NULL, SVMS_E_MALFORMED },
        { "H264/x", NULL, SVMS_E_MALFORMED },
        { "H264/99999999999", NULL, SVMS_E_MALFORMED },
        { "VP8/90000", NULL, SVMS_E_UNSUPPORTED },
        { "vnd.onvif.metadata.exi/90000", NULL, SVMS_E_UNSUPPORTED },
        { "vnd.onvif.metadata.exi.onvif/90000", NULL, SVMS_E_UNSUPPORTED },
        { "vnd.onvif.metadata.exi.ext/90000", NULL, SVMS_E_UNSUPPORTED },
        { "PCMU/8000/9", NULL, SVMS_E_MALFORMED },
        { "PCMU/8000/0", NULL, SVMS_E_MALFORMED },
        { "H264/90000", "packetization-mode=2", SVMS_E_UNSUPPORTED },
        { "H264/90000", "packetization-mode=3", SVMS_E_MALFORMED },
        { "H264/90000", "packetization-mode=", SVMS_E_MALFORMED },
        { "H264/90000", "sprop-parameter-sets=Z0!ACpZTBYmI", SVMS_E_MALFORMED },
        { "H264/90000", "sprop-parameter-sets=QWJj", SVMS_E_MALFORMED },
        { "H265/90000", "sprop-max-don-diff=1", SVMS_E_UNSUPPORTED },
        { "mpeg4-generic/8000", NULL, SVMS_E_MALFORMED },
        { "mpeg4-generic/8000", "mode=CELP-cbr", SVMS_E_UNSUPPORTED },
        { "mpeg4-generic/8000", "mode=AAC-hbr;config=123", SVMS_E_MALFORMED },
        { "mpeg4-generic/8000", "mode=AAC-hbr;config=1x", SVMS_E_MALFORMED },
        { "mpeg4-generic/8000", "mode=AAC-hbr;CTSDeltaLength=4", SVMS_E_UNSUPPORTED },
        { "mpeg4-generic/8000", "mode=AAC-hbr;sizeLength=17", SVMS_E_MALFORMED },
        { "mpeg4-generic/8000", "mode=AAC-hbr;constantDuration=0", SVMS_E_MALFORMED },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_rtp_format *format = NULL;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(
            svms_rtp_format_read(&format, ctx, 96, cases[i].rtpmap, cases[i].fmtp, &err),
            cases[i].status);
        assert_null(format);
        assert_int_not_equal(err.message[0], 0);
    }
    static char text[16386];
    memset(text, ';', sizeof text - 1);
    svms_rtp_format *format = NULL;
    assert_int_equal(svms_rtp_format_read(&format, ctx, 96, "H264/90000", text, NULL),
                     SVMS_E_LIMIT);
    text[16384] = '\0';
    assert_int_equal(svms_rtp_format_read(&format, ctx, 96, "H264/90000", text, NULL), SVMS_OK);
    svms_rtp_format_free(&format);
    assert_int_equal(svms_rtp_format_read(&format, ctx, 128, "H264/90000", NULL, NULL),
                     SVMS_E_USAGE);
}

static void no_more_sets_are_kept_than_allowed(void **state)
{
    (void)state;
    /* Three PPS, again and again. */
    char text[2000] = "sprop-parameter-sets=";
    static const char *const sets[] = { "aIA=", "aEA=", "aGA=" };
    for (int i = 0; i < 33; i++) {
        strcat(text, sets[i % 3]);
        strcat(text, ",");
    }
    svms_rtp_format *format = NULL;
    assert_int_equal(svms_rtp_format_read(&format, ctx, 96, "H264/90000", text, NULL), SVMS_OK);
    svms_rtp_format_free(&format);
    /* 33 different ids: 0x68, then an Exp-Golomb code. */
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    strcpy(text, "sprop-parameter-sets=");
    for (unsigned i = 0; i < 33; i++) {
        unsigned bits = 0x680000u | (i < 32 ? (32u + i) << 5 : 0x8000u);
        char one[6] = { digits[bits >> 18 & 63],
                        digits[bits >> 12 & 63],
                        digits[bits >> 6 & 63],
                        digits[bits & 63],
                        ',',
                        0 };
        strcat(text, one);
    }
    assert_int_equal(svms_rtp_format_read(&format, ctx, 96, "H264/90000", text, NULL),
                     SVMS_E_LIMIT);
}

static void a_format_gives_its_texts_back(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "H264/90000", "packetization-mode=1;profile-level-id=42000a;"
                        "sprop-parameter-sets=Z0IACpZTBYmI,aMljiA==" },
        { "H264/90000", "packetization-mode=0" },
        { "H265/90000", "" },
        { "mpeg4-generic/16000/1", "streamtype=5;profile-level-id=1;mode=AAC-hbr;sizeLength=13;"
                                   "indexLength=3;indexDeltaLength=3;config=1408" },
        { "PCMU/8000", "" },
        { "PCMA/16000/2", "" },
        { "JPEG/90000", "" },
        { "vnd.onvif.metadata/90000", "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        svms_rtp_format *format = NULL;
        char text[512];
        size_t size = sizeof text;
        assert_int_equal(svms_rtp_format_read(&format, ctx, 96, cases[i][0], cases[i][1], NULL),
                         SVMS_OK);
        assert_int_equal(svms_rtp_format_rtpmap(format, text, &size, NULL), SVMS_OK);
        assert_string_equal(text, cases[i][0]);
        size = sizeof text;
        assert_int_equal(svms_rtp_format_fmtp(format, text, &size, NULL), SVMS_OK);
        assert_string_equal(text, cases[i][1]);
        size = 1;
        if (cases[i][1][0] != '\0') {
            assert_int_equal(svms_rtp_format_fmtp(format, text, &size, NULL), SVMS_E_LIMIT);
            assert_int_equal(size, strlen(cases[i][1]) + 1);
        }
        svms_rtp_format_free(&format);
    }
}

static void a_track_becomes_a_format_and_its_configuration_returns(void **state)
{
    (void)state;
    static const uint8_t avcc[] = { 1,    0x42, 0x00, 0x0A, 0xFF, 0xE1, 0,    9,
                                    0x67, 0x42, 0x00, 0x0A, 0x96, 0x53, 0x05, 0x89,
                                    0x88, 1,    0,    4,    0x68, 0xC9, 0x63, 0x88 };
    svms_track track = SVMS_TRACK_INIT;
    svms_rtp_format *format = NULL;
    svms_rtp_format_info info = SVMS_RTP_FORMAT_INFO_INIT;
    track.codec = SVMS_CODEC_H264;
    track.config = avcc;
    track.config_size = sizeof avcc;
    assert_int_equal(svms_rtp_format_make(&format, ctx, 96, &track, NULL), SVMS_OK);
    assert_int_equal(svms_rtp_format_describe(format, &info, NULL), SVMS_OK);
    assert_int_equal(info.config_size, sizeof avcc);
    assert_memory_equal(info.config, avcc, sizeof avcc);
    svms_rtp_format_free(&format);
    for (uint32_t size = 1; size < sizeof avcc; size++) {
        track.config_size = size;
        assert_int_equal(svms_rtp_format_make(&format, ctx, 96, &track, NULL), SVMS_E_MALFORMED);
        assert_null(format);
    }
    track.codec = SVMS_CODEC_OPUS;
    assert_int_equal(svms_rtp_format_make(&format, ctx, 96, &track, NULL), SVMS_E_UNSUPPORTED);
    track.codec = SVMS_CODEC_AAC;
    assert_int_equal(svms_rtp_format_make(&format, ctx, 96, &track, NULL), SVMS_E_USAGE);
    track.sample_rate = 16000;
    track.config_size = 2;
    assert_int_equal(svms_rtp_format_make(&format, ctx, 96, &track, NULL), SVMS_OK);
    svms_rtp_format_free(&format);
    track.codec = SVMS_CODEC_PCMU;
    track.sample_rate = 0;
    assert_int_equal(svms_rtp_format_make(&format, ctx, 0, &track, NULL), SVMS_OK);
    assert_int_equal(svms_rtp_format_describe(format, &info, NULL), SVMS_OK);
    assert_int_equal(info.clock_rate, 8000);
    svms_rtp_format_free(&format);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_of_sdp_are_read),
        cmocka_unit_test(what_cannot_be_received_is_refused_in_words),
        cmocka_unit_test(no_more_sets_are_kept_than_allowed),
        cmocka_unit_test(a_format_gives_its_texts_back),
        cmocka_unit_test(a_track_becomes_a_format_and_its_configuration_returns),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
