/* SPDX-License-Identifier: Apache-2.0 */
#include "head_text.h"

#include <stdio.h>
#include <string.h>

head_text head_text_of(const uint8_t *bytes, size_t size)
{
    head_text hex = { "" };
    for (size_t i = 0; i < size && i < HEAD_SIZE; i++) {
        snprintf(hex.text + 2 * i, 3, "%02x", (unsigned)bytes[i]);
    }
    return hex;
}

static int digit_of(char digit)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *found = digit == '\0' ? NULL : strchr(digits, digit);
    return found ? (int)((found - digits) % 16) : -1;
}

bool head_text_parse(uint8_t *out, size_t size, const char *text)
{
    if (strlen(text) != 2 * size) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        int high = digit_of(text[2 * i]);
        int low = digit_of(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}
