/* SPDX-License-Identifier: Apache-2.0 */
/* What a client asks, and what it makes of answers (docs/spec/rtsp.md, RC-URL to RC-RSP). */
#include "cmocka_all.h"

#include <stdio.h>

#include "client_stage.h"

static svms_rtsp_transport interleaved(uint32_t channel)
{
    svms_rtsp_transport t = SVMS_RTSP_TRANSPORT_INIT;
    t.carrier = SVMS_RTSP_INTERLEAVED;
    t.has_channels = 1;
    t.channel_rtp = channel;
    t.channel_rtcp = channel + 1;
    return t;
}

static void describe(client_stage *s)
{
    assert_int_equal(svms_rtsp_client_ask_options(s->client, NULL, NULL), SVMS_OK);
    assert_string_equal(client_sent(s), "OPTIONS rtsp://camera/live RTSP/1.0\r\nCSeq: 1\r\n"
                                        "User-Agent: libsvms\r\n\r\n");
    client_says(s, "RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: DESCRIBE, GET_PARAMETER\r\n\r\n");
    assert_string_equal(client_log(s), "1 OPTIONS 200 OK\n");
    assert_int_equal(s->last.methods, 1u << SVMS_RTSP_DESCRIBE | 1u << SVMS_RTSP_GET_PARAMETER);
    assert_int_equal(svms_rtsp_client_describe(s->client, NULL, NULL), SVMS_OK);
    assert_string_equal(client_sent(s), "DESCRIBE rtsp://camera/live RTSP/1.0\r\nCSeq: 2\r\n"
                                        "User-Agent: libsvms\r\nAccept: application/sdp\r\n\r\n");
    client_says(s, "RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Base: rtsp://10.0.0.1/live/\r\n"
                   "Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n");
    assert_string_equal(client_log(s), "2 DESCRIBE 200 OK body v=0\r\n\n");
}

static void set_up_two_tracks(client_stage *s)
{
    svms_rtsp_transport video = interleaved(0);
    svms_rtsp_transport audio = interleaved(2);
    uint64_t number = 0;
    assert_int_equal(svms_rtsp_client_setup(s->client, "v", &video, NULL, 0, &number, NULL),
                     SVMS_OK);
    assert_int_equal(number, 3);
    assert_int_equal(svms_rtsp_client_setup(s->client, "/a", &audio, NULL, 0, &number, NULL),
                     SVMS_OK);
    assert_int_equal(number, 4);
    assert_int_equal(svms_rtsp_client_idle(s->client), 0);
    assert_string_equal(client_sent(s), "SETUP rtsp://10.0.0.1/live/v RTSP/1.0\r\nCSeq: 3\r\n"
                                        "User-Agent: libsvms\r\n"
                                        "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n");
    client_says(s, "RTSP/1.0 200 OK\r\nCSeq: 3\r\nSession: abc;timeout=30\r\n"
                   "Transport: RTP/AVP/TCP;unicast;interleaved=4-5;ssrc=0000000A\r\n\r\n");
    assert_string_equal(client_log(s), "3 SETUP 200 OK session abc\n");
    assert_int_equal(s->last.has_transport, 1);
    assert_int_equal(s->last.transport.channel_rtp, 4);
    assert_int_equal(s->last.transport.ssrc, 10);
    assert_int_equal(s->last.session_timeout_s, 30);
    assert_string_equal(client_sent(s), "SETUP rtsp://10.0.0.1/a RTSP/1.0\r\nCSeq: 4\r\n"
                                        "User-Agent: libsvms\r\nSession: abc\r\n"
                                        "Transport: RTP/AVP/TCP;unicast;interleaved=2-3\r\n\r\n");
    client_says(s, "RTSP/1.0 200 OK\r\nCSeq: 4\r\nSession: abc\r\n"
                   "Transport: RTP/AVP/TCP;unicast\r\n\r\n");
    assert_string_equal(client_log(s), "4 SETUP 200 OK session abc\n");
    /* What the server did not say is what was asked. */
    assert_int_equal(s->last.transport.channel_rtp, 2);
}

static void check_rtp_info(client_stage *s, const svms_rtsp_client_event *e)
{
    (void)s;
    assert_int_equal(e->rtp_info_count, 2);
    assert_string_equal(e->rtp_info[0].url, "rtsp://10.0.0.1/live/v");
    assert_int_equal(e->rtp_info[0].sequence, 7);
    assert_int_equal(e->rtp_info[0].has_rtp_time, 0);
    assert_string_equal(e->rtp_info[1].url, "a");
    assert_int_equal(e->rtp_info[1].rtp_time, 9);
    assert_int_equal(e->play.range.kind, SVMS_RTSP_RANGE_NPT);
    assert_int_equal(e->play.scale_milli, 2000);
}

