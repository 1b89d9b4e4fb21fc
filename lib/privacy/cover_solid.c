/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cover.h"
#include "failure.h"

svms_status svms_cover_room_take(svms_cover_room *room, size_t size, svms_error *err)
{
    if (room->size >= size) {
        return SVMS_OK;
    }
    svms_cover_room_free(room);
    room->bytes = svms_alloc(room->ctx, size);
    if (!room->bytes) {
        return svms_fail_memory(err);
    }
    room->size = size;
    return SVMS_OK;
}

/* What lies there was covered. */
void svms_cover_room_free(svms_cover_room *room)
{
    svms_release_secret(room->ctx, room->bytes, room->size);
    room->bytes = NULL;
    room->size = 0;
}

void svms_cover_solid(const svms_plane *plane, const svms_runs *runs, const uint8_t value[2])
{
    for (size_t i = 0; i < runs->count; i++) {
        const svms_run *run = &runs->items[i];
        uint8_t *at = svms_plane_at(plane, run->row, run->from);
        size_t units = (size_t)run->to - run->from;
        if (plane->unit == 1) {
            memset(at, value[0], units);
            continue;
        }
        for (size_t k = 0; k < units; k++) {
            at[2 * k] = value[0];
            at[2 * k + 1] = value[1];
        }
    }
}
