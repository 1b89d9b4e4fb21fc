/* SPDX-License-Identifier: Apache-2.0 */
/* What lies between TLS and the network: a socket, or bytes that the caller carries. A BIO of our
 * own, because OpenSSL's grow without bound and raise SIGPIPE. */
#ifndef SVMS_TLS_CARRIER_H
#define SVMS_TLS_CARRIER_H

#include <openssl/bio.h>

#include "context_internal.h"

/* Bytes that wait in one direction. */
#define SVMS_TLS_QUEUE_MAX 65536
/* What TLS adds to the largest record, and to what may go before it (an alert, a key update). */
#define SVMS_TLS_RECORD_ROOM (16384 + 1024)
/* How the peer began, for saying what it is when it is no TLS: the head of a record, because
 * OpenSSL reads no more of what is none. */
#define SVMS_TLS_FIRST_SIZE 5

/* Bytes data[start] to data[start + size - 1], in order. */
typedef struct svms_tls_queue {
    svms_ctx *ctx;
    uint8_t *data;
    size_t capacity;
    size_t start;
    size_t size;
} svms_tls_queue;

typedef struct svms_tls_carrier {
    svms_tls_queue in;  /* of the peer; unused with a socket */
    svms_tls_queue out; /* for the peer; with a socket what it did not take yet */
    int socket;         /* below 0: the caller carries */
    bool ended;         /* the peer's bytes end behind those in the queue */
    bool starved;       /* our allocator failed */
    bool hungry;        /* asked for bytes of the peer, and there were none */
    int read_error;     /* errno of the socket, or 0 */
    int write_error;    /* the same; what is written is dropped from then on */
    size_t first_size;
    uint8_t first[SVMS_TLS_FIRST_SIZE];
} svms_tls_carrier;

void svms_tls_carrier_init(svms_tls_carrier *carrier, svms_ctx *ctx, int socket);
void svms_tls_carrier_clear(svms_tls_carrier *carrier);

/* Bytes that a queue takes now, up to size; 0 where it is full or where the allocator fails. */
size_t svms_tls_queue_put(svms_tls_queue *queue, const void *data, size_t size, bool *starved);
size_t svms_tls_queue_take(svms_tls_queue *queue, void *out, size_t size);
size_t svms_tls_queue_room(const svms_tls_queue *queue);

/* Sends what the socket did not take before; true when nothing is left. Without a socket true. */
bool svms_tls_carrier_flush(svms_tls_carrier *carrier);

/* How BIOs over carriers work; release with BIO_meth_free(). NULL when out of memory. */
BIO_METHOD *svms_tls_carrier_method(void);
/* A BIO over a carrier, which it does not own; NULL when out of memory. */
BIO *svms_tls_carrier_bio(const BIO_METHOD *method, svms_tls_carrier *carrier);

#endif
