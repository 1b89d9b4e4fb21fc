/* SPDX-License-Identifier: Apache-2.0 */
/* What goes into the index, and what comes out. */
#include <string.h>

#include "recorder_failure.h"
#include "recorder_index_internal.h"

/* A failing bind leaves NULL, which the tables refuse wherever it would say something else. */
static void bind_text(sqlite3_stmt *statement, int place, const char *text)
{
    (void)sqlite3_bind_text(statement, place, text, -1, SQLITE_STATIC);
}

static void bind_bytes(sqlite3_stmt *statement, int place, const uint8_t *bytes, int size)
{
    (void)sqlite3_bind_blob(statement, place, bytes, size, SQLITE_STATIC);
}

static void bind_number(sqlite3_stmt *statement, int place, int64_t number)
{
    (void)sqlite3_bind_int64(statement, place, number);
}

static void bind_time(sqlite3_stmt *statement, int place, int64_t utc_ns)
{
    if (utc_ns != SVMS_NO_TIME) {
        (void)sqlite3_bind_int64(statement, place, utc_ns);
    }
}

static const char *column_text(sqlite3_stmt *statement, int column)
{
    return (const char *)sqlite3_column_text(statement, column);
}

static int64_t column_time(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL
               ? SVMS_NO_TIME
               : sqlite3_column_int64(statement, column);
}

/* Without a visitor, and gives the index back. */
static svms_status finish(recorder_index *self, sqlite3_stmt *statement, const char *what,
                          svms_error *err)
{
    int code = sqlite3_step(statement);
    svms_status status = code == SQLITE_DONE ? SVMS_OK : recorder_index_fail(self, code, what, err);
    recorder_index_give(self, statement);
    return status;
}

static svms_status name(recorder_index *self, index_statement which, const char *text,
                        svms_error *err)
{
    sqlite3_stmt *statement = recorder_index_take(self, which);
    bind_text(statement, 1, text);
    return finish(self, statement, "a name cannot be kept", err);
}

