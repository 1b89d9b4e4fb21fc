/* SPDX-License-Identifier: Apache-2.0 */
/* A clock that a test sets. */
#ifndef SVMS_TEST_SET_CLOCK_H
#define SVMS_TEST_SET_CLOCK_H

#include "lens.h"

/* 2026-11-22 18:00:00 */
#define SET_CLOCK_UTC INT64_C(1795370400000000000)

typedef struct set_clock {
    uint64_t now; /* UTC is SET_CLOCK_UTC where this is 0 */
} set_clock;

static inline int64_t set_clock_utc(void *user)
{
    const set_clock *self = user;
    return SET_CLOCK_UTC + (int64_t)self->now;
}

static inline uint64_t set_clock_monotonic(void *user)
{
    const set_clock *self = user;
    return self->now;
}

static inline lens_clock set_clock_of(set_clock *self)
{
    const lens_clock clock = { self, set_clock_utc, set_clock_monotonic };
    return clock;
}

#endif
