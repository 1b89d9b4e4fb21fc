/* SPDX-License-Identifier: Apache-2.0 */
/* Session descriptions that are written (docs/spec/rtsp.md, SD-WR). */
#include "cmocka_all.h"

#include <string.h>

#include "failing_allocator.h"

#include <svms/svms.h>

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

static svms_rtp_format *read_format(uint32_t type, const char *rtpmap, const char *fmtp)
{
    svms_rtp_format *format = NULL;
    assert_int_equal(svms_rtp_format_read(&format, ctx, type, rtpmap, fmtp, NULL), SVMS_OK);
    return format;
}

static const uint8_t mikey[] = { 1, 0, 5, 0, 0xFD };

static void a_secure_camera_is_described(void **state)
{
    (void)state;
    static const char expected[] =
        "v=0\r\no=- 7 8 IN IP4 192.0.2.1\r\ns=Gate\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
        "a=control:*\r\na=range:npt=now-\r\n"
        "m=video 0 RTP/SAVP 96\r\na=rtpmap:96 JPEG/90000\r\na=control:track0\r\n"
        "a=recvonly\r\na=x-dimensions:640,480\r\na=framerate:29.97003\r\n"
        "a=ssrc:4294967295 cname:camera\r\na=key-mgmt:mikey AQAFAP0=\r\n"
        "m=audio 0 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000/2\r\na=sendonly\r\na=framerate:25\r\n"
        "a=ssrc:1\r\n"
        "m=application 0 RTP/AVP 97\r\na=rtpmap:97 vnd.onvif.metadata/90000\r\na=inactive\r\n";
    svms_rtp_format *formats[] = { read_format(96, "JPEG/90000", NULL),
                                   read_format(8, "PCMA/8000/2", NULL),
                                   read_format(97, "vnd.onvif.metadata/90000", NULL) };
    svms_sdp_track tracks[3] = { SVMS_SDP_TRACK_INIT, SVMS_SDP_TRACK_INIT, SVMS_SDP_TRACK_INIT };
    for (size_t i = 0; i < 3; i++) {
        tracks[i].format = formats[i];
    }
    tracks[0].secure = 1;
    tracks[0].control = "track0";
    tracks[0].direction = SVMS_SDP_RECVONLY;
    tracks[0].width = 640;
    tracks[0].height = 480;
    tracks[0].framerate_num = 30000;
    tracks[0].framerate_den = 1001;
    tracks[0].has_ssrc = 1;
    tracks[0].ssrc = UINT32_MAX;
    tracks[0].cname = "camera";
    tracks[0].key_mgmt = mikey;
    tracks[0].key_mgmt_size = sizeof mikey;
    tracks[1].direction = SVMS_SDP_SENDONLY;
    tracks[1].framerate_num = 25;
    tracks[1].framerate_den = 1;
    tracks[1].has_ssrc = 1;
    tracks[1].ssrc = 1;
    tracks[2].direction = SVMS_SDP_INACTIVE;
    svms_sdp_session session = SVMS_SDP_SESSION_INIT;
    session.tracks = tracks;
    session.track_count = 3;
    session.name = "Gate";
    session.address = "192.0.2.1";
    session.control = "*";
    session.range = "npt=now-";
    session.id = 7;
    session.version = 8;
    char text[2048];
    size_t size = sizeof text;
    assert_int_equal(svms_sdp_write(&session, ctx, text, &size, NULL), SVMS_OK);
    assert_string_equal(text, expected);
    assert_int_equal(size, sizeof expected - 1);
    size = 5;
    assert_int_equal(svms_sdp_write(&session, ctx, text, &size, NULL), SVMS_E_LIMIT);
    assert_int_equal(size, sizeof expected);
    for (size_t i = 0; i < 3; i++) {
        svms_rtp_format_free(&formats[i]);
    }
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    svms_rtp_format *format = read_format(
        96, "H264/90000", "packetization-mode=1;sprop-parameter-sets=Z0IACpZTBYmI,aMljiA==");
    svms_sdp_track track = SVMS_SDP_TRACK_INIT;
    track.format = format;
    track.secure = 1;
    track.key_mgmt = mikey;
    track.key_mgmt_size = sizeof mikey;
    track.control = "rtsps://[2001:db8::1]/x/track0";
    svms_sdp_session session = SVMS_SDP_SESSION_INIT;
    session.tracks = &track;
    session.track_count = 1;
    session.address = "2001:db8::1";
    char text[2048];
    size_t size = sizeof text;
    assert_int_equal(svms_sdp_write(&session, ctx, text, &size, NULL), SVMS_OK);
    assert_non_null(strstr(text, "\r\no=- 0 0 IN IP6 2001:db8::1\r\ns=-\r\nc=IN IP6 ::\r\n"));
    svms_sdp *sdp = NULL;
    svms_sdp_media media = SVMS_SDP_MEDIA_INIT;
    assert_int_equal(svms_sdp_read(&sdp, ctx, text, size, NULL), SVMS_OK);
    assert_int_equal(svms_sdp_media_at(sdp, 0, &media, NULL), SVMS_OK);
    assert_int_equal(media.secure, 1);
    assert_int_equal(media.key_mgmt_size, sizeof mikey);
    assert_memory_equal(media.key_mgmt, mikey, sizeof mikey);
    assert_string_equal(media.control, track.control);
    assert_non_null(strstr(media.fmtp, "sprop-parameter-sets=Z0IACpZTBYmI,aMljiA=="));
    svms_sdp_free(&sdp);
    svms_rtp_format_free(&format);
}

