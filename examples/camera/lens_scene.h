/* SPDX-License-Identifier: Apache-2.0 */
/* A scene that is made up: houses, a meadow, walkers and a clock. The same seed, rate and beginning
 * make the same pictures, bit for bit. */
#ifndef SVMS_CAMERA_LENS_SCENE_H
#define SVMS_CAMERA_LENS_SCENE_H

#include "lens.h"

/* Zeros are a daylight scene without sound; width, height and rate must be given. */
typedef struct lens_scene_options {
    uint32_t width; /* even, 64 to 4096 */
    uint32_t height;
    uint32_t rate_num; /* pictures in rate_den seconds */
    uint32_t rate_den;
    uint32_t sample_rate; /* 8000 to 96000; 0: no sound. A hum, and a beep on each full second */
    uint32_t seed;
    uint32_t light;  /* percent of daylight, 1 to 200; 0: 100 */
    uint32_t noise;  /* of the sensor, standard deviation in steps of luma, up to 32 */
    bool is_hurried; /* as fast as asked for: times are counted from the clock's at the opening */
    lens_clock clock;
} lens_scene_options;

svms_status lens_open_scene(lens **out, const lens_scene_options *options, svms_error *err);

/* Somebody switched a lamp, or the sun set: from the next picture on. As in the options; another
 * lens than a scene is left alone. */
void lens_scene_light(lens *source, uint32_t light);

#endif
