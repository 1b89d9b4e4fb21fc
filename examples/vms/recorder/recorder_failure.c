/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder_failure.h"

#include <stdarg.h>
#include <stdio.h>

svms_status recorder_fail(svms_error *err, svms_status status, int os_error, const char *format,
                          ...)
{
    if (err) {
        va_list args;
        *err = (svms_error)SVMS_ERROR_INIT;
        err->status = status;
        err->os_error = os_error;
        va_start(args, format);
        (void)vsnprintf(err->message, sizeof err->message, format, args);
        va_end(args);
        for (char *each = err->message; *each; each++) {
            if (*each < ' ' || *each > '~') {
                *each = '?';
            }
        }
    }
    return status;
}
