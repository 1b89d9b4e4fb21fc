/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVMS_DTLS_FINGERPRINT_H
#define SVMS_DTLS_FINGERPRINT_H

#include <stdbool.h>

#include <svms/dtls.h>

/* Bytes that a hash gives; 0: none that is known. */
size_t svms_dtls_hash_size(uint32_t hash);
/* Whether the chain's first certificate has one of the fingerprints, of which only those of the
 * strongest function that is there count. In constant time; none matches nothing. */
SVMS_MUST_CHECK svms_status svms_dtls_fingerprints_match(bool *matches, svms_ctx *ctx,
                                                         const svms_chain *chain,
                                                         const svms_dtls_fingerprint *named,
                                                         size_t count, svms_error *err);

#endif
