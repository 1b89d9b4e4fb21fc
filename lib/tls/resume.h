/* SPDX-License-Identifier: Apache-2.0 */
/* Resumed sessions. Whoever resumes one is judged again, by what is trusted now. */
#ifndef SVMS_TLS_RESUME_H
#define SVMS_TLS_RESUME_H

#include "tls_internal.h"

/* Lets an SSL_CTX of a server write and read tickets. */
SVMS_MUST_CHECK svms_status svms_tls_resume_server(SSL_CTX *ssl, svms_error *err);

/* Sessions that a client may resume, one for each target. */
SVMS_MUST_CHECK svms_status svms_tls_sessions_new(svms_tls_sessions **out, svms_ctx *ctx,
                                                  svms_error *err);
void svms_tls_sessions_free(svms_tls_sessions *sessions);
/* Lets an SSL_CTX of a client remember its sessions. */
void svms_tls_resume_client(SSL_CTX *ssl);
/* Has the handshake offer the session that fits the target, if there is one and if its server would
 * still be trusted. */
void svms_tls_offer_session(svms_tls *tls);

#endif
