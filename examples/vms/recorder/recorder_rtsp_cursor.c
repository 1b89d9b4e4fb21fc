/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder_rtsp_cursor.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "recorder_failure.h"

/* What is read ahead. */
#define AHEAD_SAMPLES 64u
#define AHEAD_BYTES ((size_t)8 << 20)
/* How long until what is being recorded is looked at again. */
#define LOOK_MS 400
/* Damage of one recording that is told one by one. */
#define TOLD_MAX 16u
/* Failures without anything between them, after which there is no more to be hoped for. */
#define FAILURES_MAX 256u
#define NO_TRACK UINT32_MAX

void rtsp_read_free(read_sample *sample)
{
    if (sample) {
        free(sample->config);
        free(sample);
    }
}

void rtsp_cursor_clear(rtsp_cursor *cursor)
{
    while (cursor->first) {
        read_sample *gone = cursor->first;
        cursor->first = gone->next;
        rtsp_read_free(gone);
    }
    cursor->last = NULL;
    cursor->count = 0;
    cursor->bytes = 0;
}

static bool take_room(recorder_rtsp *self)
{
    (void)pthread_mutex_lock(&self->mutex);
    bool has_room = self->cursors < RTSP_CURSORS_MAX;
    self->cursors += has_room ? 1 : 0;
    (void)pthread_mutex_unlock(&self->mutex);
    return has_room;
}

static void give_room(recorder_rtsp *self)
{
    (void)pthread_mutex_lock(&self->mutex);
    self->cursors--;
    (void)pthread_cond_signal(&self->cursor_left);
    (void)pthread_mutex_unlock(&self->mutex);
}

