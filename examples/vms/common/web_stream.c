/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that are made while they are sent. */
#include <stdio.h>

#include "web_internal.h"

static bool is_open(const web_exchange *self)
{
    return self->is_stream && !self->is_complete && !self->connection->doomed;
}

static bool put(web_exchange *self, const void *data, size_t size)
{
    char frame[24];
    int frame_size = snprintf(frame, sizeof frame, "%zx\r\n", size);
    web_connection *connection = self->connection;
    if (!self->is_chunked) {
        return web_connection_write(connection, data, size);
    }
    return web_connection_write(connection, frame, (size_t)frame_size) &&
           web_connection_write(connection, data, size) &&
           web_connection_write(connection, "\r\n", 2);
}

bool web_stream_write(web_exchange *exchange, const void *data, size_t size)
{
    size_t most = exchange->connection->server->limits.queue_bytes;
    size_t queued = web_stream_queued(exchange);
    if (!is_open(exchange)) {
        return false;
    }
    if (size > most || (queued > 0 && queued + size > most)) {
        exchange->is_full = true;
        return false;
    }
    /* An empty chunk would be the last one. */
    if (size == 0) {
        return true;
    }
    if (exchange->left != WEB_LENGTH_UNKNOWN) {
        if (size > exchange->left) {
            web_stream_abort(exchange);
            return false;
        }
        exchange->left -= size;
    }
    return put(exchange, data, size);
}

size_t web_stream_queued(const web_exchange *exchange)
{
    return tls_link_queued(exchange->connection->link);
}

static void complete(web_exchange *self, bool is_cut)
{
    self->is_complete = true;
    self->is_cut = is_cut;
    /* Where all was sent long ago, nobody else would come by. */
    web_connection_wake(self->connection);
}

void web_stream_end(web_exchange *exchange)
{
    if (!is_open(exchange)) {
        return;
    }
    bool is_cut = exchange->left != WEB_LENGTH_UNKNOWN && exchange->left > 0;
    if (exchange->is_chunked) {
        (void)web_connection_write(exchange->connection, "0\r\n\r\n", 5);
    }
    complete(exchange, is_cut);
}

void web_stream_abort(web_exchange *exchange)
{
    if (is_open(exchange)) {
        complete(exchange, true);
    }
}

void web_stream_go_on(web_exchange *self)
{
    size_t most = self->connection->server->limits.queue_bytes;
    if (!self->is_full || web_stream_queued(self) > most / 2) {
        return;
    }
    self->is_full = false;
    if (self->file >= 0) {
        web_file_go_on(self);
    } else if (self->events && self->events->writable) {
        self->events->writable(self->events_user, self);
    }
}
