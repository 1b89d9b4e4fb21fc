/* SPDX-License-Identifier: Apache-2.0 */
/* RTSPS for clients: live/CAMERA and replay/CAMERA, media as SRTP. Tokens only (bearer), judged by
 * the gate; each request is decided, streams end when they must, all of it is audited. A thread of
 * its own, and one for each recording that is read. The tracks of a recording are those of its
 * newest container, or with replay/CAMERA?at=2026-01-01T00:00:00Z those of that moment. */
#ifndef RECORDER_RTSP_H
#define RECORDER_RTSP_H

#include <svms/svms.h>

#include "camera_fleet.h"
#include "playback.h"
#include "recorder_parts.h"

typedef struct recorder_rtsp recorder_rtsp;

typedef struct recorder_rtsp_options {
    const recorder_parts *parts; /* with a gate */
    camera_fleet *fleet;
    const playback_keys *keys; /* NULL: no replay */
    svms_tls_context *tls;     /* of servers */
    int listener;              /* taken over, also when it fails */
    svms_mikey_form mikey;     /* 0: ONVIF's */
} recorder_rtsp_options;

svms_status recorder_rtsp_start(recorder_rtsp **out, const recorder_rtsp_options *options,
                                svms_error *err);
/* Policy or revocations have changed: all who watch are judged again. Any thread. */
void recorder_rtsp_judge_again(recorder_rtsp *self);
/* Who watches is told. NULL and pointer to NULL are accepted. */
void recorder_rtsp_stop(recorder_rtsp **self);

#endif
