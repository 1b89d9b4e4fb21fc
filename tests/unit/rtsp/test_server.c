/* SPDX-License-Identifier: Apache-2.0 */
/* Whole conversations with a server that is open to everybody. */
#include "cmocka_all.h"

#include "server_stage.h"

#include <stdio.h>

#define LIVE "rtsp://192.0.2.1/live"
#define TCP "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
#define UDP "Transport: RTP/AVP;unicast;client_port=4588-4589\r\n"

static const char sdp[] = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=x\r\nt=0 0\r\n"
                          "m=video 0 RTP/AVP 96\r\na=control:video\r\n";

static void open_stage(server_stage *stage)
{
    stage_new(stage, SVMS_RTSP_SERVER_OPEN | SVMS_RTSP_SERVER_REPLAY);
    stage->options.name = "test";
    stage_start(stage);
}

static void a_live_stream_is_described_set_up_played_and_torn_down(void **state)
{
    server_stage stage;
    char session[128];
    (void)state;
    open_stage(&stage);
    const char *out = stage_ask(&stage, "OPTIONS", "*", NULL);
    assert_string_equal(out,
                        "RTSP/1.0 200 OK\r\nCSeq: 7\r\nServer: test\r\n"
                        "Public: OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, "
                        "SET_PARAMETER\r\n\r\n");
    stage.answer.body = sdp;
    stage.answer.body_size = sizeof sdp - 1;
    out = stage_ask(&stage, "DESCRIBE", LIVE "?a=b", "Accept: application/sdp\r\n");
    assert_int_equal(stage_code(out), 200);
    assert_string_equal(stage_header(out, "Content-Base"), LIVE "/");
    assert_string_equal(stage_header(out, "Content-Type"), "application/sdp");
    assert_non_null(strstr(out, "\r\n\r\nv=0\r\n"));
    assert_string_equal(stage.log, "DESCRIBE /live ? a=b s0 t-1 by ''\n");
    stage_forget(&stage);
    stage.answer.has_ssrc = 1;
    stage.answer.ssrc = 0xABCD1234;
    out = stage_ask(&stage, "SETUP", LIVE "/video", TCP);
    assert_int_equal(stage_code(out), 200);
    assert_non_null(strstr(stage_header(out, "Transport"), "RTP/AVP/TCP;unicast;interleaved=0-1"));
    assert_non_null(strstr(stage_header(out, "Transport"), "ssrc=ABCD1234"));
    assert_non_null(strstr(stage_header(out, "Session"), ";timeout=60"));
    stage_session(out, session);
    assert_int_equal(strlen(session), strlen("Session: \r\n") + 32);
    assert_string_equal(stage.log, "SETUP /live track video s1 t0 by ''\nset up s1 t0\n");
    stage_forget(&stage);
    const svms_rtsp_track_start start = { 0, 1234, 3450012, 0 };
    stage.answer.tracks = &start;
    stage.answer.track_count = 1;
    stage.answer.range.kind = SVMS_RTSP_RANGE_CLOCK;
    stage.answer.range.from_ns = INT64_C(1266417460257000000);
    out = stage_ask(&stage, "PLAY", LIVE "/", session);
    assert_int_equal(stage_code(out), 200);
    assert_string_equal(stage_header(out, "RTP-Info"),
                        "url=" LIVE "/video;seq=1234;rtptime=3450012");
    assert_string_equal(stage_header(out, "Range"), "clock=20100217T143740.257Z-");
    assert_int_equal(svms_rtsp_connection_send(stage.connection, 1, 0, 0, "abc", 3, NULL), SVMS_OK);
    assert_int_equal(svms_rtsp_connection_send(stage.connection, 1, 0, 1, "de", 2, NULL), SVMS_OK);
    const void *sent;
    assert_int_equal(svms_rtsp_connection_output(stage.connection, &sent), 13);
    assert_memory_equal(sent, "$\0\0\3abc$\1\0\2de", 13);
    svms_rtsp_connection_sent(stage.connection, 13);
    stage_feed(&stage, "$\1\0\4\x81\xC9\0\0", 8);
    assert_int_equal(stage_try(&stage, "TEARDOWN", LIVE "/", session), 200);
    assert_string_equal(stage.log, "PLAY /live s1 t-1 by ''\nframe s1 t0 rtcp 4 81\n"
                                   "ended s1 t-1 teardown\n");
    assert_int_equal(stage_try(&stage, "PLAY", LIVE, session), 454);
    assert_int_equal(svms_rtsp_connection_send(stage.connection, 1, 0, 0, "abc", 3, NULL),
                     SVMS_E_STATE);
    stage_end(&stage);
}

typedef struct code_case {
    const char *method;
    const char *url;
    const char *more;
    int code;
} code_case;

