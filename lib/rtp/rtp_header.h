/* SPDX-License-Identifier: Apache-2.0 */
/* The fixed header of RTP packets and its extension (RFC 3550 section 5; P-HDR). */
#ifndef SVMS_RTP_HEADER_H
#define SVMS_RTP_HEADER_H

#include "builder.h"

#include <svms/rtp.h>

enum {
    SVMS_RTP_HEADER_SIZE = 12,
    /* Profile, length and three words of the replay extension. */
    SVMS_RTP_REPLAY_SIZE = 16,
    SVMS_RTP_REPLAY_PROFILE = 0xABAC,
    SVMS_RTP_JPEG_PROFILE = 0xFFD8,
    SVMS_RTP_JPEG_PROFILE_NEXT = 0xFFFF
};

/* svms_rtp_parse() into a struct of our own. */
SVMS_MUST_CHECK svms_status svms_rtp_read_header(svms_rtp_packet *out, const uint8_t *data,
                                                 size_t size, svms_error *err);
/* Writes the header, with the replay extension unless it is NULL; returns its size, which is at
 * most 28. */
size_t svms_rtp_write_header(uint8_t *out, const svms_rtp_packet *packet,
                             const svms_rtp_replay *replay);
/* True where the packet has the header extension of ONVIF's JPEG, alone or behind the replay
 * extension. */
bool svms_rtp_has_jpeg_headers(const svms_rtp_packet *packet);

#endif
