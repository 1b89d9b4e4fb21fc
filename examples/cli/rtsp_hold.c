/* SPDX-License-Identifier: Apache-2.0 */
#include "rtsp_hold.h"

#include <stdlib.h>
#include <string.h>

void rtsp_hold_begin(rtsp_hold *hold)
{
    memset(hold, 0, sizeof *hold);
    hold->last = &hold->first;
}

bool rtsp_hold_add(rtsp_hold *hold, size_t track, const svms_rtp_event *event, uint64_t came_ns)
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

bool rtsp_hold_is_full(const rtsp_hold *hold)
{
    return hold->bytes >= HOLD_BYTES_MAX || hold->count >= HOLD_COUNT_MAX;
}

held_event *rtsp_hold_take(rtsp_hold *hold)
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

void rtsp_hold_end(rtsp_hold *hold)
{
    held_event *held = rtsp_hold_take(hold);
    while (held) {
        free(held);
        held = rtsp_hold_take(hold);
    }
}
