/* SPDX-License-Identifier: Apache-2.0 */
/* The longest common run of two lists of hashes: equal beginnings are taken off, what is left is a
 * search for the longest increasing run among pairs of equal hashes (Hunt and Szymanski). */
#include "alignment.h"

#include <string.h>

#include "failure.h"

/* Pairs for each hash, beyond which equal hashes are paired by rank. */
#define PAIRS_PER_HASH 8
#define PAIRS_ALWAYS 65536
#define EQUALS_TRIED 64

#define NOTHING UINT32_MAX

/* Both lists, and what is left of them when equal beginnings are taken off. */
typedef struct middle {
    const uint8_t *expected; /* all of them */
    const uint8_t *found;
    size_t hash_size;
    uint32_t expected_count;
    uint32_t found_count;
    uint32_t first;  /* where what is left begins in both */
    uint32_t *order; /* all expected ones, sorted by hash, equal ones by index */
    uint32_t *group; /* of each found one of the middle: where its equals begin in order, or
                        NOTHING */
} middle;

/* A step of a run: the pair, and the step before it. */
typedef struct step {
    uint32_t expected;
    uint32_t found;
    uint32_t before;
} step;

typedef struct run {
    step *steps;
    uint32_t *best; /* of each length less one: the step at which the best run of it ends */
    size_t count;   /* of steps */
    uint32_t length;
} run;

static const uint8_t *expected_at(const middle *m, uint32_t index)
{
    return m->expected + index * m->hash_size;
}

static const uint8_t *found_at(const middle *m, uint32_t index)
{
    return m->found + index * m->hash_size;
}

static bool comes_before(const middle *m, uint32_t a, uint32_t b)
{
    int order = memcmp(expected_at(m, a), expected_at(m, b), m->hash_size);
    return order != 0 ? order < 0 : a < b;
}

static void sift_down(const middle *m, uint32_t *heap, size_t at, size_t count)
{
    for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && comes_before(m, heap[child], heap[child + 1])) {
            child++;
        }
        if (!comes_before(m, heap[at], heap[child])) {
            return;
        }
        uint32_t kept = heap[at];
        heap[at] = heap[child];
        heap[child] = kept;
        at = child;
    }
}

/* A heap: no memory, and no input that makes it slow. */
static void sort_expected(middle *m)
{
    size_t count = m->expected_count;
    for (uint32_t i = 0; i < count; i++) {
        m->order[i] = i;
    }
    for (size_t i = count / 2; i-- > 0;) {
        sift_down(m, m->order, i, count);
    }
    for (size_t end = count; end-- > 1;) {
        uint32_t kept = m->order[0];
        m->order[0] = m->order[end];
        m->order[end] = kept;
        sift_down(m, m->order, 0, end);
    }
}

/* The first place in order whose hash comes behind this one, or, with or_equal, equals it. */
static uint32_t find_bound(const middle *m, const uint8_t *hash, bool or_equal)
{
    uint32_t low = 0;
    uint32_t high = m->expected_count;
    while (low < high) {
        uint32_t half = low + (high - low) / 2;
        int order = memcmp(expected_at(m, m->order[half]), hash, m->hash_size);
        if (order < 0 || (order == 0 && !or_equal)) {
            low = half + 1;
        } else {
            high = half;
        }
    }
    return low;
}

/* Where the expected ones that equal this hash begin in order, or NOTHING. */
static uint32_t find_group(const middle *m, const uint8_t *hash)
{
    uint32_t at = find_bound(m, hash, true);
    bool is_equal =
        at < m->expected_count && memcmp(expected_at(m, m->order[at]), hash, m->hash_size) == 0;
    return is_equal ? at : NOTHING;
}

static uint32_t group_end(const middle *m, uint32_t begin)
{
    return find_bound(m, expected_at(m, m->order[begin]), false);
}

/* How many pairs of equal hashes there are; *most says when to stop counting. */
static size_t count_pairs(const middle *m, size_t most)
{
    size_t pairs = 0;
    for (uint32_t j = m->first; j < m->found_count && pairs <= most; j++) {
        uint32_t begin = m->group[j - m->first];
        if (begin != NOTHING) {
            pairs += group_end(m, begin) - begin;
        }
    }
    return pairs;
}