static void play(client_stage *s)
{
    svms_rtsp_play wanted = SVMS_RTSP_PLAY_INIT;
    wanted.range.kind = SVMS_RTSP_RANGE_NPT;
    wanted.range.from_now = 1;
    assert_int_equal(svms_rtsp_client_play(s->client, NULL, &wanted, NULL, NULL), SVMS_OK);
    assert_string_equal(client_sent(s), "PLAY rtsp://10.0.0.1/live/ RTSP/1.0\r\nCSeq: 5\r\n"
                                        "User-Agent: libsvms\r\nSession: abc\r\n"
                                        "Range: npt=now-\r\n\r\n");
    s->during = check_rtp_info;
    client_says(s, "RTSP/1.0 200 OK\r\nCSeq: 5\r\nSession: abc\r\nRange: npt=0-\r\nScale: 2\r\n"
                   "RTP-Info: url=rtsp://10.0.0.1/live/v;seq=7,url=\"a\";rtptime=9\r\n\r\n");
    s->during = NULL;
    assert_string_equal(client_log(s), "5 PLAY 200 OK session abc\n");
    assert_int_equal(client_feed_bytes(s, "$\4\0\3xyz$\5\0\0", 11), SVMS_OK);
    assert_string_equal(client_log(s), "$4 3\n$5 0\n");
}

static void end(client_stage *s)
{
    assert_int_equal(svms_rtsp_client_send_frame(s->client, 5, (const uint8_t *)"rr", 2, NULL),
                     SVMS_OK);
    assert_int_equal(svms_rtsp_client_pending(s->client), 6);
    (void)client_sent(s);
    assert_memory_equal(s->sent, "$\5\0\2rr", 6);
    assert_int_equal(svms_rtsp_client_pause(s->client, NULL, NULL, NULL), SVMS_OK);
    /* Frames come between a request and its response. */
    assert_int_equal(client_feed_bytes(s, "$\4\0\1x", 5), SVMS_OK);
    client_says(s, "RTSP/1.0 200 OK\r\nCSeq: 6\r\n\r\n");
    assert_string_equal(client_log(s), "$4 1\n6 PAUSE 200 OK\n");
    assert_int_equal(svms_rtsp_client_get_parameter(s->client, NULL, "a\r\n", NULL, NULL), SVMS_OK);
    client_says(s, "RTSP/1.0 200 OK\r\nCSeq: 7\r\nContent-Length: 4\r\n\r\na: b");
    assert_string_equal(client_log(s), "7 GET_PARAMETER 200 OK body a: b\n");
    (void)client_sent(s);
    assert_int_equal(svms_rtsp_client_set_parameter(s->client, "v", NULL, (const uint8_t *)"c: d",
                                                    4, NULL, NULL),
                     SVMS_OK);
    assert_string_equal(client_sent(s),
                        "SET_PARAMETER rtsp://10.0.0.1/live/v RTSP/1.0\r\nCSeq: 8\r\n"
                        "User-Agent: libsvms\r\nSession: abc\r\n"
                        "Content-Type: text/parameters\r\nContent-Length: 4\r\n\r\nc: d");
    client_says(s, "RTSP/1.0 451 Parameter Not Understood\r\nCSeq: 8\r\n\r\n");
    assert_int_equal(svms_rtsp_client_teardown(s->client, NULL, NULL, NULL), SVMS_OK);
    client_says(s, "RTSP/1.0 200 OK\r\nCSeq: 9\r\n\r\n");
    assert_string_equal(client_log(s), "8 SET_PARAMETER 451 Parameter Not Understood\n"
                                       "9 TEARDOWN 200 OK\n");
    assert_int_equal(svms_rtsp_client_feed_end(s->client, NULL), SVMS_OK);
}

static void a_session_from_options_to_teardown(void **state)
{
    (void)state;
    for (int by_bytes = 0; by_bytes < 2; by_bytes++) {
        client_stage *s = client_open(0);
        s->by_bytes = by_bytes != 0;
        describe(s);
        set_up_two_tracks(s);
        play(s);
        end(s);
        client_close(s);
    }
}

static void controls_are_resolved_as_cameras_mean_them(void **state)
{
    (void)state;
    static const struct {
        const char *base;
        const char *control;
        const char *url; /* NULL: refused */
    } table[] = {
        { "rtsp://h/p", NULL, "rtsp://h/p" },
        { "rtsp://h/p", "", "rtsp://h/p" },
        { "rtsp://h/p/", "*", "rtsp://h/p/" },
        { "rtsp://h/p", "trackID=1", "rtsp://h/p/trackID=1" },
        { "rtsp://h/p/", "trackID=1", "rtsp://h/p/trackID=1" },
        { "rtsp://h", "v", "rtsp://h/v" },
        { "rtsp://h/p?a=b&c=d", "trackID=1", "rtsp://h/p?a=b&c=d/trackID=1" },
        { "rtsp://h/p?a=b&c=d/", "trackID=1", "rtsp://h/p?a=b&c=d/trackID=1" },
        { "rtsp://h/p", "?x=y", "rtsp://h/p?x=y" },
        { "rtsp://h:8554/p/q", "/v", "rtsp://h:8554/v" },
        { "rtsps://[2001:db8::1]:322/p", "/v", "rtsps://[2001:db8::1]:322/v" },
        { "rtsp://h?q", "/v", "rtsp://h/v" },
        { "rtsp://h/p", "rtsp://10.0.0.1/v", "rtsp://10.0.0.1/v" },
        { "rtsp://h/p", "RTSPS://x/v", "RTSPS://x/v" },
        { "rtsp://h/p", "rtsp://", NULL },
        { "rtsp://h/p", "rtsp://u:p@x/v", NULL },
        { "rtsp://h/p", "a b", NULL },
        { "rtsp://h/p", "a\r\nX: y", NULL },
        { "rtsp://h/p", "a\"b", NULL },
        { "rtsp://h/p", "a#b", NULL },
        { "rtsp://h/p", "\xC3\xA4", NULL },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        client_stage *s = client_stage_new(SVMS_RTSP_CLIENT_SECURE);
        s->options.url = table[i].base;
        assert_int_equal(client_make(s), SVMS_OK);
        char url[SVMS_RTSP_URL_SIZE];
        size_t size = sizeof url;
        svms_status status =
            svms_rtsp_client_resolve(s->client, table[i].control, url, &size, NULL);
        assert_int_equal(status, table[i].url ? SVMS_OK : SVMS_E_MALFORMED);
        if (table[i].url) {
            assert_string_equal(url, table[i].url);
            assert_int_equal(
                svms_rtsp_client_resolve(s->client, table[i].control, url, &size, NULL),
                SVMS_E_LIMIT);
            assert_int_equal(size, strlen(table[i].url) + 1);
        }
        client_close(s);
    }
}

