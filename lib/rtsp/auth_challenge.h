/* SPDX-License-Identifier: Apache-2.0 */
/* The client's side of authentication (RA-10 ff.): what the server asks for, and the answer. */
#ifndef SVMS_RTSP_AUTH_CHALLENGE_H
#define SVMS_RTSP_AUTH_CHALLENGE_H

#include "auth_digest.h"
#include "builder.h"

enum { SVMS_AUTH_CHALLENGES_MAX = 8, SVMS_AUTH_TEXT_SIZE = 512 };

typedef struct svms_auth_challenge {
    svms_rtsp_scheme scheme; /* digest or bearer */
    svms_rtsp_digest algorithm;
    bool has_qop; /* it offers "auth" */
    bool userhash;
    bool stale;
    bool has_opaque;
    char realm[SVMS_AUTH_TEXT_SIZE];
    char nonce[SVMS_AUTH_TEXT_SIZE];
    char opaque[SVMS_AUTH_TEXT_SIZE];
} svms_auth_challenge;

/* Those that can be answered, in their order. */
typedef struct svms_auth_challenges {
    size_t count;
    svms_auth_challenge items[SVMS_AUTH_CHALLENGES_MAX];
} svms_auth_challenges;

/* Takes up the challenges of one WWW-Authenticate header. Schemes, algorithms and qops that are not
 * known are passed over, and so is all behind what breaks the grammar. */
void svms_auth_challenges_read(svms_auth_challenges *list, svms_text_piece value);
/* The best one of that scheme: SHA-512-256, SHA-256, then MD5 if allowed. NULL: none. */
const svms_auth_challenge *svms_auth_challenges_best(const svms_auth_challenges *list,
                                                     svms_rtsp_scheme scheme, bool allow_md5);

typedef struct svms_auth_login {
    const char *user;
    const char *password;
} svms_auth_login;

typedef struct svms_auth_question {
    const char *method;
    const char *uri;
    uint32_t nonce_count; /* from 1, one more with each request that uses the challenge */
    const char *cnonce;   /* NULL: a random one */
} svms_auth_question;

/* Appends the value of Authorization to a digest challenge. */
SVMS_MUST_CHECK svms_status svms_auth_answer_digest(svms_builder *out, svms_ctx *ctx,
                                                    const svms_auth_challenge *challenge,
                                                    const svms_auth_login *login,
                                                    const svms_auth_question *question,
                                                    svms_error *err);

#endif
