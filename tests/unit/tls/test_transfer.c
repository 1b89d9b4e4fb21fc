/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that go through: all of them, in any pieces, and calls in any order. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "workshop.h"

#define MUCH ((size_t)3 * 1024 * 1024)

static uint8_t *make_bytes(size_t size)
{
    uint8_t *bytes = malloc(size);
    uint32_t random = 7;
    for (size_t i = 0; i < size; i++) {
        random = random * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(random >> 24);
    }
    return bytes;
}

static void much_goes_through_bounded_buffers(void **state)
{
    (void)state;
    uint8_t *sent = make_bytes(MUCH);
    uint8_t *got = malloc(MUCH);
    size_t written = 0;
    size_t read = 0;
    pair p;
    pair_make(&p, NULL, NULL);
    assert_shaken(&p);
    while (read < MUCH) {
        size_t size = 0;
        if (written < MUCH) {
            svms_status status =
                svms_tls_write(p.client.tls, sent + written, MUCH - written, &size, NULL);
            if (status == SVMS_AGAIN) {
                assert_int_equal(svms_tls_wants(p.client.tls), SVMS_TLS_WANTS_WRITE);
            } else {
                assert_int_equal(status, SVMS_OK);
            }
            written += size;
        }
        carry(p.client.tls, p.server.tls, 1000);
        svms_status status = svms_tls_read(p.server.tls, got + read, MUCH - read, &size, NULL);
        assert_true(status == SVMS_OK || status == SVMS_AGAIN);
        read += status == SVMS_OK ? size : 0;
    }
    assert_memory_equal(sent, got, MUCH);
    pair_free(&p);
    free(sent);
    free(got);
}

static void byte_by_byte_is_enough(void **state)
{
    (void)state;
    context_order client = client_order();
    context_order server = server_order();
    svms_tls_target target = SVMS_TLS_TARGET_INIT;
    pair p;
    memset(&p, 0, sizeof p);
    target.host = "server.example";
    assert_int_equal(context_make(&p.client.context, &client, NULL), SVMS_OK);
    assert_int_equal(context_make(&p.server.context, &server, NULL), SVMS_OK);
    assert_int_equal(svms_tls_open(&p.client.tls, p.client.context, &target, NULL), SVMS_OK);
    assert_int_equal(svms_tls_open(&p.server.tls, p.server.context, NULL, NULL), SVMS_OK);
    p.client.status = SVMS_AGAIN;
    p.server.status = SVMS_AGAIN;
    bool moved = true;
    while (moved) {
        p.client.status = svms_tls_handshake(p.client.tls, NULL);
        p.server.status = svms_tls_handshake(p.server.tls, NULL);
        moved = carry(p.client.tls, p.server.tls, 1);
        moved = carry(p.server.tls, p.client.tls, 1) || moved;
    }
    assert_talks(&p);
    pair_free(&p);
}

static void the_goodbye_is_heard_and_silence_is_not_one(void **state)
{
    (void)state;
    char text[16];
    size_t size = 0;
    svms_error err = SVMS_ERROR_INIT;
    pair p;
    pair_make(&p, NULL, NULL);
    assert_shaken(&p);
    assert_int_equal(svms_tls_close(p.client.tls, NULL), SVMS_OK);
    assert_int_equal(svms_tls_close(p.client.tls, NULL), SVMS_OK);
    assert_int_equal(svms_tls_write(p.client.tls, "x", 1, &size, &err), SVMS_E_STATE);
    while (carry(p.client.tls, p.server.tls, SIZE_MAX)) {
    }
    assert_int_equal(svms_tls_read(p.server.tls, text, sizeof text, &size, NULL), SVMS_END);
    assert_int_equal(svms_tls_read(p.server.tls, text, sizeof text, &size, NULL), SVMS_END);
    assert_int_equal(size, 0);
    /* Who heard it may still answer. */
    assert_int_equal(svms_tls_write(p.server.tls, "last", 4, &size, NULL), SVMS_OK);
    while (carry(p.server.tls, p.client.tls, SIZE_MAX)) {
    }
    assert_int_equal(svms_tls_read(p.client.tls, text, sizeof text, &size, NULL), SVMS_OK);
    assert_int_equal(size, 4);
    assert_int_equal(svms_tls_feed(p.server.tls, "more", 4, &size, NULL), SVMS_OK);
    assert_int_equal(size, 4);
    assert_int_equal(svms_tls_feed_end(p.client.tls, NULL), SVMS_OK);
    assert_int_equal(svms_tls_feed(p.client.tls, "more", 4, &size, &err), SVMS_E_STATE);
    assert_int_equal(svms_tls_read(p.client.tls, text, sizeof text, &size, &err), SVMS_E_TRUNCATED);
    assert_says(&err, "without saying goodbye");
    pair_free(&p);
}

