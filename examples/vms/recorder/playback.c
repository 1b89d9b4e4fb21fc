/* SPDX-License-Identifier: Apache-2.0 */
#include "playback.h"

#include <stdlib.h>
#include <string.h>

#include "playback_internal.h"
#include "recorder_failure.h"

/* What was recorded longer ago than this is complete: whatever comes now is later. */
#define SETTLED_NS (INT64_C(60) * 1000000000)
/* Pictures come in the order of decoding: one behind a range may be followed by one in it. */
#define DISORDER_NS (INT64_C(2) * 1000000000)
/* Less is read through, and not sought. */
#define LEAP_NS (INT64_C(10) * 1000000000)

/* Containers that may fail to open before nothing is given. */
#define TRIES 16u

static svms_status look(playback *self, svms_error *err)
{
    svms_time_range hull = playback_ranges_hull(self);
    svms_status status = playback_lane_look(&self->own, hull.from_utc_ns, hull.to_utc_ns, err);
    return status == SVMS_OK
               ? playback_lane_look(&self->edge, hull.from_utc_ns, hull.to_utc_ns, err)
               : status;
}

/* The tracks of the newest container that opens. Why the newest does not open counts for more than
 * what is wrong with older ones. */
static svms_status show_newest(playback *self, svms_error *err)
{
    svms_error ignored = SVMS_ERROR_INIT;
    playback_lane *lane = self->own.count > 0 ? &self->own : &self->edge;
    svms_status status = SVMS_END;
    size_t last = lane->count > TRIES ? lane->count - TRIES : 0;
    for (size_t i = lane->count; i > last && status != SVMS_OK && status != SVMS_E_NO_MEMORY; i--) {
        bool is_first = status == SVMS_END;
        svms_status opened = playback_lane_open(lane, i - 1, is_first ? err : &ignored);
        bool counts = is_first || opened == SVMS_OK || opened == SVMS_E_NO_MEMORY;
        status = counts ? opened : status;
    }
    if (status == SVMS_OK) {
        status = playback_show(self, lane, err);
    }
    playback_lane_shut(lane);
    return status;
}

static void begin_lane(playback_lane *lane, const playback *self, const playback_options *options,
                       bool is_edge)
{
    lane->parts = options->parts;
    lane->camera = self->camera;
    lane->keys = options->keys ? playback_keys_ring(options->keys) : NULL;
    lane->is_edge = is_edge;
    lane->told_segment = SVMS_NO_SEGMENT;
}

