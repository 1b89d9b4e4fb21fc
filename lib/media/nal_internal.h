/* SPDX-License-Identifier: Apache-2.0 */
/* What the parsers of this folder share about NAL units. */
#ifndef SVMS_NAL_INTERNAL_H
#define SVMS_NAL_INTERNAL_H

#include "cursor.h"

#include <svms/media.h>

/* A slice header that does not end within so many payload bytes does not parse. With emulation
 * prevention that is at most 390 framed bytes, so light mode always hides the header and more than
 * 600 bytes of what follows it. */
#define SVMS_SLICE_PREFIX 256
/* The same for parameter sets, which scaling lists and reference picture sets make long. */
#define SVMS_PARAMETER_SET_PREFIX 2048

/* Bytes of the NAL unit header. */
size_t svms_nal_header_size(uint32_t codec);
/* A NAL unit that fills size bytes, without framing; false when it is shorter than its header or
 * has the forbidden bit set. */
bool svms_nal_over(svms_nal *out, uint32_t codec, const uint8_t *data, size_t size);
/* False when the bytes hold what emulation prevention must keep out: a decoder that searches for
 * start codes would see other NAL units than we do. */
bool svms_nal_is_escaped(const svms_nal *nal);

/* Payload after the NAL unit header, emulation prevention bytes taken out. */
typedef struct svms_rbsp {
    svms_cursor cursor;
    unsigned zeros;
} svms_rbsp;

svms_rbsp svms_rbsp_over(const svms_nal *nal, uint32_t codec);
uint8_t svms_rbsp_u8(svms_rbsp *rbsp);
bool svms_rbsp_skip(svms_rbsp *rbsp, size_t size);
bool svms_rbsp_at_end(const svms_rbsp *rbsp);
/* The first up to capacity payload bytes; returns how many. */
size_t svms_nal_payload(const svms_nal *nal, uint32_t codec, uint8_t *out, size_t capacity);

/* Reads and drops count Exp-Golomb codes. */
void svms_bits_skip_ue(svms_bits *bits, unsigned count);
/* Reads and drops count bits, however many. */
void svms_bits_skip(svms_bits *bits, unsigned count);
bool svms_bits_flag(svms_bits *bits);
/* Ceil(Log2(values)), 0 for no values. */
unsigned svms_bits_needed(uint32_t values);

#endif
