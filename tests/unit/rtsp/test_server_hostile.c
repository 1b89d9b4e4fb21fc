/* SPDX-License-Identifier: Apache-2.0 */
/* Clients that mean no good, or take their time (RS-20 to RS-23). */
#include "cmocka_all.h"

#include "failing_allocator.h"
#include "server_stage.h"

#include <stdio.h>

#define LIVE "rtsp://192.0.2.1/live"
#define TCP "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"

static void open_stage(server_stage *stage)
{
    stage_new(stage, SVMS_RTSP_SERVER_OPEN);
    stage_start(stage);
}

static void bytes_that_are_no_rtsp_get_one_answer(void **state)
{
    static const char *const cases[] = {
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "\x16\x03\x01\x02\x05\x01\r\n\r\n",
        "OPTIONS *\r\n\r\n",
        "OPTIONS * RTSP/1.0\r\nno colon\r\n\r\n",
        "OPTIONS * RTSP/1.0\r\nContent-Length: 20000\r\n\r\n",
        "OPTIONS * RTSP/1.0\r\nContent-Length: -1\r\n\r\n",
        "OPTIONS * RTSP/1.0\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        server_stage stage;
        open_stage(&stage);
        const char *out = stage_say(&stage, cases[i]);
        if (stage_code(out) != 400 ||
            (stage.fed != SVMS_E_MALFORMED && stage.fed != SVMS_E_LIMIT)) {
            fail_msg("%s: %s %s", cases[i], svms_status_name(stage.fed), out);
        }
        svms_status first = stage.fed;
        assert_string_equal(stage_say(&stage, "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n"), "");
        assert_int_equal(stage.fed, first);
        assert_int_equal(svms_rtsp_connection_tick(stage.connection, stage.now_ns, NULL), first);
        stage_end(&stage);
    }
}

static void headers_without_end_are_cut_off(void **state)
{
    server_stage stage;
    (void)state;
    open_stage(&stage);
    stage_say(&stage, "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n");
    int lines = 0;
    while (stage.fed == SVMS_OK && lines < 100000) {
        stage_say(&stage, "X: y\r\n");
        lines++;
    }
    assert_int_equal(stage.fed, SVMS_E_LIMIT);
    assert_true(lines * 6 <= 32768); /* the most that a head may have (R-MSG) */
    stage_end(&stage);
    open_stage(&stage);
    static char line[1 << 20];
    memset(line, 'a', sizeof line);
    stage_feed(&stage, line, sizeof line);
    assert_int_equal(stage.fed, SVMS_E_LIMIT);
    stage_end(&stage);
}

static void a_response_is_nothing_a_client_sends(void **state)
{
    server_stage stage;
    (void)state;
    open_stage(&stage);
    stage_say(&stage, "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n");
    assert_int_equal(stage.fed, SVMS_E_MALFORMED);
    stage_end(&stage);
}

static void a_request_byte_by_byte_runs_out_of_time(void **state)
{
    static const char request[] = "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nX-Slow: ";
    server_stage stage;
    (void)state;
    open_stage(&stage);
    assert_int_equal(stage_try(&stage, "GET_PARAMETER", LIVE, NULL), 200);
    uint64_t begun = stage.now_ns;
    size_t sent = 0;
    svms_status status = SVMS_OK;
    while (status == SVMS_OK && sent < 100) {
        stage_feed(&stage, sent < sizeof request - 1 ? request + sent : "x", 1);
        sent++;
        stage.now_ns += STAGE_SECOND / 2;
        status = svms_rtsp_connection_tick(stage.connection, stage.now_ns, &stage.err);
    }
    assert_int_equal(status, SVMS_E_LIMIT);
    assert_true(stage.now_ns - begun == 10 * STAGE_SECOND);
    stage_end(&stage);
}

static void whoever_says_nothing_is_not_waited_for(void **state)
{
    server_stage stage;
    (void)state;
    open_stage(&stage);
    uint64_t end = stage.now_ns + 10 * STAGE_SECOND;
    assert_true(svms_rtsp_connection_wait(stage.connection) == end);
    assert_int_equal(svms_rtsp_connection_tick(stage.connection, end - 1, NULL), SVMS_OK);
    assert_int_equal(svms_rtsp_connection_tick(stage.connection, end, NULL), SVMS_E_LIMIT);
    assert_true(svms_rtsp_connection_wait(stage.connection) == UINT64_MAX);
    stage_end(&stage);
    /* After a request there is more time, and then none. */
    open_stage(&stage);
    assert_int_equal(stage_try(&stage, "GET_PARAMETER", LIVE, NULL), 200);
    end = stage.now_ns + 60 * STAGE_SECOND;
    assert_true(svms_rtsp_connection_wait(stage.connection) == end);
    assert_int_equal(svms_rtsp_connection_tick(stage.connection, end, NULL), SVMS_E_LIMIT);
    stage_end(&stage);
}