static void free_cursor(rtsp_cursor *cursor)
{
    recorder_rtsp *self = cursor->rtsp;
    rtsp_cursor_clear(cursor);
    rtsp_read_free(cursor->given);
    playback_close(&cursor->play);
    for (uint32_t i = 0; i < cursor->track_count; i++) {
        free((void *)(uintptr_t)cursor->tracks[i].config);
    }
    (void)pthread_cond_destroy(&cursor->changed);
    (void)pthread_mutex_destroy(&cursor->mutex);
    free(cursor);
    /* The last of all: who waits for it lets go of everything. */
    give_room(self);
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

static bool is_same_config(const svms_track *one, const svms_track *other)
{
    return one->config_size == other->config_size &&
           (one->config_size == 0 || memcmp(one->config, other->config, one->config_size) == 0);
}

void rtsp_cursor_find_places(rtsp_cursor *cursor)
{
    playback_media media;
    uint32_t taken = 0;
    playback_look(cursor->play, &media);
    cursor->is_unlike = false;
    for (uint32_t i = 0; i < media.track_count; i++) {
        uint32_t place = find_announced(cursor, &media.tracks[i], taken);
        cursor->place[i] = place;
        cursor->must_configure[i] =
            place != NO_TRACK && !is_same_config(&cursor->tracks[place], &media.tracks[i]);
        taken |= place != NO_TRACK ? 1u << place : 0;
        cursor->is_unlike =
            cursor->is_unlike || (place == NO_TRACK && media.tracks[i].kind == SVMS_TRACK_VIDEO);
    }
}

svms_status rtsp_cursor_announce(rtsp_cursor *cursor, const svms_track *tracks, uint32_t count,
                                 svms_error *err)
{
    for (uint32_t i = 0; i < count && i < RTSP_TRACKS_MAX; i++) {
        const svms_track *track = &tracks[i];
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
    return SVMS_OK;
}

svms_status rtsp_cursor_new(rtsp_cursor **out, recorder_rtsp *self, svms_error *err)
{
    pthread_condattr_t how;
    if (!take_room(self)) {
        return recorder_fail(err, SVMS_E_LIMIT, 0, "too many recordings are open");
    }
    rtsp_cursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor || pthread_mutex_init(&cursor->mutex, NULL) != 0) {
        free(cursor);
        give_room(self);
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

svms_status rtsp_cursor_open(rtsp_cursor *cursor, const rtsp_ranges *ranges, svms_error *err)
{
    const recorder_rtsp_options *from = &cursor->rtsp->options;
    const playback_options options = { from->parts, from->keys, cursor->camera->id, ranges->list,
                                       ranges->count };
    return playback_open(&cursor->play, &options, err);
}

/* Where there is one to be told. */
static bool copy_config(rtsp_cursor *cursor, const playback_sample *from, read_sample *copy)
{
    playback_media media;
    const uint8_t *config = from->config;
    size_t size = from->config_size;
    uint32_t track = from->sample.track;
    if (!config && cursor->must_configure[track]) {
        playback_look(cursor->play, &media);
        config = media.tracks[track].config;
        size = media.tracks[track].config_size;
    }
    cursor->must_configure[track] = false;
    if (size == 0) {
        return true;
    }
    copy->config = malloc(size);
    if (!copy->config) {
        return false;
    }
    memcpy(copy->config, config, size);
    copy->is.config = copy->config;
    copy->is.config_size = size;
    return true;
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
    if (!copy_config(cursor, from, copy)) {
        free(copy);
        return NULL;
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

/* A copy of what comes next, or none: it is not sent. */
static svms_status copy_next(rtsp_cursor *cursor, read_sample **copy, svms_error *err)
{
    playback_sample sample;
    svms_status status = playback_next(cursor->play, &sample, err);
    if (status < SVMS_OK && status != SVMS_E_NO_MEMORY && cursor->failures++ < FAILURES_MAX) {
        tell_damage(cursor, err);
        return SVMS_OK;
    }
    if (status != SVMS_OK) {
        return status;
    }
    cursor->failures = 0;
    if (sample.tracks_changed) {
        rtsp_cursor_find_places(cursor);
    }
    if (cursor->is_unlike) {
        return recorder_fail(err, SVMS_E_UNSUPPORTED, 0,
                             "the recording goes on with pictures of another kind: ask again from "
                             "there");
    }
    if (cursor->place[sample.sample.track] != NO_TRACK) {
        *copy = copy_sample(cursor, &sample);
        return *copy ? SVMS_OK : recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    return SVMS_OK;
}

/* The mutex is held. */
static void wait_for_more(rtsp_cursor *cursor)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    (void)pthread_cond_timedwait(&cursor->changed, &cursor->mutex, &until);
}

/* Reads one; the mutex is held, but not while reading. */
static void read_one(rtsp_cursor *cursor)
{
    svms_error err = SVMS_ERROR_INIT;
    read_sample *copy = NULL;
    uint64_t round = cursor->wanted;
    (void)pthread_mutex_unlock(&cursor->mutex);
    svms_status status = copy_next(cursor, &copy, &err);
    (void)pthread_mutex_lock(&cursor->mutex);
    if (round != cursor->wanted || cursor->is_closed) {
        rtsp_read_free(copy);
        return;
    }
    if (copy) {
        put(cursor, copy);
    }
    if (status == SVMS_AGAIN) {
        wait_for_more(cursor);
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
    svms_status status = SVMS_OK;
    if (cursor->play) {
        status = playback_allow(cursor->play, ranges.list, ranges.count, &err);
    } else {
        status = rtsp_cursor_open(cursor, &ranges, &err);
        if (status == SVMS_OK) {
            rtsp_cursor_find_places(cursor);
        }
    }
    if (status == SVMS_OK && must_seek) {
        status = playback_seek(cursor->play, to.from_utc_ns, to.is_backwards, to.sync_only, &err);
    }
    (void)pthread_mutex_lock(&cursor->mutex);
    if (status != SVMS_OK && round == cursor->wanted) {
        end(cursor, status, &err);
    }
}

void rtsp_cursor_release(rtsp_cursor *cursor)
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
    rtsp_cursor_release(cursor);
    return NULL;
}

svms_status rtsp_cursor_start(rtsp_cursor *cursor, svms_error *err)
{
    pthread_attr_t how;
    pthread_t thread;
    cursor->holders = 2;
    (void)pthread_attr_init(&how);
    (void)pthread_attr_setdetachstate(&how, PTHREAD_CREATE_DETACHED);
    int code = pthread_create(&thread, &how, read_ahead, cursor);
    (void)pthread_attr_destroy(&how);
    if (code != 0) {
        cursor->holders = 1;
        return recorder_fail(err, SVMS_E_LIMIT, code, "no thread: %s", strerror(code));
    }
    cursor->has_thread = true;
    return SVMS_OK;
}
