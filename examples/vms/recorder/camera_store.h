/* SPDX-License-Identifier: Apache-2.0 */
/* The recording of one camera in its storage: containers in PATH/CAMERA, in the layout that `svms
 * record` has (NUMBER-TIME.svms, .part while it is written), so that `svms` reads, verifies and
 * exports them without a recorder. It goes on with what is there, keeps the newest head off the
 * storage, and tells index and audit log. Belongs to one thread at a time. */
#ifndef CAMERA_STORE_H
#define CAMERA_STORE_H

#include <stdbool.h>

#include <svms/svms.h>

#include "recorder_parts.h"
#include "storage_keys.h"

typedef struct camera_store camera_store;

typedef struct camera_store_options {
    const recorder_parts *parts;
    const recorded_camera *camera;
    const storage_keys *keys; /* of the camera's storage */
    /* The disk is full, or fails: wakes the keeper. Any thread; may be NULL. */
    void (*trouble)(void *user, const storage_settings *storage, const svms_error *err);
    void *user;
} camera_store_options;

typedef struct camera_store_state {
    uint8_t recording_id[16];
    uint64_t container;  /* number of the present one */
    uint64_t bytes;      /* written so far, all containers of this process */
    uint64_t samples;    /* taken */
    uint64_t left_out;   /* samples that could not be stored */
    int64_t last_utc_ns; /* end of the newest complete segment, or SVMS_NO_TIME */
    bool is_failing;     /* the newest sample could not be stored */
} camera_store_state;

/* Claims the folder, and looks at what is there: a container that was interrupted keeps its
 * complete segments. SVMS_E_STATE: another process has it. */
svms_status camera_store_open(camera_store **out, const camera_store_options *options,
                              svms_error *err);
/* Tracks of a recording, before the first sample, and again whenever a camera is back: the same
 * ones with the same clock change nothing, others begin another container with the next sample.
 * Copied; without protection, which is the storage's. start_utc_ns: UTC of time stamp 0. */
svms_status camera_store_begin(camera_store *self, const svms_track *tracks, uint32_t count,
                               int64_t start_utc_ns, svms_capture_clock clock, svms_error *err);
/* A failure of the disk is told (storage.full, storage.failed, once until it is over), and the
 * sample left out: recording goes on with the first sync sample that can be stored, tried again
 * after one to thirty seconds of media. Only what no later sample can mend is returned (a
 * certificate that has expired); trying again is allowed all the same. */
svms_status camera_store_put(camera_store *self, const svms_sample *sample, svms_error *err);
/* Why something is missing before the next sample: signed with it, and in the index where it is a
 * second at least. After a minute another container begins, so that headers alone show it. */
svms_status camera_store_gap(camera_store *self, svms_gap_reason reason, svms_error *err);
/* Ends the segment, so that readers see what was recorded. */
svms_status camera_store_flush(camera_store *self, svms_error *err);
void camera_store_look(const camera_store *self, camera_store_state *out);
/* Under which containers have the device, as `svms record --device` makes it of a name: that of a
 * camera is its id. */
svms_status camera_store_device_id(uint8_t out[16], const char *name, svms_error *err);
/* Ends the container. NULL and pointer to NULL are accepted. */
void camera_store_close(camera_store **self);

#endif
