/* SPDX-License-Identifier: Apache-2.0 */
#include "lens_v4l2.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/videodev2.h>

#include "camera_failure.h"
#include "lens_internal.h"
#include "picture_convert.h"

#define BUFFERS 4u
#define BUFFERS_MAX 32u
#define SIDE_MAX 8192u
#define STRIDE_MAX 65536u
/* Damaged pictures in a row, after which the device is taken for broken. */
#define DAMAGED_MAX 100u
/* A driver whose pictures carry another clock's times, or none: they are taken as of now. Older
 * than this is no time of capture either. */
#define OLDEST (10 * LENS_SECOND)
/* How often to ask where nobody polls the handle. */
#define ASK_AGAIN (LENS_SECOND / 200)

typedef struct mapped {
    void *bytes;
    size_t size;
} mapped;

typedef struct v4l2_lens {
    lens base;
    v4l2_calls calls;
    int device;
    uint32_t pixels; /* V4L2_PIX_FMT_... */
    size_t stride;   /* of luma, or of all */
    size_t rows;     /* of the driver's picture: ours may have one less */
    size_t least;    /* bytes of a whole picture */
    bool is_streaming;
    bool is_gone;
    mapped buffers[BUFFERS_MAX];
    uint32_t buffer_count;
    svms_picture shown;
    bool has_sequence;
    uint32_t sequence; /* of the last picture */
    uint64_t lost;     /* since the last one handed out */
    uint32_t damaged;  /* in a row */
    char path[256];
} v4l2_lens;

static int control(v4l2_lens *self, unsigned long request, void *argument)
{
    return self->calls.control(self->calls.user, self->device, request, argument);
}

static svms_status fail_io(const v4l2_lens *self, svms_error *err, const char *what)
{
    int error = errno;
    svms_status status = error == ENOMEM ? SVMS_E_NO_MEMORY : SVMS_E_IO;
    return camera_fail(err, status, error, "camera %s: %s: %s", self->path, what, strerror(error));
}

static svms_status check_device(v4l2_lens *self, svms_error *err)
{
    struct v4l2_capability found;
    memset(&found, 0, sizeof found);
    if (control(self, VIDIOC_QUERYCAP, &found) < 0) {
        return fail_io(self, err, "it is no video device");
    }
    uint32_t can =
        found.capabilities & V4L2_CAP_DEVICE_CAPS ? found.device_caps : found.capabilities;
    if (!(can & V4L2_CAP_VIDEO_CAPTURE) || !(can & V4L2_CAP_STREAMING)) {
        return camera_fail(err, SVMS_E_UNSUPPORTED, 0, "camera %s: it does not stream pictures",
                           self->path);
    }
    return SVMS_OK;
}

/* Bytes of a row of luma (YUYV: of all), and of a picture. */
static size_t least_stride(uint32_t pixels, uint32_t width)
{
    return pixels == V4L2_PIX_FMT_YUYV ? ((size_t)width + 1) / 2 * 4 : width;
}

/* What is read of a picture: the last row of each plane may end before its stride does. */
static size_t least_bytes(const v4l2_lens *self)
{
    size_t width = self->base.format.width;
    size_t height = self->base.format.height;
    switch (self->pixels) {
    case V4L2_PIX_FMT_YUYV:
        return (height - 1) * self->stride + width * 2;
    case V4L2_PIX_FMT_NV12:
        return (self->rows + height / 2 - 1) * self->stride + width;
    default:
        return self->rows * self->stride +
               ((self->rows + 1) / 2 + height / 2 - 1) * (self->stride / 2) + width / 2;
    }
}