static void a_session_ends_when_its_client_is_silent(void **state)
{
    server_stage stage;
    char session[128] = "";
    (void)state;
    open_stage(&stage);
    stage_set_up(&stage, LIVE "/video", session);
    stage_forget(&stage);
    uint64_t period = 60 * STAGE_SECOND;
    /* Requests, RTCP within the connection and RTCP beside it keep it alive. */
    stage.now_ns += period - 1;
    assert_int_equal(stage_try(&stage, "OPTIONS", "*", session), 200);
    assert_true(svms_rtsp_connection_wait(stage.connection) == stage.now_ns + period);
    stage.now_ns += period - 1;
    assert_int_equal(stage_try(&stage, "GET_PARAMETER", LIVE, session), 200);
    assert_true(svms_rtsp_connection_wait(stage.connection) == stage.now_ns + period);
    stage.now_ns += period - 1;
    stage_feed(&stage, "$\1\0\1x", 5);
    stage.now_ns += period - 1;
    svms_rtsp_connection_alive(stage.connection, 1, stage.now_ns);
    stage.now_ns += period - 1;
    assert_int_equal(svms_rtsp_connection_tick(stage.connection, stage.now_ns, NULL), SVMS_OK);
    assert_string_equal(stage.log, "frame s1 t0 rtcp 1 78\n");
    stage_forget(&stage);
    stage.now_ns += 1;
    assert_int_equal(svms_rtsp_connection_tick(stage.connection, stage.now_ns, NULL), SVMS_OK);
    assert_string_equal(stage.log, "ended s1 t-1 timeout\n");
    assert_int_equal(stage_try(&stage, "PLAY", LIVE, session), 454);
    stage_end(&stage);
}

static void sessions_and_tracks_are_bounded(void **state)
{
    server_stage stage;
    int codes[2] = { 0, 0 };
    (void)state;
    stage_new(&stage, SVMS_RTSP_SERVER_OPEN);
    stage.options.max_sessions = 3;
    stage.options.max_tracks = 5;
    stage_start(&stage);
    for (int i = 0; i < 3000; i++) {
        int code = stage_try(&stage, "SETUP", LIVE "/video", TCP);
        codes[code == 200 ? 0 : 1]++;
        assert_true(code == 200 || code == 503);
        stage.now_ns += STAGE_SECOND / 100;
    }
    assert_int_equal(codes[0], 3);
    stage_connect(&stage);
    char session[128] = "";
    for (int i = 0; i < 5; i++) {
        char url[64];
        (void)snprintf(url, sizeof url, LIVE "/%d", i);
        stage_set_up(&stage, url, session);
    }
    char more[256];
    (void)snprintf(more, sizeof more, TCP "%s", session);
    assert_int_equal(stage_try(&stage, "SETUP", LIVE "/5", more), 503);
    assert_int_equal(stage_try(&stage, "SETUP", LIVE "/4", more), 200);
    stage_end(&stage);
}

static void channels_run_out_without_harm(void **state)
{
    server_stage stage;
    int last = 200;
    int count = 0;
    (void)state;
    stage_new(&stage, SVMS_RTSP_SERVER_OPEN);
    stage.options.max_sessions = 64;
    stage.options.max_tracks = 32;
    stage_start(&stage);
    char session[128] = "";
    for (count = 0; last == 200 && count < 1000; count++) {
        char url[64];
        char more[256];
        (void)snprintf(url, sizeof url, LIVE "/%d", count);
        (void)snprintf(more, sizeof more, TCP "%s", count % 32 == 0 ? "" : session);
        last = stage_try(&stage, "SETUP", url, more);
        if (count % 32 == 0) {
            stage_session(stage.out, session);
        }
    }
    assert_int_equal(last, 461);
    assert_int_equal(count, 129);
    stage_end(&stage);
}

