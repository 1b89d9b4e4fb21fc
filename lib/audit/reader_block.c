/* SPDX-License-Identifier: Apache-2.0 */
/* Records as they stand together: a bundle, what was kept of one, or a group of the journal. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "reader.h"

svms_status svms_reader_block_new(svms_reader_block **out, svms_ctx *ctx, svms_error *err)
{
    svms_reader_block *block = svms_alloc(ctx, sizeof *block);
    if (!block) {
        return svms_fail_memory(err);
    }
    block->bytes = svms_builder_new(ctx, SVMS_KEPT_MAX);
    *out = block;
    return SVMS_OK;
}

void svms_reader_block_free(svms_reader_block **block, svms_ctx *ctx)
{
    if (*block) {
        svms_builder_clear(&(*block)->bytes);
        svms_release(ctx, *block);
        *block = NULL;
    }
}

/* The last group that begins at or below a number. */
static size_t find_group(const svms_reader_state *state, uint64_t index)
{
    size_t least = 0;
    size_t most = state->group_count;
    while (most - least > 1) {
        size_t middle = least + (most - least) / 2;
        if (state->group[middle].first <= index) {
            least = middle;
        } else {
            most = middle;
        }
    }
    return least;
}

void svms_reader_span(const svms_reader_state *state, uint64_t index, uint64_t *first,
                      uint64_t *end)
{
    uint64_t published = state->published.size;
    if (index < published) {
        *first = index - index % SVMS_TILE_WIDTH;
        *end = published - *first < SVMS_TILE_WIDTH ? published : *first + SVMS_TILE_WIDTH;
        return;
    }
    size_t group = find_group(state, index);
    uint64_t begin = state->group[group].first;
    *first = begin > published ? begin : published;
    *end = group + 1 < state->group_count ? state->group[group + 1].first : state->head.size;
}

static svms_status bad_file(const svms_reader_block *block, const svms_error *why, svms_error *err)
{
    return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "\"%s\": %s", block->name, why->message);
}

/* A full bundle has what a part of it has, and more. */
static svms_status load_bundle(svms_audit_reader *reader, const svms_tile *tile, svms_error *err)
{
    svms_reader_block *block = reader->block;
    svms_error why = SVMS_ERROR_INIT;
    svms_tile found;
    svms_status status = svms_reader_read_tile(reader, tile, &found, &block->bytes, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_tile_path(&found, block->name);
    status =
        svms_bundle_parse(block->bytes.data, block->bytes.size, found.width, block->entry, &why);
    return status == SVMS_OK ? SVMS_OK : bad_file(block, &why, err);
}

static svms_status load_kept(svms_audit_reader *reader, uint64_t number, svms_error *err)
{
    svms_reader_block *block = reader->block;
    svms_error why = SVMS_ERROR_INIT;
    for (uint32_t i = 0; i < SVMS_TILE_WIDTH; i++) {
        block->entry[i] = (svms_bundle_entry){ NULL, 0 };
    }
    svms_kept_path(number, block->name);
    svms_status status = svms_log_read_file(reader->folder, block->name, &block->bytes, &why);
    if (status != SVMS_OK) {
        return svms_log_is_missing(status, &why) ? SVMS_OK : svms_fail_as(err, status, &why);
    }
    svms_kept *kept = svms_alloc(reader->ctx, sizeof *kept);
    if (!kept) {
        return svms_fail_memory(err);
    }
    status = svms_kept_parse(kept, block->bytes.data, block->bytes.size, &why);
    for (uint32_t i = 0; status == SVMS_OK && i < kept->count; i++) {
        const svms_kept_entry *entry = &kept->entry[i];
        block->entry[entry->place] = (svms_bundle_entry){ entry->record, entry->size };
    }
    svms_release(reader->ctx, kept);
    return status == SVMS_OK ? SVMS_OK : bad_file(block, &why, err);
}

/* One that is missing may have been pruned meanwhile. */
static svms_status load_records(svms_audit_reader *reader, const svms_tile *tile, svms_error *err)
{
    svms_log_minimum *minimum = &reader->state->minimum;
    uint64_t first = tile->number * SVMS_TILE_WIDTH;
    svms_error why = SVMS_ERROR_INIT;
    if (first < minimum->first) {
        return load_kept(reader, tile->number, err);
    }
    svms_status status = load_bundle(reader, tile, &why);
    if (!svms_log_is_missing(status, &why)) {
        return status == SVMS_OK ? SVMS_OK : svms_fail_as(err, status, &why);
    }
    svms_status again = svms_log_read_minimum(reader->ctx, reader->folder, minimum, err);
    if (again != SVMS_OK) {
        return again;
    }
    return first < minimum->first ? load_kept(reader, tile->number, err)
                                  : svms_fail_as(err, status, &why);
}

static svms_status load_tiled(svms_audit_reader *reader, uint64_t first, uint64_t end,
                              svms_error *err)
{
    svms_reader_block *block = reader->block;
    svms_tile tile = { SVMS_TILE_ENTRIES, first / SVMS_TILE_WIDTH, (uint32_t)(end - first) };
    const uint8_t *hashes = NULL;
    svms_status status = load_records(reader, &tile, err);
    tile.level = 0;
    if (status == SVMS_OK) {
        status = svms_reader_tile(reader->state, &tile, &hashes, err);
    }
    if (status == SVMS_OK) {
        memcpy(block->hashes, hashes, tile.width * (size_t)SVMS_DIGEST_SIZE);
        block->leaves = block->hashes;
    }
    return status;
}

/* Copies it: the walk goes on to use its memory. */
static svms_status copy_group(svms_audit_reader *reader, svms_journal_group *group, uint64_t first,
                              svms_error *err)
{
    svms_reader_block *block = reader->block;
    size_t size = group->records.size;
    svms_bundle_entry entry;
    svms_builder_reset(&block->bytes);
    svms_put_bytes(&block->bytes, group->records.data, size);
    svms_status status = svms_builder_check(&block->bytes, "a group", err);
    if (status != SVMS_OK) {
        return status;
    }
    for (uint64_t i = group->first; svms_journal_next_record(group, &entry); i++) {
        if (i >= first) {
            size_t at = (size_t)(entry.record - group->records.data);
            block->entry[i - first] = (svms_bundle_entry){ block->bytes.data + at, entry.size };
        }
    }
    return SVMS_OK;
}

static svms_status load_group(svms_audit_reader *reader, uint64_t first, uint64_t end,
                              svms_error *err)
{
    const svms_reader_state *state = reader->state;
    const svms_reader_group *known = &state->group[find_group(state, first)];
    svms_reader_block *block = reader->block;
    svms_journal_walk *walk = &reader->walk;
    svms_journal_group group = { .first = 0 };
    svms_tree_head head;
    svms_error why = SVMS_ERROR_INIT;
    svms_journal_name(known->at.segment, block->name);
    svms_status status = svms_journal_walk_open(walk, known->at.segment, &head, &why);
    if (status == SVMS_OK) {
        walk->offset = known->at.offset;
        status = svms_journal_walk_next(walk, &group, &why);
    }
    if (status == SVMS_OK && (group.first != known->first || group.first + group.count != end)) {
        status = svms_fail(&why, SVMS_E_NOT_AUTHENTIC, "another group stands there now");
    }
    if (status == SVMS_OK) {
        status = copy_group(reader, &group, first, &why);
        block->leaves =
            state->leaves.data + (size_t)(first - state->published.size) * SVMS_DIGEST_SIZE;
    }
    svms_store_close(&walk->store);
    switch (status) {
    case SVMS_OK:
        return SVMS_OK;
    case SVMS_END:
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "\"%s\" has lost record %" PRIu64, block->name,
                         first);
    case SVMS_E_TRUNCATED:
    case SVMS_E_MALFORMED:
    case SVMS_E_NOT_AUTHENTIC:
        return bad_file(block, &why, err);
    default:
        return svms_fail_as(err, status, &why);
    }
}

