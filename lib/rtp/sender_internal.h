/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVMS_RTP_SENDER_INTERNAL_H
#define SVMS_RTP_SENDER_INTERNAL_H

#include "packer.h"

#include <svms/time.h>

struct svms_rtp_sender {
    svms_ctx *ctx;
    svms_rtp_sender_options options;
    svms_rtp_format *format;
    svms_packer packer;
    svms_rtp_packet packet; /* header of the next one */
    uint16_t next_sequence;
    uint32_t first_time;  /* RTP time of pts 0 */
    uint32_t sample_time; /* of the sample that is being sent */
    bool replay_due;      /* the next packet has the extension */
    svms_rtp_replay replay;
    /* One moment by both clocks, for reports. */
    int64_t marked_utc_ns;
    uint32_t marked_time;
    uint64_t packets;
    uint64_t bytes;
    svms_rtp_sender_counts heard; /* what reports of the peer said */
    uint8_t *buffer;
    size_t capacity;
};

#endif
