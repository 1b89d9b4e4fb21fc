/* SPDX-License-Identifier: Apache-2.0 */
#include "http_server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/listener.h>

#include "peer_address.h"
#include "http_connection.h"

#define BACKLOG 128
#define PAUSE_SECONDS 1

struct http_server {
    http_server_options options;
    struct evconnlistener *listener;
    struct event *resume; /* after the system had no more sockets */
    http_connection *connections[HTTP_CONNECTIONS_MAX];
    size_t count;
    char address[PEER_ADDRESS_TEXT];
    bool stopping;
};

static size_t count_of(const http_server *server, const uint8_t key[PEER_TRIES_KEY_SIZE])
{
    size_t count = 0;
    for (size_t i = 0; i < server->count; i++) {
        count += memcmp(http_connection_key(server->connections[i]), key, PEER_TRIES_KEY_SIZE) == 0;
    }
    return count;
}

static void on_gone(void *user, http_connection *connection)
{
    http_server *server = user;
    size_t i = 0;
    while (i < server->count && server->connections[i] != connection) {
        i++;
    }
    if (i < server->count) {
        server->connections[i] = server->connections[--server->count];
    }
    if (server->stopping && server->count == 0) {
        server->options.stopped(server->options.user);
    } else if (!server->stopping) {
        evconnlistener_enable(server->listener);
    }
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t socket,
                      struct sockaddr *address, int size, void *user)
{
    http_server *server = user;
    uint8_t key[PEER_TRIES_KEY_SIZE];
    (void)size;
    peer_address_key(address, key);
    if (count_of(server, key) >= HTTP_CONNECTIONS_PER_PEER) {
        evutil_closesocket(socket);
        return;
    }
    const http_connection_options options = {
        .base = server->options.base,
        .context = server->options.context,
        .service = server->options.service,
        .patience_secs = server->options.patience_secs,
        .gone = on_gone,
        .user = server,
    };
    http_connection *connection = http_connection_new(&options, socket, address);
    if (!connection) {
        return;
    }
    server->connections[server->count++] = connection;
    /* Others wait in the system's queue until somebody goes. */
    if (server->count == HTTP_CONNECTIONS_MAX) {
        evconnlistener_disable(listener);
    }
}

/* Without this the loop would ask again at once, for ever. */
static void on_accept_failed(struct evconnlistener *listener, void *user)
{
    http_server *server = user;
    const struct timeval pause = { PAUSE_SECONDS, 0 };
    const http_service *service = server->options.service;
    service->log(service->user, "failed", NULL, strerror(EVUTIL_SOCKET_ERROR()));
    evconnlistener_disable(listener);
    event_add(server->resume, &pause);
}

static void on_resume(evutil_socket_t socket, short what, void *user)
{
    http_server *server = user;
    (void)socket;
    (void)what;
    if (!server->stopping && server->count < HTTP_CONNECTIONS_MAX) {
        evconnlistener_enable(server->listener);
    }
}

static svms_status fail(svms_error *err, svms_status status, int os_error, const char *words,
                        const char *address)
{
    *err = (svms_error)SVMS_ERROR_INIT;
    err->status = status;
    err->os_error = os_error;
    (void)snprintf(err->message, sizeof err->message, "%s%s%s%s", words, address,
                   os_error ? ": " : "", os_error ? strerror(os_error) : "");
    return status;
}

svms_status http_server_open(http_server **out, const http_server_options *options, svms_error *err)
{
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    http_server *server = calloc(1, sizeof *server);
    if (!server) {
        return fail(err, SVMS_E_NO_MEMORY, 0, "out of memory", "");
    }
    server->options = *options;
    server->resume = evtimer_new(options->base, on_resume, server);
    server->listener =
        evconnlistener_new_bind(options->base, on_accept, server,
                                LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
                                BACKLOG, options->listen, (int)options->listen_size);
    memset(&bound, 0, sizeof bound);
    if (!server->listener || !server->resume ||
        getsockname(evconnlistener_get_fd(server->listener), (struct sockaddr *)&bound, &size) !=
            0) {
        int os_error = errno;
        peer_address_text(options->listen, server->address);
        svms_status status = fail(err, SVMS_E_IO, os_error, "cannot listen at ", server->address);
        http_server_close(&server);
        return status;
    }
    peer_address_text((const struct sockaddr *)&bound, server->address);
    evconnlistener_set_error_cb(server->listener, on_accept_failed);
    *out = server;
    return SVMS_OK;
}

void http_server_close(http_server **server)
{
    http_server *self = *server;
    if (!self) {
        return;
    }
    for (size_t i = 0; i < self->count; i++) {
        http_connection_free(self->connections[i]);
    }
    if (self->listener) {
        evconnlistener_free(self->listener);
    }
    if (self->resume) {
        event_free(self->resume);
    }
    free(self);
    *server = NULL;
}

void http_server_stop(http_server *server)
{
    if (server->stopping) {
        return;
    }
    server->stopping = true;
    evconnlistener_disable(server->listener);
    /* Backwards, because who goes at once is replaced by the last one. */
    for (size_t i = server->count; i > 0; i--) {
        http_connection_stop(server->connections[i - 1]);
    }
    if (server->count == 0) {
        server->options.stopped(server->options.user);
    }
}

const char *http_server_address(const http_server *server)
{
    return server->address;
}
