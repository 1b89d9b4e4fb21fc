/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HANDLE 77
#define PAGE 4096

void fake_device_begin(fake_device *device)
{
    memset(device, 0, sizeof *device);
    device->pixels = V4L2_PIX_FMT_NV12;
    device->width = 64;
    device->height = 48;
    device->field = V4L2_FIELD_NONE;
    device->capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
    device->buffer_count = FAKE_BUFFERS;
    device->buffer_size = 64 * 48 * 3 / 2;
    device->rate_num = 25;
    device->rate_den = 1;
    device->maps_granted = FAKE_BUFFERS;
}

bool fake_device_is_clean(const fake_device *device)
{
    return !device->is_open && !device->is_on && device->mapped == 0;
}

void fake_device_end(fake_device *device)
{
    for (unsigned i = 0; i < FAKE_BUFFERS; i++) {
        free(device->memory[i]);
        device->memory[i] = NULL;
    }
}

static int refuse(int error)
{
    errno = error;
    return -1;
}

static int fake_open(void *user, const char *path)
{
    fake_device *device = user;
    if (strcmp(path, "/dev/fake") != 0) {
        return refuse(ENOENT);
    }
    device->is_open = true;
    return HANDLE;
}

static int set_format(const fake_device *device, struct v4l2_format *format)
{
    format->fmt.pix.pixelformat = device->pixels;
    format->fmt.pix.width = device->width;
    format->fmt.pix.height = device->height;
    format->fmt.pix.bytesperline = device->stride;
    format->fmt.pix.field = device->field;
    return 0;
}

/* Exactly as many bytes as it says, so that a sanitizer sees each one too many. */
static int query_buffer(fake_device *device, struct v4l2_buffer *buffer)
{
    if (buffer->index >= FAKE_BUFFERS) {
        return refuse(EINVAL);
    }
    buffer->length = device->buffer_size;
    buffer->m.offset = buffer->index * PAGE;
    if (!device->memory[buffer->index]) {
        device->memory[buffer->index] = calloc(1, device->buffer_size);
    }
    return device->memory[buffer->index] ? 0 : refuse(ENOMEM);
}

static void paint(const fake_device *device, uint8_t *to, uint8_t luma)
{
    uint32_t stride = device->stride ? device->stride : device->width;
    uint32_t size = device->buffer_size;
    if (device->pixels == V4L2_PIX_FMT_YUYV) {
        for (uint32_t i = 0; i < size; i++) {
            to[i] = i % 2 == 0 ? luma : i % 4 == 1 ? 100 : 200;
        }
        return;
    }
    for (uint32_t i = 0; i < size; i++) {
        uint32_t chroma = i < stride * device->height ? 0 : i - stride * device->height;
        bool is_second = device->pixels == V4L2_PIX_FMT_NV12
                             ? chroma % 2 != 0
                             : chroma >= (device->height + 1) / 2 * (stride / 2);
        to[i] = i < stride * device->height ? luma : is_second ? 200 : 100;
    }
}

static int hand_out(fake_device *device, struct v4l2_buffer *buffer)
{
    uint32_t index = 0;
    if (device->next_frame >= device->frame_count) {
        return refuse(EAGAIN);
    }
    const fake_frame *frame = &device->frames[device->next_frame++];
    if (frame->error != 0) {
        return refuse(frame->error);
    }
    while (index < FAKE_BUFFERS && !device->is_queued[index]) {
        index++;
    }
    if (index == FAKE_BUFFERS) {
        return refuse(EAGAIN);
    }
    device->is_queued[index] = false;
    paint(device, device->memory[index], frame->luma);
    buffer->index = index + device->index_told;
    buffer->bytesused = frame->bytes ? frame->bytes : device->buffer_size;
    buffer->flags = frame->flags;
    buffer->sequence = frame->sequence;
    buffer->timestamp.tv_sec = (long)(frame->time_us / 1000000);
    buffer->timestamp.tv_usec = (long)(frame->time_us % 1000000);
    return 0;
}

static int take_back(fake_device *device, const struct v4l2_buffer *buffer)
{
    if (buffer->index >= FAKE_BUFFERS || device->is_queued[buffer->index]) {
        return refuse(EINVAL);
    }
    device->is_queued[buffer->index] = true;
    return 0;
}

static int tell_rate(const fake_device *device, struct v4l2_streamparm *rate)
{
    rate->parm.capture.timeperframe.numerator = device->rate_den;
    rate->parm.capture.timeperframe.denominator = device->rate_num;
    return 0;
}

static int fake_control(void *user, int handle, unsigned long request, void *argument)
{
    fake_device *device = user;
    if (handle != HANDLE || !device->is_open) {
        return refuse(EBADF);
    }
    if (request == device->fails) {
        return refuse(device->fails_with);
    }
    switch (request) {
    case VIDIOC_QUERYCAP:
        ((struct v4l2_capability *)argument)->capabilities = device->capabilities;
        return 0;
    case VIDIOC_S_FMT:
        return set_format(device, argument);
    case VIDIOC_G_PARM:
    case VIDIOC_S_PARM:
        return tell_rate(device, argument);
    case VIDIOC_REQBUFS:
        ((struct v4l2_requestbuffers *)argument)->count = device->buffer_count;
        return 0;
    case VIDIOC_QUERYBUF:
        return query_buffer(device, argument);
    case VIDIOC_QBUF:
        return take_back(device, argument);
    case VIDIOC_DQBUF:
        return hand_out(device, argument);
    case VIDIOC_STREAMON:
    case VIDIOC_STREAMOFF:
        device->is_on = request == VIDIOC_STREAMON;
        return 0;
    default:
        return refuse(ENOTTY);
    }
}

static void *fake_map(void *user, int handle, size_t size, int64_t offset)
{
    fake_device *device = user;
    if (handle != HANDLE || size != device->buffer_size || device->mapped == device->maps_granted) {
        errno = ENOMEM;
        return NULL;
    }
    device->mapped++;
    return device->memory[offset / PAGE];
}

static int fake_unmap(void *user, void *bytes, size_t size)
{
    fake_device *device = user;
    (void)bytes;
    (void)size;
    device->mapped--;
    return 0;
}

static int fake_close(void *user, int handle)
{
    fake_device *device = user;
    device->is_open = false;
    return handle == HANDLE ? 0 : refuse(EBADF);
}

v4l2_calls fake_device_calls(fake_device *device)
{
    const v4l2_calls calls = { device, fake_open, fake_control, fake_map, fake_unmap, fake_close };
    return calls;
}
