/* SPDX-License-Identifier: Apache-2.0 */
/* A receiver, in four files: receiver.c takes packets in order, receiver_source.c decides whose
 * they are, receiver_tell.c tells what became of them, receiver_report.c speaks RTCP. */
#ifndef SVMS_RTP_RECEIVER_INTERNAL_H
#define SVMS_RTP_RECEIVER_INTERNAL_H

#include "clock.h"
#include "reorder.h"
#include "rtp_header.h"
#include "unpacker.h"

#include <svms/rtcp.h>
#include <svms/time.h>

enum { SVMS_CANDIDATE_MAX = 64 };

/* Packets that may be the beginning of another source, or of the present one begun anew. */
typedef struct svms_candidate {
    uint32_t ssrc;
    uint32_t count;
    uint16_t latest;
    bool followed; /* two of them followed one another */
    svms_reorder_slot packets[SVMS_CANDIDATE_MAX];
} svms_candidate;

/* What was not delivered since the last sample. */
typedef struct svms_open_gap {
    bool open;
    uint32_t reasons;
    uint64_t first;
    uint64_t lost;
    uint64_t dropped;
} svms_open_gap;

/* The latest sender report of a source. */
typedef struct svms_heard_report {
    bool heard;
    uint32_t ssrc;
    uint32_t rtp_time;
    uint32_t ntp_middle;
    int64_t utc_ns;
    uint64_t arrival_ns;
} svms_heard_report;

/* What receiver reports are made of (RFC 3550 appendices A.3 and A.8). */
typedef struct svms_reception {
    uint64_t first;          /* extended number */
    uint64_t received;       /* late ones and duplicates, too */
    uint64_t expected_prior; /* at the last report */
    uint64_t received_prior;
    uint32_t transit;
    uint32_t jitter; /* times 16 */
    bool timed;
} svms_reception;

struct svms_rtp_receiver {
    svms_ctx *ctx;
    svms_rtp_receiver_options options;
    svms_rtp_format *format;
    svms_unpacker unpacker;
    svms_reorder reorder;
    svms_rtp_clock clock;
    svms_candidate candidate;
    svms_reception reception;
    svms_heard_report report; /* of the present source, or of one that may come */
    svms_open_gap gap;
    svms_builder config;
    svms_rtp_receiver_counts counts;
    uint64_t now_ns;
    uint64_t last_arrival_ns; /* of the present source */
    uint32_t ssrc;
    uint32_t own_ssrc;
    uint32_t late_run; /* late packets, each the next of the one before */
    uint16_t late_latest;
    bool started; /* there is a present source */
    bool said_bye;
    bool discontinuity; /* a gap was told since the last sample */
    int64_t last_time;  /* of the last sample told */
    int64_t last_utc_ns;
    svms_status told; /* the first failure of the callback */
};

/* receiver.c */

/* A packet of the present source. */
void svms_receiver_accept(svms_rtp_receiver *r, const svms_rtp_packet *packet, const uint8_t *data,
                          size_t size);
/* Gives up every hole, and takes what is held. */
void svms_receiver_drain(svms_rtp_receiver *r);

/* receiver_source.c */

/* Takes up a source whose first number is given. */
void svms_receiver_take_source(svms_rtp_receiver *r, uint32_t ssrc, uint16_t first);
/* The present source ends here, for this reason; the next packet is accepted by another one. */
void svms_receiver_end_source(svms_rtp_receiver *r, uint32_t reason);
/* A packet that does not belong to the present source, or to its numbers. */
void svms_receiver_consider(svms_rtp_receiver *r, const svms_rtp_packet *packet,
                            const uint8_t *data, size_t size);
/* Lets the candidate take over if it may. */
void svms_receiver_switch_if_due(svms_rtp_receiver *r);
/* When that will be; UINT64_MAX: not by waiting. */
uint64_t svms_receiver_switch_time(const svms_rtp_receiver *r);
/* The candidate was none. */
void svms_receiver_forget_candidate(svms_rtp_receiver *r);

/* receiver_tell.c */

void svms_receiver_deliver(void *receiver, const svms_assembly *sample);
void svms_receiver_add_lost(svms_rtp_receiver *r, uint64_t first, uint64_t count);
void svms_receiver_open_gap(svms_rtp_receiver *r, uint64_t first, uint32_t reasons);
/* Tells the gap if there is one. */
void svms_receiver_tell_gap(svms_rtp_receiver *r);
void svms_receiver_tell(svms_rtp_receiver *r, svms_rtp_event_kind kind);
/* What the public function that ran returns. */
svms_status svms_receiver_result(svms_rtp_receiver *r, svms_error *err);

/* receiver_report.c */

void svms_reception_note(svms_rtp_receiver *r, const svms_rtp_packet *packet);

#endif
