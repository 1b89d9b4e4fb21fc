/* SPDX-License-Identifier: Apache-2.0 */
/* Everything is sequentially consistent: that is what the argument in svms_shared_replace() rests
 * on, and it costs readers one locked instruction in each direction, beside a signature that costs
 * thousands. */
#include "shared.h"

#include "platform.h"

void svms_shared_init(svms_shared *shared, void *value)
{
    atomic_init(&shared->value, value);
    atomic_init(&shared->turn, 0u);
    atomic_init(&shared->readers[0], 0u);
    atomic_init(&shared->readers[1], 0u);
}

void *svms_shared_enter(svms_shared *shared, unsigned *ticket)
{
    *ticket = atomic_load(&shared->turn) & 1u;
    atomic_fetch_add(&shared->readers[*ticket], 1u);
    return atomic_load(&shared->value);
}

void svms_shared_leave(svms_shared *shared, unsigned ticket)
{
    atomic_fetch_sub(&shared->readers[ticket], 1u);
}

/* Whoever read the old value had counted itself before it was replaced, in either counter. So each
 * has to be seen empty once after that; the turn changes first, or newcomers could keep it from
 * ever being empty. */
void *svms_shared_replace(svms_shared *shared, void *value)
{
    void *old = atomic_exchange(&shared->value, value);
    for (int i = 0; i < 2; i++) {
        unsigned left = atomic_fetch_add(&shared->turn, 1u) & 1u;
        while (atomic_load(&shared->readers[left]) != 0) {
            svms_platform_yield();
        }
    }
    return old;
}
