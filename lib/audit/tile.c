/* SPDX-License-Identifier: Apache-2.0 */
#include "tile.h"

#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "merkle.h"

/* 2^48 in groups of three digits. */
#define NUMBER_GROUPS 5u

/* Most significant group first: each but the last begins with an x. */
static size_t put_number(char *out, size_t capacity, uint64_t number)
{
    unsigned group[NUMBER_GROUPS + 2];
    unsigned count = 0;
    size_t at = 0;
    do {
        group[count++] = (unsigned)(number % 1000);
        number /= 1000;
    } while (number > 0 && count < sizeof group / sizeof group[0]);
    while (count > 0) {
        count--;
        at += (size_t)snprintf(out + at, capacity - at, "/%s%03u", count > 0 ? "x" : "",
                               group[count]);
    }
    return at;
}

void svms_tile_path(const svms_tile *tile, char out[SVMS_TILE_PATH_MAX])
{
    size_t at = tile->level == SVMS_TILE_ENTRIES
                    ? (size_t)snprintf(out, SVMS_TILE_PATH_MAX, "tile/entries")
                    : (size_t)snprintf(out, SVMS_TILE_PATH_MAX, "tile/%u", tile->level);
    at += put_number(out + at, SVMS_TILE_PATH_MAX - at, tile->number);
    if (tile->width < SVMS_TILE_WIDTH) {
        snprintf(out + at, SVMS_TILE_PATH_MAX - at, ".p/%u", tile->width);
    }
}

bool svms_tile_of(uint64_t size, unsigned level, uint64_t index, svms_tile *out)
{
    uint32_t tile_level = level / SVMS_TILE_HEIGHT;
    unsigned rest = level % SVMS_TILE_HEIGHT;
    if (level > SVMS_TREE_LEVELS || index >= size >> level) {
        return false;
    }
    uint64_t first = index << rest;
    uint64_t hashes = size >> (tile_level * SVMS_TILE_HEIGHT);
    uint64_t number = first / SVMS_TILE_WIDTH;
    uint64_t left = hashes - number * SVMS_TILE_WIDTH;
    *out = (svms_tile){ tile_level, number,
                        left < SVMS_TILE_WIDTH ? (uint32_t)left : SVMS_TILE_WIDTH };
    return true;
}

/* Of a complete subtree, count (a power of two, at least 2) hashes wide. */
static svms_status join_all(svms_hasher *hasher, const uint8_t *hashes, size_t count,
                            uint8_t out[SVMS_DIGEST_SIZE], svms_error *err)
{
    uint8_t node[SVMS_TILE_WIDTH / 2][SVMS_DIGEST_SIZE];
    for (size_t i = 0; i < count / 2; i++) {
        const uint8_t *pair = hashes + 2 * i * SVMS_DIGEST_SIZE;
        if (!svms_merkle_join(hasher, pair, pair + SVMS_DIGEST_SIZE, node[i])) {
            return svms_fail_crypto(err, "hashing a tile");
        }
    }
    for (count /= 2; count > 1; count /= 2) {
        for (size_t i = 0; i < count / 2; i++) {
            if (!svms_merkle_join(hasher, node[2 * i], node[2 * i + 1], node[i])) {
                return svms_fail_crypto(err, "hashing a tile");
            }
        }
    }
    memcpy(out, node[0], SVMS_DIGEST_SIZE);
    return SVMS_OK;
}

svms_status svms_tile_hash(svms_hasher *hasher, const svms_tile *tile, const uint8_t *hashes,
                           unsigned level, uint64_t index, uint8_t out[SVMS_DIGEST_SIZE],
                           svms_error *err)
{
    unsigned rest = level % SVMS_TILE_HEIGHT;
    size_t first = (size_t)((index << rest) - tile->number * SVMS_TILE_WIDTH);
    size_t count = (size_t)1 << rest;
    if (count == 1) {
        memcpy(out, hashes + first * SVMS_DIGEST_SIZE, SVMS_DIGEST_SIZE);
        return SVMS_OK;
    }
    return join_all(hasher, hashes + first * SVMS_DIGEST_SIZE, count, out, err);
}

svms_status svms_tile_root(svms_hasher *hasher, const uint8_t *hashes,
                           uint8_t out[SVMS_DIGEST_SIZE], svms_error *err)
{
    return join_all(hasher, hashes, SVMS_TILE_WIDTH, out, err);
}

svms_status svms_bundle_parse(const void *bytes, size_t size, uint32_t width,
                              svms_bundle_entry out[SVMS_TILE_WIDTH], svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(bytes, size, 0);
    for (uint32_t i = 0; i < width; i++) {
        out[i].size = svms_read_u16(&cursor);
        out[i].record = svms_read_bytes(&cursor, out[i].size);
        if (cursor.failed) {
            return svms_fail_at(err, SVMS_E_TRUNCATED, cursor.position,
                                "the bundle ends within record %u of %u", i + 1, width);
        }
        if (out[i].size > SVMS_AUDIT_RECORD_MAX) {
            return svms_fail_at(err, SVMS_E_MALFORMED, cursor.position,
                                "record %u of the bundle has %zu bytes", i + 1, out[i].size);
        }
    }
    if (!svms_cursor_at_end(&cursor)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, cursor.position,
                            "the bundle goes on behind its last record");
    }
    return SVMS_OK;
}

void svms_put_bundle_entry(svms_builder *out, const void *record, size_t size)
{
    svms_put_u16(out, (uint16_t)size);
    svms_put_bytes(out, record, size);
}
