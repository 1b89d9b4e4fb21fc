/* SPDX-License-Identifier: Apache-2.0 */
/* The recorder's API for clients, HTTPS (docs/recorder-api.md): status, cameras, what was recorded,
 * events, live, playback, thumbnails, exports, evidence locks. Tokens only, judged by the gate;
 * each request is decided, streams end when they must, all of it is audited. An event loop on a
 * thread of its own, and workers for what waits for disks. */
#ifndef RECORDER_WEB_H
#define RECORDER_WEB_H

#include <sys/socket.h>

#include <svms/svms.h>

#include "camera_fleet.h"
#include "keeper.h"
#include "playback.h"
#include "recorder_parts.h"

typedef struct recorder_web recorder_web;

typedef struct recorder_web_options {
    const recorder_parts *parts; /* with a gate */
    camera_fleet *fleet;
    keeper *keeper;
    const playback_keys *keys; /* NULL: nothing recorded is given */
    svms_chain *exporter;      /* who signs exports, or NULL: there are none */
    svms_private_key *exporter_key;
    const svms_trust *trust; /* vouches for the recorders whose containers are exported */
    svms_tls_context *tls;   /* of servers */
    int listener;            /* taken over, also when it fails */
} recorder_web_options;

svms_status recorder_web_start(recorder_web **out, const recorder_web_options *options,
                               svms_error *err);
/* Where it listens, with the port that it got. */
const char *recorder_web_address(const recorder_web *self);
/* Policy or revocations have changed: all that runs is judged again. Any thread. */
void recorder_web_judge_again(recorder_web *self);
/* NULL and pointer to NULL are accepted. */
void recorder_web_stop(recorder_web **self);

#endif
