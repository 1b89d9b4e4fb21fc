/* SPDX-License-Identifier: Apache-2.0 */
/* A receiver whose events are kept, a sender whose packets are kept, and packets made by hand.
 * Include after cmocka_all.h. */
#ifndef SVMS_TEST_RTP_STAGE_H
#define SVMS_TEST_RTP_STAGE_H

#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

#define STAGE_EVENTS 20000

typedef struct stage_bytes {
    uint8_t *data;
    size_t size;
} stage_bytes;

typedef struct stage {
    svms_ctx *ctx;
    svms_rtp_format *format;
    svms_rtp_receiver *receiver;
    svms_rtp_sender *sender;
    svms_rtp_event events[STAGE_EVENTS]; /* data and config are copies */
    size_t event_count;
    stage_bytes packets[STAGE_EVENTS];
    size_t packet_count;
    svms_status answer; /* of the callbacks */
    uint64_t now_ns;
    uint32_t ssrc; /* of packets made by hand */
    uint32_t payload_type;
} stage;

/* Everything fresh, with a format from SDP; options may be NULL. */
stage *stage_open(const char *rtpmap, const char *fmtp, const svms_rtp_receiver_options *options);
/* Forgets the events, and makes another receiver. */
void stage_restart(stage *s, const svms_rtp_receiver_options *options);
void stage_make_sender(stage *s, const svms_rtp_sender_options *options);
void stage_close(stage *s);
/* Makes and pushes a packet; the status is checked. */
void stage_push(stage *s, uint32_t sequence, uint32_t time, bool marker, const void *payload,
                size_t size);
/* Pushes what the sender made. */
void stage_push_sent(stage *s, size_t index);
void stage_push_all(stage *s);
void stage_flush(stage *s);
void stage_tick(stage *s, uint64_t later_ns);
/* The n-th event of a kind, or NULL. */
const svms_rtp_event *stage_event(const stage *s, svms_rtp_event_kind kind, size_t n);
size_t stage_count(const stage *s, svms_rtp_event_kind kind);
/* The only sample there is has these bytes. */
void stage_expect_sample(const stage *s, size_t n, const void *data, size_t size);
svms_rtp_receiver_counts stage_counts(const stage *s);
/* Sends bytes as one sample; the status is checked. */
void stage_send(stage *s, int64_t pts, uint32_t flags, const void *data, size_t size);
/* xorshift: the same numbers for the same seed. */
uint32_t stage_random(uint64_t *state);

#endif