static void the_base_is_what_describe_says_if_it_is_a_url(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        const char *base;
    } table[] = {
        { "", "rtsp://camera/live" },
        { "Content-Base: rtsp://x/1/\r\nContent-Location: rtsp://x/2\r\n", "rtsp://x/1/" },
        { "Content-Location: rtsp://x/2\r\n", "rtsp://x/2" },
        { "Content-Base: live/\r\nContent-Location: rtsp://x/2\r\n", "rtsp://x/2" },
        { "Content-Base: http://x/\r\n", "rtsp://camera/live" },
        { "Content-Base: rtsp://u@x/\r\n", "rtsp://camera/live" },
        { "Content-Base:\r\n", "rtsp://camera/live" },
        { "Location: rtsp://x/3\r\n", "rtsp://camera/live" },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        client_stage *s = client_open(0);
        char text[512];
        char url[SVMS_RTSP_URL_SIZE];
        size_t size = sizeof url;
        assert_int_equal(svms_rtsp_client_describe(s->client, NULL, NULL), SVMS_OK);
        (void)snprintf(text, sizeof text, "RTSP/1.0 200 OK\r\nCSeq: 1\r\n%s\r\n", table[i].headers);
        client_says(s, text);
        assert_int_equal(svms_rtsp_client_resolve(s->client, NULL, url, &size, NULL), SVMS_OK);
        assert_string_equal(url, table[i].base);
        client_close(s);
    }
}

static void options_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static char long_url[SVMS_RTSP_URL_SIZE + 1];
    memset(long_url, 'a', sizeof long_url - 1);
    memcpy(long_url, "rtsp://", 7);
    static const struct {
        const char *url;
        uint32_t flags;
        const char *user;
        const char *bearer;
        const char *agent;
        svms_status status;
    } table[] = {
        { NULL, 0, NULL, NULL, NULL, SVMS_E_USAGE },
        { "http://h/", 0, NULL, NULL, NULL, SVMS_E_USAGE },
        { "rtsp://joe:secret@h/", 0, NULL, NULL, NULL, SVMS_E_USAGE },
        { "rtsp://", 0, NULL, NULL, NULL, SVMS_E_USAGE },
        { "rtsps://h/", 0, NULL, NULL, NULL, SVMS_E_USAGE },
        { "rtsps://h/", SVMS_RTSP_CLIENT_SECURE, NULL, NULL, NULL, SVMS_OK },
        { "rtsp://h/", SVMS_RTSP_CLIENT_SECURE, NULL, NULL, NULL, SVMS_OK },
        { long_url, 0, NULL, NULL, NULL, SVMS_E_LIMIT },
        { "rtsp://h/", 0x8000, NULL, NULL, NULL, SVMS_E_USAGE },
        { "rtsp://h/", 0, "joe", NULL, NULL, SVMS_E_USAGE }, /* no password */
        { "rtsp://h/", 0, NULL, "token", NULL, SVMS_E_POLICY },
        { "rtsp://h/", SVMS_RTSP_CLIENT_ALLOW_CLEAR, NULL, "token", NULL, SVMS_OK },
        { "rtsp://h/", SVMS_RTSP_CLIENT_SECURE, NULL, "to\r\nken", NULL, SVMS_E_USAGE },
        { "rtsp://h/", SVMS_RTSP_CLIENT_SECURE, NULL, "to ken", NULL, SVMS_E_USAGE },
        { "rtsp://h/", SVMS_RTSP_CLIENT_SECURE, NULL, "", NULL, SVMS_E_USAGE },
        { "rtsp://h/", 0, NULL, NULL, "x\ny", SVMS_E_USAGE },
        { "rtsp://h/", 0, NULL, NULL, "svms 1", SVMS_OK },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        client_stage *s = client_stage_new(table[i].flags);
        s->options.url = table[i].url;
        s->options.user_name = table[i].user;
        s->options.bearer = table[i].bearer;
        s->options.user_agent = table[i].agent;
        assert_int_equal(client_make(s), table[i].status);
        assert_int_equal(s->client != NULL, table[i].status == SVMS_OK);
        client_close(s);
    }
}

