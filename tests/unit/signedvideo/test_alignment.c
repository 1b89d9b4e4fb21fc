/* SPDX-License-Identifier: Apache-2.0 */
/* Lists laid along one another, compared with a slow model (CS-VER-2). */
#include "../base/cmocka_all.h"

#include <string.h>

#include "../identity/fixture.h"
#include "alignment.h"

#define LENGTH_MAX 24
#define HASH_SIZE 32
#define ROUNDS 4000

typedef struct sequence {
    uint8_t hashes[LENGTH_MAX * HASH_SIZE];
    size_t count;
} sequence;

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}

static void add(sequence *to, unsigned letter)
{
    uint8_t *at = to->hashes + to->count++ * HASH_SIZE;
    memset(at, 0, HASH_SIZE);
    at[HASH_SIZE - 1] = (uint8_t)letter;
}

static const uint8_t *at(const sequence *of, size_t index)
{
    return of->hashes + index * HASH_SIZE;
}

static bool equal(const sequence *a, size_t i, const sequence *b, size_t j)
{
    return memcmp(at(a, i), at(b, j), HASH_SIZE) == 0;
}

/* Length of the longest common run in order, by the table that every textbook has. */
static size_t longest(const sequence *a, const sequence *b)
{
    size_t table[LENGTH_MAX + 1][LENGTH_MAX + 1] = { { 0 } };
    for (size_t i = 1; i <= a->count; i++) {
        for (size_t j = 1; j <= b->count; j++) {
            size_t up = table[i - 1][j];
            size_t left = table[i][j - 1];
            table[i][j] = up > left ? up : left;
            if (equal(a, i - 1, b, j - 1) && table[i - 1][j - 1] >= table[i][j]) {
                table[i][j] = table[i - 1][j - 1] + 1;
            }
        }
    }
    return table[a->count][b->count];
}

static bool is_among(const sequence *of, const sequence *in, size_t index)
{
    for (size_t i = 0; i < of->count; i++) {
        if (equal(of, i, in, index)) {
            return true;
        }
    }
    return false;
}

/* Whatever is said to be a pair is one, both ways; the run grows on both sides. */
static void check_pairs(const svms_alignment *a, const sequence *expected, const sequence *found)
{
    size_t in_order = 0;
    size_t next = 0;
    for (size_t j = 0; j < found->count; j++) {
        const svms_alignment_side *side = &a->found[j];
        if (side->state == SVMS_ALIGNED_NOT) {
            assert_false(is_among(expected, found, j));
            continue;
        }
        assert_true(side->partner < expected->count);
        assert_true(equal(expected, side->partner, found, j));
        if (side->state == SVMS_ALIGNED_REPEATED) {
            assert_int_not_equal(a->expected[side->partner].state, SVMS_ALIGNED_NOT);
            continue;
        }
        assert_int_equal(a->expected[side->partner].partner, j);
        assert_int_equal(a->expected[side->partner].state, side->state);
        if (side->state == SVMS_ALIGNED_IN_ORDER) {
            assert_true(side->partner >= next);
            next = side->partner + 1u;
            in_order++;
        }
    }
    assert_int_equal(in_order, a->in_order);
}

static void compare(svms_ctx *ctx, const sequence *expected, const sequence *found)
{
    svms_alignment made = { 0 };
    assert_int_equal(svms_alignment_make(&made, ctx, expected->hashes, expected->count,
                                         found->hashes, found->count, HASH_SIZE, NULL),
                     SVMS_OK);
    check_pairs(&made, expected, found);
    assert_int_equal(made.in_order, longest(expected, found));
    svms_alignment_clear(&made);
    svms_alignment_clear(&made);
}

static void it_is_as_long_as_the_model_says(void **state)
{
    fixture_allocator allocator = { 0 };
    svms_ctx *ctx = fixture_context(&allocator);
    uint32_t seed = 1;
    (void)state;
    for (size_t round = 0; round < ROUNDS; round++) {
        sequence expected = { .count = 0 };
        sequence found = { .count = 0 };
        unsigned letters = 1 + next_random(&seed) % 40;
        size_t count = next_random(&seed) % (LENGTH_MAX + 1);
        for (size_t i = 0; i < count; i++) {
            add(&expected, next_random(&seed) % letters);
        }
        for (size_t i = 0; i < count && found.count < LENGTH_MAX - 1; i++) {
            unsigned edit = next_random(&seed) % 8;
            if (edit == 0) {
                add(&found, next_random(&seed) % letters);
            }
            if (edit != 1) {
                add(&found,
                    at(&expected, edit == 2 ? next_random(&seed) % count : i)[HASH_SIZE - 1]);
            }
        }
        compare(ctx, &expected, &found);
    }
    svms_ctx_free(&ctx);
    assert_int_equal(allocator.live, 0);
}

/* Thousands of equal ones on both sides would make millions of pairs. */
static void many_equal_ones_are_paired_by_rank(void **state)
{
    enum { COUNT = 3000 };
    static uint8_t same[(COUNT + 1) * HASH_SIZE];
    fixture_allocator allocator = { 0 };
    svms_ctx *ctx = fixture_context(&allocator);
    svms_alignment made = { 0 };
    (void)state;
    same[0] = 1; /* one that is another, so that the ends are not equal */
    same[COUNT * HASH_SIZE] = 2;
    assert_int_equal(
        svms_alignment_make(&made, ctx, same, COUNT, same + HASH_SIZE, COUNT, HASH_SIZE, NULL),
        SVMS_OK);
    assert_int_equal(made.in_order, COUNT - 1);
    assert_int_equal(made.expected[0].state, SVMS_ALIGNED_NOT);
    assert_int_equal(made.found[COUNT - 1].state, SVMS_ALIGNED_NOT);
    svms_alignment_clear(&made);
    svms_ctx_free(&ctx);
    assert_int_equal(allocator.live, 0);
}

static void a_failing_allocator_is_told(void **state)
{
    fixture_allocator allocator = { 0 };
    svms_ctx *ctx = fixture_context(&allocator);
    sequence expected = { .count = 0 };
    sequence found = { .count = 0 };
    svms_status status = SVMS_E_NO_MEMORY;
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        add(&expected, i);
        add(&found, (i * 5 + 3) % 7);
    }
    for (size_t failing = 1; status != SVMS_OK; failing++) {
        svms_alignment made = { 0 };
        size_t live = allocator.live;
        allocator.count = 0;
        allocator.failing = failing;
        status = svms_alignment_make(&made, ctx, expected.hashes, expected.count, found.hashes,
                                     found.count, HASH_SIZE, NULL);
        allocator.failing = 0;
        assert_true(status == SVMS_OK || status == SVMS_E_NO_MEMORY);
        svms_alignment_clear(&made);
        assert_int_equal(allocator.live, live);
    }
    svms_ctx_free(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_as_long_as_the_model_says),
        cmocka_unit_test(many_equal_ones_are_paired_by_rank),
        cmocka_unit_test(a_failing_allocator_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
