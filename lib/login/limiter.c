/* SPDX-License-Identifier: Apache-2.0 */
/* Who may try to log in now. */
#include <string.h>

#include <svms/session.h>

#include "address.h"
#include "failure.h"
#include "failure_table.h"
#include "login_name.h"
#include "options.h"
#include "platform.h"
#include "steady_clock.h"

#define CAPACITY_LEAST 16u
#define CAPACITY_MOST 1048576u
#define FREE_TRIES_MOST 100u
#define TRIES_OF_ADDRESS_MOST 10000u
#define FIRST_WAIT_MOST 3600u
#define LONGEST_WAIT_MOST 86400u
#define FORGIVE_LEAST 60u
#define FORGIVE_MOST 604800u
#define LOCK_AFTER_MOST 1000u
#define ADDRESS_SIZE 16
#define NETWORK_SIZE 8 /* of a /64 */

struct svms_login_limiter {
    svms_ctx *ctx;
    svms_login_limits limits;
    svms_platform_latch latch;
    svms_failure_table names;
    svms_failure_table addresses; /* without memory where addresses are not limited */
    svms_failure_table pairs; /* of a name and an address from which it logged in; without memory
                                 where a lock is wanted */
    uint64_t latest_ns;
    uint8_t secret[SVMS_NAME_SECRET_SIZE];
};

/* What svms_login_attempt.place holds. */
typedef struct attempt_place {
    uint8_t name[SVMS_NAME_KEY_SIZE];
    uint8_t address[SVMS_NAME_KEY_SIZE];
    uint8_t pair[SVMS_NAME_KEY_SIZE];
    uint64_t number;         /* of the count of the name or the pair */
    uint64_t address_number; /* of the count of the address; 0: it was not counted */
    uint64_t asked_ns;
    uint16_t has_address;
    uint16_t is_familiar; /* the pair was counted, and not the name */
    uint32_t is_open;     /* it may be made, and has not been told */
} attempt_place;

_Static_assert(sizeof(attempt_place) == sizeof(((svms_login_attempt *)NULL)->place),
               "the limiter's own part of an attempt");

const char *svms_login_limit_name(svms_login_limit limit)
{
    switch (limit) {
    case SVMS_LOGIN_REFUSED:
        return "refused";
    case SVMS_LOGIN_MAY:
        return "may";
    case SVMS_LOGIN_NAME_WAITS:
        return "name waits";
    case SVMS_LOGIN_ADDRESS_WAITS:
        return "address waits";
    case SVMS_LOGIN_LOCK_DUE:
        return "lock due";
    case SVMS_LOGIN_BUSY:
        return "busy";
    }
    return "none of these";
}

static bool is_in(uint32_t value, uint32_t least, uint32_t most)
{
    return value >= least && value <= most;
}

static svms_status check_limits(const svms_login_limits *limits, svms_error *err)
{
    const struct {
        const char *name;
        bool is_right;
    } rules[] = {
        { "capacity", is_in(limits->capacity, CAPACITY_LEAST, CAPACITY_MOST) },
        { "free_tries", is_in(limits->free_tries, 1, FREE_TRIES_MOST) },
        { "tries_of_address", limits->tries_of_address <= TRIES_OF_ADDRESS_MOST },
        { "first_wait_s", is_in(limits->first_wait_s, 1, FIRST_WAIT_MOST) },
        { "longest_wait_s",
          is_in(limits->longest_wait_s, limits->first_wait_s, LONGEST_WAIT_MOST) },
        { "forgive_name_s", is_in(limits->forgive_name_s, FORGIVE_LEAST, FORGIVE_MOST) },
        { "forgive_address_s", is_in(limits->forgive_address_s, FORGIVE_LEAST, FORGIVE_MOST) },
        { "lock_after", limits->lock_after <= LOCK_AFTER_MOST },
        { "reserved", limits->reserved == 0 },
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (!rules[i].is_right) {
            return svms_fail(err, SVMS_E_USAGE, "the limits of logins: %s is out of range",
                             rules[i].name);
        }
    }
    return SVMS_OK;
}

/* Failures beyond those that lead to the longest wait do not stay counted: they would only have to
 * be forgiven. */
static uint32_t most_failures(const svms_login_limits *limits, uint32_t free_tries)
{
    uint32_t most = free_tries;
    for (uint64_t wait_s = limits->first_wait_s; wait_s < limits->longest_wait_s; wait_s *= 2) {
        most++;
    }
    return most;
}

