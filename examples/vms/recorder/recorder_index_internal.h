/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the index share. */
#ifndef RECORDER_INDEX_INTERNAL_H
#define RECORDER_INDEX_INTERNAL_H

#include <pthread.h>

#include <sqlite3.h>

#include "recorder_index.h"

typedef enum index_statement {
    INDEX_NAME_CAMERA,
    INDEX_NAME_STORAGE,
    INDEX_PUT,
    INDEX_DROP,
    INDEX_PUT_GAP,
    INDEX_ADD_EVENT,
    INDEX_LOCK,
    INDEX_UNLOCK,
    INDEX_CONTAINERS,
    INDEX_GAPS,
    INDEX_LOCKS,
    INDEX_EVENTS,
    INDEX_PRUNABLE,
    INDEX_ALL,
    INDEX_BYTES,
    INDEX_STATEMENTS
} index_statement;

struct recorder_index {
    pthread_mutex_t mutex; /* of all that follows */
    sqlite3 *base;
    sqlite3_stmt *statements[INDEX_STATEMENTS];
};

/* Why SQLite failed, as a status and in words. */
svms_status recorder_index_fail(const recorder_index *self, int code, const char *what,
                                svms_error *err);
/* Takes the index for this statement; every one that is taken is given back. */
sqlite3_stmt *recorder_index_take(recorder_index *self, index_statement which);
void recorder_index_give(recorder_index *self, sqlite3_stmt *statement);

#endif
