/* SPDX-License-Identifier: Apache-2.0 */
#include "login_name.h"

#include <string.h>

#include "failure.h"
#include "utf8.h"

svms_status svms_login_name_check(const char *name, svms_error *err)
{
    size_t size = name ? strnlen(name, SVMS_LOGIN_NAME_MAX + 1) : 0;
    if (size == 0 || size > SVMS_LOGIN_NAME_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "a name to log in by has 1 to %d bytes",
                         SVMS_LOGIN_NAME_MAX);
    }
    svms_cursor cursor = svms_cursor_over(name, size, 0);
    while (!svms_cursor_at_end(&cursor)) {
        unsigned long character = 0;
        size_t length = svms_utf8_peek(&cursor, &character);
        if (length == 0 || character < 0x20 || (character >= 0x7F && character <= 0x9F)) {
            return svms_fail(err, SVMS_E_USAGE,
                             "a name to log in by is UTF-8 without control characters");
        }
        (void)svms_skip(&cursor, length);
    }
    return SVMS_OK;
}
