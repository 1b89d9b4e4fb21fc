/* SPDX-License-Identifier: Apache-2.0 */
/* Hours of the week by a wall clock (policy.md, section 4). */
#ifndef SVMS_TIME_WINDOW_H
#define SVMS_TIME_WINDOW_H

#include <stdbool.h>

#include "zone.h"

typedef struct svms_window {
    uint8_t days;          /* bit 0: Monday */
    uint16_t from;         /* minutes since midnight */
    uint16_t to;           /* at most 1440; before from: it runs over midnight */
    const svms_zone *zone; /* borrowed; NULL: find it by its name */
    const char *zone_name; /* NULL: the usual one */
} svms_window;

/* A stretch of time in which a window stays open, or closed. */
typedef struct svms_window_state {
    bool is_open;
    int64_t until_s; /* first second of UTC at which it is otherwise, or SVMS_NEVER */
} svms_window_state;

/* How far ahead of UTC a zone is, between two jumps of its clock: many windows are asked about one
 * moment. Starts as zeros. */
typedef struct svms_zone_clock {
    const svms_zone *zone;
    int64_t from_s; /* looked up for this second */
    int64_t jump_s;
    int64_t offset_s;
} svms_zone_clock;

/* At a second of UTC; the zone is known. */
svms_window_state svms_window_at(const svms_window *window, svms_zone_clock *clock, int64_t utc_s);

#endif
