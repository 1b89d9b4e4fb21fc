/* SPDX-License-Identifier: Apache-2.0 */
/* What stands before the scan of a received picture, and what of it the next one may leave out
 * (P-JPG-4, P-JPG-7, P-JPG-8). */
#ifndef SVMS_RTP_JPEG_HEAD_H
#define SVMS_RTP_JPEG_HEAD_H

#include "builder.h"
#include "cursor.h"
#include "jpeg_tables.h"

enum {
    SVMS_JPEG_SLOTS = 4,
    /* Tables as they stand in DQT and DHT, with the byte that names them. */
    SVMS_JPEG_QUANTISER_MAX = 1 + 2 * SVMS_JPEG_TABLE_SIZE,
    SVMS_JPEG_HUFFMAN_MAX = 1 + SVMS_JPEG_LENGTHS + 256,
    /* SOFn of four components. */
    SVMS_JPEG_FRAME_MAX = 6 + 3 * 4
};

/* Quantisation tables as they stand in a packet: one or two, of 64 or 128 bytes. */
enum { SVMS_JPEG_TABLES_MAX = 256 };
typedef struct svms_jpeg_tables {
    uint16_t size;
    uint8_t precision; /* bit i: table i has 16 bits */
    uint8_t count;
    uint8_t data[SVMS_JPEG_TABLES_MAX];
} svms_jpeg_tables;

/* Tables and frame header that hold; size 0: not known. */
typedef struct svms_jpeg_head {
    uint8_t quantiser_size[SVMS_JPEG_SLOTS];
    uint8_t quantisers[SVMS_JPEG_SLOTS][SVMS_JPEG_QUANTISER_MAX];
    uint16_t huffman_size[2][SVMS_JPEG_SLOTS]; /* DC, AC */
    uint8_t huffman[2][SVMS_JPEG_SLOTS][SVMS_JPEG_HUFFMAN_MAX];
    bool huffman_is_own; /* a picture brought tables */
    uint8_t frame_marker;
    uint8_t frame_size;
    uint8_t frame[SVMS_JPEG_FRAME_MAX];
} svms_jpeg_head;

/* What RTP/JPEG headers say of a picture. */
typedef struct svms_jpeg_said {
    const svms_jpeg_tables *tables; /* NULL: Q is 0 */
    uint8_t type;
    uint8_t width; /* in 8 pixels */
    uint8_t height;
    uint16_t interval;
} svms_jpeg_said;

/* The first picture of a stream: Huffman tables of annex K.3, nothing else. */
void svms_jpeg_head_reset(svms_jpeg_head *head);
/* The picture before is not known: what it brought does not hold any more. */
void svms_jpeg_head_forget(svms_jpeg_head *head);
/* Writes everything before the scan of a picture. segments, from header extensions, NULL: there are
 * none, and what was before does not count. False: no picture can be made of it. */
bool svms_jpeg_head_put(svms_jpeg_head *head, svms_builder *out, const svms_jpeg_said *said,
                        const svms_builder *segments);

#endif
