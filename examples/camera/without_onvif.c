/* SPDX-License-Identifier: Apache-2.0 */
/* In place of camera_onvif.c where the HTTP of servers was not built. */
#include "camera_failure.h"
#include "camera_onvif.h"

svms_status camera_onvif_start(camera_onvif **out, const camera_parts *parts, svms_error *err)
{
    *out = NULL;
    return parts->config->https
               ? camera_fail(err, SVMS_E_UNSUPPORTED, 0, "listen.https needs a build with libevent")
               : SVMS_OK;
}

camera_onvif_wish camera_onvif_wanted(camera_onvif *self)
{
    (void)self;
    return CAMERA_ONVIF_NOTHING;
}

void camera_onvif_reload(camera_onvif *self)
{
    (void)self;
}

void camera_onvif_stop(camera_onvif **self)
{
    *self = NULL;
}
