/* SPDX-License-Identifier: Apache-2.0 */
/* The thread of one camera: calls it, follows it, calls it again. */
#ifndef CAMERA_WORKER_H
#define CAMERA_WORKER_H

#include "camera_fleet.h"

typedef struct camera_worker camera_worker;

typedef struct camera_worker_options {
    const recorder_parts *parts; /* borrowed, but for chain and key */
    const recorded_camera *camera;
    const storage_keys *keys; /* of its storage */
    const svms_chain *chain;  /* the recorder's identity; for the call */
    const svms_private_key *key;
    void (*trouble)(void *user, const storage_settings *storage, const svms_error *err);
    void *user;
} camera_worker_options;

/* Nothing runs yet. */
svms_status camera_worker_new(camera_worker **out, const camera_worker_options *options,
                              svms_error *err);
svms_status camera_worker_start(camera_worker *self, svms_error *err);

/* Any thread: */
live_hub *camera_worker_hub(camera_worker *self);
void camera_worker_look(camera_worker *self, camera_status *out);
/* Returns when it is done, or cannot be done soon. */
void camera_worker_flush(camera_worker *self);
/* Another identity of the recorder, and the files that say who the camera is, anew. A camera that
 * was revoked is left. */
svms_status camera_worker_reload(camera_worker *self, const svms_chain *chain,
                                 const svms_private_key *key, svms_error *err);

/* It shall end; does not wait for that. */
void camera_worker_dismiss(camera_worker *self);
/* Waits for its end. NULL and pointer to NULL are accepted. */
void camera_worker_free(camera_worker **self);

#endif
