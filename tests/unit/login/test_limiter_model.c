/* SPDX-License-Identifier: Apache-2.0 */
/* The limiter against a model that goes from second to second, as L-LIM-1 to L-LIM-5 say it: random
 * attempts of few names at few addresses, told late, in any order or never. */
#include "login_stage.h"

#include <stdio.h>

#include <svms/session.h>

#define NAMES 3
#define ADDRESSES 3
#define PAIRS (NAMES * ADDRESSES)
#define OPEN 6
#define RUNS 150
#define STEPS 1500

typedef struct tally {
    uint32_t count;
    uint32_t forgiving_s; /* since the last failure was forgiven, or the first one made */
    uint32_t waited_s;    /* since the last failure */
    bool has_waited;
    bool is_known; /* of pairs: the name has logged in there */
    uint32_t generation;
} tally;

typedef struct open_attempt {
    bool is_open;
    unsigned name;
    unsigned address; /* ADDRESSES: none */
    bool is_familiar;
    uint32_t generation;
    uint32_t address_generation;
    uint64_t asked_s;
    svms_login_attempt attempt;
} open_attempt;

typedef struct model {
    svms_login_limits limits;
    uint64_t now_s;
    tally names[NAMES];
    tally addresses[ADDRESSES];
    tally pairs[PAIRS];
    open_attempt attempts[OPEN];
    uint64_t seed;
} model;

static uint32_t draw(model *at, uint32_t below)
{
    at->seed = at->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(at->seed >> 33) % below;
}

static uint32_t wait_of(const model *at, uint32_t count, uint32_t free_tries)
{
    if (count < free_tries)
        return 0;
    uint64_t wait_s = (uint64_t)at->limits.first_wait_s << (count - free_tries);
    return wait_s < at->limits.longest_wait_s ? (uint32_t)wait_s : at->limits.longest_wait_s;
}

static uint32_t left(const model *at, const tally *of, uint32_t free_tries)
{
    uint32_t wait_s = wait_of(at, of->count, free_tries);
    return of->has_waited || of->waited_s >= wait_s ? 0 : wait_s - of->waited_s;
}

static void add(tally *to)
{
    if (to->count == 0)
        to->forgiving_s = 0;
    to->count++;
    to->waited_s = 0;
    to->has_waited = false;
}

/* What is certain does not stay counted beyond what makes the longest wait, or a lock. */
static void bound(const model *at, tally *of, uint32_t free_tries, uint32_t lock_after)
{
    uint32_t most = free_tries;
    while (wait_of(at, most, free_tries) < at->limits.longest_wait_s || most < lock_after)
        most++;
    if (of->count > most)
        of->count = most;
}

static void tick(tally *of, uint32_t forgive_s)
{
    of->waited_s++;
    of->forgiving_s++;
    if (of->count > 0 && of->forgiving_s == forgive_s) {
        of->count--;
        of->forgiving_s = 0;
    }
}

static void pass(model *at, login_stage *stage, uint32_t seconds)
{
    stage_pass(stage, seconds);
    for (; seconds > 0; seconds--) {
        at->now_s++;
        for (size_t i = 0; i < NAMES; i++)
            tick(&at->names[i], at->limits.forgive_name_s);
        for (size_t i = 0; i < PAIRS; i++)
            tick(&at->pairs[i], at->limits.forgive_name_s);
        for (size_t i = 0; i < ADDRESSES; i++)
            tick(&at->addresses[i], at->limits.forgive_address_s);
    }
}

static void reset(tally *of)
{
    of->count = 0;
    of->forgiving_s = 0;
    of->waited_s = 0;
    of->has_waited = false;
    of->generation++;
}

static tally *counted(model *at, const open_attempt *attempt)
{
    return attempt->is_familiar ? &at->pairs[attempt->name * ADDRESSES + attempt->address]
                                : &at->names[attempt->name];
}

static tally *address_of(model *at, const open_attempt *attempt)
{
    bool has_none = attempt->address == ADDRESSES || at->limits.tries_of_address == 0;
    return has_none ? NULL : &at->addresses[attempt->address];
}

/* What the answer must be; counts the attempt where it may be made. */
static svms_login_limit expect(model *at, open_attempt *attempt, uint32_t *wait_s)
{
    uint32_t lock_after = at->limits.lock_after;
    attempt->is_familiar = attempt->address < ADDRESSES && lock_after == 0 &&
                           at->pairs[attempt->name * ADDRESSES + attempt->address].is_known;
    tally *who = counted(at, attempt);
    tally *address = address_of(at, attempt);
    const tally *name = &at->names[attempt->name];
    if (lock_after > 0 && name->count >= lock_after) {
        *wait_s = at->limits.forgive_name_s - name->forgiving_s;
        return SVMS_LOGIN_LOCK_DUE;
    }
    uint32_t of_name = left(at, who, at->limits.free_tries);
    uint32_t of_address = address ? left(at, address, at->limits.tries_of_address) : 0;
    *wait_s = of_name > of_address ? of_name : of_address;
    if (*wait_s > 0)
        return of_name >= of_address ? SVMS_LOGIN_NAME_WAITS : SVMS_LOGIN_ADDRESS_WAITS;
    add(who);
    attempt->generation = who->generation;
    if (address) {
        add(address);
        attempt->address_generation = address->generation;
    }
    attempt->asked_s = at->now_s;
    return SVMS_LOGIN_MAY;
}

