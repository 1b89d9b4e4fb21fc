/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include <string.h>

#include "failure.h"
#include "merkle.h"

static svms_status provider_failed(svms_error *err)
{
    return svms_fail_crypto(err, "hashing a tree");
}

void svms_tree_reset(svms_tree *tree)
{
    tree->size = 0;
}

svms_status svms_tree_leaf(svms_hasher *hasher, const void *record, size_t size,
                           uint8_t out[SVMS_DIGEST_SIZE], svms_error *err)
{
    bool done = svms_merkle_leaf_start(hasher) && svms_hasher_update(hasher, record, size) &&
                svms_hasher_finish(hasher, out);
    return done ? SVMS_OK : provider_failed(err);
}

svms_status svms_tree_add_subtree(svms_tree *tree, svms_hasher *hasher, unsigned level,
                                  const uint8_t hash[SVMS_DIGEST_SIZE], svms_error *err)
{
    uint8_t carry[SVMS_DIGEST_SIZE];
    uint64_t leaves = UINT64_C(1) << level;
    if (leaves > SVMS_TREE_MAX - tree->size) {
        return svms_fail(err, SVMS_E_LIMIT, "a log has at most 2^48 records");
    }
    memcpy(carry, hash, sizeof carry);
    for (; tree->size >> level & 1; level++) {
        if (!svms_merkle_join(hasher, tree->edge[level], carry, carry)) {
            return provider_failed(err);
        }
    }
    memcpy(tree->edge[level], carry, sizeof carry);
    tree->size += leaves;
    return SVMS_OK;
}

svms_status svms_tree_add(svms_tree *tree, svms_hasher *hasher,
                          const uint8_t leaf[SVMS_DIGEST_SIZE], svms_error *err)
{
    return svms_tree_add_subtree(tree, hasher, 0, leaf, err);
}

svms_status svms_tree_root(const svms_tree *tree, svms_hasher *hasher,
                           uint8_t out[SVMS_DIGEST_SIZE], svms_error *err)
{
    bool have = false;
    if (tree->size == 0) {
        return svms_hasher_once(hasher, NULL, 0, out) ? SVMS_OK : provider_failed(err);
    }
    for (unsigned level = 0; level <= SVMS_TREE_LEVELS; level++) {
        if (!(tree->size >> level & 1)) {
            continue;
        }
        if (!have) {
            memcpy(out, tree->edge[level], SVMS_DIGEST_SIZE);
            have = true;
        } else if (!svms_merkle_join(hasher, tree->edge[level], out, out)) {
            return provider_failed(err);
        }
    }
    return SVMS_OK;
}

/* The largest power of two that is smaller than a size of at least 2, as its exponent. */
static unsigned split_level(uint64_t size)
{
    unsigned level = 0;
    while ((size - 1) >> (level + 1) != 0) {
        level++;
    }
    return level;
}

/* Edge of the leaves [begin, end), where begin is a multiple of the largest complete subtree that
 * fits: its complete subtrees are those of end - begin, in descending order. */
static svms_status fetch_edge(const svms_tree_source *source, uint64_t begin, uint64_t end,
                              svms_tree *out, svms_error *err)
{
    svms_status status = SVMS_OK;
    uint64_t size = end - begin;
    out->size = size;
    for (unsigned level = SVMS_TREE_LEVELS + 1; level-- > 0 && status == SVMS_OK;) {
        if (size >> level & 1) {
            status = source->fetch(source->user, level, begin >> level, out->edge[level], err);
            begin += UINT64_C(1) << level;
        }
    }
    return status;
}

static svms_status range_root(const svms_tree_source *source, uint64_t begin, uint64_t end,
                              uint8_t out[SVMS_DIGEST_SIZE], svms_error *err)
{
    svms_tree edge;
    svms_status status = fetch_edge(source, begin, end, &edge, err);
    return status == SVMS_OK ? svms_tree_root(&edge, source->hasher, out, err) : status;
}

svms_status svms_tree_root_at(const svms_tree_source *source, uint64_t size,
                              uint8_t out[SVMS_DIGEST_SIZE], svms_error *err)
{
    if (size > SVMS_TREE_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "no tree is that large");
    }
    return range_root(source, 0, size, out, err);
}

svms_status svms_tree_edge_at(const svms_tree_source *source, uint64_t size, svms_tree *out,
                              svms_error *err)
{
    if (size > SVMS_TREE_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "no tree is that large");
    }
    return fetch_edge(source, 0, size, out, err);
}

/* Proofs are found from the root down, and told from the leaf up. */
static void turn_round(svms_tree_proof *proof)
{
    for (unsigned i = 0, j = proof->count; i + 1 < j; i++) {
        uint8_t kept[SVMS_DIGEST_SIZE];
        j--;
        memcpy(kept, proof->hash[i], sizeof kept);
        memcpy(proof->hash[i], proof->hash[j], sizeof kept);
        memcpy(proof->hash[j], kept, sizeof kept);
    }
}

svms_status svms_tree_prove_inclusion(const svms_tree_source *source, uint64_t index, uint64_t size,
                                      svms_tree_proof *out, svms_error *err)
{
    svms_status status = SVMS_OK;
    uint64_t begin = 0;
    uint64_t end = size;
    out->count = 0;
    if (index >= size || size > SVMS_TREE_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "there is no such record in a tree of that size");
    }
    while (end - begin > 1 && status == SVMS_OK) {
        uint64_t middle = begin + (UINT64_C(1) << split_level(end - begin));
        uint8_t *sibling = out->hash[out->count++];
        if (index < middle) {
            status = range_root(source, middle, end, sibling, err);
            end = middle;
        } else {
            status = range_root(source, begin, middle, sibling, err);
            begin = middle;
        }
    }
    turn_round(out);
    return status;
}

svms_status svms_tree_prove_consistency(const svms_tree_source *source, uint64_t from, uint64_t to,
                                        svms_tree_proof *out, svms_error *err)
{
    svms_status status = SVMS_OK;
    uint64_t begin = 0;
    uint64_t end = to;
    out->count = 0;
    if (from > to || to > SVMS_TREE_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "no tree grows to a smaller one");
    }
    if (from == 0 || from == to) {
        return SVMS_OK;
    }
    while (from != end && status == SVMS_OK) {
        uint64_t middle = begin + (UINT64_C(1) << split_level(end - begin));
        uint8_t *sibling = out->hash[out->count++];
        if (from <= middle) {
            status = range_root(source, middle, end, sibling, err);
            end = middle;
        } else {
            status = range_root(source, begin, middle, sibling, err);
            begin = middle;
        }
    }
    /* The old tree itself, unless it is a complete subtree of the new one: its root is known. */
    if (begin > 0 && status == SVMS_OK) {
        status = range_root(source, begin, end, out->hash[out->count++], err);
    }
    turn_round(out);
    return status;
}
