/* SPDX-License-Identifier: Apache-2.0 */
/* What the made up scene looks like. */
#ifndef SVMS_CAMERA_SCENE_DRAW_H
#define SVMS_CAMERA_SCENE_DRAW_H

#include <stdint.h>

#include <svms/privacy.h>

/* A number that looks random and is the same everywhere. */
uint32_t scene_hash(uint32_t seed, uint32_t x, uint32_t y);

/* Everything that stands still, into an I420 picture. */
void scene_draw_still(const svms_picture *picture, uint32_t seed);

/* Those who walk, at a time since the beginning. */
void scene_draw_walkers(const svms_picture *picture, uint32_t seed, uint64_t elapsed_ns);

/* "2026-11-22 18:05:09.400", white on black, at the upper left. */
void scene_draw_clock(const svms_picture *picture, int64_t utc_ns);

#endif