static const code_case sessionless[] = {
    { "FETCH", LIVE, NULL, 501 },
    { "ANNOUNCE", LIVE, NULL, 405 },
    { "RECORD", LIVE, NULL, 405 },
    { "REDIRECT", LIVE, NULL, 405 },
    { "DESCRIBE", LIVE, "Require: www.onvif.org/ver20/backchannel\r\n", 551 },
    { "DESCRIBE", LIVE, "Proxy-Require: gateway\r\n", 551 },
    { "DESCRIBE", LIVE, "Require: onvif-replay, other\r\n", 551 },
    { "DESCRIBE", LIVE, "Accept: text/html\r\n", 406 },
    { "DESCRIBE", "*", NULL, 400 },
    { "DESCRIBE", "http://192.0.2.1/live", NULL, 400 },
    { "DESCRIBE", "rtsp:/live", NULL, 400 },
    { "DESCRIBE", "/live", NULL, 400 },
    { "DESCRIBE", "rtsp:///live", NULL, 400 },
    { "DESCRIBE", "rtsp://user:password@192.0.2.1/live", NULL, 400 },
    { "DESCRIBE", LIVE "/../secret", NULL, 400 },
    { "DESCRIBE", LIVE "/%2e%2e/secret", NULL, 400 },
    { "DESCRIBE", LIVE "/.", NULL, 400 },
    { "DESCRIBE", LIVE "//x", NULL, 400 },
    { "DESCRIBE", LIVE "%2fx", NULL, 400 },
    { "DESCRIBE", LIVE "%00", NULL, 400 },
    { "DESCRIBE", LIVE "%0d%0a", NULL, 400 },
    { "DESCRIBE", LIVE "%4", NULL, 400 },
    { "DESCRIBE", LIVE "#x", NULL, 400 },
    { "DESCRIBE", LIVE "\"", NULL, 400 },
    { "SETUP", "rtsp://192.0.2.1/", TCP, 404 },
    { "SETUP", LIVE "/v", NULL, 400 },
    { "SETUP", LIVE "/v", "Transport: \r\n", 400 },
    { "SETUP", LIVE "/v", TCP TCP, 400 },
    { "SETUP", LIVE "/v", "Transport: RTP/AVP;multicast;port=4588-4589\r\n", 461 },
    { "SETUP", LIVE "/v", "Transport: RTP/AVP;unicast\r\n", 461 },
    { "SETUP", LIVE "/v", "Transport: RTP/AVP;unicast;client_port=80-81\r\n", 461 },
    { "SETUP", LIVE "/v", "Transport: RTP/AVP;unicast;client_port=65535\r\n", 461 },
    { "SETUP", LIVE "/v", "Transport: RTP/AVP;unicast;client_port=5000-5000\r\n", 461 },
    { "SETUP", LIVE "/v",
      "Transport: RTP/AVP;unicast;destination=192.0.2.8;client_port=5000-5001\r\n", 461 },
    { "SETUP", LIVE "/v",
      "Transport: RTP/AVP;unicast;destination=example.org;client_port=5000-5001\r\n", 461 },
    { "SETUP", LIVE "/v", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1;mode=\"RECORD\"\r\n",
      461 },
    { "SETUP", LIVE "/v", "Transport: X-REAL/UDP;client_port=5000-5001\r\n", 461 },
    { "SETUP", LIVE "/v", TCP "Session: 12345678\r\n", 454 },
    { "SETUP", LIVE "/v", TCP "KeyMgmt: prot=mikey;uri=\"\";data=\"@\"\r\n", 463 },
    { "SETUP", LIVE "/v", TCP "KeyMgmt: prot=other;uri=\"\";data=\"AAAA\"\r\n", 463 },
    { "PLAY", LIVE, NULL, 454 },
    { "PLAY", LIVE, "Session: 0123456789abcdef0123456789abcdef\r\n", 454 },
    { "PAUSE", LIVE, NULL, 454 },
    { "TEARDOWN", LIVE, NULL, 454 },
    { "GET_PARAMETER", LIVE, NULL, 200 },
    { "SET_PARAMETER", LIVE, NULL, 200 },
    { "GET_PARAMETER", LIVE, "Session: x y\r\n", 400 },
    { "OPTIONS", LIVE, "Session: 12345678\r\n", 454 },
};

static void requests_without_session_get_the_codes_of_rfc_2326(void **state)
{
    server_stage stage;
    (void)state;
    open_stage(&stage);
    for (size_t i = 0; i < sizeof sessionless / sizeof sessionless[0]; i++) {
        int code =
            stage_try(&stage, sessionless[i].method, sessionless[i].url, sessionless[i].more);
        if (code != sessionless[i].code) {
            fail_msg("%s %s %s: %d", sessionless[i].method, sessionless[i].url,
                     sessionless[i].more ? sessionless[i].more : "", code);
        }
        stage.now_ns += STAGE_SECOND;
    }
    assert_string_equal(stage.log, "");
    stage_end(&stage);
}

