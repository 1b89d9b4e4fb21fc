/* SPDX-License-Identifier: Apache-2.0 */
/* Session descriptions that are read (docs/spec/rtsp.md, SD-RD). */
#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "failing_allocator.h"

#include <svms/svms.h>

#define SETS "sprop-parameter-sets=Z0IACpZTBYmI,aMljiA=="
/* The header of ONVIF's example of a MIKEY message: AQAFAP1td9ABAADCD1UcAAAAAA== */
#define MIKEY_TEXT "AQAFAP1td9ABAADCD1UcAAAAAA=="
#define MIKEY_BYTES "\x01\x00\x05\x00\xFD\x6D\x77\xD0\x01\x00\x00\xC2\x0F\x55\x1C\0\0\0\0"
#define MIKEY_SIZE 19

/* What cameras and servers send; names, numbers and keys are ours. */
static const char hikvision[] =
    "v=0\r\no=- 1109162014219182 1109162014219192 IN IP4 0.0.0.0\r\ns=Media Presentation\r\n"
    "e=NONE\r\nb=AS:5100\r\nt=0 0\r\na=control:rtsp://192.0.2.64:554/Streaming/Channels/101/\r\n"
    "m=video 0 RTP/AVP 96\r\nc=IN IP4 0.0.0.0\r\nb=AS:5000\r\na=recvonly\r\n"
    "a=x-dimensions:1920,1080\r\na=control:rtsp://192.0.2.64:554/Streaming/Channels/101/"
    "trackID=1\r\n"
    "a=rtpmap:96 H264/90000\r\na=fmtp:96 profile-level-id=420029; packetization-mode=1; " SETS
    "\r\n"
    "m=audio 0 RTP/AVP 8\r\nc=IN IP4 0.0.0.0\r\nb=AS:50\r\na=recvonly\r\n"
    "a=control:rtsp://192.0.2.64:554/Streaming/Channels/101/trackID=2\r\na=rtpmap:8 PCMA/8000\r\n"
    "a=Media_header:MEDIAINFO=494D4B48010300000400000111710110401F000000FA0000;\r\n"
    "a=appversion:1.0\r\n";
static const char dahua[] =
    "v=0\r\no=- 2251938202 2251938202 IN IP4 0.0.0.0\r\ns=RTSP Session/2.0\r\nc=IN IP4 0.0.0.0\r\n"
    "t=0 0\r\na=control:*\r\na=range:npt=now-\r\na=packetization-supported:DH\r\n"
    "m=video 0 RTP/AVP 98\r\na=control:trackID=0\r\na=framerate:25.000000\r\n"
    "a=rtpmap:98 H265/90000\r\na=fmtp:98 profile-id=1\r\na=recvonly\r\n"
    "m=audio 0 RTP/AVP 97\r\na=control:trackID=1\r\na=rtpmap:97 MPEG4-GENERIC/16000\r\n"
    "a=fmtp:97 streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;"
    "indexdeltalength=3;config=1408\r\na=recvonly\r\n"
    "m=application 0 RTP/AVP 107\r\na=control:trackID=4\r\na=rtpmap:107 "
    "vnd.onvif.metadata/90000\r\n"
    "a=recvonly\r\n"
    "m=audio 0 RTP/AVP 8\r\na=control:trackID=5\r\na=rtpmap:8 PCMA/8000\r\na=sendonly\r\n";
static const char axis[] =
    "v=0\r\no=- 16203562842837293 1 IN IP4 192.0.2.90\r\n"
    "s=Session streamed with GStreamer\r\ni=rtsp-server\r\nt=0 0\r\na=tool:GStreamer\r\n"
    "a=type:broadcast\r\na=range:npt=now-\r\n"
    "a=control:rtsps://192.0.2.90/axis-media/media.amp?videocodec=h264\r\n"
    "m=video 0 RTP/SAVP 96\r\nc=IN IP4 0.0.0.0\r\nb=AS:50000\r\na=rtpmap:96 H264/90000\r\n"
    "a=fmtp:96 packetization-mode=1;profile-level-id=4d0029;" SETS "\r\na=ts-refclk:local\r\n"
    "a=mediaclk:sender\r\na=recvonly\r\n"
    "a=control:rtsps://192.0.2.90/axis-media/media.amp/stream=0?videocodec=h264\r\n"
    "a=key-mgmt:mikey " MIKEY_TEXT "\r\na=framerate:29.97\r\n"
    "a=transform:1.000000,0.000000,0.000000;0.000000,1.000000,0.000000;0.0,0.0,1.0\r\n";
