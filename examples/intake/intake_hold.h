/* SPDX-License-Identifier: Apache-2.0 */
/* Samples and gaps that wait until it is known when they were captured. */
#ifndef SVMS_INTAKE_HOLD_H
#define SVMS_INTAKE_HOLD_H

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

typedef struct intake_hold {
    held_event *first;
    held_event **last;
    size_t bytes;
    size_t count;
} intake_hold;

void intake_hold_begin(intake_hold *hold);
/* A copy goes in; false: out of memory. */
bool intake_hold_add(intake_hold *hold, size_t track, const svms_rtp_event *event,
                     uint64_t came_ns);
bool intake_hold_is_full(const intake_hold *hold);
/* The earliest one, released by free(), or NULL. */
held_event *intake_hold_take(intake_hold *hold);
void intake_hold_end(intake_hold *hold);

#endif
