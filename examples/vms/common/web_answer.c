/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that are there as a whole. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "web_internal.h"

static void start_sending(web_connection *self)
{
    self->sent_before = self->written - tls_link_queued(self->link);
    self->was_empty = false;
    web_connection_set_phase(self, WEB_SEND, self->server->limits.stall_ms);
}

/* Whether another request may follow, now that the answer is made. One that comes before the body
 * leaves that in the way. */
static bool may_keep(const web_exchange *self)
{
    const web_connection *connection = self->connection;
    const web_server *server = connection->server;
    bool has_body = self->head.is_chunked || self->head.length > 0;
    return connection->keep && !(connection->phase == WEB_BODY && has_body) && !server->stopping &&
           connection->requests < server->limits.requests;
}

/* The head of the answer, which is decided now; NULL: there is one already, or no memory. */
static char *begin(web_exchange *self, web_answer_parts *parts, size_t *size)
{
    web_connection *connection = self->connection;
    if (self->is_answered || connection->doomed) {
        return NULL;
    }
    self->is_answered = true;
    bool by_end = !parts->has_length && !parts->is_chunked && parts->status != HTTP_NO_CONTENT &&
                  parts->status != HTTP_NOT_MODIFIED;
    connection->keep = may_keep(self) && !by_end;
    parts->keep = connection->keep;
    parts->is_secure = self->request.is_secure;
    char *head = web_answer_head(parts, size);
    if (!head) {
        web_server_log(connection->server, WEB_FAILED, connection->address, "out of memory");
        web_connection_doom(connection);
    }
    return head;
}

static void send_now(web_exchange *self, const char *head, size_t head_size, const void *body,
                     size_t size)
{
    start_sending(self->connection);
    if (web_connection_write(self->connection, head, head_size) && size > 0) {
        (void)web_connection_write(self->connection, body, size);
    }
    self->is_complete = true;
}

static void send_later(web_exchange *self, const char *head, size_t head_size, const void *body,
                       size_t size)
{
    self->delayed = malloc(head_size + size);
    if (!self->delayed) {
        web_connection_doom(self->connection);
        return;
    }
    memcpy(self->delayed, head, head_size);
    if (size > 0) {
        memcpy(self->delayed + head_size, body, size);
    }
    self->delayed_size = head_size + size;
    web_connection_set_phase(self->connection, WEB_DELAY, self->delay_ms);
}

void web_answer_delayed(web_exchange *self)
{
    send_now(self, self->delayed, self->delayed_size, NULL, 0);
}

void web_answer(web_exchange *exchange, http_status status, const char *type, const void *body,
                size_t size, const web_pair *fields)
{
    bool is_empty = status == HTTP_NO_CONTENT || status == HTTP_NOT_MODIFIED;
    web_answer_parts parts = {
        .status = status,
        .type = type,
        .has_length = !is_empty,
        .length = size,
        .fields = fields,
    };
    size_t head_size = 0;
    if (!web_fields_are_good(type, fields)) {
        web_server_log(exchange->connection->server, WEB_FAILED, exchange->connection->address,
                       "an answer has fields that cannot be sent");
        web_answer_words(exchange, HTTP_INTERNAL, "it cannot be answered");
        return;
    }
    char *head = begin(exchange, &parts, &head_size);
    if (!head) {
        return;
    }
    size_t sent = is_empty || exchange->is_bodiless ? 0 : size;
    if (exchange->delay_ms > 0) {
        send_later(exchange, head, head_size, body, sent);
    } else {
        send_now(exchange, head, head_size, body, sent);
    }
    OPENSSL_cleanse(head, head_size);
    free(head);
}

void web_answer_words(web_exchange *exchange, http_status status, const char *words)
{
    size_t size = strlen(words);
    char *line = malloc(size + 2);
    if (!line) {
        web_connection_doom(exchange->connection);
        return;
    }
    (void)snprintf(line, size + 2, "%s\n", words);
    web_answer(exchange, status, "text/plain; charset=utf-8", line, size + 1, NULL);
    free(line);
}

void web_stream_begin(web_exchange *exchange, http_status status, const char *type, uint64_t length,
                      const web_pair *fields)
{
    bool is_known = length != WEB_LENGTH_UNKNOWN;
    web_answer_parts parts = {
        .status = status,
        .type = type,
        .has_length = is_known,
        .length = is_known ? length : 0,
        .is_chunked = !is_known && exchange->head.minor == 1,
        .fields = fields,
    };
    size_t head_size = 0;
    if (!web_fields_are_good(type, fields)) {
        web_answer(exchange, status, type, NULL, 0, fields);
        return;
    }
    char *head = begin(exchange, &parts, &head_size);
    if (!head) {
        return;
    }
    exchange->is_stream = true;
    exchange->is_chunked = parts.is_chunked && !exchange->is_bodiless;
    exchange->left = length;
    start_sending(exchange->connection);
    (void)web_connection_write(exchange->connection, head, head_size);
    OPENSSL_cleanse(head, head_size);
    free(head);
    /* Whoever asked for the head alone has everything now. */
    if (exchange->is_bodiless) {
        exchange->is_complete = true;
    }
}
