/* SPDX-License-Identifier: Apache-2.0 */
/* OCSP responses for tests, made with OpenSSL alone. Whatever goes wrong aborts. */
#ifndef SVMS_TEST_OCSP_CASE_H
#define SVMS_TEST_OCSP_CASE_H

#include "authority.h"

typedef struct ocsp_plan {
    const party *about;
    const party *issuer;
    const party *signer;      /* NULL: the issuer */
    const char *revoked;      /* "20260101000000Z"; NULL: good */
    const char *from;         /* this update */
    const char *to;           /* next update; NULL: none */
    bool unknown;             /* the responder does not know it */
    bool without_certificate; /* the signer's is left out */
} ocsp_plan;

/* An OCSPResponse in DER. */
made ocsp_response(const ocsp_plan *plan);

#endif
