/* SPDX-License-Identifier: Apache-2.0 */
/* Tiles, each confirmed by the one above it, and those of the right edge by the root. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "failure.h"
#include "merkle.h"

#define LEVELS SVMS_LOG_TILE_LEVELS

static uint64_t first_record(unsigned level, uint64_t number)
{
    return number << (SVMS_TILE_HEIGHT * (level + 1));
}

static uint64_t records_below(unsigned level)
{
    return UINT64_C(1) << (SVMS_TILE_HEIGHT * (level + 1));
}

svms_status svms_check_hash_tile(svms_check *at, const uint8_t *hashes,
                                 uint8_t out[SVMS_DIGEST_SIZE], svms_error *err)
{
    const svms_tile full = { 0, 0, SVMS_TILE_WIDTH };
    uint8_t half[2][SVMS_DIGEST_SIZE];
    for (unsigned i = 0; i < 2; i++) {
        /* The tile's own functions know its subtrees up to the seventh level. */
        svms_status status =
            svms_tile_hash(at->hasher, &full, hashes, SVMS_TILE_HEIGHT - 1, i, half[i], err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    return svms_merkle_join(at->hasher, half[0], half[1], out)
               ? SVMS_OK
               : svms_fail_crypto(err, "hashing a tile");
}

svms_status svms_check_read_tile(svms_check *at, const svms_tile *tile, svms_builder *out,
                                 bool *is_full, svms_check_presence *presence, svms_error *err)
{
    char path[SVMS_TILE_PATH_MAX];
    svms_tile which = *tile;
    *is_full = tile->width == SVMS_TILE_WIDTH;
    svms_tile_path(&which, path);
    svms_status status = svms_check_read(at, path, out, presence, err);
    if (status == SVMS_OK && *presence == SVMS_CHECK_ABSENT && !*is_full) {
        /* The log has grown since: the full one took its place. */
        which.width = SVMS_TILE_WIDTH;
        svms_tile_path(&which, path);
        status = svms_check_read(at, path, out, presence, err);
        *is_full = *presence != SVMS_CHECK_ABSENT;
    }
    return status;
}

static svms_status tell_tile(svms_check *at, svms_audit_flaw flaw, const svms_tile *tile,
                             const char *what)
{
    char path[SVMS_TILE_PATH_MAX];
    svms_tile_path(tile, path);
    return svms_check_tell(at, flaw, first_record(tile->level, tile->number), tile->width,
                           "\"%s\" %s", path, what);
}

/* The hashes of a tile's file, where it has the right size. */
static svms_status load(svms_check *at, unsigned level, svms_check_tile *tile, svms_error *err)
{
    const svms_tile which = { level, tile->number, tile->width };
    svms_check_presence presence;
    bool is_full;
    svms_status status = svms_check_read_tile(at, &which, &at->bytes, &is_full, &presence, err);
    tile->is_unread = status == SVMS_OK && presence == SVMS_CHECK_UNREADABLE;
    if (status != SVMS_OK || tile->is_unread) {
        return status;
    }
    if (presence == SVMS_CHECK_ABSENT) {
        return tell_tile(at, SVMS_AUDIT_FLAW_MISSING, &which, "is missing");
    }
    size_t expected = is_full ? SVMS_TILE_BYTES : tile->width * (size_t)SVMS_DIGEST_SIZE;
    if (presence == SVMS_CHECK_TOO_LARGE || at->bytes.size != expected) {
        return tell_tile(at, SVMS_AUDIT_FLAW_TILE, &which, "has not the size of a tile");
    }
    memcpy(tile->hash, at->bytes.data, tile->width * (size_t)SVMS_DIGEST_SIZE);
    tile->has_hashes = true;
    return SVMS_OK;
}

static svms_status find_above(svms_check *at, unsigned level, svms_check_tile *tile,
                              svms_error *err)
{
    svms_check_tile *above;
    if (level + 1 == LEVELS) {
        return SVMS_OK;
    }
    svms_status status =
        svms_check_tile_at(at, level + 1, tile->number / SVMS_TILE_WIDTH, &above, err);
    if (status == SVMS_OK && above->is_known) {
        memcpy(tile->above,
               above->hash + (size_t)(tile->number % SVMS_TILE_WIDTH) * SVMS_DIGEST_SIZE,
               SVMS_DIGEST_SIZE);
        tile->has_above = true;
    }
    return status;
}

