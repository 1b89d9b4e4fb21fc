/* SPDX-License-Identifier: Apache-2.0 */
/* The covered NAL units of a stream, in order: those that wait for a SEI, and a few before them.
 * Each has a number, from 0 in the stream. */
#ifndef SVMS_CAMERA_ITEMS_H
#define SVMS_CAMERA_ITEMS_H

#include <svms/signedvideo.h>

#include "camera_hash.h"
#include "camera_nal.h"

typedef enum svms_camera_item_kind {
    SVMS_CAMERA_ITEM_SLICE,
    SVMS_CAMERA_ITEM_ANCHOR,
    SVMS_CAMERA_ITEM_SEI,      /* has no signature, covers NAL units */
    SVMS_CAMERA_ITEM_SEI_DATA, /* has no signature, covers nothing */
    SVMS_CAMERA_ITEM_BROKEN    /* an access unit that is no run of NAL units; equals nothing */
} svms_camera_item_kind;

typedef struct svms_camera_item {
    uint64_t frame;
    int64_t utc_ns;
    uint32_t missing_before; /* NAL units that were signed right before it, and are not there */
    uint8_t kind;
    uint8_t verdict; /* svms_camera_verdict; PENDING: nothing covers it yet */
    bool leads;      /* the first VCL NAL unit of its frame; where it has none, the first */
} svms_camera_item;

typedef struct svms_camera_items {
    svms_ctx *ctx;
    svms_camera_hasher *hasher;
    svms_camera_hash hash;   /* SVMS_CAMERA_HASHES until a document said which */
    size_t digest_size;      /* bytes kept of each; of all three algorithms until then */
    svms_camera_item *items; /* both are rings of capacity, a power of two */
    uint8_t *digests;
    size_t capacity;
    uint64_t base; /* number of the first that is kept */
    uint64_t end;  /* number of the next */
    bool has_anchor_before;
    uint8_t anchor_before[3 * SVMS_CAMERA_HASH_MAX]; /* that of the GOP in which base stands */
} svms_camera_items;

void svms_camera_items_init(svms_camera_items *items, svms_ctx *ctx, svms_camera_hasher *hasher);
void svms_camera_items_clear(svms_camera_items *items);
/* The next one; item tells all but the digest, which is that of data. Bytes are not kept. */
SVMS_MUST_CHECK svms_status svms_camera_items_push(svms_camera_items *items,
                                                   const svms_camera_item *item, const void *data,
                                                   size_t size, svms_error *err);
/* Forgets those before seq. */
void svms_camera_items_drop(svms_camera_items *items, uint64_t seq);
/* Which hash it is from now on. Where it was another one before, nothing may be left that is still
 * needed: all items are forgotten. */
void svms_camera_items_use(svms_camera_items *items, svms_camera_hash hash);

static inline svms_camera_item *svms_camera_item_at(const svms_camera_items *items, uint64_t seq)
{
    return &items->items[seq & (items->capacity - 1)];
}

/* H(N), by the algorithm in use (one must be). */
static inline const uint8_t *svms_camera_item_hash(const svms_camera_items *items, uint64_t seq)
{
    return items->digests + (seq & (items->capacity - 1)) * items->digest_size;
}

/* The first anchor at or behind seq and before end, or end. */
uint64_t svms_camera_items_next_anchor(const svms_camera_items *items, uint64_t seq, uint64_t end);
/* The anchor of the GOP in which seq stands, itself included only when it is none; NULL when the
 * stream has none before it. Borrowed. */
const uint8_t *svms_camera_items_anchor_of(const svms_camera_items *items, uint64_t seq);
/* Entries of a list for the items in [begin, begin + count), digest_size bytes each: linked with
 * the anchors among them, and before the first of those with anchor; with is_only with anchor
 * alone. What cannot be linked is zeros, and makes *is_whole false. */
SVMS_MUST_CHECK svms_status svms_camera_items_link(const svms_camera_items *items, uint64_t begin,
                                                   size_t count, const uint8_t *anchor,
                                                   bool is_only, uint8_t *out, bool *is_whole,
                                                   svms_error *err);

#endif
