/* SPDX-License-Identifier: Apache-2.0 */
/* What can happen to a camera, done to the luma of its pictures. Deterministic. */
#ifndef SVMS_TEST_PICTURE_EDIT_H
#define SVMS_TEST_PICTURE_EDIT_H

#include <stdint.h>

#include <svms/privacy.h>

/* Contrast against black becomes that many percent; then noise, a standard deviation of so many
 * steps. */
void edit_light(const svms_picture *picture, uint32_t percent, uint32_t noise, uint32_t number);
/* A lamp, left of the middle, that is so many percent of the light that falls elsewhere. */
void edit_lamp(const svms_picture *picture, uint32_t percent);
/* A dark thing, close and out of focus, over that part of the width, with the sensor's noise. */
void edit_cover(const svms_picture *picture, uint32_t percent, uint32_t number);
/* Turned to the right by that part of the width: what leaves on the left comes in on the right,
 * upside down. */
void edit_turn(const svms_picture *picture, uint32_t percent);
/* The mean of a square that reaches so many pixels to each side. */
void edit_blur(const svms_picture *picture, uint32_t radius);
/* Something dark and full of detail passes, and hides that part of the width. */
void edit_vehicle(const svms_picture *picture, uint32_t percent, uint32_t number);

#endif
