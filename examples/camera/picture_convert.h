/* SPDX-License-Identifier: Apache-2.0 */
/* From what cameras deliver to three planes. Width and height are even; every row of a source has
 * at least the bytes of that many pixels, whatever its stride. */
#ifndef SVMS_CAMERA_PICTURE_CONVERT_H
#define SVMS_CAMERA_PICTURE_CONVERT_H

#include <stddef.h>
#include <stdint.h>

#include <svms/privacy.h>

/* Bytes Y U Y V; chroma of two rows becomes their mean. */
void picture_from_yuyv(const svms_picture *to, const uint8_t *from, size_t stride);
/* Luma, then, after so many rows, pairs of U and V in rows of the same stride. */
void picture_from_nv12(const svms_picture *to, const uint8_t *from, size_t stride, size_t rows);
/* Luma, then, after so many rows, U, then V, in rows of half the stride. */
void picture_from_yu12(const svms_picture *to, const uint8_t *from, size_t stride, size_t rows);

#endif
