/* SPDX-License-Identifier: Apache-2.0 */
/* A log that is open for appending. Three roles, each held by one thread at a time:
 *   leader      writes groups: tree, journal, keys
 *   publisher   writes tiles, bundles and the checkpoint
 * and, under the latch, everybody: the queue and the backlog, in which the leader leaves for the
 * publisher what it has acknowledged. Who wants both roles takes the leader's first. */
#ifndef SVMS_LOG_INTERNAL_H
#define SVMS_LOG_INTERNAL_H

#include <svms/audit_log.h>

#include "epochs.h"
#include "journal.h"
#include "platform.h"

/* 2^48 leaves are six tiles high. */
#define SVMS_LOG_TILE_LEVELS 7u
/* What waits for the publisher before appends help it, each with a part; they wait for their turn
 * to do so where it is twice as much. */
#define SVMS_LOG_BACKLOG_BYTES 16777216u
#define SVMS_LOG_PART_BYTES 1048576u
/* A segment of the journal that is larger is followed by the next one. */
#define SVMS_LOG_SEGMENT_BYTES UINT64_C(33554432)

typedef struct svms_log_waiter svms_log_waiter;
struct svms_log_waiter {
    const svms_iovec *records;
    size_t count;
    size_t bytes;
    bool is_kept; /* who brings the records keeps them where this fails: they are not refused */
    bool is_done;
    svms_status status;
    svms_error error;
    uint64_t first;
    svms_log_waiter *next;
};

/* Acknowledged, and not yet published. */
typedef struct svms_log_backlog {
    svms_builder records; /* as in a bundle */
    svms_builder leaves;
    uint8_t note[SVMS_JOURNAL_NOTE_MAX]; /* the checkpoint behind the last of them */
    size_t note_size;
} svms_log_backlog;

typedef struct svms_log_publisher {
    uint64_t size; /* records that were taken */
    uint32_t width[SVMS_LOG_TILE_LEVELS];
    uint8_t *tile[SVMS_LOG_TILE_LEVELS];
    svms_builder bundle;
    svms_hasher *hasher;
    svms_log_backlog work; /* what it is at */
    svms_store index;
    bool has_index;
    uint64_t index_count; /* entries in it */
    size_t records_done;  /* of work, bytes */
    size_t leaves_done;
} svms_log_publisher;

struct svms_audit_log {
    svms_ctx *ctx;
    const svms_folder *folder;
    char *server;
    uint64_t epoch_ns;

    svms_platform_latch latch;
    bool has_latch;
    bool has_leader;
    bool has_publisher;
    bool has_keeper; /* keep.h */
    svms_log_waiter *first_waiter;
    svms_log_waiter *last_waiter;
    svms_tree_head head;
    svms_log_backlog backlog;
    bool is_reserved; /* room in the backlog, for a group that is being written */

    /* The leader's. */
    svms_hasher *hasher;
    svms_epochs epochs;
    svms_builder epochs_text;
    svms_private_key *key;
    svms_sign_engine *engine;
    uint64_t epoch_begun_ns; /* monotonic */
    svms_tree tree;
    svms_store journal;
    uint64_t journal_size;
    svms_builder group;
    svms_builder leaves;
    uint64_t refused; /* records, since the last that went in */
    int64_t refused_since_utc_ns;
    int64_t last_utc_ns;
    bool owes_epoch;  /* handed over, and not yet told; the old key may still be there */
    bool is_broken;   /* a part of a group could not be taken out of the journal */
    uint64_t segment; /* first record of the one that is written */
    bool has_stray;   /* one that could not be begun, and may be there */
    uint64_t stray;

    svms_log_publisher publisher;
    uint64_t published; /* under the latch */
};

/* log_files.c */
/* Forgets what is there, and has the size, of bytes that are anything: for who overwrites them. */
SVMS_MUST_CHECK svms_status svms_log_make_room(svms_builder *out, size_t size, const char *what,
                                               svms_error *err);
/* Whole files of a log. SVMS_E_IO with ENOENT where there is none. */
SVMS_MUST_CHECK svms_status svms_log_read_file(const svms_folder *folder, const char *name,
                                               svms_builder *out, svms_error *err);
SVMS_MUST_CHECK svms_status svms_log_put_file(const svms_folder *folder, const char *name,
                                              const void *data, size_t size, bool durable,
                                              svms_error *err);
SVMS_MUST_CHECK svms_status svms_log_io(svms_status status, int os_error, const char *verb,
                                        const char *name, svms_error *err);
bool svms_log_is_missing(svms_status status, const svms_error *err);

/* log_identity.c: the file "log". out of the first is what svms_audit_log_create()
 * gives. */
SVMS_MUST_CHECK svms_status svms_log_put_identity(svms_ctx *ctx, const svms_folder *folder,
                                                  const svms_note_key *key,
                                                  char out[SVMS_AUDIT_KEY_SIZE], svms_error *err);
SVMS_MUST_CHECK svms_status svms_log_parse_identity(svms_ctx *ctx, const void *bytes, size_t size,
                                                    svms_note_key *out, svms_error *err);
