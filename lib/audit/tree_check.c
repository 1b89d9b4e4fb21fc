/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs verified as RFC 9162 sections 2.1.3.2 and 2.1.4.2 do it. */
#include <string.h>

#include "failure.h"
#include "merkle.h"
#include "tree.h"

/* A walk from a leaf to the root: the number of the node on its level, and of the last one there.
 */
typedef struct walk {
    uint64_t node;
    uint64_t last;
} walk;

typedef enum side { LEFT, RIGHT } side;

/* On which side of the node the next hash of the proof stands; goes up. */
static side climb(walk *at)
{
    side which = at->node & 1 || at->node == at->last ? LEFT : RIGHT;
    if (which == LEFT) {
        while (!(at->node & 1) && at->node != 0) {
            at->node >>= 1;
            at->last >>= 1;
        }
    }
    at->node >>= 1;
    at->last >>= 1;
    return which;
}

static bool join(svms_hasher *hasher, side which, const uint8_t *hash, uint8_t *node)
{
    return which == LEFT ? svms_merkle_join(hasher, hash, node, node)
                         : svms_merkle_join(hasher, node, hash, node);
}

static svms_status not_shown(svms_error *err, const char *what)
{
    return svms_fail(err, SVMS_E_NOT_AUTHENTIC, "the proof does not show that %s", what);
}

svms_status svms_tree_check_inclusion(svms_hasher *hasher, const uint8_t leaf[SVMS_DIGEST_SIZE],
                                      uint64_t index, const svms_tree_head *head,
                                      const svms_tree_proof *proof, svms_error *err)
{
    static const char claim[] = "the record is in the log";
    uint8_t node[SVMS_DIGEST_SIZE];
    if (index >= head->size || head->size > SVMS_TREE_MAX || proof->count > SVMS_TREE_PROOF_MAX) {
        return not_shown(err, claim);
    }
    walk at = { index, head->size - 1 };
    memcpy(node, leaf, sizeof node);
    for (unsigned i = 0; i < proof->count; i++) {
        if (at.last == 0) {
            return not_shown(err, claim);
        }
        if (!join(hasher, climb(&at), proof->hash[i], node)) {
            return svms_fail_crypto(err, "hashing a proof");
        }
    }
    bool shown = at.last == 0 && memcmp(node, head->root, sizeof node) == 0;
    return shown ? SVMS_OK : not_shown(err, claim);
}

static bool is_power_of_two(uint64_t size)
{
    return (size & (size - 1)) == 0;
}

/* Rebuilds both roots: the older one from the hashes left of the walk, the newer one from all. */
static svms_status rebuild(svms_hasher *hasher, uint64_t from, uint64_t to,
                           const svms_tree_proof *proof, unsigned first, svms_tree_head *older,
                           svms_tree_head *newer, svms_error *err)
{
    walk at = { from - 1, to - 1 };
    while (at.node & 1) {
        at.node >>= 1;
        at.last >>= 1;
    }
    for (unsigned i = first; i < proof->count; i++) {
        if (at.last == 0) {
            return not_shown(err, "the log only grew");
        }
        side which = climb(&at);
        bool good = join(hasher, which, proof->hash[i], newer->root) &&
                    (which == RIGHT || join(hasher, which, proof->hash[i], older->root));
        if (!good) {
            return svms_fail_crypto(err, "hashing a proof");
        }
    }
    return at.last == 0 ? SVMS_OK : not_shown(err, "the log only grew");
}

svms_status svms_tree_check_consistency(svms_hasher *hasher, const svms_tree_head *from,
                                        const svms_tree_head *to, const svms_tree_proof *proof,
                                        svms_error *err)
{
    static const char claim[] = "the log only grew";
    svms_tree_head older = *from;
    if (from->size > to->size || to->size > SVMS_TREE_MAX || proof->count > SVMS_TREE_PROOF_MAX) {
        return not_shown(err, claim);
    }
    if (from->size == 0 || from->size == to->size) {
        bool same = from->size == 0 || memcmp(from->root, to->root, SVMS_DIGEST_SIZE) == 0;
        return proof->count == 0 && same ? SVMS_OK : not_shown(err, claim);
    }
    unsigned first = is_power_of_two(from->size) ? 0 : 1;
    if (proof->count == 0) {
        return not_shown(err, claim);
    }
    if (first == 1) {
        memcpy(older.root, proof->hash[0], sizeof older.root);
    }
    svms_tree_head newer = older;
    svms_status status = rebuild(hasher, from->size, to->size, proof, first, &older, &newer, err);
    if (status != SVMS_OK) {
        return status;
    }
    bool shown = memcmp(older.root, from->root, SVMS_DIGEST_SIZE) == 0 &&
                 memcmp(newer.root, to->root, SVMS_DIGEST_SIZE) == 0;
    return shown ? SVMS_OK : not_shown(err, claim);
}
