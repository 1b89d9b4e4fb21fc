/* SPDX-License-Identifier: Apache-2.0 */
#include "der.h"

#include <string.h>

#define DEPTH_MAX 24
#define CONSTRUCTED 0x20
#define CLASS_MASK 0xC0
#define NUMBER_MASK 0x1F

static bool fail(svms_cursor *cursor, svms_der *out)
{
    cursor->failed = true;
    memset(out, 0, sizeof *out);
    return false;
}

/* The length; the shortest form that holds it is the only one (X.690, 10.1). */
static size_t read_length(svms_cursor *cursor)
{
    uint8_t first = svms_read_u8(cursor);
    size_t length = 0;
    if (first < 0x80) {
        return first;
    }
    unsigned count = first & 0x7Fu;
    if (count == 0 || count > 4) {
        cursor->failed = true;
        return 0;
    }
    for (unsigned i = 0; i < count; i++) {
        length = length << 8 | svms_read_u8(cursor);
    }
    if (length < 0x80 || length >> (8 * (count - 1)) == 0) {
        cursor->failed = true;
    }
    return length;
}

bool svms_der_next(svms_cursor *cursor, svms_der *out)
{
    svms_cursor head = *cursor;
    uint8_t tag = svms_read_u8(&head);
    size_t length = read_length(&head);
    if (cursor->failed || head.failed || (tag & NUMBER_MASK) == NUMBER_MASK || tag == 0) {
        return fail(cursor, out);
    }
    size_t whole = head.position - cursor->position + length;
    svms_cursor content = svms_read_sub(&head, length);
    if (head.failed || whole < length) {
        return fail(cursor, out);
    }
    out->tag = tag;
    out->content = content;
    out->whole_size = whole;
    out->whole = svms_read_bytes(cursor, whole);
    return out->whole != NULL || fail(cursor, out);
}

bool svms_der_take(svms_cursor *cursor, uint8_t tag, svms_der *out)
{
    return svms_der_next(cursor, out) && (out->tag == tag || fail(cursor, out));
}

bool svms_der_take_optional(svms_cursor *cursor, uint8_t tag, svms_der *out)
{
    svms_cursor ahead = *cursor;
    if (!svms_cursor_at_end(cursor) && svms_read_u8(&ahead) == tag) {
        return svms_der_next(cursor, out);
    }
    memset(out, 0, sizeof *out);
    return false;
}

/* Sequences and sets are constructed, and no other universal type is. */
static bool has_right_form(uint8_t tag)
{
    uint8_t number = tag & NUMBER_MASK;
    bool is_structure =
        number == (SVMS_DER_SEQUENCE & NUMBER_MASK) || number == (SVMS_DER_SET & NUMBER_MASK);
    return (tag & CLASS_MASK) != 0 || ((tag & CONSTRUCTED) != 0) == is_structure;
}

/* TRUE is FF and FALSE 00 (X.690, 11.1). */
static bool has_right_content(const svms_der *element)
{
    static const uint8_t truth = 0xFF;
    static const uint8_t falsehood = 0x00;
    return element->tag != SVMS_DER_BOOLEAN || svms_der_equals(element, &truth, 1) ||
           svms_der_equals(element, &falsehood, 1);
}

bool svms_der_is_well_formed(const void *data, size_t size)
{
    svms_cursor open[DEPTH_MAX];
    unsigned depth = 1;
    unsigned roots = 0;
    open[0] = svms_cursor_over(data, size, 0);
    while (depth > 0) {
        svms_cursor *inner = &open[depth - 1];
        svms_der element;
        if (svms_cursor_at_end(inner)) {
            depth--;
            continue;
        }
        roots += depth == 1;
        if (!svms_der_next(inner, &element) || !has_right_form(element.tag) ||
            !has_right_content(&element) || roots > 1) {
            return false;
        }
        if ((element.tag & CONSTRUCTED) == 0) {
            continue;
        }
        if (depth == DEPTH_MAX) {
            return false;
        }
        open[depth++] = element.content;
    }
    return roots == 1;
}

bool svms_der_unsigned(const svms_der *integer, uint64_t *out)
{
    svms_cursor content = integer->content;
    size_t size = svms_cursor_left(&content);
    uint64_t value = 0;
    if (size == 0 || size > 9) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = svms_read_u8(&content);
        bool is_sign = i == 0 && (byte & 0x80) != 0;
        bool is_padding = i == 1 && value == 0 && (byte & 0x80) == 0;
        bool is_too_large = i == 0 && size == 9 && byte != 0;
        if (is_sign || is_padding || is_too_large) {
            return false;
        }
        value = value << 8 | byte;
    }
    *out = value;
    return true;
}

bool svms_der_is_same(const svms_der *a, const svms_der *b)
{
    return a->whole_size == b->whole_size && memcmp(a->whole, b->whole, a->whole_size) == 0;
}

bool svms_der_equals(const svms_der *element, const void *content, size_t size)
{
    svms_cursor found = element->content;
    if (element->tag == 0 || svms_cursor_left(&found) != size) {
        return false;
    }
    const uint8_t *bytes = svms_read_bytes(&found, size);
    return bytes != NULL && memcmp(bytes, content, size) == 0;
}
