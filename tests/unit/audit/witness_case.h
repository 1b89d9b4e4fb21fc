/* SPDX-License-Identifier: Apache-2.0 */
/* A log that may tell one tree or another, whose keys the test has, and a witness of it. */
#ifndef SVMS_TEST_WITNESS_CASE_H
#define SVMS_TEST_WITNESS_CASE_H

#include <svms/witness.h>

#include "epochs.h"
#include "memory_folder.h"
#include "witness_request.h"

#define ORIGIN "vms.example/audit"
#define WITNESS "witness.example/one"
#define SIGNERS 4u

typedef struct signer {
    svms_private_key *private_key;
    svms_sign_engine *engine;
    svms_note_key key;
    char text[SVMS_AUDIT_KEY_SIZE];
} signer;

/* Leaves from there on are others: 0 is no fork. */
typedef uint64_t fork_at;

typedef struct witness_case {
    svms_ctx *ctx;
    svms_hasher *hasher;
    memory_folder folder;
    svms_folder view;
    signer of[SIGNERS];
    svms_witness *witness;
} witness_case;

int witness_case_set_up(void **state);
int witness_case_tear_down(void **state);

void signer_make(signer *out, svms_ctx *ctx, const char *name, svms_note_kind kind);
void signer_free(signer *gone);

void case_open(witness_case *c);
/* Closes, and opens what is in the folder. */
void case_restart(witness_case *c);

svms_tree_head tree_head(witness_case *c, fork_at fork, uint64_t size);
void tree_prove(witness_case *c, fork_at fork, uint64_t from, uint64_t to, svms_tree_proof *out);

/* Notes, to be cleared. extra: lines behind the root; NULL: none. */
svms_builder note_of(witness_case *c, const signer *who, const svms_tree_head *head,
                     const char *extra);
svms_builder handover_of(witness_case *c, uint64_t number, const svms_tree_head *at,
                         const signer *old, const signer *next);

svms_builder request_of(witness_case *c, uint64_t old_size, const svms_tree_proof *proof,
                        const svms_builder *note);

/* Asks; a failure is one of the test. */
svms_witness_answer ask(witness_case *c, const char *path, const void *body, size_t size);
/* The same with a request, which is cleared. */
svms_witness_answer ask_this(witness_case *c, const char *path, svms_builder *request);

/* The log's newest checkpoint by signer 0, with the proof that belongs to it. */
svms_witness_answer add_checkpoint(witness_case *c, fork_at fork, uint64_t old_size, uint64_t size);

/* How many files are below a folder's name. */
unsigned count_files(memory_folder *folder, const char *front);

#endif
