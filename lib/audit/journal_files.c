/* SPDX-License-Identifier: Apache-2.0 */
#include "journal_files.h"

#include <stdlib.h>

#include "failure.h"
#include "log_internal.h"

/* How far ahead the number of a group may be that is looked for in a damaged end. */
#define AHEAD_MAX (UINT64_C(1) << 24)
#define BLOCK_SIZE ((size_t)262144)
/* What a damaged end may have, at most. */
#define END_MAX (4 * (size_t)SVMS_JOURNAL_GROUP_MAX)

static svms_status note_segment(void *user, const char *name)
{
    svms_journal_segments *found = user;
    uint64_t number;
    if (!svms_journal_number(name, &number)) {
        return SVMS_OK;
    }
    if (found->count == SVMS_JOURNAL_SEGMENTS_MAX) {
        return SVMS_E_LIMIT;
    }
    found->first[found->count++] = number;
    return SVMS_OK;
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

svms_status svms_journal_list(const svms_folder *folder, svms_journal_segments *out,
                              svms_error *err)
{
    int os_error = 0;
    out->count = 0;
    svms_status status = folder->list(folder->user, "journal", note_segment, out, &os_error);
    if (status == SVMS_OK) {
        qsort(out->first, out->count, sizeof out->first[0], compare_numbers);
    }
    return svms_log_io(status, os_error, "look into", "journal", err);
}

bool svms_journal_has_group(const uint8_t *bytes, size_t size, uint64_t from)
{
    svms_journal_group group;
    for (size_t i = 1; i + SVMS_JOURNAL_FRAME_SIZE + 8 <= size; i++) {
        svms_cursor cursor = svms_cursor_over(bytes + i, size - i, 0);
        uint32_t length = svms_read_u32(&cursor);
        (void)svms_skip(&cursor, 4);
        uint64_t first = svms_read_u64(&cursor);
        bool likely = length <= size - i - SVMS_JOURNAL_FRAME_SIZE && first >= from &&
                      first - from <= AHEAD_MAX;
        if (likely && svms_journal_group_parse(&group, bytes + i, size - i, NULL) == SVMS_OK) {
            return true;
        }
    }
    return false;
}

void svms_journal_walk_init(svms_journal_walk *walk, svms_ctx *ctx, const svms_folder *folder)
{
    *walk = (svms_journal_walk){ .folder = folder, .block = svms_builder_new(ctx, END_MAX) };
}

void svms_journal_walk_clear(svms_journal_walk *walk)
{
    svms_store_close(&walk->store);
    svms_builder_clear(&walk->block);
}

static svms_status fail_io(const svms_journal_walk *walk, svms_status status, int os_error,
                           svms_error *err)
{
    char name[SVMS_JOURNAL_NAME_SIZE];
    svms_journal_name(walk->segment, name);
    return svms_log_io(status, os_error, "read", name, err);
}

/* The bytes at the offset: as many as were asked for, or fewer where the segment ends. */
static svms_status look(svms_journal_walk *walk, size_t size, const uint8_t **bytes, size_t *got,
                        svms_error *err)
{
    int os_error = 0;
    size_t in_front = 0;
    bool is_near =
        walk->offset >= walk->block_at && walk->offset - walk->block_at <= walk->block.size;
    if (is_near) {
        in_front = (size_t)(walk->offset - walk->block_at);
    }
    if (!is_near || walk->block.size - in_front < size) {
        size_t most = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        in_front = 0;
        svms_status status = svms_log_make_room(&walk->block, most, "a part of the journal", err);
        if (status == SVMS_OK) {
            size_t read = 0;
            status = walk->store.read_at(walk->store.user, walk->offset, walk->block.data, most,
                                         &read, &os_error);
            status = fail_io(walk, status, os_error, err);
            walk->block.size = status == SVMS_OK ? read : 0;
        }
        if (status != SVMS_OK) {
            svms_builder_reset(&walk->block);
            return status;
        }
        walk->block_at = walk->offset;
    }
    size_t left = walk->block.size - in_front;
    *bytes = walk->block.data + in_front;
    *got = size < left ? size : left;
    return SVMS_OK;
}

svms_status svms_journal_walk_open(svms_journal_walk *walk, uint64_t segment, svms_tree_head *head,
                                   svms_error *err)
{
    char name[SVMS_JOURNAL_NAME_SIZE];
    const uint8_t *bytes = NULL;
    size_t got = 0;
    int os_error = 0;
    svms_store_close(&walk->store);
    svms_builder_reset(&walk->block);
    walk->segment = segment;
    walk->offset = 0;
    svms_journal_name(segment, name);
    svms_status status = walk->folder->open(walk->folder->user, name, &walk->store, &os_error);
    status = fail_io(walk, status, os_error, err);
    if (status == SVMS_OK) {
        status = look(walk, SVMS_JOURNAL_HEAD_SIZE, &bytes, &got, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (got < SVMS_JOURNAL_HEAD_SIZE) {
        return SVMS_END;
    }
    status = svms_journal_head_parse(head, bytes, got, err);
    if (status == SVMS_OK && head->size != segment) {
        status = svms_fail(err, SVMS_E_NOT_AUTHENTIC, "\"%s\" has the head of another", name);
    }
    walk->offset = SVMS_JOURNAL_HEAD_SIZE;
    return status;
}

svms_status svms_journal_walk_pass(svms_journal_walk *walk, uint64_t number, svms_error *err)
{
    for (;;) {
        const uint8_t *bytes = NULL;
        size_t got = 0;
        svms_status status = look(walk, SVMS_JOURNAL_FRONT_SIZE, &bytes, &got, err);
        if (status != SVMS_OK || got < SVMS_JOURNAL_FRONT_SIZE) {
            return status;
        }
        svms_cursor cursor = svms_cursor_over(bytes, got, 0);
        uint32_t size = svms_read_u32(&cursor);
        (void)svms_skip(&cursor, 4);
        uint64_t first = svms_read_u64(&cursor);
        uint32_t count = svms_read_u16(&cursor);
        if (size < SVMS_JOURNAL_FRONT_SIZE - SVMS_JOURNAL_FRAME_SIZE ||
            size > SVMS_JOURNAL_GROUP_MAX || first > number || count > number - first) {
            return SVMS_OK;
        }
        walk->offset += SVMS_JOURNAL_FRAME_SIZE + size;
    }
}

svms_status svms_journal_walk_next(svms_journal_walk *walk, svms_journal_group *out,
                                   svms_error *err)
{
    const uint8_t *bytes = NULL;
    size_t got = 0;
    svms_status status = look(walk, SVMS_JOURNAL_FRAME_SIZE, &bytes, &got, err);
    if (status != SVMS_OK || got == 0) {
        return status == SVMS_OK ? SVMS_END : status;
    }
    svms_cursor frame = svms_cursor_over(bytes, got, 0);
    uint32_t size = svms_read_u32(&frame);
    if (got == SVMS_JOURNAL_FRAME_SIZE && size <= SVMS_JOURNAL_GROUP_MAX) {
        status = look(walk, SVMS_JOURNAL_FRAME_SIZE + size, &bytes, &got, err);
    }
    if (status == SVMS_OK) {
        status = svms_journal_group_parse(out, bytes, got, err);
    }
    if (status == SVMS_OK) {
        walk->offset += out->whole_size;
    } else {
        /* It may be whole when it is read again. */
        svms_builder_reset(&walk->block);
    }
    return status;
}

svms_status svms_journal_walk_is_damaged(svms_journal_walk *walk, uint64_t from, bool *out,
                                         svms_error *err)
{
    uint64_t end = 0;
    const uint8_t *bytes = NULL;
    size_t got = 0;
    int os_error = 0;
    *out = false;
    svms_status status = walk->store.get_size(walk->store.user, &end, &os_error);
    status = fail_io(walk, status, os_error, err);
    if (status != SVMS_OK || end <= walk->offset) {
        return status;
    }
    if (end - walk->offset > END_MAX) {
        *out = true;
        return SVMS_OK;
    }
    svms_builder_reset(&walk->block);
    status = look(walk, (size_t)(end - walk->offset), &bytes, &got, err);
    *out = status == SVMS_OK && svms_journal_has_group(bytes, got, from);
    return status;
}
