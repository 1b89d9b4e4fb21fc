/* SPDX-License-Identifier: Apache-2.0 */
#include "cursor.h"

#include <string.h>

static const uint8_t nothing[1];

svms_cursor svms_cursor_over(const void *data, size_t size, uint64_t origin)
{
    svms_cursor cursor = { data ? data : nothing, data ? size : 0, 0, origin, !data && size > 0 };
    return cursor;
}

size_t svms_cursor_left(const svms_cursor *cursor)
{
    return cursor->failed ? 0 : cursor->size - cursor->position;
}

uint64_t svms_cursor_offset(const svms_cursor *cursor)
{
    return cursor->origin + cursor->position;
}

bool svms_cursor_at_end(const svms_cursor *cursor)
{
    return !cursor->failed && cursor->position == cursor->size;
}

const uint8_t *svms_read_bytes(svms_cursor *cursor, size_t size)
{
    if (cursor->failed || size > cursor->size - cursor->position) {
        cursor->failed = true;
        return NULL;
    }
    const uint8_t *bytes = cursor->data + cursor->position;
    cursor->position += size;
    return bytes;
}

uint8_t svms_read_u8(svms_cursor *cursor)
{
    const uint8_t *b = svms_read_bytes(cursor, 1);
    return b ? b[0] : 0;
}

uint16_t svms_read_u16(svms_cursor *cursor)
{
    const uint8_t *b = svms_read_bytes(cursor, 2);
    return b ? (uint16_t)(b[0] << 8 | b[1]) : 0;
}

uint32_t svms_read_u24(svms_cursor *cursor)
{
    const uint8_t *b = svms_read_bytes(cursor, 3);
    return b ? (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2] : 0;
}

static uint32_t load_u32(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

uint32_t svms_read_u32(svms_cursor *cursor)
{
    const uint8_t *b = svms_read_bytes(cursor, 4);
    return b ? load_u32(b) : 0;
}

uint64_t svms_read_u64(svms_cursor *cursor)
{
    const uint8_t *b = svms_read_bytes(cursor, 8);
    return b ? (uint64_t)load_u32(b) << 32 | load_u32(b + 4) : 0;
}

int32_t svms_read_i32(svms_cursor *cursor)
{
    uint32_t bits = svms_read_u32(cursor);
    int32_t value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

int64_t svms_read_i64(svms_cursor *cursor)
{
    uint64_t bits = svms_read_u64(cursor);
    int64_t value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

void svms_read_copy(svms_cursor *cursor, void *out, size_t size)
{
    const uint8_t *bytes = svms_read_bytes(cursor, size);
    if (size == 0) {
        return;
    }
    if (bytes) {
        memcpy(out, bytes, size);
    } else {
        memset(out, 0, size);
    }
}

bool svms_skip(svms_cursor *cursor, size_t size)
{
    return svms_read_bytes(cursor, size) != NULL;
}

svms_cursor svms_read_sub(svms_cursor *cursor, size_t size)
{
    uint64_t origin = svms_cursor_offset(cursor);
    const uint8_t *bytes = svms_read_bytes(cursor, size);
    svms_cursor sub = { bytes ? bytes : nothing, bytes ? size : 0, 0, origin, !bytes };
    return sub;
}

bool svms_read_zeros(svms_cursor *cursor, size_t size)
{
    size_t start = cursor->position;
    const uint8_t *bytes = svms_read_bytes(cursor, size);
    if (!bytes) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            /* The offset then names the byte that is not zero. */
            cursor->position = start + i;
            cursor->failed = true;
            return false;
        }
    }
    return true;
}
