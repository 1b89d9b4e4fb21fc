/* SPDX-License-Identifier: Apache-2.0 */
#include "intake_order.h"

#include <stdlib.h>
#include <string.h>

void intake_order_begin(intake_order *order, const svms_track *track)
{
    memset(order, 0, sizeof *order);
    intake_timeline_begin(&order->line, track);
    intake_hold_begin(&order->ahead);
    order->lasts_until_next = track->kind == SVMS_TRACK_VIDEO;
}

void intake_order_break(intake_order *order)
{
    intake_timeline_break(&order->line);
}

bool intake_order_add(intake_order *order, const svms_rtp_event *event, uint64_t came_ns)
{
    return intake_hold_add(&order->ahead, 0, event, came_ns);
}

static unsigned times_ahead(const intake_order *order, int64_t *times)
{
    unsigned count = 0;
    const held_event *held = order->ahead.first;
    for (; held && count < TIMELINE_FORESEEN_MAX; held = held->next) {
        if (held->event.kind == SVMS_RTP_SAMPLE) {
            times[count++] = held->event.rtp_time;
        }
    }
    return count;
}

static bool is_sample(const held_event *held)
{
    return held && held->event.kind == SVMS_RTP_SAMPLE;
}

static bool is_foreseen(const intake_order *order, bool is_end)
{
    int64_t times[TIMELINE_FORESEEN_MAX];
    return is_end || intake_hold_is_full(&order->ahead) ||
           times_ahead(order, times) >= intake_timeline_needs(&order->line);
}

const held_event *intake_order_unanchored(const intake_order *order, bool is_end)
{
    const held_event *first = order->ahead.first;
    bool wanted = is_sample(first) && !order->line.is_anchored && is_foreseen(order, is_end);
    return wanted ? first : NULL;
}

/* The sample that waited, now that its end is known: it lasts until `until`, or, where what follows
 * does not continue it, as long as the one before. */
static held_event *end_placed(intake_order *order, int64_t until, bool goes_on, svms_sample *times)
{
    held_event *placed = order->placed;
    int64_t length = goes_on ? until - order->times.dts : 0;
    if (length > 0 && length <= UINT32_MAX) {
        order->last_duration = (uint32_t)length;
    } else if (order->last_duration == 0 && order->line.step <= UINT32_MAX &&
               order->line.step > 1) {
        order->last_duration = (uint32_t)order->line.step;
    }
    *times = order->times;
    times->duration = times->duration == 0 ? order->last_duration : times->duration;
    order->placed = NULL;
    return placed;
}

/* Times for the sample in front. Returns what can be recorded by that, or NULL. */
static held_event *place_first(intake_order *order, svms_sample *times)
{
    held_event *ended = NULL;
    held_event *held = intake_hold_take(&order->ahead);
    svms_sample found = SVMS_SAMPLE_INIT;
    intake_timeline_place(&order->line, held->event.rtp_time, &found);
    found.duration = held->event.duration;
    if (order->placed) {
        bool goes_on = (held->event.flags & SVMS_SAMPLE_DISCONTINUITY) == 0;
        ended = end_placed(order, found.dts, goes_on, times);
    }
    if (!order->lasts_until_next) {
        *times = found;
        return held;
    }
    order->placed = held;
    order->times = found;
    return ended;
}

static void foresee(intake_order *order)
{
    int64_t times[TIMELINE_FORESEEN_MAX];
    unsigned count = times_ahead(order, times);
    intake_timeline_foresee(&order->line, times, count);
}

held_event *intake_order_take(intake_order *order, bool is_end, svms_sample *times)
{
    held_event *taken = NULL;
    while (!taken) {
        const held_event *first = order->ahead.first;
        bool jumps = is_sample(first) && order->line.is_begun &&
                     intake_timeline_is_jump(&order->line, first->event.rtp_time);
        bool ends = first ? jumps || !is_sample(first) : is_end;
        if (order->placed && ends) {
            return end_placed(order, 0, false, times);
        }
        if (!first) {
            return NULL;
        }
        if (!is_sample(first)) {
            return intake_hold_take(&order->ahead);
        }
        if (jumps) {
            intake_timeline_break(&order->line);
        }
        if (!order->line.is_anchored) {
            return NULL;
        }
        if (!order->line.is_begun) {
            foresee(order);
        }
        taken = place_first(order, times);
    }
    return taken;
}

void intake_order_end(intake_order *order)
{
    free(order->placed);
    order->placed = NULL;
    intake_hold_end(&order->ahead);
}
