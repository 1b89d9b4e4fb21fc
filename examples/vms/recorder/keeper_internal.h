/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the keeper share. */
#ifndef KEEPER_INTERNAL_H
#define KEEPER_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>

#include "keeper.h"

#define KEEPER_LOCKS_MAX 10000u

/* What was told of a storage, so that it is not told again and again. */
typedef struct keeper_watch {
    bool is_filling;
    bool is_full;
    int64_t told_full_ns; /* by the monotonic clock, or SVMS_NO_TIME */
    int64_t told_trouble_ns;
} keeper_watch;

/* A container that shall go. Texts are its own. */
typedef struct keeper_victim {
    char *camera;
    char *file; /* below the storage */
    uint8_t container_id[16];
    int64_t first_utc_ns;
    int64_t last_utc_ns;
    uint64_t bytes;
    bool is_edge;
} keeper_victim;

typedef struct keeper_victims {
    keeper_victim *list;
    size_t count;
} keeper_victims;

struct keeper {
    keeper_options options;
    pthread_t thread;
    pthread_mutex_t mutex; /* of the next three */
    pthread_cond_t changed;
    bool is_woken;
    bool is_stopping;
    pthread_mutex_t work;  /* one removal or change of locks at a time; of all that follows */
    bool locks_unsure;     /* the index may not know all locks: nothing may be removed */
    keeper_watch *watches; /* of each storage; the thread's */
};

/* keeper.c: all but its thread. */
svms_status keeper_make(keeper **out, const keeper_options *options, svms_error *err);
void keeper_release(keeper *self);
/* Monotonic nanoseconds. */
int64_t keeper_clock(void);
bool keeper_is_stopping(keeper *self);

/* keeper_locks.c; all with work held. */
/* What the index says of locks is what the ledger says. */
svms_status keeper_settle_locks(keeper *self, svms_error *err);
/* Whether anything of [from, to] of a camera is locked. */
svms_status keeper_is_locked(keeper *self, const char *camera, int64_t from_utc_ns,
                             int64_t to_utc_ns, bool *out, svms_error *err);

/* A random UUID. */
bool keeper_make_id(char out[37]);

/* keeper_victims.c */
svms_status keeper_victims_add(keeper_victims *self, const indexed_container *container,
                               svms_error *err);
void keeper_victims_free(keeper_victims *self);

/* keeper_remove.c; with work held. */
/* Removes a container for good: signed record, keys overwritten if erase, name, index, told.
 * SVMS_E_STATE: it is in use. What is gone already, or is no container any more, is told, taken out
 * of the index, and SVMS_OK. */
svms_status keeper_remove(keeper *self, size_t storage, const keeper_victim *victim,
                          svms_prune_reason reason, bool erase, svms_error *err);
/* Goes on with what was interrupted between the record and the end of the container. */
void keeper_finish(keeper *self, size_t storage);

/* keeper_pass.c */
void keeper_tend(keeper *self, size_t storage);

/* keeper_tell.c */
typedef struct keeper_news {
    const char *kind; /* "storage.full" */
    service_level level;
    const char *camera;         /* or NULL */
    const char *path;           /* or NULL */
    const uint64_t *free_bytes; /* or NULL */
    const char *words;
    bool is_audited;
} keeper_news;
void keeper_tell(const keeper *self, const keeper_news *news);

#endif