/* A session of one track that can be written, to be broken. */
typedef struct breakable {
    svms_sdp_session session;
    svms_sdp_track track;
} breakable;

static void without_tracks(breakable *b)
{
    b->session.track_count = 0;
}
static void with_too_many(breakable *b)
{
    b->session.track_count = 33;
}
static void without_list(breakable *b)
{
    b->session.tracks = NULL;
}
static void without_format(breakable *b)
{
    b->track.format = NULL;
}
static void key_in_the_clear(breakable *b)
{
    b->track.secure = 0;
}
static void empty_key(breakable *b)
{
    b->track.key_mgmt_size = 0;
}
static void long_key(breakable *b)
{
    b->track.key_mgmt_size = 4097;
}
static void name_with_line(breakable *b)
{
    b->session.name = "x\r\na=control:y";
}
static void control_with_line(breakable *b)
{
    b->track.control = "x\nm=video 0 RTP/AVP 1";
}
static void session_control_with_line(breakable *b)
{
    b->session.control = "x\n";
}
static void range_with_line(breakable *b)
{
    b->session.range = "x\x7F";
}
static void address_with_blank(breakable *b)
{
    b->session.address = "192.0.2.1 x";
}
static void long_name(breakable *b)
{
    static char name[16322];
    memset(name, 'x', sizeof name - 1);
    b->session.name = name;
}
static void empty_name(breakable *b)
{
    b->session.name = "";
}
static void cname_with_blank(breakable *b)
{
    b->track.cname = "a b";
}
static void strange_direction(breakable *b)
{
    b->track.direction = (svms_sdp_direction)4;
}
static void rate_without_time(breakable *b)
{
    b->track.framerate_num = 25;
}
static void too_wide(breakable *b)
{
    b->track.width = 65536;
}
static void track_without_size(breakable *b)
{
    b->track.struct_size = 0;
}
static void session_without_size(breakable *b)
{
    b->session.struct_size = 0;
}

static void what_cannot_be_described_is_refused(void **state)
{
    (void)state;
    static void (*const breaks[])(breakable *) = {
        without_tracks,    with_too_many,   without_list,       without_format,
        key_in_the_clear,  empty_key,       long_key,           name_with_line,
        control_with_line, range_with_line, address_with_blank, session_control_with_line,
        empty_name,        long_name,       cname_with_blank,   strange_direction,
        rate_without_time, too_wide,        track_without_size, session_without_size,
    };
    svms_rtp_format *format = read_format(26, NULL, NULL);
    for (size_t i = 0; i <= sizeof breaks / sizeof breaks[0]; i++) {
        breakable b = { SVMS_SDP_SESSION_INIT, SVMS_SDP_TRACK_INIT };
        b.session.tracks = &b.track;
        b.session.track_count = 1;
        b.track.format = format;
        b.track.secure = 1;
        b.track.key_mgmt = mikey;
        b.track.key_mgmt_size = sizeof mikey;
        bool broken = i < sizeof breaks / sizeof breaks[0];
        if (broken) {
            breaks[i](&b);
        }
        char text[1024];
        size_t size = sizeof text;
        assert_int_equal(svms_sdp_write(&b.session, ctx, text, &size, NULL),
                         broken ? SVMS_E_USAGE : SVMS_OK);
    }
    svms_rtp_format_free(&format);
}

static void tracks_of_different_sizes_are_refused(void **state)
{
    (void)state;
    svms_rtp_format *format = read_format(26, NULL, NULL);
    svms_sdp_track tracks[2] = { SVMS_SDP_TRACK_INIT, SVMS_SDP_TRACK_INIT };
    svms_sdp_session session = SVMS_SDP_SESSION_INIT;
    tracks[0].format = format;
    tracks[1].format = format;
    tracks[1].struct_size--;
    session.tracks = tracks;
    session.track_count = 2;
    char text[1024];
    size_t size = sizeof text;
    assert_int_equal(svms_sdp_write(&session, ctx, text, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_sdp_write(NULL, ctx, text, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_sdp_write(&session, NULL, text, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_sdp_write(&session, ctx, NULL, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_sdp_write(&session, ctx, text, NULL, NULL), SVMS_E_USAGE);
    svms_rtp_format_free(&format);
}

static svms_status describe(svms_ctx *own, svms_error *err)
{
    char text[1024];
    size_t size = sizeof text;
    svms_rtp_format *format = NULL;
    svms_status status = svms_rtp_format_read(&format, own, 26, NULL, NULL, err);
    svms_sdp_track track = SVMS_SDP_TRACK_INIT;
    svms_sdp_session session = SVMS_SDP_SESSION_INIT;
    track.format = format;
    session.tracks = &track;
    session.track_count = 1;
    if (status == SVMS_OK) {
        status = svms_sdp_write(&session, own, text, &size, err);
    }
    svms_rtp_format_free(&format);
    return status;
}

static void writing_survives_failing_memory(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(describe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secure_camera_is_described),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(what_cannot_be_described_is_refused),
        cmocka_unit_test(tracks_of_different_sizes_are_refused),
        cmocka_unit_test(writing_survives_failing_memory),
    };
    return cmocka_run_group_tests_name("sdp_write", tests, make_context, free_context);
}
