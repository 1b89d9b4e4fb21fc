/* SPDX-License-Identifier: Apache-2.0 */
#include "login_stage.h"

#include <stdio.h>

#include <svms/session.h>

#define HOME "192.0.2.7"
#define AWAY "198.51.100.1"

typedef struct gate {
    login_stage *stage;
    svms_login_limiter *limiter;
} gate;

static gate open_gate(login_stage *stage, const svms_login_limits *limits)
{
    gate at = { stage, NULL };
    assert_int_equal(svms_login_limiter_new(&at.limiter, stage->ctx, limits, NULL), SVMS_OK);
    return at;
}

static svms_login_attempt ask(const gate *at, const char *name, const char *address)
{
    svms_login_attempt attempt = SVMS_LOGIN_ATTEMPT_INIT;
    svms_status status = svms_login_limiter_ask(at->limiter, name, address, &attempt, NULL);
    assert_int_equal(status, attempt.limit == SVMS_LOGIN_MAY ? SVMS_OK : SVMS_E_POLICY);
    assert_int_equal(attempt.limit == SVMS_LOGIN_MAY, attempt.wait_s == 0);
    return attempt;
}

static void tell(const gate *at, svms_login_attempt *attempt, svms_login_outcome outcome)
{
    assert_int_equal(attempt->limit, SVMS_LOGIN_MAY);
    assert_int_equal(svms_login_limiter_tell(at->limiter, attempt, outcome, NULL), SVMS_OK);
}

/* An attempt from asking to telling; one that is refused ends there. */
static svms_login_attempt try_to(const gate *at, const char *name, const char *address,
                                 svms_login_outcome outcome)
{
    svms_login_attempt attempt = ask(at, name, address);
    if (attempt.limit == SVMS_LOGIN_MAY)
        tell(at, &attempt, outcome);
    return attempt;
}

/* So many failures, each as soon as it may be. */
static void fail_times(const gate *at, const char *name, const char *address, unsigned times)
{
    while (times > 0) {
        svms_login_attempt attempt = try_to(at, name, address, SVMS_LOGIN_FAILED);
        if (attempt.limit == SVMS_LOGIN_MAY)
            times--;
        else
            stage_pass(at->stage, attempt.wait_s);
    }
}

static void waits_grow_to_the_longest(void **state)
{
    static const uint32_t waits[] = { 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900 };
    gate at = open_gate(*state, NULL);
    for (size_t i = 0; i < COUNT_OF(waits); i++) {
        if (waits[i] > 0) {
            svms_login_attempt early = ask(&at, "anna", NULL);
            assert_int_equal(early.limit, SVMS_LOGIN_NAME_WAITS);
            assert_int_equal(early.wait_s, waits[i]);
            at.stage->steady_ns += waits[i] * SECOND - 1;
            early = ask(&at, "anna", NULL);
            assert_int_equal(early.limit, SVMS_LOGIN_NAME_WAITS);
            assert_int_equal(early.wait_s, 1);
            at.stage->steady_ns += 1;
        }
        assert_int_equal(try_to(&at, "anna", NULL, SVMS_LOGIN_FAILED).limit, SVMS_LOGIN_MAY);
        /* Others do not wait. */
        assert_int_equal(try_to(&at, "bob", NULL, SVMS_LOGIN_SUCCEEDED).limit, SVMS_LOGIN_MAY);
    }
    svms_login_limiter_free(&at.limiter);
}

static void a_success_begins_anew(void **state)
{
    gate at = open_gate(*state, NULL);
    fail_times(&at, "anna", NULL, 6);
    stage_pass(at.stage, 8);
    assert_int_equal(try_to(&at, "anna", NULL, SVMS_LOGIN_SUCCEEDED).limit, SVMS_LOGIN_MAY);
    for (int i = 0; i < 3; i++)
        assert_int_equal(try_to(&at, "anna", NULL, SVMS_LOGIN_FAILED).limit, SVMS_LOGIN_MAY);
    assert_int_equal(ask(&at, "anna", NULL).limit, SVMS_LOGIN_NAME_WAITS);
    svms_login_limiter_free(&at.limiter);
}

