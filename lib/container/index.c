/* SPDX-License-Identifier: Apache-2.0 */
#include "index.h"

#include <string.h>

#include "failure.h"
#include "record.h"

void svms_index_init(svms_index *index, svms_ctx *ctx)
{
    memset(index, 0, sizeof(*index));
    index->ctx = ctx;
}

void svms_index_clear(svms_index *index)
{
    for (unsigned level = 0; level < SVMS_INDEX_LEVELS; level++) {
        svms_release(index->ctx, index->levels[level]);
        index->levels[level] = NULL;
    }
}

static bool add_at(svms_index *index, unsigned level, const svms_index_entry *entry)
{
    if (level >= SVMS_INDEX_LEVELS) {
        return false;
    }
    if (index->levels[level] == NULL) {
        index->levels[level] = svms_alloc(index->ctx, sizeof(svms_index_level));
    }
    svms_index_level *at = index->levels[level];
    if (at == NULL || at->count == SVMS_INDEX_FANOUT) {
        return false;
    }
    at->entries[at->count++] = *entry;
    return true;
}

bool svms_index_add(svms_index *index, const svms_index_entry *entry)
{
    return add_at(index, 0, entry);
}

static uint32_t count_at(const svms_index *index, unsigned level)
{
    return level < SVMS_INDEX_LEVELS && index->levels[level] != NULL ? index->levels[level]->count
                                                                     : 0;
}

bool svms_index_is_full(const svms_index *index, unsigned level)
{
    return count_at(index, level) == SVMS_INDEX_FANOUT;
}

static void put_entry(svms_builder *out, const svms_index_entry *entry)
{
    svms_put_u64(out, entry->segment);
    svms_put_u64(out, entry->offset);
    svms_put_i64(out, entry->first_utc_ns);
    svms_put_i64(out, entry->last_utc_ns);
    svms_put_u32(out, entry->segments);
    svms_put_u32(out, 0);
    svms_put_bytes(out, entry->hash, SVMS_DIGEST_SIZE);
}

static svms_index_entry summarise(const svms_index_level *level, uint64_t offset)
{
    svms_index_entry sum = level->entries[0];
    sum.offset = offset;
    for (uint32_t i = 1; i < level->count; i++) {
        sum.segments += level->entries[i].segments;
        if (level->entries[i].last_utc_ns > sum.last_utc_ns) {
            sum.last_utc_ns = level->entries[i].last_utc_ns;
        }
    }
    return sum;
}

static uint64_t checkpoint_from(const svms_index *index, unsigned level)
{
    for (; level < SVMS_INDEX_LEVELS; level++) {
        if (index->levels[level] != NULL && index->levels[level]->checkpoint != 0) {
            return index->levels[level]->checkpoint;
        }
    }
    return 0;
}

uint64_t svms_index_checkpoint(const svms_index *index)
{
    return checkpoint_from(index, 0);
}

/* A checkpoint covers all those of the levels below. */
static void become_checkpoint(svms_index *index, unsigned level, uint64_t offset)
{
    for (unsigned below = 0; below < level; below++) {
        if (index->levels[below] != NULL) {
            index->levels[below]->checkpoint = 0;
        }
    }
    index->levels[level]->checkpoint = offset;
}

