/* SPDX-License-Identifier: Apache-2.0 */
/* Signed times, and clocks that are set (CS-SGN-7). */
#include "../base/cmocka_all.h"

#include <string.h>

#include "camera_desk.h"

#define SECOND INT64_C(1000000000)
#define DAY (86400 * SECOND)

/* 100 ns steps since 1601. */
static uint64_t steps(int64_t utc_ns)
{
    return (uint64_t)(utc_ns / 100) + UINT64_C(116444736000000000);
}

static void feed_at(desk *d, const char *units, int64_t utc_ns)
{
    d->now = utc_ns;
    desk_feed(d, units, NULL);
}

static void end_at(desk *d, int64_t utc_ns)
{
    d->now = utc_ns;
    desk_end(d, NULL);
}

static void expect(const desk *d, size_t gop, int64_t from, int64_t to, bool is_partial)
{
    const signed_sei *sei = signed_stream_gop(d->seen, gop);
    assert_int_equal(sei->start, steps(from));
    assert_int_equal(sei->end, steps(to));
    assert_int_equal(sei->is_partial, is_partial);
}

static void times_are_rounded_down_and_each_end_is_the_next_start(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256", NULL);
    desk_start(&d);
    feed_at(&d, "I", DESK_START + 199);
    feed_at(&d, "P", DESK_START + 5000);
    feed_at(&d, "I", DESK_START + SECOND + 99);
    feed_at(&d, "P", DESK_START + 2 * SECOND);
    end_at(&d, DESK_START + 3 * SECOND + 100);
    expect(&d, 0, DESK_START + 100, DESK_START + SECOND, false);
    expect(&d, 1, DESK_START + SECOND, DESK_START + 3 * SECOND + 100, false);
    assert_int_equal(desk_check(&d).gops, 2);
    desk_close(&d);
}

static void the_first_and_the_last_time_that_there_is_are_written(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256", NULL);
    desk_start(&d);
    feed_at(&d, "I", 0);
    end_at(&d, 0);
    assert_int_equal(signed_stream_gop(d.seen, 0)->start, UINT64_C(116444736000000000));
    desk_stop(&d);
    desk_start(&d);
    feed_at(&d, "I", INT64_MAX);
    end_at(&d, INT64_MAX);
    expect(&d, 0, INT64_MAX, INT64_MAX, false);
    desk_close(&d);
}

static void a_clock_that_is_set_back_ends_the_part(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256", NULL);
    desk_start(&d);
    feed_at(&d, "I", DESK_START);
    feed_at(&d, "P", DESK_START + SECOND);
    feed_at(&d, "P", DESK_START - 3600 * SECOND);
    feed_at(&d, "I", DESK_START - 3599 * SECOND);
    feed_at(&d, "I", DESK_START - 7200 * SECOND);
    end_at(&d, DESK_START - 8000 * SECOND);
    expect(&d, 0, DESK_START, DESK_START + SECOND, true);
    expect(&d, 1, DESK_START - 3600 * SECOND, DESK_START - 3599 * SECOND, false);
    expect(&d, 2, DESK_START - 3599 * SECOND, DESK_START - 3599 * SECOND, false);
    expect(&d, 3, DESK_START - 7200 * SECOND, DESK_START - 7200 * SECOND, false);
    assert_int_equal(desk_check(&d).gops, 4);
    desk_close(&d);
}

static void two_gops_begin_in_the_access_unit_in_which_the_clock_was_set(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256", NULL);
    desk_start(&d);
    feed_at(&d, "I", DESK_START);
    feed_at(&d, "II", DESK_START - 10 * SECOND);
    end_at(&d, DESK_START - 9 * SECOND);
    expect(&d, 0, DESK_START, DESK_START, false);
    expect(&d, 1, DESK_START - 10 * SECOND, DESK_START - 10 * SECOND, false);
    expect(&d, 2, DESK_START - 10 * SECOND, DESK_START - 9 * SECOND, false);
    assert_int_equal(desk_check(&d).gops, 3);
    desk_close(&d);
}

static void a_picture_that_is_a_little_early_is_none_of_that(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256", NULL);
    desk_start(&d);
    feed_at(&d, "I", DESK_START + SECOND);
    feed_at(&d, "P", DESK_START + 1);
    feed_at(&d, "I", DESK_START + 500);
    end_at(&d, DESK_START + 600);
    expect(&d, 0, DESK_START + SECOND, DESK_START + SECOND, false);
    expect(&d, 1, DESK_START + SECOND, DESK_START + SECOND, false);
    assert_int_equal(desk_check(&d).gops, 2);
    desk_stop(&d);

    /* A whole second is. */
    desk_start(&d);
    feed_at(&d, "I", DESK_START + SECOND);
    feed_at(&d, "P", DESK_START);
    end_at(&d, DESK_START);
    expect(&d, 0, DESK_START + SECOND, DESK_START + SECOND, true);
    expect(&d, 1, DESK_START, DESK_START, false);
    desk_close(&d);
}

/* A camera that starts in 1970 until it hears of the time. */
static void a_clock_that_is_set_forward_ends_the_part(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256", NULL);
    d.options.part_ms = 3600000;
    desk_start(&d);
    feed_at(&d, "I", 5 * SECOND);
    feed_at(&d, "P", 6 * SECOND);
    feed_at(&d, "P", DESK_START);
    feed_at(&d, "I", DESK_START + 2 * DAY);
    feed_at(&d, "P", DESK_START + 3 * DAY - 1);
    end_at(&d, DESK_START + 4 * DAY);
    expect(&d, 0, 5 * SECOND, 6 * SECOND, true);
    expect(&d, 1, DESK_START, DESK_START, false);
    /* Less than a day is a slow camera. */
    expect(&d, 2, DESK_START + 2 * DAY, DESK_START + 3 * DAY - 1, true);
    expect(&d, 3, DESK_START + 3 * DAY - 1, DESK_START + 3 * DAY - 1, false);
    assert_int_equal(desk_check(&d).gops, 4);
    desk_close(&d);
}

static void the_time_of_what_is_no_picture_does_not_count(void **state)
{
    (void)state;
    desk d;
    desk_open(&d, "P-256", NULL);
    desk_start(&d);
    feed_at(&d, "I", DESK_START);
    feed_at(&d, "st", 0);
    feed_at(&d, "p", 0);
    feed_at(&d, "P", DESK_START + SECOND);
    end_at(&d, DESK_START + 2 * SECOND);
    expect(&d, 0, DESK_START, DESK_START + 2 * SECOND, false);
    assert_int_equal(desk_check(&d).gops, 1);
    desk_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_rounded_down_and_each_end_is_the_next_start),
        cmocka_unit_test(the_first_and_the_last_time_that_there_is_are_written),
        cmocka_unit_test(a_clock_that_is_set_back_ends_the_part),
        cmocka_unit_test(two_gops_begin_in_the_access_unit_in_which_the_clock_was_set),
        cmocka_unit_test(a_picture_that_is_a_little_early_is_none_of_that),
        cmocka_unit_test(a_clock_that_is_set_forward_ends_the_part),
        cmocka_unit_test(the_time_of_what_is_no_picture_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