static const char ffmpeg[] =
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=No Name\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "a=tool:libavformat 59.27.100\r\nm=video 5004 RTP/AVP 96\r\nb=AS:200\r\n"
    "a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1; " SETS "; "
    "profile-level-id=42C00A\r\n";

static svms_ctx *ctx;

static int make_context(void **state)
{
    (void)state;
    return svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK ? 0 : -1;
}

static int free_context(void **state)
{
    (void)state;
    svms_ctx_free(&ctx);
    return 0;
}

static svms_sdp *read_sized(const char *text, size_t size)
{
    svms_sdp *sdp = NULL;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_sdp_read(&sdp, ctx, text, size, &err) != SVMS_OK) {
        fail_msg("%s: %s", text, err.message);
    }
    return sdp;
}

static svms_sdp *read_text(const char *text)
{
    return read_sized(text, strlen(text));
}

static svms_sdp_media medium(const svms_sdp *sdp, size_t index)
{
    svms_sdp_media media = SVMS_SDP_MEDIA_INIT;
    assert_int_equal(svms_sdp_media_at(sdp, index, &media, NULL), SVMS_OK);
    return media;
}

static uint32_t codec_of(const svms_sdp *sdp, size_t index)
{
    svms_rtp_format *format = NULL;
    svms_rtp_format_info info = SVMS_RTP_FORMAT_INFO_INIT;
    assert_int_equal(svms_sdp_format(&format, sdp, index, NULL), SVMS_OK);
    assert_int_equal(svms_rtp_format_describe(format, &info, NULL), SVMS_OK);
    svms_rtp_format_free(&format);
    return info.codec;
}

static void hikvisions_description_is_read(void **state)
{
    (void)state;
    svms_sdp *sdp = read_text(hikvision);
    assert_string_equal(svms_sdp_name(sdp), "Media Presentation");
    assert_string_equal(svms_sdp_control(sdp), "rtsp://192.0.2.64:554/Streaming/Channels/101/");
    assert_null(svms_sdp_range(sdp));
    assert_int_equal(svms_sdp_media_count(sdp), 2);
    svms_sdp_media video = medium(sdp, 0);
    assert_string_equal(video.kind, "video");
    assert_string_equal(video.protocol, "RTP/AVP");
    assert_int_equal(video.rtp, 1);
    assert_int_equal(video.secure, 0);
    assert_int_equal(video.payload_type, 96);
    assert_int_equal(video.direction, SVMS_SDP_RECVONLY);
    assert_string_equal(video.rtpmap, "H264/90000");
    assert_int_equal(video.width, 1920);
    assert_int_equal(video.height, 1080);
    assert_string_equal(video.control, "rtsp://192.0.2.64:554/Streaming/Channels/101/trackID=1");
    assert_int_equal(codec_of(sdp, 0), SVMS_CODEC_H264);
    assert_int_equal(medium(sdp, 1).payload_type, 8);
    assert_null(medium(sdp, 1).fmtp);
    assert_int_equal(medium(sdp, 1).backchannel, 0);
    assert_int_equal(codec_of(sdp, 1), SVMS_CODEC_PCMA);
    svms_sdp_free(&sdp);
    assert_null(sdp);
}

static void dahuas_description_is_read_and_its_back_channel_found(void **state)
{
    (void)state;
    svms_sdp *sdp = read_text(dahua);
    assert_string_equal(svms_sdp_control(sdp), "*");
    assert_string_equal(svms_sdp_range(sdp), "npt=now-");
    assert_int_equal(svms_sdp_media_count(sdp), 4);
    assert_int_equal(medium(sdp, 0).framerate_num, 25000000);
    assert_int_equal(medium(sdp, 0).framerate_den, 1000000);
    assert_string_equal(medium(sdp, 2).kind, "application");
    assert_string_equal(medium(sdp, 2).control, "trackID=4");
    static const uint32_t codecs[] = { SVMS_CODEC_H265, SVMS_CODEC_AAC, SVMS_CODEC_ONVIF_METADATA,
                                       SVMS_CODEC_PCMA };
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(codec_of(sdp, i), codecs[i]);
        assert_int_equal(medium(sdp, i).backchannel, i == 3);
    }
    svms_sdp_free(&sdp);
}

