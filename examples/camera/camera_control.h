/* SPDX-License-Identifier: Apache-2.0 */
/* All parts of a camera together, from their settings to their end. */
#ifndef CAMERA_CONTROL_H
#define CAMERA_CONTROL_H

#include "auditor.h"
#include "camera_config.h"
#include "camera_events.h"
#include "camera_folder.h"
#include "camera_identity.h"
#include "camera_media.h"
#include "camera_ptz.h"
#include "camera_state.h"
#include "camera_users.h"
#include "service.h"

/* Whoever serves the camera on another port (ONVIF) finds here what there is; borrowed. */
typedef struct camera_parts {
    svms_ctx *ctx;
    service *service;
    auditor *auditor; /* NULL: no audit log */
    const camera_config *config;
    const camera_folder *folder;
    camera_events *events;
    camera_state *state;
    camera_ptz *ptz;
    camera_users *users;
    camera_identity *identity;
    camera_media *media;
    const char *rtsps; /* where it listens, with the port that it got; NULL: nowhere */
} camera_parts;

/* Runs until a signal comes; false: it could not, and has said why. */
bool camera_control_run(svms_ctx *ctx, service *life, const camera_config *config);

#endif
