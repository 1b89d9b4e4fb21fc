/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of an intake share. */
#ifndef SVMS_INTAKE_INTERNAL_H
#define SVMS_INTAKE_INTERNAL_H

#include "intake.h"
#include "intake_hold.h"
#include "intake_order.h"

typedef struct intake_track {
    svms_track track;
    uint8_t *config;
    intake_order order;
    bool has_sample;      /* that was given on */
    bool is_connected;    /* one was, over the present connection */
    bool has_gap;         /* before its next sample */
    uint32_t reasons;     /* of that gap */
    bool is_missing;      /* something is, behind the last sample */
    intake_gap missing;   /* what; from_utc_ns is where the last sample ends, also without a gap */
    bool has_told_change; /* of its codec configuration, after the beginning */
} intake_track;

struct intake {
    const intake_calls *calls;
    void *user;
    stream_pull *pull; /* the present connection */
    intake_track tracks[STREAM_PULL_TRACKS_MAX];
    size_t track_count;
    size_t reference;                    /* whose time decides: the first with pictures */
    int numbers[STREAM_PULL_TRACKS_MAX]; /* of the connection's tracks in the recording, or -1 */
    size_t number_count;
    intake_hold hold;
    bool has_begun;
    bool is_settled;      /* of this connection: it is known what its times mean */
    uint64_t settle_ns;   /* when that is given up; STREAM_NEVER: nothing came yet */
    uint64_t came_ns;     /* when the first sample came: monotonic, */
    int64_t came_utc_ns;  /* and by this machine's clock */
    bool by_camera;       /* times are the camera's */
    int64_t skew_ns;      /* how far the camera's clock is ahead of ours */
    int64_t start_utc_ns; /* of time stamp 0 */
    bool was_lost;        /* the camera, since the last sample */
    uint64_t marked_ns;   /* when a gap was last told */
    intake_losses losses;
    svms_status failure; /* of a call of the owner, or of memory */
    svms_error why;
};

void intake_note(const intake *self, const char *words);
/* Remembers the first failure. */
svms_status intake_fail(intake *self, svms_status status, const svms_error *err);
svms_status intake_no_memory(intake *self);
/* UTC that the camera says of a sample of a recorded track, or SVMS_NO_TIME. */
int64_t intake_camera_utc(const intake *self, size_t track, const svms_rtp_event *event);
/* Codec configuration that came with a sample. */
svms_status intake_take_config(intake *self, size_t number, const svms_rtp_event *event);
bool intake_set_config(intake_track *track, const uint8_t *config, size_t size);
/* What a codec's configuration says of pictures. */
void intake_look_into(intake_track *track, const uint8_t *config, size_t size, bool has_begun);

/* Gives on what has times by now. */
svms_status intake_give(intake *self, size_t number, const svms_rtp_event *event, uint64_t came_ns);
svms_status intake_give_rest(intake *self, size_t number);

#endif
