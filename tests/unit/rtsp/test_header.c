/* SPDX-License-Identifier: Apache-2.0 */
/* Values of headers (docs/spec/rtsp.md, R-TRN to R-KEY). */
#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include <svms/svms.h>

#include "header_values.h"

static svms_text_piece piece_of(const char *text)
{
    return (svms_text_piece){ text, strlen(text) };
}

/* The text that a builder holds. */
static const char *text_of(svms_builder *out, char *buffer, size_t room)
{
    assert_int_equal(out->status, SVMS_OK);
    assert_true(out->size < room);
    memcpy(buffer, out->data ? (const char *)out->data : "", out->size);
    buffer[out->size] = '\0';
    svms_builder_reset(out);
    return buffer;
}

typedef struct fixture {
    svms_ctx *ctx;
    svms_builder out;
    char text[8192];
} fixture;

static int set_up(void **state)
{
    static fixture f;
    assert_int_equal(svms_ctx_new(&f.ctx, NULL, NULL), SVMS_OK);
    f.out = svms_builder_new(f.ctx, 100000);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    svms_builder_clear(&f->out);
    svms_ctx_free(&f->ctx);
    return 0;
}

/* As written again: what was understood of it. */
typedef struct pair {
    const char *text;
    const char *again; /* NULL: refused */
    svms_status status;
} pair;

static const pair transports[] = {
    { "RTP/AVP;unicast;client_port=8002-8003", "RTP/AVP;unicast;client_port=8002-8003", SVMS_OK },
    { "rtp/avp/udp; unicast ; client_port = 1-65535", "RTP/AVP;unicast;client_port=1-65535",
      SVMS_OK },
    { "RTP/SAVPF/TCP;interleaved=254-255;mode=\"PLAY\"",
      "RTP/SAVPF/TCP;unicast;interleaved=254-255", SVMS_OK },
    { "RTP/SAVP;unicast;client_port=5000-5001;server_port=6000-6001;ssrc=0A0b0C0d;x=\"a;b,c\"",
      "RTP/SAVP;unicast;client_port=5000-5001;server_port=6000-6001;ssrc=0A0B0C0D", SVMS_OK },
    { "RTP/AVP;ssrc=1f", "RTP/AVP;unicast;ssrc=0000001F", SVMS_OK },
    { "RTP/AVP;client_port=5000", "RTP/AVP;unicast;client_port=5000", SVMS_OK },
    { "RTP/AVP/TCP;interleaved=3", "RTP/AVP/TCP;unicast;interleaved=3-3", SVMS_OK },
    { "RTP/AVP;unicast;interleaved=0-1", "RTP/AVP/TCP;unicast;interleaved=0-1", SVMS_OK },
    { "RTP/AVP;multicast;destination=224.1.1.1;port=5000-5001;ttl=1",
      "RTP/AVP;multicast;destination=224.1.1.1", SVMS_OK },
    { "RTP/AVPF;unicast;source=2001:db8::1;mode=\"PLAY,RECORD\"",
      "RTP/AVPF;unicast;source=2001:db8::1;mode=\"RECORD\"", SVMS_OK },
    { "RTP/AVP;unicast;;", "RTP/AVP;unicast", SVMS_OK },
    { "RTP/AVP/QUIC", NULL, SVMS_E_UNSUPPORTED },
    { "RTP/DAVP", NULL, SVMS_E_UNSUPPORTED },
    { "RAW/RAW/UDP", NULL, SVMS_E_UNSUPPORTED },
    { "", NULL, SVMS_E_MALFORMED },
    { "RTP/AVP;client_port=65536", NULL, SVMS_E_MALFORMED },
    { "RTP/AVP;client_port=", NULL, SVMS_E_MALFORMED },
    { "RTP/AVP;client_port=a-b", NULL, SVMS_E_MALFORMED },
    { "RTP/AVP;client_port=1-2-3", NULL, SVMS_E_MALFORMED },
    { "RTP/AVP;server_port=-5", NULL, SVMS_E_MALFORMED },
    { "RTP/AVP/TCP;interleaved=0-256", NULL, SVMS_E_MALFORMED },
    { "RTP/AVP;ssrc=", NULL, SVMS_E_MALFORMED },
    { "RTP/AVP;ssrc=123456789", NULL, SVMS_E_MALFORMED },
    { "RTP/AVP;ssrc=xyz", NULL, SVMS_E_MALFORMED },
    { "RTP/AVP;mode=\"PLAY", NULL, SVMS_E_MALFORMED },
    { "RTP/AVP;source=0123456789012345678901234567890123456789012345678901234567890123", NULL,
      SVMS_E_MALFORMED },
};