static void guesses_at_the_same_time_do_not_slip_through(void **state)
{
    gate at = open_gate(*state, NULL);
    svms_login_attempt attempts[3];
    for (size_t i = 0; i < COUNT_OF(attempts); i++) {
        attempts[i] = ask(&at, "anna", NULL);
        assert_int_equal(attempts[i].limit, SVMS_LOGIN_MAY);
    }
    for (int i = 0; i < 5; i++)
        assert_int_equal(ask(&at, "anna", NULL).limit, SVMS_LOGIN_NAME_WAITS);
    /* The wait begins when it is known that they failed. */
    stage_pass(at.stage, 10);
    for (size_t i = 0; i < COUNT_OF(attempts); i++)
        tell(&at, &attempts[i], SVMS_LOGIN_FAILED);
    assert_int_equal(ask(&at, "anna", NULL).wait_s, 1);
    svms_login_limiter_free(&at.limiter);
}

static void an_attempt_that_is_never_told_is_a_failure(void **state)
{
    gate at = open_gate(*state, NULL);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ask(&at, "anna", NULL).limit, SVMS_LOGIN_MAY);
    assert_int_equal(ask(&at, "anna", NULL).limit, SVMS_LOGIN_NAME_WAITS);
    svms_login_limiter_free(&at.limiter);
}

static void failures_told_after_a_success_count(void **state)
{
    gate at = open_gate(*state, NULL);
    svms_login_attempt guesses[2] = { ask(&at, "anna", NULL), ask(&at, "anna", NULL) };
    svms_login_attempt right = ask(&at, "anna", NULL);
    tell(&at, &right, SVMS_LOGIN_SUCCEEDED);
    tell(&at, &guesses[0], SVMS_LOGIN_FAILED);
    tell(&at, &guesses[1], SVMS_LOGIN_FAILED);
    assert_int_equal(try_to(&at, "anna", NULL, SVMS_LOGIN_FAILED).limit, SVMS_LOGIN_MAY);
    assert_int_equal(ask(&at, "anna", NULL).limit, SVMS_LOGIN_NAME_WAITS);
    svms_login_limiter_free(&at.limiter);
}

static void an_undecided_attempt_neither_counts_nor_forgives(void **state)
{
    gate at = open_gate(*state, NULL);
    fail_times(&at, "anna", HOME, 5);
    assert_int_equal(ask(&at, "anna", HOME).wait_s, 4);
    stage_pass(at.stage, 4);
    for (int i = 0; i < 50; i++)
        assert_int_equal(try_to(&at, "anna", HOME, SVMS_LOGIN_UNDECIDED).limit, SVMS_LOGIN_MAY);
    /* The code can be typed at once, and a wrong one is the sixth failure. */
    assert_int_equal(try_to(&at, "anna", HOME, SVMS_LOGIN_FAILED).limit, SVMS_LOGIN_MAY);
    assert_int_equal(ask(&at, "anna", HOME).wait_s, 8);
    svms_login_limiter_free(&at.limiter);
}

static void an_undecided_attempt_does_not_end_the_wait_of_another(void **state)
{
    gate at = open_gate(*state, NULL);
    fail_times(&at, "anna", NULL, 2);
    svms_login_attempt undecided = ask(&at, "anna", NULL);
    stage_pass(at.stage, 2);
    svms_login_attempt guess = ask(&at, "anna", NULL);
    tell(&at, &guess, SVMS_LOGIN_FAILED);
    tell(&at, &undecided, SVMS_LOGIN_UNDECIDED);
    assert_int_equal(ask(&at, "anna", NULL).limit, SVMS_LOGIN_NAME_WAITS);
    svms_login_limiter_free(&at.limiter);
}

static void failures_are_forgiven_one_by_one(void **state)
{
    gate at = open_gate(*state, NULL);
    fail_times(&at, "anna", NULL, 3);
    stage_pass(at.stage, 3599);
    assert_int_equal(try_to(&at, "anna", NULL, SVMS_LOGIN_FAILED).limit, SVMS_LOGIN_MAY);
    assert_int_equal(ask(&at, "anna", NULL).wait_s, 2);
    stage_pass(at.stage, 2);
    /* One of four is forgiven by now. */
    assert_int_equal(try_to(&at, "anna", NULL, SVMS_LOGIN_FAILED).limit, SVMS_LOGIN_MAY);
    assert_int_equal(ask(&at, "anna", NULL).wait_s, 2);
    stage_pass(at.stage, 5 * 3600);
    for (int i = 0; i < 3; i++)
        assert_int_equal(try_to(&at, "anna", NULL, SVMS_LOGIN_FAILED).limit, SVMS_LOGIN_MAY);
    assert_int_equal(ask(&at, "anna", NULL).wait_s, 1);
    svms_login_limiter_free(&at.limiter);
}

