/* SPDX-License-Identifier: Apache-2.0 */
/* What a client says about itself: the value of Authorization, as the server reads it (RA-2). */
#ifndef SVMS_RTSP_AUTH_CREDENTIALS_H
#define SVMS_RTSP_AUTH_CREDENTIALS_H

#include "auth_digest.h"

enum { SVMS_AUTH_TOKEN_MAX = 16384, SVMS_AUTH_REALM_SIZE = 256, SVMS_AUTH_NC_SIZE = 9 };

typedef struct svms_auth_credentials {
    svms_rtsp_scheme scheme;
    svms_text_piece token; /* bearer */
    /* Digest. */
    svms_rtsp_digest algorithm;
    bool has_qop;
    uint32_t nonce_count;
    char user[SVMS_RTSP_IDENTITY_SIZE];
    char realm[SVMS_AUTH_REALM_SIZE];
    char nonce[SVMS_AUTH_REALM_SIZE];
    char cnonce[SVMS_AUTH_REALM_SIZE];
    char nc[SVMS_AUTH_NC_SIZE];
    char uri[SVMS_RTSP_URL_SIZE];
    char response[SVMS_AUTH_HEX_SIZE];
} svms_auth_credentials;

/* MALFORMED, or UNSUPPORTED: another scheme, algorithm or qop. The fields read so far, among them
 * the user, are there then, too. */
SVMS_MUST_CHECK svms_status svms_auth_credentials_read(svms_auth_credentials *out,
                                                       svms_text_piece value, svms_error *err);

#endif
