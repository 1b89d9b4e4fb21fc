/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "keeper_internal.h"
#include "recorder_failure.h"

svms_status keeper_victims_add(keeper_victims *self, const indexed_container *container,
                               svms_error *err)
{
    keeper_victim *grown = realloc(self->list, (self->count + 1) * sizeof *grown);
    if (!grown) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory for containers");
    }
    self->list = grown;
    keeper_victim *victim = &grown[self->count];
    memset(victim, 0, sizeof *victim);
    victim->camera = strdup(container->camera);
    victim->file = strdup(container->file);
    if (!victim->camera || !victim->file) {
        free(victim->camera);
        free(victim->file);
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory for containers");
    }
    memcpy(victim->container_id, container->head.container_id, sizeof victim->container_id);
    victim->first_utc_ns = container->first_utc_ns;
    victim->last_utc_ns = container->last_utc_ns;
    victim->bytes = container->bytes;
    victim->is_edge = container->is_edge;
    self->count++;
    return SVMS_OK;
}

void keeper_victims_free(keeper_victims *self)
{
    for (size_t i = 0; i < self->count; i++) {
        free(self->list[i].camera);
        free(self->list[i].file);
    }
    free(self->list);
    *self = (keeper_victims){ NULL, 0 };
}
