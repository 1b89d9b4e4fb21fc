/* SPDX-License-Identifier: Apache-2.0 */
/* What an exchange is asked for, and its end. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "web_internal.h"

web_exchange *web_exchange_new(web_connection *connection)
{
    web_exchange *self = calloc(1, sizeof *self);
    if (self) {
        self->connection = connection;
        self->id = ++connection->server->exchanges;
        self->file = -1;
    }
    return self;
}

void web_exchange_free(web_exchange *self, bool was_sent)
{
    if (self->events) {
        self->events->ended(self->events_user, self, was_sent);
    }
    if (self->file >= 0) {
        close(self->file);
    }
    /* Heads and bodies hold passwords and tokens. */
    if (self->body) {
        OPENSSL_cleanse(self->body, self->body_room);
    }
    if (self->head_text) {
        OPENSSL_cleanse(self->head_text, self->head_size);
    }
    if (self->delayed) {
        OPENSSL_cleanse(self->delayed, self->delayed_size);
    }
    free(self->body);
    free(self->head_text);
    free(self->delayed);
    OPENSSL_cleanse(self, sizeof *self);
    free(self);
}

uint64_t web_exchange_id(const web_exchange *exchange)
{
    return exchange->id;
}

web_exchange *web_find(web_server *server, uint64_t id)
{
    for (size_t i = 0; i < server->count; i++) {
        web_exchange *exchange = server->connections[i]->exchange;
        if (exchange && exchange->id == id) {
            return exchange;
        }
    }
    return NULL;
}

web_server *web_exchange_server(const web_exchange *exchange)
{
    return exchange->connection->server;
}

const web_request *web_exchange_request(const web_exchange *exchange)
{
    return &exchange->request;
}

void web_listen(web_exchange *exchange, const web_events *events, void *user)
{
    exchange->events = events;
    exchange->events_user = user;
}

void web_take_time(web_exchange *exchange, uint32_t time_ms)
{
    if (exchange->connection->phase == WEB_ANSWER && !exchange->is_answered) {
        web_connection_set_phase(exchange->connection, WEB_ANSWER, time_ms);
    }
}

void web_delay(web_exchange *exchange, uint32_t delay_ms)
{
    exchange->delay_ms = delay_ms;
}

void web_upload_hold(web_exchange *exchange)
{
    exchange->body_held = true;
}

void web_upload_go_on(web_exchange *exchange)
{
    exchange->body_held = false;
    web_connection_wake(exchange->connection);
}

static const char *find_pair(const web_pair *pairs, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(pairs[i].name, name) == 0) {
            return pairs[i].value;
        }
    }
    return NULL;
}

const char *web_part(const web_request *request, const char *name)
{
    return find_pair(request->parts, request->part_count, name);
}

const char *web_query(const web_request *request, const char *name)
{
    return find_pair(request->query, request->query_count, name);
}

const char *web_field(const web_request *request, const char *name)
{
    const http_slice *value = http_find(request->head, name);
    return value ? value->bytes : NULL;
}
