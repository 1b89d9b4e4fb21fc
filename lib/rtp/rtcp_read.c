/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/rtcp.h>

#include <string.h>

#include "cursor.h"
#include "failure.h"
#include "ntp.h"
#include "options.h"

#include <svms/time.h>

enum { NOT_BEGUN = 0, BEGUN = 1 };
enum { COMPOUND_MAX = 65535, CNAME_ITEM = 1, BLOCKS_MAX = 31 };

/* RFC 3550 6.4.1: cumulative number lost is a signed number of 24 bits. */
static int32_t signed_24(uint32_t value)
{
    return value < 0x800000u ? (int32_t)value : (int32_t)value - 0x1000000;
}

static void read_blocks(svms_rtcp_packet *packet, svms_cursor *body)
{
    for (uint32_t i = 0; i < packet->count && !body->failed; i++) {
        svms_rtcp_block *block = &packet->blocks[i];
        block->ssrc = svms_read_u32(body);
        block->fraction_lost = svms_read_u8(body);
        block->lost = signed_24(svms_read_u24(body));
        block->highest_sequence = svms_read_u32(body);
        block->jitter = svms_read_u32(body);
        block->last_report = svms_read_u32(body);
        block->since_report = svms_read_u32(body);
    }
}

static void read_report(svms_rtcp_packet *packet, svms_cursor *body)
{
    packet->ssrc = svms_read_u32(body);
    if (packet->type == SVMS_RTCP_SR) {
        uint64_t ntp = svms_read_u64(body);
        packet->utc_ns = svms_ntp_to_utc(ntp);
        packet->ntp_middle = (uint32_t)(ntp >> 16);
        packet->rtp_time = svms_read_u32(body);
        packet->packets = svms_read_u32(body);
        packet->bytes = svms_read_u32(body);
    }
    read_blocks(packet, body);
}

/* RFC 3550 6.5: items up to a zero byte, then padding to a multiple of 4. */
static void read_chunk(svms_rtcp_packet *packet, svms_cursor *body, bool first)
{
    size_t start = body->position;
    uint32_t ssrc = svms_read_u32(body);
    packet->ssrc = first ? ssrc : packet->ssrc;
    for (uint8_t item = svms_read_u8(body); item != 0 && !body->failed; item = svms_read_u8(body)) {
        uint8_t size = svms_read_u8(body);
        const uint8_t *text = svms_read_bytes(body, size);
        if (first && item == CNAME_ITEM && text && !packet->cname) {
            packet->cname = text;
            packet->cname_size = size;
        }
    }
    size_t past = (body->position - start) % 4;
    (void)svms_skip(body, past == 0 ? 0 : 4 - past);
}

static void read_description(svms_rtcp_packet *packet, svms_cursor *body)
{
    for (uint32_t i = 0; i < packet->count && !body->failed; i++) {
        read_chunk(packet, body, i == 0);
    }
}

static void read_goodbye(svms_rtcp_packet *packet, svms_cursor *body)
{
    for (uint32_t i = 0; i < packet->count && !body->failed; i++) {
        uint32_t ssrc = svms_read_u32(body);
        packet->ssrc = i == 0 ? ssrc : packet->ssrc;
    }
}

static bool read_body(svms_rtcp_packet *packet)
{
    svms_cursor body = svms_cursor_over(packet->body, packet->body_size, 0);
    switch (packet->type) {
    case SVMS_RTCP_SR:
    case SVMS_RTCP_RR:
        read_report(packet, &body);
        break;
    case SVMS_RTCP_SDES:
        read_description(packet, &body);
        break;
    case SVMS_RTCP_BYE:
        read_goodbye(packet, &body);
        break;
    case SVMS_RTCP_RTPFB:
    case SVMS_RTCP_PSFB:
        packet->ssrc = svms_read_u32(&body);
        packet->media_ssrc = svms_read_u32(&body);
        break;
    case SVMS_RTCP_APP:
        packet->ssrc = svms_read_u32(&body);
        (void)svms_skip(&body, 4);
        break;
    default:
        break;
    }
    return !body.failed;
}

