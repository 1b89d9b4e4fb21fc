/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 6184 sections 5.6 to 5.8 in the non-interleaved mode (P-264). */
#include "cursor.h"
#include "h264_syntax.h"
#include "nal_unpack.h"

enum { AUD = 9, LAST_SINGLE = 23, STAP_A = 24, FU_A = 28 };
enum { TYPE_BITS = 0x1F, FORBIDDEN = 0x80, START_BIT = 0x80, END_BIT = 0x40 };

static bool begins_sample(const svms_rtp_packet *packet)
{
    svms_cursor cursor = svms_cursor_over(packet->payload, packet->payload_size, 0);
    unsigned type = svms_read_u8(&cursor) & TYPE_BITS;
    if (type == STAP_A) {
        (void)svms_skip(&cursor, 2);
        type = svms_read_u8(&cursor) & TYPE_BITS;
    }
    return type == AUD && !cursor.failed;
}

static void take_fragment(svms_unpacker *u, uint8_t indicator, svms_cursor *cursor)
{
    uint8_t header = svms_read_u8(cursor);
    if (cursor->failed) {
        svms_unpacker_damage(u, SVMS_RTP_GAP_MALFORMED);
        return;
    }
    uint8_t rebuilt = (uint8_t)((indicator & ~TYPE_BITS) | (header & TYPE_BITS));
    size_t size = svms_cursor_left(cursor);
    const uint8_t *data = svms_read_bytes(cursor, size);
    svms_nal_unpack_fragment(u, (header & START_BIT) != 0, (header & END_BIT) != 0, &rebuilt, 1,
                             data, size);
}

static void take_payload(svms_unpacker *u, const svms_rtp_packet *packet)
{
    svms_cursor cursor = svms_cursor_over(packet->payload, packet->payload_size, 0);
    uint8_t first = svms_read_u8(&cursor);
    unsigned type = first & TYPE_BITS;
    if (type == FU_A && (first & FORBIDDEN) == 0) {
        take_fragment(u, first, &cursor);
        return;
    }
    svms_nal_unpack_no_fragment(u);
    if (type >= 1 && type <= LAST_SINGLE) {
        svms_nal_unpack_unit(u, packet->payload, packet->payload_size);
    } else if (type == STAP_A && (first & FORBIDDEN) == 0) {
        svms_nal_unpack_aggregate(u, packet->payload + 1, packet->payload_size - 1);
    } else {
        svms_unpacker_damage(u, SVMS_RTP_GAP_MALFORMED);
    }
}

static void unpack(svms_unpacker *u, const svms_unpack_packet *p)
{
    svms_nal_unpack_begin(u, p, begins_sample(p->rtp));
    if (p->rtp->payload_size > 0) {
        take_payload(u, p->rtp);
    }
    if (p->rtp->marker) {
        svms_nal_unpack_end(u);
    }
}

const svms_unpacker_kind svms_unpack_h264 = { unpack, svms_nal_unpack_end };
