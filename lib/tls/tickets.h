/* SPDX-License-Identifier: Apache-2.0 */
/* Resumed sessions: ticket keys that change hourly, and the sessions of a client. */
#ifndef SVMS_TLS_TICKETS_H
#define SVMS_TLS_TICKETS_H

#include <openssl/ssl.h>

#include "context_internal.h"

typedef struct svms_tls_tickets svms_tls_tickets;

SVMS_MUST_CHECK svms_status svms_tls_tickets_new(svms_tls_tickets **out, svms_ctx *ctx,
                                                 svms_error *err);
/* Wipes the keys. NULL is accepted. */
void svms_tls_tickets_free(svms_tls_tickets *tickets);

/* Has an SSL_CTX of a server write and read tickets under these keys. */
SVMS_MUST_CHECK svms_status svms_tls_tickets_attach(SSL_CTX *ssl, svms_error *err);

#endif