static void failures_beyond_the_longest_wait_need_no_forgiving(void **state)
{
    gate at = open_gate(*state, NULL);
    fail_times(&at, "anna", NULL, 100);
    /* 13 are counted: 3 free ones, and 10 doublings from 1 s to 900 s. */
    stage_pass(at.stage, 11 * 3600);
    assert_int_equal(try_to(&at, "anna", NULL, SVMS_LOGIN_FAILED).limit, SVMS_LOGIN_MAY);
    assert_int_equal(ask(&at, "anna", NULL).limit, SVMS_LOGIN_NAME_WAITS);
    assert_int_equal(ask(&at, "anna", NULL).wait_s, 1);
    svms_login_limiter_free(&at.limiter);
}

static void taking_back_forgives_nothing_at_the_longest_wait(void **state)
{
    gate at = open_gate(*state, NULL);
    /* Four and a half hours: the last failure made up for the fourth that was forgiven. */
    for (int i = 0; i < 18; i++) {
        assert_int_equal(try_to(&at, "anna", NULL, SVMS_LOGIN_FAILED).limit, SVMS_LOGIN_MAY);
        assert_int_equal(try_to(&at, "bob", NULL, SVMS_LOGIN_FAILED).limit, SVMS_LOGIN_MAY);
        stage_pass(at.stage, 900);
    }
    for (int i = 0; i < 5; i++)
        assert_int_equal(try_to(&at, "anna", NULL, SVMS_LOGIN_UNDECIDED).limit, SVMS_LOGIN_MAY);
    /* Both have been forgiven as much, and have the same wait. */
    stage_pass(at.stage, 9 * 3600);
    assert_int_equal(try_to(&at, "anna", NULL, SVMS_LOGIN_FAILED).limit, SVMS_LOGIN_MAY);
    assert_int_equal(try_to(&at, "bob", NULL, SVMS_LOGIN_FAILED).limit, SVMS_LOGIN_MAY);
    uint32_t wait_s = ask(&at, "bob", NULL).wait_s;
    assert_in_range(wait_s, 1, 64);
    assert_int_equal(ask(&at, "anna", NULL).wait_s, wait_s);
    svms_login_limiter_free(&at.limiter);
}

static void an_address_waits_after_many_names(void **state)
{
    gate at = open_gate(*state, NULL);
    char name[16];
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "name%d", i);
        assert_int_equal(try_to(&at, name, AWAY, SVMS_LOGIN_FAILED).limit, SVMS_LOGIN_MAY);
    }
    assert_int_equal(ask(&at, "fresh", AWAY).limit, SVMS_LOGIN_ADDRESS_WAITS);
    assert_int_equal(ask(&at, "fresh", HOME).limit, SVMS_LOGIN_MAY);
    stage_pass(at.stage, 1);
    /* A success of one's own forgives the address nothing. */
    assert_int_equal(try_to(&at, "mine", AWAY, SVMS_LOGIN_SUCCEEDED).limit, SVMS_LOGIN_MAY);
    assert_int_equal(try_to(&at, "fresh", AWAY, SVMS_LOGIN_FAILED).limit, SVMS_LOGIN_MAY);
    assert_int_equal(ask(&at, "fresh", AWAY).wait_s, 2);
    /* One is forgiven every five minutes. */
    stage_pass(at.stage, 600);
    assert_int_equal(try_to(&at, "other", AWAY, SVMS_LOGIN_FAILED).limit, SVMS_LOGIN_MAY);
    assert_int_equal(ask(&at, "other", AWAY).limit, SVMS_LOGIN_ADDRESS_WAITS);
    assert_int_equal(ask(&at, "other", AWAY).wait_s, 1);
    svms_login_limiter_free(&at.limiter);
}

