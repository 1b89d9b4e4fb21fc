/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include <libavutil/error.h>

#define ERRNO_LIMIT 4096

svms_status camera_fail(svms_error *err, svms_status status, int os_error, const char *format, ...)
{
    if (err) {
        va_list args;
        *err = (svms_error)SVMS_ERROR_INIT;
        err->status = status;
        err->os_error = os_error;
        va_start(args, format);
        (void)vsnprintf(err->message, sizeof err->message, format, args);
        va_end(args);
        camera_printable(err->message);
    }
    return status;
}

static svms_status status_of(int error)
{
    switch (error) {
    case AVERROR(ENOMEM):
        return SVMS_E_NO_MEMORY;
    case AVERROR_INVALIDDATA:
    case AVERROR_EOF:
    case AVERROR_STREAM_NOT_FOUND:
        return SVMS_E_MALFORMED;
    case AVERROR_DECODER_NOT_FOUND:
    case AVERROR_ENCODER_NOT_FOUND:
    case AVERROR_PATCHWELCOME:
    case AVERROR(ENOSYS):
        return SVMS_E_UNSUPPORTED;
    case AVERROR(EINVAL):
        return SVMS_E_USAGE;
    default:
        return SVMS_E_IO;
    }
}

svms_status camera_fail_ffmpeg(svms_error *err, int error, const char *what)
{
    char reason[AV_ERROR_MAX_STRING_SIZE] = "unknown error";
    (void)av_strerror(error, reason, sizeof reason);
    svms_status status = status_of(error);
    /* Below stand FFmpeg's own, which are four letters each. */
    bool is_errno = status == SVMS_E_IO && error > -ERRNO_LIMIT;
    return camera_fail(err, status, is_errno ? AVUNERROR(error) : 0, "%s: %s", what, reason);
}

void camera_printable(char *text)
{
    for (char *each = text; *each; each++) {
        if (*each < ' ' || *each > '~') {
            *each = '?';
        }
    }
}
