/* SPDX-License-Identifier: Apache-2.0 */
/* Erasing what somebody may not keep: the ledger first, then each container. */
#include <stdlib.h>
#include <string.h>

#include "keeper_internal.h"
#include "recorder_failure.h"

/* What an erasure would take. */
typedef struct erasure {
    const indexed_range *range;
    keeper_victims *of; /* of each storage */
    const recorder_settings *settings;
    uint32_t count;
    svms_error *err;
} erasure;

static svms_status take_container(void *user, const indexed_container *container)
{
    erasure *self = user;
    const indexed_range *range = self->range;
    if (!container->is_closed || container->first_utc_ns == SVMS_NO_TIME ||
        container->last_utc_ns == SVMS_NO_TIME || container->first_utc_ns < range->from_utc_ns ||
        container->last_utc_ns >= range->to_utc_ns) {
        return SVMS_OK;
    }
    for (size_t i = 0; i < self->settings->storage_count; i++) {
        if (strcmp(self->settings->storages[i].name, container->storage) == 0) {
            self->count++;
            return keeper_victims_add(&self->of[i], container, self->err);
        }
    }
    return SVMS_OK;
}

/* One that cannot be removed does not save the others. */
static svms_status erase_all(keeper *self, const erasure *wanted, uint32_t *erased, svms_error *err)
{
    svms_status result = SVMS_OK;
    for (size_t i = 0; i < wanted->settings->storage_count; i++) {
        for (size_t n = 0; n < wanted->of[i].count; n++) {
            svms_error why = SVMS_ERROR_INIT;
            svms_status status =
                keeper_remove(self, i, &wanted->of[i].list[n], SVMS_PRUNE_ORDER, true, &why);
            if (status == SVMS_OK) {
                ++*erased;
            } else if (result == SVMS_OK) {
                result = recorder_fail(err, status, why.os_error, "%s", why.message);
            }
        }
    }
    return result;
}

static svms_status erase(keeper *self, erasure *wanted, const char *who, const char *why,
                         uint32_t *erased, svms_error *err)
{
    char id[37];
    bool is_locked = false;
    const indexed_range *range = wanted->range;
    svms_status status = keeper_settle_locks(self, err);
    if (status == SVMS_OK) {
        status = keeper_is_locked(self, range->camera, range->from_utc_ns, range->to_utc_ns - 1,
                                  &is_locked, err);
    }
    if (status == SVMS_OK && is_locked) {
        return recorder_fail(err, SVMS_E_POLICY, 0, "something in this range is locked");
    }
    if (status == SVMS_OK) {
        status = recorder_index_containers(self->options.parts->index, range, take_container,
                                           wanted, err);
    }
    if (status != SVMS_OK || wanted->count == 0) {
        return status;
    }
    if (!keeper_make_id(id)) {
        return recorder_fail(err, SVMS_E_CRYPTO, 0, "there is no randomness for an id");
    }
    ledger_entry entry = { LEDGER_ERASE,     id,  range->camera, range->from_utc_ns,
                           range->to_utc_ns, who, why,           0 };
    status = ledger_append(self->options.ledger, &entry, err);
    return status == SVMS_OK ? erase_all(self, wanted, erased, err) : status;
}

svms_status keeper_erase(keeper *self, const indexed_range *range, const char *who, const char *why,
                         uint32_t *erased, svms_error *err)
{
    const recorder_settings *all = self->options.parts->settings;
    *erased = 0;
    if (!range->camera || range->from_utc_ns >= range->to_utc_ns) {
        return recorder_fail(err, SVMS_E_USAGE, 0, "an erasure needs a camera and a range");
    }
    erasure wanted = { range, calloc(all->storage_count, sizeof(keeper_victims)), all, 0, err };
    if (!wanted.of) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory for containers");
    }
    (void)pthread_mutex_lock(&self->work);
    svms_status status = erase(self, &wanted, who, why, erased, err);
    (void)pthread_mutex_unlock(&self->work);
    for (size_t i = 0; i < all->storage_count; i++) {
        keeper_victims_free(&wanted.of[i]);
    }
    free(wanted.of);
    return status;
}
