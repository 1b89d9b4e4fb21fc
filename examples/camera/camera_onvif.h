/* SPDX-License-Identifier: Apache-2.0 */
/* ONVIF where the settings name a place for it, in builds that can serve it. */
#ifndef CAMERA_ONVIF_H
#define CAMERA_ONVIF_H

#include "camera_control.h"

typedef struct camera_onvif camera_onvif;

/* *out stays NULL where nothing is to be served. All parts must be there, and events must outlive
 * camera_onvif_stop(). */
svms_status camera_onvif_start(camera_onvif **out, const camera_parts *parts, svms_error *err);
/* What a client wanted of the whole camera since the last time. */
typedef enum camera_onvif_wish {
    CAMERA_ONVIF_NOTHING,
    CAMERA_ONVIF_RESTART,
    CAMERA_ONVIF_ERASE
} camera_onvif_wish;
camera_onvif_wish camera_onvif_wanted(camera_onvif *self);
/* Another certificate is there. NULL is accepted by all of these. */
void camera_onvif_reload(camera_onvif *self);
void camera_onvif_stop(camera_onvif **self);

#endif
