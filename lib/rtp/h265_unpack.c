/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 7798 section 4.4 without decoding order numbers (P-265). */
#include "cursor.h"
#include "nal_unpack.h"

enum { AUD = 35, LAST_SINGLE = 47, AP = 48, FU = 49 };
enum { HEADER = 2, FORBIDDEN = 0x80, START_BIT = 0x80, END_BIT = 0x40, FU_TYPE = 0x3F };

static unsigned type_of(uint8_t first)
{
    return (unsigned)(first >> 1) & 0x3Fu;
}

static bool begins_sample(const svms_rtp_packet *packet)
{
    svms_cursor cursor = svms_cursor_over(packet->payload, packet->payload_size, 0);
    unsigned type = type_of(svms_read_u8(&cursor));
    if (type == AP) {
        (void)svms_skip(&cursor, 3);
        type = type_of(svms_read_u8(&cursor));
    }
    return type == AUD && !cursor.failed;
}

static void take_fragment(svms_unpacker *u, svms_cursor *cursor)
{
    uint8_t rebuilt[HEADER];
    svms_read_copy(cursor, rebuilt, sizeof rebuilt);
    uint8_t header = svms_read_u8(cursor);
    if (cursor->failed) {
        svms_unpacker_damage(u, SVMS_RTP_GAP_MALFORMED);
        return;
    }
    rebuilt[0] = (uint8_t)((rebuilt[0] & 0x81) | (header & FU_TYPE) << 1);
    size_t size = svms_cursor_left(cursor);
    const uint8_t *data = svms_read_bytes(cursor, size);
    svms_nal_unpack_fragment(u, (header & START_BIT) != 0, (header & END_BIT) != 0, rebuilt,
                             sizeof rebuilt, data, size);
}

static void take_payload(svms_unpacker *u, const svms_rtp_packet *packet)
{
    svms_cursor cursor = svms_cursor_over(packet->payload, packet->payload_size, 0);
    uint8_t first = packet->payload[0];
    unsigned type = type_of(first);
    bool sound = (first & FORBIDDEN) == 0 && packet->payload_size >= HEADER;
    if (type == FU && sound) {
        take_fragment(u, &cursor);
        return;
    }
    svms_nal_unpack_no_fragment(u);
    if (type <= LAST_SINGLE) {
        svms_nal_unpack_unit(u, packet->payload, packet->payload_size);
    } else if (type == AP && sound) {
        svms_nal_unpack_aggregate(u, packet->payload + HEADER, packet->payload_size - HEADER);
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

const svms_unpacker_kind svms_unpack_h265 = { unpack, svms_nal_unpack_end };
