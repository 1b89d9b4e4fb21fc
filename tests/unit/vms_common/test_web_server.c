/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "web_stage.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
#define POST(fields, body)                                                                         \
    "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" fields "\r\n" body

static int open_stage(void **state)
{
    *state = web_stage_open(NULL);
    return 0;
}

static int close_stage(void **state)
{
    web_stage_close(*state);
    return 0;
}

static void expect_status(const web_stage *stage, const char *request, int status)
{
    char *answer = web_stage_ask(stage, request);
    if (web_stage_status(answer) != status) {
        fail_msg("%.80s: %.80s", request, answer);
    }
    free(answer);
}

static void expect_text(const web_stage *stage, const char *request, const char *text)
{
    char *answer = web_stage_ask(stage, request);
    if (!strstr(answer, text)) {
        fail_msg("%.80s: %s", request, answer);
    }
    free(answer);
}

static void requests_reach_their_routes(void **state)
{
    static const struct {
        const char *request;
        int status;
        const char *text;
    } cases[] = {
        { GET("/echo?a=b%20c"), 200, "GET /echo\nquery a=b c\nbody 0" },
        { GET("/one/x%20y/two/z"), 200, "part id=x y\npart other=z\n" },
        { GET("/rest/a/b"), 200, "part path=a/b\n" },
        { POST("Content-Length: 5\r\n", "hello"), 200, "body 5 hello\n" },
        { POST("Transfer-Encoding: chunked\r\n", "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"), 200,
          "body 5 hello\n" },
        { "GET /echo HTTP/1.0\r\n\r\n", 200, "Connection: close\r\n" },
        { GET("/nothing"), 404, "there is nothing of this name\n" },
        { "DELETE /echo HTTP/1.1\r\nHost: a\r\n\r\n" GET("/echo"), 405,
          "Allow: GET, HEAD, POST\r\n" },
        { GET("/upload"), 405, "Allow: PUT\r\n" },
        { "HEAD /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200,
          "Content-Length: 19\r\n" },
        { GET("/split"), 500, "Content-Length: 22\r\n" },
        { GET("/forget"), 500, "it cannot be answered" },
        { GET("/delay"), 401, "wait\n" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_status(*state, cases[i].request, cases[i].status);
        expect_text(*state, cases[i].request, cases[i].text);
    }
}

static void an_answer_to_head_has_no_body(void **state)
{
    char *answer =
        web_stage_ask(*state, "HEAD /three HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const char *end = strstr(answer, "\r\n\r\n");
    assert_non_null(end);
    assert_string_equal(end, "\r\n\r\n");
    free(answer);
}

static void answers_are_careful(void **state)
{
    static const char *const fields[] = { "\r\nX-Content-Type-Options: nosniff\r\n",
                                          "\r\nCache-Control: no-store\r\n",
                                          "\r\nContent-Security-Policy: default-src 'none'",
                                          "\r\nDate: ", " GMT\r\n" };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        expect_text(*state, GET("/echo"), fields[i]);
    }
    char *answer = web_stage_ask(*state, GET("/echo"));
    assert_null(strstr(answer, "Server:"));
    assert_null(strstr(answer, "Strict-Transport-Security"));
    free(answer);
    answer = web_stage_ask(*state, GET("/split"));
    assert_null(strstr(answer, "X-Two"));
    free(answer);
}

/* What proxies and servers disagree about is how requests are smuggled: each ends the connection,
 * so that nothing behind it is taken for a request. */
static void what_has_two_meanings_is_refused(void **state)
{
    web_stage *stage = *state;
    static const struct {
        const char *request;
        int status;
    } cases[] = {
        { POST("Content-Length: 1\r\nContent-Length: 1\r\n", "x"), 400 },
        { POST("Content-Length: 1\r\nContent-Length: 2\r\n", "xx"), 400 },
        { POST("Content-Length: 1, 1\r\n", "x"), 400 },
        { POST("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400 },
        { POST("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n"), 400 },
        { POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"), 400 },
        { POST("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 501 },
        { POST("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), 400 },
        { POST("Transfer-Encoding:\x0b"
               "chunked\r\n",
               "0\r\n\r\n"),
          400 },
        { POST("X: y\r\n Content-Length: 4\r\n", "abcd"), 400 },
        { POST("Content-Length: 1\n", "x"), 400 },
        { POST("", ""), 411 },
        { POST("Transfer-Encoding: chunked\r\n", "1;ext\r\nx\r\n0\r\n\r\n"), 400 },
        { POST("Transfer-Encoding: chunked\r\n", "0\r\nX: y\r\n\r\n"), 400 },
        { POST("Transfer-Encoding: chunked\r\n", "fffffffff\r\n"), 413 },
        { POST("Content-Length: 1001\r\n", ""), 413 },
        { "GET /echo HTTP/1.1\r\n\r\n", 400 },
        { "GET /echo HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400 },
        { "GET  /echo HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "GET /a/../echo HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "GET /%2e%2e/echo HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "GET /a%2fecho HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "GET //echo HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "GET http://a/echo HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "GET /echo HTTP/2.0\r\nHost: a\r\n\r\n", 505 },
        { "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505 },
        { "\r\nGET /echo HTTP/1.1\r\nHost: a\r\n\r\n", 400 },
        { "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\n", 417 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char request[1024];
        int before = stage->handled;
        (void)snprintf(request, sizeof request, "%s%s", cases[i].request, GET("/echo"));
        char *answer = web_stage_ask(stage, request);
        if (web_stage_status(answer) != cases[i].status || strstr(answer + 1, "HTTP/1.1 200")) {
            fail_msg("%s: %s", cases[i].request, answer);
        }
        assert_int_equal(stage->handled, before);
        free(answer);
    }
}

static void heads_have_a_bound_and_no_nul(void **state)
{
    web_stage *stage = *state;
    static char text[2 * HTTP_HEAD_MAX];
    memset(text, 'x', sizeof text);
    memcpy(text, "GET /", 5);
    int client = web_stage_connect(stage);
    web_stage_send(client, text, sizeof text);
    char *answer = web_stage_drain(client, NULL);
    assert_int_equal(web_stage_status(answer), 431);
    free(answer);
    close(client);

    static const char with_nul[] = "GET /echo HTTP/1.1\r\nHost: a\0b\r\n\r\n";
    client = web_stage_connect(stage);
    web_stage_send(client, with_nul, sizeof with_nul - 1);
    answer = web_stage_drain(client, NULL);
    assert_int_equal(web_stage_status(answer), 400);
    free(answer);
    close(client);
}

static void one_connection_has_many_requests(void **state)
{
    web_stage *stage = *state;
    static const char one[] = "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n";
    int client = web_stage_connect(stage);
    for (int i = 0; i < 50; i++) {
        web_stage_send(client, one, sizeof one - 1);
    }
    web_stage_send(client, POST("Content-Length: 2\r\n", "ab"),
                   strlen(POST("Content-Length: 2\r\n", "ab")));
    char *answers = web_stage_drain(client, NULL);
    size_t count = 0;
    for (const char *at = answers; (at = strstr(at, "HTTP/1.1 200 OK\r\n")); at++) {
        count++;
    }
    assert_int_equal(count, 51);
    web_stage_wait(stage, &stage->ended_sent, 51);
    free(answers);
    close(client);
}

static void a_body_may_be_waited_for(void **state)
{
    static const char head[] = "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                               "Connection: close\r\nContent-Length: 3\r\n\r\n";
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    char got[64] = "";
    int client = web_stage_connect(*state);
    web_stage_send(client, head, sizeof head - 1);
    assert_int_equal(recv(client, got, sizeof go_on - 1, MSG_WAITALL), sizeof go_on - 1);
    assert_string_equal(got, go_on);
    web_stage_send(client, "abc", 3);
    char *answer = web_stage_drain(client, NULL);
    assert_non_null(strstr(answer, "body 3 abc\n"));
    free(answer);
    close(client);
}

static void another_thread_answers(void **state)
{
    web_stage *stage = *state;
    static const char wait[] = GET("/wait");
    int client = web_stage_connect(stage);
    web_stage_send(client, wait, sizeof wait - 1);
    web_stage_wait(stage, &stage->handled, 1);
    expect_status(stage, GET("/release"), 204);
    char *answer = web_stage_drain(client, NULL);
    assert_non_null(strstr(answer, "at last\n"));
    assert_int_equal(stage->abandoned_seen, 0);
    web_stage_wait(stage, &stage->ended_sent, 1);
    free(answer);
    close(client);
}

static void an_exchange_that_is_abandoned_is_told_and_not_found(void **state)
{
    web_stage *stage = *state;
    static const char wait[] = GET("/wait");
    int client = web_stage_connect(stage);
    web_stage_send(client, wait, sizeof wait - 1);
    web_stage_wait(stage, &stage->handled, 1);
    close(client);
    web_stage_wait(stage, &stage->ended_unsent, 1);
    expect_status(stage, GET("/release"), 204);
    web_stage_wait(stage, &stage->abandoned_seen, 1);
}

static void streams_are_whole_or_seen_to_be_cut(void **state)
{
    static const struct {
        const char *request;
        const char *end;
    } cases[] = {
        { GET("/three"), "\r\n\r\n3\r\nabc\r\n3\r\nabc\r\n3\r\nabc\r\n0\r\n\r\n" },
        { GET("/three?length=1"), "\r\n\r\nabcabcabc" },
        { "GET /three HTTP/1.0\r\n\r\n", "\r\n\r\nabcabcabc" },
        { GET("/three?cut=1"), "\r\n\r\n3\r\nabc\r\n" },
        { GET("/three?cut=1&length=1"), "\r\n\r\nabc" },
    };
    web_stage *stage = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *answer = web_stage_ask(stage, cases[i].request);
        const char *end = strstr(answer, "\r\n\r\n");
        assert_non_null(end);
        assert_string_equal(end, cases[i].end);
        free(answer);
    }
    web_stage_wait(stage, &stage->ended_sent, 3);
    web_stage_wait(stage, &stage->ended_unsent, 2);
}

static void a_client_that_does_not_read_is_waited_for_within_bounds(void **state)
{
    web_stage *stage = *state;
    static const char endless[] = GET("/endless");
    static char taken[65536];
    size_t got = 0;
    int client = web_stage_connect(stage);
    web_stage_send(client, endless, sizeof endless - 1);
    web_stage_wait(stage, &stage->writable, 1);
    /* So much cannot lie in the system's buffers: the server was asked again and again. */
    while (got < (size_t)64 << 20) {
        ssize_t some = recv(client, taken, sizeof taken, 0);
        assert_true(some > 0);
        got += (size_t)some;
    }
    close(client);
    web_stage_wait(stage, &stage->ended_unsent, 1);
    assert_true(stage->writable > 1);
    assert_true(stage->queued_most <= (1 << 20) + 64);
}

static void files_are_given_as_ranges(void **state)
{
    static const struct {
        const char *range;
        int status;
        const char *text;
        size_t from;
        size_t size;
    } cases[] = {
        { "", 200, "Accept-Ranges: bytes\r\n", 0, 100000 },
        { "Range: bytes=0-0\r\n", 206, "Content-Range: bytes 0-0/100000\r\n", 0, 1 },
        { "Range: bytes=10-19\r\n", 206, "Content-Range: bytes 10-19/100000\r\n", 10, 10 },
        { "Range: bytes=99990-\r\n", 206, "Content-Range: bytes 99990-99999/100000\r\n", 99990,
          10 },
        { "Range: bytes=-10\r\n", 206, "Content-Range: bytes 99990-99999/100000\r\n", 99990, 10 },
        { "Range: bytes=5-999999\r\n", 206, "Content-Range: bytes 5-99999/100000\r\n", 5, 99995 },
        { "Range: bytes=-999999\r\n", 206, "Content-Range: bytes 0-99999/100000\r\n", 0, 100000 },
        { "Range: bytes=100000-\r\n", 416, "Content-Range: bytes */100000\r\n", 0, 0 },
        { "Range: bytes=-0\r\n", 416, "Content-Range: bytes */100000\r\n", 0, 0 },
        { "Range: bytes=1-2,4-5\r\n", 200, "Content-Length: 100000\r\n", 0, 100000 },
        { "Range: bytes=5-4\r\n", 200, "Content-Length: 100000\r\n", 0, 100000 },
        { "Range: lines=1-2\r\n", 200, "Content-Length: 100000\r\n", 0, 100000 },
        { "Range: bytes=1-2\r\nIf-Range: \"x\"\r\n", 200, "Content-Length: 100000\r\n", 0, 100000 },
        { "Range: bytes=99999999999999999999-\r\n", 200, "Content-Length: 100000\r\n", 0, 100000 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char request[256];
        size_t size = 0;
        (void)snprintf(request, sizeof request,
                       "GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s\r\n",
                       cases[i].range);
        int client = web_stage_connect(*state);
        web_stage_send(client, request, strlen(request));
        char *answer = web_stage_drain(client, &size);
        const char *body = strstr(answer, "\r\n\r\n");
        assert_non_null(body);
        body += 4;
        assert_int_equal(web_stage_status(answer), cases[i].status);
        assert_non_null(strstr(answer, cases[i].text));
        for (size_t j = 0; cases[i].status != 416 && j < cases[i].size; j++) {
            assert_int_equal((uint8_t)body[j], (cases[i].from + j) % 251);
        }
        if (cases[i].status != 416) {
            assert_int_equal(size - (size_t)(body - answer), cases[i].size);
        }
        free(answer);
        close(client);
    }
}

/* PUT with a body of this many bytes; in chunks of 1,000, or with its length. */
static char *put(web_stage *stage, const char *fields, size_t size, bool chunks)
{
    static char piece[1000];
    char head[256];
    char length[64];
    (void)snprintf(length, sizeof length, "Content-Length: %zu\r\n", size);
    (void)snprintf(head, sizeof head,
                   "PUT /upload HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%s%s\r\n", fields,
                   chunks ? "Transfer-Encoding: chunked\r\n" : length);
    int client = web_stage_connect(stage);
    stage->taken = 0;
    web_stage_send(client, head, strlen(head));
    for (size_t sent = 0; sent < size; sent += sizeof piece) {
        web_stage_send(client, "3e8\r\n", chunks ? 5 : 0);
        web_stage_send(client, piece, sizeof piece);
        web_stage_send(client, "\r\n", chunks ? 2 : 0);
    }
    web_stage_send(client, "0\r\n\r\n", chunks ? 5 : 0);
    char *answer = web_stage_drain(client, NULL);
    close(client);
    return answer;
}

static void large_bodies_are_taken_in_pieces(void **state)
{
    static const struct {
        const char *fields;
        size_t size;
        int status;
        const char *text;
    } cases[] = {
        { "", 800000, 201, "800000 taken\n" },
        { "", 0, 201, "0 taken\n" },
        { "X-Who: stranger\r\n", 100000, 403, "not you\n" },
        { "", 950000, 507, "the disk is full\n" },
        { "", 1001000, 0, "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int chunks = 0; chunks < 2; chunks++) {
            char *answer = put(*state, cases[i].fields, cases[i].size, chunks == 1);
            int wanted = cases[i].status ? cases[i].status : chunks ? 507 : 413;
            if (web_stage_status(answer) != wanted || !strstr(answer, cases[i].text)) {
                fail_msg("%zu, %d: %s", cases[i].size, chunks, answer);
            }
            free(answer);
        }
    }
}

static void stop_now(void *user)
{
    web_stage *stage = user;
    web_stop(stage->server);
}

static void a_stopped_server_ends_what_it_is_at(void **state)
{
    web_stage *stage = *state;
    static const char wait[] = "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n";
    int idle = web_stage_connect(stage);
    int client = web_stage_connect(stage);
    web_stage_send(client, wait, sizeof wait - 1);
    web_stage_wait(stage, &stage->handled, 1);
    /* In one go, so that the answer is made after the server was stopped. */
    assert_true(web_post(stage->server, stop_now, stage));
    char *nothing = web_stage_drain(idle, NULL);
    assert_string_equal(nothing, "");
    assert_int_equal(stage->stopped, 0);
    shutdown(client, SHUT_RDWR);
    web_stage_wait(stage, &stage->stopped, 1);
    free(nothing);
    close(idle);
    close(client);
    /* Its loop has ended: another stage takes its place. */
    pthread_join(stage->thread, NULL);
    web_close(&stage->server);
    event_base_free(stage->base);
    unlink(stage->file);
    free(stage);
    *state = web_stage_open(NULL);
}

int main(void)
{
#define WITH_STAGE(test) cmocka_unit_test_setup_teardown(test, open_stage, close_stage)
    const struct CMUnitTest tests[] = {
        WITH_STAGE(requests_reach_their_routes),
        WITH_STAGE(an_answer_to_head_has_no_body),
        WITH_STAGE(answers_are_careful),
        WITH_STAGE(what_has_two_meanings_is_refused),
        WITH_STAGE(heads_have_a_bound_and_no_nul),
        WITH_STAGE(one_connection_has_many_requests),
        WITH_STAGE(a_body_may_be_waited_for),
        WITH_STAGE(another_thread_answers),
        WITH_STAGE(an_exchange_that_is_abandoned_is_told_and_not_found),
        WITH_STAGE(streams_are_whole_or_seen_to_be_cut),
        WITH_STAGE(a_client_that_does_not_read_is_waited_for_within_bounds),
        WITH_STAGE(files_are_given_as_ranges),
        WITH_STAGE(large_bodies_are_taken_in_pieces),
        WITH_STAGE(a_stopped_server_ends_what_it_is_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
