/* SPDX-License-Identifier: Apache-2.0 */
#include "http_chunks.h"

#include <string.h>

#include "web_text.h"

/* 64 GiB less one byte in one chunk. */
#define DIGITS_MAX 9

static size_t spoil(http_chunks *self)
{
    self->place = HTTP_CHUNKS_BAD;
    return 0;
}

/* CR LF at the beginning. */
static size_t take_end(http_chunks *self, const char *bytes, size_t size, http_chunks_place next)
{
    if (memcmp(bytes, "\r\n", size < 2 ? size : 2) != 0) {
        return spoil(self);
    }
    if (size < 2) {
        return 0;
    }
    self->place = next;
    return 2;
}

static size_t take_size(http_chunks *self, const char *bytes, size_t size)
{
    size_t digits = 0;
    uint64_t value = 0;
    while (digits < size && digits <= DIGITS_MAX && web_hex_digit(bytes[digits]) >= 0) {
        value = value * 16 + (uint64_t)web_hex_digit(bytes[digits]);
        digits++;
    }
    if (digits > DIGITS_MAX || (digits > 1 && bytes[0] == '0')) {
        return spoil(self);
    }
    if (digits == size) {
        return 0;
    }
    if (digits == 0) {
        return spoil(self);
    }
    self->left = value;
    size_t end = take_end(self, bytes + digits, size - digits,
                          value > 0 ? HTTP_CHUNKS_DATA : HTTP_CHUNKS_LAST);
    return end > 0 ? digits + end : 0;
}

size_t http_chunks_take(http_chunks *self, const char *bytes, size_t size, http_slice *data)
{
    *data = (http_slice){ bytes, 0 };
    if (size == 0) {
        return 0;
    }
    switch (self->place) {
    case HTTP_CHUNKS_SIZE:
        return take_size(self, bytes, size);
    case HTTP_CHUNKS_DATA:
        data->size = size < self->left ? size : (size_t)self->left;
        self->left -= data->size;
        self->place = self->left > 0 ? HTTP_CHUNKS_DATA : HTTP_CHUNKS_DATA_END;
        return data->size;
    case HTTP_CHUNKS_DATA_END:
        return take_end(self, bytes, size, HTTP_CHUNKS_SIZE);
    case HTTP_CHUNKS_LAST:
        return take_end(self, bytes, size, HTTP_CHUNKS_DONE);
    case HTTP_CHUNKS_DONE:
    case HTTP_CHUNKS_BAD:
        break;
    }
    return 0;
}
