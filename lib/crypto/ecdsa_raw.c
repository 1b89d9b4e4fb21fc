/* SPDX-License-Identifier: Apache-2.0 */
#include "ecdsa_raw.h"

#include <string.h>

#include "cursor.h"

#define DER_SEQUENCE 0x30
#define DER_INTEGER 0x02

/* n of each curve (SP 800-186, 3.2.1.3 and 3.2.1.4) and n/2, rounded down. */
static const uint8_t order_p256[32] = {
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
};
static const uint8_t half_p256[32] = {
    0x7F, 0xFF, 0xFF, 0xFF, 0x80, 0x00, 0x00, 0x00, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xDE, 0x73, 0x7D, 0x56, 0xD3, 0x8B, 0xCF, 0x42, 0x79, 0xDC, 0xE5, 0x61, 0x7E, 0x31, 0x92, 0xA8,
};
static const uint8_t order_p384[48] = {
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xC7, 0x63, 0x4D, 0x81, 0xF4, 0x37, 0x2D, 0xDF,
    0x58, 0x1A, 0x0D, 0xB2, 0x48, 0xB0, 0xA7, 0x7A, 0xEC, 0xEC, 0x19, 0x6A, 0xCC, 0xC5, 0x29, 0x73,
};
static const uint8_t half_p384[48] = {
    0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xE3, 0xB1, 0xA6, 0xC0, 0xFA, 0x1B, 0x96, 0xEF,
    0xAC, 0x0D, 0x06, 0xD9, 0x24, 0x58, 0x53, 0xBD, 0x76, 0x76, 0x0C, 0xB5, 0x66, 0x62, 0x94, 0xB9,
};

static const uint8_t *order_of(size_t width)
{
    return width == sizeof order_p256 ? order_p256 : order_p384;
}

static const uint8_t *half_of(size_t width)
{
    return width == sizeof half_p256 ? half_p256 : half_p384;
}

/* An unsigned integer of at most width bytes, right-aligned into out. */
static void read_integer(svms_cursor *der, size_t width, uint8_t *out)
{
    if (svms_read_u8(der) != DER_INTEGER) {
        der->failed = true;
    }
    svms_cursor value = svms_read_sub(der, svms_read_u8(der));
    size_t size = svms_cursor_left(&value);
    const uint8_t *bytes = svms_read_bytes(&value, size);
    if (bytes && size > 1 && bytes[0] == 0) {
        bytes++;
        size--;
    }
    if (!bytes || size == 0 || size > width) {
        der->failed = true;
        return;
    }
    memset(out, 0, width - size);
    memcpy(out + (width - size), bytes, size);
}

/* value = order - value, big-endian. */
static void negate(uint8_t *value, const uint8_t *order, size_t width)
{
    int borrow = 0;
    for (size_t i = width; i-- > 0;) {
        int difference = order[i] - value[i] - borrow;
        borrow = difference < 0;
        value[i] = (uint8_t)(difference & 0xFF);
    }
}

bool svms_ecdsa_to_raw(const uint8_t *der, size_t der_size, size_t width, uint8_t *raw)
{
    svms_cursor outer = svms_cursor_over(der, der_size, 0);
    if (svms_read_u8(&outer) != DER_SEQUENCE) {
        return false;
    }
    svms_cursor inner = svms_read_sub(&outer, svms_read_u8(&outer));
    uint8_t *s = raw + width;
    read_integer(&inner, width, raw);
    read_integer(&inner, width, s);
    if (!svms_cursor_at_end(&inner) || !svms_cursor_at_end(&outer)) {
        return false;
    }
    if (memcmp(s, half_of(width), width) > 0) {
        negate(s, order_of(width), width);
    }
    return true;
}

static bool is_zero(const uint8_t *value, size_t width)
{
    uint8_t any = 0;
    for (size_t i = 0; i < width; i++) {
        any |= value[i];
    }
    return any == 0;
}

static bool is_in_range(const uint8_t *value, size_t width)
{
    return !is_zero(value, width) && memcmp(value, order_of(width), width) < 0;
}

bool svms_ecdsa_lower(uint8_t *raw, size_t width)
{
    uint8_t *s = raw + width;
    if (!is_in_range(raw, width) || !is_in_range(s, width)) {
        return false;
    }
    if (memcmp(s, half_of(width), width) > 0) {
        negate(s, order_of(width), width);
    }
    return true;
}

/* Returns the end of what was written. */
static uint8_t *write_integer(uint8_t *out, const uint8_t *value, size_t width)
{
    while (width > 1 && *value == 0) {
        value++;
        width--;
    }
    uint8_t sign = *value >> 7;
    *out++ = DER_INTEGER;
    *out++ = (uint8_t)(width + sign);
    if (sign) {
        *out++ = 0;
    }
    memcpy(out, value, width);
    return out + width;
}

bool svms_ecdsa_to_der(const uint8_t *raw, size_t width, uint8_t der[SVMS_ECDSA_DER_MAX],
                       size_t *der_size)
{
    const uint8_t *s = raw + width;
    if (!is_in_range(raw, width) || is_zero(s, width) || memcmp(s, half_of(width), width) > 0) {
        return false;
    }
    uint8_t *end = write_integer(der + 2, raw, width);
    end = write_integer(end, s, width);
    der[0] = DER_SEQUENCE;
    /* At most 102 bytes for the widest curve: the short form always fits. */
    der[1] = (uint8_t)(end - der - 2);
    *der_size = (size_t)(end - der);
    return true;
}
