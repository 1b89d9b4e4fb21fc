/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of all that a camera writes (0700), which one process at a time has. */
#ifndef CAMERA_FOLDER_H
#define CAMERA_FOLDER_H

#include "camera_config.h"

typedef struct camera_folder {
    int lock; /* -1: not held */
    char *settings;
    char *users;
    char *secret;
    char *identity;
    char *edge;
    char *edge_key;
    char *slots;
} camera_folder;

/* SVMS_E_STATE: another process has it. Makes it where it is missing. */
svms_status camera_folder_open(camera_folder *out, const camera_config *config, svms_error *err);
void camera_folder_close(camera_folder *folder);

/* Factory reset: keys first, then what they opened, then settings. Goes on after a failure, and
 * returns the first one. Each thing that is erased is told. */
typedef void (*camera_erased)(void *user, const char *path);
svms_status camera_folder_reset(const camera_folder *folder, camera_erased erased, void *user,
                                svms_error *err);

#endif
