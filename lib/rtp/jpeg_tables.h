/* SPDX-License-Identifier: Apache-2.0 */
/* Tables that RTP/JPEG does not send: Huffman tables of ITU-T T.81 annex K.3, and quantisation
 * tables by Q (RFC 2435 section 4.2). */
#ifndef SVMS_RTP_JPEG_TABLES_H
#define SVMS_RTP_JPEG_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SVMS_JPEG_TABLE_SIZE = 64, SVMS_JPEG_LENGTHS = 16 };

/* Markers of ITU-T T.81 table B.1 that are used here. */
enum {
    SVMS_JPEG_SOF0 = 0xC0,
    SVMS_JPEG_SOF1 = 0xC1,
    SVMS_JPEG_DHT = 0xC4,
    SVMS_JPEG_SOI = 0xD8,
    SVMS_JPEG_EOI = 0xD9,
    SVMS_JPEG_SOS = 0xDA,
    SVMS_JPEG_DQT = 0xDB,
    SVMS_JPEG_DRI = 0xDD,
    SVMS_JPEG_APP0 = 0xE0
};

/* A Huffman table as it stands in DHT: 16 lengths, then the values. table_class 0 is DC, 1 AC; id 0
 * is luminance, 1 chrominance. */
const uint8_t *svms_jpeg_huffman(unsigned table_class, unsigned id, size_t *size);
/* In zigzag order; q is 1 to 99. */
void svms_jpeg_quantiser(unsigned q, bool chroma, uint8_t out[SVMS_JPEG_TABLE_SIZE]);

#endif
