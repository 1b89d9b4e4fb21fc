/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings for who watches them: each has a thread that reads from disk, ahead of what is sent,
 * so that the server never waits for a disk. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "recorder_failure.h"
#include "recorder_rtsp_internal.h"

/* What is read ahead. */
#define AHEAD_SAMPLES 64u
#define AHEAD_BYTES ((size_t)8 << 20)
/* How long until what is being recorded is looked at again. */
#define LOOK_MS 400
/* Damage of one recording that is told one by one. */
#define TOLD_MAX 16u
#define NO_TRACK UINT32_MAX
/* That stream_replay.h takes. */
#define TRACKS_MAX 16

typedef struct read_sample {
    struct read_sample *next;
    stream_replay_sample is;
    uint8_t *config;
    uint8_t data[];
} read_sample;

typedef struct rtsp_cursor {
    recorder_rtsp *rtsp;
    const recorded_camera *camera;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    /* Of the mutex. */
    unsigned holders; /* the server, and the thread */
    bool is_closed;
    uint64_t wanted; /* number of the newest seek; 0: none yet */
    stream_replay_seek to;
    rtsp_ranges ranges;
    uint64_t allowed; /* number of these ranges */
    read_sample *first;
    read_sample *last;
    unsigned count;
    size_t bytes;
    svms_status end; /* SVMS_OK: there may be more */
    svms_error why;
    bool was_cut; /* something that was read must not be given any more */
    /* Of the server's thread. */
    bool has_thread;
    read_sample *given;
    /* Of the reading thread, once there is one. */
    playback *play;
    uint64_t done;   /* number of the seek that was made */
    uint64_t obeyed; /* number of the ranges that are obeyed */
    unsigned told;
    svms_track tracks[TRACKS_MAX]; /* as announced, never changed */
    uint32_t track_count;
    uint32_t place[SVMS_MAX_TRACKS]; /* of the playback's tracks among the announced */
    bool is_unlike;                  /* its pictures are not of a kind that was announced */
} rtsp_cursor;

static void free_sample(read_sample *sample)
{
    if (sample) {
        free(sample->config);
        free(sample);
    }
}

static void clear(rtsp_cursor *cursor)
{
    while (cursor->first) {
        read_sample *gone = cursor->first;
        cursor->first = gone->next;
        free_sample(gone);
    }
    cursor->last = NULL;
    cursor->count = 0;
    cursor->bytes = 0;
}

static void free_cursor(rtsp_cursor *cursor)
{
    clear(cursor);
    free_sample(cursor->given);
    playback_close(&cursor->play);
    for (uint32_t i = 0; i < cursor->track_count; i++) {
        free((void *)(uintptr_t)cursor->tracks[i].config);
    }
    (void)pthread_cond_destroy(&cursor->changed);
    (void)pthread_mutex_destroy(&cursor->mutex);
    free(cursor);
}

/* Of those that announced tracks were not given to. */
static uint32_t find_announced(const rtsp_cursor *cursor, const svms_track *track, uint32_t taken)
{
    for (uint32_t i = 0; i < cursor->track_count; i++) {
        const svms_track *is = &cursor->tracks[i];
        if ((taken & 1u << i) == 0 && is->kind == track->kind && is->codec == track->codec &&
            is->sample_rate == track->sample_rate && is->channels == track->channels) {
            return i;
        }
    }
    return NO_TRACK;
}

static void find_places(rtsp_cursor *cursor)
{
    playback_media media;
    uint32_t taken = 0;
    playback_look(cursor->play, &media);
    cursor->is_unlike = false;
    for (uint32_t i = 0; i < media.track_count; i++) {
        uint32_t place = find_announced(cursor, &media.tracks[i], taken);
        cursor->place[i] = place;
        taken |= place != NO_TRACK ? 1u << place : 0;
        cursor->is_unlike =
            cursor->is_unlike || (place == NO_TRACK && media.tracks[i].kind == SVMS_TRACK_VIDEO);
    }
}

static svms_status copy_tracks(rtsp_cursor *cursor, const playback_media *media, svms_error *err)
{
    for (uint32_t i = 0; i < media->track_count && i < TRACKS_MAX; i++) {
        const svms_track *track = &media->tracks[i];
        uint8_t *config = NULL;
        if (track->config_size > 0) {
            config = malloc(track->config_size);
            if (!config) {
                return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
            }
            memcpy(config, track->config, track->config_size);
        }
        cursor->tracks[i] = *track;
        cursor->tracks[i].config = config;
        cursor->track_count = i + 1;
    }
    find_places(cursor);
    return SVMS_OK;
}

