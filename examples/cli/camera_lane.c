/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_lane.h"

#include <string.h>

#include "media_time.h"

/* Whoever loses packets for less, and says so, is told exactly what is missing. */
#define PAUSE_NS INT64_C(500000000)

static bool same_tracks(const camera_lane *self, const svms_track *tracks, uint32_t number)
{
    bool same = number > 0 && number == self->track_count;
    for (uint32_t i = 0; same && i < number; i++) {
        same = tracks[i].codec == self->tracks[i].codec;
    }
    return same;
}

exit_status camera_lane_enter(camera_lane *self, svms_ctx *ctx, const svms_track *tracks,
                              uint32_t track_count, const camera_check_options *options)
{
    bool goes_on = same_tracks(self, tracks, track_count);
    exit_status status = goes_on ? EXIT_GOOD : camera_lane_end(self);
    for (uint32_t i = 0; i < track_count; i++) {
        self->tracks[i] = tracks[i];
        self->tracks[i].config = NULL; /* it is the reader's */
        self->tracks[i].config_size = 0;
        self->until_utc_ns[i] = goes_on ? self->until_utc_ns[i] : SVMS_NO_TIME;
        self->has_entered[i] = true;
    }
    self->track_count = track_count;
    if (status == EXIT_GOOD && !goes_on && options->trust) {
        status = camera_check_new(&self->check, ctx, tracks, track_count, options);
    }
    return status;
}

static bool is_long(int64_t from_utc_ns, int64_t to_utc_ns)
{
    uint64_t apart = from_utc_ns > to_utc_ns ? (uint64_t)from_utc_ns - (uint64_t)to_utc_ns
                                             : (uint64_t)to_utc_ns - (uint64_t)from_utc_ns;
    return apart >= (uint64_t)PAUSE_NS;
}

/* Only where the recorder says that it continues nothing, or another container begins: a camera may
 * take its time between two pictures (CS-REC-7). */
static bool is_behind_gap(camera_lane *self, const svms_sample *sample)
{
    const svms_track *track = &self->tracks[sample->track];
    int64_t until = self->until_utc_ns[sample->track];
    bool may_be = self->has_entered[sample->track] || (sample->flags & SVMS_SAMPLE_DISCONTINUITY);
    uint32_t ticks = sample->duration > 0 ? sample->duration : track->default_duration;
    bool is_gap = may_be && until != SVMS_NO_TIME && sample->utc_ns != SVMS_NO_TIME &&
                  is_long(until, sample->utc_ns);
    int64_t end = sample->utc_ns != SVMS_NO_TIME
                      ? time_add(sample->utc_ns, ticks_to_ns(track, ticks))
                      : SVMS_NO_TIME;
    /* Pictures may come in another order than they are shown. */
    self->until_utc_ns[sample->track] = is_gap || end > until ? end : until;
    self->has_entered[sample->track] = false;
    return is_gap;
}

exit_status camera_lane_feed(camera_lane *self, const svms_sample *sample)
{
    exit_status status = EXIT_GOOD;
    if (self->check && is_behind_gap(self, sample)) {
        status = camera_check_gap(self->check, sample->track);
    }
    return status == EXIT_GOOD && self->check
               ? camera_check_feed(self->check, sample, sample->utc_ns)
               : status;
}

exit_status camera_lane_end(camera_lane *self)
{
    exit_status status = self->check ? camera_check_end(self->check) : EXIT_GOOD;
    camera_check_free(&self->check);
    return status;
}

void camera_lane_free(camera_lane *self)
{
    camera_check_free(&self->check);
}
