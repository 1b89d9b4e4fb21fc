/* SPDX-License-Identifier: Apache-2.0 */
/* The Huffman tables most cameras use (ITU-T T.81, K.3.3): for luma and chroma, the number of codes
 * of each length, then their values. */
#ifndef SVMS_ATTACK_JPEG_TABLES_H
#define SVMS_ATTACK_JPEG_TABLES_H

#include <stdint.h>

extern const uint8_t attack_jpeg_dc[2][28];
extern const uint8_t attack_jpeg_ac[2][178];

#endif