static void one_request_is_in_flight_and_sixteen_wait_at_most(void **state)
{
    (void)state;
    client_stage *s = client_open(0);
    for (int i = 0; i < 16; i++) {
        assert_int_equal(svms_rtsp_client_ask_options(s->client, NULL, NULL), SVMS_OK);
    }
    assert_int_equal(svms_rtsp_client_ask_options(s->client, NULL, &s->err), SVMS_E_LIMIT);
    assert_string_equal(client_sent(s), "OPTIONS rtsp://camera/live RTSP/1.0\r\nCSeq: 1\r\n"
                                        "User-Agent: libsvms\r\n\r\n");
    char text[64];
    for (int i = 1; i <= 16; i++) {
        (void)snprintf(text, sizeof text, "RTSP/1.0 200 OK\r\nCSeq: %d\r\n\r\n", i);
        client_says(s, text);
    }
    assert_int_equal(svms_rtsp_client_idle(s->client), 1);
    client_close(s);
}

/* Responses to what is sent between them, in one piece. */
static void pipelined_responses_are_taken_one_by_one(void **state)
{
    (void)state;
    client_stage *s = client_open(0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(svms_rtsp_client_ask_options(s->client, NULL, NULL), SVMS_OK);
    }
    client_says(s, "RTSP/1.0 200 A\r\nCSeq: 1\r\n\r\nRTSP/1.0 100 Continue\r\nCSeq: 2\r\n\r\n"
                   "RTSP/1.0 404 B\r\nCSeq: 2\r\n\r\nRTSP/1.0 302 C\r\nCSeq: 3\r\n"
                   "Location: rtsp://elsewhere/\r\n\r\n");
    assert_string_equal(client_log(s), "1 OPTIONS 200 A\n2 OPTIONS 404 B\n3 OPTIONS 302 C\n");
    /* And nothing follows the redirection. */
    assert_null(strstr(client_sent(s), "elsewhere"));
    client_close(s);
}

static void an_answer_to_nothing_that_was_asked_ends_the_client(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n",
        "RTSP/1.0 200 OK\r\nCSeq: 0\r\n\r\n",
        "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\nRTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n",
        "RTSP/1.0 200 OK\r\n\r\nRTSP/1.0 200 OK\r\n\r\n",
        "RTSP/1.0 100 Continue\r\nCSeq: 5\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        client_stage *s = client_open(0);
        assert_int_equal(svms_rtsp_client_ask_options(s->client, NULL, NULL), SVMS_OK);
        assert_int_equal(client_feed(s, answers[i]), SVMS_E_MALFORMED);
        client_expect_words(s, "answered what was not asked");
        /* Every call says so from now on. */
        assert_int_equal(svms_rtsp_client_describe(s->client, NULL, NULL), SVMS_E_MALFORMED);
        assert_int_equal(svms_rtsp_client_tick(s->client, s->now_ns, NULL), SVMS_E_MALFORMED);
        assert_int_equal(svms_rtsp_client_feed_end(s->client, NULL), SVMS_E_MALFORMED);
        assert_true(svms_rtsp_client_wait(s->client) == UINT64_MAX);
        client_close(s);
    }
}

static void a_response_without_cseq_answers_the_request(void **state)
{
    (void)state;
    client_stage *s = client_open(0);
    assert_int_equal(svms_rtsp_client_ask_options(s->client, NULL, NULL), SVMS_OK);
    client_says(s, "RTSP/1.0 400 Bad Request\r\n\r\n");
    assert_string_equal(client_log(s), "1 OPTIONS 400 Bad Request\n");
    client_close(s);
}

static void a_server_of_another_version_is_refused(void **state)
{
    (void)state;
    client_stage *s = client_open(0);
    assert_int_equal(svms_rtsp_client_ask_options(s->client, NULL, NULL), SVMS_OK);
    assert_int_equal(client_feed(s, "RTSP/2.0 200 OK\r\nCSeq: 1\r\n\r\n"), SVMS_E_UNSUPPORTED);
    client_expect_words(s, "RTSP/2.0");
    client_close(s);
}

