/* SPDX-License-Identifier: Apache-2.0 */
/* One client: what phase it is in, how long that may last, and its end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "web_internal.h"

#define NS_PER_MS 1000000
#define US_PER_MS 1000

uint64_t web_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * MS_PER_SECOND + (uint64_t)now.tv_nsec / NS_PER_MS;
}

static void start_timer(web_connection *self, uint64_t wait_ms)
{
    const struct timeval wait = { (time_t)(wait_ms / MS_PER_SECOND),
                                  (suseconds_t)(wait_ms % MS_PER_SECOND) * US_PER_MS };
    event_add(self->timer, &wait);
}

void web_connection_set_phase(web_connection *self, web_phase phase, uint64_t wait_ms)
{
    self->phase = phase;
    start_timer(self, wait_ms);
}

void web_connection_wake(web_connection *self)
{
    event_active(self->soon, EV_TIMEOUT, 0);
}

void web_connection_doom(web_connection *self)
{
    self->doomed = true;
    web_connection_wake(self);
}

bool web_connection_write(web_connection *self, const void *data, size_t size)
{
    if (self->doomed) {
        return false;
    }
    if (!tls_link_write(self->link, data, size)) {
        web_server_log(self->server, WEB_FAILED, self->address, "out of memory");
        web_connection_doom(self);
        return false;
    }
    self->written += size;
    return true;
}

static void end_exchange(web_connection *self, bool was_sent)
{
    web_exchange *exchange = self->exchange;
    self->exchange = NULL;
    if (exchange) {
        web_exchange_free(exchange, was_sent);
    }
}

static void finish(web_connection *self)
{
    self->phase = WEB_CLOSING;
    event_del(self->timer);
    tls_link_finish(self->link);
}

/* Whoever was to answer is told that it is over; we do, and look at nothing more. */
static void answer_instead(web_connection *self, http_status status, const char *words)
{
    end_exchange(self, false);
    self->keep = false;
    self->exchange = web_exchange_new(self);
    if (self->exchange) {
        web_answer_words(self->exchange, status, words);
    } else {
        web_connection_doom(self);
    }
}

void web_connection_refuse(web_connection *self, http_status status, const char *words)
{
    web_server_log(self->server, WEB_REFUSED, self->address, words);
    answer_instead(self, status, words);
}

/* What a client that sends no more can still get: the answers to what is here as a whole, as long
 * as nobody has to wait for them. Most of those clients have gone. */
static void end_half(web_connection *self)
{
    bool waits = self->phase == WEB_ANSWER || self->phase == WEB_BODY ||
                 (self->phase == WEB_SEND && !self->exchange->is_complete);
    if (self->is_half && self->phase == WEB_HEAD) {
        finish(self);
    } else if (self->is_half && waits) {
        web_connection_doom(self);
    }
}

/* The answer went out as a whole: the next request, or the end. */
static void come_to_end(web_connection *self)
{
    bool whole = !self->exchange->is_cut;
    bool keep = self->keep && whole && !self->server->stopping;
    end_exchange(self, whole);
    if (!keep) {
        finish(self);
        return;
    }
    self->looked_at = 0;
    self->head_begun = false;
    web_connection_set_phase(self, WEB_HEAD, self->server->limits.idle_ms);
    web_receive(self);
    end_half(self);
}

static void on_readable(void *user)
{
    web_receive(user);
}

static void on_half_closed(void *user)
{
    web_connection *self = user;
    self->is_half = true;
    end_half(self);
}

static void on_written(void *user)
{
    web_connection *self = user;
    if (self->phase != WEB_SEND || self->doomed) {
        return;
    }
    size_t queued = tls_link_queued(self->link);
    self->was_empty = self->was_empty || queued == 0;
    if (self->exchange->is_complete) {
        if (queued == 0) {
            come_to_end(self);
        }
    } else {
        web_stream_go_on(self->exchange);
    }
}

static void on_soon(evutil_socket_t socket, short what, void *user)
{
    web_connection *self = user;
    (void)socket;
    (void)what;
    if (self->doomed) {
        web_connection_drop(self);
        return;
    }
    web_receive(self);
    on_written(self);
}

/* Whoever takes, or sends, too slowly keeps others out. */
static bool is_too_slow(web_connection *self)
{
    const web_limits *limits = &self->server->limits;
    uint64_t sent = self->written - tls_link_queued(self->link);
    uint64_t least = (uint64_t)limits->rate * limits->stall_ms / MS_PER_SECOND;
    bool slow = !self->was_empty && sent - self->sent_before < least;
    self->sent_before = sent;
    self->was_empty = tls_link_queued(self->link) == 0;
    return slow;
}

