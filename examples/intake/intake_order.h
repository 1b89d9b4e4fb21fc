/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of a track on their way into a recording. They wait for what tells their times: the first
 * ones for as many as may overtake them, and each picture for the next, which ends it. */
#ifndef SVMS_INTAKE_ORDER_H
#define SVMS_INTAKE_ORDER_H

#include <stdbool.h>

#include <svms/svms.h>

#include "intake_hold.h"
#include "intake_timeline.h"

typedef struct intake_order {
    intake_timeline line;
    intake_hold ahead;      /* without times */
    bool lasts_until_next;  /* pictures; other samples say how long they last */
    held_event *placed;     /* has times, waits for its end; or NULL */
    svms_sample times;      /* of that */
    uint32_t last_duration; /* 0: unknown */
} intake_order;

void intake_order_begin(intake_order *order, const svms_track *track);
/* Another source or connection, after everything was taken. */
void intake_order_break(intake_order *order);
/* A copy of a sample or a gap goes in; false: out of memory. */
bool intake_order_add(intake_order *order, const svms_rtp_event *event, uint64_t came_ns);
/* The sample for which the timeline is to be anchored before the next is taken, or NULL. */
const held_event *intake_order_unanchored(const intake_order *order, bool is_end);
/* The next that can be recorded, released by free(), or NULL. Of a sample its times are set.
 * is_end: no more will come that continues it. */
held_event *intake_order_take(intake_order *order, bool is_end, svms_sample *times);
void intake_order_end(intake_order *order);

#endif
