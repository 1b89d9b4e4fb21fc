/* SPDX-License-Identifier: Apache-2.0 */
/* Who may connect: limits in all and for each peer, how fast, and who goes when it is full. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/listener.h>

#include "web_internal.h"

#define BACKLOG 512
#define LISTENER_FLAGS (LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE)
#define PAUSE_MS 1000
#define STOP_SECONDS 10
#define CREDIT_EACH 1000
#define CONNECTIONS_MOST 65536
#define BODY_USUAL 65536
#define BODY_MOST ((uint64_t)16 * 1024 * 1024)

void web_server_log(const web_server *server, web_trouble trouble, const char *address,
                    const char *words)
{
    if (server->options.log) {
        server->options.log(server->options.user, trouble, address, words);
    }
}

static void pause_listening(web_server *server, uint64_t wait_ms)
{
    const struct timeval pause = { (time_t)(wait_ms / MS_PER_SECOND),
                                   (suseconds_t)(wait_ms % MS_PER_SECOND) * 1000 };
    evconnlistener_disable(server->listener);
    event_add(server->resume, &pause);
}

/* One connection of those that there may be in a second. */
static void take_credit(web_server *server)
{
    uint64_t now = web_now_ms();
    uint64_t rate = server->limits.accepts_per_second;
    uint64_t most = rate * CREDIT_EACH;
    uint64_t passed =
        now - server->accept_ms < MS_PER_SECOND ? now - server->accept_ms : MS_PER_SECOND;
    server->accept_ms = now;
    server->accept_credit += passed * rate;
    server->accept_credit = server->accept_credit < most ? server->accept_credit : most;
    server->accept_credit -=
        server->accept_credit < CREDIT_EACH ? server->accept_credit : CREDIT_EACH;
    if (server->accept_credit < CREDIT_EACH) {
        pause_listening(server, (CREDIT_EACH - server->accept_credit) / rate + 1);
    }
}

/* Its entry, or a free one; NULL: all are taken, which cannot be while there is a place for a
 * connection. */
static web_peer *find_peer(web_server *server, const uint8_t key[WEB_PEER_KEY_SIZE])
{
    web_peer *free_one = NULL;
    for (size_t i = 0; i < server->limits.connections; i++) {
        web_peer *peer = &server->peers[i];
        if (peer->count > 0 && memcmp(peer->key, key, WEB_PEER_KEY_SIZE) == 0) {
            return peer;
        }
        if (peer->count == 0 && !free_one) {
            free_one = peer;
        }
    }
    return free_one;
}

static size_t count_of(const web_server *server, const uint8_t key[WEB_PEER_KEY_SIZE])
{
    for (size_t i = 0; i < server->limits.connections; i++) {
        const web_peer *peer = &server->peers[i];
        if (peer->count > 0 && memcmp(peer->key, key, WEB_PEER_KEY_SIZE) == 0) {
            return peer->count;
        }
    }
    return 0;
}

/* Of the peer that has most (or of this one), the idle connection that is there for longest. */
static web_connection *find_victim(const web_server *server, const uint8_t *key)
{
    web_connection *victim = NULL;
    for (size_t i = 0; i < server->count; i++) {
        web_connection *one = server->connections[i];
        bool counts = web_connection_is_idle(one) &&
                      (!key || memcmp(one->peer->key, key, WEB_PEER_KEY_SIZE) == 0);
        if (counts &&
            (!victim || one->peer->count > victim->peer->count ||
             (one->peer->count == victim->peer->count && one->began_ms < victim->began_ms))) {
            victim = one;
        }
    }
    return victim;
}

/* false: everybody who is there is at something. */
static bool make_place(web_server *server, const uint8_t key[WEB_PEER_KEY_SIZE])
{
    bool peer_is_full = count_of(server, key) >= server->limits.connections_per_peer;
    if (!peer_is_full && server->count < server->limits.connections) {
        return true;
    }
    web_connection *victim = find_victim(server, peer_is_full ? key : NULL);
    if (victim) {
        web_connection_drop(victim);
    }
    return victim != NULL;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t socket,
                      struct sockaddr *address, int size, void *user)
{
    web_server *server = user;
    uint8_t key[WEB_PEER_KEY_SIZE];
    (void)listener;
    (void)size;
    take_credit(server);
    peer_address_key(address, key);
    if (!make_place(server, key)) {
        evutil_closesocket(socket);
        return;
    }
    web_peer *peer = find_peer(server, key);
    if (!peer) {
        evutil_closesocket(socket);
        return;
    }
    web_connection *connection = web_connection_new(server, peer, socket, address);
    if (connection) {
        memcpy(peer->key, key, sizeof key);
        peer->count++;
        server->connections[server->count++] = connection;
    }
}

