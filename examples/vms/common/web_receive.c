/* SPDX-License-Identifier: Apache-2.0 */
/* Takes requests out of what has arrived: head, body, and the call of who answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "web_internal.h"

#define BODY_LEAST 4096

uint64_t web_body_ms(const web_limits *limits, uint64_t got)
{
    return limits->body_ms + got * MS_PER_SECOND / limits->rate;
}

static const char *words_for(http_status status)
{
    switch (status) {
    case HTTP_HEAD_TOO_LARGE:
        return "the head of the request is too large";
    case HTTP_NOT_IMPLEMENTED:
        return "bodies come with their length, or in chunks that are not coded otherwise";
    case HTTP_WRONG_VERSION:
        return "only HTTP/1.1 is spoken here";
    default:
        return "the request is not understood";
    }
}

/* The texts of a head end with a NUL each: behind all of them is something that is not needed any
 * more. */
static void end_texts(web_exchange *self)
{
    http_head *head = &self->head;
    const char *base = self->head_text;
    self->head_text[(size_t)(head->method.bytes - base) + head->method.size] = '\0';
    self->head_text[(size_t)(head->target.bytes - base) + head->target.size] = '\0';
    for (size_t i = 0; i < head->field_count; i++) {
        const http_field *field = &head->fields[i];
        self->head_text[(size_t)(field->name.bytes - base) + field->name.size] = '\0';
        self->head_text[(size_t)(field->value.bytes - base) + field->value.size] = '\0';
    }
}

/* Where the head ends, or 0. What was looked at before is not looked at again. */
static size_t find_end(web_connection *self, const char *bytes, size_t size)
{
    size_t from = self->looked_at > 3 ? self->looked_at - 3 : 0;
    size_t found = http_head_size(bytes + from, size - from);
    self->looked_at = size;
    return found > 0 ? from + found : 0;
}

