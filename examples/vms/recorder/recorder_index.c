/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder_index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recorder_failure.h"
#include "recorder_index_internal.h"

#define BUSY_MS 10000
/* "SVRI": whose file it is (the application id of SQLite). */
#define APPLICATION 0x53565249

static const char schema[] =
    "CREATE TABLE cameras(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE storages(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE containers("
    " container BLOB PRIMARY KEY CHECK(length(container) = 16),"
    " recording BLOB NOT NULL CHECK(length(recording) = 16),"
    " sequence INTEGER NOT NULL, segment INTEGER NOT NULL,"
    " manifest BLOB NOT NULL CHECK(length(manifest) = 32), head_utc INTEGER,"
    " camera INTEGER NOT NULL REFERENCES cameras, storage INTEGER NOT NULL REFERENCES storages,"
    " file TEXT NOT NULL, first_utc INTEGER, last_utc INTEGER, bytes INTEGER NOT NULL,"
    " closed INTEGER NOT NULL, edge INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX containers_time ON containers(camera, first_utc);"
    "CREATE INDEX containers_age ON containers(storage, first_utc);"
    "CREATE TABLE gaps(camera INTEGER NOT NULL REFERENCES cameras, from_utc INTEGER NOT NULL,"
    " to_utc INTEGER, reason TEXT NOT NULL, PRIMARY KEY(camera, from_utc)) WITHOUT ROWID;"
    "CREATE TABLE events(number INTEGER PRIMARY KEY AUTOINCREMENT,"
    " camera INTEGER REFERENCES cameras, utc INTEGER NOT NULL, kind TEXT NOT NULL, data TEXT);"
    "CREATE INDEX events_time ON events(utc);"
    "CREATE TABLE locks(id TEXT PRIMARY KEY, camera INTEGER NOT NULL REFERENCES cameras,"
    " from_utc INTEGER NOT NULL, to_utc INTEGER NOT NULL CHECK(from_utc < to_utc),"
    " who TEXT NOT NULL, why TEXT NOT NULL, since INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX locks_camera ON locks(camera);";

#define CONTAINER_COLUMNS                                                                          \
    "SELECT storages.name, cameras.name, file, container, recording, sequence, segment, manifest," \
    " head_utc, first_utc, last_utc, bytes, closed, edge FROM containers c"                        \
    " JOIN cameras ON cameras.number = c.camera JOIN storages ON storages.number = c.storage "
#define OF_CAMERA "(?1 IS NULL OR cameras.name = ?1) "

