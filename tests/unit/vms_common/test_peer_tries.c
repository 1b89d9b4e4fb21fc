/* SPDX-License-Identifier: Apache-2.0 */
/* How vain tries are counted, and that counting takes bounded memory. */
#include "cmocka_all.h"

#include <string.h>

#include "peer_tries.h"

static void tries_are_counted_for_each_key(void **state)
{
    static peer_tries tries;
    (void)state;
    memset(&tries, 0, sizeof tries);
    for (uint32_t i = 1; i <= 20; i++) {
        assert_int_equal(peer_tries_add(&tries, "one", 3, i), i);
        assert_int_equal(peer_tries_add(&tries, "two", 3, i), i);
    }
}

static void a_quiet_minute_is_forgotten(void **state)
{
    static peer_tries tries;
    (void)state;
    memset(&tries, 0, sizeof tries);
    assert_int_equal(peer_tries_add(&tries, "one", 3, 0), 1);
    assert_int_equal(peer_tries_add(&tries, "two", 3, 1), 1);
    peer_tries_forget(&tries, PEER_TRIES_FORGOTTEN_MS);
    assert_int_equal(peer_tries_add(&tries, "one", 3, PEER_TRIES_FORGOTTEN_MS), 2);
    peer_tries_forget(&tries, PEER_TRIES_FORGOTTEN_MS + 2);
    assert_int_equal(peer_tries_add(&tries, "two", 3, PEER_TRIES_FORGOTTEN_MS + 2), 1);
    assert_int_equal(peer_tries_add(&tries, "one", 3, PEER_TRIES_FORGOTTEN_MS + 2), 3);
}

static void the_one_that_was_quiet_longest_gives_way(void **state)
{
    static peer_tries tries;
    uint32_t key = 0;
    (void)state;
    memset(&tries, 0, sizeof tries);
    for (key = 1; key <= PEER_TRIES_ENTRIES; key++) {
        assert_int_equal(peer_tries_add(&tries, &key, sizeof key, key), 1);
    }
    key = 1;
    assert_int_equal(peer_tries_add(&tries, &key, sizeof key, PEER_TRIES_ENTRIES + 1), 2);
    key = PEER_TRIES_ENTRIES + 1;
    assert_int_equal(peer_tries_add(&tries, &key, sizeof key, PEER_TRIES_ENTRIES + 2), 1);
    /* The second was the oldest then; the first is still known. */
    key = 1;
    assert_int_equal(peer_tries_add(&tries, &key, sizeof key, PEER_TRIES_ENTRIES + 3), 3);
    key = 2;
    assert_int_equal(peer_tries_add(&tries, &key, sizeof key, PEER_TRIES_ENTRIES + 4), 1);
}

static void the_wait_grows_and_ends(void **state)
{
    uint32_t before = 0;
    (void)state;
    for (uint32_t count = 1; count < 100; count++) {
        uint32_t delay = peer_tries_delay_ms(count);
        assert_true(delay >= before && delay <= PEER_TRIES_DELAY_MAX_MS);
        before = delay;
    }
    assert_int_equal(peer_tries_delay_ms(1), PEER_TRIES_DELAY_MS);
    assert_int_equal(peer_tries_delay_ms(UINT32_MAX), PEER_TRIES_DELAY_MAX_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tries_are_counted_for_each_key),
        cmocka_unit_test(a_quiet_minute_is_forgotten),
        cmocka_unit_test(the_one_that_was_quiet_longest_gives_way),
        cmocka_unit_test(the_wait_grows_and_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
