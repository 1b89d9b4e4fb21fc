/* SPDX-License-Identifier: Apache-2.0 */
/* The other end as plain OpenSSL, which does what ours never would. */
#ifndef SVMS_TEST_TLS_RAW_H
#define SVMS_TEST_TLS_RAW_H

#include "workshop.h"

typedef struct raw {
    SSL_CTX *context;
    SSL *ssl;
    BIO *in;
    BIO *out;
    bool failed; /* the handshake, for good */
    int reason;  /* of OpenSSL, when it failed */
} raw;

/* A client or server with a card (or none) that trusts anybody, of any version and cipher. */
void raw_make(raw *r, bool is_server, const identity_card *card);
/* A new connection of the same context; session NULL: a full handshake. */
void raw_again(raw *r, SSL_SESSION *session);
void raw_free(raw *r);
/* Goes on with the handshake, or reads what is there. */
void raw_step(raw *r);
/* Carries bytes in both directions until nothing moves; true when something did. */
bool raw_carry(raw *r, svms_tls *tls);
/* Shakes hands with an end whose tls is fresh. */
void raw_shake(raw *r, end *e);
/* A fresh end that is a server for raw clients, or a client of raw servers. */
void end_open(end *e, const svms_tls_target *target);

#endif