static svms_status confirm(svms_check *at, unsigned level, svms_check_tile *tile, svms_error *err)
{
    const svms_tile which = { level, tile->number, tile->width };
    uint8_t root[SVMS_DIGEST_SIZE];
    if (!tile->has_hashes || !tile->has_above) {
        return SVMS_OK;
    }
    svms_status status = svms_check_hash_tile(at, tile->hash, root, err);
    if (status != SVMS_OK) {
        return status;
    }
    tile->is_known = memcmp(root, tile->above, sizeof root) == 0;
    if (tile->is_known) {
        return SVMS_OK;
    }
    tile->has_hashes = false;
    return tell_tile(at, SVMS_AUDIT_FLAW_TILE, &which, "is not what the tile above it says");
}

static uint32_t edge_width(const svms_check *at, unsigned level)
{
    return (uint32_t)((at->trunk.size >> (SVMS_TILE_HEIGHT * level)) % SVMS_TILE_WIDTH);
}

static uint64_t edge_number(const svms_check *at, unsigned level)
{
    return at->trunk.size >> (SVMS_TILE_HEIGHT * (level + 1));
}

static void turn_to(svms_check_tile *tile, uint64_t number, uint32_t width)
{
    tile->is_loaded = true;
    tile->number = number;
    tile->width = width;
    tile->is_known = false;
    tile->has_hashes = false;
    tile->is_unread = false;
    tile->has_above = false;
    tile->built_count = 0;
}

svms_status svms_check_tile_at(svms_check *at, unsigned level, uint64_t number,
                               svms_check_tile **out, svms_error *err)
{
    svms_check_tile *tile = &at->tile[level];
    if (number == edge_number(at, level)) {
        *out = &at->right[level];
        return SVMS_OK;
    }
    *out = tile;
    if (tile->is_loaded && tile->number == number) {
        return SVMS_OK;
    }
    turn_to(tile, number, SVMS_TILE_WIDTH);
    svms_status status = find_above(at, level, tile, err);
    if (status == SVMS_OK) {
        status = load(at, level, tile, err);
    }
    return status == SVMS_OK ? confirm(at, level, tile, err) : status;
}

/* All that lies below a tile which its file does not tell: together it must be what stands above.
 */
