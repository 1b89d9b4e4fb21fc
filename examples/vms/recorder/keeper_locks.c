/* SPDX-License-Identifier: Apache-2.0 */
/* Locks: the ledger says which there are, the index is only quicker. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "keeper_internal.h"
#include "recorder_failure.h"

/* A lock that the ledger or the index has. */
typedef struct lock_copy {
    char id[LEDGER_ID_SIZE + 1];
    char camera[LEDGER_CAMERA_MAX + 1];
    char *who;
    char *why;
    int64_t from_utc_ns;
    int64_t to_utc_ns;
    int64_t since_utc_ns;
    bool is_over; /* it was unlocked */
} lock_copy;

typedef struct lock_copies {
    lock_copy *list;
    size_t count;
} lock_copies;

static void free_locks(lock_copies *self)
{
    for (size_t i = 0; i < self->count; i++) {
        free(self->list[i].who);
        free(self->list[i].why);
    }
    free(self->list);
    *self = (lock_copies){ NULL, 0 };
}

static lock_copy *find(const lock_copies *self, const char *id)
{
    for (size_t i = self->count; i > 0; i--) {
        if (strcmp(self->list[i - 1].id, id) == 0) {
            return &self->list[i - 1];
        }
    }
    return NULL;
}

static lock_copy *add(lock_copies *self, const char *id, const char *camera)
{
    lock_copy *grown = realloc(self->list, (self->count + 1) * sizeof *grown);
    if (!grown) {
        return NULL;
    }
    self->list = grown;
    lock_copy *lock = &grown[self->count++];
    memset(lock, 0, sizeof *lock);
    (void)snprintf(lock->id, sizeof lock->id, "%s", id);
    (void)snprintf(lock->camera, sizeof lock->camera, "%s", camera);
    return lock;
}

static svms_status take_entry(void *user, const ledger_entry *entry)
{
    lock_copies *locks = user;
    lock_copy *lock = entry->kind == LEDGER_UNLOCK ? find(locks, entry->id) : NULL;
    if (lock) {
        lock->is_over = true;
    }
    if (entry->kind != LEDGER_LOCK) {
        return SVMS_OK;
    }
    lock = add(locks, entry->id, entry->camera);
    if (!lock) {
        return SVMS_E_NO_MEMORY;
    }
    lock->who = strdup(entry->who);
    lock->why = strdup(entry->why);
    lock->from_utc_ns = entry->from_utc_ns;
    lock->to_utc_ns = entry->to_utc_ns;
    lock->since_utc_ns = entry->utc_ns;
    return lock->who && lock->why ? SVMS_OK : SVMS_E_NO_MEMORY;
}

static svms_status take_indexed(void *user, const indexed_lock *lock)
{
    lock_copy *copy = add(user, lock->id, lock->camera);
    if (!copy) {
        return SVMS_E_NO_MEMORY;
    }
    copy->from_utc_ns = lock->from_utc_ns;
    copy->to_utc_ns = lock->to_utc_ns;
    return SVMS_OK;
}

static const indexed_range always = { NULL, INT64_MIN, INT64_MAX };

static bool is_same(const lock_copy *a, const lock_copy *b)
{
    return strcmp(a->camera, b->camera) == 0 && a->from_utc_ns == b->from_utc_ns &&
           a->to_utc_ns == b->to_utc_ns;
}

/* In place of what the index may have under this id. */
static svms_status put_one(keeper *self, const lock_copy *lock, const lock_copy *indexed,
                           svms_error *err)
{
    recorder_index *index = self->options.parts->index;
    indexed_lock row = { lock->id,  lock->camera, lock->from_utc_ns, lock->to_utc_ns,
                         lock->who, lock->why,    lock->since_utc_ns };
    svms_status status = indexed ? recorder_index_unlock(index, lock->id, err) : SVMS_OK;
    return status == SVMS_OK ? recorder_index_lock(index, &row, err) : status;
}

/* The index has all that the ledger has, as it has them. */
static svms_status put_missing(keeper *self, const lock_copies *written, const lock_copies *indexed,
                               svms_error *err)
{
    svms_status status = SVMS_OK;
    for (size_t i = 0; i < written->count && status == SVMS_OK; i++) {
        const lock_copy *lock = &written->list[i];
        const lock_copy *row = find(indexed, lock->id);
        if (!lock->is_over && (!row || !is_same(lock, row))) {
            status = put_one(self, lock, row, err);
        }
    }
    return status;
}

/* What the ledger does not know at all stays locked: rather the ledger has lost it. */
static svms_status drop_ended(keeper *self, const lock_copies *written, const lock_copies *indexed,
                              svms_error *err)
{
    svms_status status = SVMS_OK;
    for (size_t i = 0; i < indexed->count && status == SVMS_OK; i++) {
        const lock_copy *lock = find(written, indexed->list[i].id);
        if (!lock) {
            char words[160];
            (void)snprintf(words, sizeof words,
                           "the index has the lock %s, of which the ledger knows nothing: the "
                           "ledger was cut or replaced",
                           indexed->list[i].id);
            keeper_news news = { .kind = "storage.failed",
                                 .level = SERVICE_ERROR,
                                 .camera = indexed->list[i].camera,
                                 .path = self->options.parts->settings->ledger,
                                 .words = words,
                                 .is_audited = true };
            keeper_tell(self, &news);
        } else if (lock->is_over) {
            status = recorder_index_unlock(self->options.parts->index, lock->id, err);
            status = status == SVMS_E_STATE ? SVMS_OK : status;
        }
    }
    return status;
}