static void a_setup_answered_otherwise_than_asked_ends_the_client(void **state)
{
    (void)state;
    static const struct {
        bool secure;
        bool udp;
        const char *headers;
        svms_status status;
        const char *words;
    } table[] = {
        { false, false, "Session: a\r\n", SVMS_E_MALFORMED, "names no transport" },
        { false, false, "Transport: RTP/AVP/TCP;interleaved=0-1\r\n", SVMS_E_MALFORMED,
          "names no session" },
        { false, false, "Session: a b\r\nTransport: RTP/AVP/TCP\r\n", SVMS_E_MALFORMED,
          "names no session" },
        { false, false, "Session: a\r\nTransport: RTP/AVP;client_port=1-2\r\n", SVMS_E_MALFORMED,
          "not offered" },
        { false, true, "Session: a\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n", SVMS_E_MALFORMED,
          "not offered" },
        { false, true, "Session: a\r\nTransport: RTP/AVP;multicast;client_port=5000\r\n",
          SVMS_E_MALFORMED, "not offered" },
        { true, true, "Session: a\r\nTransport: RTP/AVP;client_port=5000-5001\r\n", SVMS_E_POLICY,
          "without SRTP" },
        { true, false, "Session: a\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n", SVMS_E_POLICY,
          "without SRTP" },
        { false, true, "Session: a\r\nTransport: RTP/SAVP;client_port=5000-5001\r\n", SVMS_E_POLICY,
          "not asked for" },
        { false, true, "Session: a\r\nTransport: x\r\n", SVMS_E_UNSUPPORTED, "not RTP" },
        { false, true, "Session: a\r\nTransport: RTP/AVP;client_port=x\r\n", SVMS_E_MALFORMED,
          "cannot be read" },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        client_stage *s = client_open(SVMS_RTSP_CLIENT_SECURE);
        svms_rtsp_transport t = interleaved(0);
        if (table[i].udp) {
            t = (svms_rtsp_transport)SVMS_RTSP_TRANSPORT_INIT;
            t.client_rtp = 5000;
            t.client_rtcp = 5001;
        }
        t.secure = table[i].secure;
        char text[512];
        assert_int_equal(svms_rtsp_client_setup(s->client, "v", &t, NULL, 0, NULL, NULL), SVMS_OK);
        (void)snprintf(text, sizeof text, "RTSP/1.0 200 OK\r\nCSeq: 1\r\n%s\r\n", table[i].headers);
        assert_int_equal(client_feed(s, text), table[i].status);
        client_expect_words(s, table[i].words);
        assert_string_equal(client_log(s), "");
        client_close(s);
    }
}

static void one_session_is_not_put_into_two(void **state)
{
    (void)state;
    client_stage *s = client_open(0);
    client_play(s, "abc");
    svms_rtsp_transport t = interleaved(2);
    assert_int_equal(svms_rtsp_client_setup(s->client, "a", &t, NULL, 0, NULL, NULL), SVMS_OK);
    assert_int_equal(client_feed(s, "RTSP/1.0 200 OK\r\nCSeq: 3\r\nSession: abcd\r\n"
                                    "Transport: RTP/AVP/TCP;interleaved=2-3\r\n\r\n"),
                     SVMS_E_MALFORMED);
    client_expect_words(s, "into two");
    client_close(s);
}

static void a_setup_that_was_refused_changes_nothing(void **state)
{
    (void)state;
    client_stage *s = client_open(0);
    svms_rtsp_transport t = interleaved(0);
    assert_int_equal(svms_rtsp_client_setup(s->client, "v", &t, NULL, 0, NULL, NULL), SVMS_OK);
    client_says(s, "RTSP/1.0 461 Unsupported transport\r\nCSeq: 1\r\nSession: abc\r\n\r\n");
    assert_string_equal(client_log(s), "1 SETUP 461 Unsupported transport session abc\n");
    assert_int_equal(s->last.has_transport, 0);
    (void)client_sent(s);
    assert_int_equal(svms_rtsp_client_setup(s->client, "v", &t, NULL, 0, NULL, NULL), SVMS_OK);
    assert_null(strstr(client_sent(s), "Session"));
    client_close(s);
}

static void a_session_must_be_there_to_be_played(void **state)
{
    (void)state;
    client_stage *s = client_open(0);
    assert_int_equal(svms_rtsp_client_play(s->client, NULL, NULL, NULL, NULL), SVMS_E_STATE);
    assert_int_equal(svms_rtsp_client_pause(s->client, NULL, NULL, NULL), SVMS_E_STATE);
    assert_int_equal(svms_rtsp_client_teardown(s->client, NULL, NULL, NULL), SVMS_E_STATE);
    client_play(s, "abc");
    assert_int_equal(svms_rtsp_client_teardown(s->client, NULL, NULL, NULL), SVMS_OK);
    client_says(s, "RTSP/1.0 454 Session Not Found\r\nCSeq: 3\r\n\r\n");
    assert_int_equal(svms_rtsp_client_play(s->client, NULL, NULL, NULL, NULL), SVMS_E_STATE);
    client_close(s);
}

static void headers_that_are_not_needed_may_be_unreadable(void **state)
{
    (void)state;
    client_stage *s = client_open(0);
    client_play(s, "abc");
    assert_int_equal(svms_rtsp_client_play(s->client, NULL, NULL, NULL, NULL), SVMS_OK);
    client_says(s, "RTSP/1.0 200 OK\r\nCSeq: 3\r\nRange: smpte=0:00:00-\r\nScale: fast\r\n"
                   "Session: \r\nRTP-Info: url=a;seq=1,url=;seq=2\r\nPublic: ,,\r\n\r\n");
    assert_string_equal(client_log(s), "3 PLAY 200 OK\n");
    assert_int_equal(s->last.play.range.kind, SVMS_RTSP_RANGE_NONE);
    assert_int_equal(s->last.play.scale_milli, 0);
    assert_int_equal(s->last.rtp_info_count, 0);
    client_close(s);
}

