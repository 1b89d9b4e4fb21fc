/* SPDX-License-Identifier: Apache-2.0 */
/* The calls that a V4L2 device is driven with, so that a test can be the device. */
#ifndef SVMS_CAMERA_V4L2_CALLS_H
#define SVMS_CAMERA_V4L2_CALLS_H

#include <stddef.h>
#include <stdint.h>

/* Each returns -1 (map: NULL) and sets errno where it fails. */
typedef struct v4l2_calls {
    void *user;
    int (*open)(void *user, const char *path);
    int (*control)(void *user, int device, unsigned long request, void *argument);
    void *(*map)(void *user, int device, size_t size, int64_t offset);
    int (*unmap)(void *user, void *bytes, size_t size);
    int (*close)(void *user, int device);
} v4l2_calls;

/* Those of the system; opened without waiting. */
extern const v4l2_calls v4l2_system_calls;

#endif
