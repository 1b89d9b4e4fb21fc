/* SPDX-License-Identifier: Apache-2.0 */
/* The other end as plain OpenSSL, which does what ours never would. */
#ifndef SVMS_TEST_DTLS_RAW_H
#define SVMS_TEST_DTLS_RAW_H

#include "dtls_pair.h"

typedef struct dtls_raw {
    SSL_CTX *context;
    SSL *ssl;
    BIO *in;
    BIO *out;
} dtls_raw;

/* DTLS of any version and cipher, with a card (or none), that trusts anybody. */
void dtls_raw_make(dtls_raw *r, bool is_server, const identity_card *card, const char *profiles);
/* The association; set up the context before. */
void dtls_raw_open(dtls_raw *r);
void dtls_raw_free(dtls_raw *r);
/* Carries datagrams in both directions, the handshake included, until nothing moves. */
svms_status dtls_raw_carry(dtls_raw *r, svms_dtls *dtls, svms_error *err);
/* Ours, by the fingerprint of a card. */
svms_dtls *dtls_open_for(svms_tls_side side, const identity_card *peer);

#endif
