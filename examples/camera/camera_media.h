/* SPDX-License-Identifier: Apache-2.0 */
/* The thread of a camera that sees, hides, encodes, signs and sends:
 * lens, tamper, masks, window, encoder, signature, live presentation and edge. */
#ifndef CAMERA_MEDIA_H
#define CAMERA_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <svms/svms.h>

#include "auditor.h"
#include "camera_edge.h"
#include "camera_events.h"
#include "camera_identity.h"
#include "camera_ptz.h"
#include "camera_state.h"
#include "camera_users.h"
#include "lens.h"
#include "service.h"

#define CAMERA_LIVE_PATH "/live"

typedef struct camera_media camera_media;

typedef struct camera_media_options {
    svms_ctx *ctx; /* borrowed, as all of these but the listener */
    service *service;
    auditor *auditor; /* or NULL */
    camera_events *events;
    camera_state *state;
    camera_ptz *ptz;
    camera_users *users;
    camera_identity *identity;
    const camera_edge *edge; /* or NULL */
    int listener;            /* for RTSPS; closed with the thread */
    bool allow_md5;          /* for players that know no other digest */
    svms_mikey_form mikey;   /* 0: ONVIF's */
    uint32_t max_clients;
    /* Opens the lens, at first and again where it was lost. */
    svms_status (*open_lens)(void *user, lens **out, svms_error *err);
    void *user;
    const char *preset; /* of x264; NULL: "veryfast" */
} camera_media_options;

/* The thread runs when it returns SVMS_OK. */
svms_status camera_media_start(camera_media **out, const camera_media_options *options,
                               svms_error *err);
/* The certificate or those who are trusted changed: from the next connection on. Any thread. */
void camera_media_reload(camera_media *media);

/* JPEG of a picture of the last second, as the encoder saw it: free() it. SVMS_AGAIN: there is
 * none. Any thread. */
svms_status camera_media_snapshot(camera_media *media, uint8_t **out, size_t *size,
                                  svms_error *err);
/* The next picture shall be an IDR (SetSynchronizationPoint). Any thread. */
void camera_media_synchronize(camera_media *media);

typedef struct camera_media_status {
    bool has_pictures;
    bool is_signed;
    uint32_t watchers;
    uint64_t pictures; /* that were encoded */
    uint64_t lost;     /* that the lens lost, or nobody fetched in time */
} camera_media_status;
void camera_media_describe(camera_media *media, camera_media_status *out);

/* Ends the thread: clients are told. NULL and pointer to NULL are accepted. */
void camera_media_stop(camera_media **media);

#endif
