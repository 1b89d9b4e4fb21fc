/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAYBACK_INTERNAL_H
#define PLAYBACK_INTERNAL_H

#include "playback.h"
#include "playback_lane.h"

/* A track as it was shown last, with a copy of its configuration. */
typedef struct shown_track {
    svms_track track;
    uint8_t *config;
    bool config_is_new;
    bool awaits_sync; /* what it would be decoded from is missing */
    int64_t sync_utc_ns;
} shown_track;

/* Where a sample may lie. */
typedef enum playback_inside { PLAYBACK_BEFORE, PLAYBACK_INSIDE, PLAYBACK_BEHIND } playback_inside;

struct playback {
    const recorder_parts *parts;
    char *camera;
    svms_time_range *ranges; /* in order, apart */
    size_t range_count;
    playback_lane own;
    playback_lane edge; /* fills what own has not */
    shown_track shown[SVMS_MAX_TRACKS];
    svms_track tracks[SVMS_MAX_TRACKS]; /* the same, for the owner */
    uint32_t shown_count;
    bool is_shown_edge; /* which place they are of */
    uint8_t shown_id[16];
    bool is_placed;
    bool has_given; /* something, since it was placed */
    bool is_backwards;
    bool sync_only;
    bool follows_gap; /* what was given last is not what comes before the next */
    bool tracks_changed;
    svms_status owed; /* what failed while it was placed, to be told by the next call */
    svms_error owed_why;
    /* Forwards. */
    int64_t reached_utc_ns; /* end of what was read of own, or SVMS_NO_TIME */
    bool has_pending;
    svms_sample pending; /* of own, while edge fills the gap before it */
    bool is_filling;
    int64_t fill_until_utc_ns;
    bool tail_was_filled;
    int64_t jumped_to_utc_ns; /* the range that was gone to last, or SVMS_NO_TIME */
    /* Backwards. */
    int64_t before_utc_ns; /* groups that begin before this one come next */
    bool in_group;
    playback_lane *group_lane;
    uint64_t group_left; /* samples of it */
};

/* playback_ranges.c */
svms_status playback_ranges_set(playback *self, const svms_time_range *ranges, size_t count,
                                svms_error *err);
bool playback_ranges_hold(const playback *self, int64_t utc_ns);
/* First moment of all, and the one behind the last. */
svms_time_range playback_ranges_hull(const playback *self);
/* Beginning of the first range that begins behind the moment; SVMS_NO_TIME: none. */
int64_t playback_ranges_next(const playback *self, int64_t utc_ns);
/* End of the last range that ends before the moment or at it; SVMS_NO_TIME: none. */
int64_t playback_ranges_before(const playback *self, int64_t utc_ns);

/* playback_show.c: what is given becomes what is shown; false: it is not to be given. */
svms_status playback_show(playback *self, const playback_lane *lane, svms_error *err);
bool playback_gives(playback *self, const playback_lane *lane, const svms_sample *sample);
/* What comes next cannot be decoded from what came before. */
void playback_await_sync(playback *self);
/* The same, and something is missing. */
void playback_interrupt(playback *self);
void playback_show_free(playback *self);

/* playback_back.c */
svms_status playback_seek_back(playback *self, int64_t utc_ns, svms_error *err);
svms_status playback_next_back(playback *self, svms_sample *out, const playback_lane **from,
                               svms_error *err);

#endif
