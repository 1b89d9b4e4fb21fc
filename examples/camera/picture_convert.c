/* SPDX-License-Identifier: Apache-2.0 */
#include "picture_convert.h"

#include <string.h>

void picture_from_yuyv(const svms_picture *to, const uint8_t *from, size_t stride)
{
    for (size_t y = 0; y < to->height; y += 2) {
        const uint8_t *upper = from + y * stride;
        const uint8_t *lower = upper + stride;
        uint8_t *luma = to->planes[0] + y * to->strides[0];
        uint8_t *u = to->planes[1] + y / 2 * to->strides[1];
        uint8_t *v = to->planes[2] + y / 2 * to->strides[2];
        for (size_t x = 0; x < to->width; x++) {
            luma[x] = upper[2 * x];
            luma[x + to->strides[0]] = lower[2 * x];
        }
        for (size_t x = 0; x < to->width / 2; x++) {
            u[x] = (uint8_t)((upper[4 * x + 1] + lower[4 * x + 1] + 1) / 2);
            v[x] = (uint8_t)((upper[4 * x + 3] + lower[4 * x + 3] + 1) / 2);
        }
    }
}

static void copy_rows(uint8_t *to, size_t to_stride, const uint8_t *from, size_t stride,
                      size_t width, size_t rows)
{
    for (size_t y = 0; y < rows; y++) {
        memcpy(to + y * to_stride, from + y * stride, width);
    }
}

void picture_from_nv12(const svms_picture *to, const uint8_t *from, size_t stride, size_t rows)
{
    copy_rows(to->planes[0], to->strides[0], from, stride, to->width, to->height);
    for (size_t y = 0; y < to->height / 2; y++) {
        const uint8_t *pairs = from + (rows + y) * stride;
        uint8_t *u = to->planes[1] + y * to->strides[1];
        uint8_t *v = to->planes[2] + y * to->strides[2];
        for (size_t x = 0; x < to->width / 2; x++) {
            u[x] = pairs[2 * x];
            v[x] = pairs[2 * x + 1];
        }
    }
}

void picture_from_yu12(const svms_picture *to, const uint8_t *from, size_t stride, size_t rows)
{
    size_t half = stride / 2;
    const uint8_t *u = from + rows * stride;
    const uint8_t *v = u + (rows + 1) / 2 * half;
    copy_rows(to->planes[0], to->strides[0], from, stride, to->width, to->height);
    copy_rows(to->planes[1], to->strides[1], u, half, to->width / 2, to->height / 2);
    copy_rows(to->planes[2], to->strides[2], v, half, to->width / 2, to->height / 2);
}
