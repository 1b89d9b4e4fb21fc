/* SPDX-License-Identifier: Apache-2.0 */
#include "merkle.h"

#include <string.h>

void svms_merkle_reset(svms_merkle *tree)
{
    tree->count = 0;
}

bool svms_merkle_join(svms_hasher *hasher, const uint8_t *left, const uint8_t *right, uint8_t *out)
{
    uint8_t node[1 + 2 * SVMS_DIGEST_SIZE];
    node[0] = 0x01;
    memcpy(node + 1, left, SVMS_DIGEST_SIZE);
    memcpy(node + 1 + SVMS_DIGEST_SIZE, right, SVMS_DIGEST_SIZE);
    return svms_hasher_once(hasher, node, sizeof(node), out);
}

bool svms_merkle_add(svms_merkle *tree, svms_hasher *hasher, const uint8_t leaf[SVMS_DIGEST_SIZE])
{
    uint8_t carry[SVMS_DIGEST_SIZE];
    unsigned level = 0;
    if (tree->count >= (1u << SVMS_MERKLE_LEVELS) - 1u) {
        return false;
    }
    memcpy(carry, leaf, SVMS_DIGEST_SIZE);
    for (; tree->count & (1u << level); level++) {
        if (!svms_merkle_join(hasher, tree->subtree[level], carry, carry)) {
            return false;
        }
    }
    memcpy(tree->subtree[level], carry, SVMS_DIGEST_SIZE);
    tree->count++;
    return true;
}

bool svms_merkle_root(const svms_merkle *tree, svms_hasher *hasher, uint8_t out[SVMS_DIGEST_SIZE])
{
    bool have = false;
    if (tree->count == 0) {
        return svms_hasher_once(hasher, NULL, 0, out);
    }
    for (unsigned level = 0; level < SVMS_MERKLE_LEVELS; level++) {
        if (!(tree->count & (1u << level))) {
            continue;
        }
        if (!have) {
            memcpy(out, tree->subtree[level], SVMS_DIGEST_SIZE);
            have = true;
        } else if (!svms_merkle_join(hasher, tree->subtree[level], out, out)) {
            return false;
        }
    }
    return true;
}

bool svms_merkle_leaf_start(svms_hasher *hasher)
{
    static const uint8_t leaf_prefix = 0x00;
    return svms_hasher_start(hasher) && svms_hasher_update(hasher, &leaf_prefix, 1);
}
