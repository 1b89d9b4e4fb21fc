/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "web_lockout.h"

static const uint8_t here[16] = { 192, 0, 2, 1 };
static const uint8_t there[16] = { 192, 0, 2, 2 };

static web_lockout *open_lockout(void)
{
    web_lockout *lockout = web_lockout_new(&(web_lockout_options){ 0 });
    assert_non_null(lockout);
    return lockout;
}

static void five_failures_in_half_a_minute_close_a_login_for_five(void **state)
{
    web_lockout *lockout = open_lockout();
    (void)state;
    for (uint64_t i = 0; i < 4; i++) {
        assert_int_equal(web_lockout_fail(lockout, "ann", here, i * 7500), WEB_LOCKOUT_OPEN);
    }
    assert_int_equal(web_lockout_ask(lockout, "ann", here, 29999), WEB_LOCKOUT_OPEN);
    assert_int_equal(web_lockout_fail(lockout, "ann", here, 30000), WEB_LOCKOUT_CLOSES);
    assert_int_equal(web_lockout_ask(lockout, "ann", here, 30000), WEB_LOCKOUT_CLOSED);
    /* Neither another name from here nor this one from elsewhere. */
    assert_int_equal(web_lockout_ask(lockout, "bob", here, 30000), WEB_LOCKOUT_OPEN);
    assert_int_equal(web_lockout_ask(lockout, "ann", there, 30000), WEB_LOCKOUT_OPEN);
    assert_int_equal(web_lockout_fail(lockout, "ann", here, 100000), WEB_LOCKOUT_CLOSED);
    assert_int_equal(web_lockout_ask(lockout, "ann", here, 329999), WEB_LOCKOUT_CLOSED);
    assert_int_equal(web_lockout_ask(lockout, "ann", here, 330000), WEB_LOCKOUT_OPEN);
    /* And it begins anew. */
    assert_int_equal(web_lockout_fail(lockout, "ann", here, 330000), WEB_LOCKOUT_OPEN);
    web_lockout_free(&lockout);
    assert_null(lockout);
}

static void failures_that_are_far_apart_close_nothing(void **state)
{
    web_lockout *lockout = open_lockout();
    (void)state;
    for (uint64_t i = 0; i < 100; i++) {
        assert_int_equal(web_lockout_fail(lockout, "ann", here, i * 7501), WEB_LOCKOUT_OPEN);
    }
    web_lockout_free(&lockout);
}

static void a_good_try_forgets_those_of_the_name(void **state)
{
    web_lockout *lockout = open_lockout();
    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(web_lockout_fail(lockout, "ann", here, 0), WEB_LOCKOUT_OPEN);
    }
    web_lockout_succeed(lockout, "ann", here);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(web_lockout_fail(lockout, "ann", here, 1), WEB_LOCKOUT_OPEN);
    }
    web_lockout_free(&lockout);
}

static void an_address_that_tries_many_names_is_closed(void **state)
{
    web_lockout *lockout = open_lockout();
    char name[32];
    (void)state;
    for (int i = 0; i < 50; i++) {
        (void)snprintf(name, sizeof name, "name %d", i);
        assert_int_equal(web_lockout_fail(lockout, name, here, 0),
                         i < 49 ? WEB_LOCKOUT_OPEN : WEB_LOCKOUT_CLOSES);
    }
    assert_int_equal(web_lockout_ask(lockout, "ann", here, 1), WEB_LOCKOUT_CLOSED);
    assert_int_equal(web_lockout_ask(lockout, "ann", there, 1), WEB_LOCKOUT_OPEN);
    web_lockout_free(&lockout);
}

static void what_is_closed_stays_so_whoever_else_tries(void **state)
{
    web_lockout *lockout = open_lockout();
    (void)state;
    for (int i = 0; i < 5; i++) {
        (void)web_lockout_fail(lockout, "ann", here, 0);
    }
    for (uint32_t i = 0; i < 10000; i++) {
        char name[32];
        uint8_t peer[16] = { 10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i };
        (void)snprintf(name, sizeof name, "name %u", (unsigned)i);
        assert_int_equal(web_lockout_fail(lockout, name, peer, 1), WEB_LOCKOUT_OPEN);
    }
    assert_int_equal(web_lockout_ask(lockout, "ann", here, 2), WEB_LOCKOUT_CLOSED);
    web_lockout_free(&lockout);
}

static void long_names_count_as_well(void **state)
{
    web_lockout *lockout = open_lockout();
    char name[2000];
    (void)state;
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    for (int i = 0; i < 5; i++) {
        (void)web_lockout_fail(lockout, name, here, 0);
    }
    assert_int_equal(web_lockout_ask(lockout, name, here, 1), WEB_LOCKOUT_CLOSED);
    assert_null(web_lockout_new(&(web_lockout_options){ .failures = 17 }));
    web_lockout_free(&lockout);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_failures_in_half_a_minute_close_a_login_for_five),
        cmocka_unit_test(failures_that_are_far_apart_close_nothing),
        cmocka_unit_test(a_good_try_forgets_those_of_the_name),
        cmocka_unit_test(an_address_that_tries_many_names_is_closed),
        cmocka_unit_test(what_is_closed_stays_so_whoever_else_tries),
        cmocka_unit_test(long_names_count_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
