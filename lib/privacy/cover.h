/* SPDX-License-Identifier: Apache-2.0 */
/* Putting something over what runs of a plane cover (V-PUT). */
#ifndef SVMS_PRIVACY_COVER_H
#define SVMS_PRIVACY_COVER_H

#include "picture.h"
#include "runs.h"

/* Memory that is kept from one picture to the next. */
typedef struct svms_cover_room {
    svms_ctx *ctx;
    void *bytes;
    size_t size;
} svms_cover_room;

SVMS_MUST_CHECK svms_status svms_cover_room_take(svms_cover_room *room, size_t size,
                                                 svms_error *err);
void svms_cover_room_free(svms_cover_room *room);

/* value: of each byte of a unit. */
void svms_cover_solid(const svms_plane *plane, const svms_runs *runs, const uint8_t value[2]);
SVMS_MUST_CHECK svms_status svms_cover_pixelate(const svms_plane *plane, const svms_runs *runs,
                                                uint32_t block, svms_cover_room *room,
                                                svms_error *err);
SVMS_MUST_CHECK svms_status svms_cover_blur(const svms_plane *plane, const svms_runs *runs,
                                            uint32_t radius, svms_cover_room *room,
                                            svms_error *err);

#endif
