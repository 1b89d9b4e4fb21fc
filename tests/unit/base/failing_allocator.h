/* SPDX-License-Identifier: Apache-2.0 */
/* An allocator that fails at the n-th call, hands out memory full of rubbish, and counts what
 * was not given back. Include after cmocka.h and its companions. */
#ifndef SVMS_TEST_FAILING_ALLOCATOR_H
#define SVMS_TEST_FAILING_ALLOCATOR_H

#include <stdlib.h>
#include <string.h>

#include <svms/context.h>

#define NEVER_FAILS (-1L)

typedef struct failing_allocator {
    long until_failure; /* calls that still succeed, or NEVER_FAILS */
    long live;
} failing_allocator;

static inline void *failing_allocate(void *user, size_t size)
{
    failing_allocator *allocator = user;
    if (allocator->until_failure == 0)
        return NULL;
    if (allocator->until_failure > 0)
        allocator->until_failure--;
    void *pointer = malloc(size);
    assert_non_null(pointer);
    memset(pointer, 0xA5, size);
    allocator->live++;
    return pointer;
}

static inline void failing_release(void *user, void *pointer)
{
    failing_allocator *allocator = user;
    assert_non_null(pointer);
    allocator->live--;
    free(pointer);
}

static inline svms_ctx_options failing_options(failing_allocator *allocator)
{
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    options.user = allocator;
    options.allocate = failing_allocate;
    options.release = failing_release;
    return options;
}

/* Runs body, which gives SVMS_OK and keeps nothing, with every allocation failing in turn. */
static inline void each_allocation_fails_cleanly(svms_status (*body)(svms_ctx *ctx,
                                                                     svms_error *err))
{
    failing_allocator allocator = { NEVER_FAILS, 0 };
    svms_ctx_options options = failing_options(&allocator);
    svms_ctx *ctx = NULL;
    assert_int_equal(svms_ctx_new(&ctx, &options, NULL), SVMS_OK);
    long at_rest = allocator.live;
    svms_status status = SVMS_E_NO_MEMORY;
    long reached = 0;
    for (; status != SVMS_OK; reached++) {
        svms_error err = SVMS_ERROR_INIT;
        allocator.until_failure = reached;
        status = body(ctx, &err);
        assert_int_equal(allocator.live, at_rest);
        if (status != SVMS_OK) {
            assert_int_equal(status, SVMS_E_NO_MEMORY);
            assert_int_equal(err.status, SVMS_E_NO_MEMORY);
            assert_string_equal(err.message, "out of memory");
        }
        assert_true(reached < 1000);
    }
    /* Something was allocated at all. */
    assert_true(reached > 1);
    svms_ctx_free(&ctx);
    assert_int_equal(allocator.live, 0);
}

#endif
