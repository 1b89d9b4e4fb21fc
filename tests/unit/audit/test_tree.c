/* SPDX-License-Identifier: Apache-2.0 */
/* The tree of a log beside the recursive definitions of RFC 6962 section 2.1, which are written
 * down here as they stand there, over all leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/sha.h>

#include "merkle.h"
#include "tree.h"

#define LEAVES 130u

typedef struct fixture {
    svms_ctx *ctx;
    svms_hasher *hasher;
    uint8_t leaf[LEAVES][SVMS_DIGEST_SIZE];
} fixture;

static void reference_leaf(uint32_t number, uint8_t out[SVMS_DIGEST_SIZE])
{
    uint8_t bytes[5] = { 0, (uint8_t)(number >> 24), (uint8_t)(number >> 16),
                         (uint8_t)(number >> 8), (uint8_t)number };
    SHA256(bytes, sizeof bytes, out);
}

/* MTH(D[begin:end]) */
static void reference_root(const fixture *all, uint64_t begin, uint64_t end,
                           uint8_t out[SVMS_DIGEST_SIZE])
{
    uint8_t both[1 + 2 * SVMS_DIGEST_SIZE] = { 1 };
    uint64_t split = 1;
    if (end == begin) {
        SHA256((const uint8_t *)"", 0, out);
        return;
    }
    if (end - begin == 1) {
        memcpy(out, all->leaf[begin], SVMS_DIGEST_SIZE);
        return;
    }
    while (split * 2 < end - begin) {
        split *= 2;
    }
    reference_root(all, begin, begin + split, both + 1);
    reference_root(all, begin + split, end, both + 1 + SVMS_DIGEST_SIZE);
    SHA256(both, sizeof both, out);
}

/* PATH(m, D[begin:end]) */
static void reference_path(const fixture *all, uint64_t index, uint64_t begin, uint64_t end,
                           svms_tree_proof *out)
{
    uint64_t split = 1;
    if (end - begin == 1) {
        return;
    }
    while (split * 2 < end - begin) {
        split *= 2;
    }
    if (index < begin + split) {
        reference_path(all, index, begin, begin + split, out);
        reference_root(all, begin + split, end, out->hash[out->count++]);
    } else {
        reference_path(all, index, begin + split, end, out);
        reference_root(all, begin, begin + split, out->hash[out->count++]);
    }
}

/* SUBPROOF(m, D[begin:end], whole), m counted from the first leaf of all */
static void reference_subproof(const fixture *all, uint64_t from, uint64_t begin, uint64_t end,
                               int whole, svms_tree_proof *out)
{
    uint64_t split = 1;
    if (from == end) {
        if (!whole) {
            reference_root(all, begin, end, out->hash[out->count++]);
        }
        return;
    }
    while (split * 2 < end - begin) {
        split *= 2;
    }
    if (from <= begin + split) {
        reference_subproof(all, from, begin, begin + split, whole, out);
        reference_root(all, begin + split, end, out->hash[out->count++]);
    } else {
        reference_subproof(all, from, begin + split, end, 0, out);
        reference_root(all, begin, begin + split, out->hash[out->count++]);
    }
}

static svms_status fetch(void *user, unsigned level, uint64_t index, uint8_t out[SVMS_DIGEST_SIZE],
                         svms_error *err)
{
    (void)err;
    reference_root(user, index << level, (index + 1) << level, out);
    return SVMS_OK;
}

static int set_up(void **state)
{
    static fixture all;
    assert_int_equal(svms_ctx_new(&all.ctx, NULL, NULL), SVMS_OK);
    assert_int_equal(svms_hasher_new(&all.hasher, all.ctx, NULL), SVMS_OK);
    for (uint32_t i = 0; i < LEAVES; i++) {
        reference_leaf(i, all.leaf[i]);
    }
    *state = &all;
    return 0;
}

static int tear_down(void **state)
{
    fixture *all = *state;
    svms_hasher_free(&all->hasher);
    svms_ctx_free(&all->ctx);
    return 0;
}

static void a_leaf_has_a_zero_in_front(void **state)
{
    fixture *all = *state;
    static const uint8_t record[4] = { 0, 0, 0, 7 };
    uint8_t leaf[SVMS_DIGEST_SIZE];
    assert_int_equal(svms_tree_leaf(all->hasher, record, sizeof record, leaf, NULL), SVMS_OK);
    assert_memory_equal(leaf, all->leaf[7], sizeof leaf);
}

