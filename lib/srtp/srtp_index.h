/* SPDX-License-Identifier: Apache-2.0 */
/* Indices of RTP packets: numbers with the roll-over counter in front. Kept in 64 bits, so that
 * going round at 2^48 shows. Estimates agree with libsrtp's, which holds the window. */
#ifndef SVMS_SRTP_INDEX_H
#define SVMS_SRTP_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#define SVMS_SRTP_INDICES (UINT64_C(1) << 48)

typedef struct svms_srtp_track {
    bool started;
    uint64_t index; /* highest; before the start: that of number 0 */
} svms_srtp_track;

svms_srtp_track svms_srtp_track_from(uint32_t roc);
uint64_t svms_srtp_estimate(const svms_srtp_track *track, uint16_t sequence);
/* Takes note of an index that was sent or came. */
void svms_srtp_advance(svms_srtp_track *track, uint64_t index);
uint32_t svms_srtp_roc_of(uint64_t index);
/* The first index that a key does not protect which begins now (SR-KEY-5). */
uint64_t svms_srtp_key_end(const svms_srtp_track *track, bool first_key);

#endif