static void addresses_are_told_apart_by_what_one_owner_has(void **state)
{
    static const struct {
        const char *failed;
        const char *asked;
        bool is_one;
    } cases[] = {
        { "2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", true },
        { "2001:db8:0:1::1", "2001:db8:0:2::1", false },
        { "192.0.2.7", "::ffff:192.0.2.7", true },
        { "::ffff:c000:207", "192.0.2.7", true },
        { "192.0.2.7", "192.0.2.8", false },
        { "::ffff:192.0.2.7", "::ffff:192.0.2.8", false },
        /* Not the mapped form, but of the same /64. */
        { "::1", "::2", true },
        { "::1", "0.0.0.1", false },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        gate at = open_gate(*state, NULL);
        char name[16];
        for (int k = 0; k < 20; k++) {
            snprintf(name, sizeof name, "name%d", k);
            assert_int_equal(try_to(&at, name, cases[i].failed, SVMS_LOGIN_FAILED).limit,
                             SVMS_LOGIN_MAY);
        }
        svms_login_limit limit = ask(&at, "fresh", cases[i].asked).limit;
        if (limit != (cases[i].is_one ? SVMS_LOGIN_ADDRESS_WAITS : SVMS_LOGIN_MAY))
            fail_msg("%s and %s", cases[i].failed, cases[i].asked);
        svms_login_limiter_free(&at.limiter);
    }
}

static void addresses_can_be_left_alone(void **state)
{
    svms_login_limits limits = SVMS_LOGIN_LIMITS_INIT;
    limits.tries_of_address = 0;
    gate at = open_gate(*state, &limits);
    char name[16];
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "name%d", i);
        assert_int_equal(try_to(&at, name, AWAY, SVMS_LOGIN_FAILED).limit, SVMS_LOGIN_MAY);
    }
    svms_login_limiter_free(&at.limiter);
}

static void strangers_lock_nobody_out_from_home(void **state)
{
    gate at = open_gate(*state, NULL);
    assert_int_equal(try_to(&at, "anna", HOME, SVMS_LOGIN_SUCCEEDED).limit, SVMS_LOGIN_MAY);
    fail_times(&at, "anna", AWAY, 12);
    assert_int_equal(ask(&at, "anna", AWAY).limit, SVMS_LOGIN_NAME_WAITS);
    assert_int_equal(ask(&at, "anna", "203.0.113.5").limit, SVMS_LOGIN_NAME_WAITS);
    assert_int_equal(ask(&at, "anna", NULL).limit, SVMS_LOGIN_NAME_WAITS);
    assert_int_equal(try_to(&at, "anna", HOME, SVMS_LOGIN_SUCCEEDED).limit, SVMS_LOGIN_MAY);
    /* Which does the strangers no good. */
    assert_int_equal(ask(&at, "anna", AWAY).limit, SVMS_LOGIN_NAME_WAITS);
    /* At home there are waits too, and they are those of that place. */
    for (int i = 0; i < 3; i++)
        assert_int_equal(try_to(&at, "anna", HOME, SVMS_LOGIN_FAILED).limit, SVMS_LOGIN_MAY);
    assert_int_equal(ask(&at, "anna", HOME).limit, SVMS_LOGIN_NAME_WAITS);
    assert_int_equal(ask(&at, "anna", HOME).wait_s, 1);
    assert_int_equal(ask(&at, "bob", HOME).limit, SVMS_LOGIN_MAY);
    svms_login_limiter_free(&at.limiter);
}

static void a_lock_is_due_after_so_many(void **state)
{
    svms_login_limits limits = SVMS_LOGIN_LIMITS_INIT;
    limits.lock_after = 5;
    gate at = open_gate(*state, &limits);
    /* Nobody is at home anywhere then. */
    assert_int_equal(try_to(&at, "anna", HOME, SVMS_LOGIN_SUCCEEDED).limit, SVMS_LOGIN_MAY);
    for (uint32_t i = 1; i <= 5; i++) {
        svms_login_attempt attempt = try_to(&at, "anna", AWAY, SVMS_LOGIN_FAILED);
        assert_int_equal(attempt.limit, SVMS_LOGIN_MAY);
        assert_int_equal(attempt.is_lock_due, i == 5);
        stage_pass(at.stage, 8);
    }
    svms_login_attempt refused = ask(&at, "anna", HOME);
    assert_int_equal(refused.limit, SVMS_LOGIN_LOCK_DUE);
    assert_int_equal(refused.is_lock_due, 0);
    assert_int_equal(refused.wait_s, 3600 - 5 * 8);
    assert_int_equal(svms_login_limiter_unlock(at.limiter, "anna", NULL), SVMS_OK);
    assert_int_equal(try_to(&at, "anna", HOME, SVMS_LOGIN_FAILED).is_lock_due, 0);
    svms_login_limiter_free(&at.limiter);
}

