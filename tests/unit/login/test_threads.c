/* SPDX-License-Identifier: Apache-2.0 */
/* Threads share a limiter, a table of codes and one of sessions. Under ThreadSanitizer this shows
 * that they may; without it, that what is counted is counted once. */
#include "cmocka_all.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <svms/session.h>

#define THREADS 6
#define ROUNDS 60
#define TEXT_LENGTH (SVMS_SESSION_TEXT_SIZE - 1)

typedef struct scene {
    svms_ctx *ctx;
    svms_login_limiter *limiter;
    svms_code_book *codes;
    svms_session_book *sessions;
    atomic_uint number; /* of the thread that begins next */
    atomic_uint allowed;
    atomic_uint good;
    atomic_uint wrong; /* what went as it must not; assertions belong to the first thread */
    char code[SVMS_TOTP_CODE_SIZE];
} scene;

/* Time stands still, so that no wait ends. */
static uint64_t no_time_passes(void *user)
{
    (void)user;
    return 1;
}

static int set_up(void **state)
{
    static scene fresh;
    svms_ctx_options options = SVMS_CTX_OPTIONS_INIT;
    memset(&fresh, 0, sizeof fresh);
    options.monotonic_now = no_time_passes;
    *state = &fresh;
    return svms_ctx_new(&fresh.ctx, &options, NULL) == SVMS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    scene *at = *state;
    svms_login_limiter_free(&at->limiter);
    svms_code_book_free(&at->codes);
    svms_session_book_free(&at->sessions);
    svms_ctx_free(&at->ctx);
    return 0;
}

static void run_threads(scene *at, void *(*body)(void *))
{
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, body, at), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(at->wrong, 0);
}

static void *guess(void *user)
{
    scene *at = user;
    for (int i = 0; i < ROUNDS; i++) {
        svms_login_attempt attempt = SVMS_LOGIN_ATTEMPT_INIT;
        if (svms_login_limiter_ask(at->limiter, "anna", "192.0.2.1", &attempt, NULL) == SVMS_OK) {
            at->allowed++;
            at->wrong +=
                svms_login_limiter_tell(at->limiter, &attempt, SVMS_LOGIN_FAILED, NULL) != SVMS_OK;
        } else {
            at->wrong += attempt.limit != SVMS_LOGIN_NAME_WAITS;
        }
    }
    return NULL;
}

static void all_threads_together_have_the_free_tries_of_one(void **state)
{
    scene *at = *state;
    assert_int_equal(svms_login_limiter_new(&at->limiter, at->ctx, NULL, NULL), SVMS_OK);
    run_threads(at, guess);
    assert_int_equal(at->allowed, 3);
}

/* Each with a name of its own from one address, so that the address comes to wait; some names log
 * in, so that they are at home there. */
static void *spray(void *user)
{
    scene *at = user;
    unsigned number = at->number++;
    for (int i = 0; i < ROUNDS; i++) {
        svms_login_attempt attempt = SVMS_LOGIN_ATTEMPT_INIT;
        svms_login_outcome outcome = i % 7 == 0   ? SVMS_LOGIN_SUCCEEDED
                                     : i % 7 == 1 ? SVMS_LOGIN_UNDECIDED
                                                  : SVMS_LOGIN_FAILED;
        char name[32];
        snprintf(name, sizeof name, "%u-%d", number, i % 20);
        if (svms_login_limiter_ask(at->limiter, name, "2001:db8::1", &attempt, NULL) == SVMS_OK) {
            at->allowed += outcome == SVMS_LOGIN_FAILED;
            at->wrong += svms_login_limiter_tell(at->limiter, &attempt, outcome, NULL) != SVMS_OK;
        }
        if (i % 11 == 0)
            at->wrong += svms_login_limiter_unlock(at->limiter, name, NULL) != SVMS_OK;
    }
    return NULL;
}

static void all_threads_together_have_the_tries_of_one_address(void **state)
{
    scene *at = *state;
    svms_login_limits limits = SVMS_LOGIN_LIMITS_INIT;
    limits.capacity = 16;
    limits.tries_of_address = 10;
    assert_int_equal(svms_login_limiter_new(&at->limiter, at->ctx, &limits, NULL), SVMS_OK);
    run_threads(at, spray);
    assert_int_equal(at->allowed, 10);
}

