/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of session tickets: they change hourly, by the context's monotonic clock, and are never
 * written anywhere. */
#ifndef SVMS_TLS_TICKETS_H
#define SVMS_TLS_TICKETS_H

#include <openssl/ssl.h>

#include "context_internal.h"

typedef struct svms_tls_tickets svms_tls_tickets;

SVMS_MUST_CHECK svms_status svms_tls_tickets_new(svms_tls_tickets **out, svms_ctx *ctx,
                                                 svms_error *err);
/* Wipes the keys. NULL is accepted. */
void svms_tls_tickets_free(svms_tls_tickets *tickets);

/* Of OpenSSL, with what SSL_CTX_set_tlsext_ticket_key_evp_cb() says. */
int svms_tls_ticket_key(SSL *ssl, unsigned char name[16], unsigned char *iv, EVP_CIPHER_CTX *cipher,
                        EVP_MAC_CTX *mac, int writes);

#endif
