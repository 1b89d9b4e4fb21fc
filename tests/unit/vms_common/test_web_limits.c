/* SPDX-License-Identifier: Apache-2.0 */
/* What slow, many and silent clients get. Each test waits until the server has acted, however long
 * that takes. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "web_stage.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define MANY 300
#define FAST 10000

static char *drain_after(const web_stage *stage, const char *sent)
{
    int client = web_stage_connect(stage);
    web_stage_send(client, sent, strlen(sent));
    char *answer = web_stage_drain(client, NULL);
    close(client);
    return answer;
}

static void a_client_that_sends_too_slowly_is_let_go(void **state)
{
    const web_limits limits = { .head_ms = 100, .idle_ms = 100, .body_ms = 100 };
    static const struct {
        const char *sent;
        int status;
    } cases[] = {
        { "", 0 },
        { "G", 408 },
        { "GET /echo HTTP/1.1\r\nHost: a\r\n", 408 },
        { "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na", 408 },
        { "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1", 408 },
        { "PUT /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na", 408 },
        { GET("/echo"), 200 }, /* and nothing more: it ends without a word */
    };
    web_stage *stage = web_stage_open(&limits);
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *answer = drain_after(stage, cases[i].sent);
        assert_int_equal(web_stage_status(answer), cases[i].status);
        free(answer);
    }
    assert_string_equal(stage->last_log, "the body of the request took too long");
    web_stage_close(stage);
}

static void bytes_that_trickle_move_no_deadline_of_a_head(void **state)
{
    const web_limits limits = { .head_ms = 300 };
    web_stage *stage = web_stage_open(&limits);
    int client = web_stage_connect(stage);
    char got = 0;
    (void)state;
    /* Until it is closed; each byte comes long before the deadline would. */
    while (send(client, "x", 1, MSG_NOSIGNAL) == 1 && recv(client, &got, 1, MSG_DONTWAIT) < 0) {
        (void)poll(NULL, 0, 10);
    }
    assert_int_equal(got, 'H');
    close(client);
    web_stage_close(stage);
}

