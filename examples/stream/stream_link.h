/* SPDX-License-Identifier: Apache-2.0 */
/* A stream socket that does not block, with TLS on it or without. */
#ifndef SVMS_STREAM_LINK_H
#define SVMS_STREAM_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include <svms/svms.h>

typedef struct stream_link {
    int socket;    /* -1: there is none */
    svms_tls *tls; /* NULL: plain */
    bool is_ready; /* the handshake is done */
    bool wants_write;
} stream_link;

#define STREAM_LINK_INIT                                                                           \
    {                                                                                              \
        -1, NULL, false, false                                                                     \
    }

/* Takes over the socket, which is closed also when this fails. context NULL: plain. target NULL for
 * the side that accepts. */
svms_status stream_link_begin(stream_link *link, int socket, svms_tls_context *context,
                              const svms_tls_target *target, svms_error *err);
/* SVMS_OK: TLS stands, and the peer is who it must be. Otherwise as svms_tls_handshake(). */
svms_status stream_link_shake(stream_link *link, svms_error *err);
/* As svms_tls_read() and svms_tls_write(), plain as well. */
svms_status stream_link_read(stream_link *link, void *out, size_t capacity, size_t *size,
                             svms_error *err);
svms_status stream_link_write(stream_link *link, const void *data, size_t size, size_t *taken,
                              svms_error *err);
/* POLLIN, and POLLOUT where the last call needs room. */
short stream_link_events(const stream_link *link);
/* Says goodbye where that is possible at once, and closes. */
void stream_link_end(stream_link *link);

#endif