static void what_a_refusal_needs_to_name_it_names(void **state)
{
    server_stage stage;
    (void)state;
    open_stage(&stage);
    const char *out = stage_ask(&stage, "DESCRIBE", LIVE, "Require: onvif-replay, one, two\r\n");
    assert_non_null(strstr(out, "\r\nUnsupported: one\r\nUnsupported: two\r\n"));
    assert_null(strstr(out, "onvif-replay"));
    out = stage_ask(&stage, "RECORD", LIVE, NULL);
    assert_non_null(strstr(stage_header(out, "Allow"), "DESCRIBE"));
    /* A URL longer than is kept. */
    char url[2200];
    (void)snprintf(url, sizeof url, "rtsp://h/%02100d", 1);
    assert_int_equal(stage_try(&stage, "DESCRIBE", url, NULL), 414);
    stage_end(&stage);
}

static void a_request_line_has_to_fit(void **state)
{
    server_stage stage;
    (void)state;
    open_stage(&stage);
    assert_int_equal(stage_code(stage_say(&stage, "OPTIONS * RTSP/2.0\r\nCSeq: 1\r\n\r\n")), 505);
    const char *out = stage_say(&stage, "OPTIONS * RTSP/1.0\r\n\r\n");
    assert_int_equal(stage_code(out), 400);
    assert_string_equal(stage_header(out, "CSeq"), "");
    /* The same number again is another request. */
    assert_int_equal(stage_try(&stage, "OPTIONS", "*", NULL), 200);
    assert_int_equal(stage_try(&stage, "OPTIONS", "*", NULL), 200);
    stage_end(&stage);
}

static void several_tracks_play_together(void **state)
{
    server_stage stage;
    char session[128] = "";
    (void)state;
    open_stage(&stage);
    stage_set_up(&stage, LIVE "/video", session);
    /* The channels are taken: the server chooses others. */
    stage_set_up(&stage, LIVE "/audio", session);
    assert_int_equal(stage.set_up.channel_rtp, 2);
    assert_int_equal(stage.set_up.channel_rtcp, 3);
    assert_int_equal(stage_try(&stage, "PLAY", LIVE "/video", session), 460);
    assert_int_equal(stage_try(&stage, "PLAY", LIVE "/other", session), 404);
    assert_int_equal(stage_try(&stage, "PLAY", "rtsp://192.0.2.1/dead", session), 404);
    assert_int_equal(stage_try(&stage, "PLAY", LIVE, session), 200);
    char more[512];
    (void)snprintf(more, sizeof more, TCP "%s", session);
    assert_int_equal(stage_try(&stage, "SETUP", LIVE "/third", more), 455);
    assert_int_equal(stage_try(&stage, "SETUP", LIVE "/video", more), 455);
    assert_int_equal(stage_try(&stage, "PAUSE", LIVE, session), 200);
    assert_int_equal(svms_rtsp_connection_send(stage.connection, 1, 0, 0, "a", 1, NULL),
                     SVMS_E_STATE);
    assert_int_equal(stage_try(&stage, "SETUP", "rtsp://192.0.2.1/dead/video", more), 459);
    stage_forget(&stage);
    /* Set up anew, a track takes its channels along. */
    assert_int_equal(stage_try(&stage, "SETUP", LIVE "/video", more), 200);
    assert_int_equal(stage.set_up.channel_rtp, 0);
    assert_int_equal(stage_try(&stage, "TEARDOWN", LIVE "/video", session), 200);
    assert_int_equal(stage_try(&stage, "PLAY", LIVE "/audio", session), 200);
    assert_int_equal(stage_try(&stage, "TEARDOWN", LIVE "/audio", session), 200);
    assert_string_equal(stage.log, "SETUP /live track video s1 t0 by ''\nended s1 t0 replaced\n"
                                   "set up s1 t0\nended s1 t0 teardown\nPLAY /live s1 t1 by ''\n"
                                   "ended s1 t-1 teardown\n");
    stage_end(&stage);
}

static void a_track_may_hang_directly_below_the_root(void **state)
{
    server_stage stage;
    char session[128] = "";
    (void)state;
    open_stage(&stage);
    stage_set_up(&stage, "rtsp://192.0.2.1/video%20one", session);
    assert_int_equal(stage_try(&stage, "PLAY", "rtsp://192.0.2.1", session), 200);
    assert_int_equal(stage_try(&stage, "PLAY", "rtsp://192.0.2.1/video%20one", session), 200);
    assert_string_equal(stage.log, "SETUP / track video one s1 t0 by ''\nset up s1 t0\n"
                                   "PLAY / s1 t-1 by ''\nPLAY / s1 t0 by '' playing\n");
    stage_end(&stage);
}

