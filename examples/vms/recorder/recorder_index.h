/* SPDX-License-Identifier: Apache-2.0 */
/* What the recorder has, and where: containers, gaps, events, evidence locks, in SQLite. It is a
 * copy of what the containers and the lock file say, for quick answers, and never evidence.
 *
 * Any thread may call; calls wait for each other. Moments are UTC in nanoseconds; a range is
 * [from, to): from is in it, to is not. Texts and structs that a visitor sees live as long as its
 * call; a visitor must not call the index, and ends the walk with anything but SVMS_OK, which is
 * then returned. */
#ifndef RECORDER_INDEX_H
#define RECORDER_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include <svms/container.h>
#include <svms/status.h>

typedef struct recorder_index recorder_index;

#define RECORDER_INDEX_VERSION 1

typedef struct indexed_container {
    const char *storage; /* names of the settings */
    const char *camera;
    const char *file;     /* path below the storage */
    svms_head head;       /* the newest one; ids and number are the container's */
    int64_t first_utc_ns; /* SVMS_NO_TIME: nothing is in it yet */
    int64_t last_utc_ns;
    uint64_t bytes;
    bool is_closed; /* nothing more comes: it has its end, or was interrupted */
    bool is_edge;   /* recorded by the camera, fetched later */
} indexed_container;

typedef struct indexed_gap {
    const char *camera;
    int64_t from_utc_ns;
    int64_t to_utc_ns; /* SVMS_NO_TIME: it still lasts */
    const char *reason;
} indexed_gap;

typedef struct indexed_event {
    int64_t number;     /* given by the index, rising; not asked for when an event is added */
    const char *camera; /* NULL: of the recorder itself */
    int64_t utc_ns;
    const char *kind; /* "camera.lost" */
    const char *data; /* JSON object, or NULL */
} indexed_event;

typedef struct indexed_lock {
    const char *id;
    const char *camera;
    int64_t from_utc_ns;
    int64_t to_utc_ns;
    const char *who;
    const char *why;
    int64_t since_utc_ns;
} indexed_lock;

typedef struct indexed_range {
    const char *camera; /* NULL: all */
    int64_t from_utc_ns;
    int64_t to_utc_ns;
} indexed_range;

typedef svms_status indexed_container_visitor(void *user, const indexed_container *container);
typedef svms_status indexed_gap_visitor(void *user, const indexed_gap *gap);
typedef svms_status indexed_event_visitor(void *user, const indexed_event *event);
typedef svms_status indexed_lock_visitor(void *user, const indexed_lock *lock);

/* Makes the file (0600) where there is none. SVMS_E_UNSUPPORTED: made by another version;
 * SVMS_E_MALFORMED: damaged, or no index; both are mended by rebuilding. */
svms_status recorder_index_open(recorder_index **out, const char *path, svms_error *err);
/* NULL and pointer to NULL are accepted. */
void recorder_index_close(recorder_index **self);

/* A rebuild: until its end only its thread may call. Other processes go on seeing what was before,
 * and then all of the new at once; good false: nothing has changed. Begins empty, but for the
 * events, which stand in no container. */
svms_status recorder_index_rebuild_begin(recorder_index *self, svms_error *err);
svms_status recorder_index_rebuild_end(recorder_index *self, bool good, svms_error *err);

/* In place of what was known of this container. */
svms_status recorder_index_put(recorder_index *self, const indexed_container *container,
                               svms_error *err);
/* It is pruned. One that is not there is no failure. */
svms_status recorder_index_drop(recorder_index *self, const uint8_t container_id[16],
                                svms_error *err);
/* In place of a gap of this camera that began in the same moment. */
svms_status recorder_index_put_gap(recorder_index *self, const indexed_gap *gap, svms_error *err);
svms_status recorder_index_add_event(recorder_index *self, const indexed_event *event,
                                     svms_error *err);
/* SVMS_E_EXISTS: there is one of this id. */
svms_status recorder_index_lock(recorder_index *self, const indexed_lock *lock, svms_error *err);
/* SVMS_E_STATE: there is none. */
svms_status recorder_index_unlock(recorder_index *self, const char *id, svms_error *err);

/* Those that overlap the range, in the order of their moments. */
svms_status recorder_index_containers(recorder_index *self, const indexed_range *range,
                                      indexed_container_visitor *visit, void *user,
                                      svms_error *err);
svms_status recorder_index_gaps(recorder_index *self, const indexed_range *range,
                                indexed_gap_visitor *visit, void *user, svms_error *err);
svms_status recorder_index_locks(recorder_index *self, const indexed_range *range,
                                 indexed_lock_visitor *visit, void *user, svms_error *err);
/* Those in the range whose number is larger than after, at most most, in the order of numbers. */
svms_status recorder_index_events(recorder_index *self, const indexed_range *range, int64_t after,
                                  uint32_t most, indexed_event_visitor *visit, void *user,
                                  svms_error *err);

/* Containers of a storage that may be pruned, oldest first: closed, and nothing of them locked. A
 * container without moments is never among them. */
svms_status recorder_index_prunable(recorder_index *self, const char *storage,
                                    indexed_container_visitor *visit, void *user, svms_error *err);
/* Every container, also those without moments. */
svms_status recorder_index_all(recorder_index *self, indexed_container_visitor *visit, void *user,
                               svms_error *err);
/* Bytes of all containers of a storage. */
svms_status recorder_index_bytes(recorder_index *self, const char *storage, uint64_t *out,
                                 svms_error *err);

#endif
