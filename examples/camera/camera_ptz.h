/* SPDX-License-Identifier: Apache-2.0 */
/* Digital PTZ: a window in the picture of the lens, which moves with time. Any thread. Times are
 * nanoseconds of the monotonic clock (stream_clock()). */
#ifndef CAMERA_PTZ_H
#define CAMERA_PTZ_H

#include <stdbool.h>
#include <stdint.h>

#include "camera_state.h"

typedef struct camera_ptz camera_ptz;

/* Speeds are parts of the whole range (2 for pan and tilt, 1 for zoom) in a second at 1. */
typedef struct camera_speed {
    double pan; /* -1 to 1 */
    double tilt;
    double zoom;
} camera_speed;

typedef struct camera_ptz_status {
    camera_place place;
    bool is_moving;
} camera_ptz_status;

/* Pixels of a picture; all even. */
typedef struct camera_window {
    uint32_t x;
    uint32_t y;
    uint32_t width;
    uint32_t height;
} camera_window;

/* NULL: no memory. It shows everything. */
camera_ptz *camera_ptz_new(void);
/* Values beyond the range are taken back to it; false: one is no number, and nothing moves. */
bool camera_ptz_absolute(camera_ptz *ptz, const camera_place *to, uint64_t now);
bool camera_ptz_relative(camera_ptz *ptz, const camera_place *by, uint64_t now);
/* Goes on until it is stopped, or for that long (at most CAMERA_PTZ_LONGEST); 0: that. */
#define CAMERA_PTZ_LONGEST UINT64_C(60000000000)
bool camera_ptz_continuous(camera_ptz *ptz, const camera_speed *speed, uint64_t lasts,
                           uint64_t now);
void camera_ptz_stop(camera_ptz *ptz, bool pan_and_tilt, bool zoom, uint64_t now);
void camera_ptz_status_at(camera_ptz *ptz, uint64_t now, camera_ptz_status *out);
/* What of a picture of even size is seen now. It lies within the picture and has about its shape:
 * a place too near to an edge shows what is beside it. */
camera_window camera_ptz_window(camera_ptz *ptz, uint32_t width, uint32_t height, uint64_t now);
/* NULL and pointer to NULL are accepted. */
void camera_ptz_free(camera_ptz **ptz);

#endif
