/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "batch_internal.h"
#include "chain_internal.h"
#include "failure.h"
#include "key_internal.h"
#include "merkle.h"
#include "platform.h"

/* A round that has grown to this is signed by whoever submits next. */
#define LARGEST_ROUND 65536u
#define FIRST_CAPACITY 64u

typedef enum round_state { ROUND_OPEN, ROUND_SIGNING, ROUND_SIGNED, ROUND_FAILED } round_state;

/* What one signature covers. Guarded by the batch's latch; unchanging once it is signed. */
typedef struct svms_batch_round {
    uint32_t holders; /* members, and the batch while it is open or being signed */
    round_state state;
    svms_status status;
    uint32_t count;
    uint32_t capacity;
    uint8_t (*nodes)[SVMS_DIGEST_SIZE]; /* leaves, then the levels above */
    uint8_t signature[SVMS_SIGNATURE_LONGEST];
    size_t signature_size;
    uint8_t root[SVMS_BATCH_ROOT_SIZE];
} svms_batch_round;

struct svms_batch {
    svms_ctx *ctx;
    svms_platform_latch latch;
    svms_object_identity identity;
    svms_sign_engine *engine; /* of the thread that has set signing */
    svms_hasher *root_hasher; /* the same */
    svms_hasher *leaf_hasher; /* under the latch */
    bool signing;
    svms_batch_round *current; /* NULL when nothing has been submitted */
};

struct svms_batch_member {
    svms_batch *batch;
    svms_batch_round *round;
    uint32_t leaf;
};

static svms_status make_parts(svms_batch *batch, const svms_private_key *key, svms_error *err)
{
    svms_status status = svms_sign_engine_new(&batch->engine, batch->ctx, key, err);
    if (status == SVMS_OK) {
        batch->identity.algorithm = svms_sign_engine_algorithm(batch->engine);
        status = svms_hasher_new(&batch->root_hasher, batch->ctx, err);
    }
    return status == SVMS_OK ? svms_hasher_new(&batch->leaf_hasher, batch->ctx, err) : status;
}

svms_status svms_batch_new(svms_batch **out, svms_ctx *ctx, const svms_private_key *signer_key,
                           const svms_chain *signer_chain, svms_role role, svms_error *err)
{
    if (out == NULL || ctx == NULL || signer_key == NULL || signer_chain == NULL ||
        (role != SVMS_ROLE_RECORDER && role != SVMS_ROLE_CAMERA)) {
        return svms_fail(err, SVMS_E_USAGE,
                         "a batch needs out, ctx, a key, its chain and the role of a recorder or "
                         "camera");
    }
    svms_batch *batch = svms_alloc(ctx, sizeof(*batch));
    if (batch == NULL) {
        return svms_fail_memory(err);
    }
    batch->ctx = ctx;
    batch->identity.role = (uint8_t)role;
    memcpy(batch->identity.signer_digest, svms_chain_leaf_digest(signer_chain), SVMS_DIGEST_SIZE);
    if (svms_platform_latch_init(&batch->latch) != 0) {
        svms_release(ctx, batch);
        return svms_fail_memory(err);
    }
    svms_status status = make_parts(batch, signer_key, err);
    if (status != SVMS_OK) {
        svms_batch_free(&batch);
        return status;
    }
    *out = batch;
    return SVMS_OK;
}

/* With the latch held. */
static void let_go(svms_batch *batch, svms_batch_round *round)
{
    if (round != NULL && --round->holders == 0) {
        svms_release(batch->ctx, round->nodes);
        svms_release(batch->ctx, round);
    }
}

void svms_batch_free(svms_batch **batch)
{
    if (batch == NULL || *batch == NULL) {
        return;
    }
    svms_batch *gone = *batch;
    let_go(gone, gone->current);
    svms_sign_engine_free(&gone->engine);
    svms_hasher_free(&gone->root_hasher);
    svms_hasher_free(&gone->leaf_hasher);
    svms_platform_latch_destroy(&gone->latch);
    svms_release(gone->ctx, gone);
    *batch = NULL;
}

bool svms_batch_fits(const svms_batch *batch, const svms_object_identity *signer)
{
    return batch->identity.role == signer->role && batch->identity.algorithm == signer->algorithm &&
           memcmp(batch->identity.signer_digest, signer->signer_digest, SVMS_DIGEST_SIZE) == 0;
}

