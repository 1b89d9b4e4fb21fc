/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files that take excerpts out of containers, verify and read them. */
#ifndef SVMS_EXCERPT_INTERNAL_H
#define SVMS_EXCERPT_INTERNAL_H

#include "excerpt.h"
#include "verify_internal.h"

/* Taking out ------------------------------------------------------------------------------------
 */

/* Where a manifest stands. */
typedef struct svms_manifest_place {
    bool known;
    bool unattested; /* no signature of it, or of a later one of its chain, was met */
    uint64_t number;
    uint32_t run;
    uint64_t offset;
    uint64_t end; /* behind its own signature record, if it has one */
    uint8_t hash[SVMS_DIGEST_SIZE];
} svms_manifest_place;

/* One verification of a container, as the collector sees it. */
typedef struct svms_collecting {
    const svms_collector *given;
    svms_front *front; /* of the verification */
    bool stop;         /* the callback, or what it needs, failed */
    svms_error failure;
    svms_manifest_place before; /* segment directly before the range */
    svms_manifest_place behind; /* first one behind it */
    bool begun;                 /* a segment was told */
    uint64_t first;             /* its number */
    int64_t last_utc_ns;        /* latest end of what was told */
    uint64_t told_end;          /* nothing before this offset is told any more */
    bool hole;                  /* what begins at hole_from does not verify */
    uint64_t hole_from;
    uint64_t hole_number; /* segment that belongs there */
    uint64_t hole_found;  /* end of the last segment in it whose times are known, or 0 */
    uint64_t hole_next;   /* where a segment that holds begins behind it, or SVMS_NO_OFFSET */
    uint64_t period_end;  /* where a segment begins behind the period, or SVMS_NO_OFFSET */
    svms_manifest manifest;
    uint8_t raw[SVMS_RECORD_HEADER_SIZE + SVMS_MANIFEST_LARGEST];
} svms_collecting;

/* excerpt_collect.c: reads a manifest again, and makes sure that it is the one that was checked. */
SVMS_MUST_CHECK svms_status svms_collect_manifest(svms_collecting *self, svms_front *front,
                                                  const svms_manifest_place *place,
                                                  svms_error *err);
/* Hands a piece over as it is. */
SVMS_MUST_CHECK svms_status svms_collect_hand(const svms_collecting *self, svms_piece *piece,
                                              const svms_manifest *manifest, svms_error *err);
/* What was verified is not there any more. */
svms_status svms_collect_changed(uint64_t offset, svms_error *err);
/* Tells one piece, and before it the hole that it ends. */
SVMS_MUST_CHECK svms_status svms_collect_tell(svms_collecting *self, svms_piece *piece,
                                              const svms_manifest *manifest, svms_error *err);

/* excerpt_hole.c: what does not verify, and is no segment (E-SRC-10). A segment is lost, and a hole
 * begins or goes on with it: */
SVMS_MUST_CHECK svms_status svms_hole_open(svms_collecting *self, svms_verification *verification,
                                           const svms_segment *segment, svms_error *err);
/* A segment before or behind the period. */
void svms_hole_beside(svms_collecting *self, const svms_verification *verification,
                      const svms_segment *segment, bool after);
/* Something of the period that is carried begins here. */
SVMS_MUST_CHECK svms_status svms_hole_close(svms_collecting *self, uint64_t end, svms_error *err);
/* Nothing more comes. SVMS_E_LIMIT where nobody can tell where the period ends. */
SVMS_MUST_CHECK svms_status svms_hole_finish(svms_collecting *self, svms_verification *verification,
                                             svms_error *err);

/* excerpt_tail.c: tells all that stands behind the last segment and shows that it holds. */
SVMS_MUST_CHECK svms_status svms_collect_tail(svms_collecting *self,
                                              svms_verification *verification, svms_error *err);

/* Verifying -------------------------------------------------------------------------------------
 */

/* Index records that one excerpt may carry. */
#define SVMS_CARRIED_INDEX_RECORDS 16u

typedef struct svms_carried_index {
    uint64_t offset;
    uint32_t size;
    uint64_t holder;
    bool used; /* leads from the end record to a segment */
} svms_carried_index;

/* State of the walk over the pieces. */
typedef struct svms_excerpt_walk {
    const svms_excerpt *given;
    bool open_samples;
    uint64_t size; /* of the source */
    uint64_t n;    /* the piece in hand */
    svms_piece piece;
    uint64_t next_offset; /* where the next segment of the chain begins in the container, or 0 */
    bool behind;          /* a manifest behind the range waits in the run that is current */
    uint32_t behind_run;
    bool ended;  /* an end piece was met */
    bool closed; /* and it holds */
    svms_end end;
    svms_carried_index index[SVMS_CARRIED_INDEX_RECORDS];
    uint32_t index_count;
    uint64_t secrets; /* that fit */
    uint64_t without; /* sealed tracks of segments whose secret is not carried */
    bool unfit;       /* a secret does not fit */
    uint64_t hidden;
    uint64_t chain_number; /* last manifest of the chain in its run */
    uint32_t chain_run;
    uint8_t chain_hash[SVMS_DIGEST_SIZE];
} svms_excerpt_walk;

/* excerpt_piece.c: whether kind, sizes and place of the piece are possible. */
const char *svms_piece_fault(const svms_piece *piece, uint64_t first, uint64_t limit);
/* Nothing is read behind this offset; bytes before it are never taken for unwritten. */
void svms_front_bound(svms_front *front, uint64_t end);
/* The manifest record that begins at offset, where the piece's closing part must be. */
SVMS_MUST_CHECK svms_status svms_piece_manifest(svms_scanner *scanner, const svms_piece *piece,
                                                svms_segment *out, svms_error *err);
/* The segment that the piece is. */
SVMS_MUST_CHECK svms_status svms_piece_scan(svms_scanner *scanner, const svms_piece *piece,
                                            uint64_t expected, const uint8_t *previous,
                                            svms_segment *out, svms_error *err);

/* excerpt_record.c: a piece that is a record, or the end. */
SVMS_MUST_CHECK svms_status svms_verify_carried_record(svms_verification *verification,
                                                       svms_error *err);
SVMS_MUST_CHECK svms_status svms_verify_carried_end(svms_verification *verification,
                                                    svms_error *err);
/* Once all pieces have been seen. */
void svms_verify_carried_index(svms_verification *verification);

/* excerpt_open.c: compares the secrets of the segment with their commitments. */
SVMS_MUST_CHECK svms_status svms_verify_carried_secrets(svms_verification *verification,
                                                        const svms_segment *segment,
                                                        svms_error *err);

/* excerpt_attest.c: whether what is carried behind piece n attests the segment that it is. */
SVMS_MUST_CHECK svms_status svms_excerpt_attest(svms_scanner *scanner, const svms_excerpt *excerpt,
                                                uint64_t n, const svms_segment *segment,
                                                svms_attestation *out, svms_error *err);

#endif
