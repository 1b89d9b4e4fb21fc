/* SPDX-License-Identifier: Apache-2.0 */
/* A TLS connection whose bytes an event loop carries: libevent moves them between a socket and
 * buffers of bounded size, svms_tls does the rest. One connection is one tls_link, on either side;
 * see docs/adr/0027 for why it is no filter of libevent. */
#ifndef VMS_TLS_LINK_H
#define VMS_TLS_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include <sys/socket.h>

#include <event2/event.h>
#include <svms/svms.h>
#include <svms/tls.h>

typedef struct tls_link tls_link;

/* What the owner hears of, never from within one of its own calls; in each of them it may release
 * the link. */
typedef struct tls_link_events {
    /* The handshake is done; the peer is who it must be. */
    void (*ready)(void *user);
    /* There is something for tls_link_peek(). */
    void (*readable)(void *user);
    /* Some of what waited was sent, and little is left of it, or nothing. NULL: nobody asks. */
    void (*written)(void *user);
    /* The peer said that it sends no more; it may still hear something. NULL: then what waits is
     * sent and the connection ended. */
    void (*half_closed)(void *user);
    /* The last call: it is over. err->status is SVMS_END where the peer said goodbye, or where
     * tls_link_finish() came to its end. */
    void (*closed)(void *user, const svms_error *err);
} tls_link_events;

/* Takes over the connection and the socket; tls NULL: plain bytes, as they come.
 * socket -1 leaves making one to tls_link_connect().
 * NULL: out of memory; the socket is closed then, but tls is still the caller's. events and user
 * must outlive the link. */
tls_link *tls_link_new(struct event_base *base, evutil_socket_t socket, svms_tls *tls,
                       const tls_link_events *events, void *user);

/* Begins to connect; false: it cannot even begin. */
bool tls_link_connect(tls_link *link, const struct sockaddr *address, int size);

/* Wipes what it holds and closes the socket. NULL is accepted. */
void tls_link_free(tls_link *link);

/* What has arrived, in one piece, and, once it was worked on, that it is not needed any more. */
const char *tls_link_peek(tls_link *link, size_t *size);
void tls_link_take(tls_link *link, size_t size);

/* Adds to what shall be sent; false: out of memory. */
bool tls_link_write(tls_link *link, const void *data, size_t size);
/* Bytes that the system has not taken yet. */
size_t tls_link_queued(const tls_link *link);
/* The handshake is done. */
bool tls_link_is_ready(const tls_link *link);

/* Sends what is there, says goodbye, and calls closed(), at the latest after some seconds. What
 * comes meanwhile is thrown away. */
void tls_link_finish(tls_link *link);

/* NULL where bytes are plain. */
const svms_tls *tls_link_tls(const tls_link *link);

#endif
