/* SPDX-License-Identifier: Apache-2.0 */
#include "rtp_header.h"

#include <string.h>

#include "cursor.h"
#include "failure.h"
#include "ntp.h"
#include "options.h"

#include <svms/time.h>

enum { FIRST_RTCP_TYPE = 200, LAST_RTCP_TYPE = 204, REPLAY_WORDS = 3, REPLAY_FLAGS = 0xF0 };
enum { EXTENSION_HEAD = 4 };

static svms_status read_replay(svms_rtp_packet *packet, size_t offset, svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(packet->extension, packet->extension_size, offset);
    packet->replay.utc_ns = svms_ntp_to_utc(svms_read_u64(&cursor));
    packet->replay.flags = svms_read_u8(&cursor) & (uint32_t)REPLAY_FLAGS;
    packet->replay.cseq = svms_read_u8(&cursor);
    if (!svms_skip(&cursor, 2)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                            "a replay extension is shorter than three words");
    }
    packet->has_replay = 1;
    return SVMS_OK;
}

static svms_status read_extension(svms_rtp_packet *packet, svms_cursor *cursor, svms_error *err)
{
    packet->has_extension = 1;
    packet->extension_profile = svms_read_u16(cursor);
    packet->extension_size = (size_t)svms_read_u16(cursor) * 4;
    size_t offset = cursor->position;
    packet->extension = svms_read_bytes(cursor, packet->extension_size);
    if (!packet->extension) {
        return svms_fail_at(err, SVMS_E_TRUNCATED, offset,
                            "a header extension reaches beyond the packet");
    }
    if (packet->extension_profile == SVMS_RTP_REPLAY_PROFILE) {
        return read_replay(packet, offset, err);
    }
    return SVMS_OK;
}

static svms_status cut_padding(svms_rtp_packet *packet, size_t size, svms_error *err)
{
    size_t most = packet->payload_size;
    packet->padding = most > 0 ? packet->payload[most - 1] : 0;
    if (packet->padding == 0 || packet->padding > most) {
        return svms_fail_at(err, SVMS_E_MALFORMED, size - 1,
                            "padding is longer than what it is in, or empty");
    }
    packet->payload_size -= packet->padding;
    return SVMS_OK;
}

/* The first two bytes are told apart from RTCP (P-HDR-2). */
static svms_status read_start(svms_rtp_packet *packet, svms_cursor *cursor, uint8_t *first,
                              svms_error *err)
{
    *first = svms_read_u8(cursor);
    uint8_t second = svms_read_u8(cursor);
    packet->sequence = svms_read_u16(cursor);
    packet->timestamp = svms_read_u32(cursor);
    packet->ssrc = svms_read_u32(cursor);
    if (cursor->failed) {
        return svms_fail_at(err, SVMS_E_TRUNCATED, cursor->position,
                            "an RTP packet ends within its header");
    }
    if (*first >> 6 != 2) {
        return svms_fail_at(err, SVMS_E_MALFORMED, 0, "not RTP version 2");
    }
    if (second >= FIRST_RTCP_TYPE && second <= LAST_RTCP_TYPE) {
        return svms_fail_at(err, SVMS_E_MALFORMED, 1, "RTCP where RTP must be");
    }
    packet->marker = second >> 7;
    packet->payload_type = second & 0x7Fu;
    packet->csrc_count = *first & 0x0Fu;
    return SVMS_OK;
}

