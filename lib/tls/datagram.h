/* SPDX-License-Identifier: Apache-2.0 */
/* DTLS in place of TLS: a carrier of datagrams, which stay whole, and what OpenSSL is told besides.
 */
#ifndef SVMS_TLS_DATAGRAM_H
#define SVMS_TLS_DATAGRAM_H

#include <stdbool.h>

#include <openssl/ssl.h>

#include "carrier.h"

/* Most bytes of a datagram that are looked at: one record of the largest kind. */
#define SVMS_TLS_DATAGRAM_MAX (16384 + 512)

/* Queues of datagrams, each behind its size. False: there is no room, or the allocator failed, and
 * the datagram is lost, as on any network. */
bool svms_tls_datagram_put(svms_tls_queue *queue, const void *data, size_t size, bool *starved);
/* Size of the first one; 0: there is none. */
size_t svms_tls_datagram_size(const svms_tls_queue *queue);
/* Takes the first one; what goes beyond capacity is cut, as sockets cut it. */
size_t svms_tls_datagram_take(svms_tls_queue *queue, void *out, size_t capacity);

/* How BIOs over carriers of datagrams work; release with BIO_meth_free(). NULL when out of memory.
 */
BIO_METHOD *svms_tls_datagram_method(void);

/* Size of datagrams and times, by the rules of the connection that the SSL belongs to. */
bool svms_tls_datagram_prepare(SSL *ssl);

#endif
