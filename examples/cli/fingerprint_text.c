/* SPDX-License-Identifier: Apache-2.0 */
#include "fingerprint_text.h"

#include <stddef.h>
#include <string.h>

bool fingerprint_parse(uint8_t out[32], const char *text)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    size_t count = 0;
    memset(out, 0, 32);
    for (; *text; text++) {
        const char *digit = strchr(digits, *text);
        if (*text == ':' && count > 0 && count % 2 == 0) {
            continue;
        }
        if (!digit || count == 64) {
            return false;
        }
        size_t value = (size_t)(digit - digits);
        value -= value > 15 ? 6 : 0;
        out[count / 2] = (uint8_t)(out[count / 2] << 4 | value);
        count++;
    }
    return count == 64;
}
