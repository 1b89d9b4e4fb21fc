/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that fails, randomness and providers that fail, and sessions in parallel. libsrtp's own
 * memory is not ours to withhold (SR-LIB-1). */
#include "cmocka_all.h"

#include <pthread.h>

#include "failing_allocator.h"
#include "srtp_pair.h"

static svms_status try_session(svms_srtp *srtp, svms_error *err)
{
    svms_srtp_key first = pair_key(SVMS_SRTP_AEAD_AES_256_GCM, 1, false);
    svms_srtp_key second = pair_key(SVMS_SRTP_AEAD_AES_256_GCM, 2, false);
    const svms_srtp_key *keys[] = { &first, &second };
    packet p = pair_rtp(PAIR_SOURCE, 1);
    svms_status status = SVMS_OK;
    for (size_t i = 0; i < 2 && status == SVMS_OK; i++) {
        status = svms_srtp_send(srtp, PAIR_SOURCE, keys[i], err);
        if (status == SVMS_OK) {
            status = svms_srtp_receive(srtp, SVMS_SRTP_ANY_SOURCE, 0, 0, keys[i], err);
        }
        if (status == SVMS_OK) {
            status = svms_srtp_receive(srtp, 0, 99, 0, keys[i], err);
        }
    }
    /* Not on a word, so it is copied. */
    uint8_t memory[PAIR_ROOM + 1];
    memcpy(memory + 1, p.data, p.size);
    if (status == SVMS_OK) {
        status = svms_srtp_protect(srtp, memory + 1, &p.size, PAIR_ROOM, err);
    }
    return status;
}

static svms_status use_session(svms_ctx *ctx, svms_error *err)
{
    svms_srtp *srtp = NULL;
    svms_status status = svms_srtp_new(&srtp, ctx, NULL, err);
    assert_int_equal(srtp != NULL, status == SVMS_OK);
    if (status == SVMS_OK) {
        status = try_session(srtp, err);
    }
    svms_srtp_free(&srtp);
    return status;
}

static void sessions_survive_failing_memory(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(use_session);
}

/* What failed for want of memory works when it is asked for again. */
static void a_failed_call_changes_nothing(void **state)
{
    (void)state;
    failing_allocator allocator = { NEVER_FAILS, 0 };
    svms_ctx_options options = failing_options(&allocator);
    svms_ctx *ctx = NULL;
    assert_int_equal(svms_ctx_new(&ctx, &options, NULL), SVMS_OK);
    svms_srtp *srtp = NULL;
    assert_int_equal(svms_srtp_new(&srtp, ctx, NULL, NULL), SVMS_OK);
    svms_srtp_key key = pair_key(SVMS_SRTP_AEAD_AES_256_GCM, 1, true);
    for (uint8_t number = 1; number < 12; number++) {
        memset(key.key, number, sizeof key.key);
        for (long reached = 0;; reached++) {
            allocator.until_failure = reached;
            svms_status status = svms_srtp_send(srtp, PAIR_SOURCE, &key, NULL);
            allocator.until_failure = NEVER_FAILS;
            if (status == SVMS_OK) {
                break;
            }
            assert_int_equal(status, SVMS_E_NO_MEMORY);
        }
        for (long reached = 0;; reached++) {
            allocator.until_failure = reached;
            svms_status status = svms_srtp_receive(srtp, SVMS_SRTP_ANY_SOURCE, 0, 0, &key, NULL);
            allocator.until_failure = NEVER_FAILS;
            if (status == SVMS_OK) {
                break;
            }
            assert_int_equal(status, SVMS_E_NO_MEMORY);
        }
        packet sealed = pair_rtp(PAIR_SOURCE, number);
        assert_int_equal(svms_srtp_protect(srtp, sealed.data, &sealed.size, PAIR_ROOM, NULL),
                         SVMS_OK);
    }
    svms_srtp_free(&srtp);
    svms_ctx_free(&ctx);
    assert_int_equal(allocator.live, 0);
}

static int no_random(void *user, uint8_t *out, size_t size)
{
    (void)user;
    (void)out;
    (void)size;
    return -1;
}

static void keys_are_not_drawn_without_randomness(void **state)
{
    (void)state;
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    options.random_bytes = no_random;
    svms_ctx *ctx = NULL;
    assert_int_equal(svms_ctx_new(&ctx, &options, NULL), SVMS_OK);
    svms_srtp_key key = SVMS_SRTP_KEY_INIT;
    svms_srtp_key before = key;
    assert_int_equal(svms_srtp_key_random(&key, ctx, SVMS_SRTP_AEAD_AES_256_GCM, 1, NULL),
                     SVMS_E_CRYPTO);
    assert_memory_equal(&key, &before, sizeof key);
    svms_ctx_free(&ctx);
}

enum { THREADS = 4, PACKETS = 200 };

static void *run_sessions(void *user)
{
    uint8_t number = *(const uint8_t *)user;
    for (int round = 0; round < 5; round++) {
        svms_srtp_suite suite =
            round % 2 ? SVMS_SRTP_AES_CM_128_HMAC_SHA1_80 : SVMS_SRTP_AEAD_AES_256_GCM;
        svms_srtp_key key = pair_key(suite, number, round % 2 == 0);
        pair p;
        pair_open_with(&p, &key);
        for (uint16_t i = 0; i < PACKETS; i++) {
            packet sealed = pair_sealed(&p, PAIR_SOURCE, i);
            assert_int_equal(pair_give(p.b, &sealed), SVMS_OK);
        }
        pair_close(&p);
    }
    return NULL;
}

static void sessions_run_in_parallel(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    uint8_t numbers[THREADS];
    for (uint8_t i = 0; i < THREADS; i++) {
        numbers[i] = (uint8_t)(i + 1);
        assert_int_equal(pthread_create(&threads[i], NULL, run_sessions, &numbers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
}

int main(void)
{
    /* First, so that the threads race for the start of libsrtp. */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_run_in_parallel),
        cmocka_unit_test(sessions_survive_failing_memory),
        cmocka_unit_test(a_failed_call_changes_nothing),
        cmocka_unit_test(keys_are_not_drawn_without_randomness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