static void frames_of_nobody_are_dropped_or_end_it(void **state)
{
    server_stage stage;
    char session[128] = "";
    (void)state;
    open_stage(&stage);
    stage_feed(&stage, "$\0\0\1x", 5);
    assert_int_equal(stage.fed, SVMS_E_MALFORMED);
    stage_end(&stage);
    open_stage(&stage);
    stage_set_up(&stage, LIVE "/video", session);
    stage_forget(&stage);
    for (int i = 0; i < 1000; i++) {
        stage_feed(&stage, "$\7\0\1x", 5);
        assert_int_equal(stage.fed, SVMS_OK);
    }
    stage_feed(&stage, "$\1\0\0", 4);
    assert_int_equal(stage.fed, SVMS_OK);
    assert_string_equal(stage.log, "");
    /* Before PLAY nothing is sent, whatever is asked. */
    assert_int_equal(svms_rtsp_connection_send(stage.connection, 1, 0, 0, "a", 1, NULL),
                     SVMS_E_STATE);
    stage_end(&stage);
}

static void requests_in_a_heap_are_answered_in_order(void **state)
{
    server_stage stage;
    static char heap[200000];
    size_t size = 0;
    (void)state;
    open_stage(&stage);
    for (int i = 1; i <= 2000; i++) {
        size += (size_t)snprintf(heap + size, sizeof heap - size,
                                 "GET_PARAMETER " LIVE " RTSP/1.0\r\nCSeq: %d\r\n\r\n", i);
    }
    const char *out = stage_feed(&stage, heap, size);
    int expected = 1;
    for (const char *at = out; (at = strstr(at, "CSeq: ")) != NULL; at++) {
        assert_int_equal(atoi(at + 6), expected++);
    }
    assert_int_equal(expected, 2001);
    stage_end(&stage);
}

static void whoever_does_not_read_answers_gets_no_more(void **state)
{
    static const char request[] = "GET_PARAMETER " LIVE " RTSP/1.0\r\nCSeq: 1\r\n\r\n";
    server_stage stage;
    svms_status status = SVMS_OK;
    const void *data;
    (void)state;
    stage_new(&stage, SVMS_RTSP_SERVER_OPEN);
    stage.options.max_queue = 65536;
    stage_start(&stage);
    for (int i = 0; status == SVMS_OK && i < 100000; i++) {
        status = svms_rtsp_connection_feed(stage.connection, request, sizeof request - 1,
                                           stage.now_ns, &stage.err);
    }
    assert_int_equal(status, SVMS_E_LIMIT);
    assert_true(svms_rtsp_connection_output(stage.connection, &data) <= 65536 + 262144);
    stage_end(&stage);
}

static void packets_wait_only_up_to_a_bound(void **state)
{
    static const uint8_t packet[1000] = { 0x80 };
    server_stage stage;
    char session[128] = "";
    int queued = 0;
    const void *data;
    (void)state;
    stage_new(&stage, SVMS_RTSP_SERVER_OPEN);
    stage.options.max_queue = 65536;
    stage_start(&stage);
    stage_set_up(&stage, LIVE "/video", session);
    assert_int_equal(stage_try(&stage, "PLAY", LIVE, session), 200);
    while (svms_rtsp_connection_send(stage.connection, 1, 0, 0, packet, sizeof packet, NULL) ==
           SVMS_OK) {
        queued++;
    }
    assert_int_equal(queued, 65);
    /* Answers still have room, and once there is room again, packets, too. */
    assert_int_equal(svms_rtsp_connection_feed(stage.connection,
                                               "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n", 31,
                                               stage.now_ns, NULL),
                     SVMS_OK);
    svms_rtsp_connection_sent(stage.connection, 2008);
    assert_int_equal(
        svms_rtsp_connection_send(stage.connection, 1, 0, 0, packet, sizeof packet, NULL), SVMS_OK);
    size_t left = svms_rtsp_connection_output(stage.connection, &data);
    assert_true(left > 0 && ((const char *)data)[0] == '$');
    svms_rtsp_connection_sent(stage.connection, left + 1);
    assert_int_equal(svms_rtsp_connection_output(stage.connection, &data), 0);
    stage_end(&stage);
}

