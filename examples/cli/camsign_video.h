/* SPDX-License-Identifier: Apache-2.0 */
/* Video that may be signed: a media file or a recording, sample by sample. Every function complains
 * itself. */
#ifndef SVMS_CLI_CAMSIGN_VIDEO_H
#define SVMS_CLI_CAMSIGN_VIDEO_H

#include <stdbool.h>

#include <svms/svms.h>

#include "exit_status.h"
#include "keys.h"
#include "media_input.h"
#include "recording.h"

typedef struct camsign_video {
    const char *path;
    svms_track tracks[SVMS_MAX_TRACKS];
    uint32_t track_count;
    int64_t start_utc_ns; /* of time stamp 0 of a media file, or SVMS_NO_TIME */
    media_input *input;   /* or a recording: */
    recording file;
    svms_reader *reader;
    svms_error failure; /* of the last segment that was passed over */
    bool any_clock;     /* nobody knows when it was captured */
    bool has_failed;    /* not everything could be read */
} camsign_video;

/* start_utc_ns: when the first picture of a media file was captured, or SVMS_NO_TIME. */
exit_status camsign_video_open(camsign_video *out, svms_ctx *ctx, const char *path,
                               const key_options *keys, int64_t start_utc_ns);
/* MEDIA_END also where an interrupt ended it; *utc_ns may be SVMS_NO_TIME. */
media_result camsign_video_next(camsign_video *video, svms_sample *sample, int64_t *utc_ns,
                                exit_status *status);
void camsign_video_close(camsign_video *video);

#endif
