/* SPDX-License-Identifier: Apache-2.0 */
/* What ONVIF clients ask of a camera, over HTTPS: services Device, Media2, PTZ and Events, and
 * snapshots. Belongs to the thread of its event loop. docs/camera.md, "Control: ONVIF". */
#ifndef ONVIF_SERVICE_H
#define ONVIF_SERVICE_H

#include <event2/event.h>

#include "camera_control.h"
#include "web.h"

typedef struct onvif_service onvif_service;

typedef struct onvif_options {
    const camera_parts *parts; /* borrowed, as all of these */
    struct event_base *base;
    svms_tls_context *tls; /* of servers; NULL: plain HTTP, for tests alone */
    const struct sockaddr *listen;
    socklen_t listen_size;
    /* What is asked for on the control service, and done by whoever owns the process. Called on the
     * loop's thread. */
    void (*restart)(void *user, bool erases_everything);
    void *user;
} onvif_options;

svms_status onvif_start(onvif_service **out, const onvif_options *options, svms_error *err);
/* "192.0.2.7:443", with the port that it got. */
const char *onvif_address(const onvif_service *self);
/* No new connections, what is going on comes to its end; then stopped is called. */
void onvif_stop(onvif_service *self, void (*stopped)(void *user), void *user);
/* At once. NULL and pointer to NULL are accepted. */
void onvif_close(onvif_service **self);

#endif