static svms_failure_rule rule_of(const svms_login_limits *limits, uint32_t free_tries,
                                 uint32_t forgive_s)
{
    return (svms_failure_rule){ .free_tries = free_tries,
                                .most = most_failures(limits, free_tries),
                                .first_wait_ns = limits->first_wait_s * SVMS_NS_OF_SECOND,
                                .longest_wait_ns = limits->longest_wait_s * SVMS_NS_OF_SECOND,
                                .forgive_ns = forgive_s * SVMS_NS_OF_SECOND };
}

static svms_status init_tables(svms_login_limiter *limiter, svms_error *err)
{
    const svms_login_limits *limits = &limiter->limits;
    svms_failure_rule of_name = rule_of(limits, limits->free_tries, limits->forgive_name_s);
    svms_failure_rule of_address =
        rule_of(limits, limits->tries_of_address, limits->forgive_address_s);
    svms_failure_rule of_pair = of_name;
    if (of_name.most < limits->lock_after) {
        of_name.most = limits->lock_after;
    }
    svms_status status =
        svms_failure_table_init(&limiter->names, limiter->ctx, limits->capacity, &of_name, err);
    if (status == SVMS_OK && limits->tries_of_address > 0) {
        status = svms_failure_table_init(&limiter->addresses, limiter->ctx, limits->capacity,
                                         &of_address, err);
    }
    if (status == SVMS_OK && limits->lock_after == 0) {
        status =
            svms_failure_table_init(&limiter->pairs, limiter->ctx, limits->capacity, &of_pair, err);
    }
    return status;
}

