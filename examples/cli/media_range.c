/* SPDX-License-Identifier: Apache-2.0 */
#include "media_range.h"

#include <string.h>

#include "media_time.h"

/* Tracks may be interleaved so far apart before the end of a range is believed to be reached. */
#define INTERLEAVING_NS INT64_C(2000000000)

void media_range_begin(media_range *range, int64_t to_utc_ns)
{
    memset(range, 0, sizeof *range);
    range->to_utc_ns = to_utc_ns;
}

bool media_range_is_behind(media_range *range, const svms_track *tracks, uint32_t count,
                           const svms_sample *sample)
{
    const svms_track *track = &tracks[sample->track];
    int64_t to = range->to_utc_ns;
    if (to == SVMS_NO_TIME || sample->utc_ns == SVMS_NO_TIME) {
        return false;
    }
    int64_t decoded_at = time_add(sample->utc_ns, -ticks_to_ns(track, sample->pts - sample->dts));
    if (decoded_at < to && !range->ended[sample->track]) {
        return false;
    }
    range->ended[sample->track] = true;
    bool all = true;
    for (uint32_t i = 0; i < count; i++) {
        all = all && range->ended[i];
    }
    range->is_over = all || decoded_at >= time_add(to, INTERLEAVING_NS);
    return true;
}