static void transports_are_read_and_written(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < sizeof transports / sizeof transports[0]; i++) {
        svms_rtsp_transport t;
        svms_error err = SVMS_ERROR_INIT;
        svms_status status = svms_rtsp_transport_read(&t, piece_of(transports[i].text), &err);
        assert_int_equal(status, transports[i].status);
        assert_int_equal(err.status, status);
        if (transports[i].again) {
            svms_rtsp_put_transport(&f->out, &t);
            assert_string_equal(text_of(&f->out, f->text, sizeof f->text), transports[i].again);
        }
    }
}

static void a_list_of_transports_gives_those_known(void **state)
{
    (void)state;
    svms_rtsp_transport list[SVMS_RTSP_TRANSPORTS_MAX];
    size_t count = 0;
    assert_int_equal(svms_rtsp_transports_read(list, &count,
                                               piece_of("RTP/FOO, RTP/AVP;mode=\"a,b\","
                                                        "RTP/SAVP/TCP;interleaved=2-3,,"),
                                               NULL),
                     SVMS_OK);
    assert_int_equal(count, 2);
    assert_int_equal(list[0].secure, 0);
    assert_int_equal(list[1].secure, 1);
    assert_int_equal(list[1].channel_rtcp, 3);
    assert_int_equal(svms_rtsp_transports_read(list, &count, piece_of("RTP/FOO"), NULL), SVMS_OK);
    assert_int_equal(count, 0);
    static const char eight[] = "RTP/AVP,RTP/AVP,RTP/AVP,RTP/AVP,RTP/AVP,RTP/AVP,RTP/AVP,RTP/AVP";
    assert_int_equal(svms_rtsp_transports_read(list, &count, piece_of(eight), NULL), SVMS_OK);
    assert_int_equal(count, 8);
    char nine[128];
    (void)snprintf(nine, sizeof nine, "%s,x", eight);
    assert_int_equal(svms_rtsp_transports_read(list, &count, piece_of(nine), NULL), SVMS_E_LIMIT);
    static const char *const none[] = { "", " , ,", "RTP/AVP,\"", "RTP/AVP;client_port=x,RTP/AVP" };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        assert_int_equal(svms_rtsp_transports_read(list, &count, piece_of(none[i]), NULL),
                         SVMS_E_MALFORMED);
    }
}

