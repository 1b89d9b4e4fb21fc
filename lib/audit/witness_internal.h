/* SPDX-License-Identifier: Apache-2.0 */
/* A witness: its key, and what it has seen of each log (A-WIT-8). */
#ifndef SVMS_WITNESS_INTERNAL_H
#define SVMS_WITNESS_INTERNAL_H

#include <svms/witness.h>

#include "epochs.h"
#include "platform.h"
#include "witness_request.h"

#define SVMS_WITNESS_LOGS_MAX 1024u
/* 32 hexadecimal digits that stand for an origin in names of files. */
#define SVMS_WITNESS_HASH_SIZE 33u
#define SVMS_WITNESS_STATE_MAX ((size_t)SVMS_NOTE_MAX + 2048u)

typedef enum svms_witness_fault {
    SVMS_WITNESS_FORK,    /* two trees of one size, or a key that signed beyond its end */
    SVMS_WITNESS_UNPROVEN /* a tree that is not shown to have grown out of the one before */
} svms_witness_fault;

/* What is kept against a log: each kind has its own places, and no more of them. */
typedef struct svms_witness_evidence {
    bool is_taken[SVMS_WITNESS_EVIDENCE_MAX];
    bool is_known[SVMS_WITNESS_EVIDENCE_MAX]; /* which head it is about: kept in this run */
    svms_tree_head about[SVMS_WITNESS_EVIDENCE_MAX];
    unsigned next; /* place that is used again, where none is free */
} svms_witness_evidence;

typedef struct svms_witness_log svms_witness_log;
struct svms_witness_log {
    svms_witness_log *next;
    char hash[SVMS_WITNESS_HASH_SIZE];
    svms_note_key first; /* as it was told */
    uint64_t epoch;
    svms_note_key key; /* that signs in this epoch */
    svms_tree_head head;
    svms_builder note; /* what the log signed when it had this head; empty at first */
    svms_witness_evidence evidence[2];
};

struct svms_witness {
    svms_ctx *ctx;
    const svms_folder *folder;
    svms_platform_latch latch;
    bool has_latch;
    svms_note_key key;
    char key_text[SVMS_AUDIT_KEY_SIZE];
    svms_private_key *own_key; /* NULL: the caller keeps it */
    svms_sign_engine *engine;
    svms_hasher *hasher;
    svms_witness_log *logs;
    unsigned count;
};

/* witness_state.c */
SVMS_MUST_CHECK svms_status svms_witness_log_new(svms_witness_log **out, svms_ctx *ctx,
                                                 const svms_note_key *first, svms_error *err);
void svms_witness_log_free(svms_witness_log **log, svms_ctx *ctx);
/* Takes up what the folder has; nothing where the log is new. SVMS_E_STATE: its first key is
 * another one. */
SVMS_MUST_CHECK svms_status svms_witness_log_load(svms_witness_log *log, const svms_folder *folder,
                                                  svms_error *err);
/* Durably. */
SVMS_MUST_CHECK svms_status svms_witness_log_store(const svms_witness_log *log,
                                                   const svms_folder *folder, svms_error *err);
SVMS_MUST_CHECK svms_status svms_witness_read(const svms_folder *folder, const char *name,
                                              svms_builder *out, svms_error *err);
SVMS_MUST_CHECK svms_status svms_witness_put(const svms_folder *folder, const char *name,
                                             const void *data, size_t size, svms_error *err);

/* witness_evidence.c */
SVMS_MUST_CHECK svms_status svms_witness_evidence_load(svms_witness_log *log,
                                                       const svms_folder *folder, svms_error *err);
/* *is_new: it was kept. What the folder does not take is not kept: that is no failure. */
SVMS_MUST_CHECK svms_status svms_witness_evidence_add(svms_witness *witness, svms_witness_log *log,
                                                      svms_witness_fault fault, const char *path,
                                                      const svms_tree_head *about, const void *body,
                                                      size_t size, bool *is_new, svms_error *err);

#endif