static const char *const texts[INDEX_STATEMENTS] = {
    [INDEX_NAME_CAMERA] = "INSERT INTO cameras(name) VALUES(?1) ON CONFLICT(name) DO NOTHING",
    [INDEX_NAME_STORAGE] = "INSERT INTO storages(name) VALUES(?1) ON CONFLICT(name) DO NOTHING",
    [INDEX_PUT] = "INSERT OR REPLACE INTO containers VALUES(?4, ?5, ?6, ?7, ?8, ?9,"
                  " (SELECT number FROM cameras WHERE name = ?2),"
                  " (SELECT number FROM storages WHERE name = ?1), ?3, ?10, ?11, ?12, ?13, ?14)",
    [INDEX_DROP] = "DELETE FROM containers WHERE container = ?1",
    [INDEX_PUT_GAP] = "INSERT OR REPLACE INTO gaps VALUES("
                      "(SELECT number FROM cameras WHERE name = ?1), ?2, ?3, ?4)",
    [INDEX_ADD_EVENT] = "INSERT INTO events(camera, utc, kind, data) VALUES("
                        "(SELECT number FROM cameras WHERE name = ?1), ?2, ?3, ?4)",
    [INDEX_LOCK] = "INSERT INTO locks VALUES(?1, (SELECT number FROM cameras WHERE name = ?2),"
                   " ?3, ?4, ?5, ?6, ?7)",
    [INDEX_UNLOCK] = "DELETE FROM locks WHERE id = ?1",
    /* What lasts still, or is one moment, is part of every range that it begins in. */
    [INDEX_CONTAINERS] = CONTAINER_COLUMNS
    "WHERE " OF_CAMERA "AND c.first_utc < ?3 AND (c.last_utc IS NULL OR c.last_utc > ?2 OR"
    " c.first_utc >= ?2) ORDER BY c.first_utc, c.sequence",
    [INDEX_GAPS] = "SELECT cameras.name, from_utc, to_utc, reason FROM gaps"
                   " JOIN cameras ON cameras.number = gaps.camera WHERE " OF_CAMERA
                   "AND from_utc < ?3 AND (to_utc IS NULL OR to_utc > ?2 OR from_utc >= ?2)"
                   " ORDER BY from_utc",
    [INDEX_LOCKS] = "SELECT id, cameras.name, from_utc, to_utc, who, why, since FROM locks"
                    " JOIN cameras ON cameras.number = locks.camera WHERE " OF_CAMERA
                    "AND from_utc < ?3 AND to_utc > ?2 ORDER BY from_utc, id",
    [INDEX_EVENTS] = "SELECT events.number, cameras.name, utc, kind, data FROM events"
                     " LEFT JOIN cameras ON cameras.number = events.camera WHERE " OF_CAMERA
                     "AND utc >= ?2 AND utc < ?3 AND events.number > ?4"
                     " ORDER BY events.number LIMIT ?5",
    /* The last moment of a container is part of it. */
    [INDEX_PRUNABLE] = CONTAINER_COLUMNS
    "WHERE storages.name = ?1 AND closed AND first_utc IS NOT NULL AND last_utc IS NOT NULL AND"
    " NOT EXISTS(SELECT 1 FROM locks WHERE locks.camera = c.camera AND"
    " locks.from_utc <= c.last_utc AND locks.to_utc > c.first_utc)"
    " ORDER BY first_utc, sequence",
    [INDEX_ALL] = CONTAINER_COLUMNS,
    [INDEX_BYTES] = "SELECT coalesce(sum(bytes), 0) FROM containers"
                    " JOIN storages ON storages.number = containers.storage"
                    " WHERE storages.name = ?1",
};

svms_status recorder_index_fail(const recorder_index *self, int code, const char *what,
                                svms_error *err)
{
    svms_status status = SVMS_E_IO;
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        status = SVMS_E_NO_MEMORY;
        break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_SCHEMA:
    case SQLITE_ERROR:
        status = SVMS_E_MALFORMED;
        break;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
        status = SVMS_E_USAGE;
        break;
    default:
        break;
    }
    int os_error = status == SVMS_E_IO ? sqlite3_system_errno(self->base) : 0;
    return recorder_fail(err, status, os_error, "the index: %s: %s", what,
                         sqlite3_errmsg(self->base));
}

sqlite3_stmt *recorder_index_take(recorder_index *self, index_statement which)
{
    (void)pthread_mutex_lock(&self->mutex);
    return self->statements[which];
}

void recorder_index_give(recorder_index *self, sqlite3_stmt *statement)
{
    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
    (void)pthread_mutex_unlock(&self->mutex);
}

static svms_status run(recorder_index *self, const char *text, const char *what, svms_error *err)
{
    int code = sqlite3_exec(self->base, text, NULL, NULL, NULL);
    return code == SQLITE_OK ? SVMS_OK : recorder_index_fail(self, code, what, err);
}

static svms_status ask_number(recorder_index *self, const char *text, int64_t *out, svms_error *err)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(self->base, text, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
    }
    if (code == SQLITE_ROW) {
        *out = sqlite3_column_int64(statement, 0);
    }
    svms_status status =
        code == SQLITE_ROW ? SVMS_OK : recorder_index_fail(self, code, "it cannot be read", err);
    (void)sqlite3_finalize(statement);
    return status;
}

static svms_status make_tables(recorder_index *self, svms_error *err)
{
    char marks[96];
    (void)snprintf(marks, sizeof marks, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
                   APPLICATION, RECORDER_INDEX_VERSION);
    svms_status status = run(self, schema, "tables", err);
    return status == SVMS_OK ? run(self, marks, "version", err) : status;
}

/* Two processes may come to a new file at the same time: inside a transaction one of them finds
 * what the other made. */