static const pair ranges[] = {
    { "npt=now-", "npt=now-", SVMS_OK },
    { "npt=0-", "npt=0.000-", SVMS_OK },
    { "NPT = 0.000 - 12.5", "npt=0.000-12.500", SVMS_OK },
    { "npt=-20", "npt=-20.000", SVMS_OK },
    { "npt=1:02:03.000000004-4000000000", "npt=3723.000000004-4000000000.000", SVMS_OK },
    { "npt=20-10", "npt=20.000-10.000", SVMS_OK },
    { "npt=0-;time=19970123T143720Z", "npt=0.000-", SVMS_OK },
    { "clock=20090615T114900.440Z-", "clock=20090615T114900.440Z-", SVMS_OK },
    { "clock=20090615T115000.44Z-20090615T114900Z",
      "clock=20090615T115000.440Z-20090615T114900.000Z", SVMS_OK },
    { "clock=-20090615T114900.123456789Z", "clock=-20090615T114900.123456789Z", SVMS_OK },
    { "smpte=10:12:33:20-", NULL, SVMS_E_UNSUPPORTED },
    { "smpte-25=10:07:33-", NULL, SVMS_E_UNSUPPORTED },
    { "", NULL, SVMS_E_MALFORMED },
    { "npt", NULL, SVMS_E_MALFORMED },
    { "npt=", NULL, SVMS_E_MALFORMED },
    { "npt=5", NULL, SVMS_E_MALFORMED },
    { "npt=-", NULL, SVMS_E_MALFORMED },
    { "npt=4000000001-", NULL, SVMS_E_MALFORMED },
    { "npt=1.0000000001-", NULL, SVMS_E_MALFORMED },
    { "npt=1.x-", NULL, SVMS_E_MALFORMED },
    { "npt=0:60:00-", NULL, SVMS_E_MALFORMED },
    { "npt=0:00:60-", NULL, SVMS_E_MALFORMED },
    { "npt=0:00-", NULL, SVMS_E_MALFORMED },
    { "npt=1e3-", NULL, SVMS_E_MALFORMED },
    { "npt=0-now", NULL, SVMS_E_MALFORMED },
    { "clock=now-", NULL, SVMS_E_MALFORMED },
    { "clock=20090615T114900-", NULL, SVMS_E_MALFORMED },
    { "clock=20090615t114900Z-", NULL, SVMS_E_MALFORMED },
    { "clock=20090615T114900+02-", NULL, SVMS_E_MALFORMED },
    { "clock=20091315T114900Z-", NULL, SVMS_E_MALFORMED },
    { "clock=20090615T114900.Z-", NULL, SVMS_E_MALFORMED },
    { "clock=20090615T114900.1234567890Z-", NULL, SVMS_E_MALFORMED },
    { "clock=99990615T114900Z-", NULL, SVMS_E_MALFORMED },
    { "clock=", NULL, SVMS_E_MALFORMED },
};

static void ranges_are_read_and_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        svms_rtsp_range range = SVMS_RTSP_RANGE_INIT;
        svms_error err = SVMS_ERROR_INIT;
        svms_status status =
            svms_rtsp_range_read(&range, ranges[i].text, strlen(ranges[i].text), &err);
        assert_int_equal(status, ranges[i].status);
        assert_int_equal(err.status, status);
        if (ranges[i].again) {
            char text[SVMS_RTSP_RANGE_SIZE];
            size_t size = sizeof text;
            assert_int_equal(svms_rtsp_range_write(&range, text, &size, NULL), SVMS_OK);
            assert_string_equal(text, ranges[i].again);
            assert_int_equal(size, strlen(text));
            /* One byte too few, and what is needed is told. */
            assert_int_equal(svms_rtsp_range_write(&range, text, &size, NULL), SVMS_E_LIMIT);
            assert_int_equal(size, strlen(ranges[i].again) + 1);
        }
    }
}

static void times_of_ranges_are_the_right_ones(void **state)
{
    (void)state;
    svms_rtsp_range range = SVMS_RTSP_RANGE_INIT;
    static const char clock[] = "clock=20090615T114900.440Z-";
    assert_int_equal(svms_rtsp_range_read(&range, clock, strlen(clock), NULL), SVMS_OK);
    int64_t utc = 0;
    assert_int_equal(svms_time_parse(&utc, "2009-06-15T11:49:00.440Z", NULL), SVMS_OK);
    assert_int_equal(range.kind, SVMS_RTSP_RANGE_CLOCK);
    assert_true(range.from_ns == utc);
    assert_true(range.to_ns == SVMS_NO_TIME);
    static const char npt[] = "npt=1:00:00.5-4000";
    assert_int_equal(svms_rtsp_range_read(&range, npt, strlen(npt), NULL), SVMS_OK);
    assert_int_equal(range.kind, SVMS_RTSP_RANGE_NPT);
    assert_true(range.from_ns == INT64_C(3600500000000));
    assert_true(range.to_ns == INT64_C(4000000000000));
}

