/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of DTLS-SRTP share. */
#ifndef SVMS_DTLS_INTERNAL_H
#define SVMS_DTLS_INTERNAL_H

#include "connection.h"
#include "dtls_fingerprint.h"

#define SVMS_DTLS_SECRET_SIZE 32

struct svms_dtls_context {
    svms_ctx *ctx;
    svms_tls_state *state;
    uint8_t secret[SVMS_DTLS_SECRET_SIZE]; /* of cookies */
};

/* Whose first message is being looked at. */
typedef struct svms_dtls_caller {
    const uint8_t *secret;
    const void *address;
    size_t address_size;
    svms_status failed; /* to make a cookie; SVMS_OK: not */
} svms_dtls_caller;

struct svms_dtls {
    svms_tls tls;
    bool is_closed; /* one end said goodbye */
    size_t fingerprint_count;
    svms_dtls_fingerprint fingerprints[SVMS_DTLS_FINGERPRINTS_MAX];
    svms_dtls_caller *caller; /* while svms_dtls_accept() runs; NULL: cookies are wrong */
};

/* dtls_cookie.c: makes an SSL_CTX ask its clients for cookies, where svms_dtls_accept() asks it
 * to. */
void svms_dtls_use_cookies(SSL_CTX *ssl);

/* dtls_open.c: an association that has sent nothing. */
SVMS_MUST_CHECK svms_status svms_dtls_begin(svms_dtls **out, svms_dtls_context *context,
                                            const svms_dtls_target *target, svms_error *err);
/* dtls.c: goes on with what waits in the carrier. */
SVMS_MUST_CHECK svms_status svms_dtls_go_on(svms_dtls *dtls, svms_error *err);

#endif
