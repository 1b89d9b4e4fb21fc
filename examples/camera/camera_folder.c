/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "camera_failure.h"
#include "camera_file.h"

#define DEEPEST 8

static svms_status take_lock(camera_folder *out, const char *state, svms_error *err)
{
    char *path = camera_file_path(state, "lock");
    if (!path) {
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for a path");
    }
    out->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    free(path);
    if (out->lock < 0) {
        return camera_fail(err, SVMS_E_IO, errno, "cannot write in %s", state);
    }
    if (flock(out->lock, LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK
                   ? camera_fail(err, SVMS_E_STATE, 0, "another process has %s: a camera that runs",
                                 state)
                   : camera_fail(err, SVMS_E_IO, errno, "cannot lock %s", state);
    }
    return SVMS_OK;
}

static svms_status name_all(camera_folder *out, const camera_config *config, svms_error *err)
{
    out->settings = camera_file_path(config->state, "settings.json");
    out->users = camera_file_path(config->state, "users");
    out->secret = camera_file_path(config->state, "secret");
    out->edge =
        config->edge_path ? strdup(config->edge_path) : camera_file_path(config->state, "edge");
    out->edge_key = camera_file_path(config->state, "edge.key");
    out->slots = camera_file_path(config->state, "slots");
    out->identity =
        config->identity ? strdup(config->identity) : camera_file_path(config->state, "identity");
    return out->settings && out->users && out->secret && out->edge && out->edge_key && out->slots &&
                   out->identity
               ? SVMS_OK
               : camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for paths");
}

svms_status camera_folder_open(camera_folder *out, const camera_config *config, svms_error *err)
{
    struct stat is;
    memset(out, 0, sizeof *out);
    out->lock = -1;
    if (mkdir(config->state, 0700) != 0 && errno != EEXIST) {
        return camera_fail(err, SVMS_E_IO, errno, "cannot make %s", config->state);
    }
    if (stat(config->state, &is) != 0 || !S_ISDIR(is.st_mode)) {
        return camera_fail(err, SVMS_E_IO, ENOTDIR, "%s is no folder", config->state);
    }
    if ((is.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return camera_fail(err, SVMS_E_POLICY, 0, "%s may be entered by others than its owner",
                           config->state);
    }
    svms_status status = name_all(out, config, err);
    if (status == SVMS_OK) {
        status = take_lock(out, config->state, err);
    }
    if (status != SVMS_OK) {
        camera_folder_close(out);
    }
    return status;
}

void camera_folder_close(camera_folder *folder)
{
    if (folder->lock >= 0) {
        close(folder->lock);
    }
    free(folder->settings);
    free(folder->users);
    free(folder->secret);
    free(folder->identity);
    free(folder->edge);
    free(folder->edge_key);
    free(folder->slots);
    memset(folder, 0, sizeof *folder);
    folder->lock = -1;
}

typedef struct erasing {
    camera_erased erased;
    void *user;
    svms_status status; /* the first failure */
    svms_error *err;
} erasing;

static void keep_failure(erasing *self, svms_status status, const svms_error *err)
{
    if (status != SVMS_OK && self->status == SVMS_OK) {
        self->status = status;
        if (self->err) {
            *self->err = *err;
        }
    }
}

static void erase_file(erasing *self, const char *path)
{
    svms_error err = SVMS_ERROR_INIT;
    bool was_there = false;
    svms_status status = camera_file_erase(path, &was_there, &err);
    keep_failure(self, status, &err);
    if (status == SVMS_OK && was_there) {
        self->erased(self->user, path);
    }
}

static bool is_folder(const char *path)
{
    struct stat is;
    return lstat(path, &is) == 0 && S_ISDIR(is.st_mode);
}

static bool is_key(const char *name)
{
    return strstr(name, "key") != NULL;
}

/* All that is in a folder, or only what has "key" in its name; links are not followed. */
static void erase_in(erasing *self, const char *folder, bool only_keys, int depth)
{
    DIR *handle = depth < DEEPEST && is_folder(folder) ? opendir(folder) : NULL;
    struct dirent *entry = NULL;
    while (handle && (entry = readdir(handle)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        char *path = camera_file_path(folder, entry->d_name);
        svms_error err = SVMS_ERROR_INIT;
        if (!path) {
            keep_failure(self, camera_fail(&err, SVMS_E_NO_MEMORY, 0, "no memory for a path"),
                         &err);
        } else if (is_folder(path)) {
            erase_in(self, path, only_keys, depth + 1);
        } else if (!only_keys || is_key(entry->d_name)) {
            erase_file(self, path);
        }
        free(path);
    }
    if (handle) {
        closedir(handle);
    }
    if (!only_keys && is_folder(folder) && rmdir(folder) != 0) {
        svms_error err = SVMS_ERROR_INIT;
        keep_failure(self, camera_fail(&err, SVMS_E_IO, errno, "cannot remove %s", folder), &err);
    }
}

svms_status camera_folder_reset(const camera_folder *folder, camera_erased erased, void *user,
                                svms_error *err)
{
    erasing self = { erased, user, SVMS_OK, err };
    /* The secret first: without it nobody reads users and edge storage, whatever happens next. */
    erase_file(&self, folder->secret);
    erase_file(&self, folder->edge_key);
    erase_in(&self, folder->identity, true, 0);
    erase_file(&self, folder->users);
    erase_in(&self, folder->edge, false, 0);
    erase_in(&self, folder->identity, false, 0);
    erase_file(&self, folder->settings);
    return self.status;
}
