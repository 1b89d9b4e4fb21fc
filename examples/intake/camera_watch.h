/* SPDX-License-Identifier: Apache-2.0 */
/* Which verdicts on cameras somebody must hear of, and when: at once when something begins, once
 * when it is over, however often a hostile stream changes its mind. */
#ifndef SVMS_INTAKE_CAMERA_WATCH_H
#define SVMS_INTAKE_CAMERA_WATCH_H

#include <stdbool.h>

#include <svms/svms.h>

/* Why nothing covers the beginning and the end of what was cut somewhere. */
#define CAMERA_END_REASONS (SVMS_CAMERA_WHY_HEAD | SVMS_CAMERA_WHY_TAIL)
/* No alarm by themselves. */
#define CAMERA_CALM_REASONS                                                                        \
    (CAMERA_END_REASONS | SVMS_CAMERA_WHY_NEW_SESSION | SVMS_CAMERA_WHY_KEY_CHANGED)

/* Cameras sign every few seconds. Where that much is without a signature, nobody has just cut a
 * stream between two of them. */
#define CAMERA_END_MAX_NS INT64_C(60000000000)

/* How much video went by, by its own times. Where video is missing, only a little is counted: what
 * is not there needs no signature. */
typedef struct camera_span {
    int64_t last_utc_ns; /* SVMS_NO_TIME: nothing yet */
    int64_t lasted_ns;
} camera_span;

void camera_span_begin(camera_span *span);
/* What goes by next is of that time. */
void camera_span_add(camera_span *span, int64_t utc_ns);

/* Whether a report says no more than that something was cut there: nothing covers the end of it,
 * and the end is short. To be asked of each report of a track, in their order. */
bool camera_end_excuses(camera_span *end, svms_camera_verdict verdict, uint32_t reasons,
                        int64_t utc_ns);

/* Whether a sample need not go on with those before. What packets are lost within a connection is
 * missing; over another one the camera may have started again, and its chain of signatures with it
 * (CS-REC-6, CS-REC-7). has_sample: whether its track had one; it has, then. */
bool camera_begins_anew(bool *has_sample, const svms_sample *sample);

typedef enum camera_alarm_kind {
    CAMERA_ALARM_BAD,    /* what comes now is not what a trusted camera signed */
    CAMERA_ALARM_SILENT, /* no signature came for too long */
    CAMERA_ALARM_OVER    /* it is again what a trusted camera signed */
} camera_alarm_kind;

typedef struct camera_alarm {
    camera_alarm_kind kind;
    uint32_t track;
    svms_camera_verdict verdict; /* CAMERA_ALARM_BAD; authentic: by nobody who is trusted */
    uint32_t reasons;
    int64_t from_utc_ns; /* when it began */
    int64_t to_utc_ns;   /* CAMERA_ALARM_OVER: from when on it is good again; else SVMS_NO_TIME */
    uint64_t reports;    /* CAMERA_ALARM_OVER: how many were bad */
} camera_alarm;

typedef void camera_alarm_taker(void *user, const camera_alarm *alarm);

typedef struct watched_track {
    camera_span end;  /* reports on ends, one behind the other */
    camera_span wait; /* pictures since the newest report */
    bool is_on;
    bool is_silent;
    uint32_t told;            /* which verdicts, since it began: a bit for each */
    uint64_t reports;         /* bad ones since it began */
    int64_t from_utc_ns;      /* of the first of them */
    int64_t good_from_utc_ns; /* of the first good one behind them, or SVMS_NO_TIME */
    int64_t heard_utc_ns;     /* of the newest report, or of the first picture */
} watched_track;

typedef struct camera_watch {
    watched_track tracks[SVMS_MAX_TRACKS];
    uint64_t reports;
    uint64_t authentic; /* by somebody who is trusted */
    uint64_t bad;       /* neither, nor an end */
    bool was_silent;
    camera_alarm_taker *take;
    void *user;
} camera_watch;

void camera_watch_begin(camera_watch *watch, camera_alarm_taker *take, void *user);
/* A picture came. */
void camera_watch_picture(camera_watch *watch, uint32_t track, int64_t utc_ns);
/* A report came, on pictures from utc_ns on. */
void camera_watch_report(camera_watch *watch, uint32_t track, const svms_camera_gop *gop,
                         int64_t utc_ns);
/* Whether something was not what a trusted camera signed. */
bool camera_watch_is_bad(const camera_watch *watch);

#endif