static void what_was_fed_before_the_end_is_read_first(void **state)
{
    (void)state;
    char text[16];
    size_t size = 0;
    pair p;
    pair_make(&p, NULL, NULL);
    assert_shaken(&p);
    assert_int_equal(svms_tls_write(p.client.tls, "hello", 5, &size, NULL), SVMS_OK);
    while (carry(p.client.tls, p.server.tls, SIZE_MAX)) {
    }
    assert_int_equal(svms_tls_feed_end(p.server.tls, NULL), SVMS_OK);
    assert_int_equal(svms_tls_pending(p.server.tls), 0);
    assert_int_equal(svms_tls_read(p.server.tls, text, 2, &size, NULL), SVMS_OK);
    assert_int_equal(size, 2);
    assert_int_equal(svms_tls_pending(p.server.tls), 3);
    assert_int_equal(svms_tls_read(p.server.tls, text, sizeof text, &size, NULL), SVMS_OK);
    assert_int_equal(size, 3);
    assert_int_equal(svms_tls_read(p.server.tls, text, sizeof text, &size, NULL), SVMS_E_TRUNCATED);
    pair_free(&p);
}

static void calls_before_the_handshake_wait_or_say_so(void **state)
{
    (void)state;
    char text[16];
    size_t size = 7;
    svms_error err = SVMS_ERROR_INIT;
    svms_tls_peer peer = SVMS_TLS_PEER_INIT;
    svms_tls_target target = SVMS_TLS_TARGET_INIT;
    pair p;
    pair_make(&p, NULL, NULL);
    svms_tls_free(&p.client.tls);
    target.host = "server.example";
    assert_int_equal(svms_tls_open(&p.client.tls, p.client.context, &target, NULL), SVMS_OK);
    assert_int_equal(svms_tls_wants(p.client.tls), SVMS_TLS_WANTS_NOTHING);
    assert_int_equal(svms_tls_close(p.client.tls, &err), SVMS_E_STATE);
    assert_int_equal(svms_tls_peer_info(p.client.tls, &peer, &err), SVMS_E_STATE);
    assert_null(svms_tls_peer_chain(p.client.tls));
    assert_int_equal(svms_tls_write(p.client.tls, "x", 1, &size, NULL), SVMS_AGAIN);
    assert_int_equal(size, 0);
    assert_int_equal(svms_tls_wants(p.client.tls), SVMS_TLS_WANTS_READ);
    assert_int_equal(svms_tls_read(p.client.tls, text, sizeof text, &size, NULL), SVMS_AGAIN);
    assert_int_equal(svms_tls_handshake(p.client.tls, NULL), SVMS_AGAIN);
    pair_free(&p);
}

