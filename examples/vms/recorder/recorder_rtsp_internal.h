/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RECORDER_RTSP_INTERNAL_H
#define RECORDER_RTSP_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include <stream_replay.h>
#include <stream_serve.h>

#include "recorder_rtsp.h"
#include "web_lockout.h"

#define RTSP_LIVE_PREFIX "/live/"
#define RTSP_REPLAY_PREFIX "/replay/"
/* Recordings that are open at a time, each with a thread once it is played. */
#define RTSP_CURSORS_MAX 128u
/* View of a recording: what was asked for, and what leads to it. */
#define RTSP_RANGES_MAX (GATE_RANGES_MAX + 1)

typedef struct rtsp_ranges {
    svms_time_range list[RTSP_RANGES_MAX];
    size_t count;
} rtsp_ranges;

/* Somebody who was let in, for as long as anybody asks with the same token from there. */
typedef struct rtsp_pass {
    struct rtsp_pass *next;
    unsigned holders; /* the list is one */
    uint64_t used;
    uint8_t digest[32]; /* of token, certificate and address */
    gate_pass *pass;
} rtsp_pass;

/* Somebody who watches. */
typedef struct rtsp_watch {
    struct rtsp_watch *next;
    uint64_t number;
    rtsp_pass *pass;
    const recorded_camera *camera;
    char speed[24];
    int64_t from_utc_ns; /* that was asked for, or SVMS_NO_TIME */
    int64_t to_utc_ns;
    rtsp_ranges ranges; /* that were allowed; live: none */
    bool is_told;       /* that it began */
} rtsp_watch;

/* What one camera offers. */
typedef struct rtsp_camera {
    recorder_rtsp *rtsp;
    const recorded_camera *camera;
    char live_path[sizeof RTSP_LIVE_PREFIX + RECORDER_NAME_MAX];
    char replay_path[sizeof RTSP_REPLAY_PREFIX + RECORDER_NAME_MAX];
    stream_presentation *live; /* NULL: it has not sent anything yet that can be offered */
    stream_presentation *replay;
    live_viewer *viewer;       /* while somebody watches */
    const live_packet *newest; /* keeps its media, by which others are known */
    uint32_t track_count;
    svms_track tracks[LIVE_TRACKS_MAX]; /* as offered, with configurations of our own */
    bool cannot_be_sent;                /* was said */
} rtsp_camera;

struct recorder_rtsp {
    recorder_rtsp_options options;
    stream_serve *serve;
    pthread_t thread;
    atomic_bool must_stop;
    atomic_bool must_judge;
    atomic_bool is_awake; /* somebody has woken it, and it has not looked yet */
    pthread_mutex_t mutex;
    pthread_cond_t cursor_left;
    bool takes_wakes; /* of the mutex; cursors may outlive the server for a moment */
    unsigned cursors; /* of the mutex */
    web_lockout *lockout;
    rtsp_camera *cameras;
    size_t camera_count;
    rtsp_pass *passes;
    uint64_t passes_used;
    rtsp_watch *watches;
    /* The last that was permitted, for what is told of it at once. */
    rtsp_watch asked;
};

/* recorder_rtsp.c; any thread. */
void rtsp_wake(recorder_rtsp *self);
rtsp_camera *rtsp_camera_at(recorder_rtsp *self, const char *path, bool *is_replay);

/* recorder_rtsp_pass.c */
svms_status rtsp_token(void *user, stream_serve_token *token, svms_error *err);
/* NULL: it does not hold any more. To be released. */
rtsp_pass *rtsp_pass_of(recorder_rtsp *self, const stream_serve_question *question);
rtsp_pass *rtsp_pass_hold(rtsp_pass *pass);
void rtsp_pass_release(rtsp_pass **pass);
/* Tokens that have ended are forgotten. */
void rtsp_passes_tend(recorder_rtsp *self);
void rtsp_passes_free(recorder_rtsp *self);

/* recorder_rtsp_permit.c */
void rtsp_permit(void *user, const stream_serve_question *question, stream_serve_verdict *verdict);

/* recorder_rtsp_tell.c */
void rtsp_watched(void *user, const stream_serve_watch *watch);
/* Each second: whom the audit log hears of by now. */
void rtsp_watches_tend(recorder_rtsp *self);
void rtsp_tell_use(recorder_rtsp *self, const rtsp_pass *pass, const svms_access_question *question,
                   const gate_answer *answer);
void rtsp_watches_free(recorder_rtsp *self);

/* recorder_rtsp_live.c */
svms_status rtsp_live_open(recorder_rtsp *self, svms_error *err);
/* Somebody begins to watch this camera. */
void rtsp_live_join(rtsp_camera *camera);
/* What came since. */
void rtsp_live_send(recorder_rtsp *self);
/* Once in a second: cameras that have come, viewers that have gone. */
void rtsp_live_tend(recorder_rtsp *self);
/* No hub is used any more. */
void rtsp_live_leave(recorder_rtsp *self);
void rtsp_live_free(recorder_rtsp *self);

/* recorder_rtsp_replay.c */
extern const stream_replay_calls rtsp_replay_calls;
/* What may be seen through this cursor from now on. */
void rtsp_replay_allow(void *cursor, const rtsp_ranges *ranges);

#endif
