/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate revocation lists (RFC 5280 section 5) of a trust store. */
#ifndef SVMS_REVOCATION_H
#define SVMS_REVOCATION_H

#include "certificate.h"

/* Reads PEM text with lists, or one list in DER, into trust->lists. */
SVMS_MUST_CHECK svms_status svms_revocation_read(svms_trust *trust, const void *crls, size_t size,
                                                 svms_error *err);

typedef struct svms_revocation_finding {
    svms_revocation state;
    int64_t since_utc_ns; /* revocation or invalidity date, the earlier one; or SVMS_NO_TIME */
    X509 *certificate;    /* the one that since_utc_ns is about; borrowed */
} svms_revocation_finding;

/* What the lists say about every certificate of a path (leaf first, anchor last) but the anchor. */
SVMS_MUST_CHECK svms_status svms_revocation_of_path(svms_revocation_finding *out,
                                                    const svms_trust *trust,
                                                    const svms_certificates *path,
                                                    int64_t now_utc_ns, svms_error *err);

#endif
