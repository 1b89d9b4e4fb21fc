/* SPDX-License-Identifier: Apache-2.0 */
/* What a camera notices is written down: in its log, and in the audit log. And the end of its
 * certificate is watched. Belongs to the control thread. */
#ifndef CAMERA_WATCH_H
#define CAMERA_WATCH_H

#include "camera_control.h"

typedef struct camera_watch camera_watch;

svms_status camera_watch_open(camera_watch **out, const camera_parts *parts, svms_error *err);
/* About once a second, and when events came. */
void camera_watch_look(camera_watch *watch);
/* The identity was read again. */
void camera_watch_papers(camera_watch *watch);
/* NULL and pointer to NULL are accepted. */
void camera_watch_close(camera_watch **watch);

#endif
