/* SPDX-License-Identifier: Apache-2.0 */
/* A JPEG of what the camera sees now, for who may watch: HTTP with name and password, in TLS. */
#ifndef ONVIF_SNAPSHOT_H
#define ONVIF_SNAPSHOT_H

#include "camera_control.h"
#include "web.h"

#define ONVIF_SNAPSHOT_PATH "/onvif/snapshot.jpg"

typedef struct onvif_snapshot onvif_snapshot;

/* NULL: no memory. */
onvif_snapshot *onvif_snapshot_new(const camera_parts *parts);
/* A web_handler; user is an onvif_snapshot. */
void onvif_snapshot_serve(void *user, web_exchange *exchange, const web_request *request);
/* NULL and pointer to NULL are accepted. */
void onvif_snapshot_free(onvif_snapshot **snapshot);

#endif
