/* SPDX-License-Identifier: Apache-2.0 */
/* Who may see what a camera sends, and who does: users by password, recorders and servers by their
 * certificates. Belongs to the media thread. */
#ifndef CAMERA_LIVE_H
#define CAMERA_LIVE_H

#include "camera_media.h"
#include "stream_serve.h"

typedef struct camera_live camera_live;

/* The listener is closed with it, also when opening it fails. */
svms_status camera_live_open(camera_live **out, const camera_media_options *options,
                             svms_error *err);
stream_serve *camera_live_server(camera_live *live);
/* What the papers say now counts for new connections, and for those who watch. */
svms_status camera_live_reload(camera_live *live, svms_error *err);
/* Tracks of the live presentation, for the first time or other ones. */
svms_status camera_live_tracks(camera_live *live, const svms_track *tracks, uint32_t count,
                               svms_error *err);
/* NULL: no tracks yet. */
stream_presentation *camera_live_presentation(camera_live *live);
/* Tells who watches that it ends, and waits a moment for that to arrive. NULL and pointer to NULL
 * are accepted. */
void camera_live_close(camera_live **live);

#endif
