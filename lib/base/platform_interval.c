/* SPDX-License-Identifier: Apache-2.0 */
#include "platform_interval.h"

#include <sys/time.h>

uint64_t svms_platform_interval(bool (*ask)(void *user, void *timeval), void *user)
{
    struct timeval interval = { 0, 0 };
    if (!ask(user, &interval) || interval.tv_sec < 0 || interval.tv_usec < 0) {
        return UINT64_MAX;
    }
    return (uint64_t)interval.tv_sec * 1000000000u + (uint64_t)interval.tv_usec * 1000u;
}
