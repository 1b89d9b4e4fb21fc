/* SPDX-License-Identifier: Apache-2.0 */
/* Being found: WS-Discovery on UDP port 3702 (ONVIF Core, section 7.3), open only while the camera
 * is set to be discoverable. IPv4. Belongs to the thread of its event loop. */
#ifndef ONVIF_DISCOVERY_H
#define ONVIF_DISCOVERY_H

#include <event2/event.h>

#include "camera_control.h"

#define ONVIF_DISCOVERY_PORT 3702

/* "urn:uuid:" and 36 characters, with NUL. */
#define ONVIF_ENDPOINT_SIZE 46

typedef struct onvif_discovery onvif_discovery;

/* What the device is called in every network and at all times: made from whom its certificates
 * name, whichever it has now. */
svms_status onvif_endpoint(const camera_parts *parts, char out[ONVIF_ENDPOINT_SIZE],
                           svms_error *err);

/* address: where HTTPS listens, "192.0.2.7:443"; an address of all networks is found on each of
 * them. What fails later is told, and tried again. */
svms_status onvif_discovery_start(onvif_discovery **out, struct event_base *base,
                                  const camera_parts *parts, const char *address, svms_error *err);
/* Says goodbye. NULL and pointer to NULL are accepted. */
void onvif_discovery_stop(onvif_discovery **self);

#endif