static void udp_goes_to_the_peer_alone(void **state)
{
    server_stage stage;
    (void)state;
    open_stage(&stage);
    stage.answer.server_rtp = 9004;
    stage.answer.server_rtcp = 9005;
    const char *out = stage_ask(&stage, "SETUP", LIVE "/v", UDP);
    assert_int_equal(stage_code(out), 200);
    assert_non_null(strstr(stage_header(out, "Transport"), "client_port=4588-4589"));
    assert_non_null(strstr(stage_header(out, "Transport"), "server_port=9004-9005"));
    assert_int_equal(stage.set_up.client_rtp, 4588);
    assert_int_equal(stage.set_up.server_rtcp, 9005);
    /* His own address may be said; it is not repeated. */
    out = stage_ask(&stage, "SETUP", LIVE "/v",
                    "Transport: RTP/AVP;unicast;destination=::ffff:192.0.2.7;client_port=5000\r\n");
    assert_int_equal(stage_code(out), 200);
    assert_null(strstr(out, "destination"));
    assert_int_equal(stage.set_up.client_rtcp, 5001);
    /* Frames have no place in such a session. */
    stage_feed(&stage, "$\0\0\1a", 5);
    assert_int_equal(stage.fed, SVMS_E_MALFORMED);
    stage_end(&stage);
}

static void the_application_chooses_among_what_can_be(void **state)
{
    server_stage stage;
    (void)state;
    open_stage(&stage);
    stage.answer.transport = 1;
    stage.answer.has_ssrc = 1;
    const char *out =
        stage_ask(&stage, "SETUP", LIVE "/v",
                  "Transport: RTP/AVP;multicast;port=1-2,RTP/SAVP;unicast;client_port=5000-5001,"
                  "RTP/SAVP/TCP;unicast;interleaved=8-9\r\n");
    assert_int_equal(stage_code(out), 200);
    assert_int_equal(stage.set_up.channel_rtp, 8);
    assert_int_equal(stage.set_up.secure, 1);
    stage_end(&stage);
}

static void times_and_directions_reach_the_application(void **state)
{
    server_stage stage;
    char session[128] = "";
    char more[1024];
    (void)state;
    open_stage(&stage);
    stage_set_up(&stage, LIVE "/video", session);
    (void)snprintf(more, sizeof more,
                   "Require: onvif-replay\r\nRange: clock=20090615T115000.440Z-20090615T114900Z\r\n"
                   "Rate-Control: no\r\nScale: -1.0\r\nImmediate: yes\r\nFrames: intra/4000\r\n%s",
                   session);
    assert_int_equal(stage_try(&stage, "PLAY", LIVE, more), 200);
    assert_int_equal(stage.play.scale_milli, -1000);
    assert_int_equal(stage.play.rate_control, SVMS_RTSP_NO);
    assert_int_equal(stage.play.immediate, SVMS_RTSP_YES);
    assert_int_equal(stage.play.frames, SVMS_RTSP_FRAMES_INTRA);
    assert_int_equal(stage.play.intra_interval_ms, 4000);
    assert_true(stage.play.range.from_ns == INT64_C(1245066600440000000));
    static const code_case cases[] = {
        { "PLAY", LIVE, "Range: clock=20090615T114900Z-20090615T115000Z\r\nScale: -1.0\r\n", 457 },
        { "PLAY", LIVE, "Range: clock=20090615T115000Z-20090615T114900Z\r\n", 457 },
        { "PLAY", LIVE, "Range: smpte=10:12:33:20-\r\n", 457 },
        { "PLAY", LIVE, "Range: clock=2009\r\n", 400 },
        { "PLAY", LIVE, "Rate-Control: no\r\nScale: 2.0\r\n", 456 },
        { "PLAY", LIVE, "Scale: fast\r\n", 400 },
        { "PLAY", LIVE, "Frames: some\r\n", 400 },
        { "PLAY", LIVE, "Range: npt=now-\r\n", 200 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)snprintf(more, sizeof more, "%s%s", cases[i].more, session);
        if (stage_try(&stage, "PLAY", LIVE, more) != cases[i].code) {
            fail_msg("%s: %s", cases[i].more, stage.out);
        }
    }
    stage_end(&stage);
}

