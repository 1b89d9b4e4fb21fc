/* SPDX-License-Identifier: Apache-2.0 */
/* Consistency proofs in text, as C2SP tlog-witness has them in a request (A-PRF-5): "old" and a
 * size, hashes, and what the larger tree is. */
#ifndef SVMS_GROWTH_TEXT_H
#define SVMS_GROWTH_TEXT_H

#include "checkpoint.h"

#define SVMS_GROWTH_TEXT_MAX 16777216u

/* Points into the text's bytes, but for the hashes. */
typedef struct svms_growth_text {
    uint64_t from; /* size of the smaller tree */
    svms_tree_proof proof;
    const char *checkpoint; /* a signed note, of the larger tree */
    size_t checkpoint_size;
    const char *epochs; /* A-EPO-1, or NULL */
    size_t epochs_size;
} svms_growth_text;

/* Only takes it apart. */
SVMS_MUST_CHECK svms_status svms_growth_text_parse(svms_growth_text *out, const void *bytes,
                                                   size_t size, svms_error *err);
void svms_put_growth_text(svms_builder *out, const svms_growth_text *growth);

/* The line with the size, and those with hashes, up to the empty line or the end, which stay. */
bool svms_growth_begins(const char *text, size_t size);
SVMS_MUST_CHECK svms_status svms_read_growth(svms_cursor *cursor, uint64_t *from,
                                             svms_tree_proof *out, svms_error *err);
/* As many lines of hashes as most, and how many there are: out has those that a proof can have. The
 * empty line is read, too. */
SVMS_MUST_CHECK svms_status svms_read_growth_request(svms_cursor *cursor, unsigned most,
                                                     uint64_t *from, svms_tree_proof *out,
                                                     unsigned *lines, svms_error *err);
void svms_put_growth(svms_builder *out, uint64_t from, const svms_tree_proof *proof);

/* Lines of base64 up to an empty one or a line of dashes, which stay, or the end. */
SVMS_MUST_CHECK svms_status svms_read_hashes(svms_cursor *cursor, svms_tree_proof *out,
                                             svms_error *err);
/* Where the next line that is "--" begins, or NULL. */
const char *svms_find_dashes(const char *text, size_t size);
#define SVMS_DASHES "--\n"
#define SVMS_DASHES_SIZE 3u

#endif
