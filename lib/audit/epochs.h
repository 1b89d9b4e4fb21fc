/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a log, one after the other, and how each handed over to the next (A-EPO-1 to
 * A-EPO-3). */
#ifndef SVMS_EPOCHS_H
#define SVMS_EPOCHS_H

#include "checkpoint.h"

#define SVMS_EPOCHS_MAX 65536u
#define SVMS_EPOCHS_TEXT_MAX ((size_t)SVMS_EPOCHS_MAX * 1024u)

/* From that head on key signs. */
typedef struct svms_epoch {
    svms_tree_head from;
    svms_note_key key;
} svms_epoch;

typedef struct svms_epochs {
    svms_ctx *ctx;
    char origin[SVMS_NOTE_NAME_MAX + 1];
    uint64_t first;    /* number of the first: 0, but after svms_epochs_resume() */
    svms_epoch *epoch; /* the first is that of the key that verifiers are given */
    size_t count;
    size_t capacity;
} svms_epochs;

/* Begins with the first key, whose name is the origin. */
SVMS_MUST_CHECK svms_status svms_epochs_init(svms_epochs *out, svms_ctx *ctx,
                                             const svms_note_key *first, svms_error *err);
/* Begins with a later one, whose number is known: what was before it is believed. */
SVMS_MUST_CHECK svms_status svms_epochs_resume(svms_epochs *out, svms_ctx *ctx, uint64_t number,
                                               const svms_epoch *epoch, svms_error *err);
void svms_epochs_clear(svms_epochs *epochs);

/* Reads handovers, each of which must follow from the one before; size 0 is none. What was read
 * before a failure stays. */
SVMS_MUST_CHECK svms_status svms_epochs_read(svms_epochs *epochs, const void *bytes, size_t size,
                                             svms_error *err);
/* Appends a handover to text, and to epochs. */
SVMS_MUST_CHECK svms_status svms_epochs_hand_over(svms_epochs *epochs, svms_builder *text,
                                                  const svms_tree_head *at,
                                                  const svms_note_key *next,
                                                  svms_sign_engine *old_engine,
                                                  svms_sign_engine *new_engine, svms_error *err);

/* The handover to an epoch, as it stands in such a text; false: it is not there. */
bool svms_epochs_part(const void *text, size_t size, uint64_t number, const char **out,
                      size_t *out_size);
/* What a handover says of itself, but for its key: nothing is checked. */
typedef struct svms_handover {
    char origin[SVMS_NOTE_NAME_MAX + 1];
    uint64_t number; /* of the new epoch */
    svms_tree_head at;
} svms_handover;

/* false: it is none. */
bool svms_handover_read(svms_handover *out, const svms_note *note);

/* The note is a checkpoint of this log, signed by the key that may (A-EPO-3). */
SVMS_MUST_CHECK svms_status svms_epochs_check(const svms_epochs *epochs, const void *note,
                                              size_t size, svms_checkpoint *out, svms_error *err);
/* Where a handover names another root than the tree has at a size: SVMS_E_NOT_AUTHENTIC. */
SVMS_MUST_CHECK svms_status svms_epochs_agree(const svms_epochs *epochs, const svms_tree_head *head,
                                              svms_error *err);

#endif
