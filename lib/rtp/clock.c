/* SPDX-License-Identifier: Apache-2.0 */
#include "clock.h"

#include <svms/time.h>

#define NS_PER_SECOND INT64_C(1000000000)
#define MEASURED_FROM (10 * NS_PER_SECOND)
#define MEASURED_OVER (600 * NS_PER_SECOND)
#define STEP_NS (NS_PER_SECOND / 2)
#define DRIFT_PPB_MAX INT64_C(1000000)
/* Nothing is extrapolated further than a year, and no camera lives before 1968 or after 2104. */
#define FAR_SECONDS (INT64_C(366) * 86400)

svms_rtp_clock svms_rtp_clock_new(uint32_t rate)
{
    svms_rtp_clock clock = { .rate = rate };
    return clock;
}

void svms_rtp_clock_restart(svms_rtp_clock *clock)
{
    uint64_t steps = clock->steps;
    *clock = svms_rtp_clock_new(clock->rate);
    clock->steps = steps;
}

int64_t svms_rtp_clock_extend(svms_rtp_clock *clock, uint32_t timestamp)
{
    if (!clock->begun) {
        clock->begun = true;
        clock->latest = timestamp;
        return clock->latest;
    }
    uint32_t ahead = timestamp - (uint32_t)(uint64_t)clock->latest;
    int64_t step = ahead < 0x80000000u ? (int64_t)ahead : (int64_t)ahead - INT64_C(0x100000000);
    clock->latest += step;
    return clock->latest;
}

/* False when it is too long to be true. */
static bool ticks_to_ns(const svms_rtp_clock *clock, int64_t ticks, int64_t *ns)
{
    int64_t seconds = ticks / clock->rate;
    int64_t rest = ticks % clock->rate;
    if (seconds > FAR_SECONDS || seconds < -FAR_SECONDS) {
        return false;
    }
    *ns = seconds * NS_PER_SECOND + rest * NS_PER_SECOND / clock->rate;
    return true;
}

int64_t svms_rtp_clock_utc(const svms_rtp_clock *clock, int64_t rtp)
{
    int64_t past = 0;
    if (!clock->known || !ticks_to_ns(clock, rtp - clock->last.rtp, &past)) {
        return SVMS_NO_TIME;
    }
    /* Microseconds times 10^-9 fit for a year. */
    int64_t drift = past / 1000 * clock->drift_ppb / 1000000;
    return clock->last.utc_ns + past + drift;
}

static void measure_from(svms_rtp_clock *clock, const svms_clock_mark *mark)
{
    clock->from = *mark;
    clock->next_from = *mark;
    clock->drift_ppb = 0;
}

/* False when no crystal drifts like that. */
static bool measure(svms_rtp_clock *clock, const svms_clock_mark *mark)
{
    int64_t ticks = 0;
    if (!ticks_to_ns(clock, mark->rtp - clock->from.rtp, &ticks)) {
        return false;
    }
    if (ticks < MEASURED_FROM) {
        return true;
    }
    int64_t difference = mark->utc_ns - clock->from.utc_ns - ticks;
    /* The difference was checked against STEP_NS for each report, so it is small. */
    if (difference > ticks / 1000 || difference < -(ticks / 1000)) {
        return false;
    }
    int64_t drift = difference * 1000 / (ticks / 1000000);
    if (drift > DRIFT_PPB_MAX || drift < -DRIFT_PPB_MAX) {
        return false;
    }
    clock->drift_ppb = drift;
    if (mark->utc_ns - clock->next_from.utc_ns >= MEASURED_OVER / 2) {
        clock->from = clock->next_from;
        clock->next_from = *mark;
    }
    return true;
}

void svms_rtp_clock_mark(svms_rtp_clock *clock, uint32_t timestamp, int64_t utc_ns)
{
    if (utc_ns == SVMS_NO_TIME) {
        return;
    }
    int64_t latest = clock->latest;
    bool begun = clock->begun;
    svms_clock_mark mark = { svms_rtp_clock_extend(clock, timestamp), utc_ns };
    /* Reports do not move the time that packets are extended from. */
    clock->latest = begun ? latest : mark.rtp;
    if (!clock->known) {
        clock->known = true;
        clock->last = mark;
        measure_from(clock, &mark);
        return;
    }
    int64_t foretold = svms_rtp_clock_utc(clock, mark.rtp);
    bool near =
        foretold != SVMS_NO_TIME && utc_ns - foretold <= STEP_NS && foretold - utc_ns <= STEP_NS;
    clock->last = mark;
    if (!near || !measure(clock, &mark)) {
        clock->steps++;
        measure_from(clock, &mark);
    }
}

uint32_t svms_rtp_ticks(uint64_t ns, uint32_t rate)
{
    uint64_t seconds = ns / (uint64_t)NS_PER_SECOND;
    uint64_t rest = ns % (uint64_t)NS_PER_SECOND;
    return (uint32_t)(seconds * rate + rest * rate / (uint64_t)NS_PER_SECOND);
}
