/* SPDX-License-Identifier: Apache-2.0 */
/* Saying what failed, in the library's form. */
#ifndef RECORDER_FAILURE_H
#define RECORDER_FAILURE_H

#include <svms/status.h>

/* Fills err, where it is not NULL, and returns status. What cannot be printed becomes '?'. */
svms_status recorder_fail(svms_error *err, svms_status status, int os_error, const char *format,
                          ...) __attribute__((format(printf, 4, 5)));

#endif
