/* SPDX-License-Identifier: Apache-2.0 */
/* Removing a container: what says that it is gone is durable before it is. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container_erase.h"
#include "keeper_internal.h"
#include "keeper_reserve.h"
#include "recorder_failure.h"

#define RECORD_SUFFIX ".pruned"
#define PART_SUFFIX ".part"
#define UNFINISHED_SUFFIX ".pruned.new"

typedef struct removal {
    keeper *keeper;
    size_t storage;
    const keeper_victim *victim;
    svms_prune_reason reason;
    bool erase;
    char *path;
    char *record;
    char *unfinished;
    int handle; /* of the container, locked against writers */
    svms_error *err;
} removal;

static const storage_settings *storage_of(const keeper *self, size_t storage)
{
    return &self->options.parts->settings->storages[storage];
}

static svms_status fail_system(const removal *self, int os_error, const char *what)
{
    return recorder_fail(self->err, SVMS_E_IO, os_error, "%.140s %s: %s", self->path, what,
                         strerror(os_error));
}

static void tell(const removal *self, const char *kind, service_level level, const char *words)
{
    keeper_news news = { .kind = kind,
                         .level = level,
                         .camera = self->victim->camera,
                         .path = self->path,
                         .words = words,
                         .is_audited = true };
    keeper_tell(self->keeper, &news);
}

static svms_status drop(const removal *self)
{
    return recorder_index_drop(self->keeper->options.parts->index, self->victim->container_id,
                               self->err);
}

/* The index says what is not so; the file, if there is one, is left for people to look at. */
static svms_status correct_index(const removal *self, const char *words)
{
    tell(self, "storage.failed", SERVICE_ERROR, words);
    return drop(self);
}

static bool exists(const char *path)
{
    struct stat is;
    return lstat(path, &is) == 0;
}

/* Whether it was ended, and the index will be told in a moment. */
static bool is_renamed(const removal *self)
{
    size_t size = strlen(self->path);
    size_t end = strlen(PART_SUFFIX);
    if (size <= end || strcmp(self->path + size - end, PART_SUFFIX) != 0) {
        return false;
    }
    char *ended = strndup(self->path, size - end);
    bool is_there = ended && exists(ended);
    free(ended);
    return is_there;
}

/* *gone: there is nothing of that name, and all is done. */
static svms_status claim(removal *self, bool *gone)
{
    struct stat is;
    *gone = false;
    self->handle = open(self->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
    if (self->handle < 0 && errno == ENOENT && is_renamed(self)) {
        return recorder_fail(self->err, SVMS_E_STATE, 0, "%.150s has another name by now",
                             self->path);
    }
    if (self->handle < 0 && errno == ENOENT) {
        *gone = true;
        return exists(self->record) ? drop(self)
                                    : correct_index(self, "the container is gone, and nothing "
                                                          "says why");
    }
    if (self->handle < 0 || fstat(self->handle, &is) != 0) {
        return fail_system(self, errno, "cannot be opened");
    }
    if (!S_ISREG(is.st_mode)) {
        *gone = true;
        return correct_index(self, "it is no file, so it is no container");
    }
    if (flock(self->handle, LOCK_SH | LOCK_NB) == 0) {
        return SVMS_OK;
    }
    return errno == EWOULDBLOCK
               ? recorder_fail(self->err, SVMS_E_STATE, 0,
                               "%.150s is being written; it was left alone", self->path)
               : fail_system(self, errno, "cannot be locked");
}

static bool is_of_system(svms_status status)
{
    return status == SVMS_E_IO || status == SVMS_E_NO_MEMORY || status == SVMS_E_CRYPTO ||
           status == SVMS_E_USAGE;
}

/* *other: what lies there is not what the index says, or cannot be read by anybody. */
static svms_status check_container(const removal *self, const svms_source *source, bool *other)
{
    svms_head head = SVMS_HEAD_INIT;
    svms_error why = SVMS_ERROR_INIT;
    svms_ctx *ctx = self->keeper->options.parts->ctx;
    svms_status status = svms_container_head(ctx, source, &head, &why);
    *other = false;
    if (status == SVMS_OK &&
        memcmp(head.container_id, self->victim->container_id, sizeof head.container_id) == 0) {
        return SVMS_OK;
    }
    if (status != SVMS_OK && is_of_system(status)) {
        return recorder_fail(self->err, status, why.os_error, "%.120s: %.120s", self->path,
                             why.message);
    }
    char words[320];
    (void)snprintf(words, sizeof words, "it was left where it is: %.250s",
                   status == SVMS_OK ? "it is another container than the index says" : why.message);
    *other = true;
    return correct_index(self, words);
}

static svms_status sync_folder(const removal *self)
{
    char *folder = strdup(self->path);
    char *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash) {
        *slash = '\0';
    }
    int handle = slash ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    bool done = handle >= 0 && fsync(handle) == 0;
    int os_error = errno;
    if (handle >= 0) {
        (void)close(handle);
    }
    free(folder);
    return done ? SVMS_OK : fail_system(self, os_error, "has a folder that cannot be made durable");
}

static svms_status write_record_once(const removal *self, const svms_source *source)
{
    const storage_keys *keys = &self->keeper->options.keys[self->storage];
    svms_prune_options options = SVMS_PRUNE_OPTIONS_INIT;
    svms_sink sink = SVMS_SINK_INIT;
    svms_ctx *ctx = self->keeper->options.parts->ctx;
    options.reason = self->reason;
    options.signer = keys->key;
    options.chain = keys->chain;
    /* What is left of an earlier try was never the record. */
    (void)unlink(self->unfinished);
    svms_status status = svms_sink_create_file(&sink, ctx, self->unfinished, self->err);
    if (status == SVMS_OK) {
        status = svms_pruned_write(ctx, source, &options, &sink, self->err);
        svms_sink_close(&sink);
    }
    if (status == SVMS_OK && rename(self->unfinished, self->record) != 0) {
        status = fail_system(self, errno, "cannot get its record");
    }
    if (status != SVMS_OK) {
        (void)unlink(self->unfinished);
        return status;
    }
    return sync_folder(self);
}

