/* SPDX-License-Identifier: Apache-2.0 */
/* Saying what failed, in the library's form. */
#ifndef SVMS_CAMERA_FAILURE_H
#define SVMS_CAMERA_FAILURE_H

#include <svms/status.h>

/* Fills err (or not, where it is NULL) and returns status. */
svms_status camera_fail(svms_error *err, svms_status status, int os_error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for an error of FFmpeg, whose words go behind "what: ". */
svms_status camera_fail_ffmpeg(svms_error *err, int error, const char *what);

/* What came from a file or device may end up on a terminal: what is not printable ASCII
 * becomes '?'. */
void camera_printable(char *text);

#endif