static void a_secure_description_gives_its_mikey_message(void **state)
{
    (void)state;
    svms_sdp *sdp = read_text(axis);
    svms_sdp_media media = medium(sdp, 0);
    assert_int_equal(media.secure, 1);
    assert_int_equal(media.key_mgmt_size, MIKEY_SIZE);
    assert_memory_equal(media.key_mgmt, MIKEY_BYTES, MIKEY_SIZE);
    assert_int_equal(media.framerate_num, 2997);
    assert_int_equal(media.framerate_den, 100);
    assert_int_equal(codec_of(sdp, 0), SVMS_CODEC_H264);
    svms_sdp_free(&sdp);
}

static void ffmpegs_description_is_read(void **state)
{
    (void)state;
    svms_sdp *sdp = read_text(ffmpeg);
    assert_null(svms_sdp_control(sdp));
    assert_int_equal(medium(sdp, 0).port, 5004);
    assert_null(medium(sdp, 0).control);
    assert_int_equal(medium(sdp, 0).direction, SVMS_SDP_SENDRECV);
    assert_int_equal(codec_of(sdp, 0), SVMS_CODEC_H264);
    svms_sdp_free(&sdp);
}

static void what_a_session_says_holds_for_media_that_say_nothing(void **state)
{
    (void)state;
    svms_sdp *sdp = read_text("v=0\na=key-mgmt:mikey " MIKEY_TEXT "\na=sendonly\n"
                              "a=fingerprint:sha-256 AA:BB\na=setup:actpass\na=range:npt=0-\n"
                              "m=video 0 RTP/SAVP 26\n"
                              "m=audio 0 RTP/SAVPF 0\na=key-mgmt:mikey AAAA\na=recvonly\n"
                              "a=fingerprint:sha-256 CC:DD\na=setup:passive\na=range:npt=5-\n");
    svms_sdp_media first = medium(sdp, 0);
    svms_sdp_media second = medium(sdp, 1);
    assert_int_equal(first.key_mgmt_size, MIKEY_SIZE);
    assert_int_equal(second.key_mgmt_size, 3);
    assert_int_equal(first.direction, SVMS_SDP_SENDONLY);
    assert_int_equal(second.direction, SVMS_SDP_RECVONLY);
    assert_string_equal(first.fingerprint, "sha-256 AA:BB");
    assert_string_equal(second.fingerprint, "sha-256 CC:DD");
    assert_string_equal(first.setup, "actpass");
    assert_string_equal(second.setup, "passive");
    /* A range is not inherited: the caller decides. */
    assert_null(first.range);
    assert_string_equal(second.range, "npt=5-");
    /* Pictures are no back channel, whoever sends them. */
    assert_int_equal(first.backchannel, 0);
    svms_sdp_free(&sdp);
}

static void protocols_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        unsigned rtp;
        unsigned secure;
    } cases[] = {
        { "m=video 0 RTP/AVP 26", 1, 0 },
        { "m=video 0 rtp/avp 26", 1, 0 },
        { "m=video 0 RTP/AVPF 26", 1, 0 },
        { "m=video 0 RTP/SAVP 26", 1, 1 },
        { "m=video 0 RTP/SAVPF 26", 1, 1 },
        { "m=video 0 RTP/AVP/TCP 26", 1, 0 },
        { "m=video 0 RTP/SAVP/UDP 26", 1, 1 },
        { "m=video 0 TCP/RTP/AVP 26", 1, 0 },
        { "m=video 9 UDP/TLS/RTP/SAVPF 26", 1, 1 },
        { "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", 0, 0 },
        { "m=video 0 RTP/XAVP 26", 0, 0 },
        { "m=video 0 RTP 26", 0, 0 },
        { "m=video 0 SAVP 26", 0, 0 },
        { "m=video 49170/2 udp", 0, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[128];
        svms_rtp_format *format = NULL;
        (void)snprintf(text, sizeof text, "v=0\n%s\n", cases[i].line);
        svms_sdp *sdp = read_text(text);
        assert_int_equal(medium(sdp, 0).rtp, cases[i].rtp);
        assert_int_equal(medium(sdp, 0).secure, cases[i].secure);
        assert_int_equal(svms_sdp_format(&format, sdp, 0, NULL),
                         cases[i].rtp ? SVMS_OK : SVMS_E_UNSUPPORTED);
        svms_rtp_format_free(&format);
        svms_sdp_free(&sdp);
    }
}

