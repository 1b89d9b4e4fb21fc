/* SPDX-License-Identifier: Apache-2.0 */
/* Time as the tables of logins measure it. */
#ifndef SVMS_STEADY_CLOCK_H
#define SVMS_STEADY_CLOCK_H

#include "context_internal.h"

#define SVMS_NS_OF_SECOND UINT64_C(1000000000)

/* Monotonic nanoseconds that really never go back, whatever the application's callback does: all
 * that is measured is the difference to an earlier result. */
static inline uint64_t svms_steady_now(svms_ctx *ctx, uint64_t *latest)
{
    uint64_t now = svms_monotonic_now(ctx);
    if (now > *latest) {
        *latest = now;
    }
    return *latest;
}

/* Whole seconds that cover so many nanoseconds. */
static inline uint32_t svms_ceil_seconds(uint64_t ns)
{
    return (uint32_t)(ns / SVMS_NS_OF_SECOND + (ns % SVMS_NS_OF_SECOND != 0));
}

#endif
