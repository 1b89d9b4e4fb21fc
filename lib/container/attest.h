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

/* The index records that lead from the end record to a segment. */
typedef struct svms_index_step_taken {
    uint64_t offset;
    uint32_t size;
    uint64_t holder;                /* segment in which it stands, or SVMS_NO_SEGMENT */
    uint8_t hash[SVMS_DIGEST_SIZE]; /* of the whole record */
} svms_index_step_taken;
typedef struct svms_index_path {
    uint32_t count;
    svms_index_step_taken steps[SVMS_INDEX_LEVELS];
} svms_index_path;

/* The same, and which way it went; path may be NULL. */
SVMS_MUST_CHECK svms_status svms_attest_by_path(svms_front *front, const svms_end *end,
                                                uint64_t number,
                                                const uint8_t hash[SVMS_DIGEST_SIZE],
                                                svms_attestation *out, svms_index_path *path,
                                                svms_error *err);

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

/* State of one walk over the chain behind a segment. */
typedef struct svms_chain_walk {
    svms_scanner *scanner;
    uint64_t first;  /* the segment in question */
    uint64_t number; /* last segment of the chain that was read */
    uint8_t hash[SVMS_DIGEST_SIZE];
    uint64_t at;
    bool attested; /* up to attested_to */
    uint64_t attested_to;
    bool broken;
    bool ended;
} svms_chain_walk;

/* One whole segment at walk->at, or only its manifest. */
SVMS_MUST_CHECK svms_status svms_chain_pass_segment(svms_chain_walk *walk, svms_error *err);
SVMS_MUST_CHECK svms_status svms_chain_pass_manifest(svms_chain_walk *walk, svms_error *err);
/* A late signature record at walk->at, in front of segment `next` or in it. */
SVMS_MUST_CHECK svms_status svms_chain_pass_signature(svms_chain_walk *walk, uint64_t next,
                                                      svms_error *err);
/* Remembers what was found. */
void svms_chain_finish(svms_chain_walk *walk, svms_attestation *out);

#endif
