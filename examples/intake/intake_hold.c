/* SPDX-License-Identifier: Apache-2.0 */
#include "intake_hold.h"

#include <stdlib.h>
#include <string.h>

void intake_hold_begin(intake_hold *hold)
{
    memset(hold, 0, sizeof *hold);
    hold->last = &hold->first;
}

bool intake_hold_add(intake_hold *hold, size_t track, const svms_rtp_event *event, uint64_t came_ns)
{
    held_event *held = malloc(sizeof *held + event->size);
    if (!held) {
        return false;
    }
    held->next = NULL;
    held->track = track;
    held->event = *event;
    held->came_ns = came_ns;
    if (event->size > 0) {
        memcpy(held->data, event->data, event->size);
    }
    held->event.data = held->data;
    held->event.config = NULL;
    held->event.config_size = 0;
    *hold->last = held;
    hold->last = &held->next;
    hold->bytes += event->size;
    hold->count++;
    return true;
}

bool intake_hold_is_full(const intake_hold *hold)
{
    return hold->bytes >= HOLD_BYTES_MAX || hold->count >= HOLD_COUNT_MAX;
}

held_event *intake_hold_take(intake_hold *hold)
{
    held_event *held = hold->first;
    if (held) {
        hold->first = held->next;
        hold->last = hold->first ? hold->last : &hold->first;
        hold->bytes -= held->event.size;
        hold->count--;
    }
    return held;
}

void intake_hold_end(intake_hold *hold)
{
    held_event *held = intake_hold_take(hold);
    while (held) {
        free(held);
        held = intake_hold_take(hold);
    }
}