/* One more pair; those of one found hash come with the last expected one first. */
static void extend(run *r, uint32_t expected, uint32_t found)
{
    uint32_t low = 0;
    uint32_t high = r->length;
    while (low < high) {
        uint32_t half = low + (high - low) / 2;
        if (r->steps[r->best[half]].expected < expected) {
            low = half + 1;
        } else {
            high = half;
        }
    }
    /* Of equal ones the first one found. */
    if (low < r->length && r->steps[r->best[low]].expected == expected) {
        return;
    }
    step made = { expected, found, low > 0 ? r->best[low - 1] : NOTHING };
    r->steps[r->count] = made;
    r->best[low] = (uint32_t)r->count++;
    r->length += low == r->length;
}

static bool is_inside(const middle *m, uint32_t expected)
{
    return expected >= m->first;
}

static void extend_by_all(run *r, const middle *m)
{
    for (uint32_t j = m->first; j < m->found_count; j++) {
        uint32_t begin = m->group[j - m->first];
        uint32_t at = begin == NOTHING ? 0 : group_end(m, begin);
        while (begin != NOTHING && at-- > begin) {
            if (is_inside(m, m->order[at])) {
                extend(r, m->order[at], j);
            }
        }
    }
}

/* The first found one of equals is paired with the first expected one, and so on. next says for
 * each group how many of it are used up. */
static void extend_by_rank(run *r, const middle *m, uint32_t *next)
{
    for (uint32_t j = m->first; j < m->found_count; j++) {
        uint32_t begin = m->group[j - m->first];
        if (begin == NOTHING) {
            continue;
        }
        uint32_t at = begin + next[begin];
        uint32_t end = m->expected_count;
        while (at < end && m->order[at] < m->first &&
               memcmp(expected_at(m, m->order[at]), found_at(m, j), m->hash_size) == 0) {
            at++;
        }
        if (at < end && is_inside(m, m->order[at]) &&
            memcmp(expected_at(m, m->order[at]), found_at(m, j), m->hash_size) == 0) {
            extend(r, m->order[at], j);
            next[begin] = at + 1 - begin;
        }
    }
}

static void pair(svms_alignment *out, size_t expected, size_t found, svms_alignment_state state)
{
    out->expected[expected] = (svms_alignment_side){ (uint8_t)state, (uint32_t)found };
    out->found[found] = (svms_alignment_side){ (uint8_t)state, (uint32_t)expected };
}

static svms_status find_run(svms_alignment *out, const middle *m)
{
    size_t found_count = m->found_count - m->first;
    size_t most = PAIRS_ALWAYS + PAIRS_PER_HASH * (m->expected_count + found_count);
    size_t pairs = count_pairs(m, most);
    bool by_rank = pairs > most;
    size_t steps = by_rank ? found_count : pairs;
    if (steps == 0) {
        return SVMS_OK;
    }
    run r = { svms_alloc_array(out->ctx, steps, sizeof(step)),
              svms_alloc_array(out->ctx, m->expected_count, sizeof(uint32_t)), 0, 0 };
    uint32_t *next =
        by_rank ? svms_alloc_array(out->ctx, m->expected_count, sizeof(uint32_t)) : NULL;
    bool has_memory = r.steps && r.best && (next || !by_rank);
    if (has_memory && by_rank) {
        extend_by_rank(&r, m, next);
    } else if (has_memory) {
        extend_by_all(&r, m);
    }
    uint32_t at = r.length > 0 ? r.best[r.length - 1] : NOTHING;
    for (; at != NOTHING; at = r.steps[at].before) {
        pair(out, r.steps[at].expected, r.steps[at].found, SVMS_ALIGNED_IN_ORDER);
    }
    out->in_order += r.length;
    svms_release(out->ctx, r.steps);
    svms_release(out->ctx, r.best);
    svms_release(out->ctx, next);
    return has_memory ? SVMS_OK : SVMS_E_NO_MEMORY;
}

/* What is not in the run: a free counterpart makes it moved, a taken one repeated. */
static void find_moved(svms_alignment *out, const middle *m)
{
    for (uint32_t j = m->first; j < m->found_count; j++) {
        uint32_t begin = m->group[j - m->first];
        svms_alignment_side *side = &out->found[j];
        if (begin == NOTHING || side->state != SVMS_ALIGNED_NOT) {
            continue;
        }
        uint32_t end = group_end(m, begin);
        uint32_t at = begin;
        /* Of many equal ones a few are looked at: enough to name what was done. */
        uint32_t last = end - begin > EQUALS_TRIED ? begin + EQUALS_TRIED : end;
        while (at < last && out->expected[m->order[at]].state != SVMS_ALIGNED_NOT) {
            at++;
        }
        if (at < last) {
            pair(out, m->order[at], j, SVMS_ALIGNED_MOVED);
        } else {
            *side = (svms_alignment_side){ SVMS_ALIGNED_REPEATED, m->order[begin] };
        }
    }
}