static void wrong_arguments_are_said(void **state)
{
    (void)state;
    char text[4] = { 0 };
    size_t size = 0;
    svms_tls *none = NULL;
    svms_tls_context *no_context = NULL;
    svms_tls_target target = SVMS_TLS_TARGET_INIT;
    svms_tls_peer peer = SVMS_TLS_PEER_INIT;
    pair p;
    pair_make(&p, NULL, NULL);
    assert_shaken(&p);
    svms_tls *tls = p.client.tls;
    assert_int_equal(svms_tls_handshake(NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_tls_read(NULL, text, 1, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_tls_read(tls, NULL, 1, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_tls_read(tls, text, 0, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_tls_read(tls, text, 1, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_tls_write(NULL, text, 1, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_tls_write(tls, NULL, 1, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_tls_write(tls, text, 1, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_tls_write(tls, NULL, 0, &size, NULL), SVMS_OK);
    assert_int_equal(svms_tls_close(NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_tls_feed(NULL, text, 1, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_tls_feed(tls, NULL, 1, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_tls_feed(tls, text, 1, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_tls_feed_end(NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_tls_drain(NULL, text, 1, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_tls_drain(tls, NULL, 1, &size, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_tls_drain(tls, text, 1, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_tls_peer_info(NULL, &peer, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_tls_peer_info(tls, NULL, NULL), SVMS_E_USAGE);
    assert_null(svms_tls_peer_chain(NULL));
    assert_int_equal(svms_tls_pending(NULL), 0);
    assert_int_equal(svms_tls_wants(NULL), SVMS_TLS_WANTS_NOTHING);
    assert_int_equal(svms_tls_open(NULL, p.client.context, &target, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_tls_open(&none, NULL, &target, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_tls_open(&none, p.client.context, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_tls_open(&none, p.client.context, &target, NULL), SVMS_E_USAGE);
    target.host = "not a host";
    assert_int_equal(svms_tls_open(&none, p.client.context, &target, NULL), SVMS_E_USAGE);
    target.host = "";
    assert_int_equal(svms_tls_open(&none, p.client.context, &target, NULL), SVMS_E_USAGE);
    target.host = "server.example";
    assert_int_equal(svms_tls_open(&none, p.server.context, &target, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_tls_open_socket(&none, p.client.context, &target, -1, NULL),
                     SVMS_E_USAGE);
    assert_null(none);
    svms_tls_free(&none);
    svms_tls_free(NULL);
    svms_tls_context_free(&no_context);
    svms_tls_context_free(NULL);
    pair_free(&p);
}

/* Both ends on sockets. */
static void open_sockets(pair *p, int sockets[2], bool blocks)
{
    context_order client = client_order();
    context_order server = server_order();
    svms_tls_target target = SVMS_TLS_TARGET_INIT;
    memset(p, 0, sizeof *p);
    target.host = "server.example";
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    for (int i = 0; i < 2 && !blocks; i++) {
        assert_int_equal(fcntl(sockets[i], F_SETFL, O_NONBLOCK), 0);
    }
    assert_int_equal(context_make(&p->client.context, &client, NULL), SVMS_OK);
    assert_int_equal(context_make(&p->server.context, &server, NULL), SVMS_OK);
    assert_int_equal(
        svms_tls_open_socket(&p->client.tls, p->client.context, &target, sockets[0], NULL),
        SVMS_OK);
    assert_int_equal(
        svms_tls_open_socket(&p->server.tls, p->server.context, NULL, sockets[1], NULL), SVMS_OK);
}

static void shake_sockets(pair *p)
{
    p->client.status = SVMS_AGAIN;
    p->server.status = SVMS_AGAIN;
    for (int i = 0; i < 10 && (p->client.status == SVMS_AGAIN || p->server.status == SVMS_AGAIN);
         i++) {
        p->client.status = svms_tls_handshake(p->client.tls, &p->client.err);
        p->server.status = svms_tls_handshake(p->server.tls, &p->server.err);
    }
    assert_shaken(p);
}

static void sockets_that_do_not_block_carry_much(void **state)
{
    (void)state;
    uint8_t *sent = make_bytes(MUCH);
    uint8_t *got = malloc(MUCH);
    uint8_t *moving = malloc(40064);
    size_t written = 0;
    size_t read = 0;
    size_t waited = 0;
    int sockets[2];
    int small = 3000;
    pair p;
    open_sockets(&p, sockets, false);
    setsockopt(sockets[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    shake_sockets(&p);
    while (read < MUCH) {
        size_t size = 0;
        svms_status status = SVMS_OK;
        if (written == MUCH) {
            status = svms_tls_write(p.client.tls, NULL, 0, &size, NULL);
            assert_true(status == SVMS_OK || status == SVMS_AGAIN);
        } else {
            /* The bytes are the same, the place is not. */
            size_t part = MUCH - written > 40000 ? 40000 : MUCH - written;
            uint8_t *place = moving + written % 64;
            memcpy(place, sent + written, part);
            status = svms_tls_write(p.client.tls, place, part, &size, NULL);
            assert_true(status == SVMS_OK || (status == SVMS_AGAIN && size == 0));
            if (status == SVMS_AGAIN) {
                waited++;
                assert_int_equal(svms_tls_wants(p.client.tls), SVMS_TLS_WANTS_WRITE);
                /* Other calls may come between. */
                assert_int_equal(svms_tls_read(p.client.tls, moving, 1, &size, NULL), SVMS_AGAIN);
                assert_true((svms_tls_wants(p.client.tls) & SVMS_TLS_WANTS_READ) != 0);
                size = 0;
            }
            written += size;
        }
        status = svms_tls_read(p.server.tls, got + read, MUCH - read, &size, NULL);
        assert_true(status == SVMS_OK || status == SVMS_AGAIN);
        read += status == SVMS_OK ? size : 0;
    }
    assert_true(waited > 10);
    assert_memory_equal(sent, got, MUCH);
    pair_free(&p);
    close(sockets[0]);
    close(sockets[1]);
    free(sent);
    free(got);
    free(moving);
}

/* What a socket has no room for waits, and is taken; what is not taken is nobody's business. */
static void what_was_not_taken_is_never_sent(void **state)
{
    (void)state;
    uint8_t *offered = malloc(MUCH);
    uint8_t *got = malloc(MUCH);
    size_t taken = 0;
    size_t read = 0;
    size_t size = 0;
    int sockets[2];
    svms_status status;
    pair p;
    open_sockets(&p, sockets, false);
    shake_sockets(&p);
    memset(offered, 'a', MUCH);
    do {
        status = svms_tls_write(p.client.tls, offered, 40000, &size, NULL);
        taken += size;
        assert_true(taken < MUCH);
    } while (status == SVMS_OK);
    assert_int_equal(status, SVMS_AGAIN);
    assert_int_equal(size, 0);
    assert_int_equal(svms_tls_wants(p.client.tls), SVMS_TLS_WANTS_WRITE);
    /* Something else, and less of it, may be offered now. */
    memset(offered, 'b', MUCH);
    size_t more = 0;
    while (more < 3) {
        status = svms_tls_write(p.client.tls, offered, 3 - more, &size, NULL);
        assert_true(status == SVMS_OK || status == SVMS_AGAIN);
        more += size;
        while (svms_tls_read(p.server.tls, got + read, MUCH - read, &size, NULL) == SVMS_OK) {
            read += size;
        }
    }
    while (svms_tls_close(p.client.tls, NULL) == SVMS_AGAIN) {
    }
    while ((status = svms_tls_read(p.server.tls, got + read, MUCH - read, &size, NULL)) ==
           SVMS_OK) {
        read += size;
    }
    assert_int_equal(status, SVMS_END);
    assert_int_equal(read, taken + 3);
    memset(offered, 'a', taken);
    assert_memory_equal(got, offered, read);
    pair_free(&p);
    close(sockets[0]);
    close(sockets[1]);
    free(offered);
    free(got);
}

/* Any call sends on what waits; whoever has nothing else to say writes nothing. */
static void what_waits_for_the_socket_is_sent_on(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        uint8_t *bytes = make_bytes(MUCH);
        uint8_t *got = malloc(MUCH);
        uint8_t byte = 0;
        size_t taken = 0;
        size_t read = 0;
        size_t size = 0;
        int sockets[2];
        pair p;
        open_sockets(&p, sockets, false);
        shake_sockets(&p);
        while (svms_tls_write(p.client.tls, bytes + taken, 40000, &size, NULL) == SVMS_OK) {
            taken += size;
        }
        while (read < taken) {
            svms_status status = SVMS_AGAIN;
            if (way == 0) {
                status = svms_tls_write(p.client.tls, NULL, 0, &size, NULL);
            } else if (way == 1) {
                status = svms_tls_handshake(p.client.tls, NULL);
            } else if (way == 2) {
                status = svms_tls_close(p.client.tls, NULL);
            } else {
                assert_int_equal(svms_tls_read(p.client.tls, &byte, 1, &size, NULL), SVMS_AGAIN);
            }
            assert_true(status == SVMS_OK || status == SVMS_AGAIN);
            bool waits = (svms_tls_wants(p.client.tls) & SVMS_TLS_WANTS_WRITE) != 0;
            assert_true(way == 3 || waits == (status == SVMS_AGAIN));
            while (svms_tls_read(p.server.tls, got + read, MUCH - read, &size, NULL) == SVMS_OK) {
                read += size;
            }
        }
        assert_int_equal(read, taken);
        assert_memory_equal(got, bytes, taken);
        pair_free(&p);
        close(sockets[0]);
        close(sockets[1]);
        free(bytes);
        free(got);
    }
}

/* SIGPIPE would end this program. */
static void a_peer_that_is_gone_is_no_signal(void **state)
{
    (void)state;
    size_t size = 0;
    int sockets[2];
    pair p;
    svms_error err = SVMS_ERROR_INIT;
    open_sockets(&p, sockets, false);
    shake_sockets(&p);
    close(sockets[1]);
    svms_status status = SVMS_OK;
    for (int i = 0; i < 3 && status == SVMS_OK; i++) {
        status = svms_tls_write(p.client.tls, "x", 1, &size, &err);
    }
    assert_int_equal(status, SVMS_E_IO);
    assert_int_equal(err.os_error, EPIPE);
    assert_int_equal(svms_tls_write(p.client.tls, "x", 1, &size, &err), SVMS_E_IO);
    assert_int_equal(err.os_error, EPIPE);
    pair_free(&p);
    close(sockets[0]);
}

/* A client of TLS 1.3 that writes on learns why the server went. */
static void last_words_are_heard_although_writing_fails(void **state)
{
    (void)state;
    context_order client = client_order();
    context_order server = server_order();
    svms_tls_target target = SVMS_TLS_TARGET_INIT;
    svms_error err = SVMS_ERROR_INIT;
    int sockets[2];
    size_t size = 0;
    pair p;
    memset(&p, 0, sizeof p);
    target.host = "server.example";
    client.card = NULL;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    assert_int_equal(fcntl(sockets[0], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(fcntl(sockets[1], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(context_make(&p.client.context, &client, NULL), SVMS_OK);
    assert_int_equal(context_make(&p.server.context, &server, NULL), SVMS_OK);
    assert_int_equal(
        svms_tls_open_socket(&p.client.tls, p.client.context, &target, sockets[0], NULL), SVMS_OK);
    assert_int_equal(svms_tls_open_socket(&p.server.tls, p.server.context, NULL, sockets[1], NULL),
                     SVMS_OK);
    assert_int_equal(svms_tls_handshake(p.client.tls, NULL), SVMS_AGAIN);
    assert_int_equal(svms_tls_handshake(p.server.tls, NULL), SVMS_AGAIN);
    assert_int_equal(svms_tls_handshake(p.client.tls, NULL), SVMS_OK);
    assert_int_equal(svms_tls_handshake(p.server.tls, &err), SVMS_E_UNTRUSTED);
    close(sockets[1]);
    svms_status status = SVMS_OK;
    for (int i = 0; i < 3 && status == SVMS_OK; i++) {
        status = svms_tls_write(p.client.tls, "x", 1, &size, &err);
    }
    assert_int_equal(status, SVMS_E_POLICY);
    assert_says(&err, "wants a certificate of ours");
    pair_free(&p);
    close(sockets[0]);
}

static void memory_calls_on_a_socket_are_said(void **state)
{
    (void)state;
    char text[4] = { 0 };
    size_t size = 0;
    int sockets[2];
    pair p;
    open_sockets(&p, sockets, false);
    assert_int_equal(svms_tls_feed(p.client.tls, text, 1, &size, NULL), SVMS_E_STATE);
    assert_int_equal(svms_tls_feed_end(p.client.tls, NULL), SVMS_E_STATE);
    assert_int_equal(svms_tls_drain(p.client.tls, text, 1, &size, NULL), SVMS_E_STATE);
    pair_free(&p);
    close(sockets[0]);
    close(sockets[1]);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, workshop_set_up, workshop_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(much_goes_through_bounded_buffers),
        CASE(byte_by_byte_is_enough),
        CASE(the_goodbye_is_heard_and_silence_is_not_one),
        CASE(what_was_fed_before_the_end_is_read_first),
        CASE(calls_before_the_handshake_wait_or_say_so),
        CASE(wrong_arguments_are_said),
        CASE(sockets_that_do_not_block_carry_much),
        CASE(what_was_not_taken_is_never_sent),
        CASE(what_waits_for_the_socket_is_sent_on),
        CASE(a_peer_that_is_gone_is_no_signal),
        CASE(last_words_are_heard_although_writing_fails),
        CASE(memory_calls_on_a_socket_are_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
