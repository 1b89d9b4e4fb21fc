/* SPDX-License-Identifier: Apache-2.0 */
/* C2SP checkpoints (A-CHK-1): a tree's origin, size and root as the text of a note. */
#ifndef SVMS_CHECKPOINT_H
#define SVMS_CHECKPOINT_H

#include "cursor.h"
#include "note.h"
#include "tree.h"

typedef struct svms_checkpoint {
    char origin[SVMS_NOTE_NAME_MAX + 1];
    svms_tree_head head;
} svms_checkpoint;

/* Of the text of a note that was checked. SVMS_E_UNSUPPORTED: it has extension lines. */
SVMS_MUST_CHECK svms_status svms_checkpoint_parse(svms_checkpoint *out, const char *text,
                                                  size_t size, svms_error *err);
void svms_put_checkpoint(svms_builder *out, const svms_checkpoint *checkpoint);

/* A decimal number without zeros in front, up to a line end that is consumed. False for all else,
 * and above 2^63 - 1. */
bool svms_read_decimal_line(svms_cursor *cursor, uint64_t *out);
/* 32 bytes as a line of base64. */
bool svms_read_hash_line(svms_cursor *cursor, uint8_t out[SVMS_DIGEST_SIZE]);
void svms_put_decimal_line(svms_builder *out, uint64_t number);
void svms_put_hash_line(svms_builder *out, const uint8_t hash[SVMS_DIGEST_SIZE]);

#endif
