/* SPDX-License-Identifier: Apache-2.0 */
/* A context of which the test sets the clocks, the randomness and the allocations that fail. */
#ifndef SVMS_TEST_LOGIN_STAGE_H
#define SVMS_TEST_LOGIN_STAGE_H

#include <string.h>

#include "cmocka_all.h"
#include "failing_allocator.h"

#define SECOND UINT64_C(1000000000)
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

typedef struct login_stage {
    failing_allocator allocator; /* first: it is the user of its callbacks */
    svms_ctx *ctx;
    int64_t utc_ns;
    uint64_t steady_ns;
    const uint8_t *random; /* what the generator gives, or NULL: numbers that differ */
    size_t random_size;
    bool random_fails;
    uint64_t drawn;
} login_stage;

static inline int64_t stage_utc(void *user)
{
    return ((login_stage *)user)->utc_ns;
}

static inline uint64_t stage_steady(void *user)
{
    return ((login_stage *)user)->steady_ns;
}

static inline int stage_random(void *user, uint8_t *out, size_t size)
{
    login_stage *stage = user;
    if (stage->random_fails)
        return 1;
    for (size_t i = 0; i < size; i++) {
        stage->drawn++;
        if (stage->random)
            out[i] = stage->random[(stage->drawn - 1) % stage->random_size];
        else /* SplitMix64 */
            out[i] = (uint8_t)((stage->drawn * UINT64_C(0x9E3779B97F4A7C15) ^ stage->drawn >> 3) *
                                   UINT64_C(0xBF58476D1CE4E5B9) >>
                               56);
    }
    return 0;
}

static inline login_stage *stage_new(void)
{
    login_stage *stage = calloc(1, sizeof *stage);
    assert_non_null(stage);
    stage->allocator.until_failure = NEVER_FAILS;
    stage->utc_ns = INT64_C(1800000000) * (int64_t)SECOND;
    stage->steady_ns = 5 * SECOND;
    svms_ctx_options options = failing_options(&stage->allocator);
    options.utc_now = stage_utc;
    options.monotonic_now = stage_steady;
    options.random_bytes = stage_random;
    assert_int_equal(svms_ctx_new(&stage->ctx, &options, NULL), SVMS_OK);
    return stage;
}

static inline void stage_free(login_stage *stage)
{
    svms_ctx_free(&stage->ctx);
    assert_int_equal(stage->allocator.live, 0);
    free(stage);
}

static inline int stage_set_up(void **state)
{
    *state = stage_new();
    return 0;
}

static inline int stage_tear_down(void **state)
{
    stage_free(*state);
    return 0;
}

/* Both clocks go on. */
static inline void stage_pass(login_stage *stage, uint64_t seconds)
{
    stage->steady_ns += seconds * SECOND;
    stage->utc_ns += (int64_t)(seconds * SECOND);
}

#endif
