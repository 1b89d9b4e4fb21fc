/* SPDX-License-Identifier: Apache-2.0 */
/* A camera that Linux drives (V4L2, single-planar, mapped buffers): NV12, YU12 or YUYV. */
#ifndef SVMS_CAMERA_LENS_V4L2_H
#define SVMS_CAMERA_LENS_V4L2_H

#include "lens.h"
#include "v4l2_calls.h"

/* Zeros: the first device, as it comes. */
typedef struct lens_v4l2_options {
    const char *path;  /* NULL: /dev/video0 */
    uint32_t width;    /* wished for, lens_describe() says what it became; 0: 1280 */
    uint32_t height;   /* 0: 720 */
    uint32_t rate_num; /* pictures in rate_den seconds; 0: what the device does */
    uint32_t rate_den;
    lens_clock clock;        /* CLOCK_MONOTONIC must be its monotonic one: drivers stamp with it */
    const v4l2_calls *calls; /* NULL: the system's */
} lens_v4l2_options;

/* SVMS_E_IO: no such device, or it failed. SVMS_E_UNSUPPORTED: it captures nothing, or nothing that
 * is known here. SVMS_E_MALFORMED: what the driver says of its buffers cannot be. */
svms_status lens_open_v4l2(lens **out, const lens_v4l2_options *options, svms_error *err);

#endif