static void be_late_with_request(web_connection *self)
{
    size_t size = 0;
    (void)tls_link_peek(self->link, &size);
    if (self->requests == 0 || size > 0) {
        web_server_log(self->server, WEB_REFUSED, self->address, "it took too long");
    }
    if (!tls_link_is_ready(self->link)) {
        web_connection_drop(self);
    } else if (size > 0) {
        web_connection_refuse(self, HTTP_TIMEOUT, "it took too long");
    } else {
        finish(self);
    }
}

static void check_body_time(web_connection *self)
{
    uint64_t allowed = web_body_ms(&self->server->limits, self->exchange->body_passed);
    uint64_t passed = web_now_ms() - self->body_ms;
    if (passed < allowed) {
        start_timer(self, allowed - passed);
    } else {
        web_connection_refuse(self, HTTP_TIMEOUT, "the body of the request took too long");
    }
}

static void on_timer(evutil_socket_t socket, short what, void *user)
{
    web_connection *self = user;
    (void)socket;
    (void)what;
    if (self->doomed) {
        return;
    }
    switch (self->phase) {
    case WEB_HEAD:
        be_late_with_request(self);
        break;
    case WEB_BODY:
        check_body_time(self);
        break;
    case WEB_ANSWER:
        web_server_log(self->server, WEB_FAILED, self->address, "no answer was made in time");
        answer_instead(self, HTTP_UNAVAILABLE, "no answer was made in time");
        break;
    case WEB_DELAY:
        web_answer_delayed(self->exchange);
        break;
    case WEB_SEND:
        if (is_too_slow(self)) {
            web_server_log(self->server, WEB_REFUSED, self->address, "it takes too slowly");
            web_connection_drop(self);
        } else {
            start_timer(self, self->server->limits.stall_ms);
        }
        break;
    case WEB_CLOSING:
        break;
    }
}

static void on_closed(void *user, const svms_error *err)
{
    web_connection *self = user;
    if (err->status != SVMS_END && self->phase != WEB_CLOSING && self->requests == 0) {
        web_server_log(self->server, WEB_REFUSED, self->address, err->message);
    }
    web_connection_drop(self);
}

static const tls_link_events link_events = { .readable = on_readable,
                                             .written = on_written,
                                             .half_closed = on_half_closed,
                                             .closed = on_closed };

static void release(web_connection *self)
{
    if (self->timer) {
        event_free(self->timer);
    }
    if (self->soon) {
        event_free(self->soon);
    }
    tls_link_free(self->link);
    free(self);
}

web_connection *web_connection_new(web_server *server, web_peer *peer, evutil_socket_t socket,
                                   const struct sockaddr *address)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_tls *tls = NULL;
    web_connection *self = calloc(1, sizeof *self);
    if (!self) {
        evutil_closesocket(socket);
        return NULL;
    }
    self->server = server;
    self->peer = peer;
    self->began_ms = web_now_ms();
    peer_address_text(address, self->address);
    if (server->options.context &&
        svms_tls_open(&tls, server->options.context, NULL, &err) != SVMS_OK) {
        evutil_closesocket(socket);
        web_server_log(server, WEB_FAILED, self->address, err.message);
        free(self);
        return NULL;
    }
    self->timer = evtimer_new(server->options.base, on_timer, self);
    self->soon = evtimer_new(server->options.base, on_soon, self);
    self->link = tls_link_new(server->options.base, socket, tls, &link_events, self);
    if (!self->link || !self->timer || !self->soon) {
        if (!self->link) {
            svms_tls_free(&tls);
        }
        web_server_log(server, WEB_FAILED, self->address, "out of memory");
        release(self);
        return NULL;
    }
    web_connection_set_phase(self, WEB_HEAD, server->limits.head_ms);
    return self;
}

void web_connection_drop(web_connection *self)
{
    end_exchange(self, false);
    web_server_forget(self->server, self);
    release(self);
}

bool web_connection_is_idle(const web_connection *self)
{
    return self->phase == WEB_HEAD;
}

void web_connection_stop(web_connection *self)
{
    size_t size = 0;
    (void)tls_link_peek(self->link, &size);
    if (self->phase == WEB_HEAD && size == 0) {
        finish(self);
    } else if (self->phase == WEB_SEND && !self->exchange->is_complete) {
        web_exchange *exchange = self->exchange;
        if (exchange->events && exchange->events->stopping) {
            exchange->events->stopping(exchange->events_user, exchange);
        } else if (exchange->file < 0) {
            web_stream_end(exchange);
        }
    }
}
