/* SPDX-License-Identifier: Apache-2.0 */
/* Going to a moment within the containers of a lane. Readers go to segments; where in them a group
 * of pictures begins is found by reading. */
#include <stdlib.h>

#include "playback_lane.h"

/* How far back the next look begins where the one before found nothing. */
#define FIRST_STEP_NS (INT64_C(1) * 1000000000)

/* What was seen between an anchor and a moment. */
typedef struct scan {
    int64_t until_utc_ns; /* groups from here on are not looked at */
    bool stops_at_pause;  /* a pause that holds the moment ends it, too */
    uint64_t ordinal;     /* of the next sample */
    bool has_group;
    bool is_open; /* the group goes on */
    lane_group group;
    int64_t reached_utc_ns; /* end of what was seen, or SVMS_NO_TIME */
    int64_t first_utc_ns;   /* of what was seen, or SVMS_NO_TIME */
    bool in_pause;          /* the moment lies in a pause, which ends with sample ordinal */
    svms_status end;        /* SVMS_OK: it went beyond the moment */
} scan;

static void begin_group(scan *seen, const svms_sample *sample)
{
    seen->has_group = true;
    seen->is_open = true;
    seen->group.skip = seen->ordinal;
    seen->group.count = 0;
    seen->group.first_utc_ns = sample->utc_ns;
    seen->group.last_utc_ns = sample->utc_ns;
}

/* False: it lies beyond. */
static bool see(playback_lane *lane, scan *seen, const svms_sample *sample)
{
    bool begins = playback_lane_begins_group(lane, sample);
    bool decides = sample->track == lane->deciding || lane->deciding == lane->track_count;
    int64_t end = sample->utc_ns + playback_lane_duration(lane, sample);
    if (seen->stops_at_pause && decides && sample->utc_ns > seen->until_utc_ns - 1 &&
        seen->reached_utc_ns != SVMS_NO_TIME && seen->until_utc_ns - 1 >= seen->reached_utc_ns &&
        sample->utc_ns - seen->reached_utc_ns >= PLAYBACK_GAP_NS) {
        seen->in_pause = true;
        return false;
    }
    if (begins && sample->utc_ns >= seen->until_utc_ns) {
        return false;
    }
    if (begins) {
        begin_group(seen, sample);
    }
    if (seen->is_open) {
        seen->group.count++;
        seen->group.last_utc_ns = end > seen->group.last_utc_ns ? end : seen->group.last_utc_ns;
    }
    seen->first_utc_ns = seen->first_utc_ns == SVMS_NO_TIME ? sample->utc_ns : seen->first_utc_ns;
    seen->reached_utc_ns =
        decides && (seen->reached_utc_ns == SVMS_NO_TIME || end > seen->reached_utc_ns)
            ? end
            : seen->reached_utc_ns;
    seen->ordinal++;
    return true;
}

/* Damage is kept to be told once; it ends a group. */
static svms_status scan_from(playback_lane *lane, int64_t anchor_utc_ns, scan *seen,
                             svms_error *err)
{
    svms_sample sample;
    svms_error why = SVMS_ERROR_INIT;
    seen->ordinal = 0;
    seen->has_group = seen->is_open = seen->in_pause = false;
    seen->reached_utc_ns = seen->first_utc_ns = SVMS_NO_TIME;
    seen->end = SVMS_OK;
    lane->segment = SVMS_NO_SEGMENT;
    svms_status status = svms_reader_seek(lane->reader, anchor_utc_ns, err);
    while (status == SVMS_OK) {
        sample = (svms_sample)SVMS_SAMPLE_INIT;
        svms_status got = svms_reader_next(lane->reader, &sample, &why);
        if (playback_lane_is_damage(got)) {
            lane->met = got;
            lane->why = why;
            lane->met_place = lane->at;
            seen->is_open = false;
            continue;
        }
        if (got < SVMS_OK) {
            if (err) {
                *err = why;
            }
            return got;
        }
        seen->end = got;
        if (got != SVMS_OK || !see(lane, seen, &sample)) {
            break;
        }
    }
    seen->group.place = lane->at;
    seen->group.anchor_utc_ns = anchor_utc_ns;
    return status;
}

/* The moment to look at first: who asks a container that has its end for what lies behind it has
 * all of it walked through. */
static int64_t first_anchor(const lane_place *place, int64_t utc_ns)
{
    bool is_behind =
        place->is_closed && place->last_utc_ns != SVMS_NO_TIME && utc_ns >= place->last_utc_ns;
    return is_behind ? place->last_utc_ns - 1 : utc_ns;
}

/* The last group that begins before seen->until_utc_ns, looked for from there backwards. SVMS_END:
 * this place has none. */
