/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of other threads: a queue behind a mutex, and stream_serve_wake(). Of use under the
 * thread sanitizer above all. */
#include "serve_stage.h"

#include <pthread.h>

enum { THREADS = 3, EACH = 500 };

typedef struct mailbox {
    stage stage;
    pthread_mutex_t lock;
    unsigned waiting;
    unsigned given; /* on the thread of the loop */
} mailbox;

static void *post(void *user)
{
    mailbox *box = user;
    for (unsigned i = 0; i < EACH; i++) {
        assert_int_equal(pthread_mutex_lock(&box->lock), 0);
        box->waiting++;
        assert_int_equal(pthread_mutex_unlock(&box->lock), 0);
        stream_serve_wake(box->stage.serve);
    }
    return NULL;
}

static void fetch(void *user)
{
    mailbox *box = user;
    static const uint8_t data[] = { 0, 0, 0, 2, 0x65, 0x88 };
    svms_error err = SVMS_ERROR_INIT;
    svms_sample sample = SVMS_SAMPLE_INIT;
    assert_int_equal(pthread_mutex_lock(&box->lock), 0);
    unsigned waiting = box->waiting;
    box->waiting = 0;
    assert_int_equal(pthread_mutex_unlock(&box->lock), 0);
    sample.data = data;
    sample.size = sizeof data;
    sample.flags = SVMS_SAMPLE_SYNC;
    for (unsigned i = 0; i < waiting; i++) {
        sample.pts = sample.dts = box->given++;
        assert_int_equal(stream_presentation_sample(box->stage.live, &sample, &err), SVMS_OK);
    }
}

static void what_other_threads_have_is_fetched_when_they_wake(void **state)
{
    static mailbox box;
    (void)state;
    pthread_t threads[THREADS];
    stream_serve_options options;
    svms_error err = SVMS_ERROR_INIT;
    stage_options(&box.stage, &options);
    stage_now = 0;
    options.woken = fetch;
    options.user = &box;
    options.permit = NULL;
    options.watch = NULL;
    options.note = NULL;
    stage_begin(&box.stage, &options);
    assert_int_equal(pthread_mutex_init(&box.lock, NULL), 0);
    viewer *v = viewer_new(&box.stage, 0);
    assert_int_equal(viewer_play(&box.stage, v, "/live", 1, ""), 200);
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, post, &box), 0);
    }
    while (box.given < THREADS * EACH) {
        assert_int_equal(
            stream_serve_run(box.stage.serve, stream_clock() + STREAM_SECOND / 10, &err), SVMS_OK);
        viewer_take(v, SIZE_MAX);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    viewer_take_packets(&box.stage, v, THREADS * EACH);
    viewer_free(v);
    stage_close(&box.stage);
    assert_int_equal(pthread_mutex_destroy(&box.lock), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_other_threads_have_is_fetched_when_they_wake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
