/* SPDX-License-Identifier: Apache-2.0 */
/* A whole log, verified in one pass over its records (A-PRF-4).
 *
 * Tiles are confirmed from above: those of the right edge by the root that a checkpoint signed,
 * every other one by its hash in the tile above it. What a confirmed tile says of a record decides.
 * Where a tile is damaged, what lies below it is hashed, and compared with what lies above it.
 * Beside that the root at the size of every handover, and of every checkpoint that is known, is
 * compared with what was signed: where no tile is confirmed, these say how far the log is right. */
#ifndef SVMS_CHECK_H
#define SVMS_CHECK_H

#include <svms/audit_check.h>

#include "bundle_index.h"
#include "check_ahead.h"
#include "epochs.h"
#include "kept.h"
#include "log_internal.h"
#include "trust.h"

/* A size and root that somebody signed. */
typedef struct svms_check_anchor {
    svms_tree_head head;
    svms_audit_flaw flaw; /* what it is where the log has another root */
    char name[48];
} svms_check_anchor;

typedef struct svms_check_tile {
    bool is_loaded;
    bool is_known;   /* what stands above confirms its hashes */
    bool has_hashes; /* of the file, or built from below */
    bool is_unread;  /* its file cannot be read, which was told */
    uint64_t number;
    uint32_t width;
    bool has_above; /* hash that the tile above has of it, which is confirmed */
    uint8_t above[SVMS_DIGEST_SIZE];
    uint8_t *hash;
    uint8_t *built; /* from below, where it is not known */
    uint32_t built_count;
} svms_check_tile;

/* What log.pruned says. */
typedef struct svms_check_pruning {
    uint64_t first;
    uint64_t end;
    uint64_t kept;
    uint64_t found; /* of those that stayed and that no later pruning is about */
    bool is_last;   /* no later one is about a part of it */
} svms_check_pruning;

typedef struct svms_check {
    svms_ctx *ctx;
    const svms_folder *folder;
    svms_audit_check_options options;
    svms_audit_report report;
    svms_trusted trusted;
    svms_epochs epochs;
    bool has_later_epochs; /* that came after the verification began */
    svms_hasher *hasher;
    svms_builder bytes;  /* of the file at hand */
    svms_builder bundle; /* that of records */

    svms_tree_head trunk;  /* what the tiles are of */
    bool lacks_epochs;     /* they cannot be read: nobody can say who may sign */
    bool lacks_checkpoint; /* it cannot be read: nobody can say how many records there are */
    bool is_signed;        /* and its root is one that the log's key signed */
    svms_check_tile right[SVMS_LOG_TILE_LEVELS]; /* the partial ones, of the right edge */
    svms_check_tile tile[SVMS_LOG_TILE_LEVELS];  /* the full ones at hand */

    svms_check_anchor *anchor; /* ascending */
    size_t anchor_count;
    size_t next_anchor;
    uint64_t right_to; /* the largest of those that agree */
    bool has_wrong_root;

    svms_tree edge; /* of the tree so far */
    bool is_lost;   /* hashes are missing: nothing can be said of roots from here on */

    bool has_journal;
    bool lacks_journal; /* its folder cannot be read */
    uint64_t journal_first;
    svms_tree journal_edge;
    bool has_journal_edge;
    uint64_t last_right; /* of the journal's records; SVMS_NO_RECORD */
    int64_t last_right_utc_ns;

    svms_bundle_index_window index;
    bool lacks_index; /* it cannot be read, which was told */

    svms_log_minimum minimum;
    bool lacks_minimum; /* it cannot be read: what is missing may have been pruned */
    svms_check_pruning *pruning;
    size_t pruning_count;
    size_t pruning_capacity;
} svms_check;

typedef enum svms_check_presence {
    SVMS_CHECK_PRESENT,
    SVMS_CHECK_ABSENT,
    SVMS_CHECK_UNREADABLE, /* told already */
    SVMS_CHECK_TOO_LARGE
} svms_check_presence;