static void ranges_that_cannot_be_are_not_written(void **state)
{
    (void)state;
    svms_rtsp_range range = SVMS_RTSP_RANGE_INIT;
    char text[SVMS_RTSP_RANGE_SIZE];
    size_t size = sizeof text;
    assert_int_equal(svms_rtsp_range_write(&range, text, &size, NULL), SVMS_OK);
    assert_string_equal(text, "");
    range.kind = SVMS_RTSP_RANGE_NPT;
    assert_int_equal(svms_rtsp_range_write(&range, text, &size, NULL), SVMS_E_USAGE);
    range.from_ns = -1;
    assert_int_equal(svms_rtsp_range_write(&range, text, &size, NULL), SVMS_E_USAGE);
    range.from_ns = INT64_MAX;
    assert_int_equal(svms_rtsp_range_write(&range, text, &size, NULL), SVMS_E_USAGE);
    range.from_ns = 0;
    range.from_now = 1;
    assert_int_equal(svms_rtsp_range_write(&range, text, &size, NULL), SVMS_E_USAGE);
    range.kind = (svms_rtsp_range_kind)3;
    range.from_now = 0;
    assert_int_equal(svms_rtsp_range_write(&range, text, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_rtsp_range_write(NULL, text, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_rtsp_range_read(NULL, "npt=0-", 6, NULL), SVMS_E_USAGE);
}

static void decimals_are_read_and_written(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *text;
        int32_t milli; /* 0: refused */
        const char *again;
    } table[] = {
        { "1", 1000, "1.0" },     { "-1.0", -1000, "-1.0" },
        { "+2.5", 2500, "2.5" },  { "0.125", 125, "0.125" },
        { "0.0019", 1, "0.001" }, { "1000000", 1000000000, "1000000.0" },
        { "-0.5", -500, "-0.5" }, { "1.", 1000, "1.0" },
        { "0", 0, NULL },         { "0.0001", 0, NULL },
        { "", 0, NULL },          { "-", 0, NULL },
        { "1000001", 0, NULL },   { "1.2x", 0, NULL },
        { "x", 0, NULL },         { "--1", 0, NULL },
        { "1e3", 0, NULL },       { ".5", 0, NULL },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int32_t milli = 0;
        bool holds = svms_rtsp_decimal_read(&milli, piece_of(table[i].text));
        assert_int_equal(holds, table[i].milli != 0);
        if (holds) {
            assert_int_equal(milli, table[i].milli);
            svms_rtsp_put_decimal(&f->out, milli);
            assert_string_equal(text_of(&f->out, f->text, sizeof f->text), table[i].again);
        }
    }
}

static void frames_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool holds;
        svms_rtsp_frames frames;
        uint32_t interval_ms;
    } table[] = {
        { "all", true, SVMS_RTSP_FRAMES_ALL, 0 },
        { "Intra", true, SVMS_RTSP_FRAMES_INTRA, 0 },
        { "intra/4000", true, SVMS_RTSP_FRAMES_INTRA, 4000 },
        { "predicted", true, SVMS_RTSP_FRAMES_PREDICTED, 0 },
        { "intra/", false, SVMS_RTSP_FRAMES_ALL, 0 },
        { "intra/4294967296", false, SVMS_RTSP_FRAMES_ALL, 0 },
        { "predicted/4000", false, SVMS_RTSP_FRAMES_ALL, 0 },
        { "", false, SVMS_RTSP_FRAMES_ALL, 0 },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        svms_rtsp_frames frames;
        uint32_t interval = 0;
        bool holds = svms_rtsp_frames_read(&frames, &interval, piece_of(table[i].text));
        assert_int_equal(holds, table[i].holds);
        if (holds) {
            assert_int_equal(frames, table[i].frames);
            assert_int_equal(interval, table[i].interval_ms);
        }
    }
}

/* A message with these headers; text must stay. */
static svms_rtsp_message message_of(svms_ctx *ctx, svms_rtsp_reader **reader, const char *headers)
{
    char text[2048];
    int size = snprintf(text, sizeof text, "PLAY x RTSP/1.0\r\n%s\r\n", headers);
    size_t used = 0;
    svms_rtsp_item item;
    assert_int_equal(svms_rtsp_reader_new(reader, ctx, 0, NULL), SVMS_OK);
    assert_int_equal(
        svms_rtsp_reader_take(*reader, (const uint8_t *)text, (size_t)size, &used, &item, NULL),
        SVMS_OK);
    assert_int_equal(item, SVMS_RTSP_ITEM_MESSAGE);
    return *svms_rtsp_reader_message(*reader);
}