static void ask(model *at, svms_login_limiter *limiter)
{
    static const char *const names[NAMES] = { "anna", "bob", "carl" };
    static const char *const addresses[ADDRESSES + 1] = { "192.0.2.1", "2001:db8::1", "192.0.2.2",
                                                          NULL };
    open_attempt *attempt = &at->attempts[draw(at, OPEN)];
    uint32_t wait_s = 0;
    /* One that was open is never told. */
    *attempt = (open_attempt){ .name = draw(at, NAMES),
                               .address = draw(at, ADDRESSES + 1),
                               .attempt = SVMS_LOGIN_ATTEMPT_INIT };
    svms_status status = svms_login_limiter_ask(
        limiter, names[attempt->name], addresses[attempt->address], &attempt->attempt, NULL);
    svms_login_limit limit = expect(at, attempt, &wait_s);
    assert_int_equal(attempt->attempt.limit, limit);
    assert_int_equal(attempt->attempt.wait_s, wait_s);
    assert_int_equal(status, limit == SVMS_LOGIN_MAY ? SVMS_OK : SVMS_E_POLICY);
    attempt->is_open = limit == SVMS_LOGIN_MAY;
}

static void confirm(model *at, tally *of, uint32_t generation, uint32_t free_tries,
                    uint32_t lock_after)
{
    if (of->generation != generation)
        add(of);
    else
        bound(at, of, free_tries, lock_after);
    of->waited_s = 0;
    of->has_waited = false;
}

static void take_back(const model *at, tally *of, uint32_t generation, uint64_t asked_s)
{
    if (of->generation != generation)
        return;
    of->count -= of->count > 0 ? 1 : 0;
    of->has_waited = of->waited_s == at->now_s - asked_s;
}

static void expect_told(model *at, const open_attempt *attempt, svms_login_outcome outcome)
{
    tally *who = counted(at, attempt);
    tally *address = address_of(at, attempt);
    if (outcome == SVMS_LOGIN_FAILED) {
        confirm(at, who, attempt->generation, at->limits.free_tries, at->limits.lock_after);
        if (address)
            confirm(at, address, attempt->address_generation, at->limits.tries_of_address, 0);
        return;
    }
    if (address)
        take_back(at, address, attempt->address_generation, attempt->asked_s);
    if (outcome == SVMS_LOGIN_UNDECIDED) {
        take_back(at, who, attempt->generation, attempt->asked_s);
        return;
    }
    if (!attempt->is_familiar)
        reset(&at->names[attempt->name]);
    if (attempt->address < ADDRESSES && at->limits.lock_after == 0) {
        tally *pair = &at->pairs[attempt->name * ADDRESSES + attempt->address];
        reset(pair);
        pair->is_known = true;
    }
}

static void tell(model *at, svms_login_limiter *limiter)
{
    open_attempt *attempt = &at->attempts[draw(at, OPEN)];
    static const svms_login_outcome outcomes[] = { SVMS_LOGIN_FAILED,    SVMS_LOGIN_FAILED,
                                                   SVMS_LOGIN_FAILED,    SVMS_LOGIN_FAILED,
                                                   SVMS_LOGIN_UNDECIDED, SVMS_LOGIN_SUCCEEDED };
    svms_login_outcome outcome = outcomes[draw(at, COUNT_OF(outcomes))];
    if (!attempt->is_open)
        return;
    assert_int_equal(svms_login_limiter_tell(limiter, &attempt->attempt, outcome, NULL), SVMS_OK);
    expect_told(at, attempt, outcome);
    attempt->is_open = false;
    uint32_t lock_after = at->limits.lock_after;
    bool is_due = outcome == SVMS_LOGIN_FAILED && lock_after > 0 &&
                  at->names[attempt->name].count >= lock_after;
    assert_int_equal(attempt->attempt.is_lock_due, is_due);
}

static void unlock(model *at, svms_login_limiter *limiter)
{
    static const char *const names[NAMES] = { "anna", "bob", "carl" };
    unsigned name = draw(at, NAMES);
    assert_int_equal(svms_login_limiter_unlock(limiter, names[name], NULL), SVMS_OK);
    reset(&at->names[name]);
    for (unsigned i = 0; i < ADDRESSES; i++) {
        tally *pair = &at->pairs[name * ADDRESSES + i];
        if (pair->is_known)
            reset(pair);
    }
}

static void choose_limits(model *at)
{
    svms_login_limits limits = SVMS_LOGIN_LIMITS_INIT;
    limits.capacity = 16;
    limits.free_tries = 1 + draw(at, 4);
    limits.tries_of_address = draw(at, 3) * 4;
    limits.first_wait_s = 1 + draw(at, 5);
    limits.longest_wait_s = limits.first_wait_s + draw(at, 300);
    limits.forgive_name_s = 60 + draw(at, 200);
    limits.forgive_address_s = 60 + draw(at, 100);
    limits.lock_after = draw(at, 3) == 0 ? 2 + draw(at, 8) : 0;
    at->limits = limits;
}

static void the_limiter_does_what_the_model_does(void **state)
{
    login_stage *stage = *state;
    uint64_t allowed = 0;
    for (uint64_t run = 0; run < RUNS; run++) {
        model at = { .seed = run };
        svms_login_limiter *limiter = NULL;
        choose_limits(&at);
        assert_int_equal(svms_login_limiter_new(&limiter, stage->ctx, &at.limits, NULL), SVMS_OK);
        for (unsigned step = 0; step < STEPS; step++) {
            uint32_t what = draw(&at, 100);
            if (what < 40)
                ask(&at, limiter);
            else if (what < 75)
                tell(&at, limiter);
            else if (what < 98)
                pass(&at, stage, draw(&at, 3) == 0 ? draw(&at, 200) : draw(&at, 4));
            else
                unlock(&at, limiter);
        }
        for (size_t i = 0; i < OPEN; i++)
            allowed += at.attempts[i].is_open;
        svms_login_limiter_free(&limiter);
    }
    /* It was not about refusals alone. */
    assert_true(allowed > RUNS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_limiter_does_what_the_model_does, stage_set_up,
                                        stage_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
