/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_onvif.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "camera_failure.h"
#include "onvif_thread.h"

struct camera_onvif {
    const camera_parts *parts;
    onvif_thread *thread;
    atomic_int wish;
};

static void restart(void *user, bool erases_everything)
{
    camera_onvif *self = user;
    atomic_store(&self->wish, erases_everything ? CAMERA_ONVIF_ERASE : CAMERA_ONVIF_RESTART);
}

svms_status camera_onvif_start(camera_onvif **out, const camera_parts *parts, svms_error *err)
{
    if (!parts->config->https) {
        return SVMS_OK;
    }
    camera_onvif *self = calloc(1, sizeof *self);
    if (!self) {
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for ONVIF");
    }
    self->parts = parts;
    const onvif_thread_options options = {
        .parts = parts, .listen = parts->config->https, .restart = restart, .user = self
    };
    svms_status status = onvif_thread_start(&self->thread, &options, err);
    if (status != SVMS_OK) {
        free(self);
        return status;
    }
    service_log(parts->service, SERVICE_NOTICE, "serves https://%s/onvif/device_service",
                onvif_thread_address(self->thread));
    *out = self;
    return SVMS_OK;
}

camera_onvif_wish camera_onvif_wanted(camera_onvif *self)
{
    return self ? (camera_onvif_wish)atomic_exchange(&self->wish, CAMERA_ONVIF_NOTHING)
                : CAMERA_ONVIF_NOTHING;
}

void camera_onvif_reload(camera_onvif *self)
{
    svms_error err = SVMS_ERROR_INIT;
    if (self && onvif_thread_reload(self->thread, &err) != SVMS_OK) {
        service_log_error(self->parts->service, SERVICE_ERROR, &err,
                          "HTTPS keeps the old certificate");
    }
}

void camera_onvif_stop(camera_onvif **self)
{
    if (self && *self) {
        onvif_thread_stop(&(*self)->thread);
        free(*self);
        *self = NULL;
    }
}
