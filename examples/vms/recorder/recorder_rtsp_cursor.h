/* SPDX-License-Identifier: Apache-2.0 */
/* One who watches a recording: what is read ahead for him, on a thread of its own. */
#ifndef RECORDER_RTSP_CURSOR_H
#define RECORDER_RTSP_CURSOR_H

#include "recorder_rtsp_internal.h"

/* That stream_replay.h takes. */
#define RTSP_TRACKS_MAX 16

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
    unsigned failures;                  /* since the last sample */
    svms_track tracks[RTSP_TRACKS_MAX]; /* as announced, never changed */
    uint32_t track_count;
    uint32_t place[SVMS_MAX_TRACKS];      /* of the playback's tracks among the announced */
    bool must_configure[SVMS_MAX_TRACKS]; /* what was announced is not what is there */
    bool is_unlike;                       /* its pictures are not of a kind that was announced */
} rtsp_cursor;

void rtsp_read_free(read_sample *sample);
/* Of the camera and the ranges that were permitted last. SVMS_E_LIMIT: too many. */
svms_status rtsp_cursor_new(rtsp_cursor **out, recorder_rtsp *self, svms_error *err);
/* By the server, or the thread. */
void rtsp_cursor_release(rtsp_cursor *cursor);
/* What clients are told; copied. */
svms_status rtsp_cursor_announce(rtsp_cursor *cursor, const svms_track *tracks, uint32_t count,
                                 svms_error *err);
svms_status rtsp_cursor_open(rtsp_cursor *cursor, const rtsp_ranges *ranges, svms_error *err);
/* Of the tracks at the present place among the announced. */
void rtsp_cursor_find_places(rtsp_cursor *cursor);
/* Forgets what was read; the mutex is held. */
void rtsp_cursor_clear(rtsp_cursor *cursor);
/* Once, when something is wanted. SVMS_E_LIMIT: no thread is left. */
svms_status rtsp_cursor_start(rtsp_cursor *cursor, svms_error *err);

#endif
