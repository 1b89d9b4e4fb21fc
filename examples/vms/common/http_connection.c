/* SPDX-License-Identifier: Apache-2.0 */
#include "http_connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "peer_address.h"
#include "http_message.h"
#include "tls_link.h"

#define REQUESTS_MAX 100
#define HEAD_TEXT_SIZE 512
#define MS_PER_SECOND 1000
#define NS_PER_MS 1000000

struct http_connection {
    http_connection_options options;
    tls_link *link;
    struct event *deadline;
    struct event *delay; /* an answer waits for it */
    http_answer answer;  /* the one that waits */
    bool answering;
    bool keep; /* after the answer that waits */
    bool continued;
    bool closing;
    bool stopping;
    uint32_t requests;
    char address[PEER_ADDRESS_TEXT];
    uint8_t key[PEER_TRIES_KEY_SIZE];
};

const uint8_t *http_connection_key(const http_connection *connection)
{
    return connection->key;
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * MS_PER_SECOND + (uint64_t)now.tv_nsec / NS_PER_MS;
}

static void log_words(const http_connection *self, const char *what, const char *words)
{
    const http_service *service = self->options.service;
    service->log(service->user, what, self->address, words);
}

/* The time that there is counts from now on. */
static void start_deadline(http_connection *self)
{
    const struct timeval limit = { (time_t)self->options.patience_secs, 0 };
    event_add(self->deadline, &limit);
}

static void finish(http_connection *self)
{
    self->closing = true;
    event_del(self->deadline);
    tls_link_finish(self->link);
}

/* Sends the answer that there is, and ends the connection or waits for the next request. */
static void send_answer(http_connection *self)
{
    char head[HEAD_TEXT_SIZE];
    http_answer *answer = &self->answer;
    bool keep = self->keep && !self->stopping && self->requests < REQUESTS_MAX;
    int size =
        snprintf(head, sizeof head,
                 "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s%s%s%s%s%s%s"
                 "Cache-Control: no-store\r\nConnection: %s\r\n\r\n",
                 (int)answer->status, http_reason(answer->status), answer->type, answer->body_size,
                 answer->base64 ? "Content-Transfer-Encoding: base64\r\n" : "",
                 answer->challenge ? "WWW-Authenticate: Basic realm=\"" : "",
                 answer->challenge ? answer->challenge : "",
                 answer->challenge ? "\", charset=\"UTF-8\"\r\n" : "",
                 answer->allow ? "Allow: " : "", answer->allow ? answer->allow : "",
                 answer->allow ? "\r\n" : "", keep ? "keep-alive" : "close");
    bool sent = answer->body && size > 0 && (size_t)size < sizeof head &&
                tls_link_write(self->link, head, (size_t)size) &&
                tls_link_write(self->link, answer->body, answer->body_size);
    free(answer->body);
    memset(answer, 0, sizeof *answer);
    self->answering = false;
    if (sent && keep) {
        start_deadline(self);
    } else {
        finish(self);
    }
}

/* What cannot be understood to its end is answered, and nothing after it is looked at. */
static void refuse(http_connection *self, http_status status, const char *words)
{
    log_words(self, "refused", words);
    http_answer_words(&self->answer, status, words);
    self->keep = false;
    send_answer(self);
}

static const char *words_for(http_status status)
{
    return status == HTTP_HEAD_TOO_LARGE    ? "the head of the request is too large"
           : status == HTTP_NOT_IMPLEMENTED ? "bodies come with their length, not in chunks"
           : status == HTTP_WRONG_VERSION   ? "only HTTP/1.1 is spoken here"
                                            : "the request is not understood";
}

static void answer(http_connection *self, const http_head *head, const char *body)
{
    const svms_tls *tls = tls_link_tls(self->link);
    const http_question question = {
        .head = head,
        .body = body,
        .body_size = head->length,
        .peer = tls ? svms_tls_peer_chain(tls) : NULL,
        .address = self->address,
        .address_key = self->key,
        .now_ms = now_ms(),
    };
    self->requests++;
    self->keep = head->keep;
    self->continued = false;
    self->options.service->answer(self->options.service->user, &question, &self->answer);
    self->answering = true;
    if (self->answer.delay_ms > 0) {
        const struct timeval delay = { (time_t)(self->answer.delay_ms / MS_PER_SECOND),
                                       (suseconds_t)(self->answer.delay_ms % MS_PER_SECOND) *
                                           MS_PER_SECOND };
        event_del(self->deadline);
        event_add(self->delay, &delay);
    }
}

