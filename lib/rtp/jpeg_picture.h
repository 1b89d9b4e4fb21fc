/* SPDX-License-Identifier: Apache-2.0 */
/* A picture that is to be sent, taken apart (P-JPG-5, P-JPG-10). */
#ifndef SVMS_RTP_JPEG_PICTURE_H
#define SVMS_RTP_JPEG_PICTURE_H

#include <stdbool.h>

#include <svms/media.h>

#include "jpeg_tables.h"

enum { SVMS_JPEG_QUANTISERS = 4, SVMS_JPEG_SIDE_MAX = 2040, SVMS_JPEG_SCAN_MAX = 0xFFFFFF };

typedef struct svms_jpeg_picture {
    bool needs_segments; /* RFC 2435 alone cannot say it */
    bool has_huffman;
    uint8_t type; /* without restart markers */
    uint8_t components;
    uint8_t quantiser_of[3];
    const uint8_t *quantisers[SVMS_JPEG_QUANTISERS];
    uint16_t width; /* 0: no frame header was seen */
    uint16_t height;
    uint16_t interval;
    const uint8_t *data;
    size_t sos_at;       /* where SOS is */
    const uint8_t *scan; /* NULL until it was seen */
    size_t scan_size;
} svms_jpeg_picture;

/* SVMS_E_UNSUPPORTED where ONVIF Streaming cannot say it either. The picture borrows from the
 * sample. */
SVMS_MUST_CHECK svms_status svms_jpeg_picture_read(svms_jpeg_picture *out,
                                                   const svms_sample *sample, svms_error *err);

#endif