static void keys_pass_in_both_directions(void **state)
{
    server_stage stage;
    char more[1024];
    char session[128] = "";
    (void)state;
    open_stage(&stage);
    stage.answer.mikey = (const uint8_t *)"\1\2\3\4";
    stage.answer.mikey_size = 4;
    stage.answer.has_ssrc = 1;
    const char *out =
        stage_ask(&stage, "SETUP", LIVE "/v",
                  "Transport: RTP/SAVP;unicast;interleaved=0-1,RTP/SAVP/TCP;interleaved=0-1\r\n"
                  "KeyMgmt: prot=mikey;uri=\"\";data=\"CQgHBg==\"\r\n");
    assert_int_equal(stage_code(out), 200);
    assert_int_equal(stage.mikey_size, 4);
    assert_memory_equal(stage.mikey, "\x09\x08\x07\x06", 4);
    assert_non_null(strstr(stage_header(out, "KeyMgmt"), "data=\"AQIDBA==\""));
    assert_non_null(strstr(stage_header(out, "KeyMgmt"), "uri=\"" LIVE "/v\""));
    stage_session(out, session);
    /* ONVIF's GET_PARAMETER. */
    (void)snprintf(more, sizeof more,
                   "%sContent-Type: text/parameters\r\nContent-Length: 7\r\n\r\nmikey\r\n",
                   session);
    char text[2048];
    (void)snprintf(text, sizeof text, "GET_PARAMETER " LIVE " RTSP/1.0\r\nCSeq: 1\r\n%s", more);
    out = stage_say(&stage, text);
    assert_int_equal(stage_code(out), 200);
    assert_non_null(strstr(out, "Content-Type: text/parameters\r\nContent-Length: 17\r\n\r\n"
                                "mikey: AQIDBA==\r\n"));
    /* Re-keying. */
    stage_forget(&stage);
    (void)snprintf(text, sizeof text,
                   "SET_PARAMETER " LIVE " RTSP/1.0\r\nCSeq: 1\r\n%s"
                   "Content-Type: text/parameters\r\nContent-Length: 15\r\n\r\nmikey: BQYHCA==",
                   session);
    assert_int_equal(stage_code(stage_say(&stage, text)), 200);
    assert_memory_equal(stage.mikey, "\5\6\7\x08", 4);
    stage.answer.status = 463;
    assert_int_equal(stage_code(stage_say(&stage, text)), 463);
    stage_end(&stage);
}

typedef struct parameter_case {
    const char *method;
    const char *type;
    const char *body;
    bool with_session;
    int code;
} parameter_case;

static void parameters_are_judged(void **state)
{
    static const parameter_case cases[] = {
        { "GET_PARAMETER", "text/parameters", "mikey", false, 454 },
        { "GET_PARAMETER", "text/parameters", "mikey\r\nother", true, 463 },
        { "GET_PARAMETER", "text/parameters; charset=utf-8", "MIKEY", true, 500 },
        { "GET_PARAMETER", "application/json", "{}", true, 415 },
        { "GET_PARAMETER", "text/parameters", "\r\n\r\n", true, 200 },
        { "GET_PARAMETER", "text/parameters", "jitter", true, 200 },
        { "SET_PARAMETER", "text/parameters", "mikey:", true, 463 },
        { "SET_PARAMETER", "text/parameters", "mikey: ?", true, 463 },
        { "SET_PARAMETER", "text/parameters", "mikey: AAAA\r\nmikey: AAAA", true, 463 },
        { "SET_PARAMETER", "text/parameters", "volume: 3", true, 200 },
    };
    server_stage stage;
    char session[128] = "";
    (void)state;
    open_stage(&stage);
    stage_set_up(&stage, LIVE "/video", session);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[2048];
        (void)snprintf(text, sizeof text,
                       "%s " LIVE " RTSP/1.0\r\nCSeq: 1\r\n%sContent-Type: %s\r\n"
                       "Content-Length: %zu\r\n\r\n%s",
                       cases[i].method, cases[i].with_session ? session : "", cases[i].type,
                       strlen(cases[i].body), cases[i].body);
        if (stage_code(stage_say(&stage, text)) != cases[i].code) {
            fail_msg("%s %s: %s", cases[i].method, cases[i].body, stage.out);
        }
    }
    stage_end(&stage);
}

static void an_answer_may_come_later_and_the_next_request_waits(void **state)
{
    server_stage stage;
    char session[128] = "";
    (void)state;
    open_stage(&stage);
    stage_set_up(&stage, LIVE "/video", session);
    stage_forget(&stage);
    stage.reply = SVMS_AGAIN;
    char text[2048];
    (void)snprintf(text, sizeof text,
                   "PLAY " LIVE " RTSP/1.0\r\nCSeq: 1\r\n%s\r\n$%c%c%cxPAUSE " LIVE
                   " RTSP/1.0\r\nCSeq: 2\r\n%s\r\n",
                   session, 1, 1, 1, session);
    /* The bytes of a length cannot stand in a text: they are 0x0001. */
    char *dollar = strchr(text, '$');
    dollar[2] = 0;
    size_t size = (size_t)(dollar - text) + 5 + strlen(dollar + 4) - 1;
    stage_feed(&stage, text, size);
    assert_int_equal(stage.fed, SVMS_OK);
    assert_string_equal(stage.out, "");
    assert_string_equal(stage.log, "PLAY /live s1 t-1 by ''\n");
    assert_string_equal(stage_say(&stage, "OPTIONS * RTSP/1.0\r\nCSeq: 3\r\n\r\n"), "");
    /* While it is waited for, nothing runs out. */
    stage.now_ns += 1000 * STAGE_SECOND;
    assert_int_equal(svms_rtsp_connection_tick(stage.connection, stage.now_ns, NULL), SVMS_OK);
    stage.reply = SVMS_OK;
    assert_int_equal(
        svms_rtsp_connection_answer(stage.connection, &stage.answer, stage.now_ns, &stage.err),
        SVMS_OK);
    stage_feed(&stage, "", 0);
    assert_string_equal(stage_header(stage.out, "CSeq"), "1");
    assert_non_null(strstr(stage.out, "CSeq: 2\r\n"));
    assert_non_null(strstr(stage.out, "CSeq: 3\r\n"));
    assert_string_equal(stage.log, "PLAY /live s1 t-1 by ''\nframe s1 t0 rtcp 1 78\n"
                                   "PAUSE /live s1 t-1 by '' playing\n");
    assert_int_equal(
        svms_rtsp_connection_answer(stage.connection, &stage.answer, stage.now_ns, &stage.err),
        SVMS_E_STATE);
    stage_end(&stage);
}

