/* SPDX-License-Identifier: Apache-2.0 */
/* Tiles, each compared before it is believed: the right-most ones make the root of the checkpoint,
 * a full one is a hash in the one above it. */
#include <string.h>

#include "failure.h"
#include "reader.h"

static uint32_t width_of(uint64_t size, unsigned level)
{
    return (uint32_t)((size >> (SVMS_TILE_HEIGHT * level)) % SVMS_TILE_WIDTH);
}

svms_status svms_reader_read_tile(const svms_audit_reader *reader, const svms_tile *tile,
                                  svms_tile *found, svms_builder *out, svms_error *err)
{
    svms_status status = SVMS_OK;
    for (unsigned attempt = 0; attempt < SVMS_READER_ATTEMPTS; attempt++) {
        svms_tile at[2] = { *tile, *tile };
        at[0].width = SVMS_TILE_WIDTH;
        unsigned kinds = tile->width < SVMS_TILE_WIDTH ? 2 : 1;
        for (unsigned i = 0; i < kinds; i++) {
            svms_error why = SVMS_ERROR_INIT;
            char path[SVMS_TILE_PATH_MAX];
            svms_tile_path(&at[i], path);
            status = svms_log_read_file(reader->folder, path, out, &why);
            if (!svms_log_is_missing(status, &why)) {
                *found = at[i];
                return status == SVMS_OK ? SVMS_OK : svms_fail_as(err, status, &why);
            }
            (void)svms_fail_as(err, status, &why);
        }
        if (kinds == 1) {
            break;
        }
        /* The part goes when the full one is there: between the two looks, maybe. */
        svms_platform_yield();
    }
    return status;
}

static svms_status read_hashes(svms_audit_reader *reader, const svms_tile *tile, svms_error *err)
{
    svms_tile found;
    svms_status status = svms_reader_read_tile(reader, tile, &found, &reader->tile_bytes, err);
    if (status == SVMS_OK && reader->tile_bytes.size != (size_t)found.width * SVMS_DIGEST_SIZE) {
        char path[SVMS_TILE_PATH_MAX];
        svms_tile_path(&found, path);
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "\"%s\" has %zu bytes, which no such tile has",
                         path, reader->tile_bytes.size);
    }
    return status;
}

static svms_status take_level(svms_reader_state *state, unsigned level, svms_error *err)
{
    svms_audit_reader *reader = state->reader;
    uint64_t size = state->published.size;
    uint32_t width = width_of(size, level);
    svms_tile tile = { level, size >> (SVMS_TILE_HEIGHT * (level + 1)), width };
    uint8_t *hashes = state->tiles + level * SVMS_TILE_BYTES;
    svms_tree part;
    if (width == 0) {
        return SVMS_OK;
    }
    svms_status status = read_hashes(reader, &tile, err);
    if (status == SVMS_OK) {
        memcpy(hashes, reader->tile_bytes.data, width * (size_t)SVMS_DIGEST_SIZE);
    }
    svms_tree_reset(&part);
    for (uint32_t i = 0; i < width && status == SVMS_OK; i++) {
        status = svms_tree_add(&part, reader->hasher, hashes + i * (size_t)SVMS_DIGEST_SIZE, err);
    }
    for (unsigned bit = 0; bit < SVMS_TILE_HEIGHT; bit++) {
        unsigned at = SVMS_TILE_HEIGHT * level + bit;
        if (status == SVMS_OK && (width >> bit & 1) != 0 && at <= SVMS_TREE_LEVELS) {
            memcpy(state->edge.edge[at], part.edge[bit], SVMS_DIGEST_SIZE);
        }
    }
    return status;
}

svms_status svms_reader_take_edge(svms_reader_state *state, svms_error *err)
{
    uint8_t root[SVMS_DIGEST_SIZE];
    svms_status status = SVMS_OK;
    for (unsigned level = 0; level < SVMS_LOG_TILE_LEVELS && status == SVMS_OK; level++) {
        status = take_level(state, level, err);
    }
    state->edge.size = state->published.size;
    if (status == SVMS_OK) {
        status = svms_tree_root(&state->edge, state->reader->hasher, root, err);
    }
    if (status == SVMS_OK && memcmp(root, state->published.root, sizeof root) != 0) {
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC,
                         "the last tiles are not those of the checkpoint, which has %llu records",
                         (unsigned long long)state->published.size);
    }
    return status;
}

static uint8_t *slot_bytes(const svms_audit_reader *reader, unsigned slot)
{
    return reader->slot_bytes + slot * SVMS_TILE_BYTES;
}

/* What was compared before, or NULL. */
static const uint8_t *find_known(const svms_reader_state *state, const svms_tile *tile)
{
    svms_audit_reader *reader = state->reader;
    if (tile->width < SVMS_TILE_WIDTH) {
        return state->tiles + tile->level * SVMS_TILE_BYTES;
    }
    for (unsigned i = 0; i < SVMS_READER_TILES; i++) {
        svms_reader_tile_slot *slot = &reader->slot[i];
        if (slot->is_used && slot->level == tile->level && slot->number == tile->number) {
            slot->used_at = ++reader->uses;
            return slot_bytes(reader, i);
        }
    }
    return NULL;
}