static void play_is_written_and_read_again(void **state)
{
    fixture *f = *state;
    svms_rtsp_play play = SVMS_RTSP_PLAY_INIT;
    play.scale_milli = -1000;
    play.speed_milli = 2500;
    play.rate_control = SVMS_RTSP_NO;
    play.immediate = SVMS_RTSP_YES;
    play.frames = SVMS_RTSP_FRAMES_INTRA;
    play.intra_interval_ms = 4000;
    play.range.kind = SVMS_RTSP_RANGE_NPT;
    play.range.from_ns = 1000000000;
    assert_true(svms_rtsp_play_is_sound(&play));
    svms_rtsp_put_play(&f->out, &play);
    text_of(&f->out, f->text, sizeof f->text);
    assert_string_equal(f->text, "Range: npt=1.000-\r\nScale: -1.0\r\nSpeed: 2.5\r\n"
                                 "Rate-Control: no\r\nImmediate: yes\r\nFrames: intra/4000\r\n");
    svms_rtsp_reader *reader = NULL;
    svms_rtsp_message message = message_of(f->ctx, &reader, f->text);
    svms_rtsp_play again;
    assert_int_equal(svms_rtsp_play_read(&again, &message, NULL), SVMS_OK);
    svms_rtsp_put_play(&f->out, &again);
    char other[512];
    assert_string_equal(text_of(&f->out, other, sizeof other), f->text);
    svms_rtsp_reader_free(&reader);
}

static void headers_of_play_that_cannot_be_read_are_named(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *header;
        svms_status status;
        const char *words;
    } table[] = {
        { "Scale: fast\r\n", SVMS_E_MALFORMED, "a Scale header" },
        { "Speed: -1\r\n", SVMS_E_MALFORMED, "a Speed header" },
        { "Rate-Control: maybe\r\n", SVMS_E_MALFORMED, "a Rate-Control header" },
        { "Immediate:\r\n", SVMS_E_MALFORMED, "a Immediate header" },
        { "Frames: some\r\n", SVMS_E_MALFORMED, "a Frames header" },
        { "Range: npt=x-\r\n", SVMS_E_MALFORMED, "a range" },
        { "Range: smpte=0:00:00-\r\n", SVMS_E_UNSUPPORTED, "a range" },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        svms_rtsp_reader *reader = NULL;
        svms_rtsp_message message = message_of(f->ctx, &reader, table[i].header);
        svms_rtsp_play play;
        svms_error err = SVMS_ERROR_INIT;
        assert_int_equal(svms_rtsp_play_read(&play, &message, &err), table[i].status);
        assert_non_null(strstr(err.message, table[i].words));
        svms_rtsp_reader_free(&reader);
    }
}

static void a_play_out_of_range_is_not_sound(void **state)
{
    (void)state;
    svms_rtsp_play play = SVMS_RTSP_PLAY_INIT;
    assert_true(svms_rtsp_play_is_sound(&play));
    play.speed_milli = -1;
    assert_false(svms_rtsp_play_is_sound(&play));
    play.speed_milli = 0;
    play.scale_milli = INT32_MIN;
    assert_false(svms_rtsp_play_is_sound(&play));
    play.scale_milli = 0;
    play.intra_interval_ms = 1;
    assert_false(svms_rtsp_play_is_sound(&play));
    play.frames = (svms_rtsp_frames)4;
    assert_false(svms_rtsp_play_is_sound(&play));
}

/* Entries written again, one a line. */
static const pair track_infos[] = {
    { "url=rtsp://h/p/track1;seq=12312232", NULL, SVMS_E_MALFORMED },
    { "url=rtsp://h/video; seq=1234;rtptime=3450012, url=rtsp://h/audio; seq=22434;rtptime=1234566",
      "url=rtsp://h/video;seq=1234;rtptime=3450012\nurl=rtsp://h/audio;seq=22434;rtptime=1234566\n",
      SVMS_OK },
    { "url=trackID=0", "url=trackID=0\n", SVMS_OK },
    { "url=\"rtsp://h/a\";rtptime=4294967295;seq=65535",
      "url=rtsp://h/a;seq=65535;rtptime=4294967295\n", SVMS_OK },
    { "url=rtsp://h/a;b=c,d;seq=1,url=e", "url=rtsp://h/a;b=c,d;seq=1\nurl=e\n", SVMS_OK },
    { " , url=a;ssrc=12345678;seq=1;,", "url=a;seq=1\n", SVMS_OK },
    { "", "", SVMS_OK },
    { "seq=1", NULL, SVMS_E_MALFORMED },
    { "url=;seq=1", NULL, SVMS_E_MALFORMED },
    { "url=a;seq=65536", NULL, SVMS_E_MALFORMED },
    { "url=a;seq=-1", NULL, SVMS_E_MALFORMED },
    { "url=a;rtptime=4294967296", NULL, SVMS_E_MALFORMED },
    { "url=\"a", NULL, SVMS_E_MALFORMED },
};

