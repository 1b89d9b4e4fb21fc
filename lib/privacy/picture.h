/* SPDX-License-Identifier: Apache-2.0 */
/* Planes of a picture. */
#ifndef SVMS_PRIVACY_PICTURE_H
#define SVMS_PRIVACY_PICTURE_H

#include <svms/privacy.h>

#include <stdbool.h>

/* A plane of samples, or of pairs of them. */
typedef struct svms_plane {
    uint8_t *data;
    size_t stride;
    uint32_t width; /* in units */
    uint32_t height;
    uint32_t unit; /* bytes: 1, or 2 for pairs */
} svms_plane;

/* Checks a caller's picture, and copies it. */
SVMS_MUST_CHECK svms_status svms_picture_read(svms_picture *out, const svms_picture *picture,
                                              svms_error *err);
uint32_t svms_picture_planes(const svms_picture *picture);
svms_plane svms_picture_plane(const svms_picture *picture, uint32_t index);

static inline uint8_t *svms_plane_at(const svms_plane *plane, uint32_t row, uint32_t column)
{
    return plane->data + row * plane->stride + (size_t)column * plane->unit;
}

#endif