svms_status svms_rtp_read_header(svms_rtp_packet *out, const uint8_t *data, size_t size,
                                 svms_error *err)
{
    *out = (svms_rtp_packet)SVMS_RTP_PACKET_INIT;
    if (size > SVMS_RTP_PACKET_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "an RTP packet has more than %u bytes",
                         SVMS_RTP_PACKET_MAX);
    }
    svms_cursor cursor = svms_cursor_over(data, size, 0);
    uint8_t first = 0;
    svms_status status = read_start(out, &cursor, &first, err);
    if (status != SVMS_OK) {
        return status;
    }
    for (uint32_t i = 0; i < out->csrc_count; i++) {
        out->csrc[i] = svms_read_u32(&cursor);
    }
    if (cursor.failed) {
        return svms_fail_at(err, SVMS_E_TRUNCATED, cursor.position,
                            "an RTP packet ends within its sources");
    }
    if ((first & 0x10) != 0) {
        status = read_extension(out, &cursor, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    out->payload_size = svms_cursor_left(&cursor);
    out->payload = svms_read_bytes(&cursor, out->payload_size);
    return (first & 0x20) != 0 ? cut_padding(out, size, err) : SVMS_OK;
}

svms_status svms_rtp_parse(svms_rtp_packet *out, const uint8_t *data, size_t size, svms_error *err)
{
    if (!out || !data) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_rtp_packet known;
    svms_status status = svms_rtp_read_header(&known, data, size, err);
    if (status != SVMS_OK) {
        return status;
    }
    return svms_result_write(out, &known, sizeof known, "svms_rtp_packet", err);
}

static size_t write_replay(uint8_t *out, const svms_rtp_replay *replay)
{
    svms_store_u64(out, svms_ntp_from_utc(replay->utc_ns));
    out[8] = (uint8_t)(replay->flags & REPLAY_FLAGS);
    out[9] = (uint8_t)replay->cseq;
    svms_store_u16(out + 10, 0);
    return (size_t)REPLAY_WORDS * 4;
}

static void write_extension_head(uint8_t *out, uint32_t profile, size_t size)
{
    svms_store_u16(out, (uint16_t)profile);
    svms_store_u16(out + 2, (uint16_t)(size / 4));
}

size_t svms_rtp_write_header(uint8_t *out, const svms_rtp_packet *packet,
                             const svms_rtp_replay *replay, const svms_rtp_jpeg_part *part)
{
    size_t at = SVMS_RTP_HEADER_SIZE;
    out[0] = (uint8_t)(0x80 | (replay || part ? 0x10 : 0));
    out[1] = (uint8_t)(packet->marker << 7 | packet->payload_type);
    svms_store_u16(out + 2, (uint16_t)packet->sequence);
    svms_store_u32(out + 4, packet->timestamp);
    svms_store_u32(out + 8, packet->ssrc);
    if (replay) {
        size_t behind = part ? EXTENSION_HEAD + part->size : 0;
        write_extension_head(out + at, SVMS_RTP_REPLAY_PROFILE, (size_t)REPLAY_WORDS * 4 + behind);
        at += EXTENSION_HEAD;
        at += write_replay(out + at, replay);
    }
    if (part) {
        write_extension_head(out + at, part->profile, part->size);
        at += EXTENSION_HEAD;
        memcpy(out + at, part->data, part->size);
        at += part->size;
    }
    return at;
}

static bool is_jpeg(uint32_t profile)
{
    return profile == SVMS_RTP_JPEG_PROFILE || profile == SVMS_RTP_JPEG_PROFILE_NEXT;
}

bool svms_rtp_read_jpeg_part(svms_rtp_jpeg_part *out, const svms_rtp_packet *packet)
{
    *out = (svms_rtp_jpeg_part){ 0, NULL, 0 };
    if (!packet->has_extension) {
        return true;
    }
    if (!packet->has_replay) {
        if (is_jpeg(packet->extension_profile)) {
            *out = (svms_rtp_jpeg_part){ packet->extension_profile, packet->extension,
                                         packet->extension_size };
        }
        return true;
    }
    svms_cursor cursor = svms_cursor_over(packet->extension, packet->extension_size, 0);
    (void)svms_skip(&cursor, (size_t)REPLAY_WORDS * 4);
    uint32_t profile = svms_read_u16(&cursor);
    size_t size = (size_t)svms_read_u16(&cursor) * 4;
    if (cursor.failed || !is_jpeg(profile)) {
        return true;
    }
    *out = (svms_rtp_jpeg_part){ profile, svms_read_bytes(&cursor, size), size };
    return !cursor.failed;
}
