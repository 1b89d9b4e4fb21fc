/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_patience.h"

#define MILLISECOND UINT64_C(1000000)
/* What held so long was a good connection, and is tried again at once. */
#define STABLE_NS (10000 * MILLISECOND)
#define REFUSED_NS (30000 * MILLISECOND)

static const uint64_t pauses[] = { 200 * MILLISECOND,  1000 * MILLISECOND, 2000 * MILLISECOND,
                                   4000 * MILLISECOND, 8000 * MILLISECOND, 15000 * MILLISECOND };

uint64_t camera_patience_next(camera_patience *self, uint64_t held_ns, bool is_refused,
                              uint32_t chance)
{
    const uint32_t last = (uint32_t)(sizeof pauses / sizeof pauses[0]) - 1;
    if (held_ns >= STABLE_NS) {
        self->failures = 0;
    }
    uint64_t pause = is_refused ? REFUSED_NS : pauses[self->failures];
    self->failures = self->failures < last ? self->failures + 1 : last;
    /* Three quarters to all of it: the longest pause stays the longest. */
    return pause - pause / 4 * (chance % 1024) / 1024;
}
