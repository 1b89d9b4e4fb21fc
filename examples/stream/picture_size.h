/* SPDX-License-Identifier: Apache-2.0 */
/* What RTP does not tell of pictures, their width and height and how they overtake one another: of
 * H.264 and H.265 from the parameter set in the codec's configuration, of JPEG from a picture. */
#ifndef SVMS_STREAM_PICTURE_SIZE_H
#define SVMS_STREAM_PICTURE_SIZE_H

#include <stdbool.h>

#include <svms/svms.h>

typedef struct picture_size {
    uint32_t width; /* as shown: without what is cropped */
    uint32_t height;
    int overtakers; /* how many are decoded before a picture and shown behind it, at most; -1: it
                       does not say */
} picture_size;

#define PICTURE_SIZE_INIT                                                                          \
    {                                                                                              \
        0, 0, -1                                                                                   \
    }

/* config: avcC or hvcC; for JPEG: a picture. False: it does not say. */
bool picture_size_read(picture_size *out, uint32_t codec, const uint8_t *config, size_t size);

#endif