static void roots_are_those_of_the_definition(void **state)
{
    fixture *all = *state;
    const svms_tree_source source = { fetch, all, all->hasher };
    svms_tree tree;
    svms_tree_reset(&tree);
    for (uint64_t size = 0; size <= LEAVES; size++) {
        uint8_t expected[SVMS_DIGEST_SIZE];
        uint8_t root[SVMS_DIGEST_SIZE];
        svms_tree edge;
        reference_root(all, 0, size, expected);
        assert_int_equal(svms_tree_root(&tree, all->hasher, root, NULL), SVMS_OK);
        assert_memory_equal(root, expected, sizeof root);
        assert_int_equal(svms_tree_root_at(&source, size, root, NULL), SVMS_OK);
        assert_memory_equal(root, expected, sizeof root);
        assert_int_equal(svms_tree_edge_at(&source, size, &edge, NULL), SVMS_OK);
        assert_int_equal(edge.size, size);
        if (size < LEAVES) {
            assert_int_equal(svms_tree_add(&tree, all->hasher, all->leaf[size], NULL), SVMS_OK);
            assert_int_equal(svms_tree_add(&edge, all->hasher, all->leaf[size], NULL), SVMS_OK);
            assert_int_equal(svms_tree_root(&edge, all->hasher, root, NULL), SVMS_OK);
            reference_root(all, 0, size + 1, expected);
            assert_memory_equal(root, expected, sizeof root);
        }
    }
}

static void assert_same_proof(const svms_tree_proof *proof, const svms_tree_proof *expected)
{
    assert_int_equal(proof->count, expected->count);
    assert_memory_equal(proof->hash, expected->hash, proof->count * SVMS_DIGEST_SIZE);
}

static void inclusion_is_proven_as_defined_and_verifies(void **state)
{
    fixture *all = *state;
    const svms_tree_source source = { fetch, all, all->hasher };
    for (uint64_t size = 1; size <= LEAVES; size += size < 40 ? 1 : 13) {
        svms_tree_head head = { .size = size };
        reference_root(all, 0, size, head.root);
        for (uint64_t index = 0; index < size; index++) {
            svms_tree_proof proof;
            svms_tree_proof expected = { 0 };
            reference_path(all, index, 0, size, &expected);
            assert_int_equal(svms_tree_prove_inclusion(&source, index, size, &proof, NULL),
                             SVMS_OK);
            assert_same_proof(&proof, &expected);
            assert_int_equal(svms_tree_check_inclusion(all->hasher, all->leaf[index], index, &head,
                                                       &proof, NULL),
                             SVMS_OK);
        }
    }
}

static void no_other_leaf_place_size_or_proof_passes(void **state)
{
    fixture *all = *state;
    const svms_tree_source source = { fetch, all, all->hasher };
    for (uint64_t size = 1; size <= 20; size++) {
        svms_tree_head head = { .size = size };
        reference_root(all, 0, size, head.root);
        for (uint64_t index = 0; index < size; index++) {
            svms_tree_proof proof;
            assert_int_equal(svms_tree_prove_inclusion(&source, index, size, &proof, NULL),
                             SVMS_OK);
            for (uint64_t other = 0; other <= size; other++) {
                svms_status status = svms_tree_check_inclusion(all->hasher, all->leaf[index], other,
                                                               &head, &proof, NULL);
                assert_int_equal(status, other == index ? SVMS_OK : SVMS_E_NOT_AUTHENTIC);
                status = svms_tree_check_inclusion(all->hasher, all->leaf[other], index, &head,
                                                   &proof, NULL);
                assert_int_equal(status, other == index ? SVMS_OK : SVMS_E_NOT_AUTHENTIC);
            }
            for (unsigned i = 0; i < proof.count; i++) {
                proof.hash[i][i] ^= 1;
                assert_int_equal(svms_tree_check_inclusion(all->hasher, all->leaf[index], index,
                                                           &head, &proof, NULL),
                                 SVMS_E_NOT_AUTHENTIC);
                proof.hash[i][i] ^= 1;
            }
            proof.count++;
            assert_int_equal(svms_tree_check_inclusion(all->hasher, all->leaf[index], index, &head,
                                                       &proof, NULL),
                             SVMS_E_NOT_AUTHENTIC);
            proof.count -= proof.count > 1 ? 2 : 0;
            assert_int_equal(svms_tree_check_inclusion(all->hasher, all->leaf[index], index, &head,
                                                       &proof, NULL),
                             size == 1 && proof.count == 0 ? SVMS_OK : SVMS_E_NOT_AUTHENTIC);
        }
    }
}

