/* SPDX-License-Identifier: Apache-2.0 */
#include "carried.h"

#include <string.h>

#include "failure.h"

svms_status svms_carried_add(svms_carried *carried, svms_ctx *ctx, uint32_t source,
                             uint64_t segment, const uint8_t hash[SVMS_DIGEST_SIZE],
                             svms_error *err)
{
    uint32_t block = carried->count / SVMS_CARRIED_BLOCK;
    if (svms_carried_is_full(carried)) {
        return SVMS_OK;
    }
    if (carried->blocks[block] == NULL) {
        carried->blocks[block] =
            svms_alloc_array(ctx, SVMS_CARRIED_BLOCK, sizeof(svms_carried_manifest));
        if (carried->blocks[block] == NULL) {
            return svms_fail_memory(err);
        }
    }
    svms_carried_manifest *manifest = &carried->blocks[block][carried->count % SVMS_CARRIED_BLOCK];
    manifest->source = source;
    manifest->segment = (uint32_t)segment;
    memcpy(manifest->hash, hash, SVMS_DIGEST_SIZE);
    carried->count++;
    return SVMS_OK;
}

const uint8_t *svms_carried_find(const svms_carried *carried, uint32_t source, uint64_t segment)
{
    uint32_t low = 0;
    uint32_t high = carried->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const svms_carried_manifest *found =
            &carried->blocks[middle / SVMS_CARRIED_BLOCK][middle % SVMS_CARRIED_BLOCK];
        if (found->source == source && found->segment == segment) {
            return found->hash;
        }
        if (found->source < source || (found->source == source && found->segment < segment)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

bool svms_carried_is_full(const svms_carried *carried)
{
    return carried->count == SVMS_CARRIED_BLOCK * SVMS_CARRIED_BLOCKS;
}

void svms_carried_clear(svms_carried *carried, svms_ctx *ctx)
{
    for (uint32_t i = 0; i < SVMS_CARRIED_BLOCKS; i++) {
        svms_release(ctx, carried->blocks[i]);
    }
    memset(carried, 0, sizeof(*carried));
}
