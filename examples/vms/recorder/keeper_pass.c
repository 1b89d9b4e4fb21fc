/* SPDX-License-Identifier: Apache-2.0 */
/* One look at a storage: is there room, and what has to go. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keeper_internal.h"
#include "keeper_reserve.h"
#include "recorder_failure.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_DAY (86400 * NS_PER_SECOND)
#define AGAIN_NS (60 * NS_PER_SECOND)
/* Containers that are looked up at a time. */
#define BATCH 32u

/* A storage, as it is in this pass. */
typedef struct pass {
    keeper *keeper;
    size_t number;
    const storage_settings *storage;
    keeper_watch *watch;
    int64_t oldest_utc_ns; /* what ended before is too old; INT64_MIN: nothing is */
    uint64_t free_bytes;
    /* As if what was removed in this pass were free at once: not every file system hurries, and a
     * viewer may still have the file open. The next pass sees what has become of it. */
    uint64_t expected_bytes;
    uint64_t used_bytes;
    uint32_t left_alone; /* containers that could not be removed in this pass */
} pass;

static bool wants_room(const pass *self)
{
    const storage_settings *storage = self->storage;
    return (self->free_bytes < storage->reserve_bytes &&
            self->expected_bytes < storage->reserve_bytes) ||
           (storage->keep_bytes > 0 && self->used_bytes > storage->keep_bytes);
}

/* At most once in a minute. */
static void tell_trouble(pass *self, const svms_error *err)
{
    int64_t now = keeper_clock();
    if (self->watch->told_trouble_ns != SVMS_NO_TIME &&
        now - self->watch->told_trouble_ns < AGAIN_NS) {
        return;
    }
    self->watch->told_trouble_ns = now;
    keeper_news news = { .kind = "storage.failed",
                         .level = SERVICE_ERROR,
                         .path = self->storage->path,
                         .words = err->message,
                         .is_audited = true };
    keeper_tell(self->keeper, &news);
}

static bool measure(pass *self)
{
    svms_error err = SVMS_ERROR_INIT;
    const keeper_options *options = &self->keeper->options;
    svms_status status = options->free_bytes(options->user, self->storage->path, &self->free_bytes);
    if (status != SVMS_OK) {
        (void)recorder_fail(&err, status, 0, "nobody knows how much room storage %.64s has",
                            self->storage->name);
    } else {
        status = recorder_index_bytes(options->parts->index, self->storage->name, &self->used_bytes,
                                      &err);
    }
    if (status != SVMS_OK) {
        tell_trouble(self, &err);
    }
    return status == SVMS_OK;
}

static void tell_room(const pass *self, const char *kind, service_level level, bool is_audited,
                      const char *words)
{
    keeper_news news = { .kind = kind,
                         .level = level,
                         .path = self->storage->path,
                         .free_bytes = &self->free_bytes,
                         .words = words,
                         .is_audited = is_audited };
    keeper_tell(self->keeper, &news);
}

/* Told when it begins, and when it is over by a quarter, so that it is not told at every turn. */
static void watch_room(pass *self)
{
    uint64_t reserve = self->storage->reserve_bytes;
    uint64_t twice = reserve > UINT64_MAX / 4 ? UINT64_MAX / 2 : 2 * reserve;
    keeper_watch *watch = self->watch;
    if (self->free_bytes < twice && !watch->is_filling) {
        watch->is_filling = true;
        tell_room(self, "storage.filling", SERVICE_WARNING, false,
                  "less than twice the reserve is free");
    } else if (self->free_bytes >= twice + twice / 4 && watch->is_filling) {
        watch->is_filling = false;
        tell_room(self, "storage.room", SERVICE_NOTICE, false, "there is room again");
    }
    if (self->free_bytes < reserve && !watch->is_full) {
        watch->is_full = true;
        tell_room(self, "storage.full", SERVICE_WARNING, true,
                  "less than the reserve is free: the oldest containers go");
    } else if (self->free_bytes >= reserve + reserve / 4 && watch->is_full) {
        watch->is_full = false;
    }
}

typedef struct selection {
    pass *pass;
    keeper_victims victims;
    uint32_t passed_over;
    svms_error *err;
} selection;

