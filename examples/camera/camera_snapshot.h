/* SPDX-License-Identifier: Apache-2.0 */
/* The newest picture for whoever wants a still: kept by one thread, made a JPEG by others. */
#ifndef CAMERA_SNAPSHOT_H
#define CAMERA_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#include <svms/privacy.h>

typedef struct camera_snapshot camera_snapshot;

/* NULL: no memory. */
camera_snapshot *camera_snapshot_new(void);
/* Copies an I420 picture where the one that is kept is half a second old. Times are monotonic. */
void camera_snapshot_keep(camera_snapshot *self, const svms_picture *picture, uint64_t now);
/* What is kept must not be shown any more. */
void camera_snapshot_forget(camera_snapshot *self);
/* JPEG of what is kept; each picture is made one once. free() it. SVMS_AGAIN: nothing is kept. */
svms_status camera_snapshot_take(camera_snapshot *self, uint8_t **out, size_t *size,
                                 svms_error *err);
/* NULL and pointer to NULL are accepted. */
void camera_snapshot_free(camera_snapshot **self);

#endif
