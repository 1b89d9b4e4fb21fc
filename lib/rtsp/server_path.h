/* SPDX-License-Identifier: Apache-2.0 */
/* Which presentation and track a request's URL means (RS-7). */
#ifndef SVMS_RTSP_SERVER_PATH_H
#define SVMS_RTSP_SERVER_PATH_H

#include "text_piece.h"

#include <svms/rtsp.h>

typedef struct svms_server_path {
    char path[SVMS_RTSP_URL_SIZE];  /* decoded: "/a/b", no slash at its end but in "/" */
    char query[SVMS_RTSP_URL_SIZE]; /* as sent, without '?' */
    size_t path_size;
} svms_server_path;

/* An absolute rtsp: or rtsps: URL. MALFORMED otherwise, and for what could be taken for another
 * path: user information, fragments, empty segments, dots, encoded slashes, control characters. */
SVMS_MUST_CHECK svms_status svms_server_path_read(svms_server_path *out, svms_text_piece url,
                                                  svms_error *err);
/* Offset of the last segment behind its slash; 0: there is none ("/"). */
size_t svms_server_path_last(const svms_server_path *path);
/* True when it is the track `control` of the presentation. */
bool svms_server_path_is_track(const svms_server_path *path, const char *presentation,
                               const char *control);

#endif
