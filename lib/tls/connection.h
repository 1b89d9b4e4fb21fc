/* SPDX-License-Identifier: Apache-2.0 */
/* What every call on a connection begins and ends with. */
#ifndef SVMS_TLS_CONNECTION_H
#define SVMS_TLS_CONNECTION_H

#include "tls_internal.h"

/* Fills a connection that is all zeros; the use of the state passes to it. Whether or not that
 * works, release what it holds with svms_tls_end(). */
SVMS_MUST_CHECK svms_status svms_tls_begin(svms_tls *tls, svms_tls_state *state,
                                           const svms_tls_target *target, int socket,
                                           svms_error *err);
void svms_tls_end(svms_tls *tls);
/* The failure of an earlier call, or the handshake as far as it goes. */
SVMS_MUST_CHECK svms_status svms_tls_shake(svms_tls *tls, svms_error *err);
/* What a call to OpenSSL that did not succeed means: SVMS_AGAIN, or the end of the connection. */
SVMS_MUST_CHECK svms_status svms_tls_came_of(svms_tls *tls, int result, svms_error *err);
/* Every later call gives this failure. */
SVMS_MUST_CHECK svms_status svms_tls_stop(svms_tls *tls, svms_status status, const svms_error *why,
                                          svms_error *err);
/* SVMS_AGAIN where the socket did not take everything yet. */
SVMS_MUST_CHECK svms_status svms_tls_flushed(svms_tls *tls);

#endif
