/* SPDX-License-Identifier: Apache-2.0 */
/* What an index knows, or a ledger, as lists in memory. */
#ifndef STORAGE_KNOWN_H
#define STORAGE_KNOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "ledger.h"
#include "recorder_index.h"

typedef struct known_container {
    char *storage;
    char *file; /* path below it */
    uint8_t id[16];
    uint64_t bytes;
    bool is_closed;
    bool is_there; /* its file was seen */
} known_container;

typedef struct known_containers {
    known_container *items; /* in the order of storage and file */
    size_t count;
} known_containers;

svms_status known_containers_load(known_containers *out, recorder_index *index, svms_error *err);
/* NULL: there is none. */
known_container *known_containers_find(const known_containers *self, const char *storage,
                                       const char *file);
void known_containers_free(known_containers *self);

typedef struct known_gaps {
    indexed_gap *items; /* their texts belong to them */
    size_t count;
} known_gaps;

svms_status known_gaps_load(known_gaps *out, recorder_index *index, svms_error *err);
void known_gaps_free(known_gaps *self);

typedef struct known_locks {
    indexed_lock *items; /* their texts belong to them */
    size_t count;
} known_locks;

svms_status known_locks_load(known_locks *out, recorder_index *index, svms_error *err);
/* Those that hold at the end of the ledger. */
svms_status known_locks_read(known_locks *out, ledger *book, svms_error *err);
/* The same lock in all that it says. */
bool known_locks_have(const known_locks *self, const indexed_lock *lock);
void known_locks_free(known_locks *self);

#endif
