/* SPDX-License-Identifier: Apache-2.0 */
/* The sums of digest authentication (RFC 7616 section 3.4), for both sides. */
#ifndef SVMS_RTSP_AUTH_DIGEST_H
#define SVMS_RTSP_AUTH_DIGEST_H

#include "context_internal.h"
#include "text_piece.h"

#include <svms/rtsp_server.h>

enum { SVMS_AUTH_HASH_MAX = 32, SVMS_AUTH_HEX_SIZE = 2 * SVMS_AUTH_HASH_MAX + 1 };

/* "SHA-256"; NULL for what is none. */
const char *svms_auth_algorithm_name(svms_rtsp_digest algorithm);
/* Of the names above, without regard to case; false for others (-sess is one of those). */
bool svms_auth_algorithm_read(svms_text_piece name, svms_rtsp_digest *out);
/* Bytes of its hash; 0 for what is none. */
size_t svms_auth_hash_size(svms_rtsp_digest algorithm);
/* UNSUPPORTED where the provider has it not, as MD5 under FIPS. */
SVMS_MUST_CHECK svms_status svms_auth_algorithm_check(svms_ctx *ctx, svms_rtsp_digest algorithm,
                                                      svms_error *err);

svms_text_piece svms_auth_text(const char *text);
/* The hash of the parts with ':' between. */
SVMS_MUST_CHECK svms_status svms_auth_hash(svms_ctx *ctx, svms_rtsp_digest algorithm,
                                           const svms_text_piece *parts, size_t count,
                                           uint8_t out[SVMS_AUTH_HASH_MAX], svms_error *err);
/* 2 * size digits and NUL. */
void svms_auth_hex(const uint8_t *bytes, size_t size, char *out);

/* What a response is about, as the texts stand in the request. */
typedef struct svms_auth_exchange {
    svms_text_piece nonce;
    svms_text_piece nc; /* eight digits; with cnonce, for qop "auth" */
    svms_text_piece cnonce;
    bool has_qop; /* false: as RFC 2069 has it */
    svms_text_piece method;
    svms_text_piece uri;
} svms_auth_exchange;

/* ha1: the hash of user, realm and password; svms_auth_hash_size() bytes. */
SVMS_MUST_CHECK svms_status svms_auth_response(svms_ctx *ctx, svms_rtsp_digest algorithm,
                                               const uint8_t ha1[SVMS_AUTH_HASH_MAX],
                                               const svms_auth_exchange *exchange,
                                               char out[SVMS_AUTH_HEX_SIZE], svms_error *err);

#endif
