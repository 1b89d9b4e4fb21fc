/* SPDX-License-Identifier: Apache-2.0 */
#include "stream_link.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static svms_status fail_socket(svms_error *err, const char *words)
{
    int failure = errno;
    *err = (svms_error)SVMS_ERROR_INIT;
    err->status = SVMS_E_IO;
    err->os_error = failure;
    (void)snprintf(err->message, sizeof err->message, "%s: %s", words, strerror(failure));
    return SVMS_E_IO;
}

static bool would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

svms_status stream_link_begin(stream_link *link, int socket, svms_tls_context *context,
                              const svms_tls_target *target, svms_error *err)
{
    const stream_link none = STREAM_LINK_INIT;
    *link = none;
    link->socket = socket;
    link->is_ready = context == NULL;
    svms_status status =
        context ? svms_tls_open_socket(&link->tls, context, target, socket, err) : SVMS_OK;
    if (status != SVMS_OK) {
        stream_link_end(link);
    }
    return status;
}

svms_status stream_link_shake(stream_link *link, svms_error *err)
{
    if (link->is_ready) {
        return SVMS_OK;
    }
    svms_status status = svms_tls_handshake(link->tls, err);
    link->is_ready = status == SVMS_OK;
    link->wants_write = (svms_tls_wants(link->tls) & SVMS_TLS_WANTS_WRITE) != 0;
    return status;
}

svms_status stream_link_read(stream_link *link, void *out, size_t capacity, size_t *size,
                             svms_error *err)
{
    *size = 0;
    if (link->tls) {
        svms_status status = svms_tls_read(link->tls, out, capacity, size, err);
        link->wants_write =
            link->wants_write || (svms_tls_wants(link->tls) & SVMS_TLS_WANTS_WRITE) != 0;
        return status;
    }
    ssize_t got = recv(link->socket, out, capacity, 0);
    if (got > 0) {
        *size = (size_t)got;
        return SVMS_OK;
    }
    if (got == 0) {
        return SVMS_END;
    }
    return would_block() ? SVMS_AGAIN : fail_socket(err, "the connection failed");
}

svms_status stream_link_write(stream_link *link, const void *data, size_t size, size_t *taken,
                              svms_error *err)
{
    *taken = 0;
    link->wants_write = false;
    if (link->tls) {
        svms_status status = svms_tls_write(link->tls, data, size, taken, err);
        link->wants_write = (svms_tls_wants(link->tls) & SVMS_TLS_WANTS_WRITE) != 0;
        return status;
    }
    ssize_t sent = size > 0 ? send(link->socket, data, size, MSG_NOSIGNAL) : 0;
    if (sent >= 0) {
        *taken = (size_t)sent;
        link->wants_write = *taken < size;
        return *taken > 0 || size == 0 ? SVMS_OK : SVMS_AGAIN;
    }
    link->wants_write = would_block();
    return link->wants_write ? SVMS_AGAIN : fail_socket(err, "the connection failed");
}

short stream_link_events(const stream_link *link)
{
    return (short)(POLLIN | (link->wants_write ? POLLOUT : 0));
}

void stream_link_end(stream_link *link)
{
    const stream_link none = STREAM_LINK_INIT;
    svms_error ignored = SVMS_ERROR_INIT;
    if (link->tls && link->is_ready && svms_tls_close(link->tls, &ignored) != SVMS_OK) {
        link->is_ready = false; /* the peer hears no goodbye, as when the network fails */
    }
    svms_tls_free(&link->tls);
    if (link->socket >= 0) {
        close(link->socket);
    }
    *link = none;
}
