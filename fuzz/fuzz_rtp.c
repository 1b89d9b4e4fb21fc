/* SPDX-License-Identifier: Apache-2.0 */
/* Packets, and every depacketiser behind them. The first byte chooses the format and the options;
 * then packets follow, each with 16 bits of size, whose first bit says that it is RTCP, and one
 * byte of milliseconds since the one before. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <svms/svms.h>

#include "cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FORMATS = 9, FORMAT_BITS = 0x0F, SAMPLE_MAX = 20000, RTCP_BIT = 0x8000 };

typedef struct tally {
    uint32_t codec;
    bool damaged_too;
    uint64_t delivered;
    uint64_t lost;
    uint64_t dropped;
    uint64_t samples;
} tally;

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static const struct {
    const char *rtpmap;
    const char *fmtp;
} formats[FORMATS] = {
    { "H264/90000", "packetization-mode=1" },
    { "H265/90000", NULL },
    { "mpeg4-generic/16000/1", "mode=AAC-hbr;config=1408" },
    { "mpeg4-generic/16000/1", "sizeLength=6;indexLength=2;indexDeltaLength=2" },
    { "PCMU/8000/2", NULL },
    { "JPEG/90000", NULL },
    { "vnd.onvif.metadata/90000", NULL },
    { "H264/90000", "packetization-mode=1;sprop-parameter-sets=Z0IACpZTBYmI,aMljiA==" },
    { "vnd.onvif.metadata+gzip/90000", NULL },
};

/* What is delivered can be read by those who come next. */
static void check_sample(const tally *t, const svms_rtp_event *event)
{
    require(event->size <= SAMPLE_MAX && (event->size == 0 || event->data));
    require(t->damaged_too || event->reasons == 0);
    if (t->codec != SVMS_CODEC_H264 && t->codec != SVMS_CODEC_H265) {
        return;
    }
    svms_nal_iterator it = SVMS_NAL_ITERATOR_INIT;
    svms_nal nal = SVMS_NAL_INIT;
    svms_error err = SVMS_ERROR_INIT;
    require(svms_nal_begin(&it, t->codec, SVMS_NAL_LENGTH4, event->data, event->size) == SVMS_OK);
    svms_status status;
    while ((status = svms_nal_next(&it, &nal, &err)) == SVMS_OK) {
    }
    require(status == SVMS_END || event->reasons != 0);
}

static svms_status take_event(void *user, const svms_rtp_event *event)
{
    tally *t = user;
    switch (event->kind) {
    case SVMS_RTP_SAMPLE:
        check_sample(t, event);
        t->delivered += event->packets;
        t->samples++;
        break;
    case SVMS_RTP_GAP:
        require(event->reasons != 0);
        t->lost += event->lost;
        t->dropped += event->dropped;
        break;
    default:
        break;
    }
    return SVMS_OK;
}

static void feed(svms_rtp_receiver *receiver, const uint8_t *data, size_t size)
{
    svms_cursor cursor = svms_cursor_over(data, size, 0);
    uint64_t now = 0;
    while (svms_cursor_left(&cursor) > 0) {
        unsigned head = svms_read_u16(&cursor);
        now += (uint64_t)svms_read_u8(&cursor) * 1000000;
        size_t left = svms_cursor_left(&cursor);
        size_t most = head & ~(unsigned)RTCP_BIT;
        size_t length = most < left ? most : left;
        const uint8_t *packet = svms_read_bytes(&cursor, length);
        if (!packet) {
            break;
        }
        svms_error err = SVMS_ERROR_INIT;
        svms_status status = (head & RTCP_BIT) != 0
                                 ? svms_rtp_receiver_rtcp(receiver, packet, length, now, &err)
                                 : svms_rtp_receiver_push(receiver, packet, length, now, &err);
        require(status == SVMS_OK || (err.status == status && err.offset <= length) ||
                err.offset == SVMS_NO_OFFSET);
        uint8_t report[512];
        size_t room = sizeof report;
        require(svms_rtp_receiver_report(receiver, "f", 3, now, report, &room, NULL) == SVMS_OK);
    }
    require(svms_rtp_receiver_flush(receiver, NULL) == SVMS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    tally t = { .codec = 0 };
    svms_ctx *ctx = NULL;
    svms_rtp_format *format = NULL;
    svms_rtp_receiver *receiver = NULL;
    svms_rtp_format_info info = SVMS_RTP_FORMAT_INFO_INIT;
    svms_rtp_receiver_options options = SVMS_RTP_RECEIVER_OPTIONS_INIT;
    unsigned chosen = (data[0] & FORMAT_BITS) % FORMATS;
    options.flags = ((data[0] & 0x20) != 0 ? SVMS_RTP_IN_ORDER : 0) |
                    ((data[0] & 0x40) != 0 ? SVMS_RTP_DAMAGED_TOO : 0) |
                    ((data[0] & 0x80) != 0 ? SVMS_RTP_FIRST_SEQUENCE : 0);
    options.reorder_packets = 16;
    options.max_sample = SAMPLE_MAX;
    options.user = &t;
    options.event = take_event;
    t.damaged_too = (data[0] & 0x40) != 0;
    require(svms_ctx_new(&ctx, NULL, NULL) == SVMS_OK);
    require(svms_rtp_format_read(&format, ctx, 96, formats[chosen].rtpmap, formats[chosen].fmtp,
                                 NULL) == SVMS_OK);
    require(svms_rtp_format_describe(format, &info, NULL) == SVMS_OK);
    t.codec = info.codec;
    require(svms_rtp_receiver_new(&receiver, ctx, format, &options, NULL) == SVMS_OK);
    feed(receiver, data + 1, size - 1);
    svms_rtp_receiver_counts counts = SVMS_RTP_RECEIVER_COUNTS_INIT;
    require(svms_rtp_receiver_count(receiver, &counts, NULL) == SVMS_OK);
    require(counts.delivered == t.delivered && counts.lost == t.lost);
    require(counts.dropped == t.dropped && counts.samples == t.samples);
    require(counts.packets == counts.delivered + counts.dropped + counts.other_type);
    svms_rtp_receiver_free(&receiver);
    svms_rtp_format_free(&format);
    svms_ctx_free(&ctx);
    return 0;
}