svms_status recorder_index_put(recorder_index *self, const indexed_container *container,
                               svms_error *err)
{
    svms_status status = name(self, INDEX_NAME_CAMERA, container->camera, err);
    if (status == SVMS_OK) {
        status = name(self, INDEX_NAME_STORAGE, container->storage, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    const svms_head *head = &container->head;
    sqlite3_stmt *statement = recorder_index_take(self, INDEX_PUT);
    bind_text(statement, 1, container->storage);
    bind_text(statement, 2, container->camera);
    bind_text(statement, 3, container->file);
    bind_bytes(statement, 4, head->container_id, sizeof head->container_id);
    bind_bytes(statement, 5, head->recording_id, sizeof head->recording_id);
    /* Of numbers above 2^63, as "no segment" is, the same bits come back. */
    bind_number(statement, 6, (int64_t)head->recording_sequence);
    bind_number(statement, 7, (int64_t)head->segment);
    bind_bytes(statement, 8, head->manifest_hash, sizeof head->manifest_hash);
    bind_time(statement, 9, head->last_utc_ns);
    bind_time(statement, 10, container->first_utc_ns);
    bind_time(statement, 11, container->last_utc_ns);
    bind_number(statement, 12, (int64_t)container->bytes);
    bind_number(statement, 13, container->is_closed);
    bind_number(statement, 14, container->is_edge);
    return finish(self, statement, "a container cannot be kept", err);
}

svms_status recorder_index_drop(recorder_index *self, const uint8_t container_id[16],
                                svms_error *err)
{
    sqlite3_stmt *statement = recorder_index_take(self, INDEX_DROP);
    bind_bytes(statement, 1, container_id, 16);
    return finish(self, statement, "a container cannot be taken out", err);
}

svms_status recorder_index_put_gap(recorder_index *self, const indexed_gap *gap, svms_error *err)
{
    svms_status status = name(self, INDEX_NAME_CAMERA, gap->camera, err);
    if (status != SVMS_OK) {
        return status;
    }
    sqlite3_stmt *statement = recorder_index_take(self, INDEX_PUT_GAP);
    bind_text(statement, 1, gap->camera);
    bind_time(statement, 2, gap->from_utc_ns);
    bind_time(statement, 3, gap->to_utc_ns);
    bind_text(statement, 4, gap->reason);
    return finish(self, statement, "a gap cannot be kept", err);
}

svms_status recorder_index_add_event(recorder_index *self, const indexed_event *event,
                                     svms_error *err)
{
    svms_status status =
        event->camera ? name(self, INDEX_NAME_CAMERA, event->camera, err) : SVMS_OK;
    if (status != SVMS_OK) {
        return status;
    }
    sqlite3_stmt *statement = recorder_index_take(self, INDEX_ADD_EVENT);
    bind_text(statement, 1, event->camera);
    bind_time(statement, 2, event->utc_ns);
    bind_text(statement, 3, event->kind);
    bind_text(statement, 4, event->data);
    return finish(self, statement, "an event cannot be kept", err);
}

svms_status recorder_index_lock(recorder_index *self, const indexed_lock *lock, svms_error *err)
{
    svms_status status = name(self, INDEX_NAME_CAMERA, lock->camera, err);
    if (status != SVMS_OK) {
        return status;
    }
    sqlite3_stmt *statement = recorder_index_take(self, INDEX_LOCK);
    bind_text(statement, 1, lock->id);
    bind_text(statement, 2, lock->camera);
    bind_number(statement, 3, lock->from_utc_ns);
    bind_number(statement, 4, lock->to_utc_ns);
    bind_text(statement, 5, lock->who);
    bind_text(statement, 6, lock->why);
    bind_time(statement, 7, lock->since_utc_ns);
    int code = sqlite3_step(statement);
    if (code == SQLITE_CONSTRAINT_PRIMARYKEY) {
        status = recorder_fail(err, SVMS_E_EXISTS, 0, "there is a lock %.80s", lock->id);
    } else if (code != SQLITE_DONE) {
        status = recorder_index_fail(self, code, "a lock cannot be kept", err);
    }
    recorder_index_give(self, statement);
    return status;
}

svms_status recorder_index_unlock(recorder_index *self, const char *id, svms_error *err)
{
    sqlite3_stmt *statement = recorder_index_take(self, INDEX_UNLOCK);
    bind_text(statement, 1, id);
    int code = sqlite3_step(statement);
    svms_status status = SVMS_OK;
    if (code != SQLITE_DONE) {
        status = recorder_index_fail(self, code, "a lock cannot be taken out", err);
    } else if (sqlite3_changes(self->base) == 0) {
        status = recorder_fail(err, SVMS_E_STATE, 0, "there is no lock %.80s", id);
    }
    recorder_index_give(self, statement);
    return status;
}

/* How one row is shown to a visitor. */
typedef svms_status row_shower(sqlite3_stmt *statement, const void *visit, void *user);

static svms_status walk(recorder_index *self, sqlite3_stmt *statement, row_shower *show,
                        const void *visit, void *user, svms_error *err)
{
    int code = SQLITE_ROW;
    svms_status status = SVMS_OK;
    while (status == SVMS_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        status = show(statement, visit, user);
    }
    if (status == SVMS_OK && code != SQLITE_DONE) {
        status = recorder_index_fail(self, code, "it cannot be read", err);
    }
    recorder_index_give(self, statement);
    return status;
}

/* NULL in place of a camera would mean all of them, so that it is looked at here. */
static svms_status bind_range(recorder_index *self, sqlite3_stmt *statement,
                              const indexed_range *range, svms_error *err)
{
    int code = sqlite3_bind_text(statement, 1, range->camera, -1, SQLITE_STATIC);
    bind_number(statement, 2, range->from_utc_ns);
    bind_number(statement, 3, range->to_utc_ns);
    return code == SQLITE_OK ? SVMS_OK : recorder_index_fail(self, code, "a camera's name", err);
}

static svms_status walk_range(recorder_index *self, index_statement which,
                              const indexed_range *range, row_shower *show, const void *visit,
                              void *user, svms_error *err)
{
    sqlite3_stmt *statement = recorder_index_take(self, which);
    svms_status status = bind_range(self, statement, range, err);
    if (status != SVMS_OK) {
        recorder_index_give(self, statement);
        return status;
    }
    return walk(self, statement, show, visit, user, err);
}

/* The tables hold no blob of another size. */
static void copy_bytes(uint8_t *out, size_t size, sqlite3_stmt *statement, int column)
{
    const void *bytes = sqlite3_column_blob(statement, column);
    if (bytes && (size_t)sqlite3_column_bytes(statement, column) == size) {
        memcpy(out, bytes, size);
    }
}

static svms_status show_container(sqlite3_stmt *row, const void *visit, void *user)
{
    indexed_container seen = { .head = SVMS_HEAD_INIT };
    seen.storage = column_text(row, 0);
    seen.camera = column_text(row, 1);
    seen.file = column_text(row, 2);
    copy_bytes(seen.head.container_id, sizeof seen.head.container_id, row, 3);
    copy_bytes(seen.head.recording_id, sizeof seen.head.recording_id, row, 4);
    seen.head.recording_sequence = (uint64_t)sqlite3_column_int64(row, 5);
    seen.head.segment = (uint64_t)sqlite3_column_int64(row, 6);
    copy_bytes(seen.head.manifest_hash, sizeof seen.head.manifest_hash, row, 7);
    seen.head.last_utc_ns = column_time(row, 8);
    seen.first_utc_ns = column_time(row, 9);
    seen.last_utc_ns = column_time(row, 10);
    seen.bytes = (uint64_t)sqlite3_column_int64(row, 11);
    seen.is_closed = sqlite3_column_int(row, 12) != 0;
    seen.is_edge = sqlite3_column_int(row, 13) != 0;
    return (*(indexed_container_visitor *const *)visit)(user, &seen);
}

svms_status recorder_index_containers(recorder_index *self, const indexed_range *range,
                                      indexed_container_visitor *visit, void *user, svms_error *err)
{
    return walk_range(self, INDEX_CONTAINERS, range, show_container, &visit, user, err);
}

svms_status recorder_index_prunable(recorder_index *self, const char *storage,
                                    indexed_container_visitor *visit, void *user, svms_error *err)
{
    sqlite3_stmt *statement = recorder_index_take(self, INDEX_PRUNABLE);
    bind_text(statement, 1, storage);
    return walk(self, statement, show_container, &visit, user, err);
}

svms_status recorder_index_all(recorder_index *self, indexed_container_visitor *visit, void *user,
                               svms_error *err)
{
    return walk(self, recorder_index_take(self, INDEX_ALL), show_container, &visit, user, err);
}

static svms_status show_gap(sqlite3_stmt *row, const void *visit, void *user)
{
    indexed_gap seen = { column_text(row, 0), column_time(row, 1), column_time(row, 2),
                         column_text(row, 3) };
    return (*(indexed_gap_visitor *const *)visit)(user, &seen);
}

svms_status recorder_index_gaps(recorder_index *self, const indexed_range *range,
                                indexed_gap_visitor *visit, void *user, svms_error *err)
{
    return walk_range(self, INDEX_GAPS, range, show_gap, &visit, user, err);
}

static svms_status show_lock(sqlite3_stmt *row, const void *visit, void *user)
{
    indexed_lock seen = { column_text(row, 0), column_text(row, 1), column_time(row, 2),
                          column_time(row, 3), column_text(row, 4), column_text(row, 5),
                          column_time(row, 6) };
    return (*(indexed_lock_visitor *const *)visit)(user, &seen);
}

svms_status recorder_index_locks(recorder_index *self, const indexed_range *range,
                                 indexed_lock_visitor *visit, void *user, svms_error *err)
{
    return walk_range(self, INDEX_LOCKS, range, show_lock, &visit, user, err);
}

static svms_status show_event(sqlite3_stmt *row, const void *visit, void *user)
{
    indexed_event seen = { sqlite3_column_int64(row, 0), column_text(row, 1), column_time(row, 2),
                           column_text(row, 3), column_text(row, 4) };
    return (*(indexed_event_visitor *const *)visit)(user, &seen);
}

svms_status recorder_index_events(recorder_index *self, const indexed_range *range, int64_t after,
                                  uint32_t most, indexed_event_visitor *visit, void *user,
                                  svms_error *err)
{
    sqlite3_stmt *statement = recorder_index_take(self, INDEX_EVENTS);
    svms_status status = bind_range(self, statement, range, err);
    if (status != SVMS_OK) {
        recorder_index_give(self, statement);
        return status;
    }
    bind_number(statement, 4, after);
    bind_number(statement, 5, most);
    return walk(self, statement, show_event, &visit, user, err);
}

svms_status recorder_index_bytes(recorder_index *self, const char *storage, uint64_t *out,
                                 svms_error *err)
{
    sqlite3_stmt *statement = recorder_index_take(self, INDEX_BYTES);
    bind_text(statement, 1, storage);
    int code = sqlite3_step(statement);
    svms_status status = SVMS_OK;
    if (code == SQLITE_ROW) {
        *out = (uint64_t)sqlite3_column_int64(statement, 0);
    } else {
        status = recorder_index_fail(self, code, "it cannot be read", err);
    }
    recorder_index_give(self, statement);
    return status;
}