static svms_status keep(void *user, const char *name, const char *destination, const char *code,
                        svms_error *err)
{
    scene *at = user;
    (void)destination;
    (void)err;
    if (strcmp(name, "anna") == 0)
        memcpy(at->code, code, SVMS_TOTP_CODE_SIZE);
    return SVMS_OK;
}

static void *use_code(void *user)
{
    scene *at = user;
    svms_code_verdict verdict = SVMS_CODE_WRONG;
    unsigned number = at->number++;
    for (int i = 0; i < ROUNDS; i++) {
        char name[32];
        snprintf(name, sizeof name, "%u-%d", number, i);
        svms_status sent = svms_code_book_send(at->codes, name, NULL, NULL, NULL);
        at->wrong += sent != SVMS_OK && sent != SVMS_E_LIMIT;
        svms_status status = svms_code_book_check(at->codes, "anna", at->code, &verdict, NULL);
        at->good += status == SVMS_OK;
        at->wrong += status != SVMS_OK && verdict != SVMS_CODE_MISSING;
        at->wrong += svms_code_book_send(at->codes, "anna", NULL, NULL, NULL) != SVMS_E_POLICY;
    }
    return NULL;
}

static void a_delivered_code_is_good_for_one_thread(void **state)
{
    scene *at = *state;
    svms_code_book_options options = SVMS_CODE_BOOK_OPTIONS_INIT;
    options.capacity = 64;
    options.deliver = keep;
    options.user = at;
    assert_int_equal(svms_code_book_new(&at->codes, at->ctx, &options, NULL), SVMS_OK);
    assert_int_equal(svms_code_book_send(at->codes, "anna", NULL, NULL, NULL), SVMS_OK);
    run_threads(at, use_code);
    assert_int_equal(at->good, 1);
}

static void *log_in_and_out(void *user)
{
    scene *at = user;
    svms_session_verdict verdict = SVMS_SESSION_UNKNOWN;
    unsigned number = at->number++;
    char name[16];
    snprintf(name, sizeof name, "user%u", number % 3);
    for (int i = 0; i < ROUNDS; i++) {
        char text[SVMS_SESSION_TEXT_SIZE];
        char fresh[SVMS_SESSION_TEXT_SIZE] = "";
        svms_session_info info = SVMS_SESSION_INFO_INIT;
        if (svms_session_begin(at->sessions, name, 1, text, NULL) != SVMS_OK) {
            at->wrong++;
            continue;
        }
        /* The other thread of this user may have ended it by now. */
        svms_status status =
            svms_session_renew(at->sessions, text, TEXT_LENGTH, 2, fresh, &verdict, NULL);
        if (status == SVMS_OK) {
            at->wrong += svms_session_find(at->sessions, text, TEXT_LENGTH, NULL, &verdict, NULL) !=
                         SVMS_E_POLICY;
            status = svms_session_find(at->sessions, fresh, TEXT_LENGTH, &info, &verdict, NULL);
        }
        at->wrong += status == SVMS_OK && strcmp(info.name, name) != 0;
        at->wrong += status != SVMS_OK && verdict != SVMS_SESSION_UNKNOWN;
        status = svms_session_next(at->sessions, name, 0, &info, NULL);
        at->wrong += status == SVMS_OK && strcmp(info.name, name) != 0;
        if (i % 5 == 0)
            svms_session_end_all(at->sessions, name, info.id);
        if (i % 7 == 0)
            svms_session_end_id(at->sessions, info.id);
        if (i % 3 == 0)
            at->wrong += svms_session_end(at->sessions, fresh, TEXT_LENGTH, NULL) != SVMS_OK;
    }
    return NULL;
}

static void sessions_stay_those_of_their_users(void **state)
{
    scene *at = *state;
    svms_session_limits limits = SVMS_SESSION_LIMITS_INIT;
    svms_session_info info = SVMS_SESSION_INFO_INIT;
    limits.capacity = 12;
    limits.per_user = 4;
    assert_int_equal(svms_session_book_new(&at->sessions, at->ctx, &limits, NULL), SVMS_OK);
    run_threads(at, log_in_and_out);
    uint32_t left = 0;
    while (svms_session_next(at->sessions, NULL, info.id, &info, NULL) == SVMS_OK)
        left++;
    assert_in_range(left, 0, 12);
}

int main(void)
{
#define SHARED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        SHARED(all_threads_together_have_the_free_tries_of_one),
        SHARED(all_threads_together_have_the_tries_of_one_address),
        SHARED(a_delivered_code_is_good_for_one_thread),
        SHARED(sessions_stay_those_of_their_users),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