static void no_more_guesses_run_at_once_than_make_a_lock_due(void **state)
{
    svms_login_limits limits = SVMS_LOGIN_LIMITS_INIT;
    limits.lock_after = 4;
    limits.free_tries = 100;
    gate at = open_gate(*state, &limits);
    svms_login_attempt attempts[4];
    for (size_t i = 0; i < COUNT_OF(attempts); i++)
        attempts[i] = ask(&at, "anna", NULL);
    assert_int_equal(ask(&at, "anna", NULL).limit, SVMS_LOGIN_LOCK_DUE);
    tell(&at, &attempts[3], SVMS_LOGIN_SUCCEEDED);
    for (size_t i = 0; i < 3; i++)
        tell(&at, &attempts[i], SVMS_LOGIN_FAILED);
    assert_int_equal(attempts[2].is_lock_due, 0);
    assert_int_equal(try_to(&at, "anna", NULL, SVMS_LOGIN_FAILED).is_lock_due, 1);
    svms_login_limiter_free(&at.limiter);
}

static void unlocking_forgives_at_home_too(void **state)
{
    gate at = open_gate(*state, NULL);
    assert_int_equal(try_to(&at, "anna", HOME, SVMS_LOGIN_SUCCEEDED).limit, SVMS_LOGIN_MAY);
    assert_int_equal(try_to(&at, "bob", HOME, SVMS_LOGIN_SUCCEEDED).limit, SVMS_LOGIN_MAY);
    fail_times(&at, "anna", HOME, 5);
    fail_times(&at, "bob", HOME, 5);
    fail_times(&at, "anna", NULL, 7);
    fail_times(&at, "bob", HOME, 1);
    assert_int_equal(svms_login_limiter_unlock(at.limiter, "anna", NULL), SVMS_OK);
    assert_int_equal(svms_login_limiter_unlock(at.limiter, "nobody", NULL), SVMS_OK);
    assert_int_equal(ask(&at, "anna", HOME).limit, SVMS_LOGIN_MAY);
    assert_int_equal(ask(&at, "anna", NULL).limit, SVMS_LOGIN_MAY);
    assert_int_equal(ask(&at, "bob", HOME).limit, SVMS_LOGIN_NAME_WAITS);
    svms_login_limiter_free(&at.limiter);
}

static void clocks_that_are_set_do_nothing(void **state)
{
    gate at = open_gate(*state, NULL);
    stage_pass(at.stage, 1000000);
    fail_times(&at, "anna", NULL, 8);
    at.stage->utc_ns = 0;
    assert_int_equal(ask(&at, "anna", NULL).wait_s, 32);
    at.stage->utc_ns = INT64_MAX;
    assert_int_equal(ask(&at, "anna", NULL).wait_s, 32);
    /* One that steps back stands still for us, and goes on when it has caught up. */
    uint64_t before = at.stage->steady_ns;
    at.stage->steady_ns = 0;
    assert_int_equal(ask(&at, "anna", NULL).wait_s, 32);
    at.stage->steady_ns = before + 32 * SECOND;
    assert_int_equal(ask(&at, "anna", NULL).limit, SVMS_LOGIN_MAY);
    svms_login_limiter_free(&at.limiter);
}

/* Fails `times` for so many names that were never heard of. */
static void flood(const gate *at, uint32_t names, unsigned times, uint32_t *busy)
{
    static uint32_t serial;
    for (uint32_t i = 0; i < names; i++) {
        char name[32];
        serial++;
        snprintf(name, sizeof name, "flood%u", serial);
        for (unsigned k = 0; k < times; k++) {
            svms_login_limit limit = try_to(at, name, NULL, SVMS_LOGIN_FAILED).limit;
            *busy += limit == SVMS_LOGIN_BUSY;
        }
    }
}

static void a_flood_of_names_forgets_no_account_under_attack(void **state)
{
    svms_login_limits limits = SVMS_LOGIN_LIMITS_INIT;
    uint32_t busy = 0;
    limits.capacity = 64;
    gate at = open_gate(*state, &limits);
    long live = at.stage->allocator.live;
    fail_times(&at, "anna", NULL, 6);
    fail_times(&at, "bob", NULL, 2);
    flood(&at, 10000, 2, &busy);
    assert_int_equal(busy, 0);
    assert_int_equal(at.stage->allocator.live, live);
    assert_int_equal(ask(&at, "anna", NULL).wait_s, 8);
    /* Who had failures below a wait has his free tries again. */
    for (int i = 0; i < 3; i++)
        assert_int_equal(try_to(&at, "bob", NULL, SVMS_LOGIN_FAILED).limit, SVMS_LOGIN_MAY);
    svms_login_limiter_free(&at.limiter);
}