/* Oldest first: behind one that began in time nothing is too old. */
static svms_status select_victim(void *user, const indexed_container *container)
{
    selection *self = user;
    pass *now = self->pass;
    if (!wants_room(now) && container->first_utc_ns >= now->oldest_utc_ns) {
        return SVMS_END;
    }
    if (!wants_room(now) && container->last_utc_ns >= now->oldest_utc_ns) {
        return SVMS_OK;
    }
    if (self->passed_over < now->left_alone) {
        self->passed_over++;
        return SVMS_OK;
    }
    svms_status status = keeper_victims_add(&self->victims, container, self->err);
    return status == SVMS_OK && self->victims.count >= BATCH ? SVMS_END : status;
}

/* It was not locked when it was found, but may be by now. */
static svms_status remove_one(pass *self, const keeper_victim *victim, svms_error *err)
{
    keeper *by = self->keeper;
    bool is_locked = false;
    bool is_old = victim->last_utc_ns < self->oldest_utc_ns;
    (void)pthread_mutex_lock(&by->work);
    svms_status status = keeper_settle_locks(by, err);
    if (status == SVMS_OK) {
        status = keeper_is_locked(by, victim->camera, victim->first_utc_ns, victim->last_utc_ns,
                                  &is_locked, err);
    }
    if (status == SVMS_OK && !is_locked) {
        status = keeper_remove(by, self->number, victim,
                               is_old ? SVMS_PRUNE_RETENTION : SVMS_PRUNE_SPACE, false, err);
    }
    (void)pthread_mutex_unlock(&by->work);
    return status;
}

/* Whether to go on with the next one. */
static bool remove_batch(pass *self, const keeper_victims *victims)
{
    for (size_t i = 0; i < victims->count; i++) {
        const keeper_victim *victim = &victims->list[i];
        svms_error err = SVMS_ERROR_INIT;
        if (keeper_is_stopping(self->keeper)) {
            return false;
        }
        if (!wants_room(self) && victim->last_utc_ns >= self->oldest_utc_ns) {
            continue;
        }
        if (remove_one(self, victim, &err) == SVMS_OK) {
            self->expected_bytes += victim->bytes;
        } else {
            self->left_alone++;
            tell_trouble(self, &err);
        }
        if (!measure(self)) {
            return false;
        }
    }
    return true;
}

static void remove_what_must_go(pass *self)
{
    bool more = true;
    while (more && (wants_room(self) || self->oldest_utc_ns != INT64_MIN)) {
        svms_error err = SVMS_ERROR_INIT;
        selection found = { self, { NULL, 0 }, 0, &err };
        svms_status status = recorder_index_prunable(
            self->keeper->options.parts->index, self->storage->name, select_victim, &found, &err);
        if (status != SVMS_OK && status != SVMS_END) {
            tell_trouble(self, &err);
            more = false;
        }
        more = more && found.victims.count > 0 && remove_batch(self, &found.victims);
        keeper_victims_free(&found.victims);
    }
}

/* Nothing may be removed, and there is no room: somebody must come. */
static void tell_hopeless(pass *self)
{
    int64_t now = keeper_clock();
    if (self->free_bytes >= self->storage->reserve_bytes ||
        self->expected_bytes >= self->storage->reserve_bytes) {
        self->watch->told_full_ns = SVMS_NO_TIME;
        return;
    }
    if (self->watch->told_full_ns == SVMS_NO_TIME || now - self->watch->told_full_ns >= AGAIN_NS) {
        self->watch->told_full_ns = now;
        tell_room(self, "storage.full", SERVICE_ERROR, true,
                  "less than the reserve is free, and nothing is left that may be removed");
    }
}

void keeper_tend(keeper *self, size_t storage)
{
    const storage_settings *of = &self->options.parts->settings->storages[storage];
    pass now = { .keeper = self,
                 .number = storage,
                 .storage = of,
                 .watch = &self->watches[storage],
                 .oldest_utc_ns = INT64_MIN };
    if (of->keep_days > 0) {
        now.oldest_utc_ns = recorder_now() - (int64_t)of->keep_days * NS_PER_DAY;
    }
    if (!measure(&now)) {
        return;
    }
    now.expected_bytes = now.free_bytes;
    watch_room(&now);
    remove_what_must_go(&now);
    watch_room(&now);
    tell_hopeless(&now);
    /* Not where taking it would be what makes the next container go. */
    if (now.free_bytes > KEEPER_RESERVE_SIZE &&
        now.free_bytes - KEEPER_RESERVE_SIZE >= of->reserve_bytes) {
        keeper_reserve_take(of->path);
    }
}
