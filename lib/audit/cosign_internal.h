/* SPDX-License-Identifier: Apache-2.0 */
/* A checkpoint on its way to witnesses (A-WIT-9). */
#ifndef SVMS_COSIGN_INTERNAL_H
#define SVMS_COSIGN_INTERNAL_H

#include <svms/witness.h>

#include "epochs.h"
#include "witness_request.h"

typedef enum svms_cosigning_phase {
    SVMS_COSIGNING_IDLE,
    SVMS_COSIGNING_CHECKPOINT, /* the checkpoint is told */
    SVMS_COSIGNING_EPOCH,      /* a handover is told */
    SVMS_COSIGNING_DONE
} svms_cosigning_phase;

struct svms_cosigning {
    svms_ctx *ctx;
    const svms_folder *folder;
    svms_hasher *hasher;
    svms_epochs epochs;
    svms_builder epochs_text;
    svms_checkpoint checkpoint;
    uint64_t epoch;     /* that signed the checkpoint */
    svms_builder base;  /* the checkpoint, signed by the log alone */
    svms_builder note;  /* with cosignatures, and a NUL behind its size */
    unsigned collected; /* cosignatures in it */
    svms_builder kept;  /* what the file "witnessed" had; empty: nothing */

    /* The witness that it is at. */
    svms_note_key witness;
    svms_cosigning_phase phase;
    bool is_asked;
    uint64_t old_size;
    uint64_t telling; /* number of the epoch, in that phase */
    bool has_told;    /* of epochs, already */
    bool is_met;      /* the witness named an epoch of the log as the one it is in */
    unsigned asked;   /* how often */
    svms_builder body;
};

/* cosign_keep.c: what the folder has; nothing where it has none. */
SVMS_MUST_CHECK svms_status svms_cosigning_read_kept(svms_cosigning *cosigning, svms_error *err);
/* cosign.c: adds a line, or nothing where it is NULL, and the NUL. */
SVMS_MUST_CHECK svms_status svms_cosigning_put(svms_builder *note, const svms_note_line *line,
                                               svms_error *err);

#endif
