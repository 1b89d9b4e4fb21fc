/* SPDX-License-Identifier: Apache-2.0 */
/* A server's network: who may connect, how much and how long, one HTTP message after another, over
 * TLS or plain. What is answered, its service knows. Specification: identity.md, I-ENR-16 to
 * I-ENR-19. */
#ifndef VMS_HTTP_SERVER_H
#define VMS_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <svms/tls.h>

#include "http_service.h"

#define HTTP_CONNECTIONS_MAX 256
/* From one address, or from one network of 64 bits of IPv6. */
#define HTTP_CONNECTIONS_PER_PEER 128

typedef struct http_server http_server;

typedef struct http_server_options {
    struct event_base *base;   /* borrowed, as all of these */
    svms_tls_context *context; /* of servers; may be reloaded at any time; NULL: plain HTTP */
    const http_service *service;
    const struct sockaddr *listen; /* port 0: any that is free */
    socklen_t listen_size;
    uint32_t patience_secs; /* for a handshake, and for each request with its answer */
    /* Called when the last connection has gone after http_server_stop(). */
    void (*stopped)(void *user);
    void *user;
} http_server_options;

/* Listens. SVMS_E_IO: it cannot. */
svms_status http_server_open(http_server **out, const http_server_options *options,
                             svms_error *err);
/* Ends what is left at once. NULL and pointer to NULL are accepted. */
void http_server_close(http_server **server);

/* No new connections; those that there are come to the end of what they were at. */
void http_server_stop(http_server *server);

/* Where it listens, with the port that it got. */
const char *http_server_address(const http_server *server);

#endif
