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

/* What one packet has of the marker segments of a picture; profile 0: nothing. */
typedef struct svms_rtp_jpeg_part {
    uint32_t profile;
    const uint8_t *data;
    size_t size; /* whole words */
} svms_rtp_jpeg_part;

/* svms_rtp_parse() into a struct of our own. */
SVMS_MUST_CHECK svms_status svms_rtp_read_header(svms_rtp_packet *out, const uint8_t *data,
                                                 size_t size, svms_error *err);
/* Writes the header, with the extensions that are not NULL, part being behind replay. Returns its
 * size, which is at most 32 without the bytes of part. */
size_t svms_rtp_write_header(uint8_t *out, const svms_rtp_packet *packet,
                             const svms_rtp_replay *replay, const svms_rtp_jpeg_part *part);
/* Finds the header extension of ONVIF's JPEG, alone or behind the replay extension; false where it
 * reaches beyond what it is in. */
bool svms_rtp_read_jpeg_part(svms_rtp_jpeg_part *out, const svms_rtp_packet *packet);

#endif
