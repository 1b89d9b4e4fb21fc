/* SPDX-License-Identifier: Apache-2.0 */
#include "carrier.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "platform.h"

#define QUEUE_FIRST_CAPACITY 4096

static svms_tls_queue queue_new(svms_ctx *ctx)
{
    return (svms_tls_queue){ ctx, NULL, 0, 0, 0 };
}

void svms_tls_carrier_init(svms_tls_carrier *carrier, svms_ctx *ctx, int socket)
{
    *carrier = (svms_tls_carrier){ .in = queue_new(ctx), .out = queue_new(ctx), .socket = socket };
}

void svms_tls_carrier_clear(svms_tls_carrier *carrier)
{
    svms_release(carrier->in.ctx, carrier->in.data);
    svms_release(carrier->out.ctx, carrier->out.data);
    carrier->in.data = NULL;
    carrier->out.data = NULL;
}

size_t svms_tls_queue_room(const svms_tls_queue *queue)
{
    return SVMS_TLS_QUEUE_MAX - queue->size;
}

/* Makes room for size bytes behind those that wait. */
static bool make_room(svms_tls_queue *queue, size_t size)
{
    if (queue->start > 0 && queue->start + queue->size + size > queue->capacity) {
        memmove(queue->data, queue->data + queue->start, queue->size);
        queue->start = 0;
    }
    if (queue->size + size <= queue->capacity) {
        return true;
    }
    size_t capacity = queue->capacity > 0 ? queue->capacity : QUEUE_FIRST_CAPACITY;
    while (capacity < queue->size + size) {
        capacity *= 2;
    }
    uint8_t *grown = svms_grow(queue->ctx, queue->data, queue->capacity, capacity);
    if (!grown) {
        return false;
    }
    queue->data = grown;
    queue->capacity = capacity;
    return true;
}

size_t svms_tls_queue_put(svms_tls_queue *queue, const void *data, size_t size, bool *starved)
{
    size_t room = svms_tls_queue_room(queue);
    size_t taken = size < room ? size : room;
    if (taken == 0) {
        return 0;
    }
    if (!make_room(queue, taken)) {
        *starved = true;
        return 0;
    }
    memcpy(queue->data + queue->start + queue->size, data, taken);
    queue->size += taken;
    return taken;
}

size_t svms_tls_queue_take(svms_tls_queue *queue, void *out, size_t size)
{
    size_t taken = size < queue->size ? size : queue->size;
    if (taken > 0) {
        memcpy(out, queue->data + queue->start, taken);
    }
    queue->size -= taken;
    queue->start = queue->size > 0 ? queue->start + taken : 0;
    return taken;
}

/* Bytes that the socket takes now. A peer that is gone takes everything: its last words, which may
 * say why it went, are still to be read, and nothing else would be. */
static size_t send_some(svms_tls_carrier *carrier, const uint8_t *data, size_t size)
{
    size_t done = 0;
    while (done < size && carrier->write_error == 0) {
        size_t sent = 0;
        int error = svms_platform_send(carrier->socket, data + done, size - done, &sent);
        if (error == EAGAIN) {
            return done;
        }
        carrier->write_error = error;
        done += sent;
    }
    return size;
}

bool svms_tls_carrier_flush(svms_tls_carrier *carrier)
{
    svms_tls_queue *out = &carrier->out;
    if (carrier->socket < 0 || out->size == 0) {
        return true;
    }
    size_t sent = send_some(carrier, out->data + out->start, out->size);
    out->size -= sent;
    out->start = out->size > 0 ? out->start + sent : 0;
    return out->size == 0;
}

static int carry_out(BIO *bio, const char *data, size_t size, size_t *written)
{
    svms_tls_carrier *carrier = BIO_get_data(bio);
    size_t sent = 0;
    BIO_clear_retry_flags(bio);
    if (svms_tls_carrier_flush(carrier) && carrier->socket >= 0) {
        sent = send_some(carrier, (const uint8_t *)data, size);
    }
    sent += svms_tls_queue_put(&carrier->out, data + sent, size - sent, &carrier->starved);
    *written = sent;
    if (sent == 0 && !carrier->starved) {
        BIO_set_retry_write(bio);
    }
    return sent > 0;
}

static size_t receive(svms_tls_carrier *carrier, void *out, size_t size)
{
    size_t got = 0;
    if (carrier->ended || carrier->read_error != 0) {
        return 0;
    }
    int error = svms_platform_receive(carrier->socket, out, size, &got);
    carrier->ended = error == 0 && got == 0;
    carrier->read_error = error == EAGAIN ? 0 : error;
    return got;
}

static void note_first(svms_tls_carrier *carrier, const char *data, size_t size)
{
    size_t room = SVMS_TLS_FIRST_SIZE - carrier->first_size;
    size_t more = size < room ? size : room;
    memcpy(carrier->first + carrier->first_size, data, more);
    carrier->first_size += more;
}

static int carry_in(BIO *bio, char *out, size_t size, size_t *got)
{
    svms_tls_carrier *carrier = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *got = carrier->socket >= 0 ? receive(carrier, out, size)
                                : svms_tls_queue_take(&carrier->in, out, size);
    if (*got > 0) {
        note_first(carrier, out, *got);
        return 1;
    }
    carrier->hungry = true;
    if (!carrier->ended && carrier->read_error == 0) {
        BIO_set_retry_read(bio);
    }
    return 0;
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    const svms_tls_carrier *carrier = BIO_get_data(bio);
    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_EOF:
        return carrier->ended && carrier->in.size == 0;
    default:
        return 0;
    }
}

BIO_METHOD *svms_tls_carrier_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "svms carrier");
    if (method &&
        (BIO_meth_set_write_ex(method, carry_out) != 1 ||
         BIO_meth_set_read_ex(method, carry_in) != 1 || BIO_meth_set_ctrl(method, control) != 1)) {
        BIO_meth_free(method);
        return NULL;
    }
    return method;
}

BIO *svms_tls_carrier_bio(const BIO_METHOD *method, svms_tls_carrier *carrier)
{
    BIO *bio = BIO_new(method);
    if (bio) {
        BIO_set_data(bio, carrier);
        BIO_set_init(bio, 1);
        BIO_set_shutdown(bio, 0);
    }
    return bio;
}