static void a_session_that_ended_meanwhile_is_not_found(void **state)
{
    server_stage stage;
    char session[128] = "";
    (void)state;
    open_stage(&stage);
    stage_set_up(&stage, LIVE "/video", session);
    stage_forget(&stage);
    stage.reply = SVMS_AGAIN;
    stage_ask(&stage, "PLAY", LIVE, session);
    assert_int_equal(svms_rtsp_connection_end_session(stage.connection, 1, NULL), SVMS_OK);
    assert_int_equal(
        svms_rtsp_connection_answer(stage.connection, &stage.answer, stage.now_ns, &stage.err),
        SVMS_OK);
    assert_int_equal(stage_code(stage_feed(&stage, "", 0)), 454);
    assert_string_equal(stage.log, "PLAY /live s1 t-1 by ''\nended s1 t-1 by us\n");
    stage_end(&stage);
}

typedef struct wrong_answer {
    const char *method;
    const char *more;
    uint32_t status;
    const char *body;
    uint32_t transport;
    size_t mikey_size;
} wrong_answer;

static void an_answer_that_makes_no_sense_is_500_and_told(void **state)
{
    static const wrong_answer cases[] = {
        { "DESCRIBE", "", 200, NULL, 0, 0 },
        { "DESCRIBE", "", 100, "v=0", 0, 0 },
        { "DESCRIBE", "", 201, "v=0", 0, 0 },
        { "DESCRIBE", "", 600, "v=0", 0, 0 },
        { "DESCRIBE", "", 200, "v=0", 0, 4 },
        { "SETUP", TCP, 200, NULL, 1, 0 },
        { "SETUP", TCP, 200, "v=0", 0, 0 },
        { "SETUP", UDP, 200, NULL, 0, 0 },
        { "SETUP", TCP, 200, NULL, 0, 5000 },
        { "SETUP", "Transport: RTP/SAVP/TCP;interleaved=0-1\r\n", 200, NULL, 0, 0 },
    };
    static const uint8_t key[8] = { 0 };
    server_stage stage;
    (void)state;
    open_stage(&stage);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        stage.reply = SVMS_AGAIN;
        stage_ask(&stage, cases[i].method, LIVE "/video", cases[i].more);
        stage.answer = (svms_rtsp_server_answer)SVMS_RTSP_SERVER_ANSWER_INIT;
        stage.answer.status = cases[i].status;
        stage.answer.body = cases[i].body;
        stage.answer.body_size = cases[i].body ? strlen(cases[i].body) : 0;
        stage.answer.transport = cases[i].transport;
        stage.answer.mikey = key;
        stage.answer.mikey_size = cases[i].mikey_size;
        assert_int_equal(
            svms_rtsp_connection_answer(stage.connection, &stage.answer, stage.now_ns, &stage.err),
            SVMS_E_USAGE);
        assert_int_equal(stage_code(stage_feed(&stage, "", 0)), 500);
    }
    /* A handler that fails. */
    stage.reply = SVMS_E_IO;
    assert_int_equal(stage_try(&stage, "DESCRIBE", LIVE, NULL), 500);
    stage_end(&stage);
}