static svms_status cursor_new(rtsp_cursor **out, recorder_rtsp *self, svms_error *err)
{
    pthread_condattr_t how;
    rtsp_cursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor || pthread_mutex_init(&cursor->mutex, NULL) != 0) {
        free(cursor);
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    (void)pthread_condattr_init(&how);
    (void)pthread_condattr_setclock(&how, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&cursor->changed, &how);
    (void)pthread_condattr_destroy(&how);
    cursor->rtsp = self;
    cursor->camera = self->asked.camera;
    cursor->ranges = self->asked.ranges;
    cursor->holders = 1;
    *out = cursor;
    return SVMS_OK;
}

/* Waits for the disk: for the index, and the head of one container. What it is about was permitted
 * just before. */
static svms_status open_cursor(void *user, stream_replay_opening *opening, void **out,
                               svms_error *err)
{
    recorder_rtsp *self = user;
    rtsp_cursor *cursor = NULL;
    playback_media media;
    (void)pthread_mutex_lock(&self->mutex);
    bool has_room = self->cursors < RTSP_CURSORS_MAX;
    (void)pthread_mutex_unlock(&self->mutex);
    if (!has_room) {
        return recorder_fail(err, SVMS_E_LIMIT, 0, "too many recordings are open");
    }
    svms_status status = cursor_new(&cursor, self, err);
    if (status != SVMS_OK) {
        return status;
    }
    const playback_options options = { self->options.parts, self->options.keys, cursor->camera->id,
                                       cursor->ranges.list, cursor->ranges.count };
    status = playback_open(&cursor->play, &options, err);
    if (status == SVMS_OK) {
        playback_look(cursor->play, &media);
        status = copy_tracks(cursor, &media, err);
    }
    if (status != SVMS_OK) {
        free_cursor(cursor);
        return status;
    }
    opening->tracks = cursor->tracks;
    opening->track_count = cursor->track_count;
    opening->first_utc_ns = media.first_utc_ns;
    opening->last_utc_ns = media.last_utc_ns;
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

static read_sample *copy_sample(rtsp_cursor *cursor, const playback_sample *from)
{
    read_sample *copy = malloc(sizeof *copy + from->sample.size);
    if (!copy) {
        return NULL;
    }
    memset(copy, 0, sizeof *copy);
    copy->is.track = cursor->place[from->sample.track];
    copy->is.flags = from->sample.flags & (SVMS_SAMPLE_SYNC | SVMS_SAMPLE_DISCONTINUITY);
    copy->is.utc_ns = from->sample.utc_ns;
    copy->is.size = from->sample.size;
    copy->is.data = copy->data;
    copy->is.is_after_gap = from->is_after_gap;
    if (from->sample.size > 0) {
        memcpy(copy->data, from->sample.data, from->sample.size);
    }
    if (from->config_size > 0) {
        copy->config = malloc(from->config_size);
        if (!copy->config) {
            free(copy);
            return NULL;
        }
        memcpy(copy->config, from->config, from->config_size);
        copy->is.config = copy->config;
        copy->is.config_size = from->config_size;
    }
    return copy;
}

/* The mutex is held. */
static void put(rtsp_cursor *cursor, read_sample *sample)
{
    if (cursor->last) {
        cursor->last->next = sample;
    } else {
        cursor->first = sample;
    }
    cursor->last = sample;
    cursor->count++;
    cursor->bytes += sample->is.size;
    if (cursor->count == 1) {
        rtsp_wake(cursor->rtsp);
    }
}

/* The mutex is held. */
static void end(rtsp_cursor *cursor, svms_status status, const svms_error *why)
{
    cursor->end = status;
    cursor->why = *why;
    rtsp_wake(cursor->rtsp);
}

static void tell_damage(rtsp_cursor *cursor, const svms_error *err)
{
    if (cursor->told++ < TOLD_MAX) {
        recorder_event(cursor->rtsp->options.parts, SERVICE_WARNING, cursor->camera->id,
                       "playback.damaged", NULL, err->message);
    }
}

/* Reads one; the mutex is held, but not while reading. */
static void read_one(rtsp_cursor *cursor)
{
    svms_error err = SVMS_ERROR_INIT;
    playback_sample sample;
    read_sample *copy = NULL;
    uint64_t round = cursor->wanted;
    (void)pthread_mutex_unlock(&cursor->mutex);
    svms_status status = playback_next(cursor->play, &sample, &err);
    if (status == SVMS_OK) {
        if (sample.tracks_changed) {
            find_places(cursor);
        }
        if (cursor->is_unlike) {
            status = recorder_fail(&err, SVMS_E_UNSUPPORTED, 0,
                                   "the recording goes on with pictures of another kind: ask again "
                                   "from there");
        } else if (cursor->place[sample.sample.track] != NO_TRACK) {
            copy = copy_sample(cursor, &sample);
            status = copy ? SVMS_OK : recorder_fail(&err, SVMS_E_NO_MEMORY, 0, "out of memory");
        }
    } else if (status < SVMS_OK && status != SVMS_E_NO_MEMORY) {
        tell_damage(cursor, &err);
        status = SVMS_OK;
    }
    (void)pthread_mutex_lock(&cursor->mutex);
    if (round != cursor->wanted || cursor->is_closed) {
        free_sample(copy);
        return;
    }
    if (copy) {
        put(cursor, copy);
    }
    if (status == SVMS_AGAIN) {
        struct timespec until;
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += LOOK_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        (void)pthread_cond_timedwait(&cursor->changed, &cursor->mutex, &until);
    } else if (status != SVMS_OK) {
        end(cursor, status, &err);
    }
}

/* Goes where it was told; the mutex is held, but not while reading. */
static void go(rtsp_cursor *cursor)
{
    svms_error err = SVMS_ERROR_INIT;
    rtsp_ranges ranges = cursor->ranges;
    stream_replay_seek to = cursor->to;
    uint64_t round = cursor->wanted;
    bool must_seek = cursor->done != round;
    cursor->obeyed = cursor->allowed;
    cursor->done = round;
    (void)pthread_mutex_unlock(&cursor->mutex);
    svms_status status = playback_allow(cursor->play, ranges.list, ranges.count, &err);
    if (status == SVMS_OK && must_seek) {
        status = playback_seek(cursor->play, to.from_utc_ns, to.is_backwards, to.sync_only, &err);
    }
    (void)pthread_mutex_lock(&cursor->mutex);
    if (status != SVMS_OK && round == cursor->wanted) {
        end(cursor, status, &err);
    }
}

static void release(rtsp_cursor *cursor)
{
    (void)pthread_mutex_lock(&cursor->mutex);
    bool is_last = --cursor->holders == 0;
    (void)pthread_mutex_unlock(&cursor->mutex);
    if (is_last) {
        free_cursor(cursor);
    }
}

static void *read_ahead(void *user)
{
    rtsp_cursor *cursor = user;
    recorder_rtsp *self = cursor->rtsp;
    (void)pthread_mutex_lock(&cursor->mutex);
    while (!cursor->is_closed) {
        bool is_full = cursor->count >= AHEAD_SAMPLES || cursor->bytes >= AHEAD_BYTES;
        if (cursor->done != cursor->wanted || cursor->obeyed != cursor->allowed) {
            go(cursor);
        } else if (cursor->end != SVMS_OK || is_full) {
            (void)pthread_cond_wait(&cursor->changed, &cursor->mutex);
        } else {
            read_one(cursor);
        }
    }
    (void)pthread_mutex_unlock(&cursor->mutex);
    release(cursor);
    (void)pthread_mutex_lock(&self->mutex);
    self->cursors--;
    (void)pthread_cond_signal(&self->cursor_left);
    (void)pthread_mutex_unlock(&self->mutex);
    return NULL;
}

static svms_status begin_reading(rtsp_cursor *cursor, svms_error *err)
{
    recorder_rtsp *self = cursor->rtsp;
    pthread_attr_t how;
    pthread_t thread;
    (void)pthread_mutex_lock(&self->mutex);
    bool has_room = self->cursors < RTSP_CURSORS_MAX;
    self->cursors += has_room ? 1 : 0;
    (void)pthread_mutex_unlock(&self->mutex);
    if (!has_room) {
        return recorder_fail(err, SVMS_E_LIMIT, 0, "too many recordings are read");
    }
    cursor->holders = 2;
    (void)pthread_attr_init(&how);
    (void)pthread_attr_setdetachstate(&how, PTHREAD_CREATE_DETACHED);
    int code = pthread_create(&thread, &how, read_ahead, cursor);
    (void)pthread_attr_destroy(&how);
    if (code != 0) {
        cursor->holders = 1;
        (void)pthread_mutex_lock(&self->mutex);
        self->cursors--;
        (void)pthread_mutex_unlock(&self->mutex);
        return recorder_fail(err, SVMS_E_LIMIT, code, "no thread: %s", strerror(code));
    }
    cursor->has_thread = true;
    return SVMS_OK;
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
    clear(cursor);
    cursor->wanted++;
    cursor->to = *to;
    cursor->end = SVMS_OK;
    cursor->was_cut = false;
    (void)pthread_cond_signal(&cursor->changed);
    (void)pthread_mutex_unlock(&cursor->mutex);
    return cursor->has_thread ? SVMS_OK : begin_reading(cursor, err);
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
    free_sample(cursor->given);
    (void)pthread_mutex_lock(&cursor->mutex);
    while ((cursor->given = take(cursor)) != NULL &&
           !is_allowed(cursor, cursor->given->is.utc_ns)) {
        free_sample(cursor->given);
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
    release(cursor);
}

const stream_replay_calls rtsp_replay_calls = { open_cursor, seek_cursor, next_sample,
                                                close_cursor };
