/* SPDX-License-Identifier: Apache-2.0 */
/* libsrtp, started once for the process (SR-LIB-1), and what its answers mean here. */
#ifndef SVMS_SRTP_ENGINE_H
#define SVMS_SRTP_ENGINE_H

#include <stdbool.h>

#include <srtp2/srtp.h>

#include <svms/srtp.h>

/* Packets of SRTCP that a source sends at most: libsrtp's index begins at 1. */
#define SVMS_SRTP_RTCP_MAX UINT32_C(0x7FFFFFFF)

/* An empty session; starts libsrtp if nobody has yet. */
SVMS_MUST_CHECK svms_status svms_srtp_engine_new(srtp_t *out, svms_error *err);
void svms_srtp_engine_free(srtp_t *engine);

/* Puts a stream into a session, for a source or (any) as the template of received ones. */
SVMS_MUST_CHECK svms_status svms_srtp_engine_add(srtp_t engine, const svms_srtp_key *key, bool any,
                                                 uint32_t ssrc, uint32_t window, svms_error *err);
/* Gives the stream of a source another key; its index and that of SRTCP go on. After a failure the
 * stream may be gone. */
SVMS_MUST_CHECK svms_status svms_srtp_engine_change(srtp_t engine, const svms_srtp_key *key,
                                                    uint32_t ssrc, uint32_t window,
                                                    svms_error *err);

/* SVMS_E_NO_MEMORY or SVMS_E_CRYPTO. */
svms_status svms_srtp_engine_fail(srtp_err_status_t code, const char *what, svms_error *err);

#endif
