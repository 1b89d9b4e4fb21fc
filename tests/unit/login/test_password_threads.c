/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that hash at the same time, with contexts of their own and with one: each context gives
 * the memory of its own hashes, and gets it back (ADR 0030). */
#include "cmocka_all.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <svms/password.h>

#define THREADS 4
#define ROUNDS 8
#define PASSWORD "correct horse"

typedef struct worker {
    svms_ctx *ctx;
    long lent;
    long live;
    bool is_right;
} worker;

static void *lend(void *user, size_t size)
{
    worker *of = user;
    of->lent++;
    of->live++;
    return malloc(size);
}

static void take_back(void *user, void *pointer)
{
    ((worker *)user)->live--;
    free(pointer);
}

static void *hash_often(void *user)
{
    worker *of = user;
    svms_password_cost cost = SVMS_PASSWORD_COST_INIT;
    cost.memory_kib = 64;
    cost.passes = 1;
    of->is_right = true;
    for (int i = 0; i < ROUNDS; i++) {
        char hash[SVMS_PASSWORD_HASH_SIZE];
        svms_password_result result = SVMS_PASSWORD_RESULT_INIT;
        of->is_right =
            of->is_right &&
            svms_password_hash(of->ctx, &cost, PASSWORD, strlen(PASSWORD), hash, NULL) == SVMS_OK &&
            svms_password_verify(of->ctx, hash, &cost, PASSWORD, strlen(PASSWORD), &result, NULL) ==
                SVMS_OK &&
            result.is_right == 1;
    }
    return NULL;
}

static void run(worker workers[THREADS])
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, hash_often, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(workers[i].is_right);
    }
}

static void each_context_lends_to_its_own_hashes(void **state)
{
    (void)state;
    worker workers[THREADS] = { 0 };
    long at_rest = 0;
    for (int i = 0; i < THREADS; i++) {
        svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
        options.user = &workers[i];
        options.allocate = lend;
        options.release = take_back;
        assert_int_equal(svms_ctx_new(&workers[i].ctx, &options, NULL), SVMS_OK);
        at_rest = workers[i].live;
    }
    run(workers);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(workers[i].live, at_rest);
        assert_int_equal(workers[i].lent, workers[0].lent);
        svms_ctx_free(&workers[i].ctx);
        assert_int_equal(workers[i].live, 0);
    }
}

static void one_context_serves_many_threads(void **state)
{
    (void)state;
    worker workers[THREADS] = { 0 };
    svms_ctx *ctx = NULL;
    assert_int_equal(svms_ctx_new(&ctx, NULL, NULL), SVMS_OK);
    for (int i = 0; i < THREADS; i++) {
        workers[i].ctx = ctx;
    }
    run(workers);
    svms_ctx_free(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_context_lends_to_its_own_hashes),
        cmocka_unit_test(one_context_serves_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
