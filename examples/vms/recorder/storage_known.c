/* SPDX-License-Identifier: Apache-2.0 */
#include "storage_known.h"

#include <stdlib.h>
#include <string.h>

#include "recorder_failure.h"

static const indexed_range everything = { NULL, INT64_MIN, INT64_MAX };

static svms_status fail_memory(svms_error *err)
{
    return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
}

/* The items with room for one more; NULL: no memory, and they are as before. */
static void *with_room(void *items, size_t count, size_t size)
{
    /* At powers of two there is none left. */
    bool has_room = (count & (count - 1)) != 0;
    return has_room ? items : realloc(items, (count == 0 ? 1 : 2 * count) * size);
}

static svms_status take_container(void *user, const indexed_container *is)
{
    known_containers *self = user;
    known_container *grown = with_room(self->items, self->count, sizeof *grown);
    if (!grown) {
        return SVMS_E_NO_MEMORY;
    }
    self->items = grown;
    known_container one = { strdup(is->storage), strdup(is->file), { 0 },
                            is->bytes,           is->is_closed,    false };
    memcpy(one.id, is->head.container_id, 16);
    if (!one.storage || !one.file) {
        free(one.storage);
        free(one.file);
        return SVMS_E_NO_MEMORY;
    }
    self->items[self->count++] = one;
    return SVMS_OK;
}

static int by_place(const void *a, const void *b)
{
    const known_container *one = a;
    const known_container *other = b;
    int order = strcmp(one->storage, other->storage);
    return order != 0 ? order : strcmp(one->file, other->file);
}

svms_status known_containers_load(known_containers *out, recorder_index *index, svms_error *err)
{
    svms_status status = recorder_index_all(index, take_container, out, err);
    if (status == SVMS_OK && out->count > 0) {
        qsort(out->items, out->count, sizeof *out->items, by_place);
    }
    return status == SVMS_E_NO_MEMORY ? fail_memory(err) : status;
}

known_container *known_containers_find(const known_containers *self, const char *storage,
                                       const char *file)
{
    known_container key = {
        (char *)(uintptr_t)storage, (char *)(uintptr_t)file, { 0 }, 0, false, false
    };
    return self->count == 0
               ? NULL
               : bsearch(&key, self->items, self->count, sizeof *self->items, by_place);
}

void known_containers_free(known_containers *self)
{
    for (size_t i = 0; i < self->count; i++) {
        free(self->items[i].storage);
        free(self->items[i].file);
    }
    free(self->items);
    memset(self, 0, sizeof *self);
}

static void free_text(const char *text)
{
    free((void *)(uintptr_t)text);
}

static svms_status take_gap(void *user, const indexed_gap *is)
{
    known_gaps *self = user;
    indexed_gap *grown = with_room(self->items, self->count, sizeof *grown);
    if (!grown) {
        return SVMS_E_NO_MEMORY;
    }
    self->items = grown;
    indexed_gap one = { strdup(is->camera), is->from_utc_ns, is->to_utc_ns, strdup(is->reason) };
    if (!one.camera || !one.reason) {
        free_text(one.camera);
        free_text(one.reason);
        return SVMS_E_NO_MEMORY;
    }
    self->items[self->count++] = one;
    return SVMS_OK;
}

svms_status known_gaps_load(known_gaps *out, recorder_index *index, svms_error *err)
{
    svms_status status = recorder_index_gaps(index, &everything, take_gap, out, err);
    return status == SVMS_E_NO_MEMORY ? fail_memory(err) : status;
}

void known_gaps_free(known_gaps *self)
{
    for (size_t i = 0; i < self->count; i++) {
        free_text(self->items[i].camera);
        free_text(self->items[i].reason);
    }
    free(self->items);
    memset(self, 0, sizeof *self);
}

static void free_lock(const indexed_lock *lock)
{
    free_text(lock->id);
    free_text(lock->camera);
    free_text(lock->who);
    free_text(lock->why);
}

static svms_status take_lock(void *user, const indexed_lock *is)
{
    known_locks *self = user;
    indexed_lock *grown = with_room(self->items, self->count, sizeof *grown);
    if (!grown) {
        return SVMS_E_NO_MEMORY;
    }
    self->items = grown;
    indexed_lock one = *is;
    one.id = strdup(is->id);
    one.camera = strdup(is->camera);
    one.who = strdup(is->who);
    one.why = strdup(is->why);
    if (!one.id || !one.camera || !one.who || !one.why) {
        free_lock(&one);
        return SVMS_E_NO_MEMORY;
    }
    self->items[self->count++] = one;
    return SVMS_OK;
}

svms_status known_locks_load(known_locks *out, recorder_index *index, svms_error *err)
{
    svms_status status = recorder_index_locks(index, &everything, take_lock, out, err);
    return status == SVMS_E_NO_MEMORY ? fail_memory(err) : status;
}

static void let_go(known_locks *self, const char *id)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->count; i++) {
        if (strcmp(self->items[i].id, id) == 0) {
            free_lock(&self->items[i]);
        } else {
            self->items[kept++] = self->items[i];
        }
    }
    self->count = kept;
}

static svms_status take_entry(void *user, const ledger_entry *entry)
{
    indexed_lock lock = { entry->id,  entry->camera, entry->from_utc_ns, entry->to_utc_ns,
                          entry->who, entry->why,    entry->utc_ns };
    if (entry->kind == LEDGER_UNLOCK) {
        let_go(user, entry->id);
    }
    return entry->kind == LEDGER_LOCK ? take_lock(user, &lock) : SVMS_OK;
}

svms_status known_locks_read(known_locks *out, ledger *book, svms_error *err)
{
    svms_status status = ledger_walk(book, take_entry, out, err);
    return status == SVMS_E_NO_MEMORY ? fail_memory(err) : status;
}

bool known_locks_have(const known_locks *self, const indexed_lock *lock)
{
    for (size_t i = 0; i < self->count; i++) {
        const indexed_lock *one = &self->items[i];
        if (strcmp(one->id, lock->id) == 0) {
            return strcmp(one->camera, lock->camera) == 0 &&
                   one->from_utc_ns == lock->from_utc_ns && one->to_utc_ns == lock->to_utc_ns &&
                   strcmp(one->who, lock->who) == 0 && strcmp(one->why, lock->why) == 0 &&
                   one->since_utc_ns == lock->since_utc_ns;
        }
    }
    return false;
}

void known_locks_free(known_locks *self)
{
    for (size_t i = 0; i < self->count; i++) {
        free_lock(&self->items[i]);
    }
    free(self->items);
    memset(self, 0, sizeof *self);
}
