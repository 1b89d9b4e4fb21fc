/* SPDX-License-Identifier: Apache-2.0 */
#include "code_digits.h"

#include <string.h>

#include "cursor.h"

#define TYPED_MAX 32

uint32_t svms_digits_count(uint32_t digits)
{
    uint32_t count = 1;
    while (digits-- > 0) {
        count *= 10;
    }
    return count;
}

void svms_digits_write(char out[SVMS_TOTP_CODE_SIZE], uint32_t value, uint32_t digits)
{
    memset(out, 0, SVMS_TOTP_CODE_SIZE);
    while (digits-- > 0) {
        out[digits] = (char)('0' + value % 10);
        value /= 10;
    }
}

bool svms_digits_read(char out[SVMS_TOTP_CODE_SIZE], const char *typed, uint32_t digits)
{
    svms_cursor text = svms_cursor_over(typed, strnlen(typed, TYPED_MAX + 1), 0);
    uint32_t count = 0;
    bool fits = text.size <= TYPED_MAX;
    memset(out, 0, SVMS_TOTP_CODE_SIZE);
    while (fits && !svms_cursor_at_end(&text)) {
        uint8_t c = svms_read_u8(&text);
        if (c == ' ') {
            continue;
        }
        fits = c >= '0' && c <= '9' && count < digits;
        if (fits) {
            out[count++] = (char)c;
        }
    }
    if (fits && count == digits) {
        return true;
    }
    memset(out, 0, SVMS_TOTP_CODE_SIZE);
    return false;
}
