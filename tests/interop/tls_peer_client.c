/* SPDX-License-Identifier: Apache-2.0 */
/* Sends a file, keeps what comes back until it is as much, and says goodbye. */
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tls_peer.h"

/* Longer than any wait on another program; a peer that says nothing for so long is stuck. */
#define PATIENCE_MS 60000

typedef struct caller {
    peer_wire wire;
    const peer_settings *settings;
    bool known;
    uint8_t *send;
    size_t send_size;
    size_t sent;
    size_t received;
    FILE *out;
} caller;

static int reach(unsigned port, bool blocking)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int handle = socket(AF_INET, SOCK_STREAM, 0);
    if (handle < 0 || connect(handle, (struct sockaddr *)&address, sizeof address) != 0 ||
        (!blocking && fcntl(handle, F_SETFL, O_NONBLOCK) != 0)) {
        return -1;
    }
    return handle;
}

static svms_status shake_hands(caller *self, svms_error *err)
{
    if (self->known) {
        return SVMS_OK;
    }
    svms_status status = svms_tls_handshake(self->wire.tls, err);
    if (status == SVMS_OK) {
        self->known = true;
        peer_say_who("connected", 1, self->wire.tls);
    }
    return status;
}

static svms_status send_more(caller *self, svms_error *err)
{
    while (self->sent < self->send_size) {
        size_t taken = 0;
        svms_status status = svms_tls_write(self->wire.tls, self->send + self->sent,
                                            self->send_size - self->sent, &taken, err);
        if (status != SVMS_OK) {
            return status;
        }
        self->sent += taken;
    }
    return SVMS_OK;
}

static svms_status receive_more(caller *self, svms_error *err)
{
    while (self->settings->keep || self->received < self->send_size) {
        uint8_t bytes[4096];
        size_t size = 0;
        svms_status status = svms_tls_read(self->wire.tls, bytes, sizeof bytes, &size, err);
        if (status != SVMS_OK) {
            return status;
        }
        self->received += size;
        if (self->out && fwrite(bytes, 1, size, self->out) != size) {
            return SVMS_E_IO;
        }
    }
    return SVMS_OK;
}

static svms_status call(void *owner, svms_error *err)
{
    caller *self = owner;
    svms_status status = shake_hands(self, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_status sending = send_more(self, err);
    if (sending != SVMS_OK && sending != SVMS_AGAIN) {
        return sending;
    }
    status = receive_more(self, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_tls_close(self->wire.tls, err);
    return status == SVMS_OK ? SVMS_END : status;
}

/* Where there is more to send, room is waited for as well, whatever the last call waited for. */
static short events_of(const caller *self)
{
    short events = peer_wire_events(&self->wire);
    return self->known && self->sent < self->send_size ? (short)(events | POLLOUT) : events;
}

static svms_status talk(caller *self, svms_error *err)
{
    svms_status status = SVMS_AGAIN;
    while ((status = peer_wire_go_on(&self->wire, call, self, err)) == SVMS_AGAIN) {
        struct pollfd waiting = { .fd = self->wire.socket, .events = events_of(self) };
        if (poll(&waiting, 1, PATIENCE_MS) <= 0) {
            snprintf(err->message, sizeof err->message, "nothing came for too long");
            return SVMS_E_CANCELLED;
        }
    }
    peer_wire_flush(&self->wire);
    return status;
}

static svms_status begin(caller *self, svms_tls_context *context, svms_error *err)
{
    svms_tls_target target = SVMS_TLS_TARGET_INIT;
    target.host = self->settings->host;
    target.pin = self->settings->pinned ? self->settings->pin : NULL;
    return self->wire.memory
               ? svms_tls_open(&self->wire.tls, context, &target, err)
               : svms_tls_open_socket(&self->wire.tls, context, &target, self->wire.socket, err);
}

static bool open_files(caller *self)
{
    if (self->settings->send_file) {
        self->send = peer_load(self->settings->send_file, &self->send_size);
    }
    if (self->settings->out_file) {
        self->out = fopen(self->settings->out_file, "wb");
    }
    return (!self->settings->send_file || self->send) && (!self->settings->out_file || self->out);
}

/* One visit to the server; true when it ended as it should. */
static bool visit(svms_tls_context *context, const peer_settings *settings)
{
    caller *self = calloc(1, sizeof *self);
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = SVMS_E_IO;
    if (!self) {
        return false;
    }
    self->settings = settings;
    self->wire.memory = settings->memory;
    self->wire.socket = reach(settings->port, settings->blocking);
    if (self->wire.socket >= 0 && open_files(self)) {
        status = begin(self, context, &err);
    }
    if (status == SVMS_OK) {
        status = talk(self, &err);
    }
    peer_say(self->known ? "ended" : "refused", 1, status, status == SVMS_END ? "" : err.message);
    svms_tls_free(&self->wire.tls);
    if (self->out) {
        fclose(self->out);
    }
    if (self->wire.socket >= 0) {
        close(self->wire.socket);
    }
    free(self->send);
    free(self);
    return status == SVMS_END;
}

int peer_connect(svms_ctx *ctx, peer_settings *settings)
{
    svms_tls_context *context = NULL;
    if (!peer_open_context(&context, ctx, settings)) {
        return 2;
    }
    bool good = visit(context, settings) && (!settings->again || visit(context, settings));
    svms_tls_context_free(&context);
    return good ? 0 : 1;
}
