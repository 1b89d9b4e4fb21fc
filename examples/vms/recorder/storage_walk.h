/* SPDX-License-Identifier: Apache-2.0 */
/* All containers that lie in the storages: PATH/CAMERA/NAME, also of cameras that the settings do
 * not have any more. */
#ifndef STORAGE_WALK_H
#define STORAGE_WALK_H

#include "recorder_parts.h"
#include "store_folder.h"

/* Camera by camera, names in their order. Texts live as long as the call. */
typedef struct walked_file {
    const storage_settings *storage;
    const char *camera;
    const char *file; /* below the storage */
    const char *path;
} walked_file;

/* What it returns other than SVMS_OK ends the walk; it fills err. */
typedef svms_status walk_visitor(void *user, const walked_file *file, svms_error *err);

/* A storage or folder that cannot be read is told, and left out. */
svms_status storage_walk(const recorder_parts *parts, walk_visitor *visit, void *user,
                         svms_error *err);

#endif