static void nothing_about_keys_passes_in_clear(void **state)
{
    static const char *const bodies[] = {
        "v=0\r\na=key-mgmt:mikey AQAF\r\n",
        "v=0\r\nm=video 0 RTP/SAVP 96\r\n",
        "v=0\nm=video 0 rtp/savpf 96\n",
        "v=0\r\nA=Crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n",
    };
    server_stage stage;
    (void)state;
    stage_new(&stage, SVMS_RTSP_SERVER_OPEN | SVMS_RTSP_SERVER_ALLOW_CLEAR);
    stage.peer.flags = 0;
    stage_start(&stage);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        stage.answer.body = bodies[i];
        stage.answer.body_size = strlen(bodies[i]);
        const char *out = stage_ask(&stage, "DESCRIBE", LIVE, NULL);
        assert_int_equal(stage_code(out), 500);
        assert_null(strstr(out, "v=0"));
    }
    stage.answer.body = sdp;
    stage.answer.body_size = sizeof sdp - 1;
    assert_int_equal(stage_try(&stage, "DESCRIBE", LIVE, NULL), 200);
    stage_forget(&stage);
    assert_int_equal(stage_try(&stage, "SETUP", LIVE "/v",
                               TCP "KeyMgmt: prot=mikey;uri=\"\";data=\"CQgHBg==\"\r\n"),
                     463);
    assert_int_equal(stage_try(&stage, "SETUP", LIVE "/v",
                               "Transport: RTP/SAVP/TCP;unicast;interleaved=0-1\r\n"),
                     461);
    assert_string_equal(stage.log, "");
    char session[128] = "";
    char text[1024];
    stage_set_up(&stage, LIVE "/v", session);
    (void)snprintf(text, sizeof text,
                   "SET_PARAMETER " LIVE " RTSP/1.0\r\nCSeq: 1\r\n%sContent-Length: 15\r\n\r\n"
                   "mikey: BQYHCA==",
                   session);
    assert_int_equal(stage_code(stage_say(&stage, text)), 463);
    stage_end(&stage);
}

static void a_client_may_say_that_it_closes(void **state)
{
    server_stage stage;
    char session[128] = "";
    (void)state;
    open_stage(&stage);
    stage_set_up(&stage, LIVE "/video", session);
    stage_forget(&stage);
    const char *out = stage_ask(&stage, "OPTIONS", "*", "Connection: close\r\n");
    assert_int_equal(stage_code(out), 200);
    assert_string_equal(stage_header(out, "Connection"), "close");
    assert_int_equal(stage.fed, SVMS_END);
    assert_string_equal(stage.log, "ended s1 t-1 closed\n");
    stage_say(&stage, "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n");
    assert_int_equal(stage.fed, SVMS_END);
    assert_string_equal(stage.out, "");
    stage_end(&stage);
}