static bool is_same_expected(const middle *m, uint32_t one, uint32_t other)
{
    return memcmp(expected_at(m, one), expected_at(m, other), m->hash_size) == 0;
}

/* Where the list says a hash several times in a row, and more was found before it than the list has
 * there, the hash is a later one of them: something stands in the place of the first (CS-VER-2). */
static void slide(svms_alignment *out, const middle *m)
{
    uint32_t limit = m->expected_count;
    for (uint32_t j = m->found_count; j-- > m->first;) {
        svms_alignment_side *side = &out->found[j];
        if (side->state != SVMS_ALIGNED_IN_ORDER) {
            continue;
        }
        uint32_t before = j;
        while (before > 0 && out->found[before - 1].state != SVMS_ALIGNED_IN_ORDER) {
            before--;
        }
        uint32_t gap = before > 0 ? side->partner - out->found[before - 1].partner - 1 : UINT32_MAX;
        uint32_t at = side->partner;
        for (; gap < j - before && at + 1 < limit && is_same_expected(m, at, at + 1); gap++) {
            out->expected[at++] = (svms_alignment_side){ 0 };
        }
        pair(out, at, j, SVMS_ALIGNED_IN_ORDER);
        limit = at;
    }
}

static svms_status align_middle(svms_alignment *out, middle *m)
{
    size_t found_count = m->found_count - m->first;
    if (m->expected_count == 0 || found_count == 0) {
        return SVMS_OK;
    }
    svms_status status = SVMS_E_NO_MEMORY;
    m->order = svms_alloc_array(out->ctx, m->expected_count, sizeof(uint32_t));
    m->group = svms_alloc_array(out->ctx, found_count, sizeof(uint32_t));
    if (m->order && m->group) {
        sort_expected(m);
        for (uint32_t j = m->first; j < m->found_count; j++) {
            m->group[j - m->first] = find_group(m, found_at(m, j));
        }
        status = find_run(out, m);
    }
    if (status == SVMS_OK) {
        slide(out, m);
        find_moved(out, m);
    }
    svms_release(out->ctx, m->order);
    svms_release(out->ctx, m->group);
    return status;
}

/* Pairs off the equal hashes at the beginning: the run of the first ones goes through them. At the
 * end that would not be so, where there are copies. */
static void trim(svms_alignment *out, middle *m)
{
    while (m->first < m->expected_count && m->first < m->found_count &&
           memcmp(expected_at(m, m->first), found_at(m, m->first), m->hash_size) == 0) {
        pair(out, m->first, m->first, SVMS_ALIGNED_IN_ORDER);
        m->first++;
        out->in_order++;
    }
}

svms_status svms_alignment_make(svms_alignment *out, svms_ctx *ctx, const uint8_t *expected,
                                size_t expected_count, const uint8_t *found, size_t found_count,
                                size_t hash_size, svms_error *err)
{
    svms_alignment made = { .ctx = ctx,
                            .expected_count = expected_count,
                            .found_count = found_count };
    middle m = { .expected = expected,
                 .found = found,
                 .hash_size = hash_size,
                 .expected_count = (uint32_t)expected_count,
                 .found_count = (uint32_t)found_count };
    svms_status status = SVMS_OK;
    made.expected = svms_alloc_array(ctx, expected_count + 1, sizeof *made.expected);
    made.found = svms_alloc_array(ctx, found_count + 1, sizeof *made.found);
    if (!made.expected || !made.found) {
        status = SVMS_E_NO_MEMORY;
    } else {
        trim(&made, &m);
        status = align_middle(&made, &m);
    }
    if (status != SVMS_OK) {
        svms_alignment_clear(&made);
        (void)svms_fail_memory(err);
    }
    *out = made;
    return status;
}

void svms_alignment_clear(svms_alignment *alignment)
{
    if (!alignment || !alignment->ctx) {
        return;
    }
    svms_release(alignment->ctx, alignment->expected);
    svms_release(alignment->ctx, alignment->found);
    *alignment = (svms_alignment){ 0 };
}
