/* SPDX-License-Identifier: Apache-2.0 */
#include "datagram.h"

#include <string.h>

#include "tls_internal.h"

#define PREFIX_SIZE 2

bool svms_tls_datagram_put(svms_tls_queue *queue, const void *data, size_t size, bool *starved)
{
    uint8_t prefix[PREFIX_SIZE] = { (uint8_t)(size >> 8), (uint8_t)size };
    if (size == 0 || size > UINT16_MAX || svms_tls_queue_room(queue) < size + PREFIX_SIZE) {
        return false;
    }
    if (svms_tls_queue_put(queue, prefix, sizeof prefix, starved) != sizeof prefix) {
        return false;
    }
    if (svms_tls_queue_put(queue, data, size, starved) != size) {
        queue->size -= sizeof prefix;
        return false;
    }
    return true;
}

size_t svms_tls_datagram_size(const svms_tls_queue *queue)
{
    if (queue->size < PREFIX_SIZE) {
        return 0;
    }
    const uint8_t *prefix = queue->data + queue->start;
    return (size_t)prefix[0] << 8 | prefix[1];
}

size_t svms_tls_datagram_take(svms_tls_queue *queue, void *out, size_t capacity)
{
    uint8_t prefix[PREFIX_SIZE];
    size_t size = svms_tls_datagram_size(queue);
    size_t taken = size < capacity ? size : capacity;
    if (size == 0) {
        return 0;
    }
    (void)svms_tls_queue_take(queue, prefix, sizeof prefix);
    (void)svms_tls_queue_take(queue, out, taken);
    queue->size -= size - taken;
    queue->start = queue->size > 0 ? queue->start + (size - taken) : 0;
    return taken;
}

static int carry_out(BIO *bio, const char *data, size_t size, size_t *written)
{
    svms_tls_carrier *carrier = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    (void)svms_tls_datagram_put(&carrier->out, data, size, &carrier->starved);
    *written = size;
    return !carrier->starved;
}

static int carry_in(BIO *bio, char *out, size_t size, size_t *got)
{
    svms_tls_carrier *carrier = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *got = svms_tls_datagram_take(&carrier->in, out, size);
    if (*got > 0) {
        return 1;
    }
    carrier->hungry = true;
    BIO_set_retry_read(bio);
    return 0;
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *svms_tls_datagram_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "svms datagrams");
    if (method &&
        (BIO_meth_set_write_ex(method, carry_out) != 1 ||
         BIO_meth_set_read_ex(method, carry_in) != 1 || BIO_meth_set_ctrl(method, control) != 1)) {
        BIO_meth_free(method);
        return NULL;
    }
    return method;
}

/* Of OpenSSL: microseconds from now until something is sent again; 0 before means the first time.
 */
static unsigned next_wait(SSL *ssl, unsigned before)
{
    const svms_tls *tls = SSL_get_app_data(ssl);
    unsigned last = tls->state->rules.last_wait_ms * 1000;
    if (before == 0) {
        return tls->state->rules.first_wait_ms * 1000;
    }
    return before < last / 2 ? before * 2 : last;
}

bool svms_tls_datagram_prepare(SSL *ssl)
{
    const svms_tls *tls = SSL_get_app_data(ssl);
    DTLS_set_timer_cb(ssl, next_wait);
    return SSL_set_mtu(ssl, (long)tls->state->rules.mtu) != 0;
}
