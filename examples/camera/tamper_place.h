/* SPDX-License-Identifier: Apache-2.0 */
/* The place a camera looks at, as it was learnt, and what a view has to do with it. */
#ifndef SVMS_CAMERA_TAMPER_PLACE_H
#define SVMS_CAMERA_TAMPER_PLACE_H

#include <stddef.h>

#include "tamper_view.h"

#define PLACE_REGION_COLUMNS 8u
#define PLACE_REGION_ROWS 6u
#define PLACE_REGIONS ((size_t)PLACE_REGION_COLUMNS * PLACE_REGION_ROWS)

typedef struct tamper_place {
    float learnt; /* seconds of it */
    float edges[VIEW_EDGES];
    float texture[VIEW_BLOCKS]; /* detail for each square of contrast around it, in any light */
    float grain[PLACE_REGIONS]; /* noise in the same terms */
} tamper_place;

/* A view against the place. */
typedef struct tamper_match {
    float contrast;  /* of the view: mean difference of neighbours, steps of luma */
    float likeness;  /* 1: the same, in any light; 0: nothing in common */
    float hidden;    /* part of what is to be seen that lies where nothing is seen */
    float sharpness; /* detail of the rest, where 1 is as it was; below 0: nobody can tell */
} tamper_match;

void tamper_place_forget(tamper_place *place);
/* Takes the view in; the longer it has been learnt, the less one view counts. */
void tamper_place_learn(tamper_place *place, const tamper_view *view, float seconds);
void tamper_place_match(const tamper_place *place, const tamper_view *view, tamper_match *out);

#endif
