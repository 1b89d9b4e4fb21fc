/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a camera's clock is right, as far as one can see from here: its times arrive late, a
 * little more or less. */
#ifndef CAMERA_CLOCK_H
#define CAMERA_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

typedef enum camera_clock_news {
    CAMERA_CLOCK_NOTHING,
    CAMERA_CLOCK_IS_OFF,  /* more than two seconds, or by more than two seconds otherwise than told
                           */
    CAMERA_CLOCK_IS_RIGHT /* again */
} camera_clock_news;

/* Begins cleared. */
typedef struct camera_clock {
    bool is_off;
    bool is_doubted;
    int64_t told_ns;        /* how far ahead, when it was told */
    uint64_t doubted_at_ns; /* since when what was told is not so */
} camera_clock;

/* ahead_ns: the camera's time less ours. now_ns: by a clock that is never set. */
camera_clock_news camera_clock_look(camera_clock *self, int64_t ahead_ns, uint64_t now_ns);
/* "3.2 s ahead" */
#define CAMERA_CLOCK_TEXT 48
void camera_clock_write(char out[CAMERA_CLOCK_TEXT], int64_t ahead_ns);

#endif
