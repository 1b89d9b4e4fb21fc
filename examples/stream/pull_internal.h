/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the pulling side share. */
#ifndef SVMS_STREAM_PULL_INTERNAL_H
#define SVMS_STREAM_PULL_INTERNAL_H

#include "stream_clock.h"
#include "stream_dial.h"
#include "stream_link.h"
#include "stream_ports.h"
#include "stream_pull.h"
#include "stream_url.h"

/* Any packet, and the room that SRTP needs behind a report. */
#define PULL_PACKET_SIZE ((size_t)65536 + 512)

typedef enum pull_phase {
    PULL_DIALS,  /* name and connection */
    PULL_SHAKES, /* TLS */
    PULL_TALKS,  /* up to PLAY */
    PULL_PLAYS,
    PULL_LEAVES, /* TEARDOWN was asked */
    PULL_OVER
} pull_phase;

typedef struct pull_track {
    stream_pull *pull;
    size_t number;
    stream_pull_track told;
    uint8_t *config; /* of told.track */
    char control[SVMS_RTSP_URL_SIZE];
    svms_rtp_format *format;
    svms_rtp_receiver *receiver;
    stream_ports ports;
    uint32_t channel_rtp;
    uint32_t channel_rtcp;
    uint64_t setup; /* number of its SETUP */
    bool has_ssrc;  /* that the camera announced */
    uint32_t ssrc;
    /* Keys. key is in use; fresh was given and waits for the answer. */
    svms_srtp *srtp;
    svms_mikey key;
    svms_mikey fresh;
    bool key_is_ours;
    bool keeps_key; /* the camera takes no fresh ones */
    uint64_t rekey; /* number of the request that carries fresh; 0: none is under way */
    uint64_t keyed_ns;
    uint64_t keyed_packets;
    uint64_t drop_old_ns; /* STREAM_NEVER: there is no old one */
    /* Reports. */
    uint32_t own_ssrc;
    uint64_t report_ns;
    uint64_t sync_ns; /* not before, PLI again */
    bool wants_sync;
    bool said_bye;
    bool is_done; /* of a replay nothing more comes */
    /* Range and RTP-Info of PLAY: the camera's clock before its first report. */
    bool has_start;
    uint32_t start_rtp_time;
    int64_t start_utc_ns;
} pull_track;

struct stream_pull {
    svms_ctx *ctx;
    stream_pull_options options;
    stream_url url;
    pull_phase phase;
    stream_pull_end end;
    svms_error why;
    bool has_more; /* to be read without polling */
    bool is_held;  /* nothing is to be read */
    bool is_complete;
    stream_pull_replay replay;
    stream_dial *dial;
    stream_link link;
    svms_rtsp_client *client;
    uint8_t waiting[16384]; /* for the link */
    size_t waiting_from;
    size_t waiting_to;
    pull_track *tracks;
    size_t track_count;
    size_t next_track; /* to be set up */
    uint64_t now;
    uint64_t limit;    /* of the phase; STREAM_NEVER: none */
    uint64_t media_ns; /* when media came last */
    uint64_t bye_ns;   /* when all have said goodbye long enough; STREAM_NEVER: they have not */
    uint64_t forged;
    uint64_t rekeys;
    uint64_t sync_wanted;
    uint8_t *packet; /* PULL_PACKET_SIZE */
    char cname[64];
};

/* pull.c: the first end holds. */
void pull_end(stream_pull *pull, stream_pull_end end, svms_status status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same with the words of an error. */
void pull_fail(stream_pull *pull, stream_pull_end end, const svms_error *err);
void pull_note(stream_pull *pull, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* pull_talk.c: what is asked, and what follows from answers. False: it has ended. */
bool pull_talk_begin(stream_pull *pull);
void pull_talk_leave(stream_pull *pull);
/* The end of leaving. */
void pull_left(stream_pull *pull);

/* pull_tracks.c: which media of a description become tracks. False: it has ended. */
bool pull_tracks_choose(stream_pull *pull, const svms_sdp *description);
/* Ready for what SETUP asks, and for what it was answered. False: it has ended. */
bool pull_track_prepare(pull_track *track, svms_rtsp_transport *transport);
bool pull_track_settle(pull_track *track, const svms_rtsp_client_event *answer);
/* RTP-Info, before the first packet. */
bool pull_track_expect(pull_track *track, const svms_rtsp_rtp_info *info, int64_t range_utc_ns);
void pull_track_release(pull_track *track);

/* pull_keys.c: False: it has ended. */
/* The key that a description offers. */
bool pull_key_take(pull_track *track, const svms_sdp_media *media);
/* A key of ours, for a camera that offers none. */
bool pull_key_make(pull_track *track);
/* The message for SETUP; size 0: none is to be sent. */
bool pull_key_offer(const pull_track *track, uint8_t *out, size_t *size);
/* SETUP was answered: from now on packets are protected. */
bool pull_key_begin(pull_track *track, const svms_rtsp_client_event *answer);
/* Asks for a fresh key when it is time, and drops the old one when that is over. */
void pull_key_tend(pull_track *track);
uint64_t pull_key_wait(const pull_track *track);
/* The answer to such a request. */
void pull_key_answered(pull_track *track, uint32_t status);

/* pull_media.c: packets in and reports out. packet may be changed, and has PULL_PACKET_SIZE. */
bool pull_media_begin(pull_track *track, bool has_first, uint32_t first_sequence);
void pull_media_take(pull_track *track, bool is_rtcp, uint8_t *packet, size_t size);
void pull_media_tend(pull_track *track);
uint64_t pull_media_wait(const pull_track *track);
void pull_media_goodbye(pull_track *track);
void pull_media_flush(pull_track *track);

#endif