static svms_status take_format(v4l2_lens *self, const struct v4l2_pix_format *got, svms_error *err)
{
    size_t least = least_stride(got->pixelformat, got->width);
    size_t stride = got->bytesperline ? got->bytesperline : least;
    if (got->width < 2 || got->height < 2 || got->width > SIDE_MAX || got->height > SIDE_MAX ||
        stride < least || stride > STRIDE_MAX) {
        return camera_fail(err, SVMS_E_MALFORMED, 0,
                           "camera %s: its driver speaks of %u x %u pixels in rows of %u bytes",
                           self->path, got->width, got->height, got->bytesperline);
    }
    self->pixels = got->pixelformat;
    self->stride = stride;
    self->rows = got->height;
    self->base.format.layout = SVMS_PICTURE_I420;
    self->base.format.width = got->width & ~1u;
    self->base.format.height = got->height & ~1u;
    self->least = least_bytes(self);
    return SVMS_OK;
}

/* Drivers answer with what they can do, not with what was asked for. */
static svms_status choose_format(v4l2_lens *self, const lens_v4l2_options *options, svms_error *err)
{
    static const uint32_t known[] = { V4L2_PIX_FMT_NV12, V4L2_PIX_FMT_YUV420, V4L2_PIX_FMT_YUYV };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct v4l2_format format;
        memset(&format, 0, sizeof format);
        format.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
        format.fmt.pix.width = options->width ? options->width : 1280;
        format.fmt.pix.height = options->height ? options->height : 720;
        format.fmt.pix.pixelformat = known[i];
        format.fmt.pix.field = V4L2_FIELD_NONE;
        if (control(self, VIDIOC_S_FMT, &format) < 0) {
            if (errno != EINVAL) {
                return fail_io(self, err, "its format cannot be set");
            }
        } else if (format.fmt.pix.pixelformat == known[i] &&
                   format.fmt.pix.field == V4L2_FIELD_NONE) {
            return take_format(self, &format.fmt.pix, err);
        }
    }
    return camera_fail(err, SVMS_E_UNSUPPORTED, 0,
                       "camera %s: it has none of NV12, YU12 and YUYV in whole pictures",
                       self->path);
}

/* A device without a settable rate has one all the same. */
static void choose_rate(v4l2_lens *self, const lens_v4l2_options *options)
{
    struct v4l2_streamparm wish;
    memset(&wish, 0, sizeof wish);
    wish.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    wish.parm.capture.timeperframe.numerator = options->rate_den;
    wish.parm.capture.timeperframe.denominator = options->rate_num;
    bool is_wished = lens_rate_fits(options->rate_num, options->rate_den);
    const struct v4l2_fract *got = &wish.parm.capture.timeperframe;
    int result = control(self, is_wished ? VIDIOC_S_PARM : VIDIOC_G_PARM, &wish);
    bool is_told = result >= 0 && lens_rate_fits(got->denominator, got->numerator);
    self->base.format.rate_num = is_told ? got->denominator : 30;
    self->base.format.rate_den = is_told ? got->numerator : 1;
}

static svms_status give_back(v4l2_lens *self, uint32_t index, svms_error *err)
{
    struct v4l2_buffer buffer;
    memset(&buffer, 0, sizeof buffer);
    buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    buffer.memory = V4L2_MEMORY_MMAP;
    buffer.index = index;
    return control(self, VIDIOC_QBUF, &buffer) < 0
               ? fail_io(self, err, "a buffer cannot be given back")
               : SVMS_OK;
}

static svms_status map_buffer(v4l2_lens *self, uint32_t index, svms_error *err)
{
    struct v4l2_buffer buffer;
    memset(&buffer, 0, sizeof buffer);
    buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    buffer.memory = V4L2_MEMORY_MMAP;
    buffer.index = index;
    if (control(self, VIDIOC_QUERYBUF, &buffer) < 0) {
        return fail_io(self, err, "a buffer cannot be asked for");
    }
    if (buffer.length < self->least) {
        return camera_fail(err, SVMS_E_MALFORMED, 0,
                           "camera %s: its driver has buffers of %u bytes for pictures of %zu",
                           self->path, buffer.length, self->least);
    }
    mapped *place = &self->buffers[self->buffer_count];
    place->bytes =
        self->calls.map(self->calls.user, self->device, buffer.length, (int64_t)buffer.m.offset);
    if (!place->bytes) {
        return fail_io(self, err, "a buffer cannot be mapped");
    }
    place->size = buffer.length;
    self->buffer_count++;
    return give_back(self, index, err);
}

