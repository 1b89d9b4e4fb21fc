/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "failure.h"
#include "log_internal.h"

void svms_log_tiles_init(svms_log_tiles *tiles, svms_ctx *ctx, const svms_folder *folder,
                         svms_hasher *hasher, uint64_t size)
{
    *tiles = (svms_log_tiles){ .folder = folder, .hasher = hasher, .size = size };
    tiles->bytes = svms_builder_new(ctx, SVMS_TILE_BYTES);
}

void svms_log_tiles_clear(svms_log_tiles *tiles)
{
    svms_builder_clear(&tiles->bytes);
}

typedef struct wider {
    uint32_t least;
    uint32_t found; /* the narrowest of those that are wide enough; 0: none */
} wider;

static svms_status note_width(void *user, const char *name)
{
    wider *widths = user;
    char *end = NULL;
    unsigned long width = strtoul(name, &end, 10);
    if (*end == '\0' && width >= widths->least && width < SVMS_TILE_WIDTH &&
        (widths->found == 0 || width < widths->found)) {
        widths->found = (uint32_t)width;
    }
    return SVMS_OK;
}

/* No checkpoint was published at every size, so that the part that is asked for may only be there
 * as the front of a later one. */
static svms_status read_wider(const svms_folder *folder, const svms_tile *tile, svms_builder *out,
                              svms_error *err)
{
    wider widths = { tile->width, 0 };
    svms_tile part = *tile;
    char path[SVMS_TILE_PATH_MAX];
    char front[SVMS_TILE_PATH_MAX];
    int os_error = 0;
    part.width = SVMS_TILE_WIDTH;
    svms_tile_path(&part, path);
    snprintf(front, sizeof front, "%.60s.p", path);
    svms_status status = folder->list(folder->user, front, note_width, &widths, &os_error);
    if (status != SVMS_OK) {
        return svms_log_io(status, os_error, "look into", front, err);
    }
    part.width = widths.found > 0 ? widths.found : tile->width;
    svms_tile_path(&part, path);
    return svms_log_read_file(folder, path, out, err);
}

/* The part of a tile is in the full one, too, which takes its place. */
svms_status svms_log_read_tile(const svms_folder *folder, const svms_tile *tile, svms_builder *out,
                               svms_error *err)
{
    svms_tile full = *tile;
    svms_error why = SVMS_ERROR_INIT;
    char path[SVMS_TILE_PATH_MAX];
    full.width = SVMS_TILE_WIDTH;
    svms_tile_path(&full, path);
    svms_status status = svms_log_read_file(folder, path, out, &why);
    if (svms_log_is_missing(status, &why) && tile->width < SVMS_TILE_WIDTH) {
        svms_tile_path(tile, path);
        status = svms_log_read_file(folder, path, out, &why);
        if (svms_log_is_missing(status, &why) && tile->level != SVMS_TILE_ENTRIES) {
            return read_wider(folder, tile, out, err);
        }
    }
    return status == SVMS_OK ? SVMS_OK : svms_fail_as(err, status, &why);
}

static bool is_loaded(const svms_log_tiles *tiles, const svms_tile *tile)
{
    return tiles->has_loaded && tiles->loaded.level == tile->level &&
           tiles->loaded.number == tile->number && tiles->loaded.width >= tile->width;
}

static svms_status fetch(void *user, unsigned level, uint64_t index, uint8_t out[SVMS_DIGEST_SIZE],
                         svms_error *err)
{
    svms_log_tiles *tiles = user;
    svms_tile tile;
    char path[SVMS_TILE_PATH_MAX];
    if (!svms_tile_of(tiles->size, level, index, &tile)) {
        return svms_fail(err, SVMS_E_USAGE, "the tree has no such hash");
    }
    if (!is_loaded(tiles, &tile)) {
        tiles->has_loaded = false;
        svms_status status = svms_log_read_tile(tiles->folder, &tile, &tiles->bytes, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (tiles->bytes.size < tile.width * (size_t)SVMS_DIGEST_SIZE) {
            svms_tile_path(&tile, path);
            return svms_fail(err, SVMS_E_TRUNCATED, "\"%s\" is too short", path);
        }
        tiles->loaded = tile;
        tiles->has_loaded = true;
    }
    return svms_tile_hash(tiles->hasher, &tile, tiles->bytes.data, level, index, out, err);
}

svms_tree_source svms_log_tiles_source(svms_log_tiles *tiles)
{
    return (svms_tree_source){ fetch, tiles, tiles->hasher };
}
