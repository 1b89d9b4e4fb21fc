/* SPDX-License-Identifier: Apache-2.0 */
/* A folder in memory for several threads, with a gate at which whoever makes the journal durable is
 * held, and a disk that can be full. */
#ifndef SVMS_TEST_GATED_FOLDER_H
#define SVMS_TEST_GATED_FOLDER_H

#include <pthread.h>
#include <stdatomic.h>

#include "memory_folder.h"

#define GATED_STORES 64u

typedef struct gated_store {
    struct gated_folder *folder;
    svms_store inner;
    bool is_journal;
    bool is_open;
} gated_store;

typedef struct gated_folder {
    memory_folder memory;
    svms_folder inner;
    svms_folder view; /* what the log is given */
    gated_store store[GATED_STORES];
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_shut;
    bool is_held; /* somebody stands at the gate */
    bool is_full;
} gated_folder;

void gated_folder_init(gated_folder *folder);
void gated_folder_clear(gated_folder *folder);
/* From now on whoever makes the journal durable is held. */
void gated_folder_shut(gated_folder *folder);
/* Until somebody is. */
void gated_folder_await(gated_folder *folder);
void gated_folder_open(gated_folder *folder);
/* Writes to the journal fail, or do not any more. */
void gated_folder_fill(gated_folder *folder, bool is_full);

#endif