static svms_status start(v4l2_lens *self, svms_error *err)
{
    struct v4l2_requestbuffers wish;
    memset(&wish, 0, sizeof wish);
    wish.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    wish.memory = V4L2_MEMORY_MMAP;
    wish.count = BUFFERS;
    if (control(self, VIDIOC_REQBUFS, &wish) < 0) {
        return fail_io(self, err, "it gives no buffers");
    }
    if (wish.count < 2 || wish.count > BUFFERS_MAX) {
        return camera_fail(err, SVMS_E_MALFORMED, 0, "camera %s: its driver gives %u buffers",
                           self->path, wish.count);
    }
    svms_status status = SVMS_OK;
    for (uint32_t i = 0; status == SVMS_OK && i < wish.count; i++) {
        status = map_buffer(self, i, err);
    }
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (status == SVMS_OK && control(self, VIDIOC_STREAMON, &type) < 0) {
        status = fail_io(self, err, "it does not start");
    }
    self->is_streaming = status == SVMS_OK;
    return status;
}

static void convert(const v4l2_lens *self, const uint8_t *from)
{
    switch (self->pixels) {
    case V4L2_PIX_FMT_YUYV:
        picture_from_yuyv(&self->shown, from, self->stride);
        break;
    case V4L2_PIX_FMT_NV12:
        picture_from_nv12(&self->shown, from, self->stride, self->rows);
        break;
    default:
        picture_from_yu12(&self->shown, from, self->stride, self->rows);
        break;
    }
}

static uint64_t capture_time(const v4l2_lens *self, const struct v4l2_buffer *buffer)
{
    uint64_t now = lens_now(&self->base);
    uint64_t told = (uint64_t)buffer->timestamp.tv_sec * LENS_SECOND +
                    (uint64_t)buffer->timestamp.tv_usec * 1000;
    bool is_ours =
        (buffer->flags & V4L2_BUF_FLAG_TIMESTAMP_MASK) == V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    return is_ours && told <= now && now - told <= OLDEST ? told : now;
}

/* Drivers number what they captured, also what they had no buffer for. */
static void count_lost(v4l2_lens *self, uint32_t sequence)
{
    uint32_t step = sequence - self->sequence;
    if (self->has_sequence && step > 1 && step < UINT32_MAX / 2) {
        self->lost += step - 1;
    }
    self->has_sequence = true;
    self->sequence = sequence;
}

