/* SPDX-License-Identifier: Apache-2.0 */
/* A log that is open for reading. What it has taken up is a state: the newest checkpoint with the
 * right-most tiles, and what the journal has behind it. A refresh makes a new state, and the old
 * one stays where that fails. Everything in a state was compared with a root that was signed. */
#ifndef SVMS_READER_INTERNAL_H
#define SVMS_READER_INTERNAL_H

#include <svms/audit_read.h>

#include "bundle_index.h"
#include "journal_files.h"
#include "kept.h"
#include "log_internal.h"
#include "trust.h"

/* Records behind the newest checkpoint that are taken up; 32 bytes are kept of each. */
#define SVMS_READER_TAIL_MAX 131072u
/* Full tiles that were compared, and are kept. */
#define SVMS_READER_TILES 24u
/* How often something is read again that an appender may just be replacing. */
#define SVMS_READER_ATTEMPTS 8u

typedef struct svms_reader_place {
    uint64_t segment;
    uint64_t offset;
} svms_reader_place;

typedef struct svms_reader_group {
    uint64_t first;
    svms_reader_place at;
} svms_reader_group;

typedef struct svms_reader_state {
    svms_audit_reader *reader;
    svms_builder note; /* the file "checkpoint" */
    svms_tree_head published;
    svms_tree edge;           /* there */
    uint8_t *tiles;           /* the tiles of each level that are not full */
    svms_log_minimum minimum; /* what was pruned */
    svms_tree tree;           /* with the journal */
    svms_tree_head head;      /* of it */
    svms_builder end_note;    /* its checkpoint; empty: there is nothing behind the first */
    svms_builder leaves;      /* of the records behind the first */
    svms_reader_group *group; /* where they stand, in ascending order */
    size_t group_count;
    size_t group_capacity;
    bool is_full; /* the journal has more */
    bool has_end;
    svms_reader_place end; /* where the journal goes on */
    size_t handovers;      /* epochs whose beginning was found in the tree */
} svms_reader_state;

typedef struct svms_reader_tile_slot {
    bool is_used;
    uint32_t level;
    uint64_t number;
    uint64_t used_at;
} svms_reader_tile_slot;

/* A bundle, or a group of the journal. */
typedef struct svms_reader_block {
    bool is_loaded;
    uint64_t first; /* number of entry 0 */
    uint64_t end;   /* number behind the last one */
    char name[SVMS_TILE_PATH_MAX];
    const uint8_t *leaves;
    svms_bundle_entry entry[SVMS_JOURNAL_GROUP_RECORDS]; /* without a record: pruned */
    uint8_t hashes[SVMS_TILE_BYTES];                     /* of a bundle */
    svms_builder bytes;
} svms_reader_block;

struct svms_audit_reader {
    svms_ctx *ctx;
    const svms_folder *folder;
    bool is_trusted; /* somebody said whom to believe */
    svms_trusted trusted;
    svms_epochs epochs;
    svms_builder epochs_text;
    svms_hasher *hasher;
    svms_reader_state *state;
    svms_reader_tile_slot slot[SVMS_READER_TILES];
    uint8_t *slot_bytes;
    uint64_t uses;
    svms_builder tile_bytes;
    svms_journal_walk walk;
    svms_reader_block *block;
    svms_bundle_index_window index;
    svms_audit_tally tally;
};

/* reader.c: as svms_audit_reader_refresh(). */
SVMS_MUST_CHECK svms_status svms_reader_refresh(svms_audit_reader *reader, svms_error *err);

/* reader_tiles.c. The right-most tiles of the state's checkpoint, compared with its root. */
SVMS_MUST_CHECK svms_status svms_reader_take_edge(svms_reader_state *state, svms_error *err);
/* The hashes of a tile of the state's checkpoint, compared with its root. They stay until the next
 * call. */
SVMS_MUST_CHECK svms_status svms_reader_tile(const svms_reader_state *state, const svms_tile *tile,
                                             const uint8_t **hashes, svms_error *err);
/* Reads a tile or bundle; a full one in place of a part of it. */
SVMS_MUST_CHECK svms_status svms_reader_read_tile(const svms_audit_reader *reader,
                                                  const svms_tile *tile, svms_tile *found,
                                                  svms_builder *out, svms_error *err);
/* Hashes of the tree of the state, with the journal; each was compared with a root that was signed.
 */
svms_tree_source svms_reader_source(svms_reader_state *state);
void svms_reader_forget_tiles(svms_audit_reader *reader);

/* reader_journal.c: what the journal has behind the state's checkpoint; old: what is known already,
 * or NULL. may_pass: the failure may be one of the moment. */
SVMS_MUST_CHECK svms_status svms_reader_follow(svms_reader_state *state,
                                               const svms_reader_state *old, bool *may_pass,
                                               svms_error *err);

/* reader_block.c: what was read last, and comes next where one record after the other is asked for.
 */
SVMS_MUST_CHECK svms_status svms_reader_block_new(svms_reader_block **out, svms_ctx *ctx,
                                                  svms_error *err);
void svms_reader_block_free(svms_reader_block **block, svms_ctx *ctx);
/* The records from *first to *end that stand together with one of the log. */
void svms_reader_span(const svms_reader_state *state, uint64_t index, uint64_t *first,
                      uint64_t *end);
/* Reads these. SVMS_E_IO with ENOENT: the part of the journal that had them is gone, and they are
 * in tiles now. */
SVMS_MUST_CHECK svms_status svms_reader_load(svms_audit_reader *reader, uint64_t index,
                                             svms_error *err);
/* A record of the block that is loaded, compared with its hash. NULL: it was pruned. */
SVMS_MUST_CHECK svms_status svms_reader_entry(const svms_audit_reader *reader, uint64_t index,
                                              const svms_bundle_entry **out, svms_error *err);

#endif
