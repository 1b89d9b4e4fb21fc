/* SPDX-License-Identifier: Apache-2.0 */
/* What one camera sends, over as many connections as it takes, into one recording. */
#ifndef SVMS_CLI_RTSP_RECORDER_H
#define SVMS_CLI_RTSP_RECORDER_H

#include <stdbool.h>

#include <stream_pull.h>
#include <svms/svms.h>

#include "record_target.h"
#include "rtsp_gaps.h"
#include "rtsp_hold.h"
#include "rtsp_order.h"

/* What is missing, or happened, and is told at the end. */
typedef struct rtsp_losses {
    uint64_t gaps;        /* in any track, after its first sample */
    uint64_t lost;        /* packets that never came, or too late */
    uint64_t dropped;     /* packets that came, and were part of no sample */
    uint64_t joined;      /* packets before the first sample of a track */
    uint64_t refused;     /* packets that came, and were not the camera's or not to be opened */
    uint64_t connections; /* that were lost, and made anew */
    uint32_t reasons;     /* SVMS_RTP_GAP_... of all gaps */
} rtsp_losses;

typedef struct recorded_track {
    svms_track track;
    uint8_t *config;
    rtsp_order order;
    bool has_sample;  /* in the recording */
    bool has_gap;     /* before its next sample */
    uint32_t reasons; /* of that gap */
    rtsp_gap missing; /* the same, for the report */
    uint64_t changes; /* of its codec configuration, after the beginning */
} recorded_track;

typedef struct rtsp_recorder {
    record_target *target;
    stream_pull *pull; /* the present connection */
    recorded_track tracks[STREAM_PULL_TRACKS_MAX];
    size_t track_count;
    size_t reference;                    /* whose time decides: the first with pictures */
    int numbers[STREAM_PULL_TRACKS_MAX]; /* of the connection's tracks in the recording, or -1 */
    size_t number_count;
    rtsp_hold hold;
    bool is_settled;      /* of this connection: it is known what its times mean */
    uint64_t settle_ns;   /* when that is given up; STREAM_NEVER: nothing came yet */
    uint64_t came_ns;     /* when the first sample came: monotonic, */
    int64_t came_utc_ns;  /* and by the recorder's clock */
    bool by_camera;       /* the recording's times are the camera's */
    int64_t skew_ns;      /* how far the camera's clock is ahead of the recorder's */
    int64_t start_utc_ns; /* of time stamp 0 */
    bool was_lost;        /* the camera, since the last sample */
    uint64_t marked_ns;   /* when a gap was last signed */
    rtsp_losses losses;
    rtsp_gaps gaps;
    exit_status status; /* of the target, where that failed */
} rtsp_recorder;

extern const stream_pull_events rtsp_recorder_events;

void rtsp_recorder_begin(rtsp_recorder *recorder, record_target *target);
/* A connection begins; events go to the recorder. */
void rtsp_recorder_connect(rtsp_recorder *recorder, stream_pull *pull);
/* It is over: what is held is recorded; lost: not because somebody wanted it. */
void rtsp_recorder_disconnect(rtsp_recorder *recorder, bool lost);
/* Whether there is a recording to go on with. */
bool rtsp_recorder_has_begun(const rtsp_recorder *recorder);
void rtsp_recorder_tell_losses(const rtsp_recorder *recorder);
void rtsp_recorder_free(rtsp_recorder *recorder);

#endif
