/* SPDX-License-Identifier: Apache-2.0 */
#include "playback_lane.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recorder_failure.h"

#define FIRST_CAPACITY 16u

void playback_lane_shut(playback_lane *lane)
{
    if (lane->reader) {
        svms_reader_close(&lane->reader);
        svms_source_close(&lane->source);
    }
}

void playback_lane_close(playback_lane *lane)
{
    playback_lane_shut(lane);
    for (size_t i = 0; i < lane->count; i++) {
        free(lane->places[i]->path);
        free(lane->places[i]);
    }
    free((void *)lane->places);
    lane->places = NULL;
    lane->count = lane->capacity = lane->at = 0;
}

/* NULL: memory; of a storage that the settings do not name any more the path is empty. */
static char *make_path(const playback_lane *lane, const indexed_container *container)
{
    const recorder_settings *all = lane->parts->settings;
    char *path = NULL;
    for (size_t i = 0; i < all->storage_count; i++) {
        if (strcmp(all->storages[i].name, container->storage) == 0) {
            return asprintf(&path, "%s/%s", all->storages[i].path, container->file) >= 0 ? path
                                                                                         : NULL;
        }
    }
    return strdup("");
}

/* Place of the first one that does not begin before the moment. */
static size_t find_moment(const playback_lane *lane, int64_t utc_ns)
{
    size_t low = 0;
    size_t high = lane->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (lane->places[middle]->first_utc_ns < utc_ns) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static lane_place *find(const playback_lane *lane, const indexed_container *container)
{
    int64_t first = container->first_utc_ns;
    for (size_t i = find_moment(lane, first);
         i < lane->count && lane->places[i]->first_utc_ns == first; i++) {
        if (memcmp(lane->places[i]->container_id, container->head.container_id, 16) == 0) {
            return lane->places[i];
        }
    }
    return NULL;
}

static bool comes_before(const lane_place *one, const lane_place *other)
{
    return one->first_utc_ns != other->first_utc_ns ? one->first_utc_ns < other->first_utc_ns
                                                    : one->sequence < other->sequence;
}

/* What is being read stays what is being read. */
static bool sort_in(playback_lane *lane, lane_place *place)
{
    if (lane->count == lane->capacity) {
        size_t larger = lane->capacity ? lane->capacity * 2 : FIRST_CAPACITY;
        lane_place **grown =
            (lane_place **)realloc((void *)lane->places, larger * sizeof(lane_place *));
        if (!grown) {
            return false;
        }
        lane->places = grown;
        lane->capacity = larger;
    }
    size_t at = lane->count;
    for (; at > 0 && comes_before(place, lane->places[at - 1]); at--) {
        lane->places[at] = lane->places[at - 1];
    }
    lane->places[at] = place;
    lane->at += at < lane->at || (at == lane->at && lane->reader) ? 1 : 0;
    lane->count++;
    return true;
}

static svms_status add(playback_lane *lane, const indexed_container *container)
{
    lane_place *place = calloc(1, sizeof *place);
    if (!place) {
        return SVMS_E_NO_MEMORY;
    }
    memcpy(place->container_id, container->head.container_id, 16);
    place->sequence = container->head.recording_sequence;
    place->first_utc_ns = container->first_utc_ns;
    place->last_utc_ns = container->last_utc_ns;
    place->is_closed = container->is_closed;
    place->path = make_path(lane, container);
    if (!place->path || !sort_in(lane, place)) {
        free(place->path);
        free(place);
        return SVMS_E_NO_MEMORY;
    }
    return SVMS_OK;
}

static svms_status see(void *user, const indexed_container *container)
{
    playback_lane *lane = user;
    if (container->is_edge != lane->is_edge || container->first_utc_ns == SVMS_NO_TIME) {
        return SVMS_OK;
    }
    lane_place *place = find(lane, container);
    if (!place) {
        return add(lane, container);
    }
    place->last_utc_ns = container->last_utc_ns;
    place->is_closed = container->is_closed;
    char *path = make_path(lane, container);
    if (!path) {
        return SVMS_E_NO_MEMORY;
    }
    free(place->path);
    place->path = path;
    return SVMS_OK;
}

svms_status playback_lane_look(playback_lane *lane, int64_t from_utc_ns, int64_t to_utc_ns,
                               svms_error *err)
{
    const indexed_range range = { lane->camera, from_utc_ns, to_utc_ns };
    svms_status status = recorder_index_containers(lane->parts->index, &range, see, lane, err);
    return status == SVMS_E_NO_MEMORY ? recorder_fail(err, status, 0, "out of memory") : status;
}

/* Its writer may have renamed it since the index was asked. */
static svms_status open_file(playback_lane *lane, const lane_place *place, svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = SVMS_E_IO;
    for (int i = 0; i < 2; i++) {
        if (place->path[0] == '\0') {
            return recorder_fail(err, SVMS_E_STATE, 0,
                                 "a container is in a storage that the settings do not name");
        }
        status = svms_source_open_file(&lane->source, lane->parts->ctx, place->path, &why);
        if (status != SVMS_E_IO || why.os_error != ENOENT) {
            break;
        }
        status = playback_lane_look(lane, place->first_utc_ns, place->first_utc_ns + 1, &why);
        if (status != SVMS_OK) {
            break;
        }
        status = SVMS_END;
    }
    if (status < SVMS_OK) {
        return recorder_fail(err, status, why.os_error, "%.100s: %.140s", place->path, why.message);
    }
    return status;
}

static svms_status take_tracks(playback_lane *lane, const lane_place *place, svms_error *err)
{
    svms_container_info info = SVMS_CONTAINER_INFO_INIT;
    svms_status status = svms_reader_get_info(lane->reader, &info, err);
    if (status == SVMS_OK && memcmp(info.container_id, place->container_id, 16) != 0) {
        status = recorder_fail(err, SVMS_E_NOT_AUTHENTIC, 0,
                               "another container is there than the index says");
    }
    lane->track_count = status == SVMS_OK ? info.track_count : 0;
    lane->deciding = lane->track_count;
    for (uint32_t i = 0; status == SVMS_OK && i < lane->track_count; i++) {
        lane->tracks[i] = (svms_track)SVMS_TRACK_INIT;
        status = svms_reader_get_track(lane->reader, i, &lane->tracks[i], err);
        if (lane->deciding == lane->track_count && lane->tracks[i].kind == SVMS_TRACK_VIDEO) {
            lane->deciding = i;
        }
    }
    return status;
}

svms_status playback_lane_open(playback_lane *lane, size_t place, svms_error *err)
{
    const lane_place *is = lane->places[place];
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_error why = SVMS_ERROR_INIT;
    playback_lane_shut(lane);
    lane->at = place;
    lane->segment = SVMS_NO_SEGMENT;
    svms_status status = open_file(lane, is, err);
    if (status != SVMS_OK) {
        return status;
    }
    options.keys = lane->keys;
    status = svms_reader_open(&lane->reader, lane->parts->ctx, &lane->source, &options, &why);
    if (status != SVMS_OK) {
        svms_source_close(&lane->source);
    } else {
        status = take_tracks(lane, is, &why);
    }
    if (status != SVMS_OK) {
        playback_lane_shut(lane);
        return recorder_fail(err, status, why.os_error, "%.100s: %.140s", is->path, why.message);
    }
    return SVMS_OK;
}

void playback_lane_leave(playback_lane *lane)
{
    playback_lane_shut(lane);
    lane->at += lane->at < lane->count ? 1 : 0;
}

bool playback_lane_is_damage(svms_status status)
{
    return status == SVMS_E_NOT_AUTHENTIC || status == SVMS_E_UNDECRYPTABLE ||
           status == SVMS_E_UNTRUSTED || status == SVMS_E_LIMIT;
}

/* What the index knows from this place on, and by now. */
static svms_status look_on(playback_lane *lane, size_t place, svms_error *err)
{
    int64_t from = place < lane->count ? lane->places[place]->first_utc_ns
                   : place > 0         ? lane->places[place - 1]->first_utc_ns
                                       : INT64_MIN + 1;
    return playback_lane_look(lane, from, INT64_MAX, err);
}

/* Nobody writes it any more: the index says so, or knows what came long after it. The next one is
 * begun before this one ends. */
static bool is_finished(const playback_lane *lane)
{
    return lane->places[lane->at]->is_closed || lane->at + 2 < lane->count ||
           (lane->at + 1 < lane->count && lane->places[lane->at + 1]->is_closed);
}

/* The next one of the place that is open. SVMS_END: what follows is in other places. */
static svms_status read_on(playback_lane *lane, svms_sample *out, svms_error *err)
{
    *out = (svms_sample)SVMS_SAMPLE_INIT;
    svms_status status = svms_reader_next(lane->reader, out, err);
    if (status == SVMS_AGAIN && !is_finished(lane)) {
        svms_status looked = look_on(lane, lane->at, err);
        if (looked != SVMS_OK || !is_finished(lane)) {
            return looked != SVMS_OK ? looked : status;
        }
        /* What was written between the two looks. */
        status = svms_reader_next(lane->reader, out, err);
    }
    return status == SVMS_AGAIN ? SVMS_END : status;
}

/* Looking for places meets the same again and again. */
svms_status playback_lane_met(playback_lane *lane, svms_error *err)
{
    svms_status status = lane->met;
    lane->met = SVMS_OK;
    if (status == SVMS_OK ||
        (lane->told_place == lane->met_place && lane->told_segment == lane->why.segment)) {
        return SVMS_OK;
    }
    lane->told_place = lane->met_place;
    lane->told_segment = lane->why.segment;
    if (err) {
        *err = lane->why;
    }
    return status;
}

svms_status playback_lane_next(playback_lane *lane, svms_sample *out, svms_error *err)
{
    bool has_looked = false;
    svms_status status = playback_lane_met(lane, err);
    while (status == SVMS_OK) {
        if (lane->at >= lane->count) {
            status = has_looked ? SVMS_END : look_on(lane, lane->at, err);
            has_looked = true;
            continue;
        }
        status = lane->reader ? SVMS_OK : playback_lane_open(lane, lane->at, err);
        if (status == SVMS_OK) {
            status = read_on(lane, out, err);
            if (status == SVMS_OK || status == SVMS_AGAIN || playback_lane_is_damage(status)) {
                return status;
            }
        }
        playback_lane_leave(lane);
        status = status == SVMS_END ? SVMS_OK : status;
    }
    return status;
}

int64_t playback_lane_duration(const playback_lane *lane, const svms_sample *sample)
{
    const svms_track *track = &lane->tracks[sample->track];
    double ticks = sample->duration ? sample->duration : track->default_duration;
    return (int64_t)(ticks * 1e9 * track->timebase_num / track->timebase_den);
}

bool playback_lane_begins_group(playback_lane *lane, const svms_sample *sample)
{
    bool is_new_segment = sample->segment != lane->segment;
    lane->segment = sample->segment;
    if (lane->deciding == lane->track_count) {
        return is_new_segment;
    }
    return sample->track == lane->deciding && (sample->flags & SVMS_SAMPLE_SYNC) != 0;
}