static void the_first_payload_type_that_can_be_read_is_chosen(void **state)
{
    (void)state;
    static const char attributes[] =
        "a=rtpmap:99 VP8/90000\na=rtpmap:100 H264/90000\na=fmtp:100 packetization-mode=2\n"
        "a=rtpmap:97 H264/90000\na=fmtp:97 packetization-mode=1\na=rtpmap:97 VP9/90000\n"
        "a=rtpmap:55 VP9/90000\n";
    char text[512];
    (void)snprintf(text, sizeof text, "v=0\nm=video 0 RTP/AVP 99 100 101 97 26\n%s", attributes);
    svms_sdp *sdp = read_text(text);
    assert_int_equal(medium(sdp, 0).payload_type, 97);
    assert_string_equal(medium(sdp, 0).rtpmap, "H264/90000");
    assert_string_equal(medium(sdp, 0).fmtp, "packetization-mode=1");
    svms_sdp_free(&sdp);
    (void)snprintf(text, sizeof text, "v=0\nm=video 0 RTP/AVP 99 100\n%s", attributes);
    sdp = read_text(text);
    svms_rtp_format *format = NULL;
    assert_int_equal(medium(sdp, 0).payload_type, 99);
    assert_int_equal(svms_sdp_format(&format, sdp, 0, NULL), SVMS_E_UNSUPPORTED);
    svms_sdp_free(&sdp);
}

static void numbers_that_are_none_are_passed_over(void **state)
{
    (void)state;
    svms_sdp *sdp = read_text("v=0\nm=video 0 RTP/AVP 26\na=ssrc:x cname:a\na=ssrc:4294967296\n"
                              "a=ssrc:4294967295 cname:a\na=ssrc:7\na=framerate:x\n"
                              "a=framerate:1001\na=framerate:0\na=framerate:2x\n"
                              "a=framerate:12.5x\na=framerate:12.50\na=framerate:30\n"
                              "a=x-dimensions:0,5\na=x-dimensions:5\na=x-dimensions:70000,5\n"
                              "a=framesize:26 640-480\na=x-dimensions:1,1\na=rtcp-mux\n");
    svms_sdp_media media = medium(sdp, 0);
    assert_int_equal(media.has_ssrc, 1);
    assert_int_equal(media.ssrc, UINT32_MAX);
    assert_int_equal(media.framerate_num, 1250);
    assert_int_equal(media.framerate_den, 100);
    assert_int_equal(media.width, 640);
    assert_int_equal(media.height, 480);
    assert_int_equal(media.rtcp_mux, 1);
    svms_sdp_free(&sdp);
}

static void blanks_and_ends_of_lines_do_not_matter(void **state)
{
    (void)state;
    static const char text[] = "v=0 \r\r\n\n\r\ns=\ni=caf\xC3\xA9\na=CONTROL:  one\t two \n"
                               "m=video\t0  RTP/AVP\t26\na=Control:x\na=control:y\na=Recvonly\0\0";
    svms_sdp *sdp = read_sized(text, sizeof text);
    assert_string_equal(svms_sdp_name(sdp), "");
    assert_string_equal(svms_sdp_control(sdp), "one\t two");
    assert_string_equal(medium(sdp, 0).control, "x");
    assert_int_equal(medium(sdp, 0).direction, SVMS_SDP_RECVONLY);
    svms_sdp_free(&sdp);
}

