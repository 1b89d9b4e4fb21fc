/* SPDX-License-Identifier: Apache-2.0 */
/* What the recorder missed, fetched from the camera's own storage (ONVIF's replay) once it is back:
 * recorded beside the rest as containers of origin edge, which fill the gap in the same recording.
 * What is still missing stands in the index alone, so a recorder that was restarted goes on. Has a
 * thread of its own; any thread may call. */
#ifndef EDGE_JOIN_H
#define EDGE_JOIN_H

#include "camera_access.h"
#include "recorder_parts.h"
#include "storage_keys.h"

typedef struct edge_join edge_join;

typedef struct edge_join_options {
    const recorder_parts *parts; /* borrowed, as all of these */
    const recorded_camera *camera;
    const storage_keys *keys; /* of its storage */
    camera_access *access;
    uint32_t oldest_days; /* what is older is not asked for; 0: 30 */
    bool clear;           /* also rtsp://: for tests */
} edge_join_options;

/* Its thread sleeps until it is woken. */
svms_status edge_join_new(edge_join **out, const edge_join_options *options, svms_error *err);
/* The camera is there (again): looks for what is missing, and fetches it. */
void edge_join_wake(edge_join *self);

typedef struct edge_join_state {
    bool is_idle;      /* nothing is left that could be fetched */
    uint64_t fetched;  /* stretches that were filled, whole or in part */
    uint64_t failures; /* tries that failed */
    char words[160];   /* why the last one failed; or empty */
} edge_join_state;

void edge_join_look(edge_join *self, edge_join_state *out);
/* Ends what is being fetched properly. NULL and pointer to NULL are accepted. */
void edge_join_free(edge_join **self);

#endif
