/* SPDX-License-Identifier: Apache-2.0 */
#include "picture_window.h"

#include <stdlib.h>

#include <libswscale/swscale.h>

#include "camera_failure.h"
#include "lens_internal.h"

struct picture_window {
    struct SwsContext *scaler; /* kept while sizes stay */
    svms_picture made;         /* plane 0 owns it; I420 */
};

picture_window *picture_window_new(void)
{
    return calloc(1, sizeof(picture_window));
}

/* Offsets in a picture: x and y are even. */
static svms_picture view_of(const svms_picture *from, const camera_window *window)
{
    svms_picture view = *from;
    bool is_nv12 = from->layout == SVMS_PICTURE_NV12;
    view.width = window->width;
    view.height = window->height;
    view.planes[0] += window->y * from->strides[0] + window->x;
    view.planes[1] += window->y / 2 * from->strides[1] + (is_nv12 ? window->x : window->x / 2);
    if (!is_nv12) {
        view.planes[2] += window->y / 2 * from->strides[2] + window->x / 2;
    }
    return view;
}

static svms_status make_room(picture_window *self, uint32_t width, uint32_t height, svms_error *err)
{
    if (self->made.width == width && self->made.height == height) {
        return SVMS_OK;
    }
    svms_picture made;
    if (!lens_picture_new(&made, width, height)) {
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for a picture");
    }
    free(self->made.planes[0]);
    self->made = made;
    return SVMS_OK;
}

static enum AVPixelFormat format_of(svms_picture_layout layout)
{
    return layout == SVMS_PICTURE_NV12 ? AV_PIX_FMT_NV12 : AV_PIX_FMT_YUV420P;
}

svms_status picture_window_take(picture_window *self, const svms_picture *from,
                                const camera_window *window, uint32_t width, uint32_t height,
                                svms_picture *out, svms_error *err)
{
    svms_picture view = view_of(from, window);
    if (view.width == width && view.height == height && view.layout == SVMS_PICTURE_I420) {
        *out = view;
        return SVMS_OK;
    }
    svms_status status = make_room(self, width, height, err);
    if (status != SVMS_OK) {
        return status;
    }
    self->scaler = sws_getCachedContext(self->scaler, (int)view.width, (int)view.height,
                                        format_of(view.layout), (int)width, (int)height,
                                        AV_PIX_FMT_YUV420P, SWS_FAST_BILINEAR, NULL, NULL, NULL);
    if (!self->scaler) {
        return camera_fail(err, SVMS_E_UNSUPPORTED, 0, "a picture of %u x %u cannot be scaled",
                           view.width, view.height);
    }
    const uint8_t *planes[4] = { view.planes[0], view.planes[1], view.planes[2], NULL };
    const int strides[4] = { (int)view.strides[0], (int)view.strides[1], (int)view.strides[2], 0 };
    uint8_t *to[4] = { self->made.planes[0], self->made.planes[1], self->made.planes[2], NULL };
    const int to_strides[4] = { (int)self->made.strides[0], (int)self->made.strides[1],
                                (int)self->made.strides[2], 0 };
    int rows = sws_scale(self->scaler, planes, strides, 0, (int)view.height, to, to_strides);
    if (rows != (int)height) {
        return camera_fail(err, SVMS_E_UNSUPPORTED, 0, "scaling a picture failed");
    }
    *out = self->made;
    return SVMS_OK;
}

void picture_window_free(picture_window **self)
{
    if (self && *self) {
        sws_freeContext((*self)->scaler);
        free((*self)->made.planes[0]);
        free(*self);
        *self = NULL;
    }
}