/* Room for one more leaf. With the latch held. */
static bool make_room(svms_batch *batch)
{
    if (batch->current == NULL) {
        batch->current = svms_alloc(batch->ctx, sizeof(*batch->current));
        if (batch->current == NULL) {
            return false;
        }
        batch->current->holders = 1;
    }
    svms_batch_round *round = batch->current;
    if (round->count < round->capacity) {
        return true;
    }
    uint32_t capacity = round->capacity == 0 ? FIRST_CAPACITY : 2 * round->capacity;
    uint8_t(*nodes)[SVMS_DIGEST_SIZE] = svms_alloc_array(batch->ctx, capacity, SVMS_DIGEST_SIZE);
    if (nodes == NULL) {
        return false;
    }
    if (round->count != 0) {
        memcpy(nodes, round->nodes, (size_t)round->count * SVMS_DIGEST_SIZE);
    }
    svms_release(batch->ctx, round->nodes);
    round->nodes = nodes;
    round->capacity = capacity;
    return true;
}

/* With the latch held. */
static svms_status submit(svms_batch *batch, const uint8_t *object, size_t size,
                          svms_batch_member *member, svms_error *err)
{
    if (!make_room(batch)) {
        return svms_fail_memory(err);
    }
    svms_batch_round *round = batch->current;
    if (!svms_merkle_leaf_start(batch->leaf_hasher) ||
        !svms_hasher_update(batch->leaf_hasher, object, size) ||
        !svms_hasher_finish(batch->leaf_hasher, round->nodes[round->count])) {
        return svms_fail_crypto(err, "hashing a manifest");
    }
    member->round = round;
    member->leaf = round->count++;
    round->holders++;
    return SVMS_OK;
}

svms_status svms_batch_submit(svms_batch *batch, const uint8_t *object, size_t size,
                              svms_batch_member **out, svms_error *err)
{
    svms_batch_member *member = svms_alloc(batch->ctx, sizeof(*member));
    if (member == NULL) {
        return svms_fail_memory(err);
    }
    member->batch = batch;
    svms_platform_lock(&batch->latch);
    svms_status status = submit(batch, object, size, member, err);
    bool full = status == SVMS_OK && member->round->count >= LARGEST_ROUND;
    svms_platform_unlock(&batch->latch);
    if (full) {
        status = svms_batch_sign(batch, NULL, err);
    }
    if (status != SVMS_OK) {
        svms_batch_member_free(&member);
        return status;
    }
    *out = member;
    return SVMS_OK;
}

/* Appends the levels above the leaves: neighbours are joined, a last one without neighbour goes up
 * as it is (which is RFC 6962's split). */
static svms_status grow_tree(svms_batch *batch, svms_batch_round *round, svms_error *err)
{
    size_t total = 2 * (size_t)round->count + SVMS_MAX_BATCH_LEVELS;
    uint8_t(*nodes)[SVMS_DIGEST_SIZE] = svms_alloc_array(batch->ctx, total, SVMS_DIGEST_SIZE);
    if (nodes == NULL) {
        return svms_fail_memory(err);
    }
    memcpy(nodes, round->nodes, (size_t)round->count * SVMS_DIGEST_SIZE);
    svms_release(batch->ctx, round->nodes);
    round->nodes = nodes;
    size_t level = 0;
    for (size_t width = round->count; width > 1; width = (width + 1) / 2) {
        size_t above = level + width;
        for (size_t i = 0; i < width / 2; i++) {
            if (!svms_merkle_join(batch->root_hasher, nodes[level + 2 * i],
                                  nodes[level + 2 * i + 1], nodes[above + i])) {
                return svms_fail_crypto(err, "hashing a batch");
            }
        }
        if (width % 2 != 0) {
            memcpy(nodes[above + width / 2], nodes[level + width - 1], SVMS_DIGEST_SIZE);
        }
        level = above;
    }
    svms_builder out = svms_builder_new(batch->ctx, SVMS_BATCH_ROOT_SIZE);
    svms_batch_root_put(&out, &batch->identity, round->count, nodes[level],
                        svms_utc_now(batch->ctx));
    svms_status status = svms_builder_check(&out, "a batch", err);
    if (status == SVMS_OK) {
        memcpy(round->root, out.data, SVMS_BATCH_ROOT_SIZE);
    }
    svms_builder_clear(&out);
    return status;
}

