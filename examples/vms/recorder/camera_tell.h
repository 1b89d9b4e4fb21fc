/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to a camera, told: event, log line, audit log. */
#ifndef CAMERA_TELL_H
#define CAMERA_TELL_H

#include <stdbool.h>
#include <stdint.h>

#include <camera_watch.h>
#include <svms/svms.h>

#include "recorder_parts.h"

/* Why a camera is not there. */
typedef struct camera_trouble {
    bool is_refused;            /* by it or by us, and not merely lost */
    const char *kind;           /* "no media" */
    const char *words;          /* a sentence */
    const uint8_t *certificate; /* SHA-256 of what it showed, or NULL */
} camera_trouble;

void camera_tell_found(const recorder_parts *parts, const char *camera);
void camera_tell_trouble(const recorder_parts *parts, const char *camera,
                         const camera_trouble *trouble);
/* What it signed is not right, or right again. */
void camera_tell_alarm(const recorder_parts *parts, const char *camera, const camera_alarm *alarm);
void camera_tell_clock(const recorder_parts *parts, const char *camera, bool is_off,
                       int64_t ahead_ns);
/* Media come, and nothing can be recorded until somebody does something. */
void camera_tell_unrecorded(const recorder_parts *parts, const char *camera, const svms_error *why);

#endif
