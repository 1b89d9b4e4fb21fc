/* SPDX-License-Identifier: Apache-2.0 */
/* Reading from container to container. */
#include <svms/playlist.h>

#include "failure.h"
#include "options.h"
#include "playlist_internal.h"

svms_listed_segment svms_playlist_segment(const svms_reader *reader, uint32_t container,
                                          const svms_sample *sample)
{
    svms_listed_segment found = { container, sample->segment, sample->utc_ns, sample->utc_ns,
                                  SVMS_GAP_NONE };
    const svms_segment *segment = &reader->segment;
    if (segment->believed) {
        found.first_utc_ns = segment->manifest.first_utc_ns;
        found.last_utc_ns = segment->manifest.last_utc_ns;
        found.gap_reason = (svms_gap_reason)segment->manifest.gap_reason;
    }
    return found;
}

static void go_to_own(svms_playlist *playlist, uint32_t place)
{
    playlist->next_own = place;
    playlist->entered = false;
    playlist->main.container = SVMS_NOWHERE;
}

/* Numbers that lack between a container and the one before it. */
static uint32_t count_missing(const svms_playlist *playlist, uint32_t place)
{
    if (place == 0) {
        return 0;
    }
    const svms_listed_order *own = &playlist->own;
    uint64_t before = playlist->entries[own->items[place - 1]].is.recording_sequence;
    uint64_t now = playlist->entries[own->items[place]].is.recording_sequence;
    uint64_t missing = now > before ? now - before - 1 : 0;
    return missing > UINT32_MAX ? UINT32_MAX : (uint32_t)missing;
}

/* Opens the container whose turn it is, at its beginning or where a seek goes. SVMS_END: the time
 * lies behind what it holds. */
static svms_status enter_own(svms_playlist *playlist, int64_t utc_ns, svms_reader **reader,
                             svms_error *err)
{
    uint32_t container = playlist->own.items[playlist->next_own];
    svms_status status = svms_playlist_enter(playlist, container, reader, err);
    if (status == SVMS_OK && !playlist->entered) {
        status = svms_reader_seek(*reader, utc_ns, err);
        if (status == SVMS_OK) {
            playlist->entered = true;
            playlist->main.container = container;
            playlist->main.segment = SVMS_NO_SEGMENT;
        }
    }
    return status;
}

/* The recorder's next sample, with its place. */
static svms_status next_own(svms_playlist *playlist, svms_sample *sample,
                            svms_playlist_place *place, svms_error *err)
{
    while (playlist->next_own < playlist->own.count) {
        svms_reader *reader = NULL;
        bool fresh = !playlist->entered;
        bool is_last = playlist->next_own + 1 == playlist->own.count;
        place->container = playlist->own.items[playlist->next_own];
        place->key = playlist->entries[place->container].is.key;
        svms_status status = enter_own(playlist, SVMS_NO_TIME, &reader, err);
        if (status == SVMS_OK) {
            place->missing = fresh ? count_missing(playlist, playlist->next_own) : place->missing;
            status = svms_reader_next(reader, sample, err);
        } else if (svms_playlist_may_pass(status)) {
            /* It does not open: the next call tries the one behind it. */
            go_to_own(playlist, playlist->next_own + 1);
        }
        if (status != SVMS_END && !(status == SVMS_AGAIN && !is_last)) {
            return status;
        }
        go_to_own(playlist, playlist->next_own + 1);
    }
    return SVMS_END;
}

/* The pending sample begins a segment: is there something missing before it? */
static void enter_segment(svms_playlist *playlist, const svms_listed_segment *segment, bool fresh)
{
    svms_playlist_place *place = &playlist->pending_place;
    int64_t before = playlist->reached;
    int64_t now = segment->first_utc_ns;
    bool known = before != SVMS_NO_TIME;
    bool gap =
        known && now > before && (uint64_t)now - (uint64_t)before >= playlist->options.gap_ns;
    if (gap) {
        place->gap_from_utc_ns = before;
        place->gap_to_utc_ns = now;
        place->gap_reason = segment->gap_reason;
    }
    if (gap || !known || playlist->options.overlap == 1) {
        svms_playlist_fill(playlist, before, now);
    }
    /* Behind a clock that was set back, time is counted anew. */
    if (fresh || !known || segment->last_utc_ns > before) {
        playlist->reached = segment->last_utc_ns;
    }
}

/* Makes the recorder's next sample the pending one. */
static svms_status fetch(svms_playlist *playlist, svms_error *err)
{
    svms_playlist_place *place = &playlist->pending_place;
    *place = (svms_playlist_place)SVMS_PLAYLIST_PLACE_INIT;
    playlist->pending = (svms_sample)SVMS_SAMPLE_INIT;
    svms_status status = next_own(playlist, &playlist->pending, place, err);
    if (status != SVMS_OK) {
        return status;
    }
    playlist->has_pending = true;
    const svms_reader *reader = playlist->entries[place->container].reader;
    bool fresh = playlist->main.segment == SVMS_NO_SEGMENT;
    if (fresh || playlist->main.segment != playlist->pending.segment) {
        playlist->main = svms_playlist_segment(reader, place->container, &playlist->pending);
        enter_segment(playlist, &playlist->main, fresh);
    }
    return SVMS_OK;
}

