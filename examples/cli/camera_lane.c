/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_lane.h"

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
    }
    self->track_count = track_count;
    if (status == EXIT_GOOD && !goes_on && options->trust) {
        status = camera_check_new(&self->check, ctx, tracks, track_count, options);
    }
    return status;
}

exit_status camera_lane_feed(camera_lane *self, const svms_sample *sample)
{
    return self->check ? camera_check_feed(self->check, sample, sample->utc_ns) : EXIT_GOOD;
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