svms_status playback_open(playback **out, const playback_options *options, svms_error *err)
{
    playback *self = calloc(1, sizeof *self);
    if (!self) {
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    self->parts = options->parts;
    self->camera = strdup(options->camera);
    begin_lane(&self->own, self, options, false);
    begin_lane(&self->edge, self, options, true);
    svms_status status = self->camera
                             ? playback_ranges_set(self, options->ranges, options->range_count, err)
                             : recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    if (status == SVMS_OK) {
        status = look(self, err);
    }
    if (status == SVMS_OK) {
        status = show_newest(self, err);
    }
    if (status != SVMS_OK) {
        playback_close(&self);
        return status;
    }
    *out = self;
    return SVMS_OK;
}

void playback_close(playback **self)
{
    if (self && *self) {
        playback_lane_close(&(*self)->own);
        playback_lane_close(&(*self)->edge);
        playback_show_free(*self);
        free((*self)->ranges);
        free((*self)->camera);
        free(*self);
        *self = NULL;
    }
}

svms_status playback_allow(playback *self, const svms_time_range *ranges, size_t count,
                           svms_error *err)
{
    svms_status status = playback_ranges_set(self, ranges, count, err);
    self->jumped_to_utc_ns = SVMS_NO_TIME;
    return status == SVMS_OK ? look(self, err) : status;
}

static void widen(const playback_lane *lane, playback_media *out)
{
    for (size_t i = 0; i < lane->count; i++) {
        const lane_place *place = lane->places[i];
        int64_t last =
            place->last_utc_ns != SVMS_NO_TIME ? place->last_utc_ns : place->first_utc_ns;
        if (out->first_utc_ns == SVMS_NO_TIME || place->first_utc_ns < out->first_utc_ns) {
            out->first_utc_ns = place->first_utc_ns;
        }
        out->last_utc_ns = last > out->last_utc_ns ? last : out->last_utc_ns;
    }
}

void playback_look(const playback *self, playback_media *out)
{
    svms_time_range hull = playback_ranges_hull(self);
    *out = (playback_media){ self->tracks, self->shown_count, SVMS_NO_TIME, SVMS_NO_TIME };
    widen(&self->own, out);
    widen(&self->edge, out);
    if (out->first_utc_ns < hull.from_utc_ns) {
        out->first_utc_ns = hull.from_utc_ns;
    }
    if (out->last_utc_ns >= hull.to_utc_ns) {
        out->last_utc_ns = hull.to_utc_ns - 1;
    }
}

/* Both lanes go there; what lies between them is found while reading. */
static svms_status place_forwards(playback *self, int64_t utc_ns, svms_error *err)
{
    svms_time_range hull = playback_ranges_hull(self);
    int64_t at = utc_ns < hull.from_utc_ns ? hull.from_utc_ns : utc_ns;
    self->has_pending = false;
    self->is_filling = false;
    self->tail_was_filled = false;
    self->reached_utc_ns = SVMS_NO_TIME;
    svms_status status = playback_lane_seek(&self->own, at, err);
    if (status < SVMS_OK) {
        return status;
    }
    /* What the camera has from there on may come before what the recorder has. */
    svms_status edge = self->edge.count > 0 ? playback_lane_seek(&self->edge, at, err) : SVMS_END;
    if (edge == SVMS_OK) {
        self->is_filling = true;
        self->fill_until_utc_ns = SVMS_NO_TIME;
        self->reached_utc_ns = at;
    }
    return edge < SVMS_OK ? edge : status == SVMS_OK || edge == SVMS_OK ? SVMS_OK : SVMS_END;
}

svms_status playback_seek(playback *self, int64_t utc_ns, bool is_backwards, bool sync_only,
                          svms_error *err)
{
    svms_status status = look(self, err);
    if (status != SVMS_OK) {
        return status;
    }
    self->is_backwards = is_backwards;
    self->sync_only = sync_only;
    self->is_placed = true;
    self->has_given = false;
    self->jumped_to_utc_ns = SVMS_NO_TIME;
    self->owed = SVMS_OK;
    self->own.met = self->edge.met = SVMS_OK;
    self->own.told_segment = self->edge.told_segment = SVMS_NO_SEGMENT;
    playback_interrupt(self);
    if (is_backwards) {
        return playback_seek_back(self, utc_ns, err);
    }
    status = place_forwards(self, utc_ns == SVMS_NO_TIME ? INT64_MIN + 1 : utc_ns, err);
    if (status < SVMS_OK && status != SVMS_E_NO_MEMORY) {
        self->owed = status;
        self->owed_why = err ? *err : (svms_error)SVMS_ERROR_INIT;
        status = SVMS_OK;
    }
    return status;
}

/* Goes on with what the camera recorded itself, up to a moment. */
static bool fill(playback *self, int64_t from_utc_ns, int64_t until_utc_ns, svms_error *err,
                 svms_status *status)
{
    *status = self->edge.count > 0 ? playback_lane_seek(&self->edge, from_utc_ns, err) : SVMS_END;
    self->is_filling = *status == SVMS_OK;
    self->fill_until_utc_ns = until_utc_ns;
    return self->is_filling;
}

/* The next of own becomes the pending one. */
static svms_status fetch(playback *self, svms_error *err)
{
    svms_status status = playback_lane_next(&self->own, &self->pending, err);
    if (status != SVMS_OK) {
        return status;
    }
    int64_t at = self->pending.utc_ns;
    int64_t end = at + playback_lane_duration(&self->own, &self->pending);
    int64_t before = self->reached_utc_ns;
    bool has_pause = before != SVMS_NO_TIME && at - PLAYBACK_GAP_NS >= before;
    bool went_back = before != SVMS_NO_TIME && at + LEAP_NS < before;
    self->has_pending = true;
    self->tail_was_filled = false;
    if (before == SVMS_NO_TIME || went_back || end > before) {
        self->reached_utc_ns = end;
    }
    self->follows_gap = self->follows_gap || has_pause || went_back;
    if (self->is_filling && self->fill_until_utc_ns == SVMS_NO_TIME) {
        self->fill_until_utc_ns = at;
        self->is_filling = has_pause;
        return SVMS_OK;
    }
    return has_pause && fill(self, before, at, err, &status) ? SVMS_OK
           : status < SVMS_OK && has_pause                   ? status
                                                             : SVMS_OK;
}

/* SVMS_END: the gap has been filled as far as possible. */
static svms_status next_edge(playback *self, svms_sample *out, svms_error *err)
{
    svms_status status = playback_lane_next(&self->edge, out, err);
    bool is_beyond = status == SVMS_OK && out->utc_ns >= self->fill_until_utc_ns;
    if (is_beyond || status == SVMS_AGAIN || status == SVMS_END) {
        self->is_filling = false;
        self->follows_gap = true;
        return SVMS_END;
    }
    if (status == SVMS_OK && self->fill_until_utc_ns == INT64_MAX) {
        /* It does not come again when the recorder goes on. */
        int64_t end = out->utc_ns + playback_lane_duration(&self->edge, out);
        self->reached_utc_ns = end > self->reached_utc_ns ? end : self->reached_utc_ns;
    }
    return status;
}

static svms_status next_forwards(playback *self, svms_sample *out, const playback_lane **from,
                                 svms_error *err)
{
    for (;;) {
        svms_status status = SVMS_OK;
        if (!self->has_pending && (!self->is_filling || self->fill_until_utc_ns == SVMS_NO_TIME)) {
            status = fetch(self, err);
            if (status < SVMS_OK) {
                return status;
            }
        }
        if (status != SVMS_OK && self->is_filling && self->fill_until_utc_ns == SVMS_NO_TIME) {
            /* The recorder has nothing behind what the camera has. */
            self->fill_until_utc_ns = INT64_MAX;
            self->tail_was_filled = true;
        } else if (status != SVMS_OK && !self->is_filling) {
            svms_status filled = SVMS_END;
            bool may_fill = !self->tail_was_filled && self->reached_utc_ns != SVMS_NO_TIME;
            self->tail_was_filled = true;
            if (!may_fill || !fill(self, self->reached_utc_ns, INT64_MAX, err, &filled)) {
                return filled < SVMS_OK ? filled : status;
            }
        }
        if (self->is_filling) {
            status = next_edge(self, out, err);
            if (status != SVMS_END) {
                *from = &self->edge;
                return status;
            }
            continue;
        }
        self->has_pending = false;
        *out = self->pending;
        *from = &self->own;
        return SVMS_OK;
    }
}

/* Long stretches that may not be given are not read. SVMS_END: none that may comes any more. */
static svms_status pass_over(playback *self, const svms_sample *sample, svms_error *err)
{
    int64_t next = playback_ranges_next(self, sample->utc_ns);
    svms_time_range hull = playback_ranges_hull(self);
    if (next == SVMS_NO_TIME) {
        if (sample->utc_ns - DISORDER_NS < hull.to_utc_ns) {
            return SVMS_OK;
        }
        /* Containers of another time may follow, where the clock was set. */
        self->has_pending = false;
        self->is_filling = false;
        playback_lane_leave(&self->own);
        return self->own.at < self->own.count ? SVMS_OK : SVMS_END;
    }
    if (next - sample->utc_ns < LEAP_NS ||
        (self->jumped_to_utc_ns != SVMS_NO_TIME && next <= self->jumped_to_utc_ns)) {
        return SVMS_OK;
    }
    self->jumped_to_utc_ns = next;
    return place_forwards(self, next, err);
}

/* Nothing that could still be recorded may be given, or nobody records. */
static bool is_over(const playback *self)
{
    svms_time_range hull = playback_ranges_hull(self);
    int64_t now = recorder_now();
    const playback_lane *own = &self->own;
    const lane_place *newest = own->count > 0 ? own->places[own->count - 1] : NULL;
    if (!newest || hull.to_utc_ns < now - SETTLED_NS ||
        !recorder_settings_camera(self->parts->settings, self->camera)) {
        return true;
    }
    /* A container has ended, and the next one has nothing yet. */
    return newest->is_closed && newest->last_utc_ns < now - SETTLED_NS;
}

static void fill_sample(playback *self, const svms_sample *sample, playback_sample *out)
{
    shown_track *shown = &self->shown[sample->track];
    *out = (playback_sample){ .sample = *sample };
    if (shown->config_is_new) {
        out->config = shown->config;
        out->config_size = shown->track.config_size;
        shown->config_is_new = false;
    }
    out->is_after_gap = self->follows_gap && self->has_given;
    if (self->follows_gap) {
        out->sample.flags |= SVMS_SAMPLE_DISCONTINUITY;
    }
    out->tracks_changed = self->tracks_changed;
    self->has_given = true;
    self->follows_gap = false;
    self->tracks_changed = false;
}

static svms_status next_any(playback *self, svms_sample *out, const playback_lane **from,
                            svms_error *err)
{
    if (self->owed != SVMS_OK) {
        svms_status status = self->owed;
        self->owed = SVMS_OK;
        if (err) {
            *err = self->owed_why;
        }
        return status;
    }
    return self->is_backwards ? playback_next_back(self, out, from, err)
                              : next_forwards(self, out, from, err);
}

svms_status playback_next(playback *self, playback_sample *out, svms_error *err)
{
    if (!self->is_placed) {
        return recorder_fail(err, SVMS_E_STATE, 0, "nobody has said where to begin");
    }
    for (;;) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        const playback_lane *from = NULL;
        svms_status status = next_any(self, &sample, &from, err);
        if (status < SVMS_OK) {
            playback_interrupt(self);
        }
        if ((status == SVMS_AGAIN || status == SVMS_END) && !self->is_backwards) {
            return is_over(self) ? SVMS_END : SVMS_AGAIN;
        }
        if (status == SVMS_OK) {
            status = playback_show(self, from, err);
        }
        if (status != SVMS_OK) {
            return status;
        }
        if (playback_gives(self, from, &sample)) {
            fill_sample(self, &sample, out);
            return SVMS_OK;
        }
        if (!self->is_backwards && !playback_ranges_hold(self, sample.utc_ns)) {
            status = pass_over(self, &sample, err);
        }
        if (status != SVMS_OK) {
            return status > SVMS_OK && !is_over(self) ? SVMS_AGAIN : status;
        }
    }
}
