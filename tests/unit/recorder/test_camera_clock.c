/* SPDX-License-Identifier: Apache-2.0 */
/* When a camera's clock is told to be off. */
#include "cmocka_all.h"

#include <camera_clock.h>

#define SECOND INT64_C(1000000000)

typedef struct moment {
    int64_t ahead_ns;
    camera_clock_news news;
} moment;

/* One moment each second. */
static void expect(const moment *moments, size_t count)
{
    camera_clock clock = { 0 };
    for (size_t i = 0; i < count; i++) {
        camera_clock_news news = camera_clock_look(&clock, moments[i].ahead_ns, (i + 1) * SECOND);
        if (news != moments[i].news) {
            fail_msg("moment %zu: %d", i, (int)news);
        }
    }
}

static void a_clock_that_is_a_little_off_is_right(void **state)
{
    (void)state;
    static const moment calm[] = { { 0, CAMERA_CLOCK_NOTHING },
                                   { -300000000, CAMERA_CLOCK_NOTHING },
                                   { 2 * SECOND, CAMERA_CLOCK_NOTHING },
                                   { -2 * SECOND, CAMERA_CLOCK_NOTHING },
                                   { 2 * SECOND, CAMERA_CLOCK_NOTHING } };
    expect(calm, sizeof calm / sizeof calm[0]);
}

static void one_that_stays_off_is_told_once_until_it_is_right(void **state)
{
    (void)state;
    static const moment story[] = { { 0, CAMERA_CLOCK_NOTHING },
                                    { 9 * SECOND, CAMERA_CLOCK_NOTHING },
                                    { 9 * SECOND, CAMERA_CLOCK_NOTHING },
                                    { 9 * SECOND, CAMERA_CLOCK_IS_OFF },
                                    { 9 * SECOND, CAMERA_CLOCK_NOTHING },
                                    { 10 * SECOND, CAMERA_CLOCK_NOTHING },
                                    { 10 * SECOND, CAMERA_CLOCK_NOTHING },
                                    { 0, CAMERA_CLOCK_NOTHING },
                                    { 0, CAMERA_CLOCK_NOTHING },
                                    { 0, CAMERA_CLOCK_IS_RIGHT },
                                    { 0, CAMERA_CLOCK_NOTHING } };
    expect(story, sizeof story / sizeof story[0]);
}

static void one_that_is_off_otherwise_is_told_again(void **state)
{
    (void)state;
    static const moment story[] = {
        { 9 * SECOND, CAMERA_CLOCK_NOTHING },  { 9 * SECOND, CAMERA_CLOCK_NOTHING },
        { 9 * SECOND, CAMERA_CLOCK_IS_OFF },   { -9 * SECOND, CAMERA_CLOCK_NOTHING },
        { -9 * SECOND, CAMERA_CLOCK_NOTHING }, { -9 * SECOND, CAMERA_CLOCK_IS_OFF }
    };
    expect(story, sizeof story / sizeof story[0]);
}

/* A network that stood still for a while. */
static void a_burst_is_no_clock(void **state)
{
    (void)state;
    static const moment story[] = {
        { 0, CAMERA_CLOCK_NOTHING },           { -5 * SECOND, CAMERA_CLOCK_NOTHING },
        { 0, CAMERA_CLOCK_NOTHING },           { -5 * SECOND, CAMERA_CLOCK_NOTHING },
        { -5 * SECOND, CAMERA_CLOCK_NOTHING }, { 0, CAMERA_CLOCK_NOTHING }
    };
    expect(story, sizeof story / sizeof story[0]);
}

static void no_difference_is_too_large(void **state)
{
    (void)state;
    static const moment story[] = {
        { INT64_MAX, CAMERA_CLOCK_NOTHING }, { INT64_MAX, CAMERA_CLOCK_NOTHING },
        { INT64_MAX, CAMERA_CLOCK_IS_OFF },  { INT64_MIN, CAMERA_CLOCK_NOTHING },
        { INT64_MIN, CAMERA_CLOCK_NOTHING }, { INT64_MIN, CAMERA_CLOCK_IS_OFF }
    };
    expect(story, sizeof story / sizeof story[0]);
}

static void how_far_is_said_in_tenths(void **state)
{
    (void)state;
    char text[CAMERA_CLOCK_TEXT];
    camera_clock_write(text, 3 * SECOND + 290000000);
    assert_string_equal(text, "3.2 s ahead");
    camera_clock_write(text, -12 * SECOND);
    assert_string_equal(text, "12.0 s behind");
    camera_clock_write(text, INT64_MIN);
    assert_string_equal(text, "9223372036.8 s behind");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_that_is_a_little_off_is_right),
        cmocka_unit_test(one_that_stays_off_is_told_once_until_it_is_right),
        cmocka_unit_test(one_that_is_off_otherwise_is_told_again),
        cmocka_unit_test(a_burst_is_no_clock),
        cmocka_unit_test(no_difference_is_too_large),
        cmocka_unit_test(how_far_is_said_in_tenths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
