/* SPDX-License-Identifier: Apache-2.0 */
/* Time of a client: what runs out, and keepalives (docs/spec/rtsp.md, RC-TIM). The stage's clock
 * begins at 1,000 s. */
#include "cmocka_all.h"

#include <stdio.h>

#include "client_stage.h"

static void expect_wait(const client_stage *s, uint64_t seconds)
{
    assert_int_equal(svms_rtsp_client_wait(s->client), seconds * CLIENT_SECOND);
}

static const char *first_line(client_stage *s)
{
    char *end = strstr(client_sent(s), "\r\n");
    if (end) {
        *end = '\0';
    }
    return s->sent;
}

static void a_request_times_out(void **state)
{
    (void)state;
    client_stage *s = client_open(0);
    assert_true(svms_rtsp_client_wait(s->client) == UINT64_MAX);
    assert_int_equal(svms_rtsp_client_describe(s->client, NULL, NULL), SVMS_OK);
    /* It was made at a time that nobody told; the next call does, at once. */
    expect_wait(s, 1000);
    assert_int_equal(client_tick_at(s, 5000), SVMS_OK);
    expect_wait(s, 5010);
    assert_int_equal(client_tick_at(s, 5009), SVMS_OK);
    assert_int_equal(client_tick_at(s, 5010), SVMS_E_IO);
    client_expect_words(s, "did not answer DESCRIBE within 10000 ms");
    assert_true(svms_rtsp_client_wait(s->client) == UINT64_MAX);
    client_close(s);
}

static void a_provisional_response_gives_no_more_time(void **state)
{
    (void)state;
    client_stage *s = client_stage_new(0);
    s->options.request_timeout_ns = 2 * CLIENT_SECOND;
    assert_int_equal(client_make(s), SVMS_OK);
    assert_int_equal(svms_rtsp_client_describe(s->client, NULL, NULL), SVMS_OK);
    assert_int_equal(client_tick_at(s, 1000), SVMS_OK);
    s->now_ns += CLIENT_SECOND;
    client_says(s, "RTSP/1.0 100 Continue\r\nCSeq: 1\r\n\r\n");
    expect_wait(s, 1002);
    assert_int_equal(client_tick_at(s, 1002), SVMS_E_IO);
    client_close(s);
}

static void each_request_has_its_own_time(void **state)
{
    (void)state;
    client_stage *s = client_open(0);
    assert_int_equal(svms_rtsp_client_ask_options(s->client, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_rtsp_client_ask_options(s->client, NULL, NULL), SVMS_OK);
    assert_int_equal(client_tick_at(s, 1000), SVMS_OK);
    s->now_ns = 1009 * CLIENT_SECOND;
    client_says(s, "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n");
    expect_wait(s, 1019);
    client_close(s);
}

static void what_begins_must_end(void **state)
{
    (void)state;
    static const char *const pieces[] = { "R", "$", "$\1", "RTSP/1.0 200 OK\r\n" };
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        client_stage *s = client_open(0);
        client_says(s, pieces[i]);
        expect_wait(s, 1010);
        /* More of it gives no more time. */
        s->now_ns += 5 * CLIENT_SECOND;
        client_says(s, "X");
        expect_wait(s, 1010);
        assert_int_equal(client_tick_at(s, 1010), SVMS_E_IO);
        client_expect_words(s, "did not end what it began");
        client_close(s);
    }
    /* Each frame has its own time. */
    client_stage *s = client_open(0);
    assert_int_equal(client_feed_bytes(s, "$\0\0\1", 4), SVMS_OK);
    s->now_ns += 5 * CLIENT_SECOND;
    assert_int_equal(client_feed_bytes(s, "x$\0\0", 4), SVMS_OK);
    expect_wait(s, 1015);
    assert_int_equal(client_feed_bytes(s, "\0", 1), SVMS_OK);
    assert_true(svms_rtsp_client_wait(s->client) == UINT64_MAX);
    client_close(s);
}

static void a_session_is_kept_alive_at_half_its_timeout(void **state)
{
    (void)state;
    client_stage *s = client_open(0);
    client_play(s, "abc;timeout=20");
    expect_wait(s, 1010);
    assert_int_equal(client_tick_at(s, 1009), SVMS_OK);
    assert_int_equal(svms_rtsp_client_pending(s->client), 0);
    assert_int_equal(client_tick_at(s, 1010), SVMS_OK);
    assert_string_equal(client_sent(s), "GET_PARAMETER rtsp://camera/live RTSP/1.0\r\nCSeq: 3\r\n"
                                        "User-Agent: libsvms\r\nSession: abc\r\n\r\n");
    /* Now its answer is waited for, which nobody is told of. */
    expect_wait(s, 1020);
    s->now_ns = 1012 * CLIENT_SECOND;
    client_says(s, "RTSP/1.0 200 OK\r\nCSeq: 3\r\n\r\n");
    assert_string_equal(client_log(s), "");
    expect_wait(s, 1020);
    assert_int_equal(client_tick_at(s, 1020), SVMS_OK);
    assert_string_equal(first_line(s), "GET_PARAMETER rtsp://camera/live RTSP/1.0");
    assert_int_equal(client_tick_at(s, 1030), SVMS_E_IO);
    client_expect_words(s, "did not answer a keepalive");
    client_close(s);
}

