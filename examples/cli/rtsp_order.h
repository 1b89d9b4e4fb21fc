/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of a track on their way into a recording. They wait for what tells their times: the first
 * ones for as many as may overtake them, and each picture for the next, which ends it. */
#ifndef SVMS_CLI_RTSP_ORDER_H
#define SVMS_CLI_RTSP_ORDER_H

#include <stdbool.h>

#include <svms/svms.h>

#include "rtsp_hold.h"
#include "rtsp_timeline.h"

typedef struct rtsp_order {
    rtsp_timeline line;
    rtsp_hold ahead;        /* without times */
    bool lasts_until_next;  /* pictures; other samples say how long they last */
    held_event *placed;     /* has times, waits for its end; or NULL */
    svms_sample times;      /* of that */
    uint32_t last_duration; /* 0: unknown */
} rtsp_order;

void rtsp_order_begin(rtsp_order *order, const svms_track *track);
/* Another source or connection, after everything was taken. */
void rtsp_order_break(rtsp_order *order);
/* A copy of a sample or a gap goes in; false: out of memory. */
bool rtsp_order_add(rtsp_order *order, const svms_rtp_event *event, uint64_t came_ns);
/* The sample for which the timeline is to be anchored before the next is taken, or NULL. */
const held_event *rtsp_order_unanchored(const rtsp_order *order, bool is_end);
/* The next that can be recorded, released by free(), or NULL. Of a sample its times are set.
 * is_end: no more will come that continues it. */
held_event *rtsp_order_take(rtsp_order *order, bool is_end, svms_sample *times);
void rtsp_order_end(rtsp_order *order);

#endif