static void what_waits_for_an_answer_is_bounded(void **state)
{
    static const char chunk[1000] = { 'x' };
    server_stage stage;
    size_t kept = 0;
    (void)state;
    open_stage(&stage);
    stage.reply = SVMS_AGAIN;
    stage_ask(&stage, "DESCRIBE", LIVE, NULL);
    while (stage.fed == SVMS_OK && kept < 10000000) {
        stage_feed(&stage, chunk, sizeof chunk);
        kept += sizeof chunk;
    }
    assert_int_equal(stage.fed, SVMS_E_LIMIT);
    assert_int_equal(kept, 66000);
    assert_int_equal(
        svms_rtsp_connection_answer(stage.connection, &stage.answer, stage.now_ns, NULL),
        SVMS_E_LIMIT);
    stage_end(&stage);
}

/* A conversation that meets every allocation. */
static svms_status converse(svms_ctx *ctx, svms_error *err)
{
    static const char steps[][512] = {
        "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n",
        "DESCRIBE " LIVE " RTSP/1.0\r\nCSeq: 2\r\n\r\n",
        "DESCRIBE " LIVE " RTSP/1.0\r\nCSeq: 2\r\nAuthorization: Digest username=\"a\", "
        "realm=\"svms\", nonce=\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\", uri=\"" LIVE "\", "
        "response=\"0\", qop=auth, nc=00000001, cnonce=\"c\", algorithm=SHA-256\r\n\r\n",
        "DESCRIBE " LIVE " RTSP/1.0\r\nCSeq: 2\r\nAuthorization: Bearer good.token\r\n\r\n",
        "SETUP " LIVE "/v RTSP/1.0\r\nCSeq: 3\r\nAuthorization: Bearer good.token\r\n"
        "KeyMgmt: prot=mikey;uri=\"\";data=\"CQgHBg==\"\r\n" TCP "\r\n",
    };
    server_stage stage;
    char session[128];
    char play[512];
    stage_new(&stage, SVMS_RTSP_SERVER_DIGEST | SVMS_RTSP_SERVER_BEARER);
    stage.answer.mikey = (const uint8_t *)"key";
    svms_status status = svms_rtsp_server_new(&stage.server, ctx, &stage.options, err);
    if (status == SVMS_OK) {
        status = svms_rtsp_connection_new(&stage.connection, stage.server, &stage.peer, 0, err);
    }
    for (size_t i = 0; status == SVMS_OK && i < sizeof steps / sizeof steps[0]; i++) {
        stage.answer.body = i == 3 ? "v=0\r\n" : NULL;
        stage.answer.body_size = i == 3 ? 5 : 0;
        stage.answer.mikey_size = i == 4 ? 3 : 0;
        stage_say(&stage, steps[i]);
        status = stage.fed;
        *err = stage.err;
    }
    if (status == SVMS_OK) {
        assert_int_equal(stage_code(stage.out), 200);
        stage_session(stage.out, session);
        (void)snprintf(play, sizeof play,
                       "PLAY " LIVE " RTSP/1.0\r\nCSeq: 4\r\n"
                       "Authorization: Bearer good.token\r\n%s\r\nOPTIONS * RTSP/1.0\r\n",
                       session);
        stage.reply = SVMS_AGAIN;
        stage.answer.mikey_size = 0;
        stage_say(&stage, play);
        status = stage.fed;
        *err = stage.err;
    }
    if (status == SVMS_OK) {
        status = svms_rtsp_connection_answer(stage.connection, &stage.answer, 0, err);
    }
    if (status == SVMS_OK) {
        static const uint8_t packet[60000] = { 0x80 };
        status = svms_rtsp_connection_send(stage.connection, 1, 0, 0, packet, sizeof packet, err);
    }
    svms_rtsp_connection_free(&stage.connection);
    svms_rtsp_server_free(&stage.server);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(converse);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_that_are_no_rtsp_get_one_answer),
        cmocka_unit_test(headers_without_end_are_cut_off),
        cmocka_unit_test(a_response_is_nothing_a_client_sends),
        cmocka_unit_test(a_request_byte_by_byte_runs_out_of_time),
        cmocka_unit_test(whoever_says_nothing_is_not_waited_for),
        cmocka_unit_test(a_session_ends_when_its_client_is_silent),
        cmocka_unit_test(sessions_and_tracks_are_bounded),
        cmocka_unit_test(channels_run_out_without_harm),
        cmocka_unit_test(frames_of_nobody_are_dropped_or_end_it),
        cmocka_unit_test(requests_in_a_heap_are_answered_in_order),
        cmocka_unit_test(whoever_does_not_read_answers_gets_no_more),
        cmocka_unit_test(packets_wait_only_up_to_a_bound),
        cmocka_unit_test(what_waits_for_an_answer_is_bounded),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