svms_status keeper_settle_locks(keeper *self, svms_error *err)
{
    lock_copies written = { NULL, 0 };
    lock_copies indexed = { NULL, 0 };
    svms_error why = SVMS_ERROR_INIT;
    if (!self->locks_unsure) {
        return SVMS_OK;
    }
    svms_status status = ledger_walk(self->options.ledger, take_entry, &written, &why);
    if (status == SVMS_OK) {
        status =
            recorder_index_locks(self->options.parts->index, &always, take_indexed, &indexed, &why);
    }
    if (status == SVMS_OK) {
        status = put_missing(self, &written, &indexed, &why);
    }
    if (status == SVMS_OK) {
        status = drop_ended(self, &written, &indexed, &why);
    }
    free_locks(&written);
    free_locks(&indexed);
    self->locks_unsure = status != SVMS_OK;
    return status == SVMS_OK
               ? SVMS_OK
               : recorder_fail(err, status, why.os_error, "it is not known what is locked: %s",
                               why.message[0] ? why.message : svms_status_name(status));
}

static svms_status stop_at_first(void *user, const indexed_lock *lock)
{
    (void)lock;
    *(bool *)user = true;
    return SVMS_END;
}

svms_status keeper_is_locked(keeper *self, const char *camera, int64_t from_utc_ns,
                             int64_t to_utc_ns, bool *out, svms_error *err)
{
    /* The last moment of a container is part of it. */
    indexed_range range = { camera, from_utc_ns,
                            to_utc_ns < INT64_MAX ? to_utc_ns + 1 : to_utc_ns };
    *out = false;
    svms_status status =
        recorder_index_locks(self->options.parts->index, &range, stop_at_first, out, err);
    return status == SVMS_END ? SVMS_OK : status;
}

static svms_status count_lock(void *user, const indexed_lock *lock)
{
    (void)lock;
    ++*(uint32_t *)user;
    return SVMS_OK;
}

bool keeper_make_id(char out[37])
{
    uint8_t bytes[16];
    if (RAND_bytes(bytes, sizeof bytes) != 1) {
        return false;
    }
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    char *to = out;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bool dash = i == 4 || i == 6 || i == 8 || i == 10;
        to += snprintf(to, 4, "%s%02x", dash ? "-" : "", bytes[i]);
    }
    return true;
}

static svms_status lock(keeper *self, const indexed_range *range, const char *who, const char *why,
                        const char *id, svms_error *err)
{
    uint32_t count = 0;
    recorder_index *index = self->options.parts->index;
    svms_status status = keeper_settle_locks(self, err);
    if (status == SVMS_OK) {
        status = recorder_index_locks(index, &always, count_lock, &count, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (count >= KEEPER_LOCKS_MAX) {
        return recorder_fail(err, SVMS_E_LIMIT, 0, "there are %u locks already", count);
    }
    int64_t now = recorder_now();
    ledger_entry entry = { LEDGER_LOCK,      id,  range->camera, range->from_utc_ns,
                           range->to_utc_ns, who, why,           now };
    status = ledger_append(self->options.ledger, &entry, err);
    if (status != SVMS_OK) {
        return status;
    }
    indexed_lock indexed = {
        id, range->camera, range->from_utc_ns, range->to_utc_ns, who, why, now
    };
    status = recorder_index_lock(index, &indexed, err);
    self->locks_unsure = status != SVMS_OK;
    return status;
}

svms_status keeper_lock(keeper *self, const indexed_range *range, const char *who, const char *why,
                        char id[37], svms_error *err)
{
    char made[37];
    if (!range->camera || range->from_utc_ns >= range->to_utc_ns) {
        return recorder_fail(err, SVMS_E_USAGE, 0, "a lock needs a camera and a range");
    }
    if (!keeper_make_id(made)) {
        return recorder_fail(err, SVMS_E_CRYPTO, 0, "there is no randomness for an id");
    }
    (void)pthread_mutex_lock(&self->work);
    svms_status status = lock(self, range, who, why, made, err);
    (void)pthread_mutex_unlock(&self->work);
    if (status == SVMS_OK) {
        memcpy(id, made, sizeof made);
    }
    return status;
}

typedef struct search {
    const char *id;
    bool found;
} search;

static svms_status compare_id(void *user, const indexed_lock *lock)
{
    search *wanted = user;
    wanted->found = strcmp(lock->id, wanted->id) == 0;
    return wanted->found ? SVMS_END : SVMS_OK;
}

static svms_status unlock(keeper *self, const char *id, const char *who, const char *why,
                          svms_error *err)
{
    search wanted = { id, false };
    recorder_index *index = self->options.parts->index;
    svms_status status = keeper_settle_locks(self, err);
    if (status == SVMS_OK) {
        status = recorder_index_locks(index, &always, compare_id, &wanted, err);
        status = status == SVMS_END ? SVMS_OK : status;
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (!wanted.found) {
        return recorder_fail(err, SVMS_E_STATE, 0, "there is no lock %.80s", id);
    }
    ledger_entry entry = { LEDGER_UNLOCK, id, NULL, 0, 0, who, why, 0 };
    status = ledger_append(self->options.ledger, &entry, err);
    if (status == SVMS_OK) {
        status = recorder_index_unlock(index, id, err);
        self->locks_unsure = status != SVMS_OK;
    }
    return status;
}

svms_status keeper_unlock(keeper *self, const char *id, const char *who, const char *why,
                          svms_error *err)
{
    (void)pthread_mutex_lock(&self->work);
    svms_status status = unlock(self, id, who, why, err);
    (void)pthread_mutex_unlock(&self->work);
    return status;
}

void keeper_mark(keeper *self, char out[LEDGER_MARK_SIZE])
{
    ledger_mark(self->options.ledger, out);
}
