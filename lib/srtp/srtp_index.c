/* SPDX-License-Identifier: Apache-2.0 */
#include "srtp_index.h"

enum { HALF = 0x8000, WHOLE = 0x10000 };

svms_srtp_track svms_srtp_track_from(uint32_t roc)
{
    return (svms_srtp_track){ false, (uint64_t)roc << 16 };
}

uint64_t svms_srtp_estimate(const svms_srtp_track *track, uint16_t sequence)
{
    if (!track->started) {
        return track->index | sequence;
    }
    /* Before 2^15 there is nothing behind that a number could belong to. */
    if (track->index <= HALF) {
        return sequence;
    }
    int32_t local = (int32_t)(track->index & (WHOLE - 1));
    int32_t ahead = (int32_t)sequence - local;
    if (local < HALF && ahead > HALF) {
        ahead -= WHOLE;
    } else if (local >= HALF && local - HALF > (int32_t)sequence) {
        ahead += WHOLE;
    }
    return track->index + (uint64_t)(int64_t)ahead;
}

void svms_srtp_advance(svms_srtp_track *track, uint64_t index)
{
    if (!track->started || index > track->index) {
        track->index = index;
    }
    track->started = true;
}

uint32_t svms_srtp_roc_of(uint64_t index)
{
    return (uint32_t)(index >> 16);
}

uint64_t svms_srtp_key_end(const svms_srtp_track *track, bool first_key)
{
    uint64_t begin = first_key || track->index < HALF ? 0 : track->index - HALF;
    return begin + SVMS_SRTP_INDICES;
}
