/* SPDX-License-Identifier: Apache-2.0 */
#include "update_number.h"

bool update_number_read(uint64_t *out, const char *text)
{
    uint64_t value = 0;
    if (!*text) {
        return false;
    }
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || value > (INT64_MAX - 9) / 10) {
            return false;
        }
        value = value * 10 + (uint64_t)(*text - '0');
    }
    *out = value;
    return true;
}
