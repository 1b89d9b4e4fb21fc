/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a camera's store: one for each container, and the one with the newest head. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "camera_store_internal.h"
#include "recorder_failure.h"
#include "store_folder.h"
#include "store_head.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define INDEX_EVERY_NS NS_PER_SECOND
#define HEAD_EVERY_NS (300 * NS_PER_SECOND)

int64_t store_clock(void)
{
    struct timespec now = { 0, 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/* What the index has is only for quick answers: recording goes on without it. */
static void put_row(camera_store *self, const indexed_container *row)
{
    const recorder_parts *parts = self->options.parts;
    svms_error err = SVMS_ERROR_INIT;
    if (recorder_index_put(parts->index, row, &err) != SVMS_OK) {
        service_log_error(parts->service, SERVICE_WARNING, &err,
                          "the index does not take the container %s", row->file);
    }
}

/* As far as it is known while it is written. path is the name that it has now. */
static indexed_container row_of(const camera_store *self, const store_container *one,
                                const char *path)
{
    indexed_container row = { .head = SVMS_HEAD_INIT };
    row.storage = self->options.camera->storage->name;
    row.camera = self->options.camera->id;
    row.file = path + strlen(self->options.camera->storage->path) + 1;
    row.head = one->head;
    row.first_utc_ns = one->head.segment == SVMS_NO_SEGMENT ? SVMS_NO_TIME : one->first_utc_ns;
    row.last_utc_ns = one->head.last_utc_ns;
    row.bytes = one->bytes;
    return row;
}

static svms_status forward_write(void *user, const svms_iovec *runs, size_t count, int *os_error)
{
    store_container *one = user;
    svms_status status = one->file.write(one->file.user, runs, count, os_error);
    for (size_t i = 0; i < count && status == SVMS_OK; i++) {
        one->bytes += runs[i].size;
    }
    return status;
}

static svms_status forward_sync(void *user, int *os_error)
{
    store_container *one = user;
    return one->file.sync(one->file.user, os_error);
}

static void forget(camera_store *self, store_container *one)
{
    store_container **place = &self->containers;
    while (*place && *place != one) {
        place = &(*place)->next;
    }
    if (*place) {
        *place = one->next;
    }
    self->ended_bytes += one->bytes;
    svms_sink_close(&one->file);
    free(one->path);
    free(one->part);
    free(one);
}

static svms_status make_part(camera_store *self, store_container *one, uint64_t sequence,
                             svms_error *err)
{
    svms_status status = store_new_path(&one->path, self->folder, sequence, one->first_utc_ns, err);
    if (status != SVMS_OK) {
        return status;
    }
    size_t size = strlen(one->path) + sizeof STORE_PART_SUFFIX;
    one->part = malloc(size);
    if (!one->part) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    memcpy(one->part, one->path, strlen(one->path));
    memcpy(one->part + strlen(one->path), STORE_PART_SUFFIX, sizeof STORE_PART_SUFFIX);
    return svms_sink_create_file(&one->file, self->options.parts->ctx, one->part, err);
}

svms_status store_open_sink(void *user, const svms_recording_container *container, svms_sink *sink,
                            svms_error *err)
{
    camera_store *self = user;
    store_container *one = calloc(1, sizeof *one);
    if (!one) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    one->first_utc_ns = self->recording || self->opening_utc_ns == SVMS_NO_TIME
                            ? container->start_utc_ns
                            : self->opening_utc_ns;
    one->head = (svms_head)SVMS_HEAD_INIT;
    memcpy(one->id, container->container_id, 16);
    memcpy(one->head.container_id, container->container_id, 16);
    memcpy(one->head.recording_id, container->recording_id, 16);
    one->head.recording_sequence = container->recording_sequence;
    svms_status status = make_part(self, one, container->recording_sequence, err);
    if (status != SVMS_OK) {
        forget(self, one);
        return status;
    }
    one->next = self->containers;
    self->containers = one;
    self->newest = one->head;
    memcpy(self->state.recording_id, container->recording_id, 16);
    self->state.container = container->recording_sequence;
    indexed_container row = row_of(self, one, one->part);
    put_row(self, &row);
    sink->user = one;
    sink->write = forward_write;
    sink->sync = forward_sync;
    return SVMS_OK;
}

static void drop(camera_store *self, const store_container *one)
{
    const recorder_parts *parts = self->options.parts;
    svms_error err = SVMS_ERROR_INIT;
    if (unlink(one->part) != 0) {
        service_log(parts->service, SERVICE_WARNING, "%s is empty and cannot be removed",
                    one->part);
    }
    if (recorder_index_drop(parts->index, one->id, &err) != SVMS_OK) {
        service_log_error(parts->service, SERVICE_WARNING, &err,
                          "the index does not let go of the container %s", one->part);
    }
}

/* What it is called from now on. */
static const char *name_it(camera_store *self, const store_container *one)
{
    svms_error err = SVMS_ERROR_INIT;
    bool is_named = false;
    if (store_publish(one->part, one->path, &is_named, &err) != SVMS_OK) {
        store_tell_failure(self, self->folder, false, &err);
    }
    return is_named ? one->path : one->part;
}

/* In the index as it stands in the file, so that a rebuild finds the same. */
static void put_last_row(camera_store *self, const store_container *one, const char *path)
{
    svms_error err = SVMS_ERROR_INIT;
    indexed_container row = row_of(self, one, path);
    row.is_closed = true;
    if (store_look(&row, self->options.parts->ctx, path, &err) != SVMS_OK) {
        service_log_error(self->options.parts->service, SERVICE_WARNING, &err,
                          "%s cannot be read again", path);
    }
    put_row(self, &row);
}

void store_close_sink(void *user, const svms_recording_container *container, svms_sink *sink)
{
    camera_store *self = user;
    store_container *one = sink->user;
    bool is_whole = container->state == SVMS_RECORDING_ENDED;
    svms_sink_close(&one->file);
    if (container->state == SVMS_RECORDING_NOT_BEGUN || (is_whole && container->samples == 0)) {
        drop(self, one);
        forget(self, one);
        return;
    }
    const char *path = is_whole ? name_it(self, one) : one->part;
    self->must_look = self->must_look || !is_whole;
    if (!is_whole) {
        recorder_event(self->options.parts, SERVICE_WARNING, self->options.camera->id,
                       "recording.broken", NULL,
                       "a container has no end; its complete segments hold");
    }
    put_last_row(self, one, path);
    store_audit_end(self, &one->head, is_whole ? path : NULL);
    self->head_due_ns = store_clock() + HEAD_EVERY_NS;
    forget(self, one);
}

static void tell_heads(camera_store *self, svms_status status, const svms_error *why)
{
    if (status != SVMS_OK && !self->heads_fail) {
        store_tell_failure(self, self->options.parts->settings->heads, false, why);
    } else if (status == SVMS_OK && self->heads_fail) {
        recorder_event(self->options.parts, SERVICE_NOTICE, self->options.camera->id,
                       "storage.works", NULL, "heads can be kept off the storage again");
    }
    self->heads_fail = status != SVMS_OK;
}

svms_status store_keep_head(void *user, const svms_head *head)
{
    camera_store *self = user;
    svms_error err = SVMS_ERROR_INIT;
    int64_t now = store_clock();
    self->state.last_utc_ns = head->last_utc_ns;
    self->previous_utc_ns = self->segment_utc_ns;
    self->segment_utc_ns = SVMS_NO_TIME;
    self->in_segment = 0;
    self->has_reference = false;
    svms_status status = store_head_write(self->head_path, head, &err);
    tell_heads(self, status, &err);
    if (status == SVMS_OK) {
        self->remembered = *head;
        self->has_remembered = true;
    }
    store_container *one = self->containers;
    while (one && memcmp(one->id, head->container_id, 16) != 0) {
        one = one->next;
    }
    bool is_first = one && one->head.segment == SVMS_NO_SEGMENT;
    if (one) {
        one->head = *head;
        if (memcmp(self->newest.container_id, one->id, 16) == 0) {
            self->newest = *head;
        }
    }
    if (one && (is_first || now >= self->index_due_ns)) {
        indexed_container row = row_of(self, one, one->part);
        put_row(self, &row);
        self->index_due_ns = now + INDEX_EVERY_NS;
    }
    if (self->has_begun && now >= self->head_due_ns) {
        store_audit(self, "recording.head", head, NULL, NULL);
        self->head_due_ns = now + HEAD_EVERY_NS;
    }
    return status;
}
