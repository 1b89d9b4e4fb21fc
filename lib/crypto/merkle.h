/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 6962 Merkle tree hash, computed as leaves come; memory is logarithmic. */
#ifndef SVMS_MERKLE_H
#define SVMS_MERKLE_H

#include "digest.h"

/* Enough for 2^15 - 1 leaves; C-LIM-1 allows 16,384. */
#define SVMS_MERKLE_LEVELS 15

typedef struct svms_merkle {
    uint32_t count;
    uint8_t subtree[SVMS_MERKLE_LEVELS]
                   [SVMS_DIGEST_SIZE]; /* complete subtree of 2^i leaves, if bit i of count */
} svms_merkle;

void svms_merkle_reset(svms_merkle *tree);
/* False when the provider fails or the tree is full. */
bool svms_merkle_add(svms_merkle *tree, svms_hasher *hasher, const uint8_t leaf[SVMS_DIGEST_SIZE]);
bool svms_merkle_root(const svms_merkle *tree, svms_hasher *hasher, uint8_t out[SVMS_DIGEST_SIZE]);
/* Hash of an inner node; out may be left or right. */
bool svms_merkle_join(svms_hasher *hasher, const uint8_t *left, const uint8_t *right, uint8_t *out);
/* Starts hasher on a leaf; the caller updates it with the leaf's data and finishes it. */
bool svms_merkle_leaf_start(svms_hasher *hasher);

#endif
