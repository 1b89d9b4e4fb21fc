/* SPDX-License-Identifier: Apache-2.0 */
/* One thread, one poll(), many connections; each gets back what it sends. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tls_peer.h"

#define CONNECTIONS_MOST 128

typedef struct visitor {
    peer_wire wire;
    unsigned long number;
    bool known; /* the handshake is done */
    bool leaving;
    bool http;
    uint8_t echo[PEER_CHUNK];
    size_t echo_size;
} visitor;

typedef struct server {
    svms_ctx *ctx;
    peer_settings *settings;
    svms_tls_context *context;
    visitor *visitors[CONNECTIONS_MOST];
    size_t count;
    unsigned long last_number;
    int listener;
} server;

/* Signals become bytes of a pipe, so that none is missed between two polls. */
static int signal_pipe[2];

static void on_signal(int signal_number)
{
    int kept = errno;
    uint8_t byte = signal_number == SIGHUP ? 'H' : 'T';
    (void)!write(signal_pipe[1], &byte, 1);
    errno = kept;
}

static bool catch_signals(void)
{
    struct sigaction action = { .sa_handler = on_signal };
    return pipe(signal_pipe) == 0 && sigaction(SIGHUP, &action, NULL) == 0 &&
           sigaction(SIGTERM, &action, NULL) == 0;
}

static int listen_somewhere(unsigned *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 128) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0 ||
        fcntl(listener, F_SETFL, O_NONBLOCK) != 0) {
        return -1;
    }
    *port = ntohs(address.sin_port);
    return listener;
}

/* Everything that was read is written before more is read. */
static svms_status write_echo(visitor *guest, svms_error *err)
{
    while (guest->echo_size > 0) {
        size_t taken = 0;
        svms_status status =
            svms_tls_write(guest->wire.tls, guest->echo, guest->echo_size, &taken, err);
        if (status != SVMS_OK) {
            return status;
        }
        guest->echo_size -= taken;
        memmove(guest->echo, guest->echo + taken, guest->echo_size);
    }
    return SVMS_OK;
}

/* A browser gets its own request line as a page. */
static void answer_request(visitor *guest)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                               "Strict-Transport-Security: max-age=31536000\r\n"
                               "Content-Security-Policy: default-src 'none'\r\n"
                               "X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n"
                               "Connection: close\r\n\r\n";
    uint8_t *end = memchr(guest->echo, '\r', guest->echo_size);
    size_t line = end ? (size_t)(end - guest->echo) : 0;
    memmove(guest->echo + sizeof head - 1, guest->echo, line);
    memcpy(guest->echo, head, sizeof head - 1);
    guest->echo_size = sizeof head - 1 + line;
    guest->leaving = true;
}

static svms_status echo_what_comes(visitor *guest, svms_error *err)
{
    while (!guest->leaving) {
        svms_status status = write_echo(guest, err);
        if (status != SVMS_OK) {
            return status;
        }
        /* Room is left for the head of an answer. */
        status =
            svms_tls_read(guest->wire.tls, guest->echo, PEER_CHUNK / 2, &guest->echo_size, err);
        if (status == SVMS_END) {
            guest->leaving = true;
        } else if (status != SVMS_OK) {
            return status;
        } else if (guest->http) {
            answer_request(guest);
        }
    }
    svms_status status = write_echo(guest, err);
    status = status == SVMS_OK ? svms_tls_close(guest->wire.tls, err) : status;
    return status == SVMS_OK ? SVMS_END : status;
}

static svms_status serve_visitor(void *owner, svms_error *err)
{
    visitor *guest = owner;
    if (!guest->known) {
        svms_status status = svms_tls_handshake(guest->wire.tls, err);
        if (status != SVMS_OK) {
            return status;
        }
        guest->known = true;
        peer_say_who("accepted", guest->number, guest->wire.tls);
    }
    return echo_what_comes(guest, err);
}

