/* SPDX-License-Identifier: Apache-2.0 */
/* C2SP tlog-tiles: how the hashes and records of a log lie in files (A-TRE-2). */
#ifndef SVMS_TILE_H
#define SVMS_TILE_H

#include <svms/audit.h>

#include "builder.h"
#include "cursor.h"
#include "tree.h"

/* A tile is the bottom of a subtree of 8 levels. */
#define SVMS_TILE_HEIGHT 8u
#define SVMS_TILE_WIDTH 256u
#define SVMS_TILE_BYTES ((size_t)SVMS_TILE_WIDTH * SVMS_DIGEST_SIZE)
/* The level of bundles of records, which have the numbers of the tiles of level 0. */
#define SVMS_TILE_ENTRIES UINT32_MAX
/* "tile/entries/x000/.../000.p/255" */
#define SVMS_TILE_PATH_MAX 64u
#define SVMS_BUNDLE_MAX ((size_t)SVMS_TILE_WIDTH * (2u + SVMS_AUDIT_RECORD_MAX))

typedef struct svms_tile {
    uint32_t level; /* or SVMS_TILE_ENTRIES */
    uint64_t number;
    uint32_t width; /* 1 to 256 */
} svms_tile;

/* File of a tile, relative to the log's folder. */
void svms_tile_path(const svms_tile *tile, char out[SVMS_TILE_PATH_MAX]);

/* The tile of a tree of size leaves that has the complete subtree (level, index). False where the
 * tree does not have that subtree. */
bool svms_tile_of(uint64_t size, unsigned level, uint64_t index, svms_tile *out);
/* Hash of the complete subtree (level, index) from the hashes of its tile. */
SVMS_MUST_CHECK svms_status svms_tile_hash(svms_hasher *hasher, const svms_tile *tile,
                                           const uint8_t *hashes, unsigned level, uint64_t index,
                                           uint8_t out[SVMS_DIGEST_SIZE], svms_error *err);

/* Hash of a full tile, which is a hash of the level above. */
SVMS_MUST_CHECK svms_status svms_tile_root(svms_hasher *hasher, const uint8_t *hashes,
                                           uint8_t out[SVMS_DIGEST_SIZE], svms_error *err);

typedef struct svms_bundle_entry {
    const uint8_t *record;
    size_t size;
} svms_bundle_entry;

/* The records of a bundle, which must be width in number and fill it. */
SVMS_MUST_CHECK svms_status svms_bundle_parse(const void *bytes, size_t size, uint32_t width,
                                              svms_bundle_entry out[SVMS_TILE_WIDTH],
                                              svms_error *err);
void svms_put_bundle_entry(svms_builder *out, const void *record, size_t size);

#endif