/* A full disk has to give way to what makes room on it. */
static svms_status write_record(const removal *self, const svms_source *source)
{
    svms_status status = write_record_once(self, source);
    if (status == SVMS_E_IO && self->err && self->err->os_error == ENOSPC &&
        keeper_reserve_give(storage_of(self->keeper, self->storage)->path)) {
        status = write_record_once(self, source);
    }
    return status;
}

/* A record that is there from before must be this container's. */
static svms_status check_record(const removal *self)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_pruned pruned = SVMS_PRUNED_INIT;
    svms_error why = SVMS_ERROR_INIT;
    svms_ctx *ctx = self->keeper->options.parts->ctx;
    if (!exists(self->record)) {
        return SVMS_OK;
    }
    svms_status status = svms_source_open_file(&source, ctx, self->record, &why);
    if (status == SVMS_OK) {
        status = svms_pruned_read(ctx, &source, NULL, SVMS_TIME_ATTESTED, &pruned, &why);
        svms_source_close(&source);
    }
    bool is_read = status == SVMS_OK || status == SVMS_E_UNTRUSTED;
    if (is_read &&
        memcmp(pruned.container_id, self->victim->container_id, sizeof pruned.container_id) != 0) {
        return recorder_fail(self->err, SVMS_E_EXISTS, 0,
                             "%.150s is there, but it is the record of another container",
                             self->record);
    }
    /* One that cannot be read is no record: the new one takes its place. */
    return is_read || !is_of_system(status)
               ? SVMS_OK
               : recorder_fail(self->err, status, why.os_error, "%.120s: %.120s", self->record,
                               why.message);
}

/* Recorders' containers have a number that must be accounted for; those of cameras do not
 * (C-SEQ-3).
 */
static svms_status explain(const removal *self, bool *other)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_ctx *ctx = self->keeper->options.parts->ctx;
    svms_status status = svms_source_open_file(&source, ctx, self->path, self->err);
    if (status != SVMS_OK) {
        return status;
    }
    status = check_container(self, &source, other);
    if (status == SVMS_OK && !*other && !self->victim->is_edge) {
        status = check_record(self);
        if (status == SVMS_OK) {
            status = write_record(self, &source);
        }
    }
    svms_source_close(&source);
    return status;
}

/* Gives up the name, if it still is that of the container. */
static svms_status remove_name(removal *self)
{
    struct stat was;
    struct stat now;
    if (fstat(self->handle, &was) != 0 || lstat(self->path, &now) != 0) {
        return fail_system(self, errno, "cannot be looked at");
    }
    if (was.st_dev != now.st_dev || was.st_ino != now.st_ino) {
        return recorder_fail(self->err, SVMS_E_STATE, 0, "%.150s is another file by now",
                             self->path);
    }
    /* Overwriting asks for the container alone. */
    (void)flock(self->handle, LOCK_UN);
    svms_status status =
        self->erase ? container_erase(self->keeper->options.parts->ctx, self->path, self->err)
                    : SVMS_OK;
    if (status == SVMS_OK && unlink(self->path) != 0) {
        status = fail_system(self, errno, "cannot be removed");
    }
    return status == SVMS_OK ? sync_folder(self) : status;
}

/* The index is a file that others may have written. */
static bool leads_out(const char *file)
{
    size_t size = strlen(file);
    return file[0] == '/' || strncmp(file, "../", 3) == 0 || strstr(file, "/../") ||
           (size >= 3 && strcmp(file + size - 3, "/..") == 0);
}

static svms_status run(removal *self)
{
    bool gone = false;
    bool other = false;
    if (leads_out(self->victim->file)) {
        return correct_index(self, "the index names a file that is in no storage");
    }
    svms_status status = claim(self, &gone);
    if (status != SVMS_OK || gone) {
        return status;
    }
    status = explain(self, &other);
    if (status != SVMS_OK || other) {
        return status;
    }
    status = remove_name(self);
    if (status == SVMS_OK) {
        status = drop(self);
    }
    if (status == SVMS_OK) {
        tell(self, "storage.pruned", SERVICE_INFO,
             self->erase ? "erased" : svms_prune_reason_name(self->reason));
    }
    return status;
}

static char *join(const char *first, const char *between, const char *second)
{
    char *joined = NULL;
    return asprintf(&joined, "%s%s%s", first, between, second) < 0 ? NULL : joined;
}

svms_status keeper_remove(keeper *self, size_t storage, const keeper_victim *victim,
                          svms_prune_reason reason, bool erase, svms_error *err)
{
    svms_error own = SVMS_ERROR_INIT;
    removal job = { .keeper = self,
                    .storage = storage,
                    .victim = victim,
                    .reason = reason,
                    .erase = erase,
                    .handle = -1,
                    .err = err ? err : &own };
    job.path = join(storage_of(self, storage)->path, "/", victim->file);
    job.record = job.path ? join(job.path, RECORD_SUFFIX, "") : NULL;
    job.unfinished = job.path ? join(job.path, UNFINISHED_SUFFIX, "") : NULL;
    svms_status status = job.record && job.unfinished
                             ? run(&job)
                             : recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory for names");
    if (job.handle >= 0) {
        (void)close(job.handle);
    }
    free(job.unfinished);
    free(job.record);
    free(job.path);
    return status;
}