SVMS_MUST_CHECK svms_status svms_log_read_identity(svms_ctx *ctx, const svms_folder *folder,
                                                   svms_note_key *out, svms_error *err);

/* log_epoch.c */
SVMS_MUST_CHECK svms_status svms_log_make_key(svms_ctx *ctx, const svms_folder *folder,
                                              const char *origin, size_t epoch,
                                              svms_private_key **key, svms_note_key *out,
                                              svms_error *err);
SVMS_MUST_CHECK svms_status svms_log_load_key(svms_audit_log *log, svms_error *err);
/* The leader's. A new key signs from then on; owes_epoch is set. */
SVMS_MUST_CHECK svms_status svms_log_hand_over(svms_audit_log *log, svms_error *err);
/* The leader's. The key before the present one, if it is still there. */
SVMS_MUST_CHECK svms_status svms_log_destroy_old_key(svms_audit_log *log, svms_error *err);

/* log_append.c */
void svms_log_lead(svms_audit_log *log);
void svms_log_follow(svms_audit_log *log);
/* The leader's: one group with the records of these waiters, who are told. */
void svms_log_commit(svms_audit_log *log, svms_log_waiter *waiters);
/* As svms_audit_log_append(), for who keeps the records where it fails, to bring them again. */
SVMS_MUST_CHECK svms_status svms_log_append_kept(svms_audit_log *log, const svms_iovec *records,
                                                 size_t count, uint64_t *first, svms_error *err);
/* Records that who kept them will not bring any more. */
void svms_log_tell_lost(svms_audit_log *log, uint64_t records, int64_t since_utc_ns);
/* The leader's: takes out of the journal what a failed write left there, where that is still to be
 * done. Nothing may be begun before: no group, segment or epoch. */
SVMS_MUST_CHECK svms_status svms_log_repair(svms_audit_log *log, svms_error *err);
/* The leader's: records of the log's own, in one group; frees them. */
#define SVMS_LOG_OWN_MOST 17u
SVMS_MUST_CHECK svms_status svms_log_append_own(svms_audit_log *log, svms_audit_record **records,
                                                size_t count, svms_error *err);

/* log_records.c: the log's own records; NULL out of a failure. */
SVMS_MUST_CHECK svms_status svms_log_record_open(svms_audit_log *log, svms_audit_record **out,
                                                 svms_error *err);
SVMS_MUST_CHECK svms_status svms_log_record_epoch(svms_audit_log *log, svms_audit_record **out,
                                                  svms_error *err);
/* why: "storage" or "queue". Of the log it takes what never changes. */
SVMS_MUST_CHECK svms_status svms_log_record_gap(svms_audit_log *log, const char *why,
                                                uint64_t records, int64_t since_utc_ns,
                                                svms_audit_record **out, svms_error *err);
SVMS_MUST_CHECK svms_status svms_log_record_jump(svms_audit_log *log, int64_t now_utc_ns,
                                                 svms_audit_record **out, svms_error *err);
SVMS_MUST_CHECK svms_status svms_log_record_quarantine(svms_audit_log *log, uint64_t bytes,
                                                       const uint8_t *sha256,
                                                       svms_audit_record **out, svms_error *err);

/* log_publish.c */
SVMS_MUST_CHECK svms_status svms_log_publisher_init(svms_log_publisher *publisher, svms_ctx *ctx,
                                                    svms_error *err);
void svms_log_publisher_clear(svms_log_publisher *publisher, svms_ctx *ctx);
/* Takes up what is there at a size, so that it can go on. */
SVMS_MUST_CHECK svms_status svms_log_publisher_resume(svms_audit_log *log, uint64_t size,
                                                      svms_error *err);
/* All that was acknowledged by now. Holds the publisher's role while it is at it. */
SVMS_MUST_CHECK svms_status svms_log_publish(svms_audit_log *log, svms_error *err);
/* About so many bytes of it. */
SVMS_MUST_CHECK svms_status svms_log_publish_part(svms_audit_log *log, size_t bytes,
                                                  svms_error *err);

/* log_index.c, the publisher's: the bundle that is full now; bundles that the index lacks, some at
 * a time. */
void svms_log_index_bundle(svms_audit_log *log, uint64_t number);
void svms_log_index_rest(svms_audit_log *log);
void svms_log_index_close(svms_log_publisher *publisher);

/* log_tiles.c: hashes that files have, for a tree of a size. */
typedef struct svms_log_tiles {
    const svms_folder *folder;
    svms_hasher *hasher;
    svms_builder bytes;
    uint64_t size;
    svms_tile loaded;
    bool has_loaded;
} svms_log_tiles;
void svms_log_tiles_init(svms_log_tiles *tiles, svms_ctx *ctx, const svms_folder *folder,
                         svms_hasher *hasher, uint64_t size);
void svms_log_tiles_clear(svms_log_tiles *tiles);
/* A file of a tile or bundle, the full one where there is one. */
SVMS_MUST_CHECK svms_status svms_log_read_tile(const svms_folder *folder, const svms_tile *tile,
                                               svms_builder *out, svms_error *err);
svms_tree_source svms_log_tiles_source(svms_log_tiles *tiles);

#endif
