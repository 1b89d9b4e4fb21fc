/* SPDX-License-Identifier: Apache-2.0 */
/* What stands for thumbnail_jpeg.c in a build without FFmpeg. */
#include "thumbnail.h"

#include "recorder_failure.h"

bool thumbnail_is_possible(void)
{
    return false;
}

svms_status thumbnail_make(thumbnail *out, const svms_track *track, const svms_sample *sample,
                           uint32_t width, svms_error *err)
{
    (void)out;
    (void)track;
    (void)sample;
    (void)width;
    return recorder_fail(err, SVMS_E_UNSUPPORTED, 0, "built without FFmpeg");
}
