/* SPDX-License-Identifier: Apache-2.0 */
#include "window.h"

#define MINUTES_PER_DAY 1440
#define SECONDS_PER_MINUTE 60
#define SECONDS_PER_DAY INT64_C(86400)
#define DAYS_PER_WEEK 7
#define EPOCH_WEEKDAY 3 /* 1970-01-01 was a Thursday */

/* What the wall clock shows. */
typedef struct wall {
    int weekday; /* 0: Monday */
    int32_t second;
} wall;

static wall wall_of(int64_t local_s)
{
    int64_t days = local_s / SECONDS_PER_DAY - (local_s % SECONDS_PER_DAY < 0);
    wall shown = { (int)(((days + EPOCH_WEEKDAY) % DAYS_PER_WEEK + DAYS_PER_WEEK) % DAYS_PER_WEEK),
                   (int32_t)(local_s - days * SECONDS_PER_DAY) };
    return shown;
}

static bool has_day(const svms_window *window, int weekday)
{
    return ((unsigned)window->days >> ((weekday + DAYS_PER_WEEK) % DAYS_PER_WEEK) & 1u) != 0;
}

/* R-WIN-1 */
static bool is_open(const svms_window *window, const wall *at)
{
    int32_t from = window->from * SECONDS_PER_MINUTE;
    int32_t to = window->to * SECONDS_PER_MINUTE;
    if (from < to) {
        return at->second >= from && at->second < to && has_day(window, at->weekday);
    }
    return (at->second >= from && has_day(window, at->weekday)) ||
           (at->second < to && has_day(window, at->weekday - 1));
}

/* Seconds of the wall clock until the next of its marks: from, to, midnight. */
static int32_t until_mark(const svms_window *window, const wall *at)
{
    const int32_t marks[] = { window->from * SECONDS_PER_MINUTE, window->to * SECONDS_PER_MINUTE,
                              MINUTES_PER_DAY * SECONDS_PER_MINUTE };
    int32_t least = MINUTES_PER_DAY * SECONDS_PER_MINUTE;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (marks[i] > at->second && marks[i] - at->second < least) {
            least = marks[i] - at->second;
        }
    }
    return least;
}

/* From mark to mark, and from jump to jump of the clock, for as long as nothing changes; a week and
 * a day is the longest that a window can stay as it is without staying so for ever. */
svms_window_state svms_window_at(const svms_window *window, int64_t utc_s)
{
    int64_t jump = svms_zone_next_change(window->zone, utc_s);
    int64_t offset = svms_zone_offset(window->zone, utc_s);
    wall shown = wall_of(utc_s + offset);
    svms_window_state state = { is_open(window, &shown), utc_s };
    int64_t horizon = utc_s + (DAYS_PER_WEEK + 1) * SECONDS_PER_DAY;
    while (state.until_s < horizon) {
        int64_t next = state.until_s + until_mark(window, &shown);
        if (next >= jump) {
            next = jump;
            offset = svms_zone_offset(window->zone, jump);
            jump = svms_zone_next_change(window->zone, jump);
        }
        state.until_s = next;
        shown = wall_of(next + offset);
        if (is_open(window, &shown) != state.is_open) {
            return state;
        }
    }
    return state;
}