static void what_some_cameras_get_wrong_does_not_hide_their_good_media(void **state)
{
    (void)state;
    /* TP-Link and Mercury, IGC, Tuya. */
    static const char text[] =
        "v=0\no=x y z\nm=application/TP-LINK 0 RTP/SAVP smart/1/90000\na=rtpmap:95 TP-LINK/90000\n"
        "a=control:track3\nm=audio 0 RTP/AVP (null)\na=rtpmap\na=fmtp:\na=rtpmap:128 PCMU/8000\n"
        "m=video -1353744643 RTP/AVP 96 x 26\nc=IN IP4 '&\x01\x1B\n"
        "a=control\na=rtpmap:96 VP8/90000\na=control:good\n";
    svms_sdp *sdp = read_text(text);
    assert_int_equal(svms_sdp_media_count(sdp), 3);
    for (size_t i = 0; i < 2; i++) {
        svms_rtp_format *format = NULL;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(medium(sdp, i).rtp, 0);
        assert_int_equal(medium(sdp, i).secure, 0);
        assert_int_equal(svms_sdp_format(&format, sdp, i, &err), SVMS_E_UNSUPPORTED);
        assert_non_null(strstr(err.message, "is no RTP that can be read"));
    }
    assert_int_equal(medium(sdp, 2).port, 0);
    assert_int_equal(medium(sdp, 2).payload_type, 26);
    assert_string_equal(medium(sdp, 2).control, "good");
    assert_int_equal(codec_of(sdp, 2), SVMS_CODEC_MJPEG);
    svms_sdp_free(&sdp);
}

static void other_key_management_is_passed_over(void **state)
{
    (void)state;
    svms_sdp *sdp = read_text("v=0\nm=video 0 RTP/SAVP 26\na=key-mgmt:kerberos !!\n"
                              "a=key-mgmt:MIKEY " MIKEY_TEXT "\na=key-mgmt:mikey AAAA\n");
    assert_int_equal(medium(sdp, 0).key_mgmt_size, MIKEY_SIZE);
    svms_sdp_free(&sdp);
}

typedef struct refused {
    const char *text;
    svms_status status;
    uint64_t offset;
    const char *words;
} refused;

static const refused refusals[] = {
    { "", SVMS_E_MALFORMED, SVMS_NO_OFFSET, "an empty description" },
    { "\r\n\n", SVMS_E_MALFORMED, SVMS_NO_OFFSET, "an empty description" },
    { "v=1\n", SVMS_E_MALFORMED, 0, "does not begin with v=0" },
    { "v=00\n", SVMS_E_MALFORMED, 0, "does not begin with v=0" },
    { "\ns=x\nv=0\n", SVMS_E_MALFORMED, 1, "does not begin with v=0" },
    { "<html>", SVMS_E_MALFORMED, 0, "no type=value" },
    { "v=0\nV=0\n", SVMS_E_MALFORMED, 4, "no type=value" },
    { "v=0\nab=c\n", SVMS_E_MALFORMED, 4, "no type=value" },
    { "v=0\na\n", SVMS_E_MALFORMED, 4, "no type=value" },
    { "v=0\n a=b\n", SVMS_E_MALFORMED, 4, "no type=value" },
    { "v=0\na=control:x\x1B[2J\n", SVMS_E_MALFORMED, 15, "a control character" },
    { "v=0\na=control:x\ry\n", SVMS_E_MALFORMED, 15, "a control character" },
    { "v=0\na=control:x\x7F\n", SVMS_E_MALFORMED, 15, "a control character" },
    { "v=0\nm=\n", SVMS_E_MALFORMED, 4, "no kind, port and protocol" },
    { "v=0\nm=video\n", SVMS_E_MALFORMED, 4, "no kind, port and protocol" },
    { "v=0\nm=video 0\n", SVMS_E_MALFORMED, 4, "no kind, port and protocol" },
    { "v=0\nm=video 0 RTP/AVP 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25"
      " 26 27 28 29 30 31 32\n",
      SVMS_E_LIMIT, 4, "more than 32 payload types" },
    { "v=0\na=key-mgmt:mikey\n", SVMS_E_MALFORMED, 4, "a=key-mgmt is no base64" },
    { "v=0\na=key-mgmt:mikey AQA\n", SVMS_E_MALFORMED, 4, "a=key-mgmt is no base64" },
    { "v=0\na=key-mgmt:mikey AQ-_\n", SVMS_E_MALFORMED, 4, "a=key-mgmt is no base64" },
    { "v=0\na=key-mgmt:mikey AQAF AQAF\n", SVMS_E_MALFORMED, 4, "a=key-mgmt is no base64" },
};