/* The one that was not used for the longest time. */
static unsigned choose_slot(const svms_audit_reader *reader)
{
    unsigned chosen = 0;
    for (unsigned i = 0; i < SVMS_READER_TILES; i++) {
        const svms_reader_tile_slot *slot = &reader->slot[i];
        if (!slot->is_used) {
            return i;
        }
        if (slot->used_at < reader->slot[chosen].used_at) {
            chosen = i;
        }
    }
    return chosen;
}

/* A full tile that has this hash. */
static svms_status load_tile(svms_audit_reader *reader, const svms_tile *tile,
                             const uint8_t *expected, const uint8_t **hashes, svms_error *err)
{
    uint8_t wanted[SVMS_DIGEST_SIZE];
    uint8_t root[SVMS_DIGEST_SIZE];
    memcpy(wanted, expected, sizeof wanted);
    svms_status status = read_hashes(reader, tile, err);
    if (status == SVMS_OK) {
        status = svms_tile_root(reader->hasher, reader->tile_bytes.data, root, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (memcmp(root, wanted, sizeof root) != 0) {
        char path[SVMS_TILE_PATH_MAX];
        svms_tile_path(tile, path);
        return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "\"%s\" is not the tile that was signed", path);
    }
    unsigned slot = choose_slot(reader);
    reader->slot[slot] = (svms_reader_tile_slot){ true, tile->level, tile->number, ++reader->uses };
    memcpy(slot_bytes(reader, slot), reader->tile_bytes.data, SVMS_TILE_BYTES);
    *hashes = slot_bytes(reader, slot);
    return SVMS_OK;
}

svms_status svms_reader_tile(const svms_reader_state *state, const svms_tile *tile,
                             const uint8_t **hashes, svms_error *err)
{
    svms_tile path[SVMS_LOG_TILE_LEVELS];
    unsigned count = 0;
    svms_tile at = *tile;
    svms_status status = SVMS_OK;
    const uint8_t *known = find_known(state, &at);
    for (; !known; known = find_known(state, &at)) {
        path[count++] = at;
        if (count == SVMS_LOG_TILE_LEVELS ||
            !svms_tile_of(state->published.size, SVMS_TILE_HEIGHT * (at.level + 1), at.number,
                          &at)) {
            return svms_fail(err, SVMS_E_INTERNAL, "a tile has none above it");
        }
    }
    while (count > 0 && status == SVMS_OK) {
        const svms_tile *next = &path[--count];
        size_t place = (size_t)(next->number - at.number * SVMS_TILE_WIDTH);
        status = load_tile(state->reader, next, known + place * SVMS_DIGEST_SIZE, &known, err);
        at = *next;
    }
    *hashes = known;
    return status;
}

void svms_reader_forget_tiles(svms_audit_reader *reader)
{
    memset(reader->slot, 0, sizeof reader->slot);
}

static svms_status fetch_published(const svms_reader_state *state, unsigned level, uint64_t index,
                                   uint8_t out[SVMS_DIGEST_SIZE], svms_error *err)
{
    svms_tile tile;
    const uint8_t *hashes = NULL;
    if (!svms_tile_of(state->published.size, level, index, &tile)) {
        return svms_fail(err, SVMS_E_USAGE, "the tree has no such hash");
    }
    svms_status status = svms_reader_tile(state, &tile, &hashes, err);
    return status == SVMS_OK
               ? svms_tile_hash(state->reader->hasher, &tile, hashes, level, index, out, err)
               : status;
}

/* Of a subtree that ends behind the checkpoint: what is before it from tiles, and then leaf by
 * leaf.
 */
static svms_status fetch_with_journal(const svms_reader_state *state, uint64_t begin, uint64_t end,
                                      uint8_t out[SVMS_DIGEST_SIZE], svms_error *err)
{
    svms_tree part;
    svms_status status = SVMS_OK;
    uint64_t published = state->published.size;
    uint64_t at = begin;
    part.size = begin < published ? published - begin : 0;
    for (unsigned level = SVMS_TREE_LEVELS + 1; level-- > 0 && status == SVMS_OK;) {
        if (part.size >> level & 1) {
            status = fetch_published(state, level, at >> level, part.edge[level], err);
            at += UINT64_C(1) << level;
        }
    }
    for (; at < end && status == SVMS_OK; at++) {
        const uint8_t *leaf = state->leaves.data + (size_t)(at - published) * SVMS_DIGEST_SIZE;
        status = svms_tree_add(&part, state->reader->hasher, leaf, err);
    }
    return status == SVMS_OK ? svms_tree_root(&part, state->reader->hasher, out, err) : status;
}

static svms_status fetch(void *user, unsigned level, uint64_t index, uint8_t out[SVMS_DIGEST_SIZE],
                         svms_error *err)
{
    const svms_reader_state *state = user;
    if (level > SVMS_TREE_LEVELS || index >= state->head.size >> level) {
        return svms_fail(err, SVMS_E_USAGE, "the tree has no such hash");
    }
    uint64_t end = (index + 1) << level;
    return end <= state->published.size ? fetch_published(state, level, index, out, err)
                                        : fetch_with_journal(state, index << level, end, out, err);
}

svms_tree_source svms_reader_source(svms_reader_state *state)
{
    return (svms_tree_source){ fetch, state, state->reader->hasher };
}