/* check_tell.c. SVMS_END: it is the first, and the caller wants no more; passed on by everybody. */
SVMS_MUST_CHECK svms_status svms_check_tell(svms_check *at, svms_audit_flaw flaw, uint64_t record,
                                            uint64_t count, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* From here on a record is wrong, or not shown to be right. */
void svms_check_wrong_from(svms_check *at, uint64_t record);
/* Reads a file; what is no fault of the log is a failure. */
SVMS_MUST_CHECK svms_status svms_check_read(svms_check *at, const char *name, svms_builder *out,
                                            svms_check_presence *presence, svms_error *err);
/* The same of a file that was read already, with what came of it. */
SVMS_MUST_CHECK svms_status svms_check_judge_read(svms_check *at, svms_status status,
                                                  const svms_error *why,
                                                  svms_check_presence *presence, svms_error *err);
/* True for what must end the check: memory, provider, a callback, a later version. */
bool svms_check_is_fatal(svms_status status);

/* check_heads.c: file "log", epochs, checkpoints. */
SVMS_MUST_CHECK svms_status svms_check_heads(svms_check *at, svms_error *err);
/* Anchors of sizes up to that of edge and leaves; leaves may be NULL with a count of 0. */
SVMS_MUST_CHECK svms_status svms_check_anchors(svms_check *at, const svms_tree *edge,
                                               const uint8_t *leaves, uint32_t count,
                                               svms_error *err);
/* Those that nothing in the log reaches. */
SVMS_MUST_CHECK svms_status svms_check_anchors_left(svms_check *at, svms_error *err);

/* check_epochs.c: looks for handovers that came meanwhile, at a size and root that the tree has
 * now. */
SVMS_MUST_CHECK svms_status svms_check_later_epochs(svms_check *at, const svms_tree_head *head,
                                                    bool *has_more, svms_error *err);
/* False: the records from a number to a later head are not as such a handover says. */
bool svms_check_keeps_epochs(const svms_check *at, uint64_t first, const svms_tree_head *end);

/* check_tiles.c */
SVMS_MUST_CHECK svms_status svms_check_tiles_begin(svms_check *at, svms_error *err);
SVMS_MUST_CHECK svms_status svms_check_tile_at(svms_check *at, unsigned level, uint64_t number,
                                               svms_check_tile **out, svms_error *err);
/* Root of a full tile that is done, for the one above. */
SVMS_MUST_CHECK svms_status svms_check_tile_done(svms_check *at, unsigned level, uint64_t number,
                                                 const uint8_t root[SVMS_DIGEST_SIZE],
                                                 svms_error *err);
SVMS_MUST_CHECK svms_status svms_check_hash_tile(svms_check *at, const uint8_t *hashes,
                                                 uint8_t out[SVMS_DIGEST_SIZE], svms_error *err);
/* The partial file where there is one, otherwise the full one. */
SVMS_MUST_CHECK svms_status svms_check_read_tile(svms_check *at, const svms_tile *tile,
                                                 svms_builder *out, bool *is_full,
                                                 svms_check_presence *presence, svms_error *err);
/* Partial files of smaller sizes must begin as the present one. */
SVMS_MUST_CHECK svms_status svms_check_partials(svms_check *at, svms_error *err);

/* check_records.c */
SVMS_MUST_CHECK svms_status svms_check_records(svms_check *at, svms_error *err);
/* Splits a bundle; how many records are whole. */
uint32_t svms_check_split(const svms_builder *bytes, uint32_t width,
                          svms_bundle_entry out[SVMS_TILE_WIDTH], bool *ends_there);
/* The leaf of each entry. */
SVMS_MUST_CHECK svms_status svms_check_leaves(svms_hasher *hasher, const svms_bundle_entry *entry,
                                              uint32_t count, uint8_t *out, svms_error *err);
/* What the last right record before the first wrong one tells as its time. */
SVMS_MUST_CHECK svms_status svms_check_last_time(svms_check *at, svms_error *err);
/* SVMS_NO_TIME where it tells none. */
SVMS_MUST_CHECK svms_status svms_check_time_of(svms_check *at, const void *record, size_t size,
                                               int64_t *out, svms_error *err);

/* check_journal.c */
SVMS_MUST_CHECK svms_status svms_check_journal_begin(svms_check *at, svms_error *err);
SVMS_MUST_CHECK svms_status svms_check_journal(svms_check *at, svms_error *err);

/* check_index.c */
SVMS_MUST_CHECK svms_status svms_check_index_begin(svms_check *at, svms_error *err);
/* What it says of a bundle, where it says something. */
SVMS_MUST_CHECK svms_status svms_check_index_at(svms_check *at, uint64_t bundle,
                                                svms_bundle_index_entry *told, bool *says,
                                                svms_error *err);
/* found: of all 256 records of the bundle, or of those that stayed of it. */
SVMS_MUST_CHECK svms_status svms_check_index_entry(svms_check *at, uint64_t bundle,
                                                   const svms_bundle_index_entry *told,
                                                   const svms_bundle_index_entry *found,
                                                   bool is_whole);

/* check_pruned.c */
SVMS_MUST_CHECK svms_status svms_check_pruned_begin(svms_check *at, svms_error *err);
/* A-RET-6: of a bundle that is not there any more. Who verifies the log again asks for the
 * announcement. */
SVMS_MUST_CHECK svms_status svms_check_pruned_meanwhile(svms_check *at, uint64_t first,
                                                        bool *is_pruned, svms_error *err);
/* Of a bundle that was pruned: what stays, against its tile. */
SVMS_MUST_CHECK svms_status svms_check_kept(svms_check *at, const svms_check_tile *tile,
                                            svms_error *err);
/* What log.pruned announces. */
SVMS_MUST_CHECK svms_status svms_check_add_pruning(svms_check *at, uint64_t first, uint64_t last,
                                                   uint64_t kept, svms_error *err);
SVMS_MUST_CHECK svms_status svms_check_pruned_end(svms_check *at, svms_error *err);

/* check_told.c: what a record that is right says about the log; front: what it begins with. */
SVMS_MUST_CHECK svms_status svms_check_look(svms_check *at, uint64_t index,
                                            const svms_record_front *front, const void *record,
                                            size_t size, svms_error *err);

/* check_others.c: quarantine, stamps, keys. */
SVMS_MUST_CHECK svms_status svms_check_others(svms_check *at, svms_error *err);

#endif
