/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/folder.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "context_internal.h"
#include "failure.h"
#include "platform.h"
#include "platform_folder.h"
#include "stream.h"

#define PATH_MOST 4096
/* In front of the names of files that are not whole yet. */
#define UNFINISHED ".new"

typedef struct file_folder {
    svms_ctx *ctx;
    char *path;
    int lock; /* -1: not taken */
} file_folder;

typedef struct full_path {
    char text[PATH_MOST];
} full_path;

static bool is_part_sign(char sign)
{
    return (sign >= 'a' && sign <= 'z') || (sign >= '0' && sign <= '9') || sign == '.' ||
           sign == '-' || sign == '_';
}

/* No name leads out of the folder. */
static bool is_name(const char *name)
{
    size_t part = 0;
    if (strlen(name) >= SVMS_FOLDER_NAME_SIZE) {
        return false;
    }
    for (const char *at = name;; at++) {
        if (*at == '/' || *at == '\0') {
            bool dots =
                (part == 1 && at[-1] == '.') || (part == 2 && at[-1] == '.' && at[-2] == '.');
            if (part == 0 || dots) {
                return false;
            }
            part = 0;
        } else if (!is_part_sign(*at)) {
            return false;
        } else {
            part++;
        }
        if (*at == '\0') {
            return true;
        }
    }
}

static int make_path(const file_folder *folder, const char *name, const char *suffix,
                     full_path *out)
{
    if (name[0] != '\0' && !is_name(name)) {
        return EINVAL;
    }
    int size = snprintf(out->text, sizeof out->text, "%s%s%s%s", folder->path,
                        name[0] != '\0' ? "/" : "", name, suffix);
    return size >= 0 && (size_t)size < sizeof out->text ? 0 : ENAMETOOLONG;
}

static svms_status done(int result, int *os_error)
{
    *os_error = result;
    return result == 0 ? SVMS_OK : SVMS_E_IO;
}

static int sync_folder_of(const char *path)
{
    int handle = -1;
    int result = svms_platform_open_folder(path, &handle);
    if (result == 0) {
        result = svms_platform_sync_folder(handle);
        svms_platform_close(handle);
    }
    return result;
}

/* The folders between the folder and the last part of a name, each durable in the one above. */
static int make_folders(const file_folder *folder, const char *path)
{
    full_path above;
    size_t from = strlen(folder->path) + 1;
    int result = 0;
    for (const char *slash = strchr(path + from, '/'); slash && result == 0;
         slash = strchr(slash + 1, '/')) {
        memcpy(above.text, path, (size_t)(slash - path));
        above.text[slash - path] = '\0';
        if (svms_platform_is_folder(above.text) == 0) {
            continue;
        }
        result = svms_platform_make_folder(above.text);
        if (result == 0) {
            result = sync_folder_of(above.text);
        }
    }
    return result;
}

static svms_status open_store(const file_folder *folder, const char *path, svms_store *out,
                              int *os_error)
{
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = svms_store_open_shared(out, folder->ctx, path, &why);
    *os_error = status == SVMS_OK ? 0 : why.os_error;
    return status;
}

static svms_status folder_open(void *user, const char *name, svms_store *out, int *os_error)
{
    full_path path;
    int result = make_path(user, name, "", &path);
    return result == 0 ? open_store(user, path.text, out, os_error) : done(result, os_error);
}

static svms_status folder_create(void *user, const char *name, svms_store *out, int *os_error)
{
    full_path path;
    int handle = -1;
    int result = make_path(user, name, "", &path);
    if (result == 0) {
        result = make_folders(user, path.text);
    }
    if (result == 0) {
        result = svms_platform_create(path.text, &handle);
    }
    if (result == 0) {
        svms_platform_close(handle);
        result = sync_folder_of(path.text);
    }
    return result == 0 ? open_store(user, path.text, out, os_error) : done(result, os_error);
}

static int write_whole(const char *path, const void *data, size_t size, bool durable)
{
    const svms_iovec run = { data, size };
    int handle = -1;
    int result = svms_platform_create(path, &handle);
    if (result != 0) {
        return result;
    }
    result = svms_platform_append(handle, &run, 1);
    if (result == 0 && durable) {
        result = svms_platform_sync(handle);
    }
    svms_platform_close(handle);
    return result;
}

