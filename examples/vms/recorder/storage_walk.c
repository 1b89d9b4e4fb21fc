/* SPDX-License-Identifier: Apache-2.0 */
#include "storage_walk.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "recorder_failure.h"

typedef struct walk {
    const recorder_parts *parts;
    const storage_settings *storage;
    walk_visitor *visit;
    void *user;
} walk;

static svms_status fail_memory(svms_error *err)
{
    return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
}

static void tell_unread(const walk *self, const char *camera, const svms_error *why)
{
    recorder_event(self->parts, SERVICE_ERROR, camera, "storage.unreadable", NULL, why->message);
}

static svms_status visit_file(const walk *self, const char *camera, const char *name,
                              svms_error *err)
{
    char *file = store_path(camera, name);
    char *path = file ? store_path(self->storage->path, file) : NULL;
    const walked_file walked = { self->storage, camera, file, path };
    svms_status status = path ? self->visit(self->user, &walked, err) : fail_memory(err);
    free(path);
    free(file);
    return status;
}

static svms_status visit_camera(const walk *self, const char *camera, svms_error *err)
{
    store_list list = { NULL, 0 };
    svms_error why = SVMS_ERROR_INIT;
    char *folder = store_path(self->storage->path, camera);
    svms_status status = folder ? store_list_containers(&list, folder, &why) : fail_memory(&why);
    free(folder);
    if (status == SVMS_E_NO_MEMORY) {
        return fail_memory(err);
    }
    if (status != SVMS_OK) {
        tell_unread(self, camera, &why);
        return SVMS_OK;
    }
    for (size_t i = 0; i < list.count && status == SVMS_OK; i++) {
        status = visit_file(self, camera, list.names[i], err);
    }
    store_list_free(&list);
    return status;
}

static int is_camera(const struct dirent *entry)
{
    bool may_be = entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN;
    return may_be && entry->d_name[0] != '.' && strlen(entry->d_name) <= RECORDER_NAME_MAX &&
           strcmp(entry->d_name, "lost+found") != 0;
}

static svms_status visit_storage(const walk *self, svms_error *err)
{
    struct dirent **names = NULL;
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = SVMS_OK;
    int count = scandir(self->storage->path, &names, is_camera, alphasort);
    if (count < 0) {
        int os_error = errno;
        (void)recorder_fail(&why, SVMS_E_IO, os_error, "the storage %.64s (%.100s): %s",
                            self->storage->name, self->storage->path, strerror(os_error));
        tell_unread(self, NULL, &why);
        return SVMS_OK;
    }
    for (int i = 0; i < count; i++) {
        if (status == SVMS_OK) {
            status = visit_camera(self, names[i]->d_name, err);
        }
        free(names[i]);
    }
    free(names);
    return status;
}

svms_status storage_walk(const recorder_parts *parts, walk_visitor *visit, void *user,
                         svms_error *err)
{
    svms_status status = SVMS_OK;
    for (size_t i = 0; i < parts->settings->storage_count && status == SVMS_OK; i++) {
        const walk one = { parts, &parts->settings->storages[i], visit, user };
        status = visit_storage(&one, err);
    }
    return status;
}
