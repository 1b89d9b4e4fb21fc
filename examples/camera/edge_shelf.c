/* SPDX-License-Identifier: Apache-2.0 */
#include "edge_shelf.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "camera_failure.h"
#include "camera_file.h"

#define SUFFIX ".svms"

struct edge_shelf {
    pthread_mutex_t lock;
    char *folder;
    edge_container *list; /* in the order of their names */
    size_t count;
    size_t room;
};

static svms_status no_memory(svms_error *err)
{
    return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for edge storage");
}

static bool is_container(const char *name)
{
    size_t size = strlen(name);
    return size > strlen(SUFFIX) && size < sizeof(((edge_container *)NULL)->name) &&
           strcmp(name + size - strlen(SUFFIX), SUFFIX) == 0;
}

/* Where it is, or would be. */
static size_t find(const edge_shelf *self, const char *name)
{
    size_t at = 0;
    while (at < self->count && strcmp(self->list[at].name, name) < 0) {
        at++;
    }
    return at;
}

static bool grow(edge_shelf *self)
{
    if (self->count < self->room) {
        return true;
    }
    size_t room = self->room ? self->room * 2 : 64;
    edge_container *list = realloc(self->list, room * sizeof *list);
    if (!list) {
        return false;
    }
    self->list = list;
    self->room = room;
    return true;
}

svms_status edge_shelf_put(edge_shelf *self, const edge_container *container, svms_error *err)
{
    (void)pthread_mutex_lock(&self->lock);
    size_t at = find(self, container->name);
    bool is_there = at < self->count && strcmp(self->list[at].name, container->name) == 0;
    bool good = is_there || grow(self);
    if (good && !is_there) {
        memmove(&self->list[at + 1], &self->list[at], (self->count - at) * sizeof *self->list);
        self->count++;
    }
    if (good) {
        self->list[at] = *container;
    }
    (void)pthread_mutex_unlock(&self->lock);
    return good ? SVMS_OK : no_memory(err);
}

static void take_out(edge_shelf *self, size_t at)
{
    self->count--;
    memmove(&self->list[at], &self->list[at + 1], (self->count - at) * sizeof *self->list);
}

void edge_shelf_drop(edge_shelf *self, const char *name)
{
    (void)pthread_mutex_lock(&self->lock);
    size_t at = find(self, name);
    if (at < self->count && strcmp(self->list[at].name, name) == 0) {
        take_out(self, at);
    }
    (void)pthread_mutex_unlock(&self->lock);
}

/* A file that cannot be read takes room all the same, and goes when its turn comes. */
static void look(edge_container *out, svms_ctx *ctx, const char *path, svms_head *head,
                 bool *has_head)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_reader *reader = NULL;
    svms_container_info info = SVMS_CONTAINER_INFO_INIT;
    struct stat is;
    *has_head = false;
    out->first_utc_ns = SVMS_NO_TIME;
    out->last_utc_ns = SVMS_NO_TIME;
    out->bytes = stat(path, &is) == 0 ? (uint64_t)is.st_size : 0;
    if (svms_source_open_file(&source, ctx, path, NULL) != SVMS_OK) {
        return;
    }
    if (svms_reader_open(&reader, ctx, &source, NULL, NULL) == SVMS_OK &&
        svms_reader_get_info(reader, &info, NULL) == SVMS_OK &&
        svms_container_head(ctx, &source, head, NULL) == SVMS_OK) {
        *has_head = true;
        out->sequence = info.recording_sequence;
        out->first_utc_ns = info.first_utc_ns;
        out->last_utc_ns = head->last_utc_ns;
    }
    svms_reader_close(&reader);
    svms_source_close(&source);
}

static svms_status load(edge_shelf *self, svms_ctx *ctx, svms_head *found, bool *is_found,
                        svms_error *err)
{
    DIR *folder = opendir(self->folder);
    svms_status status = SVMS_OK;
    if (!folder) {
        return camera_fail(err, SVMS_E_IO, errno, "cannot read %s", self->folder);
    }
    for (const struct dirent *entry = readdir(folder); entry && status == SVMS_OK;
         entry = readdir(folder)) {
        edge_container one = { .sequence = 0 };
        svms_head head = SVMS_HEAD_INIT;
        bool has_head = false;
        if (!is_container(entry->d_name)) {
            continue;
        }
        memcpy(one.name, entry->d_name, strlen(entry->d_name));
        char *path = camera_file_path(self->folder, one.name);
        if (!path) {
            status = no_memory(err);
            break;
        }
        look(&one, ctx, path, &head, &has_head);
        free(path);
        if (has_head && (!*is_found || head.recording_sequence >= found->recording_sequence)) {
            *found = head;
            *is_found = true;
        }
        status = edge_shelf_put(self, &one, err);
    }
    closedir(folder);
    return status;
}