static svms_status folder_put(void *user, const char *name, const void *data, size_t size,
                              uint32_t durable, int *os_error)
{
    full_path path;
    full_path unfinished;
    int result = make_path(user, name, "", &path);
    if (result == 0) {
        result = make_path(user, name, UNFINISHED, &unfinished);
    }
    if (result == 0) {
        result = make_folders(user, path.text);
    }
    if (result != 0) {
        return done(result, os_error);
    }
    /* One that a crash left. */
    result = svms_platform_remove(unfinished.text);
    if (result == 0 || result == ENOENT) {
        result = write_whole(unfinished.text, data, size, durable != 0);
    }
    if (result == 0) {
        result = svms_platform_rename(unfinished.text, path.text);
    }
    if (result != 0) {
        (void)svms_platform_remove(unfinished.text);
        return done(result, os_error);
    }
    return done(durable ? sync_folder_of(path.text) : 0, os_error);
}

static svms_status folder_sync(void *user, int *os_error)
{
    const file_folder *folder = user;
    return done(svms_platform_sync_all(folder->path), os_error);
}

static svms_status folder_remove(void *user, const char *name, int *os_error)
{
    full_path path;
    int result = make_path(user, name, "", &path);
    return done(result == 0 ? svms_platform_remove(path.text) : result, os_error);
}

static svms_status folder_list(void *user, const char *name, svms_folder_each each, void *each_user,
                               int *os_error)
{
    full_path path;
    svms_status status = SVMS_OK;
    int result = make_path(user, name, "", &path);
    if (result == 0) {
        result = svms_platform_list(path.text, each, each_user, &status);
    }
    if (result != 0 && result != ENOENT) {
        return done(result, os_error);
    }
    *os_error = 0;
    return status;
}

static svms_status folder_lock(void *user, int *os_error)
{
    file_folder *folder = user;
    full_path path;
    if (folder->lock >= 0) {
        return done(0, os_error);
    }
    int result = make_path(folder, "lock", "", &path);
    return done(result == 0 ? svms_platform_take(path.text, &folder->lock) : result, os_error);
}

static void folder_close(void *user)
{
    file_folder *folder = user;
    if (folder->lock >= 0) {
        svms_platform_close(folder->lock);
    }
    svms_release(folder->ctx, folder->path);
    svms_release(folder->ctx, folder);
}

/* Its path does not depend on the working folder, which may change. */
static int find_folder(const char *path, uint32_t create, full_path *out)
{
    int result = svms_platform_is_folder(path);
    bool is_new = result == ENOENT && create;
    if (is_new) {
        result = svms_platform_make_folder(path);
    }
    if (result == 0) {
        result = svms_platform_real_folder(path, out->text, sizeof out->text);
    }
    return result == 0 && is_new ? sync_folder_of(out->text) : result;
}

svms_status svms_folder_open(svms_folder *out, svms_ctx *ctx, const char *path, uint32_t create,
                             svms_error *err)
{
    full_path real;
    if (!out || !ctx || !path) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    int os_error = find_folder(path, create, &real);
    if (os_error != 0) {
        return svms_fail_path(err, SVMS_E_IO, os_error, "open", path, NULL);
    }
    file_folder *folder = svms_alloc(ctx, sizeof *folder);
    if (!folder) {
        return svms_fail_memory(err);
    }
    *folder = (file_folder){ ctx, svms_copy_text(ctx, real.text), -1 };
    if (!folder->path) {
        svms_release(ctx, folder);
        return svms_fail_memory(err);
    }
    svms_folder made = SVMS_FOLDER_INIT;
    made.user = folder;
    made.open = folder_open;
    made.create = folder_create;
    made.put = folder_put;
    made.sync = folder_sync;
    made.remove = folder_remove;
    made.list = folder_list;
    made.lock = folder_lock;
    made.close = folder_close;
    *out = made;
    return SVMS_OK;
}

void svms_folder_close(svms_folder *folder)
{
    if (!folder) {
        return;
    }
    if (folder->close) {
        folder->close(folder->user);
    }
    svms_folder cleared = SVMS_FOLDER_INIT;
    *folder = cleared;
}