/* Without the latch: nobody else touches a round that is being signed. */
static svms_status sign_round(svms_batch *batch, svms_batch_round *round, svms_error *err)
{
    svms_status status = grow_tree(batch, round, err);
    round->signature_size = sizeof(round->signature);
    if (status == SVMS_OK) {
        status = svms_sign(batch->engine, round->root, sizeof(round->root), round->signature,
                           &round->signature_size, err);
    }
    return status;
}

svms_status svms_batch_sign(svms_batch *batch, uint64_t *count, svms_error *err)
{
    if (batch == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "batch must not be NULL");
    }
    svms_status status = SVMS_OK;
    uint32_t signed_count = 0;
    svms_platform_lock(&batch->latch);
    while (batch->signing) {
        svms_platform_sleep(&batch->latch);
    }
    svms_batch_round *round = batch->current;
    /* Memory or the provider may have failed before the first leaf. */
    if (round != NULL && round->count != 0) {
        batch->current = NULL;
        batch->signing = true;
        round->state = ROUND_SIGNING;
        svms_platform_unlock(&batch->latch);
        status = sign_round(batch, round, err);
        svms_platform_lock(&batch->latch);
        round->state = status == SVMS_OK ? ROUND_SIGNED : ROUND_FAILED;
        round->status = status;
        signed_count = round->count;
        batch->signing = false;
        let_go(batch, round);
        svms_platform_wake_all(&batch->latch);
    }
    svms_platform_unlock(&batch->latch);
    if (count != NULL && status == SVMS_OK) {
        *count = signed_count;
    }
    return status;
}

static void prove(const svms_batch_member *member, svms_batch_proof *proof)
{
    const svms_batch_round *round = member->round;
    size_t at = member->leaf;
    size_t level = 0;
    memset(proof, 0, sizeof(*proof));
    proof->leaf = member->leaf;
    proof->tree_size = round->count;
    memcpy(proof->root, round->root, SVMS_BATCH_ROOT_SIZE);
    for (size_t width = round->count; width > 1; width = (width + 1) / 2) {
        size_t sibling = at ^ 1u;
        if (sibling < width) {
            memcpy(proof->nodes[proof->count++], round->nodes[level + sibling], SVMS_DIGEST_SIZE);
        }
        level += width;
        at /= 2;
    }
}

/* State of the member's round; with wait, it is signed or failed on return. */
static round_state await(svms_batch_member *member, bool wait)
{
    svms_batch *batch = member->batch;
    svms_platform_lock(&batch->latch);
    if (wait && member->round->state == ROUND_OPEN) {
        svms_platform_unlock(&batch->latch);
        /* A failure is the round's, and comes back with its state. */
        svms_status status = svms_batch_sign(batch, NULL, NULL);
        (void)status;
        svms_platform_lock(&batch->latch);
    }
    while (wait && (member->round->state == ROUND_OPEN || member->round->state == ROUND_SIGNING)) {
        svms_platform_sleep(&batch->latch);
    }
    round_state state = member->round->state;
    svms_platform_unlock(&batch->latch);
    return state;
}

svms_status svms_batch_collect(svms_batch_member *member, bool wait, bool *done, uint8_t *signature,
                               size_t *size, svms_batch_proof *proof, svms_error *err)
{
    round_state state = await(member, wait);
    const svms_batch_round *round = member->round;
    *done = state == ROUND_SIGNED;
    if (state == ROUND_FAILED) {
        return svms_fail(err, round->status, "the batch could not be signed");
    }
    if (*done) {
        memcpy(signature, round->signature, round->signature_size);
        *size = round->signature_size;
        prove(member, proof);
    }
    return SVMS_OK;
}

void svms_batch_member_free(svms_batch_member **member)
{
    if (member == NULL || *member == NULL) {
        return;
    }
    svms_batch *batch = (*member)->batch;
    svms_platform_lock(&batch->latch);
    let_go(batch, (*member)->round);
    svms_platform_unlock(&batch->latch);
    svms_release(batch->ctx, *member);
    *member = NULL;
}