static void arguments_that_are_missing_are_refused(void **state)
{
    server_stage stage;
    const void *data = "";
    (void)state;
    open_stage(&stage);
    assert_int_equal(svms_rtsp_connection_feed(NULL, "", 0, 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_rtsp_connection_feed(stage.connection, NULL, 1, 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_rtsp_connection_answer(stage.connection, NULL, 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_rtsp_connection_tick(NULL, 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_rtsp_connection_send(stage.connection, 1, 0, 0, NULL, 1, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_rtsp_connection_send(stage.connection, 1, 0, 0, "", 65536, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_rtsp_connection_end_session(NULL, 1, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_rtsp_connection_output(NULL, &data), 0);
    assert_null(data);
    assert_true(svms_rtsp_connection_wait(NULL) == UINT64_MAX);
    svms_rtsp_connection_sent(NULL, 1);
    svms_rtsp_connection_alive(NULL, 1, 1);
    svms_rtsp_connection_free(NULL);
    svms_rtsp_server_free(NULL);
    stage_end(&stage);
}

typedef struct option_case {
    uint32_t flags;
    size_t offset;
    uint32_t value;
} option_case;

static void options_out_of_range_are_refused(void **state)
{
#define OPTION(name) offsetof(svms_rtsp_server_options, name)
    static const option_case cases[] = {
        { 0, 0, 0 },
        { SVMS_RTSP_SERVER_OPEN | SVMS_RTSP_SERVER_DIGEST, 0, 0 },
        { SVMS_RTSP_SERVER_OPEN | 0x8000, 0, 0 },
        { SVMS_RTSP_SERVER_OPEN, OPTION(reserved), 1 },
        { SVMS_RTSP_SERVER_OPEN, OPTION(session_seconds), 9 },
        { SVMS_RTSP_SERVER_OPEN, OPTION(session_seconds), 3601 },
        { SVMS_RTSP_SERVER_OPEN, OPTION(nonce_seconds), 1 },
        { SVMS_RTSP_SERVER_OPEN, OPTION(request_seconds), 121 },
        { SVMS_RTSP_SERVER_OPEN, OPTION(max_sessions), 65 },
        { SVMS_RTSP_SERVER_OPEN, OPTION(max_tracks), 33 },
        { SVMS_RTSP_SERVER_OPEN, OPTION(max_backlog), 100 },
        { SVMS_RTSP_SERVER_OPEN, OPTION(max_body), 65537 },
        { SVMS_RTSP_SERVER_OPEN, OPTION(max_queue), 1000 },
        { SVMS_RTSP_SERVER_OPEN, OPTION(max_strangers), 101 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        server_stage stage;
        svms_rtsp_server *server = NULL;
        stage_new(&stage, cases[i].flags);
        assert_int_equal(svms_ctx_new(&stage.ctx, NULL, NULL), SVMS_OK);
        if (cases[i].offset != 0) {
            memcpy((uint8_t *)&stage.options + cases[i].offset, &cases[i].value, sizeof(uint32_t));
        }
        assert_int_equal(svms_rtsp_server_new(&server, stage.ctx, &stage.options, &stage.err),
                         SVMS_E_USAGE);
        assert_null(server);
        svms_ctx_free(&stage.ctx);
    }
}

static void texts_and_handlers_of_a_server_are_checked(void **state)
{
    static const char *const realms[] = { "", "a\"b", "a\\b", "a\nb", "a\xC3\xA4" };
    server_stage stage;
    svms_rtsp_server *server = NULL;
    (void)state;
    stage_new(&stage, SVMS_RTSP_SERVER_DIGEST);
    assert_int_equal(svms_ctx_new(&stage.ctx, NULL, NULL), SVMS_OK);
    for (size_t i = 0; i < sizeof realms / sizeof realms[0]; i++) {
        stage.options.realm = realms[i];
        assert_int_equal(svms_rtsp_server_new(&server, stage.ctx, &stage.options, NULL),
                         SVMS_E_USAGE);
    }
    stage.options.realm = NULL;
    stage.options.handlers.secret = NULL;
    assert_int_equal(svms_rtsp_server_new(&server, stage.ctx, &stage.options, NULL), SVMS_E_USAGE);
    stage.options.flags = SVMS_RTSP_SERVER_BEARER;
    stage.options.handlers.token = NULL;
    assert_int_equal(svms_rtsp_server_new(&server, stage.ctx, &stage.options, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_rtsp_server_new(NULL, stage.ctx, &stage.options, NULL), SVMS_E_USAGE);
    svms_ctx_free(&stage.ctx);
}

static void connections_that_may_not_be_are_refused(void **state)
{
    static const struct {
        uint32_t server;
        uint32_t flags;
        const char *peer;
        const char *identity;
        svms_status status;
    } cases[] = {
        { SVMS_RTSP_SERVER_DIGEST, 0, "192.0.2.7", NULL, SVMS_E_POLICY },
        { SVMS_RTSP_SERVER_BEARER | SVMS_RTSP_SERVER_ALLOW_CLEAR, 0, "192.0.2.7", NULL,
          SVMS_E_POLICY },
        { SVMS_RTSP_SERVER_DIGEST | SVMS_RTSP_SERVER_ALLOW_CLEAR, 0, "192.0.2.7", "cam",
          SVMS_E_USAGE },
        { SVMS_RTSP_SERVER_DIGEST, 1, "host.example", NULL, SVMS_E_USAGE },
        { SVMS_RTSP_SERVER_DIGEST, 1, NULL, NULL, SVMS_E_USAGE },
        { SVMS_RTSP_SERVER_DIGEST, 3, "192.0.2.7", NULL, SVMS_E_USAGE },
        { SVMS_RTSP_SERVER_DIGEST, 1, "2001:db8::7", NULL, SVMS_OK },
        { SVMS_RTSP_SERVER_DIGEST | SVMS_RTSP_SERVER_ALLOW_CLEAR, 0, "192.0.2.7", NULL, SVMS_OK },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        server_stage stage;
        stage_new(&stage, cases[i].server);
        stage_start(&stage);
        svms_rtsp_connection_free(&stage.connection);
        stage.peer.flags = cases[i].flags;
        stage.peer.peer = cases[i].peer;
        stage.peer.identity = cases[i].identity;
        assert_int_equal(
            svms_rtsp_connection_new(&stage.connection, stage.server, &stage.peer, 0, &stage.err),
            cases[i].status);
        stage_end(&stage);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_live_stream_is_described_set_up_played_and_torn_down),
        cmocka_unit_test(requests_without_session_get_the_codes_of_rfc_2326),
        cmocka_unit_test(what_a_refusal_needs_to_name_it_names),
        cmocka_unit_test(a_request_line_has_to_fit),
        cmocka_unit_test(several_tracks_play_together),
        cmocka_unit_test(a_track_may_hang_directly_below_the_root),
        cmocka_unit_test(udp_goes_to_the_peer_alone),
        cmocka_unit_test(the_application_chooses_among_what_can_be),
        cmocka_unit_test(times_and_directions_reach_the_application),
        cmocka_unit_test(keys_pass_in_both_directions),
        cmocka_unit_test(parameters_are_judged),
        cmocka_unit_test(an_answer_may_come_later_and_the_next_request_waits),
        cmocka_unit_test(a_session_that_ended_meanwhile_is_not_found),
        cmocka_unit_test(an_answer_that_makes_no_sense_is_500_and_told),
        cmocka_unit_test(nothing_about_keys_passes_in_clear),
        cmocka_unit_test(a_client_may_say_that_it_closes),
        cmocka_unit_test(arguments_that_are_missing_are_refused),
        cmocka_unit_test(options_out_of_range_are_refused),
        cmocka_unit_test(texts_and_handlers_of_a_server_are_checked),
        cmocka_unit_test(connections_that_may_not_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
