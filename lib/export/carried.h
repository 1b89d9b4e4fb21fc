/* SPDX-License-Identifier: Apache-2.0 */
/* The manifests of the segments that an export has carried so far: what a derivation names. So many
 * are remembered as fit a bounded memory. */
#ifndef SVMS_CARRIED_H
#define SVMS_CARRIED_H

#include "digest.h"

#define SVMS_CARRIED_BLOCK 4096u
#define SVMS_CARRIED_BLOCKS 24u

typedef struct svms_carried_manifest {
    uint32_t source;
    uint32_t segment;
    uint8_t hash[SVMS_DIGEST_SIZE];
} svms_carried_manifest;

typedef struct svms_carried {
    svms_carried_manifest *blocks[SVMS_CARRIED_BLOCKS];
    uint32_t count;
} svms_carried;

/* Sources ascend, and the segments of each. What no longer fits is passed over. */
SVMS_MUST_CHECK svms_status svms_carried_add(svms_carried *carried, svms_ctx *ctx, uint32_t source,
                                             uint64_t segment, const uint8_t hash[SVMS_DIGEST_SIZE],
                                             svms_error *err);
/* NULL when it is not remembered. */
const uint8_t *svms_carried_find(const svms_carried *carried, uint32_t source, uint64_t segment);
/* True when something was passed over. */
bool svms_carried_is_full(const svms_carried *carried);
void svms_carried_clear(svms_carried *carried, svms_ctx *ctx);

#endif
