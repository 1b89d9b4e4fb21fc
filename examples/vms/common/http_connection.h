/* SPDX-License-Identifier: Apache-2.0 */
/* One client of a server: its requests, one after another, each within its time. */
#ifndef VMS_HTTP_CONNECTION_H
#define VMS_HTTP_CONNECTION_H

#include <stdint.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <svms/tls.h>

#include "peer_tries.h"
#include "http_service.h"

typedef struct http_connection http_connection;

typedef struct http_connection_options {
    struct event_base *base;   /* borrowed, as all of these */
    svms_tls_context *context; /* NULL: plain HTTP */
    const http_service *service;
    uint32_t patience_secs;
    /* It has ended by itself; it is released afterwards. */
    void (*gone)(void *user, http_connection *connection);
    void *user;
} http_connection_options;

/* Takes over the socket, whatever comes of it. NULL: it could not begin, and that was logged. */
http_connection *http_connection_new(const http_connection_options *options, evutil_socket_t socket,
                                     const struct sockaddr *address);
/* At once, and without gone(). */
void http_connection_free(http_connection *connection);

/* Ends when the request that it is at has been answered; gone() may be called at once. */
void http_connection_stop(http_connection *connection);

const uint8_t *http_connection_key(const http_connection *connection);

#endif
