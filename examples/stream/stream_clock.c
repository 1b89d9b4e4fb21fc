/* SPDX-License-Identifier: Apache-2.0 */
#include "stream_clock.h"

#include <time.h>

uint64_t stream_clock(void)
{
    struct timespec now = { 0, 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * STREAM_SECOND + (uint64_t)now.tv_nsec;
}

uint64_t stream_earlier(uint64_t one, uint64_t other)
{
    return one < other ? one : other;
}
