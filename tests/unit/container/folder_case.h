/* SPDX-License-Identifier: Apache-2.0 */
/* Folders with the containers of a recording, as the tests of recordings fill, spoil and judge
 * them. */
#ifndef SVMS_TEST_FOLDER_CASE_H
#define SVMS_TEST_FOLDER_CASE_H

#include "fixture.h"

#define MOST 12

/* Files of a recording, as they lie in a folder. */
typedef struct folder {
    fixture *fix;
    uint32_t count;
    memory_file files[MOST];
    svms_head heads[MOST]; /* of each container when it was written */
    uint32_t open;         /* files that are open now */
    uint32_t issues;
    uint32_t kinds[16];
    svms_sequence_issue last; /* of the worst verdict so far */
    uint32_t items;
    uint32_t order[MOST];
    uint32_t verified[MOST];
    svms_head *remembered;
    size_t remembered_count;
    int64_t from;
    int64_t to;
    const svms_trust *trust;
    const svms_keyring *keys;
    uint64_t first_sequence;
} folder;

typedef struct piece {
    uint8_t recording;
    uint64_t sequence;
    uint32_t segments;
    int64_t begin; /* seconds behind T0 */
    const svms_head *previous;
    svms_link_state state;
    bool leave_open;
    bool edge;
    const svms_private_key *key;
    const svms_chain *chain;
    bool goes_on;      /* its signed end says so */
    uint32_t interval; /* of signatures; 0: every segment has one */
} piece;

void shoot(fixture *fix, const piece *what, memory_file *file, svms_head *head);

folder folder_new(fixture *fix);

/* Containers 0, 1, ... of three segments each, ten seconds apart. */
folder shoot_recording(fixture *fix, uint8_t recording, uint32_t count);

void folder_add(folder *all, const piece *what);

void folder_clear(folder *all);

folder folder_copy(const folder *all);

void folder_take_out(folder *all, uint32_t at);

/* The callback that opens a file of a folder. */
svms_status folder_open_file(void *user, uint32_t index, svms_source *out, svms_error *err);

svms_status folder_judge(folder *all, svms_sequence_report *report);

/* Expects exactly the issues of one kind, and the verdict. */
svms_sequence_report folder_expect(folder *all, svms_status due, svms_sequence_issue_kind kind,
                                   uint32_t times);

/* The first `segments` of a file, with nothing behind them. */
void file_cut(memory_file *file, uint32_t segments);

void record_removal(fixture *fix, memory_file *of, const svms_private_key *key,
                    const svms_chain *chain, svms_prune_reason reason, memory_file *out);

void folder_prune(folder *all, uint32_t at);

#endif
