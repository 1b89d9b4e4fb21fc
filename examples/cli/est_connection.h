/* SPDX-License-Identifier: Apache-2.0 */
/* One client of an enrolment server: its requests, one after another, each within its time. */
#ifndef SVMS_CLI_EST_CONNECTION_H
#define SVMS_CLI_EST_CONNECTION_H

#include <stdint.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <svms/tls.h>

#include "est_service.h"
#include "est_tries.h"

typedef struct est_connection est_connection;

typedef struct est_connection_options {
    struct event_base *base; /* borrowed, as all of these */
    svms_tls_context *context;
    est_service *service;
    uint32_t patience_secs;
    /* It has ended by itself; it is released afterwards. */
    void (*gone)(void *user, est_connection *connection);
    void *user;
} est_connection_options;

/* Takes over the socket, whatever comes of it. NULL: it could not begin, and that was logged. */
est_connection *est_connection_new(const est_connection_options *options, evutil_socket_t socket,
                                   const struct sockaddr *address);
/* At once, and without gone(). */
void est_connection_free(est_connection *connection);

/* Ends when the request that it is at has been answered; gone() may be called at once. */
void est_connection_stop(est_connection *connection);

const uint8_t *est_connection_key(const est_connection *connection);

#endif