svms_status svms_login_limiter_new(svms_login_limiter **out, svms_ctx *ctx,
                                   const svms_login_limits *limits, svms_error *err)
{
    svms_login_limits known = SVMS_LOGIN_LIMITS_INIT;
    if (!out || !ctx) {
        return svms_fail(err, SVMS_E_USAGE, "a limiter needs a context and a place to go");
    }
    svms_status status =
        svms_options_read(&known, sizeof known, limits, "the limits of logins", err);
    if (status == SVMS_OK) {
        status = check_limits(&known, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_login_limiter *limiter = svms_alloc(ctx, sizeof *limiter);
    if (!limiter) {
        return svms_fail_memory(err);
    }
    limiter->ctx = ctx;
    limiter->limits = known;
    if (svms_platform_latch_init(&limiter->latch) != 0) {
        svms_release(ctx, limiter);
        return svms_fail_memory(err);
    }
    status = svms_random(ctx, limiter->secret, sizeof limiter->secret, err);
    if (status == SVMS_OK) {
        status = init_tables(limiter, err);
    }
    if (status != SVMS_OK) {
        svms_login_limiter_free(&limiter);
        return status;
    }
    *out = limiter;
    return SVMS_OK;
}

void svms_login_limiter_free(svms_login_limiter **limiter)
{
    if (!limiter || !*limiter) {
        return;
    }
    svms_platform_latch_destroy(&(*limiter)->latch);
    svms_failure_table_clear(&(*limiter)->names);
    svms_failure_table_clear(&(*limiter)->addresses);
    svms_failure_table_clear(&(*limiter)->pairs);
    svms_release_secret((*limiter)->ctx, *limiter, sizeof **limiter);
    *limiter = NULL;
}

/* What an address counts as: itself, or its /64 (L-LIM-1). */
static svms_status read_address(const char *address, uint8_t out[ADDRESS_SIZE], svms_error *err)
{
    static const uint8_t ipv4[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF };
    if (!svms_address_parse(out, address)) {
        return svms_fail(err, SVMS_E_USAGE, "the address from which somebody logs in is none");
    }
    if (memcmp(out, ipv4, sizeof ipv4) != 0) {
        memset(out + NETWORK_SIZE, 0, ADDRESS_SIZE - NETWORK_SIZE);
    }
    return SVMS_OK;
}

static svms_status fill_keys(svms_login_limiter *limiter, const char *name, const char *address,
                             attempt_place *place, svms_error *err)
{
    uint8_t network[ADDRESS_SIZE];
    svms_status status = svms_login_name_check(name, err);
    if (status == SVMS_OK) {
        status = svms_name_key(limiter->ctx, limiter->secret, SVMS_PLACE_NAME, name, NULL, 0,
                               place->name, err);
    }
    if (status != SVMS_OK || !address) {
        return status;
    }
    place->has_address = 1;
    status = read_address(address, network, err);
    if (status == SVMS_OK) {
        status = svms_name_key(limiter->ctx, limiter->secret, SVMS_PLACE_ADDRESS, NULL, network,
                               sizeof network, place->address, err);
    }
    if (status == SVMS_OK) {
        status = svms_name_key(limiter->ctx, limiter->secret, SVMS_PLACE_PAIR, name, network,
                               sizeof network, place->pair, err);
    }
    return status;
}

/* Where failures of an attempt are counted: at the name, or at the name in this place. */
static svms_failure_table *counted_in(svms_login_limiter *limiter, const attempt_place *place,
                                      const uint8_t **key)
{
    *key = place->is_familiar ? place->pair : place->name;
    return place->is_familiar ? &limiter->pairs : &limiter->names;
}

static bool limits_address(const svms_login_limiter *limiter, const attempt_place *place)
{
    return place->has_address && limiter->limits.tries_of_address > 0;
}

/* Whether a lock is due for the name. Attempts under way count: they must not be more than it takes
 * to lock. */
static bool is_lock_due(svms_login_limiter *limiter, const attempt_place *place, uint64_t now_ns)
{
    return limiter->limits.lock_after > 0 &&
           svms_failure_count(&limiter->names, place->name, now_ns) >= limiter->limits.lock_after;
}

/* Sets *wait_ns unless it may be made. */
static svms_login_limit decide(svms_login_limiter *limiter, const attempt_place *place,
                               uint64_t *wait_ns, uint64_t now_ns)
{
    const uint8_t *key = NULL;
    svms_failure_table *table = counted_in(limiter, place, &key);
    bool of_address = limits_address(limiter, place);
    if (is_lock_due(limiter, place, now_ns)) {
        *wait_ns = svms_failure_forgiven_in(&limiter->names, place->name, now_ns);
        return SVMS_LOGIN_LOCK_DUE;
    }
    uint64_t for_name_ns = svms_failure_wait(table, key, now_ns);
    uint64_t for_address_ns =
        of_address ? svms_failure_wait(&limiter->addresses, place->address, now_ns) : 0;
    if (for_name_ns > 0 || for_address_ns > 0) {
        *wait_ns = for_name_ns > for_address_ns ? for_name_ns : for_address_ns;
        return for_name_ns >= for_address_ns ? SVMS_LOGIN_NAME_WAITS : SVMS_LOGIN_ADDRESS_WAITS;
    }
    /* Who has logged in from here before is let in where a flood leaves no room for the address. */
    if (!svms_failure_has_room(table, key, now_ns) ||
        (of_address && !place->is_familiar &&
         !svms_failure_has_room(&limiter->addresses, place->address, now_ns))) {
        *wait_ns = SVMS_NS_OF_SECOND;
        return SVMS_LOGIN_BUSY;
    }
    return SVMS_LOGIN_MAY;
}

/* With the lock held: decides, and counts in the same breath. */
static svms_login_limit reserve(svms_login_limiter *limiter, attempt_place *place, uint32_t *wait_s)
{
    uint64_t now_ns = svms_steady_now(limiter->ctx, &limiter->latest_ns);
    uint64_t wait_ns = 0;
    const uint8_t *key = NULL;
    place->asked_ns = now_ns;
    place->is_familiar = place->has_address && limiter->limits.lock_after == 0 &&
                         svms_failure_is_known(&limiter->pairs, place->pair);
    svms_login_limit limit = decide(limiter, place, &wait_ns, now_ns);
    if (limit != SVMS_LOGIN_MAY) {
        *wait_s = svms_ceil_seconds(wait_ns);
        return limit;
    }
    svms_failure_table *table = counted_in(limiter, place, &key);
    place->number = svms_failure_add(table, key, now_ns);
    if (limits_address(limiter, place)) {
        place->address_number = svms_failure_add(&limiter->addresses, place->address, now_ns);
    }
    place->is_open = 1;
    return SVMS_LOGIN_MAY;
}

static svms_status refuse(const svms_login_attempt *attempt, svms_error *err)
{
    const char *why =
        attempt->limit == SVMS_LOGIN_NAME_WAITS      ? "too many failures of this name"
        : attempt->limit == SVMS_LOGIN_ADDRESS_WAITS ? "too many failures from this address"
        : attempt->limit == SVMS_LOGIN_LOCK_DUE      ? "failures of this name make a lock due"
                                                     : "failures of too many names or addresses";
    return svms_fail(err, SVMS_E_POLICY, "no attempt to log in for %u s: %s",
                     (unsigned)attempt->wait_s, why);
}

svms_status svms_login_limiter_ask(svms_login_limiter *limiter, const char *name,
                                   const char *address, svms_login_attempt *attempt,
                                   svms_error *err)
{
    svms_login_attempt answer = SVMS_LOGIN_ATTEMPT_INIT;
    attempt_place place = { .is_open = 0 };
    if (!limiter || !name || !attempt) {
        return svms_fail(err, SVMS_E_USAGE, "an attempt needs a limiter, a name and a place to go");
    }
    svms_status status = svms_result_write(attempt, &answer, sizeof answer, "the attempt", err);
    if (status == SVMS_OK && attempt->struct_size < sizeof answer) {
        status = svms_fail(err, SVMS_E_USAGE, "the attempt is too small");
    }
    if (status == SVMS_OK) {
        status = fill_keys(limiter, name, address, &place, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_platform_lock(&limiter->latch);
    attempt->limit = reserve(limiter, &place, &attempt->wait_s);
    svms_platform_unlock(&limiter->latch);
    memcpy(attempt->place, &place, sizeof place);
    return attempt->limit == SVMS_LOGIN_MAY ? SVMS_OK : refuse(attempt, err);
}

static void fail_attempt(svms_login_limiter *limiter, const attempt_place *place, uint64_t now_ns)
{
    const uint8_t *key = NULL;
    svms_failure_table *table = counted_in(limiter, place, &key);
    svms_failure_confirm(table, key, place->number, now_ns);
    if (place->address_number != 0) {
        svms_failure_confirm(&limiter->addresses, place->address, place->address_number, now_ns);
    }
}

static void take_back_address(svms_login_limiter *limiter, const attempt_place *place,
                              uint64_t now_ns)
{
    if (place->address_number != 0) {
        svms_failure_take_back(&limiter->addresses, place->address, place->address_number,
                               place->asked_ns, now_ns);
    }
}

/* Of the address only this attempt is taken back: who has one account of his own must not be able
 * to try all others (L-LIM-3). */
static void succeed(svms_login_limiter *limiter, const attempt_place *place, uint64_t now_ns)
{
    take_back_address(limiter, place, now_ns);
    if (!place->is_familiar) {
        svms_failure_forget(&limiter->names, place->name, now_ns);
    }
    if (place->has_address && limiter->limits.lock_after == 0) {
        svms_failure_welcome(&limiter->pairs, place->pair, place->name, now_ns);
    }
}

static void take_back(svms_login_limiter *limiter, const attempt_place *place, uint64_t now_ns)
{
    const uint8_t *key = NULL;
    svms_failure_table *table = counted_in(limiter, place, &key);
    svms_failure_take_back(table, key, place->number, place->asked_ns, now_ns);
    take_back_address(limiter, place, now_ns);
}

svms_status svms_login_limiter_tell(svms_login_limiter *limiter, svms_login_attempt *attempt,
                                    svms_login_outcome outcome, svms_error *err)
{
    attempt_place place;
    if (!limiter || !attempt || attempt->struct_size < sizeof *attempt ||
        (unsigned)outcome > SVMS_LOGIN_UNDECIDED) {
        return svms_fail(err, SVMS_E_USAGE, "a limiter is told of an attempt and how it ended");
    }
    memcpy(&place, attempt->place, sizeof place);
    if (!place.is_open) {
        return svms_fail(err, SVMS_E_STATE,
                         "the attempt was not allowed, or has been told already");
    }
    svms_platform_lock(&limiter->latch);
    uint64_t now_ns = svms_steady_now(limiter->ctx, &limiter->latest_ns);
    if (outcome == SVMS_LOGIN_FAILED) {
        fail_attempt(limiter, &place, now_ns);
        attempt->is_lock_due = is_lock_due(limiter, &place, now_ns);
    } else if (outcome == SVMS_LOGIN_SUCCEEDED) {
        succeed(limiter, &place, now_ns);
    } else {
        take_back(limiter, &place, now_ns);
    }
    svms_platform_unlock(&limiter->latch);
    memset(attempt->place, 0, sizeof attempt->place);
    return SVMS_OK;
}

svms_status svms_login_limiter_unlock(svms_login_limiter *limiter, const char *name,
                                      svms_error *err)
{
    attempt_place place = { .is_open = 0 };
    if (!limiter || !name) {
        return svms_fail(err, SVMS_E_USAGE, "to unlock takes a limiter and a name");
    }
    svms_status status = fill_keys(limiter, name, NULL, &place, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_platform_lock(&limiter->latch);
    uint64_t now_ns = svms_steady_now(limiter->ctx, &limiter->latest_ns);
    svms_failure_forget(&limiter->names, place.name, now_ns);
    svms_failure_forget_owned(&limiter->pairs, place.name, now_ns);
    svms_platform_unlock(&limiter->latch);
    return SVMS_OK;
}
