/* SPDX-License-Identifier: Apache-2.0 */
/* Reports that a sender writes and reads (P-RTC). */
#include "clock.h"
#include "failure.h"
#include "ntp.h"
#include "rtcp_write.h"
#include "sender_internal.h"

enum { PLI = 1 };

/* The RTP clock at a moment near the one that was marked. */
static uint32_t time_at(const svms_rtp_sender *s, int64_t utc_ns)
{
    uint32_t rate = s->format->clock_rate;
    if (utc_ns >= s->marked_utc_ns) {
        uint64_t past = (uint64_t)utc_ns - (uint64_t)s->marked_utc_ns;
        return s->marked_time + svms_rtp_ticks(past, rate);
    }
    uint64_t before = (uint64_t)s->marked_utc_ns - (uint64_t)utc_ns;
    return s->marked_time - svms_rtp_ticks(before, rate);
}

svms_status svms_rtp_sender_report(svms_rtp_sender *sender, const char *cname, uint32_t flags,
                                   int64_t utc_ns, uint8_t *packet, size_t *size, svms_error *err)
{
    if (!sender || !cname || !packet || !size || (flags & ~SVMS_RTP_REPORT_BYE) != 0) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL or out of range");
    }
    if (sender->marked_utc_ns == SVMS_NO_TIME) {
        return svms_fail(err, SVMS_E_STATE, "no sample with a UTC was sent yet");
    }
    uint64_t ntp = utc_ns == SVMS_NO_TIME ? 0 : svms_ntp_from_utc(utc_ns);
    if (ntp == 0) {
        return svms_fail(err, SVMS_E_USAGE, "a time that NTP cannot say");
    }
    svms_rtcp_report report = { .ssrc = sender->packet.ssrc, .cname = cname, .sends = true };
    report.bye = (flags & SVMS_RTP_REPORT_BYE) != 0;
    report.ntp = ntp;
    report.rtp_time = time_at(sender, utc_ns);
    report.packets = (uint32_t)sender->packets;
    report.bytes = (uint32_t)sender->bytes;
    return svms_rtcp_write(sender->ctx, &report, packet, size, err);
}

/* RFC 3550 6.4.1: now - LSR - DLSR, in 1/65536 s. */
static uint64_t round_trip(const svms_rtcp_block *block, int64_t utc_ns)
{
    uint64_t ntp = utc_ns == SVMS_NO_TIME ? 0 : svms_ntp_from_utc(utc_ns);
    uint32_t taken = (uint32_t)(ntp >> 16) - block->last_report - block->since_report;
    if (block->last_report == 0 || ntp == 0 || taken >= 0x80000000u) {
        return UINT64_MAX;
    }
    return (uint64_t)taken * UINT64_C(1000000000) >> 16;
}

static void hear(svms_rtp_sender *s, const svms_rtcp_packet *packet, int64_t utc_ns)
{
    bool report = packet->type == SVMS_RTCP_SR || packet->type == SVMS_RTCP_RR;
    for (uint32_t i = 0; report && i < packet->count; i++) {
        const svms_rtcp_block *block = &packet->blocks[i];
        if (block->ssrc == s->packet.ssrc) {
            s->heard.reports++;
            s->heard.fraction_lost = block->fraction_lost;
            s->heard.lost = block->lost;
            s->heard.jitter = block->jitter;
            s->heard.round_trip_ns = round_trip(block, utc_ns);
        }
    }
    if (packet->type == SVMS_RTCP_PSFB && packet->count == PLI &&
        packet->media_ssrc == s->packet.ssrc) {
        s->heard.sync_wanted++;
    }
}

svms_status svms_rtp_sender_rtcp(svms_rtp_sender *sender, const uint8_t *packet, size_t size,
                                 int64_t utc_ns, svms_error *err)
{
    if (!sender || !packet) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_rtcp_iterator it = SVMS_RTCP_ITERATOR_INIT;
    svms_rtcp_packet one = SVMS_RTCP_PACKET_INIT;
    svms_status status = svms_rtcp_begin(&it, packet, size, err);
    while (status == SVMS_OK) {
        status = svms_rtcp_next(&it, &one, err);
        if (status == SVMS_OK) {
            hear(sender, &one, utc_ns);
        }
    }
    return status == SVMS_END ? SVMS_OK : status;
}