static void who_has_logged_in_makes_room_before_who_has_failed(void **state)
{
    svms_login_limits limits = SVMS_LOGIN_LIMITS_INIT;
    char name[16];
    limits.capacity = 16;
    gate at = open_gate(*state, &limits);
    fail_times(&at, "anna", NULL, 2);
    fail_times(&at, "bob", NULL, 1);
    for (int i = 0; i < 14; i++) {
        snprintf(name, sizeof name, "name%d", i);
        assert_int_equal(try_to(&at, name, NULL, SVMS_LOGIN_SUCCEEDED).limit, SVMS_LOGIN_MAY);
    }
    /* They make room for 14 others, although anna and bob came first. */
    for (int i = 0; i < 14; i++) {
        snprintf(name, sizeof name, "more%d", i);
        assert_int_equal(try_to(&at, name, NULL, SVMS_LOGIN_FAILED).limit, SVMS_LOGIN_MAY);
    }
    assert_int_equal(try_to(&at, "anna", NULL, SVMS_LOGIN_FAILED).limit, SVMS_LOGIN_MAY);
    assert_int_equal(ask(&at, "anna", NULL).limit, SVMS_LOGIN_NAME_WAITS);
    /* The next one takes the place of bob, whose failure is the oldest of those that are light. */
    assert_int_equal(try_to(&at, "last", NULL, SVMS_LOGIN_FAILED).limit, SVMS_LOGIN_MAY);
    for (int i = 0; i < 3; i++)
        assert_int_equal(try_to(&at, "bob", NULL, SVMS_LOGIN_FAILED).limit, SVMS_LOGIN_MAY);
    svms_login_limiter_free(&at.limiter);
}

static void a_table_full_of_waits_takes_nobody_new(void **state)
{
    svms_login_limits limits = SVMS_LOGIN_LIMITS_INIT;
    uint32_t busy = 0;
    limits.capacity = 64;
    gate at = open_gate(*state, &limits);
    assert_int_equal(try_to(&at, "anna", HOME, SVMS_LOGIN_SUCCEEDED).limit, SVMS_LOGIN_MAY);
    fail_times(&at, "victim", NULL, 4);
    stage_pass(at.stage, 100);
    flood(&at, 64, 3, &busy);
    assert_int_equal(busy, 3);
    svms_login_attempt refused = ask(&at, "new", NULL);
    assert_int_equal(refused.limit, SVMS_LOGIN_BUSY);
    assert_int_equal(refused.wait_s, 1);
    /* Who is at home is let in. */
    assert_int_equal(try_to(&at, "anna", HOME, SVMS_LOGIN_SUCCEEDED).limit, SVMS_LOGIN_MAY);
    /* When one failure of each is forgiven, those with two make room; the victim has three. */
    stage_pass(at.stage, 3600);
    assert_int_equal(ask(&at, "new", NULL).limit, SVMS_LOGIN_MAY);
    assert_int_equal(try_to(&at, "victim", NULL, SVMS_LOGIN_FAILED).limit, SVMS_LOGIN_MAY);
    assert_int_equal(ask(&at, "victim", NULL).wait_s, 2);
    svms_login_limiter_free(&at.limiter);
}

static void a_flood_of_addresses_is_refused_but_not_from_home(void **state)
{
    svms_login_limits limits = SVMS_LOGIN_LIMITS_INIT;
    char address[32];
    char name[16];
    limits.capacity = 16;
    limits.tries_of_address = 2;
    gate at = open_gate(*state, &limits);
    assert_int_equal(try_to(&at, "anna", HOME, SVMS_LOGIN_SUCCEEDED).limit, SVMS_LOGIN_MAY);
    for (int i = 0; i < 16; i++) {
        snprintf(address, sizeof address, "203.0.113.%d", i);
        for (int k = 0; k < 2; k++) {
            snprintf(name, sizeof name, "name%d", i * 2 + k);
            assert_int_equal(try_to(&at, name, address, SVMS_LOGIN_FAILED).limit, SVMS_LOGIN_MAY);
        }
    }
    assert_int_equal(ask(&at, "bob", AWAY).limit, SVMS_LOGIN_BUSY);
    assert_int_equal(ask(&at, "bob", NULL).limit, SVMS_LOGIN_MAY);
    assert_int_equal(try_to(&at, "anna", HOME, SVMS_LOGIN_FAILED).limit, SVMS_LOGIN_MAY);
    assert_int_equal(try_to(&at, "anna", HOME, SVMS_LOGIN_UNDECIDED).limit, SVMS_LOGIN_MAY);
    assert_int_equal(try_to(&at, "anna", HOME, SVMS_LOGIN_SUCCEEDED).limit, SVMS_LOGIN_MAY);
    svms_login_limiter_free(&at.limiter);
}

