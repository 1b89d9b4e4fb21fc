/* SPDX-License-Identifier: Apache-2.0 */
#include "time_window.h"

#define MINUTES_PER_DAY 1440
#define SECONDS_PER_MINUTE 60
#define SECONDS_PER_DAY INT64_C(86400)
#define DAYS_PER_WEEK 7
#define EPOCH_WEEKDAY 3 /* 1970-01-01 was a Thursday */
#define ALL_DAYS 0x7Fu
/* Eight weeks of marks; a clock that jumps more wildly gets an answer that is soon asked for anew.
 */
#define STEPS_MAX 168

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

static void set_clock(svms_zone_clock *clock, const svms_zone *zone, int64_t utc_s)
{
    if (clock->zone != zone || utc_s < clock->from_s || utc_s >= clock->jump_s) {
        clock->zone = zone;
        clock->from_s = utc_s;
        clock->jump_s = svms_zone_next_change(zone, utc_s);
        clock->offset_s = svms_zone_offset(zone, utc_s);
    }
}

static bool is_always_open(const svms_window *window)
{
    return window->days == ALL_DAYS && window->from == 0 && window->to == MINUTES_PER_DAY;
}

/* From mark to mark, and from jump to jump of the clock, until something changes. That takes a week
 * at most, and as many more as a jump of the clock swallows all of a window in. */
svms_window_state svms_window_at(const svms_window *window, svms_zone_clock *clock, int64_t utc_s)
{
    if (is_always_open(window)) {
        svms_window_state always = { true, SVMS_NEVER };
        return always;
    }
    set_clock(clock, window->zone, utc_s);
    svms_zone_clock ahead = *clock;
    wall shown = wall_of(utc_s + ahead.offset_s);
    svms_window_state state = { is_open(window, &shown), utc_s };
    for (int steps = 0; steps < STEPS_MAX; steps++) {
        int64_t next = state.until_s + until_mark(window, &shown);
        state.until_s = next < ahead.jump_s ? next : ahead.jump_s;
        set_clock(&ahead, window->zone, state.until_s);
        shown = wall_of(state.until_s + ahead.offset_s);
        if (is_open(window, &shown) != state.is_open) {
            return state;
        }
    }
    return state;
}
