/* SPDX-License-Identifier: Apache-2.0 */
/* Samples and gaps that wait until it is known when they were captured. */
#ifndef SVMS_CLI_RTSP_HOLD_H
#define SVMS_CLI_RTSP_HOLD_H

#include <stdbool.h>
#include <stddef.h>

#include <svms/svms.h>

/* More would be a camera that says nothing of time, and sends all the same. */
#define HOLD_BYTES_MAX ((size_t)48 * 1024 * 1024)
#define HOLD_COUNT_MAX 20000

typedef struct held_event {
    struct held_event *next;
    size_t track;
    svms_rtp_event event; /* without what it pointed to, but its data */
    uint64_t came_ns;
    uint8_t data[];
} held_event;

typedef struct rtsp_hold {
    held_event *first;
    held_event **last;
    size_t bytes;
    size_t count;
} rtsp_hold;

void rtsp_hold_begin(rtsp_hold *hold);
/* A copy goes in; false: out of memory. */
bool rtsp_hold_add(rtsp_hold *hold, size_t track, const svms_rtp_event *event, uint64_t came_ns);
bool rtsp_hold_is_full(const rtsp_hold *hold);
/* The earliest one, released by free(), or NULL. */
held_event *rtsp_hold_take(rtsp_hold *hold);
void rtsp_hold_end(rtsp_hold *hold);

#endif
