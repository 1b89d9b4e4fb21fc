/* SPDX-License-Identifier: Apache-2.0 */
/* Files in folders, by path. */
#ifndef SVMS_PLATFORM_FOLDER_H
#define SVMS_PLATFORM_FOLDER_H

#include <svms/status.h>

/* All return 0 or an errno value. */
/* Mode 0700; one that is there already will do, a file of that name will not. */
int svms_platform_make_folder(const char *path);
int svms_platform_is_folder(const char *path);
/* Atomic; `to` may be there. */
int svms_platform_rename(const char *from, const char *to);
int svms_platform_remove(const char *path);
/* Makes durable all that was written to the file system that has path. */
int svms_platform_sync_all(const char *path);
/* Makes it where it is not there, and takes it; EWOULDBLOCK where another process has it. */
int svms_platform_take(const char *path, int *handle);

typedef svms_status (*svms_platform_each)(void *user, const char *name);
/* Without "." and "..". *status is what each said last; ENOENT for a folder that is not there. */
int svms_platform_list(const char *path, svms_platform_each each, void *user, svms_status *status);

#endif