static void assert_refused(const char *text, size_t size, svms_status status, uint64_t offset,
                           const char *words)
{
    svms_sdp *sdp = NULL;
    svms_error err = SVMS_ERROR_INIT;
    svms_status got = svms_sdp_read(&sdp, ctx, text, size, &err);
    if (got != status || err.offset != offset || !strstr(err.message, words)) {
        fail_msg("%.60s: %d at %lld: %s", text, (int)got, (long long)err.offset, err.message);
    }
    assert_null(sdp);
}

static void what_is_no_description_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        const refused *one = &refusals[i];
        assert_refused(one->text, strlen(one->text), one->status, one->offset, one->words);
    }
    assert_refused("v=0\ns=a\0b\n", 10, SVMS_E_MALFORMED, 7, "a control character");
}

/* A text of "v=0", then count times what, then tail. */
static size_t repeat(char *out, const char *what, size_t count, const char *tail)
{
    size_t size = 4;
    memcpy(out, "v=0\n", size);
    for (size_t i = 0; i < count; i++) {
        memcpy(out + size, what, strlen(what));
        size += strlen(what);
    }
    memcpy(out + size, tail, strlen(tail));
    return size + strlen(tail);
}

static void limits_hold_and_what_reaches_them_is_read(void **state)
{
    (void)state;
    static char text[SVMS_SDP_SIZE_MAX + 64];
    static const struct {
        const char *what;
        size_t most;
        uint64_t offset;
        const char *words;
        const char *head;
    } cases[] = {
        { "a=x\n", 511, 4 + 511 * 4, "more than 512 lines", "" },
        { "m=a 0 RTP/AVP 0\n", 32, SVMS_NO_OFFSET, "more than 32 media", "" },
        { "x", 16383 - 1, 4, "a line of more than 16384 bytes", "a=" },
        { "AAAA", 1365, 4, "a=key-mgmt of more than 4096 bytes", "a=key-mgmt:mikey " },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *body = text + 4 + strlen(cases[i].head);
        for (size_t more = 0; more < 2; more++) {
            size_t size = repeat(body - 4, cases[i].what, cases[i].most + more, "\n");
            memcpy(text, "v=0\n", 4);
            memcpy(text + 4, cases[i].head, strlen(cases[i].head));
            size += strlen(cases[i].head);
            if (more) {
                assert_refused(text, size, SVMS_E_LIMIT, cases[i].offset, cases[i].words);
            } else {
                svms_sdp *sdp = read_sized(text, size);
                svms_sdp_free(&sdp);
            }
        }
    }
    size_t size = repeat(text, "\n", SVMS_SDP_SIZE_MAX - 4, "");
    svms_sdp *sdp = read_sized(text, size);
    svms_sdp_free(&sdp);
    size = repeat(text, "\n", SVMS_SDP_SIZE_MAX - 3, "");
    assert_refused(text, size, SVMS_E_LIMIT, SVMS_NO_OFFSET, "more than 65536 bytes");
}

