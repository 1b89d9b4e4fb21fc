/* SPDX-License-Identifier: Apache-2.0 */
#include "utf8.h"

#include <openssl/asn1.h>

size_t svms_utf8_peek(const svms_cursor *cursor, unsigned long *character)
{
    svms_cursor ahead = *cursor;
    size_t left = svms_cursor_left(&ahead);
    const uint8_t *next = svms_read_bytes(&ahead, left);
    int length = left > 0 ? UTF8_getc(next, left < 4 ? (int)left : 4, character) : 0;
    return length > 0 && *character <= 0x10FFFF ? (size_t)length : 0;
}
