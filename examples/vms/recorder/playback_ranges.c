/* SPDX-License-Identifier: Apache-2.0 */
/* Which moments may be given. */
#include <stdlib.h>
#include <string.h>

#include "playback_internal.h"
#include "recorder_failure.h"

static int compare(const void *one, const void *other)
{
    const svms_time_range *a = one;
    const svms_time_range *b = other;
    return a->from_utc_ns < b->from_utc_ns ? -1 : a->from_utc_ns > b->from_utc_ns;
}

svms_status playback_ranges_set(playback *self, const svms_time_range *ranges, size_t count,
                                svms_error *err)
{
    svms_time_range *copy = NULL;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].from_utc_ns == SVMS_NO_TIME || ranges[i].from_utc_ns >= ranges[i].to_utc_ns) {
            return recorder_fail(err, SVMS_E_USAGE, 0, "a range has no beginning, or no length");
        }
    }
    if (count > 0) {
        copy = calloc(count, sizeof *copy);
        if (!copy) {
            return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
        }
        memcpy(copy, ranges, count * sizeof *copy);
        qsort(copy, count, sizeof *copy, compare);
    }
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && copy[i].from_utc_ns <= copy[kept - 1].to_utc_ns) {
            int64_t to = copy[i].to_utc_ns;
            copy[kept - 1].to_utc_ns =
                to > copy[kept - 1].to_utc_ns ? to : copy[kept - 1].to_utc_ns;
        } else {
            copy[kept++] = copy[i];
        }
    }
    free(self->ranges);
    self->ranges = copy;
    self->range_count = kept;
    return SVMS_OK;
}

bool playback_ranges_hold(const playback *self, int64_t utc_ns)
{
    for (size_t i = 0; i < self->range_count; i++) {
        if (utc_ns >= self->ranges[i].from_utc_ns && utc_ns < self->ranges[i].to_utc_ns) {
            return true;
        }
    }
    return self->range_count == 0;
}

svms_time_range playback_ranges_hull(const playback *self)
{
    svms_time_range all = { INT64_MIN + 1, INT64_MAX };
    if (self->range_count > 0) {
        all.from_utc_ns = self->ranges[0].from_utc_ns;
        all.to_utc_ns = self->ranges[self->range_count - 1].to_utc_ns;
    }
    return all;
}

int64_t playback_ranges_next(const playback *self, int64_t utc_ns)
{
    for (size_t i = 0; i < self->range_count; i++) {
        if (self->ranges[i].from_utc_ns > utc_ns) {
            return self->ranges[i].from_utc_ns;
        }
    }
    return SVMS_NO_TIME;
}

int64_t playback_ranges_before(const playback *self, int64_t utc_ns)
{
    for (size_t i = self->range_count; i > 0; i--) {
        if (self->ranges[i - 1].to_utc_ns <= utc_ns) {
            return self->ranges[i - 1].to_utc_ns;
        }
    }
    return SVMS_NO_TIME;
}