void web_server_forget(web_server *server, web_connection *connection)
{
    size_t i = 0;
    while (i < server->count && server->connections[i] != connection) {
        i++;
    }
    if (i == server->count) {
        return;
    }
    server->connections[i] = server->connections[--server->count];
    connection->peer->count--;
    if (server->stopping && server->count == 0) {
        event_del(server->last_call);
        if (server->options.stopped) {
            server->options.stopped(server->options.user);
        }
    }
}

/* Without this the loop would ask again at once, for ever. */
static void on_accept_failed(struct evconnlistener *listener, void *user)
{
    web_server *server = user;
    (void)listener;
    web_server_log(server, WEB_FAILED, NULL, strerror(EVUTIL_SOCKET_ERROR()));
    pause_listening(server, PAUSE_MS);
}

static void on_resume(evutil_socket_t socket, short what, void *user)
{
    web_server *server = user;
    (void)socket;
    (void)what;
    if (!server->stopping) {
        evconnlistener_enable(server->listener);
    }
}

static void on_last_call(evutil_socket_t socket, short what, void *user)
{
    web_server *server = user;
    (void)socket;
    (void)what;
    for (size_t left = server->count; left > 0; left--) {
        web_connection_drop(server->connections[left - 1]);
    }
}

static uint32_t or_usual(uint32_t value, uint32_t usual)
{
    return value > 0 ? value : usual;
}

static void fill_limits(web_limits *out, const web_limits *given)
{
    *out = (web_limits){
        .connections = or_usual(given->connections, 512),
        .connections_per_peer = or_usual(given->connections_per_peer, 64),
        .accepts_per_second = or_usual(given->accepts_per_second, 200),
        .requests = or_usual(given->requests, 1000),
        .head_bytes = or_usual(given->head_bytes, HTTP_HEAD_MAX),
        .head_ms = or_usual(given->head_ms, 10000),
        .idle_ms = or_usual(given->idle_ms, 15000),
        .body_ms = or_usual(given->body_ms, 10000),
        .rate = or_usual(given->rate, 1024),
        .answer_ms = or_usual(given->answer_ms, 60000),
        .stall_ms = or_usual(given->stall_ms, 20000),
        .queue_bytes = or_usual(given->queue_bytes, 1048576),
    };
}

static svms_status fail(svms_error *err, svms_status status, int os_error, const char *words,
                        const char *what)
{
    *err = (svms_error)SVMS_ERROR_INIT;
    err->status = status;
    err->os_error = os_error;
    (void)snprintf(err->message, sizeof err->message, "%s%s%s%s", words, what, os_error ? ": " : "",
                   os_error ? strerror(os_error) : "");
    return status;
}

static svms_status copy_routes(web_server *server, const web_options *options, svms_error *err)
{
    server->routes = calloc(options->route_count + 1, sizeof *server->routes);
    if (!server->routes) {
        return fail(err, SVMS_E_NO_MEMORY, 0, "out of memory", "");
    }
    for (size_t i = 0; i < options->route_count; i++) {
        web_route *route = &server->routes[i];
        *route = options->routes[i];
        route->body_max = route->body_max > 0 ? route->body_max : BODY_USUAL;
        bool is_good = !route->path || web_pattern_is_good(route->path);
        bool has_body = route->upload ? route->upload->take != NULL : route->body_max <= BODY_MOST;
        if (!route->handle || !is_good || !has_body) {
            return fail(err, SVMS_E_USAGE, 0,
                        "a route is none: ", route->path ? route->path : "(any)");
        }
    }
    return SVMS_OK;
}

