/* SPDX-License-Identifier: Apache-2.0 */
#include "der_put.h"

#include <stdio.h>
#include <string.h>

#include <svms/time.h>

#define DIGITS_SIZE 16 /* "20261121100000Z" and NUL */
#define CENTURY_DIGITS 2

size_t svms_der_open(svms_builder *builder, uint8_t tag)
{
    svms_put_u8(builder, tag);
    svms_put_u8(builder, 0);
    return builder->size;
}

/* How many bytes after the first one a length needs. */
static size_t extra_bytes(size_t length)
{
    size_t count = 0;
    if (length >= 0x80) {
        for (size_t rest = length; rest > 0; rest >>= 8) {
            count++;
        }
    }
    return count;
}

void svms_der_close(svms_builder *builder, size_t mark)
{
    size_t length = builder->size - mark;
    size_t extra = extra_bytes(length);
    svms_put_zeros(builder, extra);
    if (builder->status != SVMS_OK) {
        return;
    }
    uint8_t *content = builder->data + mark;
    if (extra == 0) {
        content[-1] = (uint8_t)length;
        return;
    }
    memmove(content + extra, content, length);
    content[-1] = (uint8_t)(0x80 | extra);
    for (size_t i = extra; i > 0; i--) {
        content[i - 1] = (uint8_t)length;
        length >>= 8;
    }
}

void svms_der_put(svms_builder *builder, uint8_t tag, const void *content, size_t size)
{
    size_t mark = svms_der_open(builder, tag);
    svms_put_bytes(builder, content, size);
    svms_der_close(builder, mark);
}

void svms_der_put_true(svms_builder *builder)
{
    static const uint8_t yes = 0xFF;
    svms_der_put(builder, SVMS_DER_BOOLEAN, &yes, 1);
}

void svms_der_put_null(svms_builder *builder)
{
    svms_der_close(builder, svms_der_open(builder, SVMS_DER_NULL));
}

void svms_der_put_magnitude(svms_builder *builder, const void *big_endian, size_t size)
{
    const uint8_t *bytes = big_endian;
    while (size > 0 && *bytes == 0) {
        bytes++;
        size--;
    }
    size_t mark = svms_der_open(builder, SVMS_DER_INTEGER);
    if (size == 0 || (*bytes & 0x80) != 0) {
        svms_put_u8(builder, 0);
    }
    svms_put_bytes(builder, bytes, size);
    svms_der_close(builder, mark);
}

void svms_der_put_number(svms_builder *builder, uint64_t value)
{
    uint8_t bytes[8];
    svms_store_u64(bytes, value);
    svms_der_put_magnitude(builder, bytes, sizeof bytes);
}

void svms_der_put_bits(svms_builder *builder, const void *content, size_t size)
{
    size_t mark = svms_der_open(builder, SVMS_DER_BITS);
    svms_put_u8(builder, 0); /* unused bits */
    svms_put_bytes(builder, content, size);
    svms_der_close(builder, mark);
}

/* "2026-11-21T10:00:00.000Z" has the digits of "20261121100000Z" at fixed places. By way of text,
 * because time_t may have 32 bits. */
static void digits_of(char out[DIGITS_SIZE], int64_t utc_ns)
{
    char text[SVMS_TIME_TEXT_SIZE];
    svms_time_format(utc_ns, text);
    snprintf(out, DIGITS_SIZE, "%.4s%.2s%.2s%.2s%.2s%.2sZ", text, text + 5, text + 8, text + 11,
             text + 14, text + 17);
}

void svms_der_put_time(svms_builder *builder, int64_t utc_ns)
{
    char digits[DIGITS_SIZE];
    digits_of(digits, utc_ns);
    if (strncmp(digits, "1950", 4) >= 0 && strncmp(digits, "2050", 4) < 0) {
        svms_der_put(builder, SVMS_DER_UTC_TIME, digits + CENTURY_DIGITS,
                     strlen(digits) - CENTURY_DIGITS);
    } else {
        svms_der_put(builder, SVMS_DER_GENERALIZED_TIME, digits, strlen(digits));
    }
}

void svms_der_put_generalized_time(svms_builder *builder, uint8_t tag, int64_t utc_ns)
{
    char digits[DIGITS_SIZE];
    digits_of(digits, utc_ns);
    svms_der_put(builder, tag, digits, strlen(digits));
}