svms_status edge_shelf_open(edge_shelf **out, svms_ctx *ctx, const char *folder, svms_head *found,
                            bool *is_found, svms_error *err)
{
    edge_shelf *self = calloc(1, sizeof *self);
    *is_found = false;
    if (!self) {
        return no_memory(err);
    }
    pthread_mutex_init(&self->lock, NULL);
    self->folder = strdup(folder);
    svms_status status = SVMS_OK;
    if (!self->folder) {
        status = no_memory(err);
    } else if (mkdir(folder, S_IRWXU) != 0 && errno != EEXIST) {
        status = camera_fail(err, SVMS_E_IO, errno, "cannot make %s", folder);
    } else {
        status = load(self, ctx, found, is_found, err);
    }
    if (status != SVMS_OK) {
        edge_shelf_close(&self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

const char *edge_shelf_folder(const edge_shelf *self)
{
    return self->folder;
}

/* The lock is held. */
static svms_status remove_oldest(edge_shelf *self, svms_error *err)
{
    size_t at = 0;
    while (at < self->count && self->list[at].is_written) {
        at++;
    }
    if (at == self->count) {
        return SVMS_END;
    }
    char *path = camera_file_path(self->folder, self->list[at].name);
    if (!path) {
        return no_memory(err);
    }
    svms_status status = unlink(path) == 0 || errno == ENOENT
                             ? SVMS_OK
                             : camera_fail(err, SVMS_E_IO, errno, "cannot remove %s", path);
    free(path);
    if (status == SVMS_OK) {
        take_out(self, at);
    }
    return status;
}

static uint64_t sum(const edge_shelf *self)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < self->count; i++) {
        bytes += self->list[i].bytes;
    }
    return bytes;
}

svms_status edge_shelf_prune(edge_shelf *self, uint64_t keep_bytes, unsigned *pruned,
                             svms_error *err)
{
    svms_status status = SVMS_OK;
    *pruned = 0;
    (void)pthread_mutex_lock(&self->lock);
    while (status == SVMS_OK && sum(self) > keep_bytes) {
        status = remove_oldest(self, err);
        *pruned += status == SVMS_OK ? 1 : 0;
    }
    (void)pthread_mutex_unlock(&self->lock);
    return status == SVMS_END ? SVMS_OK : status;
}

svms_status edge_shelf_prune_one(edge_shelf *self, svms_error *err)
{
    (void)pthread_mutex_lock(&self->lock);
    svms_status status = remove_oldest(self, err);
    (void)pthread_mutex_unlock(&self->lock);
    return status;
}

static bool may_hold(const edge_container *one, int64_t from, int64_t to)
{
    bool is_before = from != SVMS_NO_TIME && one->last_utc_ns != SVMS_NO_TIME && !one->is_written &&
                     one->last_utc_ns < from;
    bool is_behind =
        to != SVMS_NO_TIME && one->first_utc_ns != SVMS_NO_TIME && one->first_utc_ns > to;
    return one->first_utc_ns != SVMS_NO_TIME && !is_before && !is_behind;
}

svms_status edge_shelf_list(edge_shelf *self, int64_t from_utc_ns, int64_t to_utc_ns,
                            edge_container **out, size_t *count, svms_error *err)
{
    *count = 0;
    (void)pthread_mutex_lock(&self->lock);
    *out = calloc(self->count + 1, sizeof **out);
    for (size_t i = 0; *out && i < self->count; i++) {
        if (may_hold(&self->list[i], from_utc_ns, to_utc_ns)) {
            (*out)[(*count)++] = self->list[i];
        }
    }
    (void)pthread_mutex_unlock(&self->lock);
    return *out ? SVMS_OK : no_memory(err);
}

void edge_shelf_range(edge_shelf *self, int64_t *first_utc_ns, int64_t *last_utc_ns)
{
    *first_utc_ns = SVMS_NO_TIME;
    *last_utc_ns = SVMS_NO_TIME;
    (void)pthread_mutex_lock(&self->lock);
    for (size_t i = 0; i < self->count; i++) {
        const edge_container *one = &self->list[i];
        if (one->first_utc_ns == SVMS_NO_TIME) {
            continue;
        }
        bool is_first = *first_utc_ns == SVMS_NO_TIME || one->first_utc_ns < *first_utc_ns;
        *first_utc_ns = is_first ? one->first_utc_ns : *first_utc_ns;
        *last_utc_ns = one->last_utc_ns > *last_utc_ns ? one->last_utc_ns : *last_utc_ns;
    }
    (void)pthread_mutex_unlock(&self->lock);
}

uint64_t edge_shelf_bytes(edge_shelf *self)
{
    (void)pthread_mutex_lock(&self->lock);
    uint64_t bytes = sum(self);
    (void)pthread_mutex_unlock(&self->lock);
    return bytes;
}

void edge_shelf_close(edge_shelf **shelf)
{
    if (shelf && *shelf) {
        (void)pthread_mutex_destroy(&(*shelf)->lock);
        free((*shelf)->list);
        free((*shelf)->folder);
        free(*shelf);
        *shelf = NULL;
    }
}
