/* SPDX-License-Identifier: Apache-2.0 */
/* A list of hashes laid along those of a stream (CS-VER-2). Works on hashes alone. */
#ifndef SVMS_ALIGNMENT_H
#define SVMS_ALIGNMENT_H

#include "context_internal.h"

typedef enum svms_alignment_state {
    SVMS_ALIGNED_NOT,      /* has no counterpart */
    SVMS_ALIGNED_IN_ORDER, /* part of the longest run in order */
    SVMS_ALIGNED_MOVED,    /* has a counterpart, but out of order */
    SVMS_ALIGNED_REPEATED  /* found ones only: its counterpart is taken */
} svms_alignment_state;

typedef struct svms_alignment_side {
    uint8_t state;    /* svms_alignment_state */
    uint32_t partner; /* index on the other side, unless state is NOT */
} svms_alignment_side;

typedef struct svms_alignment {
    svms_ctx *ctx;
    svms_alignment_side *expected;
    svms_alignment_side *found;
    size_t expected_count;
    size_t found_count;
    size_t in_order; /* length of the run */
} svms_alignment;

/* Hashes of hash_size bytes, one behind the other; both counts below 2^31. The run in order is the
 * longest there is, but where equal hashes would make too many pairs; what is said to be equal is
 * always equal. O(n log n). SVMS_E_NO_MEMORY; the alignment is empty then. */
SVMS_MUST_CHECK svms_status svms_alignment_make(svms_alignment *out, svms_ctx *ctx,
                                                const uint8_t *expected, size_t expected_count,
                                                const uint8_t *found, size_t found_count,
                                                size_t hash_size, svms_error *err);
/* NULL-safe and repeatable. */
void svms_alignment_clear(svms_alignment *alignment);

#endif
