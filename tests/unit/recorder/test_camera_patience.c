/* SPDX-License-Identifier: Apache-2.0 */
/* When a camera is called again. */
#include "cmocka_all.h"

#include <camera_patience.h>

#define MILLISECOND UINT64_C(1000000)
#define SECOND (1000 * MILLISECOND)

static void pauses_become_longer_and_stay_below_fifteen_seconds(void **state)
{
    (void)state;
    static const uint64_t longest[] = { 200, 1000, 2000, 4000, 8000, 15000, 15000, 15000 };
    for (uint32_t chance = 0; chance < 5000; chance += 37) {
        camera_patience patience = { 0 };
        for (size_t i = 0; i < sizeof longest / sizeof longest[0]; i++) {
            uint64_t pause = camera_patience_next(&patience, 0, false, chance);
            assert_in_range(pause, longest[i] * MILLISECOND * 3 / 4, longest[i] * MILLISECOND);
        }
    }
}

static void chance_parts_cameras_that_were_lost_together(void **state)
{
    (void)state;
    camera_patience one = { 5 };
    camera_patience other = { 5 };
    assert_int_not_equal(camera_patience_next(&one, 0, false, 1),
                         camera_patience_next(&other, 0, false, 900));
}

static void who_was_there_for_a_while_is_called_at_once(void **state)
{
    (void)state;
    camera_patience patience = { 5 };
    assert_int_equal(camera_patience_next(&patience, 10 * SECOND, false, 0), 200 * MILLISECOND);
    assert_int_equal(camera_patience_next(&patience, 0, false, 0), 1 * SECOND);
}

/* Otherwise one that gives a picture and hangs up would be called five times a second. */
static void who_hangs_up_at_once_is_not(void **state)
{
    (void)state;
    camera_patience patience = { 0 };
    uint64_t sum = 0;
    for (int i = 0; i < 10; i++) {
        sum += camera_patience_next(&patience, 9 * SECOND, false, 0);
    }
    assert_true(sum > 60 * SECOND);
}

static void who_is_refused_waits_longer(void **state)
{
    (void)state;
    camera_patience patience = { 0 };
    for (int i = 0; i < 3; i++) {
        assert_int_equal(camera_patience_next(&patience, 0, true, 0), 30 * SECOND);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pauses_become_longer_and_stay_below_fifteen_seconds),
        cmocka_unit_test(chance_parts_cameras_that_were_lost_together),
        cmocka_unit_test(who_was_there_for_a_while_is_called_at_once),
        cmocka_unit_test(who_hangs_up_at_once_is_not),
        cmocka_unit_test(who_is_refused_waits_longer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
