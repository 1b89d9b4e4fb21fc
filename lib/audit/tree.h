/* SPDX-License-Identifier: Apache-2.0 */
/* The Merkle tree of a log (RFC 6962 section 2.1): grown at its right edge, proven from hashes that
 * somebody keeps, and proofs verified with nothing but themselves. */
#ifndef SVMS_TREE_H
#define SVMS_TREE_H

#include "digest.h"

/* A-TRE-4: 2^48 leaves at most. */
#define SVMS_TREE_LEVELS 48
#define SVMS_TREE_MAX (UINT64_C(1) << SVMS_TREE_LEVELS)
/* Most hashes of a proof. */
#define SVMS_TREE_PROOF_MAX (SVMS_TREE_LEVELS + 1)

/* The right edge: what is needed to go on, and nothing else. */
typedef struct svms_tree {
    uint64_t size;
    uint8_t edge[SVMS_TREE_LEVELS + 1]
                [SVMS_DIGEST_SIZE]; /* complete subtree of 2^i leaves, if bit i of size */
} svms_tree;

typedef struct svms_tree_proof {
    unsigned count;
    uint8_t hash[SVMS_TREE_PROOF_MAX][SVMS_DIGEST_SIZE];
} svms_tree_proof;

/* Hash of the complete subtree of the leaves [index << level, (index + 1) << level). */
typedef svms_status (*svms_tree_fetch)(void *user, unsigned level, uint64_t index,
                                       uint8_t out[SVMS_DIGEST_SIZE], svms_error *err);

typedef struct svms_tree_source {
    svms_tree_fetch fetch;
    void *user;
    svms_hasher *hasher;
} svms_tree_source;

void svms_tree_reset(svms_tree *tree);
SVMS_MUST_CHECK svms_status svms_tree_leaf(svms_hasher *hasher, const void *record, size_t size,
                                           uint8_t out[SVMS_DIGEST_SIZE], svms_error *err);
/* SVMS_E_LIMIT: the tree is full. After SVMS_E_CRYPTO the tree is as before. */
SVMS_MUST_CHECK svms_status svms_tree_add(svms_tree *tree, svms_hasher *hasher,
                                          const uint8_t leaf[SVMS_DIGEST_SIZE], svms_error *err);
/* The same with a complete subtree of 2^level leaves; the tree has none, or a multiple of that. */
SVMS_MUST_CHECK svms_status svms_tree_add_subtree(svms_tree *tree, svms_hasher *hasher,
                                                  unsigned level,
                                                  const uint8_t hash[SVMS_DIGEST_SIZE],
                                                  svms_error *err);
SVMS_MUST_CHECK svms_status svms_tree_root(const svms_tree *tree, svms_hasher *hasher,
                                           uint8_t out[SVMS_DIGEST_SIZE], svms_error *err);

/* From the hashes that a source has. SVMS_E_USAGE: there is no such leaf, or tree. */
SVMS_MUST_CHECK svms_status svms_tree_root_at(const svms_tree_source *source, uint64_t size,
                                              uint8_t out[SVMS_DIGEST_SIZE], svms_error *err);
SVMS_MUST_CHECK svms_status svms_tree_edge_at(const svms_tree_source *source, uint64_t size,
                                              svms_tree *out, svms_error *err);
SVMS_MUST_CHECK svms_status svms_tree_prove_inclusion(const svms_tree_source *source,
                                                      uint64_t index, uint64_t size,
                                                      svms_tree_proof *out, svms_error *err);
SVMS_MUST_CHECK svms_status svms_tree_prove_consistency(const svms_tree_source *source,
                                                        uint64_t from, uint64_t to,
                                                        svms_tree_proof *out, svms_error *err);

/* A size and the root there. */
typedef struct svms_tree_head {
    uint64_t size;
    uint8_t root[SVMS_DIGEST_SIZE];
} svms_tree_head;

/* SVMS_E_NOT_AUTHENTIC: the proof does not show it. */
SVMS_MUST_CHECK svms_status svms_tree_check_inclusion(svms_hasher *hasher,
                                                      const uint8_t leaf[SVMS_DIGEST_SIZE],
                                                      uint64_t index, const svms_tree_head *head,
                                                      const svms_tree_proof *proof,
                                                      svms_error *err);
SVMS_MUST_CHECK svms_status svms_tree_check_consistency(svms_hasher *hasher,
                                                        const svms_tree_head *from,
                                                        const svms_tree_head *to,
                                                        const svms_tree_proof *proof,
                                                        svms_error *err);

#endif
