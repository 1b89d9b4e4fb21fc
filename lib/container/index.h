/* SPDX-License-Identifier: Apache-2.0 */
/* The search tree over segments (container.md, section 11). The writer builds it as it goes; the
 * verifier builds it too and compares. */
#ifndef SVMS_INDEX_H
#define SVMS_INDEX_H

#include "header.h"

typedef struct svms_index_entry {
    uint64_t segment;
    uint64_t offset;
    int64_t first_utc_ns;
    int64_t last_utc_ns;
    uint32_t segments;
    uint8_t hash[SVMS_DIGEST_SIZE]; /* of the manifest, or of the index record below */
} svms_index_entry;

typedef struct svms_index_level {
    uint32_t count;
    uint64_t checkpoint; /* newest of this level that no higher level covers, 0: none */
    svms_index_entry entries[SVMS_INDEX_FANOUT];
} svms_index_level;

typedef struct svms_index {
    svms_ctx *ctx;
    svms_index_level *levels[SVMS_INDEX_LEVELS]; /* made when first used */
} svms_index;

void svms_index_init(svms_index *index, svms_ctx *ctx);
void svms_index_clear(svms_index *index);
/* Adds an entry to level 0. False when out of memory. */
bool svms_index_add(svms_index *index, const svms_index_entry *entry);
bool svms_index_is_full(const svms_index *index, unsigned level);

/* Replaces out's content by the record (header and body) of a level that holds entries, to stand at
 * offset with this record number; empties the level and adds its entry one level up. Number 0
 * stands behind the last segment; other records become checkpoints (C-IDX-5). */
SVMS_MUST_CHECK svms_status svms_index_emit(svms_index *index, unsigned level,
                                            const svms_header *header, uint64_t offset,
                                            uint32_t number, svms_builder *out, svms_error *err);

/* Offset of the newest current checkpoint, 0 for none (C-IDX-5). */
uint64_t svms_index_checkpoint(const svms_index *index);

/* What to do with a level when the container is closed (C-IDX-3). */
typedef enum svms_index_step {
    SVMS_INDEX_PASS,      /* holds nothing */
    SVMS_INDEX_EMIT,      /* write it and go on */
    SVMS_INDEX_EMIT_ROOT, /* write it: it is the root */
    SVMS_INDEX_ROOT_BELOW /* the record its only entry points to is the root */
} svms_index_step;
svms_index_step svms_index_closing_step(const svms_index *index, unsigned level, uint64_t *root,
                                        uint8_t root_hash[SVMS_DIGEST_SIZE]);

/* A parsed record body. */
typedef struct svms_index_view {
    uint8_t level;
    uint32_t count;
    uint64_t before; /* checkpoint before this one */
    const uint8_t *entries;
} svms_index_view;
bool svms_index_parse(svms_index_view *out, const svms_header *header, uint64_t offset,
                      const uint8_t *body, size_t size);
/* The same of the first bytes of a body, as if it had one entry. */
#define SVMS_INDEX_GLANCE_SIZE (SVMS_INDEX_FIXED_SIZE + SVMS_INDEX_ENTRY_SIZE)
bool svms_index_glance(svms_index_view *out, const svms_header *header, uint64_t offset,
                       const uint8_t body[SVMS_INDEX_GLANCE_SIZE]);
svms_index_entry svms_index_entry_at(const svms_index_view *view, uint32_t position);

#endif
