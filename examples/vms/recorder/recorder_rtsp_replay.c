/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings for who watches them, as the server asks for them. It never waits for what is read. */
#include <stdio.h>
#include <string.h>

#include "recorder_failure.h"
#include "recorder_rtsp_cursor.h"

/* "?at=2026-01-01T00:00:00Z": tracks are those of that moment, for recordings that have changed
 * their codec since. */
static svms_status go_to_query(playback *play, const char *query, svms_error *err)
{
    int64_t at = SVMS_NO_TIME;
    playback_sample sample;
    if (strncmp(query, "at=", 3) != 0) {
        return SVMS_OK;
    }
    svms_status status = svms_time_parse(&at, query + 3, err);
    if (status == SVMS_OK) {
        status = playback_seek(play, at, false, false, err);
    }
    /* What cannot be read now is told when it is read. */
    return status == SVMS_OK && playback_next(play, &sample, NULL) == SVMS_E_NO_MEMORY
               ? recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory")
               : status;
}

/* Of a camera that sends, and whose recordings will have the same tracks, no container is opened
 * until it is read. Otherwise this waits for the disk: for the head of one container. */
static svms_status describe(rtsp_cursor *cursor, const char *query, svms_error *err)
{
    bool is_replay = false;
    playback_media media;
    char path[sizeof RTSP_REPLAY_PREFIX + RECORDER_NAME_MAX];
    (void)snprintf(path, sizeof path, RTSP_REPLAY_PREFIX "%s", cursor->camera->id);
    const rtsp_camera *camera = rtsp_camera_at(cursor->rtsp, path, &is_replay);
    if (query[0] == '\0' && camera && camera->track_count > 0) {
        return rtsp_cursor_announce(cursor, camera->tracks, camera->track_count, err);
    }
    svms_status status = rtsp_cursor_open(cursor, &cursor->ranges, err);
    if (status == SVMS_OK) {
        status = go_to_query(cursor->play, query, err);
    }
    if (status == SVMS_OK) {
        playback_look(cursor->play, &media);
        status = rtsp_cursor_announce(cursor, media.tracks, media.track_count, err);
        rtsp_cursor_find_places(cursor);
    }
    return status;
}

static svms_status see_first(void *user, const indexed_container *container)
{
    *(int64_t *)user = container->first_utc_ns;
    return SVMS_E_CANCELLED;
}

/* Of what may be seen; SVMS_NO_TIME: there is nothing. */
static svms_status find_first(const rtsp_cursor *cursor, int64_t *first, svms_error *err)
{
    const rtsp_ranges *ranges = &cursor->ranges;
    int64_t from = ranges->list[0].from_utc_ns;
    const indexed_range all = { cursor->camera->id, from,
                                ranges->list[ranges->count - 1].to_utc_ns };
    *first = SVMS_NO_TIME;
    svms_status status =
        recorder_index_containers(cursor->rtsp->options.parts->index, &all, see_first, first, err);
    *first = *first != SVMS_NO_TIME && *first < from ? from : *first;
    return status == SVMS_E_CANCELLED ? SVMS_OK : status;
}

