/* SPDX-License-Identifier: Apache-2.0 */
/* From which of its own addresses a recorder calls a camera. */
#include "cmocka_all.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <serve_listen.h>
#include <stream_clock.h>
#include <stream_dial.h>
#include <stream_pull.h>

#define LIMIT_NS (10 * STREAM_SECOND)

typedef struct listener {
    int socket;
    char port[8];
} listener;

/* -1: this machine has no such address. */
static listener listen_at(int family)
{
    listener at = { socket(family, SOCK_STREAM, 0), "" };
    struct sockaddr_in four = { .sin_family = AF_INET };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct sockaddr *address =
        family == AF_INET ? (struct sockaddr *)&four : (struct sockaddr *)&six;
    socklen_t size = family == AF_INET ? sizeof four : sizeof six;
    if (at.socket < 0 || bind(at.socket, address, size) != 0) {
        at.socket = -1;
        return at;
    }
    assert_int_equal(listen(at.socket, 4), 0);
    assert_int_equal(getsockname(at.socket, address, &size), 0);
    (void)snprintf(at.port, sizeof at.port, "%u",
                   ntohs(family == AF_INET ? four.sin_port : six.sin6_port));
    return at;
}

static stream_dial_state dial_to_its_end(stream_dial *dial)
{
    stream_dial_state state = STREAM_DIAL_UNDER_WAY;
    for (int i = 0; i < 1000 && state == STREAM_DIAL_UNDER_WAY; i++) {
        struct pollfd wanted = stream_dial_poll(dial);
        (void)poll(&wanted, 1, 20);
        state = stream_dial_step(dial, stream_clock());
    }
    return state;
}

static void expect_caller(int family, const char *host, const char *from)
{
    char text[INET6_ADDRSTRLEN] = "";
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    listener at = listen_at(family);
    if (at.socket < 0) {
        skip();
    }
    const stream_dial_way way = { from, "lo" };
    stream_dial *dial = stream_dial_begin(host, at.port, &way, LIMIT_NS);
    assert_non_null(dial);
    if (dial_to_its_end(dial) != STREAM_DIAL_CONNECTED) {
        fail_msg("%s", stream_dial_words(dial));
    }
    int accepted = accept(at.socket, (struct sockaddr *)&peer, &size);
    assert_true(accepted >= 0);
    const void *number = family == AF_INET ? (void *)&((struct sockaddr_in *)&peer)->sin_addr
                                           : (void *)&((struct sockaddr_in6 *)&peer)->sin6_addr;
    assert_non_null(inet_ntop(family, number, text, sizeof text));
    assert_string_equal(text, from);
    (void)close(accepted);
    (void)close(at.socket);
    stream_dial_free(&dial);
}

static void a_camera_is_called_from_the_address_that_is_set(void **state)
{
    (void)state;
    expect_caller(AF_INET, "127.0.0.1", "127.0.0.9");
}

static void by_ipv6_too(void **state)
{
    (void)state;
    expect_caller(AF_INET6, "::1", "::1");
}

static void expect_failure(const char *from, const char *interface, const char *words)
{
    const stream_dial_way way = { from, interface };
    listener at = listen_at(AF_INET);
    assert_true(at.socket >= 0);
    stream_dial *dial = stream_dial_begin("127.0.0.1", at.port, &way, LIMIT_NS);
    assert_non_null(dial);
    assert_int_equal(dial_to_its_end(dial), STREAM_DIAL_FAILED);
    assert_non_null(strstr(stream_dial_words(dial), words));
    struct pollfd knocks = { at.socket, POLLIN, 0 };
    assert_int_equal(poll(&knocks, 1, 0), 0);
    (void)close(at.socket);
    stream_dial_free(&dial);
}

/* It may be the network that the cameras must not see. */
static void no_other_address_takes_its_place(void **state)
{
    (void)state;
    expect_failure("192.0.2.1", NULL, "cannot be called from the address that is set: ");
    expect_failure("::1", NULL, "one is IPv4, the other IPv6");
}

static void no_other_interface_takes_its_place(void **state)
{
    (void)state;
    expect_failure(NULL, "svms-none", "cannot be called through svms-none: ");
}

static void what_is_no_interface_is_refused_before_anybody_is_called(void **state)
{
    (void)state;
    const stream_dial_way way = { NULL, "an-interface-of-sixteen" };
    assert_null(stream_dial_begin("127.0.0.1", "80", &way, LIMIT_NS));
}

static void what_is_no_address_is_refused_before_anybody_is_called(void **state)
{
    (void)state;
    static const char *const none[] = { "", "localhost", "127.0.0.1:80", "1.2.3.4.5", "[::1]" };
    svms_error err = SVMS_ERROR_INIT;
    svms_ctx *ctx = NULL;
    assert_int_equal(svms_ctx_new(&ctx, NULL, NULL), SVMS_OK);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        stream_pull_options options = { .url = "rtsp://127.0.0.1/", .clear = true };
        stream_pull *pull = NULL;
        options.from = none[i];
        assert_false(stream_dial_is_address(none[i]));
        assert_int_equal(stream_pull_open(&pull, ctx, &options, &err), SVMS_E_USAGE);
        assert_null(pull);
        const stream_dial_way way = { none[i], NULL };
        assert_null(stream_dial_begin("127.0.0.1", "80", &way, LIMIT_NS));
    }
    svms_ctx_free(&ctx);
}

static void who_listens_on_an_interface_listens_on_no_other(void **state)
{
    (void)state;
    char address[SERVE_LISTEN_TEXT];
    errno = 0;
    assert_int_equal(serve_listen("127.0.0.1:0", "svms-none", address), -1);
    assert_int_equal(errno, ENODEV);
    int taken = serve_listen("127.0.0.1:0", "lo", address);
    assert_true(taken >= 0);
    const stream_dial_way way = { NULL, NULL };
    stream_dial *dial = stream_dial_begin("127.0.0.1", strchr(address, ':') + 1, &way, LIMIT_NS);
    assert_non_null(dial);
    assert_int_equal(dial_to_its_end(dial), STREAM_DIAL_CONNECTED);
    stream_dial_free(&dial);
    (void)close(taken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_camera_is_called_from_the_address_that_is_set),
        cmocka_unit_test(by_ipv6_too),
        cmocka_unit_test(no_other_address_takes_its_place),
        cmocka_unit_test(no_other_interface_takes_its_place),
        cmocka_unit_test(what_is_no_interface_is_refused_before_anybody_is_called),
        cmocka_unit_test(who_listens_on_an_interface_listens_on_no_other),
        cmocka_unit_test(what_is_no_address_is_refused_before_anybody_is_called),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