static svms_status prepare(web_server *server, const web_options *options, svms_error *err)
{
    server->options = *options;
    fill_limits(&server->limits, &options->limits);
    if (server->limits.connections > CONNECTIONS_MOST ||
        server->limits.head_bytes > HTTP_HEAD_MAX) {
        return fail(err, SVMS_E_USAGE, 0, "a limit is beyond what can be", "");
    }
    svms_status status = copy_routes(server, options, err);
    if (status != SVMS_OK) {
        return status;
    }
    server->accept_ms = web_now_ms();
    server->accept_credit = (uint64_t)server->limits.accepts_per_second * CREDIT_EACH;
    server->connections = calloc(server->limits.connections, sizeof(web_connection *));
    server->peers = calloc(server->limits.connections, sizeof *server->peers);
    server->resume = evtimer_new(options->base, on_resume, server);
    server->last_call = evtimer_new(options->base, on_last_call, server);
    server->posted = web_post_box_new(options->base);
    if (!server->connections || !server->peers || !server->resume || !server->last_call ||
        !server->posted) {
        return fail(err, SVMS_E_NO_MEMORY, 0, "out of memory", "");
    }
    return SVMS_OK;
}

/* A socket that was made by who opens the server, and is closed by whom until this succeeds. */
static svms_status listen_to(web_server *server, svms_error *err)
{
    const web_options *options = &server->options;
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    memset(&bound, 0, sizeof bound);
    if (getsockname(options->listener, (struct sockaddr *)&bound, &size) != 0) {
        return fail(err, SVMS_E_IO, errno, "this is no socket to listen at", "");
    }
    server->listener =
        evconnlistener_new(options->base, on_accept, server, LISTENER_FLAGS, 0, options->listener);
    if (!server->listener) {
        return fail(err, SVMS_E_NO_MEMORY, 0, "out of memory", "");
    }
    peer_address_text((const struct sockaddr *)&bound, server->address);
    evconnlistener_set_error_cb(server->listener, on_accept_failed);
    return SVMS_OK;
}

static svms_status listen_at(web_server *server, svms_error *err)
{
    const web_options *options = &server->options;
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    memset(&bound, 0, sizeof bound);
    if (!options->listen) {
        return listen_to(server, err);
    }
    server->listener = evconnlistener_new_bind(options->base, on_accept, server, LISTENER_FLAGS,
                                               BACKLOG, options->listen, (int)options->listen_size);
    if (!server->listener || getsockname(evconnlistener_get_fd(server->listener),
                                         (struct sockaddr *)&bound, &size) != 0) {
        int os_error = errno;
        peer_address_text(options->listen, server->address);
        return fail(err, SVMS_E_IO, os_error, "cannot listen at ", server->address);
    }
    peer_address_text((const struct sockaddr *)&bound, server->address);
    evconnlistener_set_error_cb(server->listener, on_accept_failed);
    return SVMS_OK;
}

svms_status web_open(web_server **out, const web_options *options, svms_error *err)
{
    web_server *server = calloc(1, sizeof *server);
    if (!server) {
        return fail(err, SVMS_E_NO_MEMORY, 0, "out of memory", "");
    }
    svms_status status = prepare(server, options, err);
    if (status == SVMS_OK) {
        (void)signal(SIGPIPE, SIG_IGN);
        status = listen_at(server, err);
    }
    if (status != SVMS_OK) {
        web_close(&server);
        return status;
    }
    *out = server;
    return SVMS_OK;
}

void web_close(web_server **server)
{
    web_server *self = *server;
    if (!self) {
        return;
    }
    /* Nobody is told that the last one has gone. */
    self->stopping = false;
    while (self->count > 0) {
        web_connection_drop(self->connections[self->count - 1]);
    }
    web_post_box_free(&self->posted);
    if (self->listener) {
        evconnlistener_free(self->listener);
    }
    if (self->resume) {
        event_free(self->resume);
    }
    if (self->last_call) {
        event_free(self->last_call);
    }
    free(self->connections);
    free(self->peers);
    free(self->routes);
    free(self);
    *server = NULL;
}

void web_stop(web_server *server)
{
    const struct timeval wait = { STOP_SECONDS, 0 };
    if (server->stopping) {
        return;
    }
    server->stopping = true;
    evconnlistener_disable(server->listener);
    event_add(server->last_call, &wait);
    for (size_t i = server->count; i > 0; i--) {
        web_connection_stop(server->connections[i - 1]);
    }
    if (server->count == 0) {
        event_del(server->last_call);
        if (server->options.stopped) {
            server->options.stopped(server->options.user);
        }
    }
}

const char *web_address(const web_server *server)
{
    return server->address;
}

bool web_post(web_server *server, void (*run)(void *user), void *user)
{
    return web_post_box_put(server->posted, run, user);
}
