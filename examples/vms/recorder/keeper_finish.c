/* SPDX-License-Identifier: Apache-2.0 */
/* What a crash left between the record of a removal and the end of the container. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keeper_internal.h"

#define RECORD_SUFFIX ".pruned"

/* A record beside the container that it declares removed. */
typedef struct leftover {
    keeper *keeper;
    size_t storage;
    const char *camera; /* name of the folder */
    const char *path;   /* of the record */
    char file[512];     /* of the container, below the storage */
} leftover;

static void tell(const leftover *self, const char *words)
{
    keeper_news news = { .kind = "storage.failed",
                         .level = SERVICE_WARNING,
                         .camera = self->camera,
                         .path = self->path,
                         .words = words,
                         .is_audited = true };
    keeper_tell(self->keeper, &news);
}

static svms_status read_both(const leftover *self, const char *container, svms_pruned *pruned,
                             svms_head *head, svms_error *err)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_ctx *ctx = self->keeper->options.parts->ctx;
    svms_status status = svms_source_open_file(&source, ctx, self->path, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_pruned_read(ctx, &source, NULL, SVMS_TIME_ATTESTED, pruned, err);
    svms_source_close(&source);
    /* Who could write it could have removed the container as well. */
    if (status != SVMS_OK && status != SVMS_E_UNTRUSTED) {
        return status;
    }
    status = svms_source_open_file(&source, ctx, container, err);
    if (status == SVMS_OK) {
        status = svms_container_head(ctx, &source, head, err);
        svms_source_close(&source);
    }
    return status;
}

static svms_status finish_removal(const leftover *self, const svms_pruned *pruned, svms_error *err)
{
    keeper *by = self->keeper;
    bool is_locked = false;
    char file[sizeof self->file];
    char camera[RECORDER_NAME_MAX + 1];
    (void)snprintf(file, sizeof file, "%s", self->file);
    (void)snprintf(camera, sizeof camera, "%.64s", self->camera);
    keeper_victim victim = { .camera = camera,
                             .file = file,
                             .first_utc_ns = pruned->first_utc_ns,
                             .last_utc_ns = pruned->last_utc_ns };
    memcpy(victim.container_id, pruned->container_id, sizeof victim.container_id);
    (void)pthread_mutex_lock(&by->work);
    svms_status status = keeper_settle_locks(by, err);
    if (status == SVMS_OK && victim.first_utc_ns != SVMS_NO_TIME) {
        status =
            keeper_is_locked(by, camera, victim.first_utc_ns, victim.last_utc_ns, &is_locked, err);
    }
    if (status == SVMS_OK && is_locked) {
        tell(self, "there is a record that the container was removed, but it is locked, and stays");
    } else if (status == SVMS_OK) {
        status = keeper_remove(by, self->storage, &victim, pruned->reason,
                               pruned->reason == SVMS_PRUNE_ORDER, err);
    }
    (void)pthread_mutex_unlock(&by->work);
    return status;
}

static void finish_one(const leftover *self, const char *container)
{
    svms_pruned pruned = SVMS_PRUNED_INIT;
    svms_head head = SVMS_HEAD_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = read_both(self, container, &pruned, &head, &err);
    if (status == SVMS_OK &&
        memcmp(head.container_id, pruned.container_id, sizeof head.container_id) != 0) {
        tell(self, "it is the record of another container than the one beside it");
        return;
    }
    if (status == SVMS_OK) {
        status = finish_removal(self, &pruned, &err);
    }
    if (status != SVMS_OK) {
        char words[320];
        (void)snprintf(words, sizeof words, "a removal cannot be finished: %.250s", err.message);
        tell(self, words);
    }
}

static void look_at(keeper *self, size_t storage, const char *camera, const char *name)
{
    const char *root = self->options.parts->settings->storages[storage].path;
    size_t size = strlen(name);
    size_t end = strlen(RECORD_SUFFIX);
    struct stat is;
    char path[4352];
    char container[4352];
    if (size <= end || strcmp(name + size - end, RECORD_SUFFIX) != 0) {
        return;
    }
    leftover found = { .keeper = self, .storage = storage, .camera = camera, .path = path };
    int stem = (int)(size - end);
    int used = snprintf(path, sizeof path, "%s/%s/%s", root, camera, name);
    (void)snprintf(container, sizeof container, "%s/%s/%.*s", root, camera, stem, name);
    int below = snprintf(found.file, sizeof found.file, "%s/%.*s", camera, stem, name);
    if (used > 0 && (size_t)used < sizeof path && below > 0 && (size_t)below < sizeof found.file &&
        lstat(container, &is) == 0) {
        finish_one(&found, container);
    }
}

static void look_into(keeper *self, size_t storage, const char *camera)
{
    char path[4352];
    const char *root = self->options.parts->settings->storages[storage].path;
    int used = snprintf(path, sizeof path, "%s/%s", root, camera);
    DIR *folder = used > 0 && (size_t)used < sizeof path ? opendir(path) : NULL;
    const struct dirent *entry;
    while (folder && !keeper_is_stopping(self) && (entry = readdir(folder)) != NULL) {
        look_at(self, storage, camera, entry->d_name);
    }
    if (folder) {
        (void)closedir(folder);
    }
}

void keeper_finish(keeper *self, size_t storage)
{
    DIR *folder = opendir(self->options.parts->settings->storages[storage].path);
    const struct dirent *entry;
    while (folder && !keeper_is_stopping(self) && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.' && strlen(entry->d_name) <= RECORDER_NAME_MAX) {
            look_into(self, storage, entry->d_name);
        }
    }
    if (folder) {
        (void)closedir(folder);
    }
}