static svms_status read_padding(svms_rtcp_packet *packet, const svms_cursor *all, size_t offset,
                                svms_error *err)
{
    size_t size = packet->body_size;
    size_t padding = size > 0 ? packet->body[size - 1] : 0;
    if (svms_cursor_left(all) > 0) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                            "an RTCP packet that is not the last is padded");
    }
    if (padding == 0 || padding % 4 != 0 || padding > size) {
        return svms_fail_at(err, SVMS_E_MALFORMED, all->position - 1,
                            "padding of RTCP that cannot be");
    }
    packet->body_size -= padding;
    return SVMS_OK;
}

static svms_status read_packet(svms_rtcp_packet *packet, svms_cursor *all, svms_error *err)
{
    size_t offset = all->position;
    uint8_t first = svms_read_u8(all);
    packet->type = svms_read_u8(all);
    size_t size = (size_t)svms_read_u16(all) * 4;
    packet->body = svms_read_bytes(all, size);
    packet->body_size = size;
    packet->count = first & 0x1Fu;
    if (!packet->body) {
        return svms_fail_at(err, SVMS_E_TRUNCATED, offset, "RTCP ends within a packet");
    }
    if (first >> 6 != 2) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset, "not RTCP version 2");
    }
    bool report = packet->type == SVMS_RTCP_SR || packet->type == SVMS_RTCP_RR;
    if (offset == 0 && !report) {
        return svms_fail_at(err, SVMS_E_MALFORMED, 1, "RTCP does not begin with a report");
    }
    if ((first & 0x20) != 0) {
        svms_status status = read_padding(packet, all, offset, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    if (!read_body(packet)) {
        return svms_fail_at(err, SVMS_E_MALFORMED, offset,
                            "an RTCP packet counts more than it holds");
    }
    return SVMS_OK;
}

svms_status svms_rtcp_begin(svms_rtcp_iterator *it, const uint8_t *data, size_t size,
                            svms_error *err)
{
    if (!it || it->struct_size < sizeof *it || !data) {
        return svms_fail(err, SVMS_E_USAGE, "svms_rtcp_begin needs an iterator and bytes");
    }
    if (size > COMPOUND_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "RTCP of more than %d bytes", COMPOUND_MAX);
    }
    svms_cursor all = svms_cursor_over(data, size, 0);
    do {
        svms_rtcp_packet packet = SVMS_RTCP_PACKET_INIT;
        svms_status status = read_packet(&packet, &all, err);
        if (status != SVMS_OK) {
            return status;
        }
    } while (!svms_cursor_at_end(&all));
    svms_rtcp_iterator ready = SVMS_RTCP_ITERATOR_INIT;
    ready.state = BEGUN;
    ready.data = data;
    ready.size = size;
    return svms_result_write(it, &ready, sizeof ready, "svms_rtcp_iterator", err);
}

svms_status svms_rtcp_next(svms_rtcp_iterator *it, svms_rtcp_packet *out, svms_error *err)
{
    if (!it || !out || it->struct_size < sizeof *it || it->state != BEGUN) {
        return svms_fail(err, SVMS_E_USAGE, "svms_rtcp_next needs a begun iterator and a place");
    }
    svms_cursor all = svms_cursor_over(it->data, it->size, 0);
    (void)svms_skip(&all, it->position);
    if (svms_cursor_at_end(&all)) {
        return SVMS_END;
    }
    svms_rtcp_packet packet = SVMS_RTCP_PACKET_INIT;
    svms_status status = read_packet(&packet, &all, err);
    if (status == SVMS_OK) {
        status = svms_result_write(out, &packet, sizeof packet, "svms_rtcp_packet", err);
    }
    if (status == SVMS_OK) {
        it->position = all.position;
    }
    return status;
}
