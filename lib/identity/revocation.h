/* SPDX-License-Identifier: Apache-2.0 */
/* Whether certificates are revoked: lists (RFC 5280 section 5) and OCSP responses (ocsp.h) of a
 * trust store. */
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

/* A certificate of a path and the one above it. */
typedef struct svms_issued {
    X509 *certificate;
    X509 *issuer;
    int64_t now_utc_ns;
} svms_issued;

/* Adds what one source says about a certificate: what says most stands, and of several revocations
 * the earliest. since_utc_ns counts with SVMS_REVOCATION_REVOKED. */
void svms_revocation_add(svms_revocation_finding *out, svms_revocation state, int64_t since_utc_ns,
                         X509 *certificate);
/* What the lists of a store say about one certificate, added to what is known. */
SVMS_MUST_CHECK svms_status svms_revocation_by_lists(svms_revocation_finding *out,
                                                     const svms_trust *trust,
                                                     const svms_issued *one, svms_error *err);

struct svms_ocsp_answer;
/* What lists and OCSP responses say about every certificate of a path (leaf first, anchor last) but
 * the anchor. stapled may be NULL; *stapled_state receives what it alone says about the leaf. */
SVMS_MUST_CHECK svms_status svms_revocation_of_path(svms_revocation_finding *out,
                                                    const svms_trust *trust,
                                                    const svms_certificates *path,
                                                    const struct svms_ocsp_answer *stapled,
                                                    svms_revocation *stapled_state,
                                                    int64_t now_utc_ns, svms_error *err);

/* Digest under a signature, for RSASSA-PSS that of its parameters; NID_undef where the algorithm is
 * unknown or brings its own. */
int svms_signature_digest(const X509_ALGOR *algorithm);
/* A date that is missing or cannot be read lies before everything: -INT64_MAX. */
int64_t svms_date_ns(const ASN1_TIME *date);

#endif
