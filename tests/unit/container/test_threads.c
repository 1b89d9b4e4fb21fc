/* SPDX-License-Identifier: Apache-2.0 */
/* Writers in threads of their own that share a batch (C-SIG-3), while another thread signs it. */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "fixture.h"

#define WRITERS 6
#define SEGMENTS 80u /* more than may wait for a signature */

typedef struct scene {
    fixture *fix;
    svms_ctx *ctx; /* the fixture's own counts, and is not for threads */
    svms_batch *batch;
    recipe how;
    atomic_bool over;
} scene;

typedef struct thread_writer {
    scene *at;
    pthread_t thread;
    memory_file file;
    svms_status status;
} thread_writer;

static int64_t fixed_now(void *user)
{
    (void)user;
    return T0;
}

/* A signer in the context that is for threads, issued by the fixture's CA. */
static void make_signer(scene *at, svms_private_key **key, svms_chain **chain)
{
    fixture threaded = *at->fix;
    threaded.ctx = at->ctx;
    assert_int_equal(svms_private_key_generate(key, at->ctx, NULL), SVMS_OK);
    *chain = issue_chain(&threaded, *key, SVMS_ROLE_RECORDER, T0 - DAY, T0 + DAY);
    at->how.key = *key;
    at->how.chain = *chain;
}

static void *record(void *user)
{
    thread_writer *self = user;
    scene *at = self->at;
    svms_track tracks[2];
    svms_writer *writer = NULL;
    svms_writer_options options = writer_options(at->fix, &at->how, tracks);
    svms_sink sink = memory_sink(&self->file);
    options.batch = at->batch;
    self->status = svms_writer_open(&writer, at->ctx, &sink, &options, NULL);
    for (uint32_t i = 0; i < SEGMENTS && self->status == SVMS_OK; i++) {
        self->status = append_segment(writer, &at->how, i, NULL);
    }
    if (self->status == SVMS_OK) {
        self->status = svms_writer_close(&writer, NULL);
    }
    svms_writer_abort(&writer);
    return NULL;
}

static void *sign_now_and_then(void *user)
{
    scene *at = user;
    const struct timespec pause = { 0, 3000000 };
    svms_status status = SVMS_OK;
    while (status == SVMS_OK && !atomic_load(&at->over)) {
        status = svms_batch_sign(at->batch, NULL, NULL);
        nanosleep(&pause, NULL);
    }
    return status == SVMS_OK ? NULL : at;
}

static void share(fixture *fix, bool with_signer)
{
    scene at = { .fix = fix, .how = RECIPE_INIT };
    thread_writer writers[WRITERS];
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    svms_private_key *key = NULL;
    svms_chain *chain = NULL;
    pthread_t signer;
    void *trouble = NULL;
    memset(writers, 0, sizeof(writers));
    options.utc_now = fixed_now;
    assert_int_equal(svms_ctx_new(&at.ctx, &options, NULL), SVMS_OK);
    make_signer(&at, &key, &chain);
    assert_int_equal(svms_batch_new(&at.batch, at.ctx, key, chain, SVMS_ROLE_RECORDER, NULL),
                     SVMS_OK);
    for (size_t i = 0; i < WRITERS; i++) {
        writers[i].at = &at;
        assert_int_equal(pthread_create(&writers[i].thread, NULL, record, &writers[i]), 0);
    }
    if (with_signer) {
        assert_int_equal(pthread_create(&signer, NULL, sign_now_and_then, &at), 0);
    }
    for (size_t i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_join(writers[i].thread, NULL), 0);
    }
    atomic_store(&at.over, true);
    if (with_signer) {
        assert_int_equal(pthread_join(signer, &trouble), 0);
    }
    assert_null(trouble);
    svms_batch_free(&at.batch);
    svms_chain_free(&chain);
    svms_private_key_free(&key);
    svms_ctx_free(&at.ctx);
    for (size_t i = 0; i < WRITERS; i++) {
        svms_report report;
        assert_int_equal(writers[i].status, SVMS_OK);
        assert_int_equal(verify_file(fix, &writers[i].file, fix->trust, &report), SVMS_OK);
        assert_int_equal(report.segments_verified, SEGMENTS);
        memory_file_clear(&writers[i].file);
    }
}

static void writers_in_many_threads_share_a_batch_that_another_signs(void **state)
{
    share(*state, true);
}

static void writers_in_many_threads_sign_a_batch_that_nobody_else_signs(void **state)
{
    share(*state, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writers_in_many_threads_share_a_batch_that_another_signs,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(writers_in_many_threads_sign_a_batch_that_nobody_else_signs,
                                        fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
