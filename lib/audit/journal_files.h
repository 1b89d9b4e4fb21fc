/* SPDX-License-Identifier: Apache-2.0 */
/* The segments of a journal as files: which there are, and the groups in one, read in blocks. */
#ifndef SVMS_JOURNAL_FILES_H
#define SVMS_JOURNAL_FILES_H

#include <svms/folder.h>

#include "journal.h"

#define SVMS_JOURNAL_SEGMENTS_MAX 4096u

/* In ascending order. */
typedef struct svms_journal_segments {
    uint64_t first[SVMS_JOURNAL_SEGMENTS_MAX];
    size_t count;
} svms_journal_segments;

SVMS_MUST_CHECK svms_status svms_journal_list(const svms_folder *folder, svms_journal_segments *out,
                                              svms_error *err);

/* Groups are written one after the other, each when the one before is durable: a whole one, of a
 * record from `from` on, behind a damaged one means that the damaged one was acknowledged. */
bool svms_journal_has_group(const uint8_t *bytes, size_t size, uint64_t from);

/* A walk through the groups of one segment. */
typedef struct svms_journal_walk {
    const svms_folder *folder;
    svms_store store;
    uint64_t segment;
    uint64_t offset; /* of the next group; may be set */
    svms_builder block;
    uint64_t block_at;
} svms_journal_walk;

void svms_journal_walk_init(svms_journal_walk *walk, svms_ctx *ctx, const svms_folder *folder);
void svms_journal_walk_clear(svms_journal_walk *walk);
/* Ends what was walked before, and stands in front of the first group. SVMS_END: the head is not
 * written yet. */
SVMS_MUST_CHECK svms_status svms_journal_walk_open(svms_journal_walk *walk, uint64_t segment,
                                                   svms_tree_head *head, svms_error *err);
/* Passes by groups that end at or below a number, without looking into them. */
SVMS_MUST_CHECK svms_status svms_journal_walk_pass(svms_journal_walk *walk, uint64_t number,
                                                   svms_error *err);
/* The next group, and passes it; it points into the walk's memory. SVMS_END: there is none.
 * SVMS_E_TRUNCATED, SVMS_E_MALFORMED: what follows is no whole group, and is not passed. */
SVMS_MUST_CHECK svms_status svms_journal_walk_next(svms_journal_walk *walk, svms_journal_group *out,
                                                   svms_error *err);
/* Behind what is no whole group, of a record from `from` on, there is one that is. */
SVMS_MUST_CHECK svms_status svms_journal_walk_is_damaged(svms_journal_walk *walk, uint64_t from,
                                                         bool *out, svms_error *err);

#endif