static void any_request_is_a_sign_of_life(void **state)
{
    (void)state;
    client_stage *s = client_open(0);
    client_play(s, "abc;timeout=60");
    s->now_ns = 1020 * CLIENT_SECOND;
    assert_int_equal(svms_rtsp_client_get_parameter(s->client, NULL, NULL, NULL, NULL), SVMS_OK);
    client_says(s, "RTSP/1.0 200 OK\r\nCSeq: 3\r\n\r\n");
    expect_wait(s, 1050);
    client_close(s);
}

static void keepalives_come_in_time_whatever_the_server_says(void **state)
{
    (void)state;
    static const struct {
        const char *session;
        uint64_t asked_s; /* of the options */
        uint64_t after_s;
    } table[] = {
        { "a", 0, 30 },           { "a;timeout=0", 0, 30 },
        { "a;timeout=1", 0, 1 },  { "a;timeout=4294967295", 0, 1800 },
        { "a;timeout=60", 5, 5 }, { "a;timeout=60", 50, 30 },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        client_stage *s = client_stage_new(0);
        s->options.keepalive_ns = table[i].asked_s * CLIENT_SECOND;
        assert_int_equal(client_make(s), SVMS_OK);
        client_play(s, table[i].session);
        expect_wait(s, 1000 + table[i].after_s);
        client_close(s);
    }
    client_stage *s = client_open(SVMS_RTSP_CLIENT_NO_KEEPALIVE);
    client_play(s, "a");
    assert_true(svms_rtsp_client_wait(s->client) == UINT64_MAX);
    client_close(s);
}

static void a_keepalive_that_is_refused_becomes_options(void **state)
{
    (void)state;
    client_stage *s = client_open(0);
    client_play(s, "abc");
    assert_int_equal(client_tick_at(s, 1030), SVMS_OK);
    assert_string_equal(first_line(s), "GET_PARAMETER rtsp://camera/live RTSP/1.0");
    client_says(s, "RTSP/1.0 501 Not Implemented\r\nCSeq: 3\r\n\r\n");
    assert_string_equal(client_log(s), "");
    assert_int_equal(client_tick_at(s, 1060), SVMS_OK);
    assert_string_equal(first_line(s), "OPTIONS rtsp://camera/live RTSP/1.0");
    client_says(s, "RTSP/1.0 500 Oh\r\nCSeq: 4\r\n\r\n");
    assert_string_equal(client_log(s), "0 OPTIONS 500 Oh\n");
    client_close(s);
}

static void a_lost_session_is_told(void **state)
{
    (void)state;
    client_stage *s = client_open(0);
    client_play(s, "abc");
    assert_int_equal(client_tick_at(s, 1030), SVMS_OK);
    client_says(s, "RTSP/1.0 454 Session Not Found\r\nCSeq: 3\r\n\r\n");
    assert_string_equal(client_log(s), "0 GET_PARAMETER 454 Session Not Found\n");
    client_close(s);
}

static void options_keep_alive_where_nothing_else_is_known(void **state)
{
    (void)state;
    client_stage *s = client_open(0);
    assert_int_equal(svms_rtsp_client_ask_options(s->client, NULL, NULL), SVMS_OK);
    client_says(s, "RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: SETUP, PLAY\r\n\r\n");
    svms_rtsp_transport t = SVMS_RTSP_TRANSPORT_INIT;
    t.client_rtp = 5000;
    assert_int_equal(svms_rtsp_client_setup(s->client, "v", &t, NULL, 0, NULL, NULL), SVMS_OK);
    client_says(s, "RTSP/1.0 200 OK\r\nCSeq: 2\r\nSession: a\r\nTransport: RTP/AVP\r\n\r\n");
    (void)client_sent(s);
    assert_int_equal(client_tick_at(s, 1030), SVMS_OK);
    assert_string_equal(first_line(s), "OPTIONS rtsp://camera/live RTSP/1.0");
    client_close(s);
}

static void after_teardown_nothing_is_kept_alive(void **state)
{
    (void)state;
    client_stage *s = client_open(0);
    client_play(s, "abc");
    assert_int_equal(svms_rtsp_client_teardown(s->client, NULL, NULL, NULL), SVMS_OK);
    client_says(s, "RTSP/1.0 200 OK\r\nCSeq: 3\r\n\r\n");
    assert_true(svms_rtsp_client_wait(s->client) == UINT64_MAX);
    client_close(s);
}