static void requests_of_the_server_are_answered_and_told(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        const char *answer;
        const char *told;
    } table[] = {
        { "OPTIONS * RTSP/1.0\r\nCSeq: 77\r\n\r\n",
          "RTSP/1.0 200 OK\r\nCSeq: 77\r\n"
          "Public: OPTIONS, ANNOUNCE, GET_PARAMETER, SET_PARAMETER, REDIRECT\r\n\r\n",
          "asked OPTIONS * 200\n" },
        { "SET_PARAMETER x RTSP/1.0\r\nCSeq: 1\r\n\r\n", "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n",
          "asked SET_PARAMETER x 200\n" },
        { "GET_PARAMETER x RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 1\r\n\r\na",
          "RTSP/1.0 451 Parameter Not Understood\r\nCSeq: 1\r\n\r\n",
          "asked GET_PARAMETER x 451\n" },
        { "ANNOUNCE x RTSP/1.0\r\nCSeq: 1\r\nContent-Length: 1\r\n\r\na",
          "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n", "asked ANNOUNCE x 200\n" },
        { "REDIRECT x RTSP/1.0\r\nCSeq: 1\r\nLocation: rtsp://y/\r\n\r\n",
          "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n", "asked REDIRECT x 200\n" },
        { "SETUP x RTSP/1.0\r\nCSeq: 1\r\n\r\n", "RTSP/1.0 501 Not Implemented\r\nCSeq: 1\r\n\r\n",
          "asked SETUP x 501\n" },
        { "FOO x RTSP/1.0\r\nCSeq: 1\r\n\r\n", "RTSP/1.0 501 Not Implemented\r\nCSeq: 1\r\n\r\n",
          "asked - x 501\n" },
        { "OPTIONS x RTSP/1.0\r\n\r\n", "RTSP/1.0 400 Bad Request\r\n\r\n",
          "asked OPTIONS x 400\n" },
        { "OPTIONS x RTSP/2.0\r\nCSeq: 1\r\n\r\n",
          "RTSP/1.0 505 RTSP Version not supported\r\nCSeq: 1\r\n\r\n", "asked OPTIONS x 505\n" },
        { "OPTIONS x RTSP/1.0\r\nCSeq: 1\r\nRequire: foo\r\n\r\n",
          "RTSP/1.0 551 Option not supported\r\nCSeq: 1\r\nUnsupported: foo\r\n\r\n",
          "asked OPTIONS x 551\n" },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        client_stage *s = client_open(0);
        client_says(s, table[i].request);
        assert_string_equal(client_sent(s), table[i].answer);
        assert_string_equal(client_log(s), table[i].told);
        client_close(s);
    }
}

static void a_server_that_asks_without_end_ends_the_client(void **state)
{
    (void)state;
    client_stage *s = client_stage_new(0);
    s->options.max_unsent = 1000;
    assert_int_equal(client_make(s), SVMS_OK);
    svms_status status = SVMS_OK;
    int asked = 0;
    while (status == SVMS_OK && asked < 1000) {
        status = client_feed(s, "FOO x RTSP/1.0\r\nCSeq: 1\r\n\r\n");
        asked++;
    }
    assert_int_equal(status, SVMS_E_LIMIT);
    assert_in_range(asked, 15, 30);
    assert_true(svms_rtsp_client_pending(s->client) <= 1000);
    client_close(s);
}

static void what_does_not_fit_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    client_stage *s = client_stage_new(0);
    s->options.max_unsent = 300;
    assert_int_equal(client_make(s), SVMS_OK);
    static const uint8_t frame[297] = { 0 };
    assert_int_equal(svms_rtsp_client_send_frame(s->client, 0, frame, 297, &s->err), SVMS_E_LIMIT);
    client_expect_words(s, "more than 300 bytes wait");
    assert_int_equal(svms_rtsp_client_send_frame(s->client, 0, frame, 250, NULL), SVMS_OK);
    assert_int_equal(svms_rtsp_client_ask_options(s->client, NULL, NULL), SVMS_E_LIMIT);
    assert_int_equal(svms_rtsp_client_pending(s->client), 254);
    assert_int_equal(svms_rtsp_client_idle(s->client), 1);
    /* A part of it is gone, then there is room. */
    char taken[200];
    size_t size = 0;
    assert_int_equal(svms_rtsp_client_drain(s->client, taken, sizeof taken, &size, NULL), SVMS_OK);
    assert_int_equal(size, sizeof taken);
    uint64_t number = 0;
    assert_int_equal(svms_rtsp_client_ask_options(s->client, &number, NULL), SVMS_OK);
    assert_int_equal(number, 1);
    (void)client_sent(s);
    assert_string_equal(s->sent + 54, "OPTIONS rtsp://camera/live RTSP/1.0\r\nCSeq: 1\r\n"
                                      "User-Agent: libsvms\r\n\r\n");
    client_close(s);
}

