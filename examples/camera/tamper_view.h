/* SPDX-License-Identifier: Apache-2.0 */
/* What a picture is measured by: luma alone, made smaller, in blocks. */
#ifndef SVMS_CAMERA_TAMPER_VIEW_H
#define SVMS_CAMERA_TAMPER_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <svms/privacy.h>

#define VIEW_COLUMNS 32u
#define VIEW_ROWS 18u
#define VIEW_BLOCKS ((size_t)VIEW_COLUMNS * VIEW_ROWS)
/* Each block against its right and its lower neighbour; at the margin that is 0. */
#define VIEW_EDGES (2 * VIEW_BLOCKS)
/* Smaller pictures have too few pixels in a block. */
#define VIEW_WIDTH_MIN 128u
#define VIEW_HEIGHT_MIN 72u

/* All in steps of luma, or their squares. */
typedef struct tamper_view {
    float edges[VIEW_EDGES];   /* differences of blocks' means: right, lower, right, ... */
    float detail[VIEW_BLOCKS]; /* mean square of what a pixel differs from those around it, without
                                  what is noise: below 0 by chance, so that means come right */
    float noise;               /* the mean square that noise has in it */
    float changed; /* part of the pixels that are not as in the picture before; 1: there was none */
} tamper_view;

typedef struct tamper_eye tamper_eye;

/* NULL: no memory. */
tamper_eye *tamper_eye_new(uint32_t width, uint32_t height);
bool tamper_eye_fits(const tamper_eye *eye, const svms_picture *picture);
void tamper_eye_look(tamper_eye *eye, const svms_picture *picture, tamper_view *out);
void tamper_eye_free(tamper_eye **eye);

#endif
