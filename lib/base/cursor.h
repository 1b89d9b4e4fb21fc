/* SPDX-License-Identifier: Apache-2.0 */
/* The one way bytes are parsed: a bounded cursor over borrowed memory. All integers are
 * big-endian. A read that does not fit sets `failed`, yields zero and consumes nothing more,
 * so a caller may read a whole structure and check once. */
#ifndef SVMS_CURSOR_H
#define SVMS_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct svms_cursor {
    const uint8_t *data;
    size_t size;
    size_t position;
    uint64_t origin; /* offset of data[0] in the input, for messages */
    bool failed;
} svms_cursor;

svms_cursor svms_cursor_over(const void *data, size_t size, uint64_t origin);
size_t svms_cursor_left(const svms_cursor *cursor);
/* Offset in the input of the next byte. */
uint64_t svms_cursor_offset(const svms_cursor *cursor);
bool svms_cursor_at_end(const svms_cursor *cursor);

uint8_t svms_read_u8(svms_cursor *cursor);
uint16_t svms_read_u16(svms_cursor *cursor);
uint32_t svms_read_u24(svms_cursor *cursor);
uint32_t svms_read_u32(svms_cursor *cursor);
uint64_t svms_read_u64(svms_cursor *cursor);
int32_t svms_read_i32(svms_cursor *cursor);
int64_t svms_read_i64(svms_cursor *cursor);
/* Borrowed pointer to size bytes, or NULL with failed set (size 0 gives a valid pointer). */
const uint8_t *svms_read_bytes(svms_cursor *cursor, size_t size);
/* Copies size bytes; zeroes out on failure. */
void svms_read_copy(svms_cursor *cursor, void *out, size_t size);
bool svms_skip(svms_cursor *cursor, size_t size);
/* A cursor over the next size bytes, which are consumed; failed on both when they do not fit. */
svms_cursor svms_read_sub(svms_cursor *cursor, size_t size);
/* True when the next size bytes are there and all zero; consumes them. Sets failed otherwise. */
bool svms_read_zeros(svms_cursor *cursor, size_t size);

/* Same discipline for single bits, most significant first (H.26x syntax). Reads past the end fail.
 */
typedef struct svms_bits {
    const uint8_t *data;
    size_t size_bits;
    size_t position;
    bool failed;
} svms_bits;

svms_bits svms_bits_over(const void *data, size_t size);
/* count <= 32 */
uint32_t svms_bits_read(svms_bits *bits, unsigned count);
/* Exp-Golomb; more than 31 leading zeros fails. */
uint32_t svms_bits_ue(svms_bits *bits);
int32_t svms_bits_se(svms_bits *bits);

#endif