/* What it is about was permitted just before. */
static svms_status open_cursor(void *user, stream_replay_opening *opening, void **out,
                               svms_error *err)
{
    recorder_rtsp *self = user;
    rtsp_cursor *cursor = NULL;
    svms_status status = rtsp_cursor_new(&cursor, self, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = cursor->ranges.count > 0 ? find_first(cursor, &opening->first_utc_ns, err) : SVMS_END;
    if (status == SVMS_OK && opening->first_utc_ns == SVMS_NO_TIME) {
        status = recorder_fail(err, SVMS_END, 0, "nothing was recorded");
    }
    if (status == SVMS_OK) {
        status = describe(cursor, opening->query, err);
    }
    if (status != SVMS_OK) {
        rtsp_cursor_release(cursor);
        return status;
    }
    opening->tracks = cursor->tracks;
    opening->track_count = cursor->track_count;
    *out = cursor;
    return SVMS_OK;
}

/* The mutex is held. */
static bool is_allowed(const rtsp_cursor *cursor, int64_t utc_ns)
{
    for (size_t i = 0; i < cursor->ranges.count; i++) {
        if (utc_ns >= cursor->ranges.list[i].from_utc_ns &&
            utc_ns < cursor->ranges.list[i].to_utc_ns) {
            return true;
        }
    }
    return false;
}

static svms_status see_one(void *user, const indexed_container *container)
{
    (void)container;
    *(bool *)user = true;
    return SVMS_E_CANCELLED;
}

/* Whether there is anything from there on. */
static bool holds(const rtsp_cursor *cursor, const stream_replay_seek *to)
{
    bool is_found = false;
    indexed_range range = { cursor->camera->id, INT64_MIN + 1, INT64_MAX };
    if (to->from_utc_ns != SVMS_NO_TIME && to->is_backwards) {
        range.to_utc_ns = to->from_utc_ns < INT64_MAX ? to->from_utc_ns + 1 : INT64_MAX;
    } else if (to->from_utc_ns != SVMS_NO_TIME) {
        range.from_utc_ns = to->from_utc_ns;
    }
    svms_status status = recorder_index_containers(cursor->rtsp->options.parts->index, &range,
                                                   see_one, &is_found, NULL);
    /* What the index cannot say, reading will. */
    return is_found || (status != SVMS_OK && status != SVMS_E_CANCELLED);
}

static svms_status seek_cursor(void *user, void *opened, const stream_replay_seek *to,
                               svms_error *err)
{
    rtsp_cursor *cursor = opened;
    (void)user;
    if (!holds(cursor, to)) {
        return SVMS_END;
    }
    (void)pthread_mutex_lock(&cursor->mutex);
    rtsp_cursor_clear(cursor);
    cursor->wanted++;
    cursor->to = *to;
    cursor->end = SVMS_OK;
    cursor->was_cut = false;
    (void)pthread_cond_signal(&cursor->changed);
    (void)pthread_mutex_unlock(&cursor->mutex);
    return cursor->has_thread ? SVMS_OK : rtsp_cursor_start(cursor, err);
}

/* The next that may be given still; the mutex is held. */
static read_sample *take(rtsp_cursor *cursor)
{
    read_sample *sample = cursor->first;
    if (sample) {
        cursor->first = sample->next;
        cursor->last = cursor->first ? cursor->last : NULL;
        cursor->count--;
        cursor->bytes -= sample->is.size;
    }
    return sample;
}

static svms_status next_sample(void *user, void *opened, stream_replay_sample *out, svms_error *err)
{
    rtsp_cursor *cursor = opened;
    svms_status status = SVMS_OK;
    (void)user;
    rtsp_read_free(cursor->given);
    (void)pthread_mutex_lock(&cursor->mutex);
    while ((cursor->given = take(cursor)) != NULL &&
           !is_allowed(cursor, cursor->given->is.utc_ns)) {
        rtsp_read_free(cursor->given);
        cursor->was_cut = true;
    }
    if (cursor->given) {
        *out = cursor->given->is;
        out->is_after_gap = out->is_after_gap || cursor->was_cut;
        out->flags |= cursor->was_cut ? SVMS_SAMPLE_DISCONTINUITY : 0;
        cursor->was_cut = false;
    } else {
        status = cursor->end == SVMS_OK ? SVMS_AGAIN : cursor->end;
        if (status < SVMS_OK && err) {
            *err = cursor->why;
        }
    }
    (void)pthread_cond_signal(&cursor->changed);
    (void)pthread_mutex_unlock(&cursor->mutex);
    return status;
}

void rtsp_replay_allow(void *opened, const rtsp_ranges *ranges)
{
    rtsp_cursor *cursor = opened;
    (void)pthread_mutex_lock(&cursor->mutex);
    if (cursor->ranges.count != ranges->count ||
        memcmp(cursor->ranges.list, ranges->list, ranges->count * sizeof ranges->list[0]) != 0) {
        cursor->ranges = *ranges;
        cursor->allowed++;
        (void)pthread_cond_signal(&cursor->changed);
    }
    (void)pthread_mutex_unlock(&cursor->mutex);
}

/* Its thread may be reading still; what it reads is for nobody. */
static void close_cursor(void *user, void *opened)
{
    rtsp_cursor *cursor = opened;
    (void)user;
    (void)pthread_mutex_lock(&cursor->mutex);
    cursor->is_closed = true;
    (void)pthread_cond_signal(&cursor->changed);
    (void)pthread_mutex_unlock(&cursor->mutex);
    rtsp_cursor_release(cursor);
}

const stream_replay_calls rtsp_replay_calls = { open_cursor, seek_cursor, next_sample,
                                                close_cursor };
