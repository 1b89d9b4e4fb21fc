/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_lenses.h"

#include <string.h>

#include "lens_file.h"
#include "lens_scene.h"
#include "lens_v4l2.h"

static svms_status open_scene(lens **out, const camera_config *config, svms_error *err)
{
    lens_scene_options options;
    memset(&options, 0, sizeof options);
    options.width = config->width;
    options.height = config->height;
    options.rate_num = config->rate;
    options.rate_den = 1;
    options.sample_rate = config->sample_rate;
    options.seed = config->seed;
    options.light = config->light;
    options.noise = config->noise;
    return lens_open_scene(out, &options, err);
}

static svms_status open_file(lens **out, const camera_config *config, svms_error *err)
{
    lens_file_options options;
    memset(&options, 0, sizeof options);
    options.path = config->source_path;
    options.width = config->width;
    options.height = config->height;
    options.sample_rate = config->sample_rate;
    return lens_open_file(out, &options, err);
}

static svms_status open_device(lens **out, const camera_config *config, svms_error *err)
{
    lens_v4l2_options options;
    memset(&options, 0, sizeof options);
    options.path = config->source_path;
    options.width = config->width;
    options.height = config->height;
    options.rate_num = config->rate;
    options.rate_den = 1;
    return lens_open_v4l2(out, &options, err);
}

svms_status camera_lenses_open(void *user, lens **out, svms_error *err)
{
    const camera_config *config = user;
    switch (config->source) {
    case CAMERA_FILE:
        return open_file(out, config, err);
    case CAMERA_DEVICE:
        return open_device(out, config, err);
    case CAMERA_SCENE:
    default:
        return open_scene(out, config, err);
    }
}