static void a_keepalive_answers_a_challenge_at_once(void **state)
{
    (void)state;
    client_stage *s = client_stage_new(SVMS_RTSP_CLIENT_SECURE);
    client_with_user(s);
    assert_int_equal(client_make(s), SVMS_OK);
    client_play(s, "abc");
    assert_int_equal(client_tick_at(s, 1030), SVMS_OK);
    (void)client_sent(s);
    client_says(s, "RTSP/1.0 401 Unauthorized\r\nCSeq: 3\r\nWWW-Authenticate: Digest realm=\"a\", "
                   "nonce=\"b\", algorithm=SHA-256, qop=\"auth\"\r\n\r\n");
    expect_wait(s, 1030);
    assert_int_equal(client_tick_at(s, 1030), SVMS_OK);
    assert_non_null(strstr(client_sent(s), "nonce=\"b\""));
    /* But only once. */
    client_says(s, "RTSP/1.0 401 Unauthorized\r\nCSeq: 4\r\nWWW-Authenticate: Digest realm=\"a\", "
                   "nonce=\"c\", stale=true, algorithm=SHA-256, qop=\"auth\"\r\n\r\n");
    assert_string_equal(client_log(s), "0 GET_PARAMETER 401 Unauthorized\n");
    client_close(s);
}

static void who_does_not_read_waits_for_nothing_and_shows_life(void **state)
{
    (void)state;
    client_stage *s = client_open(0);
    client_play(s, "abc;timeout=20");
    assert_int_equal(svms_rtsp_client_pause(s->client, NULL, NULL, NULL), SVMS_OK);
    svms_rtsp_client_set_reading(s->client, 0, s->now_ns);
    assert_int_equal(client_tick_at(s, 1001), SVMS_OK);
    (void)client_sent(s);
    for (uint64_t at = 1011; at <= 1041; at += 10) {
        expect_wait(s, at);
        assert_int_equal(client_tick_at(s, at), SVMS_OK);
        assert_string_equal(first_line(s), "GET_PARAMETER rtsp://camera/live RTSP/1.0");
    }
    /* It reads again: now time runs. */
    svms_rtsp_client_set_reading(s->client, 1, 1045 * CLIENT_SECOND);
    assert_int_equal(client_tick_at(s, 1045), SVMS_OK);
    expect_wait(s, 1055);
    client_says(s, "RTSP/1.0 200 OK\r\nCSeq: 3\r\n\r\n" /* PAUSE */
                   "RTSP/1.0 200 OK\r\nCSeq: 4\r\n\r\n" /* keepalives, one of them skipped */
                   "RTSP/1.0 200 OK\r\nCSeq: 6\r\n\r\n");
    assert_string_equal(client_log(s), "3 PAUSE 200 OK\n");
    expect_wait(s, 1055);
    client_says(s, "RTSP/1.0 200 OK\r\nCSeq: 7\r\n\r\n");
    expect_wait(s, 1051);
    /* All are answered; one more is too many. */
    assert_int_equal(client_feed(s, "RTSP/1.0 200 OK\r\nCSeq: 7\r\n\r\n"), SVMS_E_MALFORMED);
    client_close(s);
}

static void time_does_not_go_back(void **state)
{
    (void)state;
    client_stage *s = client_open(0);
    assert_int_equal(svms_rtsp_client_describe(s->client, NULL, NULL), SVMS_OK);
    assert_int_equal(client_tick_at(s, 1005), SVMS_OK);
    assert_int_equal(client_tick_at(s, 1), SVMS_OK);
    expect_wait(s, 1015);
    client_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_times_out),
        cmocka_unit_test(a_provisional_response_gives_no_more_time),
        cmocka_unit_test(each_request_has_its_own_time),
        cmocka_unit_test(what_begins_must_end),
        cmocka_unit_test(a_session_is_kept_alive_at_half_its_timeout),
        cmocka_unit_test(any_request_is_a_sign_of_life),
        cmocka_unit_test(keepalives_come_in_time_whatever_the_server_says),
        cmocka_unit_test(a_keepalive_that_is_refused_becomes_options),
        cmocka_unit_test(a_lost_session_is_told),
        cmocka_unit_test(options_keep_alive_where_nothing_else_is_known),
        cmocka_unit_test(after_teardown_nothing_is_kept_alive),
        cmocka_unit_test(a_keepalive_answers_a_challenge_at_once),
        cmocka_unit_test(who_does_not_read_waits_for_nothing_and_shows_life),
        cmocka_unit_test(time_does_not_go_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
