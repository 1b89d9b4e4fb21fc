/* SPDX-License-Identifier: Apache-2.0 */
/* What cameras delivered later, in the gaps that the recorder has (C-SEQ-3). */
#include "failure.h"
#include "playlist_internal.h"

void svms_playlist_fill(svms_playlist *playlist, int64_t from, int64_t to)
{
    int64_t begin = playlist->options.overlap == 1 ? SVMS_NO_TIME : from;
    playlist->filling = playlist->edges.count != 0;
    playlist->next_edge = 0;
    playlist->edge_entered = false;
    playlist->edge.container = SVMS_NOWHERE;
    playlist->gap_from = from;
    playlist->gap_to = to;
    playlist->fill_from = playlist->edge_reached > begin ? playlist->edge_reached : begin;
}

/* To the next edge container; what this one had need not come again. */
static void pass_on(svms_playlist *playlist)
{
    if (playlist->options.overlap != 1 && playlist->edge_reached > playlist->fill_from) {
        playlist->fill_from = playlist->edge_reached;
    }
    playlist->next_edge++;
    playlist->edge_entered = false;
    playlist->edge.container = SVMS_NOWHERE;
}

/* Nothing of it lies in the gap, as far as it says. */
static bool is_beside(const svms_playlist *playlist, const svms_playlist_container *is)
{
    bool before = is->closed && is->last_utc_ns <= playlist->fill_from;
    return is->first_utc_ns == SVMS_NO_TIME || is->first_utc_ns >= playlist->gap_to || before;
}

/* SVMS_END: it has nothing for the gap. */
static svms_status enter_edge(svms_playlist *playlist, uint32_t container, svms_reader **reader,
                              svms_error *err)
{
    svms_status status = svms_playlist_enter(playlist, container, reader, err);
    if (status == SVMS_OK && !playlist->edge_entered) {
        status = svms_reader_seek(*reader, playlist->fill_from, err);
        playlist->edge.segment = SVMS_NO_SEGMENT;
        playlist->edge_entered = status == SVMS_OK;
    }
    if (status == SVMS_OK) {
        playlist->edge.container = container;
    }
    return status;
}

/* Whether the sample belongs into the gap, or leads to what does. *beyond: it and all after it come
 * later. */
static bool is_wanted(svms_playlist *playlist, const svms_reader *reader, uint32_t container,
                      const svms_sample *sample, bool *beyond)
{
    if (sample->segment != playlist->edge.segment) {
        playlist->edge = svms_playlist_segment(reader, container, sample);
    }
    const svms_listed_segment *segment = &playlist->edge;
    *beyond = segment->first_utc_ns >= playlist->gap_to;
    bool delivered = playlist->options.overlap == 1 && playlist->fill_from != SVMS_NO_TIME &&
                     segment->last_utc_ns <= playlist->fill_from;
    if (*beyond || delivered) {
        return false;
    }
    if (segment->last_utc_ns > playlist->edge_reached) {
        playlist->edge_reached = segment->last_utc_ns;
    }
    return true;
}

/* Where the middle of a sample is: capture times of one picture may differ by a little when they
 * came to the recorder and when they came to the camera's storage. */
static int64_t middle_of(svms_reader *reader, const svms_sample *sample)
{
    const uint64_t longest_s = 10;
    svms_track track = SVMS_TRACK_INIT;
    if (svms_reader_get_track(reader, sample->track, &track, NULL) != SVMS_OK) {
        return sample->utc_ns;
    }
    uint64_t ticks = sample->duration != 0 ? sample->duration : track.default_duration;
    ticks *= track.timebase_num;
    uint64_t seconds = ticks / track.timebase_den;
    if (seconds >= longest_s || sample->utc_ns > INT64_MAX - (int64_t)longest_s * 1000000000) {
        return sample->utc_ns;
    }
    uint64_t rest = ticks % track.timebase_den * 500000000 / track.timebase_den;
    return sample->utc_ns + (int64_t)(seconds * 500000000 + rest);
}

static bool is_covered(const svms_playlist *playlist, svms_reader *reader,
                       const svms_sample *sample)
{
    int64_t middle = middle_of(reader, sample);
    return (playlist->gap_from != SVMS_NO_TIME && middle < playlist->gap_from) ||
           middle >= playlist->gap_to;
}

svms_status svms_playlist_next_edge(svms_playlist *playlist, svms_sample *sample,
                                    svms_playlist_place *place, svms_error *err)
{
    while (playlist->next_edge < playlist->edges.count) {
        uint32_t container = playlist->edges.items[playlist->next_edge];
        const svms_playlist_container *is = &playlist->entries[container].is;
        svms_reader *reader = NULL;
        bool beyond = false;
        if (!playlist->edge_entered && is_beside(playlist, is)) {
            pass_on(playlist);
            continue;
        }
        place->container = container;
        place->key = is->key;
        place->edge = 1;
        svms_status status = enter_edge(playlist, container, &reader, err);
        bool entered = status == SVMS_OK;
        if (entered) {
            status = svms_reader_next(reader, sample, err);
        }
        if (status == SVMS_OK && is_wanted(playlist, reader, container, sample, &beyond)) {
            place->covered = is_covered(playlist, reader, sample) ? 1 : 0;
            return SVMS_OK;
        }
        bool shut = !entered && svms_playlist_may_pass(status);
        if (beyond || shut || status == SVMS_END || status == SVMS_AGAIN) {
            pass_on(playlist);
        }
        if (status < SVMS_OK) {
            return status;
        }
    }
    return SVMS_END;
}
