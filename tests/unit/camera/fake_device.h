/* SPDX-License-Identifier: Apache-2.0 */
/* A V4L2 device that is none: it does what a test tells it. */
#ifndef SVMS_TEST_FAKE_DEVICE_H
#define SVMS_TEST_FAKE_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/videodev2.h>

#include "v4l2_calls.h"

#define FAKE_BUFFERS 4u
#define FAKE_FRAMES 16u

/* What the device says when it is asked for the next picture. */
typedef struct fake_frame {
    int error;      /* errno, instead of a picture */
    uint32_t bytes; /* 0: all of it */
    uint32_t flags;
    uint32_t sequence;
    uint64_t time_us;
    uint8_t luma; /* of every pixel; chroma is 100 and 200 */
} fake_frame;

typedef struct fake_device {
    uint32_t pixels; /* the one format it has */
    uint32_t width;  /* what it makes of any wish */
    uint32_t height;
    uint32_t stride; /* 0: it does not say */
    uint32_t field;
    uint32_t capabilities;
    uint32_t buffer_count; /* it grants */
    uint32_t buffer_size;
    uint32_t rate_num;
    uint32_t rate_den;
    unsigned long fails;   /* this request ... */
    int fails_with;        /* ... so */
    unsigned maps_granted; /* before mapping fails */
    fake_frame frames[FAKE_FRAMES];
    uint32_t frame_count;
    /* What came of it. */
    uint32_t next_frame;
    uint32_t index_told; /* added to the number of each buffer */
    bool is_queued[FAKE_BUFFERS];
    bool is_open;
    bool is_on;
    unsigned mapped;
    uint8_t *memory[FAKE_BUFFERS];
} fake_device;

/* 64 x 48 pixels of NV12, and nothing to show yet. */
void fake_device_begin(fake_device *device);
/* Everything that was opened and mapped is back. */
bool fake_device_is_clean(const fake_device *device);
void fake_device_end(fake_device *device);
v4l2_calls fake_device_calls(fake_device *device);

#endif
