/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_clock.h"

#include <inttypes.h>
#include <stdio.h>

#define FAR_NS UINT64_C(2000000000)
/* Less, so that a clock at the border is not told again and again. */
#define NEAR_NS UINT64_C(1500000000)
/* A burst after a pause of the network is no clock. */
#define LASTS_NS UINT64_C(2000000000)

static uint64_t distance(int64_t one, int64_t other)
{
    return one > other ? (uint64_t)one - (uint64_t)other : (uint64_t)other - (uint64_t)one;
}

camera_clock_news camera_clock_look(camera_clock *self, int64_t ahead_ns, uint64_t now_ns)
{
    uint64_t off = distance(ahead_ns, 0);
    bool is_other =
        self->is_off ? off < NEAR_NS || distance(ahead_ns, self->told_ns) > FAR_NS : off > FAR_NS;
    if (!is_other) {
        self->is_doubted = false;
        return CAMERA_CLOCK_NOTHING;
    }
    if (!self->is_doubted) {
        self->is_doubted = true;
        self->doubted_at_ns = now_ns;
    }
    if (now_ns - self->doubted_at_ns < LASTS_NS) {
        return CAMERA_CLOCK_NOTHING;
    }
    self->is_doubted = false;
    self->is_off = off > NEAR_NS;
    self->told_ns = ahead_ns;
    return self->is_off ? CAMERA_CLOCK_IS_OFF : CAMERA_CLOCK_IS_RIGHT;
}

void camera_clock_write(char out[CAMERA_CLOCK_TEXT], int64_t ahead_ns)
{
    uint64_t tenths = distance(ahead_ns, 0) / 100000000;
    (void)snprintf(out, CAMERA_CLOCK_TEXT, "%" PRIu64 ".%" PRIu64 " s %s", tenths / 10, tenths % 10,
                   ahead_ns < 0 ? "behind" : "ahead");
}
