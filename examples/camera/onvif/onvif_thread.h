/* SPDX-License-Identifier: Apache-2.0 */
/* ONVIF on a thread of its own: an event loop, TLS with the camera's identity, and its end. */
#ifndef ONVIF_THREAD_H
#define ONVIF_THREAD_H

#include "camera_control.h"

#define ONVIF_ADDRESS_SIZE 80u

typedef struct onvif_thread onvif_thread;

typedef struct onvif_thread_options {
    const camera_parts *parts; /* borrowed; all of it is there */
    const char *listen;        /* "ADDRESS:PORT", numbers only; port 0: any that is free */
    /* What a client asked for; called on this thread. NULL: it is refused. */
    void (*restart)(void *user, bool erases_everything);
    void *user;
} onvif_thread_options;

/* It listens, and the thread runs, when it returns SVMS_OK. */
svms_status onvif_thread_start(onvif_thread **out, const onvif_thread_options *options,
                               svms_error *err);
/* Where it listens, with the port that it got. */
const char *onvif_thread_address(const onvif_thread *self);
/* Another certificate: from the next connection on. Any thread. */
svms_status onvif_thread_reload(onvif_thread *self, svms_error *err);
/* Ends the thread; events may be told until it has returned. NULL and pointer to NULL are accepted.
 */
void onvif_thread_stop(onvif_thread **self);

#endif
