/* SPDX-License-Identifier: Apache-2.0 */
/* The reordering buffer: extends sequence numbers, holds packets that came too early, and knows
 * which ones came already (P-SEQ). */
#ifndef SVMS_RTP_REORDER_H
#define SVMS_RTP_REORDER_H

#include "context_internal.h"

enum {
    SVMS_REORDER_AHEAD_MAX = 3000,
    SVMS_REORDER_BEHIND_MAX = 1500,
    SVMS_REORDER_BYTES_MAX = 4 * 1024 * 1024,
    SVMS_REORDER_HISTORY = 2048 /* numbers whose coming is remembered; more than BEHIND_MAX */
};

typedef enum svms_arrival {
    SVMS_ARRIVAL_NEXT,      /* the one that is waited for */
    SVMS_ARRIVAL_AHEAD,     /* later than that */
    SVMS_ARRIVAL_LATE,      /* given up already */
    SVMS_ARRIVAL_DUPLICATE, /* came before */
    SVMS_ARRIVAL_STRANGE    /* of another stream of numbers */
} svms_arrival;

typedef struct svms_reorder_slot {
    uint8_t *bytes;
    size_t size;
    uint64_t arrival_ns;
} svms_reorder_slot;

typedef struct svms_reorder {
    svms_ctx *ctx;
    svms_reorder_slot *slots; /* number modulo capacity; NULL until something is held */
    uint32_t capacity;
    uint32_t held;
    size_t held_bytes;
    uint64_t next;         /* extended number that is waited for */
    uint64_t highest;      /* highest number that came, or next - 1 */
    uint64_t waiting_from; /* when the first of those held came */
    uint64_t seen[SVMS_REORDER_HISTORY / 64];
} svms_reorder;

svms_reorder svms_reorder_new(svms_ctx *ctx, uint32_t capacity);
/* Releases what is held. */
void svms_reorder_clear(svms_reorder *r);
/* Forgets everything; sequence is the first number. */
void svms_reorder_start(svms_reorder *r, uint16_t sequence);
/* Where a number belongs; changes nothing. *number is its extension, except when it is strange. */
svms_arrival svms_reorder_place(const svms_reorder *r, uint16_t sequence, uint64_t *number);
/* The number came: NEXT moves on, all others are only remembered. */
void svms_reorder_note(svms_reorder *r, uint64_t number);
/* Keeps a copy of what is ahead. */
SVMS_MUST_CHECK svms_status svms_reorder_hold(svms_reorder *r, uint64_t number, const uint8_t *data,
                                              size_t size, uint64_t now_ns, svms_error *err);
/* Takes out the next one if it is held, and moves on; the caller releases its bytes. */
bool svms_reorder_take(svms_reorder *r, svms_reorder_slot *out);
/* Numbers missing before the first that is held; 0 if nothing is held. */
uint64_t svms_reorder_hole(const svms_reorder *r);
/* True where no room is left for a packet of this number and size unless the hole is given up. */
bool svms_reorder_is_full(const svms_reorder *r, uint64_t number, size_t size);
/* Gives up count numbers. */
void svms_reorder_skip(svms_reorder *r, uint64_t count);

#endif