static void missing_arguments_are_the_callers_mistake(void **state)
{
    (void)state;
    svms_sdp *sdp = NULL;
    svms_sdp_media media = SVMS_SDP_MEDIA_INIT;
    svms_rtp_format *format = NULL;
    assert_int_equal(svms_sdp_read(NULL, ctx, "v=0", 3, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_sdp_read(&sdp, NULL, "v=0", 3, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_sdp_read(&sdp, ctx, NULL, 3, NULL), SVMS_E_USAGE);
    sdp = read_text("v=0");
    assert_int_equal(svms_sdp_media_count(sdp), 0);
    assert_int_equal(svms_sdp_media_at(sdp, 0, &media, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_sdp_media_at(NULL, 0, &media, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_sdp_format(&format, sdp, 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_sdp_format(&format, NULL, 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_sdp_format(NULL, sdp, 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_sdp_media_count(NULL), 0);
    assert_null(svms_sdp_name(NULL));
    assert_null(svms_sdp_control(NULL));
    assert_null(svms_sdp_range(NULL));
    svms_sdp_free(&sdp);
    svms_sdp_free(&sdp);
    svms_sdp_free(NULL);
}

static svms_status read_secure(svms_ctx *own, svms_error *err)
{
    svms_sdp *sdp = NULL;
    svms_status status = svms_sdp_read(&sdp, own, axis, sizeof axis - 1, err);
    assert_int_equal(sdp != NULL, status == SVMS_OK);
    svms_rtp_format *format = NULL;
    if (status == SVMS_OK) {
        status = svms_sdp_format(&format, sdp, 0, err);
    }
    svms_rtp_format_free(&format);
    svms_sdp_free(&sdp);
    return status;
}

static void reading_survives_failing_memory(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(read_secure);
}

/* Memory that is looked at when it is given back. */
typedef struct watched {
    unsigned secrets;
    size_t sizes[64];
    void *blocks[64];
    size_t count;
} watched;

static bool holds(const uint8_t *data, size_t size, const void *what, size_t length)
{
    for (size_t i = 0; i + length <= size; i++) {
        if (memcmp(data + i, what, length) == 0) {
            return true;
        }
    }
    return false;
}

static void *watched_allocate(void *user, size_t size)
{
    watched *w = user;
    assert_true(w->count < 64);
    w->blocks[w->count] = malloc(size);
    w->sizes[w->count] = size;
    return w->blocks[w->count++];
}

static void watched_release(void *user, void *pointer)
{
    watched *w = user;
    for (size_t i = 0; i < w->count; i++) {
        if (w->blocks[i] == pointer) {
            w->secrets += holds(pointer, w->sizes[i], MIKEY_BYTES, 8) ||
                          holds(pointer, w->sizes[i], MIKEY_TEXT, 8);
            w->blocks[i] = NULL;
        }
    }
    free(pointer);
}

static void media_keys_are_wiped_before_memory_is_given_back(void **state)
{
    (void)state;
    watched w = { 0 };
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    options.user = &w;
    options.allocate = watched_allocate;
    options.release = watched_release;
    svms_ctx *own = NULL;
    svms_sdp *sdp = NULL;
    assert_int_equal(svms_ctx_new(&own, &options, NULL), SVMS_OK);
    assert_int_equal(svms_sdp_read(&sdp, own, axis, sizeof axis - 1, NULL), SVMS_OK);
    svms_sdp_free(&sdp);
    /* Also when what follows the key is refused. */
    static const char broken[] = "v=0\na=key-mgmt:mikey " MIKEY_TEXT "\nm=\n";
    assert_int_equal(svms_sdp_read(&sdp, own, broken, sizeof broken - 1, NULL), SVMS_E_MALFORMED);
    svms_ctx_free(&own);
    assert_int_equal(w.secrets, 0);
    assert_true(w.count > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hikvisions_description_is_read),
        cmocka_unit_test(dahuas_description_is_read_and_its_back_channel_found),
        cmocka_unit_test(a_secure_description_gives_its_mikey_message),
        cmocka_unit_test(ffmpegs_description_is_read),
        cmocka_unit_test(what_a_session_says_holds_for_media_that_say_nothing),
        cmocka_unit_test(protocols_are_told_apart),
        cmocka_unit_test(the_first_payload_type_that_can_be_read_is_chosen),
        cmocka_unit_test(numbers_that_are_none_are_passed_over),
        cmocka_unit_test(blanks_and_ends_of_lines_do_not_matter),
        cmocka_unit_test(what_some_cameras_get_wrong_does_not_hide_their_good_media),
        cmocka_unit_test(other_key_management_is_passed_over),
        cmocka_unit_test(what_is_no_description_is_refused),
        cmocka_unit_test(limits_hold_and_what_reaches_them_is_read),
        cmocka_unit_test(missing_arguments_are_the_callers_mistake),
        cmocka_unit_test(reading_survives_failing_memory),
        cmocka_unit_test(media_keys_are_wiped_before_memory_is_given_back),
    };
    return cmocka_run_group_tests_name("sdp", tests, make_context, free_context);
}