static void take_leave(server *house, size_t index)
{
    visitor *guest = house->visitors[index];
    house->visitors[index] = house->visitors[--house->count];
    peer_wire_flush(&guest->wire);
    svms_tls_free(&guest->wire.tls);
    /* What is still unread would make the kernel reset the connection under our last words. */
    shutdown(guest->wire.socket, SHUT_WR);
    while (recv(guest->wire.socket, guest->echo, sizeof guest->echo, MSG_DONTWAIT) > 0) {
    }
    close(guest->wire.socket);
    free(guest);
}

/* False when the visitor left. */
static bool go_on(server *house, size_t index)
{
    visitor *guest = house->visitors[index];
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = peer_wire_go_on(&guest->wire, serve_visitor, guest, &err);
    if (status == SVMS_AGAIN) {
        return true;
    }
    peer_say(guest->known ? "ended" : "refused", guest->number, status,
             status == SVMS_END ? "" : err.message);
    take_leave(house, index);
    return false;
}

static bool welcome(server *house)
{
    int socket = accept(house->listener, NULL, NULL);
    if (socket < 0) {
        return true;
    }
    svms_error err = SVMS_ERROR_INIT;
    visitor *guest = calloc(1, sizeof *guest);
    if (!guest || fcntl(socket, F_SETFL, O_NONBLOCK) != 0) {
        return false;
    }
    guest->number = ++house->last_number;
    guest->http = house->settings->http;
    guest->wire.socket = socket;
    guest->wire.memory = house->settings->memory;
    svms_status status =
        guest->wire.memory
            ? svms_tls_open(&guest->wire.tls, house->context, NULL, &err)
            : svms_tls_open_socket(&guest->wire.tls, house->context, NULL, socket, &err);
    if (status != SVMS_OK) {
        peer_say("unusable", guest->number, status, err.message);
        return false;
    }
    house->visitors[house->count++] = guest;
    (void)go_on(house, house->count - 1);
    return true;
}

static bool heed_signal(server *house)
{
    uint8_t byte = 0;
    if (read(signal_pipe[0], &byte, 1) != 1 || byte == 'T') {
        return false;
    }
    (void)peer_reload(house->context, house->ctx, house->settings);
    return true;
}

static bool serve_once(server *house)
{
    struct pollfd polls[CONNECTIONS_MOST + 2];
    size_t count = house->count;
    for (size_t i = 0; i < count; i++) {
        polls[i] = (struct pollfd){ .fd = house->visitors[i]->wire.socket,
                                    .events = peer_wire_events(&house->visitors[i]->wire) };
    }
    polls[count] = (struct pollfd){ .fd = signal_pipe[0], .events = POLLIN };
    bool room = count < CONNECTIONS_MOST;
    polls[count + 1] = (struct pollfd){ .fd = room ? house->listener : -1, .events = POLLIN };
    if (poll(polls, count + 2, -1) < 0) {
        return errno == EINTR;
    }
    if (polls[count].revents != 0 && !heed_signal(house)) {
        return false;
    }
    /* From the back: who leaves is replaced by the last one, which was served already. */
    for (size_t i = count; i-- > 0;) {
        if (polls[i].revents != 0) {
            (void)go_on(house, i);
        }
    }
    return polls[count + 1].revents == 0 || welcome(house);
}

int peer_serve(svms_ctx *ctx, peer_settings *settings)
{
    server *house = calloc(1, sizeof *house);
    unsigned port = 0;
    char words[16];
    if (!house || !catch_signals()) {
        return 2;
    }
    house->ctx = ctx;
    house->settings = settings;
    house->listener = listen_somewhere(&port);
    if (house->listener < 0 || !peer_open_context(&house->context, ctx, settings)) {
        free(house);
        return 2;
    }
    snprintf(words, sizeof words, "%u", port);
    peer_say("port", 0, SVMS_OK, words);
    while (serve_once(house)) {
    }
    while (house->count > 0) {
        take_leave(house, house->count - 1);
    }
    svms_tls_context_free(&house->context);
    close(house->listener);
    free(house);
    return 0;
}
