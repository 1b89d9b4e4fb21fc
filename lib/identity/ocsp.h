/* SPDX-License-Identifier: Apache-2.0 */
/* OCSP responses (RFC 6960): those of a trust store, and those that a TLS server staples. */
#ifndef SVMS_OCSP_H
#define SVMS_OCSP_H

#include "revocation.h"

#define SVMS_OCSP_SIZE_MAX 65536

/* Reads responses into trust->ocsp. */
SVMS_MUST_CHECK svms_status svms_ocsp_read(svms_trust *trust, const void *const *responses,
                                           const size_t *sizes, size_t count, svms_error *err);
void svms_ocsp_free(svms_trust *trust);

#endif
