/* SPDX-License-Identifier: Apache-2.0 */
#include "storage_scan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recorder_failure.h"
#include "storage_known.h"
#include "storage_walk.h"

/* A pause that is shorter is no gap, as for who reads it (svms_playlist_options). */
#define SHORTEST_GAP_NS INT64_C(1000000000)

typedef struct scan {
    const recorder_parts *parts;
    known_containers known; /* when mending */
    known_gaps gaps;        /* when all is made anew */
    known_locks locks;
    char camera[RECORDER_NAME_MAX + 1]; /* of the recording that is walked */
    int64_t until_utc_ns;               /* how far it goes */
    unsigned containers;
    unsigned left_out;
    unsigned changes;
} scan;

static void leave_out(scan *self, const walked_file *file, const svms_error *why)
{
    char words[512];
    (void)snprintf(words, sizeof words, "%s of the storage %s cannot be read: %s", file->file,
                   file->storage->name, why->message);
    recorder_event(self->parts, SERVICE_WARNING, file->camera, "recording.unreadable", NULL, words);
    self->left_out++;
}

static svms_status put(scan *self, const walked_file *file, indexed_container *row, svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    *row = (indexed_container){ .head = SVMS_HEAD_INIT };
    row->storage = file->storage->name;
    row->camera = file->camera;
    row->file = file->file;
    svms_status status = store_look(row, self->parts->ctx, file->path, &why);
    if (svms_status_class(status) == SVMS_CLASS_ENVIRONMENT && status != SVMS_E_IO) {
        return recorder_fail(err, status, 0, "%s", why.message);
    }
    if (status != SVMS_OK) {
        row->first_utc_ns = SVMS_NO_TIME;
        row->last_utc_ns = SVMS_NO_TIME;
        leave_out(self, file, &why);
        return SVMS_OK;
    }
    self->containers++;
    return recorder_index_put(self->parts->index, row, err);
}

/* Headers say what is missing between containers, but not why. */
static svms_status put_gap_before(scan *self, const indexed_container *row, svms_error *err)
{
    int64_t until = self->until_utc_ns;
    indexed_gap gap = { row->camera, until, row->first_utc_ns,
                        svms_gap_reason_name(SVMS_GAP_UNSPECIFIED) };
    if (until == SVMS_NO_TIME || row->first_utc_ns <= until ||
        (uint64_t)row->first_utc_ns - (uint64_t)until < SHORTEST_GAP_NS) {
        return SVMS_OK;
    }
    return recorder_index_put_gap(self->parts->index, &gap, err);
}

static svms_status add_file(void *user, const walked_file *file, svms_error *err)
{
    scan *self = user;
    indexed_container row;
    svms_status status = put(self, file, &row, err);
    if (status != SVMS_OK || row.is_edge || row.first_utc_ns == SVMS_NO_TIME) {
        return status;
    }
    if (strcmp(self->camera, file->camera) != 0) {
        (void)snprintf(self->camera, sizeof self->camera, "%s", file->camera);
        self->until_utc_ns = SVMS_NO_TIME;
    }
    status = put_gap_before(self, &row, err);
    if (self->until_utc_ns == SVMS_NO_TIME || row.last_utc_ns > self->until_utc_ns) {
        self->until_utc_ns = row.last_utc_ns;
    }
    return status;
}

static svms_status put_locks(scan *self, svms_error *err)
{
    svms_status status = SVMS_OK;
    for (size_t i = 0; i < self->locks.count && status == SVMS_OK; i++) {
        status = recorder_index_lock(self->parts->index, &self->locks.items[i], err);
    }
    return status;
}

/* In place of those with the same beginning that could only be guessed. */
static svms_status put_gaps(scan *self, svms_error *err)
{
    svms_status status = SVMS_OK;
    for (size_t i = 0; i < self->gaps.count && status == SVMS_OK; i++) {
        status = recorder_index_put_gap(self->parts->index, &self->gaps.items[i], err);
    }
    return status;
}

static svms_status fill(scan *self, svms_error *err)
{
    svms_status status = storage_walk(self->parts, add_file, self, err);
    if (status == SVMS_OK) {
        status = put_gaps(self, err);
    }
    return status == SVMS_OK ? put_locks(self, err) : status;
}

static void free_scan(scan *self)
{
    known_containers_free(&self->known);
    known_gaps_free(&self->gaps);
    known_locks_free(&self->locks);
}

static svms_status load_locks(scan *self, ledger *book, svms_error *err)
{
    return book ? known_locks_read(&self->locks, book, err)
                : known_locks_load(&self->locks, self->parts->index, err);
}

static void tell_scan(const scan *self)
{
    char data[96];
    char words[96];
    (void)snprintf(data, sizeof data, "{\"containers\":%u,\"left_out\":%u}", self->containers,
                   self->left_out);
    (void)snprintf(words, sizeof words, "made anew of %u containers; %u could not be read",
                   self->containers, self->left_out);
    recorder_event(self->parts, SERVICE_NOTICE, NULL, "index.rebuilt", data, words);
}

svms_status storage_scan(const recorder_parts *parts, ledger *book, svms_error *err)
{
    scan self = { .parts = parts, .until_utc_ns = SVMS_NO_TIME };
    svms_status status = known_gaps_load(&self.gaps, parts->index, err);
    if (status == SVMS_OK) {
        status = load_locks(&self, book, err);
    }
    if (status == SVMS_OK) {
        status = recorder_index_rebuild_begin(parts->index, err);
    }
    if (status == SVMS_OK) {
        status = fill(&self, err);
        svms_status ended = recorder_index_rebuild_end(parts->index, status == SVMS_OK,
                                                       status == SVMS_OK ? err : NULL);
        status = status == SVMS_OK ? ended : status;
    }
    if (status == SVMS_OK) {
        tell_scan(&self);
    }
    free_scan(&self);
    return status;
}

