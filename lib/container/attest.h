/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a segment without signature of its own is attested by something later (C-SIG-6). */
#ifndef SVMS_ATTEST_H
#define SVMS_ATTEST_H

#include "segment.h"

typedef enum svms_attestation {
    SVMS_ATTESTED,
    SVMS_NOT_YET, /* the file ends before a signature comes */
    SVMS_NEVER    /* the chain breaks before a signature comes */
} svms_attestation;

/* By the signed end record and the hashes of the index (C-IDX-4). NEVER where that does not lead
 * there. */
SVMS_MUST_CHECK svms_status svms_attest_by_end(svms_front *front, const svms_end *end,
                                               uint64_t number,
                                               const uint8_t hash[SVMS_DIGEST_SIZE],
                                               svms_attestation *out, svms_error *err);

/* How far to read on. */
typedef struct svms_ahead {
    uint64_t offset;     /* behind the segment in question */
    uint64_t number;     /* of that segment; SVMS_NO_SEGMENT: none, all that follows */
    const uint8_t *hash; /* of its manifest; h where there is none */
    bool for_evidence;   /* go on to the last segment that may hold evidence of it (C-EVI-1) */
} svms_ahead;

/* By hopping over the records of the segments behind it. scanner->known must know the segment;
 * receives those that follow. Evidence on the way goes to scanner->evidence. */
SVMS_MUST_CHECK svms_status svms_attest_ahead(svms_scanner *scanner, const svms_ahead *ahead,
                                              svms_attestation *out, svms_error *err);

#endif