svms_status svms_reader_load(svms_audit_reader *reader, uint64_t index, svms_error *err)
{
    svms_reader_block *block = reader->block;
    uint64_t first = 0;
    uint64_t end = 0;
    svms_reader_span(reader->state, index, &first, &end);
    if (block->is_loaded && block->first == first && block->end == end) {
        return SVMS_OK;
    }
    block->is_loaded = false;
    block->first = first;
    block->end = end;
    svms_status status = index < reader->state->published.size
                             ? load_tiled(reader, first, end, err)
                             : load_group(reader, first, end, err);
    block->is_loaded = status == SVMS_OK;
    return status;
}

svms_status svms_reader_entry(const svms_audit_reader *reader, uint64_t index,
                              const svms_bundle_entry **out, svms_error *err)
{
    const svms_reader_block *block = reader->block;
    size_t place = (size_t)(index - block->first);
    const svms_bundle_entry *entry = &block->entry[place];
    uint8_t leaf[SVMS_DIGEST_SIZE];
    *out = NULL;
    if (!entry->record) {
        return SVMS_OK;
    }
    svms_status status = svms_tree_leaf(reader->hasher, entry->record, entry->size, leaf, err);
    if (status == SVMS_OK &&
        memcmp(leaf, block->leaves + place * SVMS_DIGEST_SIZE, sizeof leaf) != 0) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "record %" PRIu64 " in \"%s\" is not the one that was signed", index,
                         block->name);
    }
    if (status == SVMS_OK) {
        *out = entry;
    }
    return status;
}

static svms_status hand_out(const svms_bundle_entry *entry, void *out, size_t *size,
                            svms_error *err)
{
    if (entry->size >= *size) {
        *size = entry->size + 1;
        return svms_fail(err, SVMS_E_LIMIT, "the record needs a buffer of %zu bytes", *size);
    }
    memcpy(out, entry->record, entry->size);
    ((char *)out)[entry->size] = '\0';
    *size = entry->size;
    return SVMS_OK;
}

/* A part of the journal that is gone has been published. */
static svms_status load_at_last(svms_audit_reader *reader, uint64_t index, svms_error *err)
{
    for (unsigned attempt = 1;; attempt++) {
        svms_error why = SVMS_ERROR_INIT;
        svms_status status = svms_reader_load(reader, index, &why);
        bool is_gone = svms_log_is_missing(status, &why) &&
                       index >= reader->state->published.size && attempt < SVMS_READER_ATTEMPTS;
        if (!is_gone) {
            return status == SVMS_OK ? SVMS_OK : svms_fail_as(err, status, &why);
        }
        status = svms_reader_refresh(reader, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
}

svms_status svms_audit_reader_record(svms_audit_reader *reader, uint64_t index, void *out,
                                     size_t *size, svms_error *err)
{
    const svms_bundle_entry *entry = NULL;
    if (!reader || !out || !size) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    if (index >= reader->state->head.size) {
        return svms_fail(err, SVMS_E_USAGE, "the log has no record %" PRIu64 ", but %" PRIu64,
                         index, reader->state->head.size);
    }
    svms_status status = load_at_last(reader, index, err);
    if (status == SVMS_OK) {
        status = svms_reader_entry(reader, index, &entry, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    return entry ? hand_out(entry, out, size, err)
                 : svms_fail(err, SVMS_E_STATE, "record %" PRIu64 " was pruned", index);
}
