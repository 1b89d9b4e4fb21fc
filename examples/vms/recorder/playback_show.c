/* SPDX-License-Identifier: Apache-2.0 */
/* What the owner is shown: tracks, their configurations, and only samples that he may have and can
 * decode. */
#include <stdlib.h>
#include <string.h>

#include "playback_internal.h"
#include "recorder_failure.h"

void playback_show_free(playback *self)
{
    for (uint32_t i = 0; i < SVMS_MAX_TRACKS; i++) {
        free(self->shown[i].config);
        self->shown[i].config = NULL;
    }
    self->shown_count = 0;
}

/* Parameter sets may change, and so may the size of pictures; anything else makes another track. */
static bool is_same_kind(const svms_track *one, const svms_track *other)
{
    return one->codec == other->codec && one->kind == other->kind &&
           one->timebase_num == other->timebase_num && one->timebase_den == other->timebase_den &&
           one->sample_rate == other->sample_rate && one->channels == other->channels;
}

static bool is_same_config(const svms_track *one, const svms_track *other)
{
    return one->config_size == other->config_size &&
           (one->config_size == 0 || memcmp(one->config, other->config, one->config_size) == 0);
}

static svms_status show_track(playback *self, uint32_t number, const svms_track *track,
                              svms_error *err)
{
    shown_track *shown = &self->shown[number];
    bool is_new = number >= self->shown_count;
    bool is_other = !is_new && !is_same_kind(&shown->track, track);
    if (is_new || !is_same_config(&shown->track, track)) {
        uint8_t *config = NULL;
        if (track->config_size > 0) {
            config = malloc(track->config_size);
            if (!config) {
                return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
            }
            memcpy(config, track->config, track->config_size);
        }
        free(shown->config);
        shown->config = config;
        shown->config_is_new = self->is_placed;
    }
    self->tracks_changed = self->tracks_changed || (self->is_placed && (is_new || is_other));
    if (is_new || is_other) {
        shown->awaits_sync = true;
        shown->sync_utc_ns = SVMS_NO_TIME;
    }
    shown->track = *track;
    shown->track.config = shown->config;
    self->tracks[number] = shown->track;
    return SVMS_OK;
}

svms_status playback_show(playback *self, const playback_lane *lane, svms_error *err)
{
    const uint8_t *id = lane->places[lane->at]->container_id;
    svms_status status = SVMS_OK;
    if (self->shown_count > 0 && memcmp(self->shown_id, id, sizeof self->shown_id) == 0) {
        return SVMS_OK;
    }
    if (self->shown_count > 0 && self->is_shown_edge != lane->is_edge) {
        playback_interrupt(self);
    }
    for (uint32_t i = 0; status == SVMS_OK && i < lane->track_count; i++) {
        status = show_track(self, i, &lane->tracks[i], err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    self->tracks_changed =
        self->tracks_changed || (self->is_placed && lane->track_count != self->shown_count);
    self->shown_count = lane->track_count;
    self->is_shown_edge = lane->is_edge;
    memcpy(self->shown_id, id, sizeof self->shown_id);
    return SVMS_OK;
}

void playback_await_sync(playback *self)
{
    for (uint32_t i = 0; i < SVMS_MAX_TRACKS; i++) {
        self->shown[i].awaits_sync = true;
        self->shown[i].sync_utc_ns = SVMS_NO_TIME;
    }
}

void playback_interrupt(playback *self)
{
    self->follows_gap = true;
    playback_await_sync(self);
}

bool playback_gives(playback *self, const playback_lane *lane, const svms_sample *sample)
{
    shown_track *shown = &self->shown[sample->track];
    bool is_video = shown->track.kind == SVMS_TRACK_VIDEO;
    bool is_sync = is_video && (sample->flags & SVMS_SAMPLE_SYNC) != 0;
    if (!playback_ranges_hold(self, sample->utc_ns)) {
        /* Pictures that are shown before the last one that stands alone are needed by no other. */
        bool is_leading = shown->sync_utc_ns != SVMS_NO_TIME && sample->utc_ns < shown->sync_utc_ns;
        shown->awaits_sync = shown->awaits_sync || (is_video && !is_leading);
        self->follows_gap = true;
        return false;
    }
    if (is_sync) {
        shown->awaits_sync = false;
        shown->sync_utc_ns = sample->utc_ns;
    }
    if (is_video && shown->awaits_sync) {
        return false;
    }
    return !self->sync_only || is_sync || (!is_video && lane->deciding == lane->track_count);
}