/* false: the request was refused. */
static bool check_body(http_connection *self, const http_head *head, size_t arrived)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (http_slice_is(head->method, "POST") && !head->has_length) {
        refuse(self, HTTP_LENGTH_REQUIRED, "a body comes with its length");
        return false;
    }
    if (head->length > self->options.service->body_max) {
        refuse(self, HTTP_TOO_LARGE, "the body of the request is too large");
        return false;
    }
    if (head->expects && !self->continued && arrived < head->length) {
        self->continued = true;
        (void)tls_link_write(self->link, go_on, sizeof go_on - 1);
    }
    return true;
}

/* One request, if it has arrived as a whole; false: there is nothing more to do now. */
static bool take_request(http_connection *self)
{
    size_t size = 0;
    http_head head;
    const char *bytes = tls_link_peek(self->link, &size);
    size_t head_size = http_head_size(bytes, size < HTTP_HEAD_MAX ? size : HTTP_HEAD_MAX);
    if (head_size == 0) {
        if (size >= HTTP_HEAD_MAX) {
            refuse(self, HTTP_HEAD_TOO_LARGE, words_for(HTTP_HEAD_TOO_LARGE));
        }
        return false;
    }
    http_status status = http_parse_request(&head, bytes, head_size);
    if (status != HTTP_OK) {
        refuse(self, status, words_for(status));
        return false;
    }
    if (!check_body(self, &head, size - head_size) || size - head_size < head.length) {
        return false;
    }
    answer(self, &head, bytes + head_size);
    tls_link_take(self->link, head_size + head.length);
    if (self->answer.delay_ms == 0) {
        send_answer(self);
    }
    return !self->answering && !self->closing;
}

static void on_readable(void *user)
{
    http_connection *self = user;
    while (!self->answering && !self->closing && take_request(self)) {
    }
}

static void on_delayed(evutil_socket_t socket, short what, void *user)
{
    http_connection *self = user;
    (void)socket;
    (void)what;
    send_answer(self);
    /* What came meanwhile. */
    if (!self->closing) {
        on_readable(self);
    }
}

static void on_late(evutil_socket_t socket, short what, void *user)
{
    http_connection *self = user;
    size_t size = 0;
    (void)socket;
    (void)what;
    (void)tls_link_peek(self->link, &size);
    if (self->requests == 0 || size > 0) {
        log_words(self, "refused", "it took too long");
    }
    if (size > 0) {
        http_answer_words(&self->answer, HTTP_TIMEOUT, "it took too long");
        self->keep = false;
        send_answer(self);
    } else {
        finish(self);
    }
}

static void on_closed(void *user, const svms_error *err)
{
    http_connection *self = user;
    if (err->status != SVMS_END && !self->closing && self->requests == 0) {
        log_words(self, "refused", err->message);
    }
    self->options.gone(self->options.user, self);
    http_connection_free(self);
}

static const tls_link_events events = { .readable = on_readable, .closed = on_closed };

http_connection *http_connection_new(const http_connection_options *options, evutil_socket_t socket,
                                     const struct sockaddr *address)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_tls *tls = NULL;
    http_connection *self = calloc(1, sizeof *self);
    if (!self) {
        evutil_closesocket(socket);
        return NULL;
    }
    self->options = *options;
    peer_address_text(address, self->address);
    peer_address_key(address, self->key);
    if (options->context && svms_tls_open(&tls, options->context, NULL, &err) != SVMS_OK) {
        evutil_closesocket(socket);
        log_words(self, "failed", err.message);
        free(self);
        return NULL;
    }
    self->deadline = evtimer_new(options->base, on_late, self);
    self->delay = evtimer_new(options->base, on_delayed, self);
    self->link = tls_link_new(options->base, socket, tls, &events, self);
    if (!self->link || !self->deadline || !self->delay) {
        if (!self->link) {
            svms_tls_free(&tls);
        }
        log_words(self, "failed", "out of memory");
        http_connection_free(self);
        return NULL;
    }
    start_deadline(self);
    return self;
}

void http_connection_free(http_connection *connection)
{
    if (connection->deadline) {
        event_free(connection->deadline);
    }
    if (connection->delay) {
        event_free(connection->delay);
    }
    tls_link_free(connection->link);
    free(connection->answer.body);
    free(connection);
}

void http_connection_stop(http_connection *connection)
{
    size_t size = 0;
    connection->stopping = true;
    (void)tls_link_peek(connection->link, &size);
    if (!connection->answering && !connection->closing && size == 0) {
        finish(connection);
    }
}
