/* SPDX-License-Identifier: Apache-2.0 */
/* OCSP responses (RFC 6960): those of a trust store, and those that a TLS server staples. */
#ifndef SVMS_OCSP_H
#define SVMS_OCSP_H

#include <openssl/ocsp.h>

#include "revocation.h"

#define SVMS_OCSP_SIZE_MAX 65536
#define SVMS_OCSP_MAX 64
/* Certificates of responders in one response. */
#define SVMS_OCSP_RESPONDERS_MAX 4

/* A basic response that was read; nothing is believed of it yet. */
typedef struct svms_ocsp_answer {
    OCSP_BASICRESP *basic;
    svms_certificates *responders; /* certificates that came with it */
} svms_ocsp_answer;

/* Reads one response. SVMS_E_MALFORMED, SVMS_E_UNSUPPORTED or SVMS_E_LIMIT says what is wrong with
 * it; number stands in the message. */
SVMS_MUST_CHECK svms_status svms_ocsp_parse(svms_ocsp_answer *out, svms_ctx *ctx, const void *data,
                                            size_t size, size_t number, svms_error *err);
void svms_ocsp_clear(svms_ocsp_answer *answer);

/* Reads responses into trust->ocsp. */
SVMS_MUST_CHECK svms_status svms_ocsp_read(svms_trust *trust, const void *const *responses,
                                           const size_t *sizes, size_t count, svms_error *err);
void svms_ocsp_free(svms_trust *trust);

/* What a response says about a certificate, added to what is known already; lists tell whether the
 * responder itself is revoked. */
SVMS_MUST_CHECK svms_status svms_ocsp_judge(svms_revocation_finding *out, const svms_trust *trust,
                                            const svms_ocsp_answer *answer, const svms_issued *one,
                                            svms_error *err);

#endif
