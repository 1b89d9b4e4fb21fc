/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of a recording, and which of it is wanted. */
#ifndef STREAM_SERVE_REPLAY_READ_H
#define STREAM_SERVE_REPLAY_READ_H

#include "serve_hold.h"
#include "serve_internal.h"

typedef struct serve_replay {
    serve_watch *watch;
    void *cursor; /* the owner's */
    int64_t first_utc_ns;
    int64_t last_utc_ns;
    /* As the last PLAY wanted it. */
    int32_t scale_milli;
    bool is_free;
    bool is_backwards;
    bool sync_only;
    bool is_silent; /* sound is not sent */
    bool is_onvif;
    int64_t interval_ns; /* between two sync samples */
    uint32_t cseq;
    /* Where it is. */
    bool is_placed;    /* the cursor was moved somewhere */
    bool has_ended;    /* nothing more comes from the cursor */
    uint64_t end_at;   /* then the client hears of it; 0: not known yet */
    bool is_told;      /* it does */
    bool is_starving;  /* nothing came, and is asked for again later */
    bool follows_gap;  /* of the next sample that is taken */
    uint64_t read_at;  /* starving: when it is asked again */
    int64_t at_utc_ns; /* of the sample that was sent last, or where it begins */
    serve_hold hold;
    char failure[SERVE_WHY_SIZE]; /* of the cursor; or empty */
    /* With rate control: when what is due. */
    bool is_anchored;
    uint64_t anchor_ns;     /* by stream_clock() */
    int64_t anchor_utc_ns;  /* what was played then */
    int64_t anchor_play_ns; /* and its time in RTP */
    int64_t offset_ns;      /* from the anchor to the sample that was sent last */
    int64_t due_offset_ns;  /* and to the front */
} serve_replay;

/* Forgets what was read: it was moved. */
void serve_replay_reset(serve_replay *replay);
/* Until so many samples are held, as far as they are there. */
void serve_replay_read(serve_replay *replay, uint32_t wanted);

#endif