svms_status svms_index_emit(svms_index *index, unsigned level, const svms_header *header,
                            uint64_t offset, uint32_t number, svms_builder *out, svms_error *err)
{
    uint8_t record[SVMS_RECORD_HEADER_SIZE];
    svms_index_level *at = index->levels[level];
    svms_record_encode(SVMS_RECORD_INDEX, SVMS_INDEX_FIXED_SIZE + at->count * SVMS_INDEX_ENTRY_SIZE,
                       number, record);
    svms_builder_reset(out);
    svms_put_bytes(out, record, sizeof(record));
    svms_put_bytes(out, "SVMSINDX", 8);
    svms_put_bytes(out, header->hash, 8);
    svms_put_u8(out, (uint8_t)level);
    svms_put_u8(out, 0);
    svms_put_u16(out, (uint16_t)at->count);
    svms_put_u32(out, 0);
    svms_put_u64(out, offset);
    svms_put_u64(out, number != 0 ? checkpoint_from(index, level) : 0);
    for (uint32_t i = 0; i < at->count; i++) {
        put_entry(out, &at->entries[i]);
    }
    svms_status status = svms_builder_check(out, "an index record", err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_index_entry sum = summarise(at, offset);
    svms_iovec run = { out->data, out->size };
    status = svms_sha256(index->ctx, &run, 1, sum.hash, err);
    if (status != SVMS_OK) {
        return status;
    }
    at->count = 0;
    if (number != 0) {
        become_checkpoint(index, level, offset);
    }
    return add_at(index, level + 1, &sum) ? SVMS_OK : svms_fail_memory(err);
}

svms_index_step svms_index_closing_step(const svms_index *index, unsigned level, uint64_t *root,
                                        uint8_t root_hash[SVMS_DIGEST_SIZE])
{
    const svms_index_level *at = level < SVMS_INDEX_LEVELS ? index->levels[level] : NULL;
    if (at == NULL || at->count == 0) {
        return SVMS_INDEX_PASS;
    }
    for (unsigned above = level + 1; above < SVMS_INDEX_LEVELS; above++) {
        if (count_at(index, above) != 0) {
            return SVMS_INDEX_EMIT;
        }
    }
    if (level > 0 && at->count == 1) {
        *root = at->entries[0].offset;
        memcpy(root_hash, at->entries[0].hash, SVMS_DIGEST_SIZE);
        return SVMS_INDEX_ROOT_BELOW;
    }
    return SVMS_INDEX_EMIT_ROOT;
}

/* What stands before the entries. */
static bool parse_fixed(svms_index_view *out, svms_cursor *cursor, const svms_header *header,
                        uint64_t offset)
{
    const uint8_t *marker = svms_read_bytes(cursor, 8);
    const uint8_t *h = svms_read_bytes(cursor, 8);
    out->level = svms_read_u8(cursor);
    uint8_t zero = svms_read_u8(cursor);
    out->count = svms_read_u16(cursor);
    uint32_t zeros = svms_read_u32(cursor);
    uint64_t own = svms_read_u64(cursor);
    out->before = svms_read_u64(cursor);
    return !cursor->failed && memcmp(marker, "SVMSINDX", 8) == 0 &&
           memcmp(h, header->hash, 8) == 0 && zero == 0 && zeros == 0 && own == offset &&
           out->count != 0 && out->count <= SVMS_INDEX_FANOUT && out->level < SVMS_INDEX_LEVELS;
}

bool svms_index_parse(svms_index_view *out, const svms_header *header, uint64_t offset,
                      const uint8_t *body, size_t size)
{
    svms_index_view view = { 0 };
    svms_cursor cursor = svms_cursor_over(body, size, offset);
    if (!parse_fixed(&view, &cursor, header, offset)) {
        return false;
    }
    view.entries = svms_read_bytes(&cursor, (size_t)view.count * SVMS_INDEX_ENTRY_SIZE);
    if (cursor.failed || !svms_cursor_at_end(&cursor)) {
        return false;
    }
    *out = view;
    return true;
}

bool svms_index_glance(svms_index_view *out, const svms_header *header, uint64_t offset,
                       const uint8_t body[SVMS_INDEX_GLANCE_SIZE])
{
    svms_index_view view = { 0 };
    svms_cursor cursor = svms_cursor_over(body, SVMS_INDEX_GLANCE_SIZE, offset);
    if (!parse_fixed(&view, &cursor, header, offset)) {
        return false;
    }
    view.count = 1;
    view.entries = body + SVMS_INDEX_FIXED_SIZE;
    *out = view;
    return true;
}

svms_index_entry svms_index_entry_at(const svms_index_view *view, uint32_t position)
{
    svms_cursor cursor =
        svms_cursor_over(view->entries, (size_t)view->count * SVMS_INDEX_ENTRY_SIZE, 0);
    svms_index_entry entry = { 0 };
    (void)svms_skip(&cursor, (size_t)position * SVMS_INDEX_ENTRY_SIZE);
    entry.segment = svms_read_u64(&cursor);
    entry.offset = svms_read_u64(&cursor);
    entry.first_utc_ns = svms_read_i64(&cursor);
    entry.last_utc_ns = svms_read_i64(&cursor);
    entry.segments = svms_read_u32(&cursor);
    (void)svms_skip(&cursor, 4);
    svms_read_copy(&cursor, entry.hash, SVMS_DIGEST_SIZE);
    return entry;
}
