/* SPDX-License-Identifier: Apache-2.0 */
/* A server on 127.0.0.1 with what its owner would be asked and told, a made up recording, and
 * clients that say RTSP word by word. */
#ifndef TEST_SERVE_STAGE_H
#define TEST_SERVE_STAGE_H

#include "cmocka_all.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <stream_clock.h>
#include <stream_replay.h>
#include <stream_serve.h>

/* The recording: groups of pictures of one second, and sound beside them, 25 samples in a second
 * each; nothing between GAP_FROM and GAP_TO. */
#define STAGE_FIRST (INT64_C(1750000000) * INT64_C(1000000000))
#define STAGE_PICTURE (INT64_C(40) * 1000000)
#define STAGE_GROUP 25
#define STAGE_GROUPS 8
#define STAGE_PICTURES (STAGE_GROUP * STAGE_GROUPS)
#define STAGE_GAP_GROUP 4 /* begins an hour late */
#define STAGE_GAP (INT64_C(3600) * INT64_C(1000000000))
#define STAGE_VIDEO 0
#define STAGE_SOUND 1

/* When picture number n was captured: no whole number of anything. */
int64_t stage_utc(unsigned picture);

typedef struct stage {
    svms_ctx *ctx;
    svms_ctx *fetching; /* of who fetches; NULL: the same */
    stream_serve *serve;
    struct sockaddr_in at;
    int64_t pts;
    stream_presentation *live;
    stream_presentation *replay;
    unsigned notes[4];
    char words[256]; /* of the last note */
    /* Permission. */
    stream_serve_verdict verdict;
    unsigned asked[4];              /* by wish */
    stream_serve_question question; /* the last; its texts are gone but for these */
    char asked_path[64];
    char asked_identity[64];
    char asked_token[64];
    /* Watching. */
    unsigned begun;
    unsigned ended;
    stream_serve_watch told; /* the last; texts are gone but for these */
    char why[128];
    char path[64];
    unsigned woken;
    /* The recording. */
    size_t sample_size; /* of pictures; 0: 1,000 */
    unsigned opened;
    unsigned closed;
    unsigned pictures; /* there are now; fewer than STAGE_PICTURES: it still grows */
    bool fails;        /* reading fails behind the first group */
    stream_replay_seek sought;
} stage;

/* Fills what the server would be; change it, then stage_begin(). */
void stage_options(stage *s, stream_serve_options *options);
void stage_begin(stage *s, stream_serve_options *options);
/* With "/replay" beside "/live". */
void stage_open(stage *s);
void stage_close(stage *s);
/* What is there to do now. */
void stage_work(stage *s);
/* A picture for the live presentation. */
void stage_give(stage *s, stream_presentation *live, bool alone);

typedef struct packet {
    unsigned channel;
    svms_rtp_packet rtp; /* what it points to is gone */
    uint8_t first;       /* byte of the payload */
    uint8_t second;
} packet;

#define VIEWER_PACKETS 20000

typedef struct viewer {
    int socket;
    uint8_t *bytes;
    size_t size;
    bool is_gone; /* the server closed it */
    char answer[8192];
    unsigned code; /* of it; 0: none came yet */
    char session[64];
    packet *packets;
    size_t count;
    unsigned byes[8]; /* by channel */
    unsigned cseq;
} viewer;

/* A connection from 127.0.0.host; receive_buffer 0: as usual. */
int stage_connect(const stage *s, unsigned host, int receive_buffer);
viewer *viewer_from(stage *s, unsigned host, int receive_buffer);
/* From 127.0.0.1. */
viewer *viewer_new(stage *s, int receive_buffer);
void viewer_free(viewer *v);
/* Takes what is there now, up to so many bytes. */
void viewer_take(viewer *v, size_t most);
/* Lets both work until nothing more comes for a while. */
void viewer_take_all(stage *s, viewer *v);
/* Until so many packets have come. */
void viewer_take_packets(stage *s, viewer *v, size_t wanted);
/* Asks, and waits for the answer; headers with their line ends, the session is said by itself. */
unsigned viewer_say(stage *s, viewer *v, const char *method, const char *path, const char *headers);
/* DESCRIBE is left out; sets up the tracks and plays. The code of PLAY. */
unsigned viewer_play(stage *s, viewer *v, const char *path, unsigned tracks, const char *headers);
/* A header of the answer; NULL: it is not there. */
const char *viewer_header(const viewer *v, const char *name, char *out, size_t room);

/* By stream_clock(); 0: the machine's. */
extern uint64_t stage_now;

#endif
