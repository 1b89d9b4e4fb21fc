/* SPDX-License-Identifier: Apache-2.0 */
/* Segments of the journal and the groups in them (audit.md, section 4), as bytes. */
#ifndef SVMS_JOURNAL_H
#define SVMS_JOURNAL_H

#include "checkpoint.h"
#include "tile.h"

#define SVMS_JOURNAL_HEAD_SIZE 56u
#define SVMS_JOURNAL_GROUP_RECORDS 4096u
/* Of a checkpoint in a group. */
#define SVMS_JOURNAL_NOTE_MAX 1024u
/* Length and CRC in front of a group. */
#define SVMS_JOURNAL_FRAME_SIZE 8u
/* What is known of a group only when it is whole, in front of its records: frame, first, count. */
#define SVMS_JOURNAL_FRONT_SIZE (SVMS_JOURNAL_FRAME_SIZE + 10u)
/* Bytes of a group behind its frame. */
#define SVMS_JOURNAL_GROUP_MAX 4194304u
#define SVMS_JOURNAL_NAME_SIZE 32u

/* "journal/0000000000000000" */
void svms_journal_name(uint64_t first, char out[SVMS_JOURNAL_NAME_SIZE]);
/* The number in the last part of such a name. */
bool svms_journal_number(const char *name, uint64_t *out);

void svms_put_journal_head(svms_builder *out, const svms_tree_head *at);
SVMS_MUST_CHECK svms_status svms_journal_head_parse(svms_tree_head *out, const void *bytes,
                                                    size_t size, svms_error *err);

/* A group is begun, gets its records, and is ended with its checkpoint. */
void svms_journal_group_begin(svms_builder *out, uint64_t first);
void svms_journal_group_add(svms_builder *out, const void *record, size_t size);
void svms_journal_group_end(svms_builder *out, uint32_t count, const void *note, size_t size);
/* The same for who knows the CRC-32 of all that was added. */
void svms_journal_group_end_with(svms_builder *out, uint32_t count, uint32_t records_crc,
                                 const void *note, size_t size);

typedef struct svms_journal_group {
    uint64_t first;
    uint32_t count;
    svms_cursor records; /* svms_journal_next_record() */
    const uint8_t *note;
    size_t note_size;
    size_t whole_size; /* with its frame */
} svms_journal_group;

/* The group at the front of bytes. SVMS_E_TRUNCATED: there are too few of them;
 * SVMS_E_MALFORMED: it is none. */
SVMS_MUST_CHECK svms_status svms_journal_group_parse(svms_journal_group *out, const void *bytes,
                                                     size_t size, svms_error *err);
/* False behind the last. */
bool svms_journal_next_record(svms_journal_group *group, svms_bundle_entry *out);

#endif
