/* SPDX-License-Identifier: Apache-2.0 */
/* Backwards, group of pictures by group of pictures. */
#include "playback_internal.h"

static int64_t later(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

/* What the camera recorded itself comes where the recorder's own has nothing. */
static svms_status find_edge(playback *self, svms_status own, const lane_group *before,
                             lane_group *group, svms_error *err)
{
    int64_t end = own == SVMS_OK ? before->last_utc_ns : SVMS_NO_TIME;
    /* A pause is filled to its beginning, however little of it is left. */
    int64_t least = self->group_lane == &self->edge ? 1 : PLAYBACK_GAP_NS;
    bool has_pause = end == SVMS_NO_TIME || self->before_utc_ns - least >= end;
    if (!has_pause || self->edge.count == 0) {
        return SVMS_END;
    }
    svms_status status = playback_lane_group_before(&self->edge, self->before_utc_ns, group, err);
    return status == SVMS_OK && end != SVMS_NO_TIME && group->last_utc_ns <= end ? SVMS_END
                                                                                 : status;
}

static svms_status begin_group(playback *self, playback_lane *lane, const lane_group *group,
                               svms_error *err)
{
    svms_status status = playback_lane_begin(lane, group, err);
    if (status == SVMS_OK) {
        self->follows_gap =
            self->follows_gap || self->before_utc_ns - PLAYBACK_GAP_NS >= group->last_utc_ns;
        playback_await_sync(self);
        self->group_lane = lane;
        self->group_left = group->count;
        self->in_group = true;
    }
    return status;
}

/* Ranges that nothing of is left are passed over. */
static void skip_ranges(playback *self)
{
    int64_t at = self->before_utc_ns - 1;
    if (!playback_ranges_hold(self, at)) {
        int64_t end = playback_ranges_before(self, at);
        self->before_utc_ns = end;
    }
}

static svms_status find_group(playback *self, svms_error *err)
{
    lane_group own = { 0 };
    lane_group edge = { 0 };
    skip_ranges(self);
    if (self->before_utc_ns == SVMS_NO_TIME) {
        return SVMS_END;
    }
    svms_status status = playback_lane_group_before(&self->own, self->before_utc_ns, &own, err);
    if (status < SVMS_OK) {
        return status;
    }
    svms_status filled = find_edge(self, status, &own, &edge, err);
    if (filled < SVMS_OK) {
        return filled;
    }
    if (filled == SVMS_OK) {
        filled = begin_group(self, &self->edge, &edge, err);
        int64_t next =
            status == SVMS_OK ? later(edge.first_utc_ns, own.last_utc_ns) : edge.first_utc_ns;
        self->before_utc_ns = next;
        return filled;
    }
    if (status == SVMS_OK) {
        status = begin_group(self, &self->own, &own, err);
        self->before_utc_ns = own.first_utc_ns;
    }
    return status;
}

svms_status playback_next_back(playback *self, svms_sample *out, const playback_lane **from,
                               svms_error *err)
{
    for (;;) {
        if (!self->in_group) {
            svms_status status = find_group(self, err);
            if (status != SVMS_OK) {
                return status;
            }
            status = playback_lane_met(self->group_lane, err);
            if (status != SVMS_OK) {
                self->follows_gap = true;
                return status;
            }
        }
        if (self->group_left == 0) {
            self->in_group = false;
            continue;
        }
        *from = self->group_lane;
        *out = (svms_sample)SVMS_SAMPLE_INIT;
        svms_status status = svms_reader_next(self->group_lane->reader, out, err);
        if (status == SVMS_OK) {
            self->group_left--;
            return status;
        }
        if (!playback_lane_is_damage(status)) {
            self->in_group = false;
        }
        if (status < SVMS_OK && !playback_lane_is_damage(status)) {
            return status;
        }
    }
}

svms_status playback_seek_back(playback *self, int64_t utc_ns, svms_error *err)
{
    self->before_utc_ns = utc_ns == SVMS_NO_TIME || utc_ns == INT64_MAX ? INT64_MAX : utc_ns + 1;
    self->in_group = false;
    self->group_lane = NULL;
    for (size_t i = 0; i < self->own.count; i++) {
        self->own.places[i]->is_bad = false;
    }
    for (size_t i = 0; i < self->edge.count; i++) {
        self->edge.places[i]->is_bad = false;
    }
    svms_status status = find_group(self, &self->owed_why);
    if (status == SVMS_E_NO_MEMORY && err) {
        *err = self->owed_why;
        return status;
    }
    self->owed = status < SVMS_OK ? status : SVMS_OK;
    return status == SVMS_END ? SVMS_END : SVMS_OK;
}