static void rtp_info_is_read_and_written(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < sizeof track_infos / sizeof track_infos[0]; i++) {
        svms_text_piece rest = piece_of(track_infos[i].text);
        svms_rtsp_track_info info;
        svms_status status = SVMS_OK;
        while ((status = svms_rtsp_track_info_next(&rest, &info, NULL)) == SVMS_OK) {
            char url[128];
            (void)snprintf(url, sizeof url, "%.*s", (int)info.url.size, info.url.data);
            svms_rtsp_rtp_info entry = { url, info.has_sequence, info.sequence, info.has_rtp_time,
                                         info.rtp_time };
            svms_rtsp_put_track_info(&f->out, true, &entry);
            svms_put_u8(&f->out, '\n');
        }
        text_of(&f->out, f->text, sizeof f->text);
        assert_int_equal(status, track_infos[i].status == SVMS_OK ? SVMS_END : SVMS_E_MALFORMED);
        if (track_infos[i].again) {
            assert_string_equal(f->text, track_infos[i].again);
        }
    }
}

static void sessions_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *id; /* NULL: refused */
        uint32_t timeout_s;
    } table[] = {
        { "12345678", "12345678", 0 },
        { "12345678; timeout=60", "12345678", 60 },
        { "a$b-c;Timeout = 5;x", "a$b-c", 5 },
        { "a;timeout=fast", "a", 0 },
        { "a;timeout=4294967296", "a", 0 },
        { "a;timeout=\"", "a", 0 },
        { "", NULL, 0 },
        { ";timeout=60", NULL, 0 },
        { "a b", NULL, 0 },
        { "a\tb", NULL, 0 },
        { "\xC3\xA4", NULL, 0 },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        svms_rtsp_session session;
        bool holds = svms_rtsp_session_read(&session, piece_of(table[i].text));
        assert_int_equal(holds, table[i].id != NULL);
        if (holds) {
            assert_int_equal(session.id.size, strlen(table[i].id));
            assert_memory_equal(session.id.data, table[i].id, session.id.size);
            assert_int_equal(session.timeout_s, table[i].timeout_s);
        }
    }
    char longest[130];
    memset(longest, 'a', sizeof longest);
    svms_rtsp_session session;
    assert_true(svms_rtsp_session_read(&session, (svms_text_piece){ longest, 128 }));
    assert_false(svms_rtsp_session_read(&session, (svms_text_piece){ longest, 129 }));
}

static void methods_are_read_and_written(void **state)
{
    fixture *f = *state;
    uint32_t methods =
        svms_rtsp_methods_read(piece_of("TEARDOWN,OPTIONS , , PLAY, options, FOO, RECORD"));
    assert_int_equal(methods, 1u << SVMS_RTSP_OPTIONS | 1u << SVMS_RTSP_PLAY |
                                  1u << SVMS_RTSP_TEARDOWN | 1u << SVMS_RTSP_RECORD);
    svms_rtsp_put_methods(&f->out, methods);
    assert_string_equal(text_of(&f->out, f->text, sizeof f->text),
                        "OPTIONS, PLAY, TEARDOWN, RECORD");
}