static bool method_fits(const web_route *route, const char *method)
{
    return !route->method || strcmp(route->method, method) == 0 ||
           (strcmp(route->method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

/* "GET, HEAD, POST": methods that there are for a path. */
static void add_allowed(char *text, size_t room, const char *method)
{
    size_t size = strlen(text);
    if (!strstr(text, method)) {
        (void)snprintf(text + size, room - size, "%s%s%s", size > 0 ? ", " : "", method,
                       strcmp(method, "GET") == 0 ? ", HEAD" : "");
    }
}

/* false: there is none, and that was answered. */
static bool find_route(web_exchange *self)
{
    const web_server *server = self->connection->server;
    char allowed[128] = "";
    for (size_t i = 0; i < server->options.route_count; i++) {
        const web_route *route = &server->routes[i];
        self->match.count = 0;
        if (route->path && !web_match_path(&self->match, route->path, self->target.path)) {
            continue;
        }
        if (method_fits(route, self->request.method)) {
            self->route = route;
            return true;
        }
        add_allowed(allowed, sizeof allowed, route->method);
    }
    self->match.count = 0;
    if (allowed[0] == '\0') {
        web_answer_words(self, HTTP_NOT_FOUND, "there is nothing of this name");
    } else {
        const web_pair fields[] = { { "Allow", allowed }, { NULL, NULL } };
        static const char words[] = "this cannot be done with it\n";
        web_answer(self, HTTP_METHOD_NOT_ALLOWED, "text/plain; charset=utf-8", words,
                   sizeof words - 1, fields);
    }
    return false;
}

static void fill_request(web_exchange *self)
{
    web_connection *connection = self->connection;
    const svms_tls *tls = tls_link_tls(connection->link);
    self->request = (web_request){
        .method = self->head.method.bytes,
        .path = self->target.path,
        .target = self->head.target.bytes,
        .parts = self->match.parts,
        .query = self->target.query,
        .query_count = self->target.query_count,
        .head = &self->head,
        .peer = tls ? svms_tls_peer_chain(tls) : NULL,
        .address = connection->address,
        .peer_key = connection->peer->key,
        .is_secure = tls != NULL,
    };
    self->is_bodiless = strcmp(self->request.method, "HEAD") == 0;
}

static bool has_body(const http_head *head)
{
    return head->is_chunked || head->length > 0;
}

/* HTTP_OK, or why this body is not taken. */
static http_status check_body(const web_exchange *self, const char **words)
{
    const char *method = self->request.method;
    bool writes =
        strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0;
    if (writes && !self->head.has_length && !self->head.is_chunked) {
        *words = "a body comes with its length";
        return HTTP_LENGTH_REQUIRED;
    }
    if (self->head.is_chunked && self->connection->server->options.refuse_chunks) {
        *words = "bodies come with their length, not in chunks";
        return HTTP_NOT_IMPLEMENTED;
    }
    if (self->head.length > self->route->body_max) {
        *words = "the body of the request is too large";
        return HTTP_TOO_LARGE;
    }
    return HTTP_OK;
}

/* The head is understood and somebody is there to answer; false: it is answered already. */
static bool begin_body(web_connection *self)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    web_exchange *exchange = self->exchange;
    const char *words = NULL;
    http_status status = check_body(exchange, &words);
    if (status != HTTP_OK) {
        web_connection_refuse(self, status, words);
        return false;
    }
    exchange->request.part_count = exchange->match.count;
    exchange->request.now_ms = web_now_ms();
    self->body_ms = exchange->request.now_ms;
    web_connection_set_phase(self, WEB_BODY, self->server->limits.body_ms);
    const web_upload *upload = exchange->route->upload;
    if (upload && upload->begin) {
        upload->begin(exchange->route->user, exchange, &exchange->request);
    }
    if (exchange->is_answered) {
        return false;
    }
    if (exchange->head.expects && has_body(&exchange->head)) {
        (void)web_connection_write(self, go_on, sizeof go_on - 1);
    }
    return true;
}

/* The head of a request, if it has arrived; false: nothing more can be done now. */
static bool take_head(web_connection *self)
{
    const web_limits *limits = &self->server->limits;
    size_t size = 0;
    const char *bytes = tls_link_peek(self->link, &size);
    if (size == 0) {
        return false;
    }
    if (!self->head_begun) {
        self->head_begun = true;
        if (self->requests > 0) {
            web_connection_set_phase(self, WEB_HEAD, limits->head_ms);
        }
    }
    size_t seen = size < limits->head_bytes ? size : limits->head_bytes;
    size_t head_size = find_end(self, bytes, seen);
    if (head_size == 0) {
        if (size >= limits->head_bytes) {
            web_connection_refuse(self, HTTP_HEAD_TOO_LARGE, words_for(HTTP_HEAD_TOO_LARGE));
        }
        return false;
    }
    web_exchange *exchange = web_exchange_new(self);
    self->exchange = exchange;
    self->requests++;
    self->keep = false;
    if (!exchange || !(exchange->head_text = malloc(head_size))) {
        web_connection_doom(self);
        return false;
    }
    exchange->head_size = head_size;
    memcpy(exchange->head_text, bytes, head_size);
    tls_link_take(self->link, head_size);
    http_status status = http_parse_request(&exchange->head, exchange->head_text, head_size);
    if (status == HTTP_OK) {
        end_texts(exchange);
        status = web_target_parse(&exchange->target, exchange->head.target);
    }
    if (status != HTTP_OK) {
        web_connection_refuse(self, status, words_for(status));
        return false;
    }
    fill_request(exchange);
    /* An answer that comes before the body leaves it in the way of the next request. */
    self->keep = exchange->head.keep && !has_body(&exchange->head);
    if (!find_route(exchange) || !begin_body(self)) {
        return false;
    }
    self->keep = exchange->head.keep;
    return true;
}

static bool grow(web_exchange *self, size_t needed)
{
    size_t room = self->body_room > 0 ? self->body_room : BODY_LEAST;
    while (room < needed + 1) {
        room *= 2;
    }
    if (room == self->body_room) {
        return true;
    }
    char *larger = malloc(room);
    if (!larger) {
        return false;
    }
    if (self->body) {
        memcpy(larger, self->body, (size_t)self->body_got);
        OPENSSL_cleanse(self->body, self->body_room);
        free(self->body);
    }
    self->body = larger;
    self->body_room = room;
    return true;
}

/* false: it is refused, or answered. */
static bool take_piece(web_exchange *self, http_slice piece)
{
    web_connection *connection = self->connection;
    const web_upload *upload = self->route->upload;
    if (piece.size > self->route->body_max - self->body_got) {
        web_connection_refuse(connection, HTTP_TOO_LARGE, "the body of the request is too large");
        return false;
    }
    if (piece.size == 0) {
        return true;
    }
    if (upload) {
        self->body_got += piece.size;
        upload->take(self->route->user, self, piece.bytes, piece.size);
        connection->keep = connection->keep && !self->is_answered;
        return !self->is_answered;
    }
    if (!grow(self, (size_t)self->body_got + piece.size)) {
        web_connection_refuse(connection, HTTP_UNAVAILABLE, "there is no memory left");
        return false;
    }
    memcpy(self->body + self->body_got, piece.bytes, piece.size);
    self->body_got += piece.size;
    self->body[self->body_got] = '\0';
    return true;
}

static bool body_is_whole(const web_exchange *self)
{
    return self->head.is_chunked ? self->chunks.place == HTTP_CHUNKS_DONE
                                 : self->body_got == self->head.length;
}

/* Some of the body; false: nothing more has arrived, or it is not wanted. */
static bool take_some(web_connection *self)
{
    web_exchange *exchange = self->exchange;
    size_t size = 0;
    const char *bytes = tls_link_peek(self->link, &size);
    http_slice piece = { bytes, 0 };
    size_t used = 0;
    if (exchange->head.is_chunked) {
        used = http_chunks_take(&exchange->chunks, bytes, size, &piece);
        if (exchange->chunks.place == HTTP_CHUNKS_BAD) {
            web_connection_refuse(self, HTTP_BAD_REQUEST, "the body comes in chunks that are none");
            return false;
        }
        /* What a chunk will be is known before it comes. */
        if (exchange->chunks.left > exchange->route->body_max - exchange->body_got) {
            web_connection_refuse(self, HTTP_TOO_LARGE, "the body of the request is too large");
            return false;
        }
    } else {
        uint64_t left = exchange->head.length - exchange->body_got;
        piece.size = size < left ? size : (size_t)left;
        used = piece.size;
    }
    exchange->body_passed += used;
    /* A piece lies where it arrived, so it is taken away only afterwards. */
    bool goes_on = used > 0 && take_piece(exchange, piece);
    tls_link_take(self->link, used);
    return goes_on;
}

static void call_handler(web_connection *self)
{
    web_exchange *exchange = self->exchange;
    exchange->request.body = exchange->body;
    exchange->request.body_size = exchange->body ? (size_t)exchange->body_got : 0;
    exchange->request.now_ms = web_now_ms();
    web_connection_set_phase(self, WEB_ANSWER, self->server->limits.answer_ms);
    exchange->route->handle(exchange->route->user, exchange, &exchange->request);
    if (!exchange->is_answered && !exchange->events) {
        web_server_log(self->server, WEB_FAILED, self->address,
                       "a handler neither answered nor waits");
        web_answer_words(exchange, HTTP_INTERNAL, "it cannot be answered");
    }
}

static void take_body(web_connection *self)
{
    while (self->phase == WEB_BODY && !self->exchange->body_held &&
           !body_is_whole(self->exchange)) {
        if (!take_some(self)) {
            return;
        }
    }
    if (self->phase == WEB_BODY && !self->exchange->body_held && body_is_whole(self->exchange)) {
        call_handler(self);
    }
}

void web_receive(web_connection *self)
{
    if (self->doomed || (self->phase == WEB_HEAD && (self->exchange || !take_head(self)))) {
        return;
    }
    if (self->phase == WEB_BODY) {
        take_body(self);
    }
}