static void the_end_of_the_connection_is_told_apart(void **state)
{
    (void)state;
    client_stage *s = client_open(0);
    assert_int_equal(svms_rtsp_client_ask_options(s->client, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_rtsp_client_feed_end(s->client, &s->err), SVMS_E_TRUNCATED);
    client_expect_words(s, "before it answered OPTIONS");
    client_close(s);
    s = client_open(0);
    assert_int_equal(client_feed_bytes(s, "$\0\0\2a", 5), SVMS_OK);
    assert_int_equal(svms_rtsp_client_feed_end(s->client, &s->err), SVMS_E_TRUNCATED);
    client_expect_words(s, "within a message");
    client_close(s);
    s = client_open(0);
    assert_int_equal(svms_rtsp_client_feed_end(s->client, NULL), SVMS_OK);
    assert_int_equal(svms_rtsp_client_feed_end(s->client, NULL), SVMS_E_STATE);
    assert_int_equal(client_feed(s, "x"), SVMS_E_STATE);
    assert_int_equal(svms_rtsp_client_describe(s->client, NULL, NULL), SVMS_E_STATE);
    client_close(s);
}

static void ask_more(client_stage *s, const svms_rtsp_client_event *event)
{
    svms_error err = SVMS_ERROR_INIT;
    assert_int_equal(svms_rtsp_client_feed(s->client, "x", 1, s->now_ns, &err), SVMS_E_STATE);
    assert_int_equal(svms_rtsp_client_tick(s->client, s->now_ns, &err), SVMS_E_STATE);
    assert_int_equal(svms_rtsp_client_feed_end(s->client, &err), SVMS_E_STATE);
    if (event->method == SVMS_RTSP_OPTIONS) {
        assert_int_equal(svms_rtsp_client_describe(s->client, NULL, NULL), SVMS_OK);
        assert_int_equal(svms_rtsp_client_send_frame(s->client, 0, (const uint8_t *)"", 0, NULL),
                         SVMS_OK);
    }
}

static void a_callback_may_ask_but_not_feed(void **state)
{
    (void)state;
    client_stage *s = client_open(0);
    s->during = ask_more;
    assert_int_equal(svms_rtsp_client_ask_options(s->client, NULL, NULL), SVMS_OK);
    (void)client_sent(s);
    client_says(s, "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\nRTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n");
    assert_string_equal(client_log(s), "1 OPTIONS 200 OK\n2 DESCRIBE 200 OK\n");
    assert_non_null(strstr(client_sent(s), "DESCRIBE"));
    client_close(s);
}

static void what_a_callback_returns_ends_the_client(void **state)
{
    (void)state;
    client_stage *s = client_open(0);
    s->answer = SVMS_E_CANCELLED;
    assert_int_equal(client_feed_bytes(s, "$\0\0\0$\0\0\0", 8), SVMS_E_CANCELLED);
    assert_string_equal(client_log(s), "$0 0\n");
    assert_int_equal(client_feed(s, "x"), SVMS_E_CANCELLED);
    client_close(s);
}

static void tags_of_onvif_are_required_where_told(void **state)
{
    (void)state;
    client_stage *s = client_open(SVMS_RTSP_CLIENT_REPLAY | SVMS_RTSP_CLIENT_BACKCHANNEL);
    svms_rtsp_transport t = interleaved(0);
    assert_int_equal(svms_rtsp_client_describe(s->client, NULL, NULL), SVMS_OK);
    client_sent(s);
    assert_null(strstr(s->sent, "onvif-replay"));
    assert_non_null(strstr(s->sent, "Require: www.onvif.org/ver20/backchannel\r\n"));
    client_says(s, "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n");
    assert_int_equal(svms_rtsp_client_setup(s->client, "v", &t, NULL, 0, NULL, NULL), SVMS_OK);
    client_sent(s);
    assert_non_null(strstr(s->sent, "Require: onvif-replay\r\n"));
    assert_non_null(strstr(s->sent, "Require: www.onvif.org/ver20/backchannel\r\n"));
    client_says(s, "RTSP/1.0 551 Option not supported\r\nCSeq: 2\r\nUnsupported: onvif-replay\r\n"
                   "\r\n");
    client_close(s);
}

static void keys_go_through_tls_alone(void **state)
{
    (void)state;
    svms_rtsp_transport t = interleaved(0);
    static const uint8_t key[3] = { 1, 2, 3 };
    static const uint8_t rekey[] = "a: b\r\nMIKEY: AQID\r\n";
    client_stage *s = client_open(0);
    assert_int_equal(svms_rtsp_client_setup(s->client, "v", &t, key, 3, NULL, NULL), SVMS_E_POLICY);
    t.secure = 1;
    assert_int_equal(svms_rtsp_client_setup(s->client, "v", &t, NULL, 0, NULL, NULL),
                     SVMS_E_POLICY);
    assert_int_equal(
        svms_rtsp_client_set_parameter(s->client, NULL, NULL, rekey, sizeof rekey - 1, NULL, NULL),
        SVMS_E_POLICY);
    assert_int_equal(svms_rtsp_client_get_parameter(s->client, NULL, "mikey\r\n", NULL, NULL),
                     SVMS_E_POLICY);
    assert_int_equal(svms_rtsp_client_pending(s->client), 0);
    t.secure = 0;
    assert_int_equal(svms_rtsp_client_setup(s->client, "v", &t, NULL, 0, NULL, NULL), SVMS_OK);
    client_says(s, "RTSP/1.0 200 OK\r\nCSeq: 1\r\nSession: a\r\nTransport: RTP/AVP/TCP\r\n"
                   "KeyMgmt: prot=mikey;uri=\"\";data=\"AQID\"\r\n\r\n");
    assert_null(s->last.mikey);
    client_close(s);

    s = client_open(SVMS_RTSP_CLIENT_SECURE);
    assert_int_equal(svms_rtsp_client_setup(s->client, "v", &t, key, 3, NULL, NULL), SVMS_E_USAGE);
    t.secure = 1;
    assert_int_equal(svms_rtsp_client_setup(s->client, "v", &t, key, 3, NULL, NULL), SVMS_OK);
    assert_non_null(strstr(client_sent(s), "Transport: RTP/SAVP/TCP;unicast;interleaved=0-1\r\n"
                                           "KeyMgmt: prot=mikey;uri=\"rtsp://camera/live/v\";"
                                           "data=\"AQID\"\r\n"));
    client_says(s, "RTSP/1.0 200 OK\r\nCSeq: 1\r\nSession: a\r\nTransport: RTP/SAVP/TCP\r\n"
                   "KeyMgmt: prot=mikey;uri=\"\";data=\"BAUG\"\r\n\r\n");
    assert_non_null(s->last.mikey);
    assert_int_equal(s->last.mikey_size, 3);
    assert_int_equal(
        svms_rtsp_client_set_parameter(s->client, NULL, NULL, rekey, sizeof rekey - 1, NULL, NULL),
        SVMS_OK);
    client_close(s);
}

static void arguments_out_of_range_are_refused(void **state)
{
    (void)state;
    client_stage *s = client_open(0);
    svms_rtsp_transport t = SVMS_RTSP_TRANSPORT_INIT;
    assert_int_equal(svms_rtsp_client_setup(s->client, "v", &t, NULL, 0, NULL, NULL), SVMS_E_USAGE);
    t.client_rtp = 65536;
    assert_int_equal(svms_rtsp_client_setup(s->client, "v", &t, NULL, 0, NULL, NULL), SVMS_E_USAGE);
    t = interleaved(255);
    assert_int_equal(svms_rtsp_client_setup(s->client, "v", &t, NULL, 0, NULL, NULL), SVMS_E_USAGE);
    t = interleaved(0);
    t.multicast = 1;
    assert_int_equal(svms_rtsp_client_setup(s->client, "v", &t, NULL, 0, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_rtsp_client_setup(s->client, "v", NULL, NULL, 0, NULL, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_rtsp_client_send_frame(s->client, 256, (const uint8_t *)"", 0, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_rtsp_client_set_parameter(s->client, NULL, "a\r\nb", (const uint8_t *)"x",
                                                    1, NULL, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_rtsp_client_describe(NULL, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_rtsp_client_ask_options(NULL, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_rtsp_client_play(NULL, NULL, NULL, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_rtsp_client_get_parameter(NULL, NULL, NULL, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_rtsp_client_feed(NULL, "", 0, 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_rtsp_client_tick(NULL, 0, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_rtsp_client_pending(NULL), 0);
    assert_int_equal(svms_rtsp_client_idle(NULL), 0);
    assert_true(svms_rtsp_client_wait(NULL) == UINT64_MAX);
    svms_rtsp_client_set_reading(NULL, 1, 0);
    svms_rtsp_client_free(NULL);
    client_play(s, "abc");
    svms_rtsp_play wanted = SVMS_RTSP_PLAY_INIT;
    wanted.speed_milli = -1;
    assert_int_equal(svms_rtsp_client_play(s->client, NULL, &wanted, NULL, NULL), SVMS_E_USAGE);
    client_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_from_options_to_teardown),
        cmocka_unit_test(controls_are_resolved_as_cameras_mean_them),
        cmocka_unit_test(the_base_is_what_describe_says_if_it_is_a_url),
        cmocka_unit_test(options_that_cannot_be_are_refused),
        cmocka_unit_test(one_request_is_in_flight_and_sixteen_wait_at_most),
        cmocka_unit_test(pipelined_responses_are_taken_one_by_one),
        cmocka_unit_test(an_answer_to_nothing_that_was_asked_ends_the_client),
        cmocka_unit_test(a_response_without_cseq_answers_the_request),
        cmocka_unit_test(a_server_of_another_version_is_refused),
        cmocka_unit_test(a_setup_answered_otherwise_than_asked_ends_the_client),
        cmocka_unit_test(one_session_is_not_put_into_two),
        cmocka_unit_test(a_setup_that_was_refused_changes_nothing),
        cmocka_unit_test(a_session_must_be_there_to_be_played),
        cmocka_unit_test(headers_that_are_not_needed_may_be_unreadable),
        cmocka_unit_test(requests_of_the_server_are_answered_and_told),
        cmocka_unit_test(a_server_that_asks_without_end_ends_the_client),
        cmocka_unit_test(what_does_not_fit_is_refused_and_changes_nothing),
        cmocka_unit_test(the_end_of_the_connection_is_told_apart),
        cmocka_unit_test(a_callback_may_ask_but_not_feed),
        cmocka_unit_test(what_a_callback_returns_ends_the_client),
        cmocka_unit_test(tags_of_onvif_are_required_where_told),
        cmocka_unit_test(keys_go_through_tls_alone),
        cmocka_unit_test(arguments_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
