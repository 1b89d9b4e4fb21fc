/* SPDX-License-Identifier: Apache-2.0 */
/* How the bytes of a connection get from the socket to the library: it takes them itself, or they
 * are carried to it, as an event loop would. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "tls_peer.h"

static bool would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* Takes bytes off the socket. *moved tells whether anything happened. */
static svms_status receive(peer_wire *wire, bool *moved, svms_error *err)
{
    if (wire->in_size == 0 && !wire->fed_end) {
        ssize_t got = recv(wire->socket, wire->in, sizeof wire->in, 0);
        if (got == 0 || (got < 0 && !would_block())) {
            wire->fed_end = true;
            *moved = true;
            return svms_tls_feed_end(wire->tls, err);
        }
        wire->in_size = got > 0 ? (size_t)got : 0;
    }
    if (wire->in_size == 0) {
        return SVMS_OK;
    }
    size_t taken = 0;
    svms_status status = svms_tls_feed(wire->tls, wire->in, wire->in_size, &taken, err);
    if (status == SVMS_OK && taken > 0) {
        wire->in_size -= taken;
        memmove(wire->in, wire->in + taken, wire->in_size);
        *moved = true;
    }
    return status;
}

static svms_status send_out(peer_wire *wire, bool *moved, svms_error *err)
{
    for (;;) {
        if (wire->out_size == 0) {
            svms_status status =
                svms_tls_drain(wire->tls, wire->out, sizeof wire->out, &wire->out_size, err);
            if (status != SVMS_OK || wire->out_size == 0) {
                return status;
            }
        }
        ssize_t sent = send(wire->socket, wire->out, wire->out_size, MSG_NOSIGNAL);
        if (sent < 0 && would_block()) {
            return SVMS_OK;
        }
        /* Whom nobody hears any more gets no more; reading finds out why. */
        size_t gone = sent < 0 ? wire->out_size : (size_t)sent;
        wire->out_size -= gone;
        memmove(wire->out, wire->out + gone, wire->out_size);
        *moved = *moved || sent > 0;
    }
}

svms_status peer_wire_go_on(peer_wire *wire, peer_work work, void *owner, svms_error *err)
{
    if (!wire->memory) {
        return work(owner, err);
    }
    for (;;) {
        bool moved = false;
        svms_status status = receive(wire, &moved, err);
        if (status == SVMS_OK) {
            status = work(owner, err);
        }
        bool sent = false;
        svms_error ignored = SVMS_ERROR_INIT;
        svms_status out = send_out(wire, &sent, &ignored);
        if (status != SVMS_AGAIN) {
            return status;
        }
        if (out != SVMS_OK) {
            *err = ignored;
            return out;
        }
        if (!moved && !sent) {
            return SVMS_AGAIN;
        }
    }
}

void peer_wire_flush(peer_wire *wire)
{
    bool moved = false;
    svms_error ignored = SVMS_ERROR_INIT;
    if (wire->memory) {
        (void)!send_out(wire, &moved, &ignored);
    }
}

short peer_wire_events(const peer_wire *wire)
{
    unsigned events = 0;
    if (wire->memory) {
        events = (wire->in_size == 0 && !wire->fed_end ? POLLIN : 0U) |
                 (wire->out_size > 0 ? POLLOUT : 0U);
    } else {
        svms_tls_want wants = svms_tls_wants(wire->tls);
        events = ((wants & SVMS_TLS_WANTS_READ) != 0 ? POLLIN : 0U) |
                 ((wants & SVMS_TLS_WANTS_WRITE) != 0 ? POLLOUT : 0U);
    }
    return (short)events;
}
