/* SPDX-License-Identifier: Apache-2.0 */
/* The clear part of packets, and where the MKI stands (SR-PKT). */
#ifndef SVMS_SRTP_PACKET_H
#define SVMS_SRTP_PACKET_H

#include <stdbool.h>

#include <svms/srtp.h>

enum { SVMS_SRTCP_INDEX_SIZE = 4 };

typedef struct svms_srtp_header {
    uint32_t ssrc;
    uint16_t sequence; /* RTP */
    size_t size;       /* with sources and extension */
} svms_srtp_header;

SVMS_MUST_CHECK svms_status svms_srtp_read_rtp(svms_srtp_header *out, const uint8_t *packet,
                                               size_t size, svms_error *err);
SVMS_MUST_CHECK svms_status svms_srtp_read_rtcp(svms_srtp_header *out, const uint8_t *packet,
                                                size_t size, svms_error *err);

/* Bytes that protecting under the key adds. */
size_t svms_srtp_overhead(const svms_srtp_key *key, bool rtcp);
/* Puts the MKI into a protected packet of size bytes, which has room for it. */
void svms_srtp_insert_mki(const svms_srtp_key *key, uint8_t *packet, size_t *size);
/* True where the packet ends as packets with the key's MKI do; always, for a key without. */
bool svms_srtp_has_mki(const svms_srtp_key *key, const uint8_t *packet, size_t size);
/* Takes out the MKI that is there. */
void svms_srtp_remove_mki(const svms_srtp_key *key, uint8_t *packet, size_t *size);
/* E flag and index of a protected RTCP packet without MKI, which has at least tag and index. */
uint32_t svms_srtcp_index(const svms_srtp_key *key, const uint8_t *packet, size_t size);
#define SVMS_SRTCP_ENCRYPTED UINT32_C(0x80000000)

#endif