static void an_attempt_is_told_once(void **state)
{
    gate at = open_gate(*state, NULL);
    svms_login_attempt none = SVMS_LOGIN_ATTEMPT_INIT;
    assert_int_equal(svms_login_limiter_tell(at.limiter, &none, SVMS_LOGIN_SUCCEEDED, NULL),
                     SVMS_E_STATE);
    svms_login_attempt attempt = ask(&at, "anna", NULL);
    tell(&at, &attempt, SVMS_LOGIN_FAILED);
    assert_int_equal(svms_login_limiter_tell(at.limiter, &attempt, SVMS_LOGIN_SUCCEEDED, NULL),
                     SVMS_E_STATE);
    fail_times(&at, "anna", NULL, 2);
    svms_login_attempt refused = ask(&at, "anna", NULL);
    assert_int_equal(refused.limit, SVMS_LOGIN_NAME_WAITS);
    assert_int_equal(svms_login_limiter_tell(at.limiter, &refused, SVMS_LOGIN_SUCCEEDED, NULL),
                     SVMS_E_STATE);
    svms_login_limiter_free(&at.limiter);
}

static void limits_out_of_range_are_refused(void **state)
{
    login_stage *stage = *state;
    svms_login_limits cases[20];
    svms_login_limiter *limiter = NULL;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        cases[i] = (svms_login_limits)SVMS_LOGIN_LIMITS_INIT;
    cases[0].capacity = 15;
    cases[1].capacity = 1048577;
    cases[2].free_tries = 0;
    cases[3].free_tries = 101;
    cases[4].tries_of_address = 10001;
    cases[5].first_wait_s = 0;
    cases[6].first_wait_s = 901;
    cases[7].longest_wait_s = 0;
    cases[8].longest_wait_s = 86401;
    cases[9].forgive_name_s = 59;
    cases[10].forgive_name_s = 604801;
    cases[11].forgive_address_s = 59;
    cases[12].forgive_address_s = 604801;
    cases[13].lock_after = 1001;
    cases[14].reserved = 1;
    cases[15].struct_size = 0;
    cases[16].struct_size = 1u << 20;
    cases[17].forgive_name_s = 0;
    cases[18].forgive_address_s = 0;
    cases[19].first_wait_s = 3601;
    cases[19].longest_wait_s = 3601;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (svms_login_limiter_new(&limiter, stage->ctx, &cases[i], NULL) != SVMS_E_USAGE)
            fail_msg("case %zu", i);
    }
    assert_int_equal(svms_login_limiter_new(NULL, stage->ctx, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_login_limiter_new(&limiter, NULL, NULL, NULL), SVMS_E_USAGE);
    assert_null(limiter);
    svms_login_limiter_free(&limiter);
    svms_login_limiter_free(NULL);
}