static void a_handler_has_its_time(void **state)
{
    const web_limits limits = { .answer_ms = 100 };
    web_stage *stage = web_stage_open(&limits);
    (void)state;
    char *answer = drain_after(stage, GET("/wait"));
    assert_int_equal(web_stage_status(answer), 503);
    web_stage_wait(stage, &stage->ended_unsent, 1);
    /* What comes too late finds nobody. */
    free(drain_after(stage, "GET /release HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    web_stage_wait(stage, &stage->abandoned_seen, 1);
    free(answer);
    web_stage_close(stage);
}

/* The short time that there would be has passed when the others were answered. */
static void a_handler_may_take_its_time(void **state)
{
    const web_limits limits = { .answer_ms = 1 };
    web_stage *stage = web_stage_open(&limits);
    int client = web_stage_connect(stage);
    static const char wait[] =
        "GET /wait?time=600000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    (void)state;
    web_stage_send(client, wait, sizeof wait - 1);
    web_stage_wait(stage, &stage->handled, 1);
    uint64_t waiting = stage->waiting;
    char *answer = drain_after(stage, GET("/wait"));
    assert_int_equal(web_stage_status(answer), 503);
    free(answer);
    pthread_mutex_lock(&stage->mutex);
    stage->waiting = waiting;
    pthread_mutex_unlock(&stage->mutex);
    free(drain_after(stage, "GET /release HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    answer = web_stage_drain(client, NULL);
    assert_int_equal(web_stage_status(answer), 200);
    free(answer);
    close(client);
    web_stage_close(stage);
}

static void a_client_that_takes_nothing_is_let_go(void **state)
{
    const web_limits limits = { .stall_ms = 200, .rate = 1000000 };
    web_stage *stage = web_stage_open(&limits);
    int client = web_stage_connect(stage);
    (void)state;
    web_stage_send(client, GET("/endless"), strlen(GET("/endless")));
    web_stage_wait(stage, &stage->ended_unsent, 1);
    assert_string_equal(stage->last_log, "it takes too slowly");
    close(client);
    web_stage_close(stage);
}

static void a_connection_has_so_many_requests(void **state)
{
    const web_limits limits = { .requests = 2 };
    web_stage *stage = web_stage_open(&limits);
    (void)state;
    char *answer = drain_after(stage, GET("/echo") GET("/echo") GET("/echo"));
    const char *second = strstr(answer + 1, "HTTP/1.1 200 OK");
    assert_non_null(second);
    assert_non_null(strstr(second, "Connection: close\r\n"));
    assert_null(strstr(second + 1, "HTTP/1.1"));
    free(answer);
    web_stage_close(stage);
}

static void the_idle_connection_that_is_there_longest_gives_way(void **state)
{
    const web_limits limits = { .connections_per_peer = 3,
                                .accepts_per_second = FAST,
                                .head_ms = 600000 };
    web_stage *stage = web_stage_open(&limits);
    int clients[4];
    size_t size = 1;
    (void)state;
    clients[0] = web_stage_connect(stage);
    web_stage_send(clients[0], GET("/wait"), strlen(GET("/wait")));
    web_stage_wait(stage, &stage->handled, 1);
    for (int i = 1; i < 4; i++) {
        clients[i] = web_stage_connect(stage);
    }
    /* The first one is at something, the second is the oldest of the others. */
    free(web_stage_drain(clients[1], &size));
    assert_int_equal(size, 0);
    for (int i = 2; i < 4; i++) {
        static const char last[] = "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        web_stage_send(clients[i], last, sizeof last - 1);
        char *answer = web_stage_drain(clients[i], NULL);
        assert_int_equal(web_stage_status(answer), 200);
        free(answer);
    }
    assert_int_equal(stage->ended_unsent, 0);
    for (int i = 0; i < 4; i++) {
        close(clients[i]);
    }
    web_stage_close(stage);
}

static void who_is_at_something_does_not_give_way(void **state)
{
    const web_limits limits = { .connections = 2, .accepts_per_second = FAST };
    web_stage *stage = web_stage_open(&limits);
    int clients[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        clients[i] = web_stage_connect(stage);
        web_stage_send(clients[i], GET("/wait"), strlen(GET("/wait")));
        web_stage_wait(stage, &stage->handled, i + 1);
    }
    char *answer = drain_after(stage, GET("/echo"));
    assert_string_equal(answer, "");
    assert_int_equal(stage->ended_unsent, 0);
    free(answer);
    close(clients[0]);
    close(clients[1]);
    web_stage_close(stage);
}

static void many_who_say_nothing_keep_nobody_out(void **state)
{
    const web_limits limits = {
        .connections = 32, .connections_per_peer = 32, .accepts_per_second = FAST, .head_ms = 600000
    };
    static int clients[MANY];
    web_stage *stage = web_stage_open(&limits);
    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        clients[i] = web_stage_connect(stage);
        web_stage_send(clients[i], "GET /", i % 2 ? 5 : 0);
    }
    char *answer = drain_after(stage, "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_int_equal(web_stage_status(answer), 200);
    free(answer);
    for (size_t i = 0; i < MANY; i++) {
        close(clients[i]);
    }
    web_stage_close(stage);
}

static void who_comes_too_fast_waits(void **state)
{
    const web_limits limits = { .accepts_per_second = 20 };
    web_stage *stage = web_stage_open(&limits);
    (void)state;
    for (int i = 0; i < 30; i++) {
        char *answer =
            drain_after(stage, "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        assert_int_equal(web_stage_status(answer), 200);
        free(answer);
    }
    web_stage_close(stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_that_sends_too_slowly_is_let_go),
        cmocka_unit_test(bytes_that_trickle_move_no_deadline_of_a_head),
        cmocka_unit_test(a_handler_has_its_time),
        cmocka_unit_test(a_handler_may_take_its_time),
        cmocka_unit_test(a_client_that_takes_nothing_is_let_go),
        cmocka_unit_test(a_connection_has_so_many_requests),
        cmocka_unit_test(the_idle_connection_that_is_there_longest_gives_way),
        cmocka_unit_test(who_is_at_something_does_not_give_way),
        cmocka_unit_test(many_who_say_nothing_keep_nobody_out),
        cmocka_unit_test(who_comes_too_fast_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