static svms_status look_back(playback_lane *lane, scan *seen, svms_error *err)
{
    const lane_place *place = lane->places[lane->at];
    int64_t anchor = first_anchor(place, seen->until_utc_ns - 1);
    for (int64_t step = FIRST_STEP_NS;; step *= 2) {
        if (anchor < place->first_utc_ns) {
            anchor = SVMS_NO_TIME;
        }
        svms_status status = scan_from(lane, anchor, seen, err);
        if (status < SVMS_OK || seen->has_group || seen->in_pause) {
            return status;
        }
        if (anchor == SVMS_NO_TIME || step > INT64_MAX / 4) {
            return SVMS_END;
        }
        int64_t from = seen->first_utc_ns != SVMS_NO_TIME && seen->first_utc_ns < anchor
                           ? seen->first_utc_ns
                           : anchor;
        anchor = from > INT64_MIN + 1 + step ? from - step : SVMS_NO_TIME;
    }
}

svms_status playback_lane_begin(playback_lane *lane, const lane_group *group, svms_error *err)
{
    svms_sample sample;
    svms_status status = SVMS_OK;
    if (lane->at != group->place || !lane->reader) {
        status = playback_lane_open(lane, group->place, err);
    }
    if (status == SVMS_OK) {
        status = svms_reader_seek(lane->reader, group->anchor_utc_ns, err);
    }
    lane->segment = SVMS_NO_SEGMENT;
    for (uint64_t i = 0; status == SVMS_OK && i < group->skip;) {
        sample = (svms_sample)SVMS_SAMPLE_INIT;
        status = svms_reader_next(lane->reader, &sample, err);
        if (playback_lane_is_damage(status)) {
            status = SVMS_OK;
            continue;
        }
        i++;
    }
    return status < SVMS_OK ? status : SVMS_OK;
}

static bool holds(const playback_lane *lane, size_t i, int64_t utc_ns)
{
    const lane_place *place = lane->places[i];
    bool may_grow = !place->is_closed && i + 1 == lane->count;
    return place->first_utc_ns <= utc_ns &&
           (may_grow || (place->last_utc_ns != SVMS_NO_TIME && utc_ns < place->last_utc_ns));
}

/* The first that holds the moment, else the first behind it. */
static size_t find_place(const playback_lane *lane, int64_t utc_ns, bool *is_held)
{
    size_t next = lane->count;
    for (size_t i = 0; i < lane->count; i++) {
        if (holds(lane, i, utc_ns)) {
            *is_held = true;
            return i;
        }
        if (lane->places[i]->first_utc_ns > utc_ns && next == lane->count) {
            next = i;
        }
    }
    *is_held = false;
    return next;
}

svms_status playback_lane_seek(playback_lane *lane, int64_t utc_ns, svms_error *err)
{
    bool is_held = false;
    scan seen = { .until_utc_ns = utc_ns < INT64_MAX ? utc_ns + 1 : utc_ns,
                  .stops_at_pause = true };
    lane->met = SVMS_OK;
    size_t place = find_place(lane, utc_ns, &is_held);
    if (!is_held) {
        playback_lane_shut(lane);
        lane->at = place;
        return place < lane->count ? SVMS_OK : SVMS_END;
    }
    svms_status status = playback_lane_open(lane, place, err);
    if (status == SVMS_OK) {
        status = look_back(lane, &seen, err);
    }
    if (status < SVMS_OK || (status == SVMS_END && !lane->reader)) {
        playback_lane_leave(lane);
        return status == SVMS_END ? SVMS_OK : status;
    }
    if (status == SVMS_END) {
        return playback_lane_open(lane, place, err);
    }
    /* Behind all that its writer has finished: what comes next is next. */
    bool is_over = seen.end == SVMS_END && seen.reached_utc_ns != SVMS_NO_TIME &&
                   utc_ns - PLAYBACK_GAP_NS >= seen.reached_utc_ns;
    if (is_over) {
        playback_lane_leave(lane);
        return lane->at < lane->count ? SVMS_OK : SVMS_END;
    }
    if (seen.in_pause) {
        seen.group.skip = seen.ordinal;
    } else {
        /* It is met again. */
        lane->met = SVMS_OK;
    }
    return playback_lane_begin(lane, &seen.group, err);
}

svms_status playback_lane_group_before(playback_lane *lane, int64_t utc_ns, lane_group *out,
                                       svms_error *err)
{
    scan seen = { .until_utc_ns = utc_ns };
    for (size_t i = lane->count; i > 0; i--) {
        lane_place *place = lane->places[i - 1];
        if (place->first_utc_ns >= utc_ns || place->is_bad) {
            continue;
        }
        svms_status status = SVMS_OK;
        if (lane->at != i - 1 || !lane->reader) {
            status = playback_lane_open(lane, i - 1, err);
        }
        if (status == SVMS_OK) {
            status = look_back(lane, &seen, err);
        }
        if (status == SVMS_OK) {
            *out = seen.group;
            return SVMS_OK;
        }
        if (status < SVMS_OK) {
            place->is_bad = true;
            return status;
        }
    }
    return SVMS_END;
}
