/* SPDX-License-Identifier: Apache-2.0 */
/* The enrolment server's network: who may connect, how much and how long, one HTTP message after
 * another over TLS. What is answered, est_service knows. Specification: identity.md, I-ENR-16 to
 * I-ENR-19. */
#ifndef SVMS_CLI_EST_SERVER_H
#define SVMS_CLI_EST_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <svms/tls.h>

#include "est_service.h"
#include "exit_status.h"

#define EST_CONNECTIONS_MAX 256
/* From one address, or from one network of 64 bits of IPv6. */
#define EST_CONNECTIONS_PER_PEER 128

typedef struct est_server est_server;

typedef struct est_server_options {
    struct event_base *base;   /* borrowed, as all of these */
    svms_tls_context *context; /* of servers; may be reloaded at any time */
    est_service *service;
    const struct sockaddr *listen; /* port 0: any that is free */
    socklen_t listen_size;
    uint32_t patience_secs; /* for a handshake, and for each request with its answer */
    /* Called when the last connection has gone after est_server_stop(). */
    void (*stopped)(void *user);
    void *user;
} est_server_options;

/* Listens. Complains itself. */
exit_status est_server_open(est_server **out, const est_server_options *options);
/* Ends what is left at once. NULL and pointer to NULL are accepted. */
void est_server_close(est_server **server);

/* No new connections; those that there are come to the end of what they were at. */
void est_server_stop(est_server *server);

/* Where it listens, with the port that it got. */
const char *est_server_address(const est_server *server);

#endif
