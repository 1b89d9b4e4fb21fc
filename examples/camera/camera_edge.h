/* SPDX-License-Identifier: Apache-2.0 */
/* What the media thread tells whoever keeps its samples in the camera. All calls come from that
 * thread, and must be short: pictures wait for them. */
#ifndef CAMERA_EDGE_H
#define CAMERA_EDGE_H

#include <stdint.h>

#include <svms/svms.h>

#include "stream_serve.h"

typedef struct camera_edge {
    void *user;
    /* Samples of these tracks follow; also again, after end(), where a track changed (picture
     * size). Borrowed for the call. A failure is told (CAMERA_EDGE_FAILED), and tried again with
     * the next sync sample of video. */
    svms_status (*begin)(void *user, const svms_track *tracks, uint32_t count, svms_error *err);
    /* As it is sent live: masked, signed, with utc_ns; the first one of video is a sync sample. */
    svms_status (*sample)(void *user, const svms_sample *sample, svms_error *err);
    /* Between samples that do not follow one another: pictures were lost, the clock was set. */
    void (*gap)(void *user, int64_t from_utc_ns, int64_t to_utc_ns, const char *why);
    void (*end)(void *user);
    /* The RTSP server is there: presentations ("/replay") can be added. It goes after closed(). */
    svms_status (*serve)(void *user, stream_serve *serve, svms_error *err);
    void (*closed)(void *user);
} camera_edge;

#endif