static svms_status settle_built(svms_check *at, unsigned level, svms_check_tile *tile,
                                svms_error *err)
{
    uint8_t root[SVMS_DIGEST_SIZE];
    svms_status status = svms_check_hash_tile(at, tile->built, root, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (tile->has_above && memcmp(root, tile->above, sizeof root) != 0) {
        uint64_t first = first_record(level, tile->number);
        svms_check_wrong_from(at, first);
        status = svms_check_tell(at, SVMS_AUDIT_FLAW_RECORD, first, 1,
                                 "of the records from %" PRIu64 " to %" PRIu64
                                 " one at least is not what was signed",
                                 first, first + records_below(level) - 1);
    }
    return status == SVMS_OK ? svms_check_tile_done(at, level, tile->number, root, err) : status;
}

svms_status svms_check_tile_done(svms_check *at, unsigned level, uint64_t number,
                                 const uint8_t root[SVMS_DIGEST_SIZE], svms_error *err)
{
    if (level + 1 == LEVELS) {
        return SVMS_OK;
    }
    svms_check_tile *above = &at->tile[level + 1];
    bool is_wanted = above->is_loaded && !above->is_known &&
                     above->number == number / SVMS_TILE_WIDTH &&
                     above->built_count == number % SVMS_TILE_WIDTH;
    if (!is_wanted) {
        return SVMS_OK;
    }
    memcpy(above->built + (size_t)above->built_count * SVMS_DIGEST_SIZE, root, SVMS_DIGEST_SIZE);
    above->built_count++;
    return above->built_count == SVMS_TILE_WIDTH ? settle_built(at, level + 1, above, err)
                                                 : SVMS_OK;
}

/* Hashes of a tile of the right edge from what lies below: the tiles there, or the records. */
static svms_status build(svms_check *at, unsigned level, uint8_t *out, bool *is_built,
                         svms_error *err)
{
    svms_check_tile *tile = &at->right[level];
    svms_status status = SVMS_OK;
    bool is_full;
    svms_check_presence presence;
    *is_built = false;
    if (level == 0) {
        svms_bundle_entry entry[SVMS_TILE_WIDTH];
        const svms_tile which = { SVMS_TILE_ENTRIES, tile->number, tile->width };
        status = svms_check_read_tile(at, &which, &at->bundle, &is_full, &presence, err);
        bool whole;
        bool there = status == SVMS_OK && presence == SVMS_CHECK_PRESENT &&
                     svms_check_split(&at->bundle, tile->width, entry, &whole) == tile->width;
        *is_built = there;
        return there ? svms_check_leaves(at->hasher, entry, tile->width, out, err) : status;
    }
    for (uint32_t i = 0; i < tile->width && status == SVMS_OK; i++) {
        const svms_tile which = { level - 1, tile->number * SVMS_TILE_WIDTH + i, SVMS_TILE_WIDTH };
        status = svms_check_read_tile(at, &which, &at->bytes, &is_full, &presence, err);
        if (status != SVMS_OK || presence != SVMS_CHECK_PRESENT ||
            at->bytes.size != SVMS_TILE_BYTES) {
            return status;
        }
        status = svms_check_hash_tile(at, at->bytes.data, out + (size_t)i * SVMS_DIGEST_SIZE, err);
    }
    *is_built = status == SVMS_OK;
    return status;
}

/* The root of the right edge, where the tiles of some levels (bits of which) are those that were
 * built. */
static svms_status fold(svms_check *at, unsigned which, uint8_t root[SVMS_DIGEST_SIZE],
                        svms_error *err)
{
    svms_tree tree;
    svms_status status = SVMS_OK;
    svms_tree_reset(&tree);
    for (unsigned level = LEVELS; level-- > 0;) {
        const svms_check_tile *tile = &at->right[level];
        const uint8_t *hash = which >> level & 1 ? tile->built : tile->hash;
        for (uint32_t i = 0; i < edge_width(at, level) && status == SVMS_OK; i++) {
            status = svms_tree_add_subtree(&tree, at->hasher, SVMS_TILE_HEIGHT * level,
                                           hash + (size_t)i * SVMS_DIGEST_SIZE, err);
        }
    }
    return status == SVMS_OK ? svms_tree_root(&tree, at->hasher, root, err) : status;
}

/* Takes what was built where it is told to, and where there is nothing else. */
static svms_status adopt(svms_check *at, unsigned which, unsigned built, bool is_known)
{
    svms_status status = SVMS_OK;
    for (unsigned level = 0; level < LEVELS && status == SVMS_OK; level++) {
        svms_check_tile *tile = &at->right[level];
        const svms_tile name = { level, tile->number, tile->width };
        bool had = tile->has_hashes;
        if (edge_width(at, level) == 0) {
            continue;
        }
        if ((which >> level & 1) || (!had && (built >> level & 1))) {
            memcpy(tile->hash, tile->built, tile->width * (size_t)SVMS_DIGEST_SIZE);
            tile->has_hashes = true;
        }
        tile->is_known = is_known;
        if (is_known && had && (which >> level & 1)) {
            status = tell_tile(at, SVMS_AUDIT_FLAW_TILE, &name, "is not what was signed");
        }
    }
    return status;
}

/* Finds which of the tiles are right and which of those that were built: any choice that gives the
 * signed root is. */
static svms_status arbitrate(svms_check *at, svms_error *err)
{
    unsigned told = 0;
    unsigned built = 0;
    unsigned needed = 0;
    svms_status status = SVMS_OK;
    for (unsigned level = 0; level < LEVELS && status == SVMS_OK; level++) {
        bool is_built = false;
        if (edge_width(at, level) == 0) {
            continue;
        }
        needed |= 1u << level;
        told |= at->right[level].has_hashes ? 1u << level : 0;
        status = build(at, level, at->right[level].built, &is_built, err);
        built |= is_built ? 1u << level : 0;
    }
    for (unsigned which = 0; which < 1u << LEVELS && status == SVMS_OK; which++) {
        uint8_t root[SVMS_DIGEST_SIZE];
        bool can = (which & ~built) == 0 && ((needed & ~which) & ~told) == 0;
        if (!can) {
            continue;
        }
        status = fold(at, which, root, err);
        if (status == SVMS_OK && memcmp(root, at->trunk.root, sizeof root) == 0) {
            return adopt(at, which, built, true);
        }
    }
    return status == SVMS_OK ? adopt(at, 0, built, false) : status;
}

svms_status svms_check_tiles_begin(svms_check *at, svms_error *err)
{
    bool all_there = true;
    uint8_t root[SVMS_DIGEST_SIZE];
    svms_status status = SVMS_OK;
    for (unsigned level = 0; level < LEVELS && status == SVMS_OK; level++) {
        svms_check_tile *tile = &at->right[level];
        if (edge_width(at, level) == 0) {
            continue;
        }
        turn_to(tile, edge_number(at, level), edge_width(at, level));
        status = load(at, level, tile, err);
        all_there = all_there && tile->has_hashes;
    }
    if (status != SVMS_OK || !at->is_signed || !all_there) {
        return status == SVMS_OK && at->trunk.size > 0 ? arbitrate(at, err) : status;
    }
    status = fold(at, 0, root, err);
    if (status != SVMS_OK || memcmp(root, at->trunk.root, sizeof root) != 0) {
        return status == SVMS_OK ? arbitrate(at, err) : status;
    }
    return adopt(at, 0, 0, true);
}

/* A partial file of an earlier checkpoint. */
typedef struct earlier {
    svms_check *at;
    svms_tile tile;
    svms_error *err;
} earlier;

static svms_status begins_so(const earlier *seen, bool *good)
{
    svms_check *at = seen->at;
    svms_bundle_entry entry[SVMS_TILE_WIDTH];
    uint8_t leaves[SVMS_TILE_BYTES];
    uint32_t width = seen->tile.width;
    const svms_check_tile *present =
        &at->right[seen->tile.level == SVMS_TILE_ENTRIES ? 0 : seen->tile.level];
    size_t size = width * (size_t)SVMS_DIGEST_SIZE;
    if (seen->tile.level != SVMS_TILE_ENTRIES) {
        *good = at->bytes.size == size && memcmp(at->bytes.data, present->hash, size) == 0;
        return SVMS_OK;
    }
    bool ends_there;
    *good = svms_check_split(&at->bytes, width, entry, &ends_there) == width && ends_there;
    svms_status status =
        *good ? svms_check_leaves(at->hasher, entry, width, leaves, seen->err) : SVMS_OK;
    *good = *good && status == SVMS_OK && memcmp(leaves, present->hash, size) == 0;
    return status;
}

static svms_status check_earlier(void *user, const char *name)
{
    earlier *seen = user;
    svms_check_presence presence;
    char path[SVMS_TILE_PATH_MAX];
    uint32_t most = seen->tile.width;
    uint32_t width = 0;
    for (const char *digit = name; *digit >= '0' && *digit <= '9' && width < SVMS_TILE_WIDTH;
         digit++) {
        width = width * 10 + (uint32_t)(*digit - '0');
    }
    if (width == 0 || width >= most) {
        return SVMS_OK; /* the present one, or one of a log that grew since */
    }
    seen->tile.width = width;
    svms_tile_path(&seen->tile, path);
    bool good = false;
    svms_status status = svms_check_read(seen->at, path, &seen->at->bytes, &presence, seen->err);
    if (status == SVMS_OK && presence == SVMS_CHECK_PRESENT) {
        status = begins_so(seen, &good);
    }
    if (status == SVMS_OK && !good && presence != SVMS_CHECK_ABSENT &&
        presence != SVMS_CHECK_UNREADABLE) {
        status = tell_tile(seen->at, SVMS_AUDIT_FLAW_TILE, &seen->tile,
                           "of an earlier checkpoint is not the beginning of the present one");
    }
    seen->tile.width = most;
    return status;
}

static svms_status check_partials_of(svms_check *at, uint32_t level, unsigned of, svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    char path[SVMS_TILE_PATH_MAX];
    int os_error = 0;
    earlier seen = { at, { level, at->right[of].number, at->right[of].width }, &why };
    svms_tile_path(&seen.tile, path);
    *strrchr(path, '/') = '\0';
    svms_status status = at->folder->list(at->folder->user, path, check_earlier, &seen, &os_error);
    if (status == SVMS_E_IO) {
        return svms_check_tell(at, SVMS_AUDIT_FLAW_UNREADABLE, SVMS_NO_RECORD, 0,
                               "the log cannot look into \"%s\"", path);
    }
    return status == SVMS_OK || status == SVMS_END ? status : svms_fail_as(err, status, &why);
}

svms_status svms_check_partials(svms_check *at, svms_error *err)
{
    svms_status status = SVMS_OK;
    for (unsigned level = 0; level < LEVELS && status == SVMS_OK; level++) {
        const svms_check_tile *tile = &at->right[level];
        if (!tile->is_loaded || !tile->has_hashes) {
            continue;
        }
        status = check_partials_of(at, level, level, err);
        bool is_pruned = first_record(0, tile->number) < at->minimum.first;
        if (status == SVMS_OK && level == 0 && !is_pruned) {
            status = check_partials_of(at, SVMS_TILE_ENTRIES, 0, err);
        }
    }
    return status;
}