static svms_status match_version(recorder_index *self, svms_error *err)
{
    int64_t application = 0;
    int64_t version = 0;
    int64_t tables = 0;
    svms_status status = ask_number(self, "PRAGMA application_id", &application, err);
    if (status == SVMS_OK) {
        status = ask_number(self, "PRAGMA user_version", &version, err);
    }
    if (status == SVMS_OK) {
        status = ask_number(self, "SELECT count(*) FROM sqlite_schema", &tables, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (application == 0 && version == 0 && tables == 0) {
        return make_tables(self, err);
    }
    if (application != APPLICATION) {
        return recorder_fail(err, SVMS_E_MALFORMED, 0, "the file is no index of a recorder");
    }
    return version == RECORDER_INDEX_VERSION
               ? SVMS_OK
               : recorder_fail(err, SVMS_E_UNSUPPORTED, 0,
                               "the index is of version %lld, this program knows %d: rebuild it",
                               (long long)version, RECORDER_INDEX_VERSION);
}

static svms_status prepare(recorder_index *self, svms_error *err)
{
    svms_status status = run(self, "BEGIN IMMEDIATE", "it cannot be written", err);
    if (status != SVMS_OK) {
        return status;
    }
    status = match_version(self, err);
    if (status != SVMS_OK) {
        (void)run(self, "ROLLBACK", "", NULL);
        return status;
    }
    status = run(self, "COMMIT", "it cannot be written", err);
    for (int i = 0; i < INDEX_STATEMENTS && status == SVMS_OK; i++) {
        int code = sqlite3_prepare_v3(self->base, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                      &self->statements[i], NULL);
        status = code == SQLITE_OK ? SVMS_OK : recorder_index_fail(self, code, "tables", err);
    }
    return status;
}

static svms_status open_base(recorder_index *self, const char *path, svms_error *err)
{
    int code =
        sqlite3_open_v2(path, &self->base,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (code != SQLITE_OK) {
        return recorder_index_fail(self, code, "it cannot be opened", err);
    }
    (void)sqlite3_busy_timeout(self->base, BUSY_MS);
    /* A file from elsewhere can name functions in its tables: none of them is run. */
    (void)sqlite3_db_config(self->base, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(self->base, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    svms_status status = run(self,
                             "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                             "PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON;",
                             "it cannot be used", err);
    return status == SVMS_OK ? prepare(self, err) : status;
}

/* Made here, so that its rights are ours from the beginning; SQLite's other files follow it. */
static svms_status make_file(const char *path, svms_error *err)
{
    int handle = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (handle < 0) {
        return recorder_fail(err, SVMS_E_IO, errno, "the index %.100s cannot be opened: %s", path,
                             strerror(errno));
    }
    (void)close(handle);
    return SVMS_OK;
}

svms_status recorder_index_open(recorder_index **out, const char *path, svms_error *err)
{
    svms_status status = make_file(path, err);
    if (status != SVMS_OK) {
        return status;
    }
    recorder_index *self = calloc(1, sizeof *self);
    if (!self || pthread_mutex_init(&self->mutex, NULL) != 0) {
        free(self);
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    status = open_base(self, path, err);
    if (status != SVMS_OK) {
        recorder_index_close(&self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

void recorder_index_close(recorder_index **self)
{
    if (self && *self) {
        for (int i = 0; i < INDEX_STATEMENTS; i++) {
            (void)sqlite3_finalize((*self)->statements[i]);
        }
        (void)sqlite3_close((*self)->base);
        (void)pthread_mutex_destroy(&(*self)->mutex);
        free(*self);
        *self = NULL;
    }
}

svms_status recorder_index_rebuild_begin(recorder_index *self, svms_error *err)
{
    (void)pthread_mutex_lock(&self->mutex);
    svms_status status = run(self, "BEGIN IMMEDIATE", "it cannot be written", err);
    if (status == SVMS_OK) {
        status = run(self, "DELETE FROM containers; DELETE FROM gaps; DELETE FROM locks;",
                     "it cannot be emptied", err);
        if (status != SVMS_OK) {
            (void)run(self, "ROLLBACK", "", NULL);
        }
    }
    (void)pthread_mutex_unlock(&self->mutex);
    return status;
}

svms_status recorder_index_rebuild_end(recorder_index *self, bool good, svms_error *err)
{
    (void)pthread_mutex_lock(&self->mutex);
    svms_status status = run(self, good ? "COMMIT" : "ROLLBACK", "it cannot be written", err);
    if (status != SVMS_OK && good) {
        (void)run(self, "ROLLBACK", "", NULL);
    }
    (void)pthread_mutex_unlock(&self->mutex);
    return status;
}