static void key_management_is_read_and_written(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *text;
        svms_status status;
        const char *uri;
        const char *bytes;
    } table[] = {
        { "prot=mikey;uri=\"\";data=\"AQID\"", SVMS_OK, "", "\1\2\3" },
        { "prot=mikey;uri=\"rtsp://h/a;b,c\";data=\"AQI=\"", SVMS_OK, "rtsp://h/a;b,c", "\1\2" },
        { "prot=kmpx;data=\"****\", PROT = MIKEY ; data=\"AQ==\"", SVMS_OK, "", "\1" },
        { "prot=kmpx;data=\"AQID\"", SVMS_E_UNSUPPORTED, NULL, NULL },
        { "", SVMS_E_UNSUPPORTED, NULL, NULL },
        { "prot=mikey", SVMS_E_MALFORMED, NULL, NULL },
        { "prot=mikey;data=\"\"", SVMS_E_MALFORMED, NULL, NULL },
        { "prot=mikey;data=\"A\"", SVMS_E_MALFORMED, NULL, NULL },
        { "prot=mikey;data=\"AQI\"", SVMS_E_MALFORMED, NULL, NULL },
        { "prot=mikey;data=\"AQID", SVMS_E_MALFORMED, NULL, NULL },
        { "prot=mikey;data=\"AQID\"x", SVMS_E_MALFORMED, NULL, NULL },
        { "data=\"AQID\"", SVMS_E_MALFORMED, NULL, NULL },
        { "prot=mikey;data=\"AQIDBA==\"", SVMS_E_LIMIT, NULL, NULL },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint8_t bytes[3];
        size_t size = sizeof bytes;
        svms_text_piece uri;
        svms_status status =
            svms_rtsp_key_mgmt_read(bytes, &size, &uri, piece_of(table[i].text), NULL);
        assert_int_equal(status, table[i].status);
        if (status == SVMS_OK) {
            assert_int_equal(size, strlen(table[i].bytes));
            assert_memory_equal(bytes, table[i].bytes, size);
            assert_int_equal(uri.size, strlen(table[i].uri));
            assert_memory_equal(uri.data, table[i].uri, uri.size);
        }
    }
    svms_rtsp_put_key_mgmt(&f->out, "rtsp://h/a", (const uint8_t *)"\1\2", 2);
    assert_string_equal(text_of(&f->out, f->text, sizeof f->text),
                        "prot=mikey;uri=\"rtsp://h/a\";data=\"AQI=\"");
}

static void lists_know_quotes(void **state)
{
    (void)state;
    svms_text_piece list = piece_of(" a ,, \"b,\\\"c\" ,d");
    svms_text_piece element;
    assert_true(svms_rtsp_list_next(&list, &element));
    assert_memory_equal(element.data, "a", element.size);
    assert_true(svms_rtsp_list_next(&list, &element));
    assert_int_equal(element.size, 7);
    assert_memory_equal(element.data, "\"b,\\\"c\"", 7);
    assert_true(svms_rtsp_list_next(&list, &element));
    assert_false(svms_rtsp_list_next(&list, &element));
    assert_int_equal(list.size, 0);
    assert_true(svms_rtsp_list_has(piece_of("x, Onvif-Replay"), "onvif-replay"));
    assert_false(svms_rtsp_list_has(piece_of("onvif-replay2"), "onvif-replay"));
    /* A quote, and a backslash, that nothing follows. */
    static const char *const open[] = { "a,\"b", "\"\\", "\"\\\"" };
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
        list = piece_of(open[i]);
        while (svms_rtsp_list_next(&list, &element)) {
        }
        assert_true(list.size > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transports_are_read_and_written),
        cmocka_unit_test(a_list_of_transports_gives_those_known),
        cmocka_unit_test(ranges_are_read_and_written),
        cmocka_unit_test(times_of_ranges_are_the_right_ones),
        cmocka_unit_test(ranges_that_cannot_be_are_not_written),
        cmocka_unit_test(decimals_are_read_and_written),
        cmocka_unit_test(frames_are_read),
        cmocka_unit_test(play_is_written_and_read_again),
        cmocka_unit_test(headers_of_play_that_cannot_be_read_are_named),
        cmocka_unit_test(a_play_out_of_range_is_not_sound),
        cmocka_unit_test(rtp_info_is_read_and_written),
        cmocka_unit_test(sessions_are_read),
        cmocka_unit_test(methods_are_read_and_written),
        cmocka_unit_test(key_management_is_read_and_written),
        cmocka_unit_test(lists_know_quotes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