static svms_status step(svms_playlist *playlist, svms_sample *sample, svms_playlist_place *place,
                        svms_error *err)
{
    for (;;) {
        if (playlist->filling) {
            svms_status status = svms_playlist_next_edge(playlist, sample, place, err);
            if (status != SVMS_END) {
                return status;
            }
            playlist->filling = false;
            *place = (svms_playlist_place)SVMS_PLAYLIST_PLACE_INIT;
        }
        if (playlist->has_pending) {
            playlist->has_pending = false;
            *sample = playlist->pending;
            *place = playlist->pending_place;
            return SVMS_OK;
        }
        svms_status status = fetch(playlist, err);
        if (status < SVMS_OK) {
            *place = playlist->pending_place;
            return status;
        }
        if (status != SVMS_OK && playlist->tail_filled) {
            return status;
        }
        if (status != SVMS_OK) {
            playlist->tail_filled = true;
            svms_playlist_fill(playlist, playlist->reached, INT64_MAX);
        }
    }
}

svms_status svms_playlist_next(svms_playlist *playlist, svms_sample *sample,
                               svms_playlist_place *place, svms_error *err)
{
    svms_sample found = SVMS_SAMPLE_INIT;
    svms_playlist_place at = SVMS_PLAYLIST_PLACE_INIT;
    if (playlist == NULL || sample == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "playlist and sample must not be NULL");
    }
    svms_status status = step(playlist, &found, &at, err);
    if (place != NULL && (status == SVMS_OK || status < SVMS_OK)) {
        svms_status written = svms_result_write(place, &at, sizeof(at), "svms_playlist_place", err);
        status = written == SVMS_OK ? status : written;
    }
    return status == SVMS_OK ? svms_result_write(sample, &found, sizeof(found), "svms_sample", err)
                             : status;
}

static bool holds(const svms_playlist *playlist, uint32_t place, int64_t utc_ns)
{
    const svms_playlist_container *is = &playlist->entries[playlist->own.items[place]].is;
    bool may_grow = !is->closed && place + 1 == playlist->own.count;
    return is->first_utc_ns != SVMS_NO_TIME && is->first_utc_ns <= utc_ns &&
           (utc_ns < is->last_utc_ns || may_grow);
}

/* Place of the first container that holds the moment, else of the one that begins next after it;
 * the end of the order when there is none. */
static uint32_t find_own(const svms_playlist *playlist, int64_t utc_ns, bool *held)
{
    uint32_t next = playlist->own.count;
    int64_t earliest = INT64_MAX;
    for (uint32_t i = 0; i < playlist->own.count; i++) {
        int64_t first = playlist->entries[playlist->own.items[i]].is.first_utc_ns;
        if (holds(playlist, i, utc_ns)) {
            *held = true;
            return i;
        }
        if (first != SVMS_NO_TIME && first > utc_ns && first < earliest) {
            earliest = first;
            next = i;
        }
    }
    *held = false;
    return next;
}

static bool edges_go_beyond(const svms_playlist *playlist, int64_t utc_ns)
{
    for (uint32_t i = 0; i < playlist->edges.count; i++) {
        const svms_playlist_container *is = &playlist->entries[playlist->edges.items[i]].is;
        if (!is->closed || is->last_utc_ns > utc_ns) {
            return true;
        }
    }
    return false;
}

svms_status svms_playlist_seek(svms_playlist *playlist, int64_t utc_ns, svms_error *err)
{
    svms_reader *reader = NULL;
    bool held = false;
    if (playlist == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "playlist must not be NULL");
    }
    playlist->has_pending = false;
    playlist->filling = false;
    playlist->tail_filled = false;
    playlist->edge_entered = false;
    playlist->edge.container = SVMS_NOWHERE;
    playlist->edge_reached = utc_ns;
    playlist->reached = utc_ns;
    go_to_own(playlist, 0);
    if (utc_ns == SVMS_NO_TIME) {
        return SVMS_OK;
    }
    uint32_t place = find_own(playlist, utc_ns, &held);
    go_to_own(playlist, place);
    if (place == playlist->own.count) {
        return edges_go_beyond(playlist, utc_ns) ? SVMS_OK : SVMS_END;
    }
    if (!held && place == 0) {
        /* Before the beginning there is no gap. */
        playlist->reached = SVMS_NO_TIME;
    }
    svms_status status = held ? enter_own(playlist, utc_ns, &reader, err) : SVMS_OK;
    if (status == SVMS_END) {
        go_to_own(playlist, place + 1);
    }
    return status < SVMS_OK ? status : SVMS_OK;
}
