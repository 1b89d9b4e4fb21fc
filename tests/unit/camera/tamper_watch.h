/* SPDX-License-Identifier: Apache-2.0 */
/* A detector whose events are kept, and what happens to the camera that it watches. */
#ifndef SVMS_TEST_TAMPER_WATCH_H
#define SVMS_TEST_TAMPER_WATCH_H

#include "tamper.h"

#define WATCH_EVENTS 32u

typedef enum watch_deed {
    DEED_NOTHING,
    DEED_COVER,       /* all of it */
    DEED_COVER_MOST,  /* from the left, three quarters */
    DEED_TURN_LITTLE, /* by a twentieth */
    DEED_TURN,        /* by a third */
    DEED_BLUR,        /* out of focus */
    DEED_FREEZE,      /* the last picture from before, again and again */
    DEED_LAMP,        /* is switched on */
    DEED_DIM,         /* half the light at once */
    DEED_DUSK,        /* light falls from all to an eighth while it lasts */
    DEED_NIGHT,       /* an eighth of the light, and noise */
    DEED_NIGHT_LAMP,  /* the same with a lamp that goes on and off every three seconds */
    DEED_NIGHT_COVER, /* night all the time, and covered while it lasts */
    DEED_NIGHT_TURN,  /* the same, turned by a third */
    DEED_NIGHT_BLUR,  /* the same, out of focus */
    DEED_VEHICLE,     /* two fifths are hidden by something that passes */
    DEED_COUNT
} watch_deed;

typedef struct watch {
    tamper *detector;
    watch_deed deed;
    uint64_t from; /* nanoseconds of the monotonic clock */
    uint64_t to;
    uint32_t radius; /* of blur, pixels */
    unsigned count;
    tamper_event events[WATCH_EVENTS];
} watch;

void watch_begin(watch *self, watch_deed deed, uint64_t from, uint64_t to, uint32_t radius);
/* Edits a copy of the picture and shows it. */
void watch_see(watch *self, const svms_picture *picture, uint64_t monotonic_ns);
void watch_end(watch *self);
/* Asserts that nothing but this was told: that it began within five seconds after from, and ended
 * within four after to; a negative kind: nothing at all. */
void watch_judge(const watch *self, int kind);

#endif