/* SVMS_AGAIN: it was damaged. */
static svms_status take(v4l2_lens *self, const struct v4l2_buffer *buffer, lens_shot *out,
                        svms_error *err)
{
    if (buffer->index >= self->buffer_count) {
        return camera_fail(err, SVMS_E_MALFORMED, 0, "camera %s: its driver has no buffer %u",
                           self->path, buffer->index);
    }
    const mapped *from = &self->buffers[buffer->index];
    count_lost(self, buffer->sequence);
    bool is_whole = !(buffer->flags & V4L2_BUF_FLAG_ERROR) && buffer->bytesused >= self->least &&
                    buffer->bytesused <= from->size;
    if (is_whole) {
        convert(self, from->bytes);
    }
    svms_status status = give_back(self, buffer->index, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (!is_whole) {
        self->lost++;
        return ++self->damaged <= DAMAGED_MAX
                   ? SVMS_AGAIN
                   : camera_fail(err, SVMS_E_IO, EIO, "camera %s: only damaged pictures come",
                                 self->path);
    }
    self->damaged = 0;
    out->kind = LENS_PICTURE;
    out->picture = self->shown;
    out->monotonic_ns = capture_time(self, buffer);
    out->utc_ns = lens_utc_of(&self->base, out->monotonic_ns);
    out->lost = self->lost;
    self->lost = 0;
    return SVMS_OK;
}

static svms_status fetch(v4l2_lens *self, lens_shot *out, svms_error *err)
{
    struct v4l2_buffer buffer;
    memset(&buffer, 0, sizeof buffer);
    buffer.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    buffer.memory = V4L2_MEMORY_MMAP;
    if (control(self, VIDIOC_DQBUF, &buffer) >= 0) {
        return take(self, &buffer, out, err);
    }
    if (errno == EAGAIN) {
        return SVMS_END;
    }
    /* The kernel's text: EIO may pass, as when a signal is lost for a moment. */
    if (errno == EIO && ++self->damaged <= DAMAGED_MAX) {
        self->lost++;
        return SVMS_END;
    }
    return fail_io(self, err, errno == ENODEV ? "it was unplugged" : "no picture can be taken");
}

/* At most as many damaged ones at once as there are buffers, so that others get their turn. */
static svms_status v4l2_next(lens *base, lens_shot *out, svms_error *err)
{
    v4l2_lens *self = (v4l2_lens *)base;
    memset(out, 0, sizeof *out);
    if (self->is_gone) {
        return camera_fail(err, SVMS_E_STATE, 0, "camera %s has failed before", self->path);
    }
    svms_status status = SVMS_AGAIN;
    for (uint32_t i = 0; status == SVMS_AGAIN && i < self->buffer_count; i++) {
        status = fetch(self, out, err);
    }
    self->is_gone = status < 0;
    return status == SVMS_END ? SVMS_AGAIN : status;
}

static uint64_t v4l2_due(const lens *base)
{
    return lens_now(base) + ASK_AGAIN;
}

static int v4l2_handle(const lens *base)
{
    return ((const v4l2_lens *)base)->device;
}

static void v4l2_close(lens *base)
{
    v4l2_lens *self = (v4l2_lens *)base;
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (self->is_streaming) {
        (void)control(self, VIDIOC_STREAMOFF, &type);
    }
    for (uint32_t i = 0; i < self->buffer_count; i++) {
        (void)self->calls.unmap(self->calls.user, self->buffers[i].bytes, self->buffers[i].size);
    }
    if (self->device >= 0) {
        (void)self->calls.close(self->calls.user, self->device);
    }
    free(self->shown.planes[0]);
    free(self);
}

static const lens_way way = { v4l2_next, v4l2_due, v4l2_handle, v4l2_close };

static svms_status open_device(v4l2_lens *self, const lens_v4l2_options *options, svms_error *err)
{
    self->device = self->calls.open(self->calls.user, self->path);
    if (self->device < 0) {
        return fail_io(self, err, "it cannot be opened");
    }
    svms_status status = check_device(self, err);
    if (status == SVMS_OK) {
        status = choose_format(self, options, err);
    }
    if (status == SVMS_OK &&
        !lens_picture_new(&self->shown, self->base.format.width, self->base.format.height)) {
        status = camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for a picture");
    }
    if (status == SVMS_OK) {
        choose_rate(self, options);
        status = start(self, err);
    }
    return status;
}

svms_status lens_open_v4l2(lens **out, const lens_v4l2_options *options, svms_error *err)
{
    const char *path = options->path ? options->path : "/dev/video0";
    v4l2_lens *self = calloc(1, sizeof *self);
    if (!self) {
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for a camera");
    }
    lens_begin(&self->base, &way, &options->clock);
    self->calls = options->calls ? *options->calls : v4l2_system_calls;
    self->device = -1;
    svms_status status = SVMS_OK;
    if (strlen(path) >= sizeof self->path) {
        status = camera_fail(err, SVMS_E_USAGE, 0, "the name of the camera is too long");
    } else {
        memcpy(self->path, path, strlen(path) + 1);
        status = open_device(self, options, err);
    }
    if (status != SVMS_OK) {
        v4l2_close(&self->base);
        return status;
    }
    *out = &self->base;
    return SVMS_OK;
}