static void wrong_use_is_refused(void **state)
{
    static const char *const no_addresses[] = { "", "192.0.2.7:80", "example.org", "fe80::1%eth0" };
    gate at = open_gate(*state, NULL);
    svms_login_attempt attempt = SVMS_LOGIN_ATTEMPT_INIT;
    char name[SVMS_LOGIN_NAME_MAX + 2];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(svms_login_limiter_ask(NULL, "a", NULL, &attempt, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_login_limiter_ask(at.limiter, NULL, NULL, &attempt, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_login_limiter_ask(at.limiter, "", NULL, &attempt, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_login_limiter_ask(at.limiter, name, NULL, &attempt, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_login_limiter_ask(at.limiter, "a", NULL, NULL, NULL), SVMS_E_USAGE);
    for (size_t i = 0; i < COUNT_OF(no_addresses); i++)
        assert_int_equal(svms_login_limiter_ask(at.limiter, "a", no_addresses[i], &attempt, NULL),
                         SVMS_E_USAGE);
    assert_int_equal(attempt.limit, SVMS_LOGIN_REFUSED);
    attempt.struct_size--;
    assert_int_equal(svms_login_limiter_ask(at.limiter, "a", NULL, &attempt, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_login_limiter_tell(at.limiter, &attempt, SVMS_LOGIN_FAILED, NULL),
                     SVMS_E_USAGE);
    attempt = ask(&at, "a", NULL);
    assert_int_equal(svms_login_limiter_tell(NULL, &attempt, SVMS_LOGIN_FAILED, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_login_limiter_tell(at.limiter, NULL, SVMS_LOGIN_FAILED, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_login_limiter_tell(at.limiter, &attempt, (svms_login_outcome)3, NULL),
                     SVMS_E_USAGE);
    assert_int_equal(svms_login_limiter_unlock(NULL, "a", NULL), SVMS_E_USAGE);
    assert_int_equal(svms_login_limiter_unlock(at.limiter, NULL, NULL), SVMS_E_USAGE);
    assert_int_equal(svms_login_limiter_unlock(at.limiter, "", NULL), SVMS_E_USAGE);
    svms_login_limiter_free(&at.limiter);
}

static void a_random_source_that_fails_makes_no_limiter(void **state)
{
    login_stage *stage = *state;
    svms_login_limiter *limiter = NULL;
    stage->random_fails = true;
    assert_int_equal(svms_login_limiter_new(&limiter, stage->ctx, NULL, NULL), SVMS_E_CRYPTO);
    assert_null(limiter);
}

static svms_status limit_somebody(svms_ctx *ctx, svms_error *err)
{
    svms_login_limits limits = SVMS_LOGIN_LIMITS_INIT;
    svms_login_limiter *limiter = NULL;
    svms_login_attempt attempt = SVMS_LOGIN_ATTEMPT_INIT;
    limits.capacity = 16;
    svms_status status = svms_login_limiter_new(&limiter, ctx, &limits, err);
    if (status == SVMS_OK)
        status = svms_login_limiter_ask(limiter, "anna", HOME, &attempt, err);
    if (status == SVMS_OK)
        status = svms_login_limiter_tell(limiter, &attempt, SVMS_LOGIN_SUCCEEDED, err);
    svms_login_limiter_free(&limiter);
    return status;
}

static void limiting_survives_failing_memory(void **state)
{
    (void)state;
    each_allocation_fails_cleanly(limit_somebody);
}

static void answers_have_names(void **state)
{
    static const char *const names[] = { "refused",  "may",  "name waits",   "address waits",
                                         "lock due", "busy", "none of these" };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_string_equal(svms_login_limit_name((svms_login_limit)i), names[i]);
}

int main(void)
{
#define STAGED(test) cmocka_unit_test_setup_teardown(test, stage_set_up, stage_tear_down)
    const struct CMUnitTest tests[] = {
        STAGED(waits_grow_to_the_longest),
        STAGED(a_success_begins_anew),
        STAGED(guesses_at_the_same_time_do_not_slip_through),
        STAGED(an_attempt_that_is_never_told_is_a_failure),
        STAGED(failures_told_after_a_success_count),
        STAGED(an_undecided_attempt_neither_counts_nor_forgives),
        STAGED(an_undecided_attempt_does_not_end_the_wait_of_another),
        STAGED(failures_are_forgiven_one_by_one),
        STAGED(failures_beyond_the_longest_wait_need_no_forgiving),
        STAGED(taking_back_forgives_nothing_at_the_longest_wait),
        STAGED(an_address_waits_after_many_names),
        STAGED(addresses_are_told_apart_by_what_one_owner_has),
        STAGED(addresses_can_be_left_alone),
        STAGED(strangers_lock_nobody_out_from_home),
        STAGED(a_lock_is_due_after_so_many),
        STAGED(no_more_guesses_run_at_once_than_make_a_lock_due),
        STAGED(unlocking_forgives_at_home_too),
        STAGED(clocks_that_are_set_do_nothing),
        STAGED(a_flood_of_names_forgets_no_account_under_attack),
        STAGED(who_has_logged_in_makes_room_before_who_has_failed),
        STAGED(a_table_full_of_waits_takes_nobody_new),
        STAGED(a_flood_of_addresses_is_refused_but_not_from_home),
        STAGED(an_attempt_is_told_once),
        STAGED(limits_out_of_range_are_refused),
        STAGED(wrong_use_is_refused),
        STAGED(a_random_source_that_fails_makes_no_limiter),
        cmocka_unit_test(limiting_survives_failing_memory),
        cmocka_unit_test(answers_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
