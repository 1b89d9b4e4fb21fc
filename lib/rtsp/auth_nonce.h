/* SPDX-License-Identifier: Apache-2.0 */
/* Nonces that the server knows again without keeping them (RA-4): a time and a number, and an HMAC
 * over both and the connection. */
#ifndef SVMS_RTSP_AUTH_NONCE_H
#define SVMS_RTSP_AUTH_NONCE_H

#include "context_internal.h"
#include "text_piece.h"

enum {
    SVMS_AUTH_NONCE_SECRET = 32,
    SVMS_AUTH_CONNECTION_ID = 16,
    SVMS_AUTH_NONCE_SIZE = 39 /* characters of 28 bytes in base64url, with NUL */
};

typedef struct svms_auth_nonce_maker {
    svms_ctx *ctx;
    const uint8_t *secret;     /* SVMS_AUTH_NONCE_SECRET bytes, of the server */
    const uint8_t *connection; /* SVMS_AUTH_CONNECTION_ID bytes */
} svms_auth_nonce_maker;

typedef struct svms_auth_nonce {
    uint64_t time_ns;
    uint32_t number;
} svms_auth_nonce;

SVMS_MUST_CHECK svms_status svms_auth_nonce_write(const svms_auth_nonce_maker *maker,
                                                  const svms_auth_nonce *nonce,
                                                  char out[SVMS_AUTH_NONCE_SIZE], svms_error *err);
/* NOT_AUTHENTIC: it was not made by this maker. */
SVMS_MUST_CHECK svms_status svms_auth_nonce_read(const svms_auth_nonce_maker *maker,
                                                 svms_text_piece text, svms_auth_nonce *out,
                                                 svms_error *err);

#endif