static void growth_is_proven_as_defined_and_verifies(void **state)
{
    fixture *all = *state;
    const svms_tree_source source = { fetch, all, all->hasher };
    for (uint64_t to = 0; to <= LEAVES; to += to < 40 ? 1 : 13) {
        svms_tree_head newer = { .size = to };
        reference_root(all, 0, to, newer.root);
        for (uint64_t from = 0; from <= to; from++) {
            svms_tree_head older = { .size = from };
            svms_tree_proof proof;
            svms_tree_proof expected = { 0 };
            reference_root(all, 0, from, older.root);
            if (from > 0) {
                reference_subproof(all, from, 0, to, 1, &expected);
            }
            assert_int_equal(svms_tree_prove_consistency(&source, from, to, &proof, NULL), SVMS_OK);
            assert_same_proof(&proof, &expected);
            assert_int_equal(svms_tree_check_consistency(all->hasher, &older, &newer, &proof, NULL),
                             SVMS_OK);
        }
    }
}

static void growth_from_another_tree_is_refused(void **state)
{
    fixture *all = *state;
    const svms_tree_source source = { fetch, all, all->hasher };
    for (uint64_t to = 1; to <= 20; to++) {
        svms_tree_head newer = { .size = to };
        reference_root(all, 0, to, newer.root);
        for (uint64_t from = 1; from <= to; from++) {
            svms_tree_head older = { .size = from };
            svms_tree_proof proof;
            reference_root(all, 0, from, older.root);
            assert_int_equal(svms_tree_prove_consistency(&source, from, to, &proof, NULL), SVMS_OK);
            for (unsigned i = 0; i < proof.count; i++) {
                proof.hash[i][31 - i] ^= 0x80;
                assert_int_equal(
                    svms_tree_check_consistency(all->hasher, &older, &newer, &proof, NULL),
                    SVMS_E_NOT_AUTHENTIC);
                proof.hash[i][31 - i] ^= 0x80;
            }
            proof.count++;
            assert_int_equal(svms_tree_check_consistency(all->hasher, &older, &newer, &proof, NULL),
                             SVMS_E_NOT_AUTHENTIC);
            proof.count--;
            older.root[0] ^= 1;
            assert_int_equal(svms_tree_check_consistency(all->hasher, &older, &newer, &proof, NULL),
                             SVMS_E_NOT_AUTHENTIC);
            older.root[0] ^= 1;
            newer.root[0] ^= 1;
            assert_int_equal(svms_tree_check_consistency(all->hasher, &older, &newer, &proof, NULL),
                             SVMS_E_NOT_AUTHENTIC);
            newer.root[0] ^= 1;
            assert_int_equal(svms_tree_check_consistency(all->hasher, &newer, &older, &proof, NULL),
                             from == to ? SVMS_OK : SVMS_E_NOT_AUTHENTIC);
        }
    }
}

static void what_no_tree_has_cannot_be_proven(void **state)
{
    fixture *all = *state;
    const svms_tree_source source = { fetch, all, all->hasher };
    svms_tree_proof proof;
    uint8_t root[SVMS_DIGEST_SIZE];
    assert_int_equal(svms_tree_prove_inclusion(&source, 5, 5, &proof, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_tree_prove_inclusion(&source, 0, SVMS_TREE_MAX + 1, &proof, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_tree_prove_consistency(&source, 6, 5, &proof, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_tree_root_at(&source, SVMS_TREE_MAX + 1, root, NULL), SVMS_E_USAGE);
    svms_tree full = { .size = SVMS_TREE_MAX };
    assert_int_equal(svms_tree_add(&full, all->hasher, root, NULL), SVMS_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_leaf_has_a_zero_in_front),
        cmocka_unit_test(roots_are_those_of_the_definition),
        cmocka_unit_test(inclusion_is_proven_as_defined_and_verifies),
        cmocka_unit_test(no_other_leaf_place_size_or_proof_passes),
        cmocka_unit_test(growth_is_proven_as_defined_and_verifies),
        cmocka_unit_test(growth_from_another_tree_is_refused),
        cmocka_unit_test(what_no_tree_has_cannot_be_proven),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
