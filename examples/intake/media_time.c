/* SPDX-License-Identifier: Apache-2.0 */
#include "media_time.h"

/* Far beyond any recording, and exact as a double. */
#define MAX_NS 4611686018427387904.0 /* 2^62 */

int64_t ticks_to_ns(const svms_track *track, int64_t ticks)
{
    double ns = (double)ticks * track->timebase_num / track->timebase_den * 1e9;
    if (ns > MAX_NS) {
        return (int64_t)MAX_NS;
    }
    return ns < -MAX_NS ? -(int64_t)MAX_NS : (int64_t)ns;
}

int64_t ns_to_ticks(const svms_track *track, int64_t ns)
{
    double ticks = (double)ns * (double)track->timebase_den / (double)track->timebase_num / 1e9;
    return ticks > 4e18 || ticks < -4e18 ? 0 : (int64_t)ticks;
}

int64_t time_add(int64_t time_ns, int64_t more_ns)
{
    if (more_ns > 0 && time_ns > INT64_MAX - more_ns) {
        return INT64_MAX;
    }
    if (more_ns < 0 && time_ns < INT64_MIN - more_ns) {
        return INT64_MIN;
    }
    return time_ns + more_ns;
}
