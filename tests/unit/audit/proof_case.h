/* SPDX-License-Identifier: Apache-2.0 */
/* A small log with all that a log has: a full bundle and a part of one, two epochs, a journal, and
 * a checkpoint that two witnesses have cosigned, one of them outside. */
#ifndef SVMS_TEST_PROOF_CASE_H
#define SVMS_TEST_PROOF_CASE_H

#include <svms/audit_check.h>
#include <svms/audit_proof.h>

#include "epochs.h"
#include "memory_folder.h"
#include "tile.h"

#define PROOF_ORIGIN "vms.example/audit"
/* Records of the log's own when it is opened. */
#define PROOF_OPENING 2u
/* Records where the second epoch begins, and in all; the checkpoint of the first is witnessed. */
#define PROOF_FIRST 264u
#define PROOF_SIZE 270u
#define PROOF_WITNESSES 2u
/* When the witnesses say that they cosigned; the second is outside. */
#define PROOF_TIME_INSIDE INT64_C(1767225600)
#define PROOF_TIME_OUTSIDE INT64_C(1767225660)

typedef struct proof_signer {
    svms_private_key *private_key;
    svms_sign_engine *engine;
    svms_note_key key;
    char text[SVMS_AUDIT_KEY_SIZE];
} proof_signer;

typedef struct proof_case {
    svms_ctx *ctx;
    svms_hasher *hasher;
    memory_folder folder;
    svms_folder view;
    char key[SVMS_AUDIT_KEY_SIZE];
    proof_signer witness[PROOF_WITNESSES];
    svms_audit_witness witnesses[PROOF_WITNESSES];
    svms_audit_trust trust; /* both must have cosigned */
} proof_case;

int proof_case_set_up(void **state);
int proof_case_tear_down(void **state);
/* Another log, of more records before the second epoch. */
void proof_case_make(proof_case *c, unsigned first, unsigned second);
void proof_case_clear(proof_case *c);

void proof_signer_make(proof_signer *out, svms_ctx *ctx, const char *name, svms_note_kind kind);
void proof_signer_free(proof_signer *gone);

svms_audit_log *proof_case_open(proof_case *c);
void proof_case_append(svms_audit_log *log, unsigned count);
void proof_case_close(svms_audit_log **log);
/* Puts the folder's checkpoint into `witnessed`, with the witnesses' signatures. */
void proof_case_cosign(proof_case *c);

/* A file must be there. */
memory_file *proof_case_file(proof_case *c, const char *name);
void proof_case_put(proof_case *c, const char *name, const void *data, size_t size);

/* All records, in the order of the log, from its bundles. */
typedef struct proof_records {
    uint64_t count;
    uint8_t *data[1024];
    size_t size[1024];
} proof_records;
void proof_records_read(proof_case *c, uint64_t count, proof_records *out);
void proof_records_free(proof_records *records);
/* Bundles, tiles, journal and checkpoint of these records, made anew and signed by one key: what
 * somebody can do who has it. The journal begins with the last bundle. */
void proof_case_rewrite(proof_case *c, const proof_records *records, const proof_signer *thief);
/* The private key of the present epoch, from the folder. */
void proof_case_steal(proof_case *c, unsigned epoch, proof_signer *out);

svms_status proof_case_check(proof_case *c, svms_audit_report *out, svms_error *err);

#endif