static svms_status compare_file(void *user, const walked_file *file, svms_error *err)
{
    scan *self = user;
    struct stat is;
    indexed_container row;
    known_container *known = known_containers_find(&self->known, file->storage->name, file->file);
    if (known) {
        known->is_there = true;
    }
    if (known && known->is_closed && lstat(file->path, &is) == 0 &&
        (uint64_t)is.st_size == known->bytes) {
        return SVMS_OK;
    }
    unsigned left_out = self->left_out;
    svms_status status = put(self, file, &row, err);
    self->changes += left_out == self->left_out;
    if (known) {
        /* Another one in its place, or none: the row that was there goes. */
        known->is_there = memcmp(known->id, row.head.container_id, 16) == 0;
    }
    return status;
}

/* Whose file is not there under the name it had; one that has another name now was put again. */
static svms_status drop_missing(scan *self, svms_error *err)
{
    known_containers now = { NULL, 0 };
    svms_status status = known_containers_load(&now, self->parts->index, err);
    for (size_t i = 0; i < self->known.count && status == SVMS_OK; i++) {
        const known_container *one = &self->known.items[i];
        const known_container *same =
            one->is_there ? NULL : known_containers_find(&now, one->storage, one->file);
        if (same && memcmp(same->id, one->id, 16) == 0) {
            status = recorder_index_drop(self->parts->index, one->id, err);
            self->changes++;
        }
    }
    known_containers_free(&now);
    return status;
}

/* A lock of which the ledger knows nothing stays: a ledger that was cut must not take locks away
 * (L-CHN-4). The keeper tells it. */
static svms_status mend_locks(scan *self, svms_error *err)
{
    known_locks held = { NULL, 0 };
    svms_status status = known_locks_load(&held, self->parts->index, err);
    for (size_t i = 0; i < self->locks.count && status == SVMS_OK; i++) {
        if (!known_locks_have(&held, &self->locks.items[i])) {
            status = recorder_index_lock(self->parts->index, &self->locks.items[i], err);
            self->changes++;
        }
    }
    known_locks_free(&held);
    return status;
}

svms_status storage_mend(const recorder_parts *parts, ledger *book, svms_error *err)
{
    scan self = { .parts = parts, .until_utc_ns = SVMS_NO_TIME };
    svms_status status = known_containers_load(&self.known, parts->index, err);
    if (status == SVMS_OK) {
        status = storage_walk(parts, compare_file, &self, err);
    }
    if (status == SVMS_OK) {
        status = drop_missing(&self, err);
    }
    if (status == SVMS_OK && book) {
        status = known_locks_read(&self.locks, book, err);
        status = status == SVMS_OK ? mend_locks(&self, err) : status;
    }
    if (status == SVMS_OK && self.changes > 0) {
        char words[64];
        (void)snprintf(words, sizeof words, "%u entries were not what the storages hold",
                       self.changes);
        recorder_event(parts, SERVICE_NOTICE, NULL, "index.mended", NULL, words);
    }
    free_scan(&self);
    return status;
}

/* What SQLite has beside the file belongs to it. */
static svms_status put_aside(const char *path, svms_error *err)
{
    static const char *const endings[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        char *from = NULL;
        char *to = NULL;
        bool made = asprintf(&from, "%s%s", path, endings[i]) >= 0;
        made = made && asprintf(&to, "%s.damaged%s", path, endings[i]) >= 0;
        bool good = made && (rename(from, to) == 0 || errno == ENOENT);
        int os_error = made ? errno : ENOMEM;
        free(from);
        free(to);
        if (!good) {
            return recorder_fail(err, SVMS_E_IO, os_error, "cannot put the index %.100s aside: %s",
                                 path, strerror(os_error));
        }
    }
    return SVMS_OK;
}

svms_status storage_index_open(recorder_parts *parts, ledger *book, svms_error *err)
{
    const char *path = parts->settings->index;
    struct stat is;
    svms_error why = SVMS_ERROR_INIT;
    bool is_new = stat(path, &is) != 0;
    svms_status status = recorder_index_open(&parts->index, path, &why);
    if (status == SVMS_E_MALFORMED || status == SVMS_E_UNSUPPORTED) {
        service_log_error(parts->service, SERVICE_ERROR, &why, "the index is made anew");
        is_new = true;
        status = put_aside(path, &why);
        status = status == SVMS_OK ? recorder_index_open(&parts->index, path, &why) : status;
    }
    if (status == SVMS_OK) {
        status = is_new ? storage_scan(parts, book, &why) : storage_mend(parts, book, &why);
    }
    if (status == SVMS_E_MALFORMED && !is_new) {
        /* It could be opened, but not read to its end. */
        recorder_index_close(&parts->index);
        status = put_aside(path, &why);
        status = status == SVMS_OK ? recorder_index_open(&parts->index, path, &why) : status;
        status = status == SVMS_OK ? storage_scan(parts, book, &why) : status;
    }
    if (status != SVMS_OK) {
        recorder_index_close(&parts->index);
        return recorder_fail(err, status, why.os_error, "%s", why.message);
    }
    return SVMS_OK;
}
