/* SPDX-License-Identifier: Apache-2.0 */
/* RTCP of a receiver: sender reports and BYE come in, receiver reports go out (P-RTC, P-CLK). */
#include "cursor.h"
#include "failure.h"
#include "options.h"
#include "receiver_internal.h"
#include "rtcp_write.h"

#define FIRST_CYCLE UINT64_C(0x10000)

void svms_reception_note(svms_rtp_receiver *r, const svms_rtp_packet *packet)
{
    svms_reception *n = &r->reception;
    n->received++;
    uint32_t transit = svms_rtp_ticks(r->now_ns, r->format->clock_rate) - packet->timestamp;
    uint32_t moved = transit - n->transit;
    moved = moved < 0x80000000u ? moved : 0u - moved;
    if (n->timed && moved < 0x08000000u) {
        n->jitter += moved - ((n->jitter + 8) >> 4);
    }
    n->transit = transit;
    n->timed = true;
}

static void hear_report(svms_rtp_receiver *r, const svms_rtcp_packet *packet)
{
    bool present = r->started && packet->ssrc == r->ssrc;
    bool fixed = (r->options.flags & SVMS_RTP_FIXED_SSRC) != 0;
    bool may_come = r->candidate.count > 0 && packet->ssrc == r->candidate.ssrc;
    if (fixed ? packet->ssrc != r->options.ssrc : r->started && !present && !may_come) {
        return;
    }
    r->report = (svms_heard_report){
        true, packet->ssrc, packet->rtp_time, packet->ntp_middle, packet->utc_ns, r->now_ns,
    };
    if (present) {
        svms_rtp_clock_mark(&r->clock, packet->rtp_time, packet->utc_ns);
    }
}

static bool names_source(const svms_rtcp_packet *packet, uint32_t ssrc)
{
    svms_cursor sources = svms_cursor_over(packet->body, packet->body_size, 0);
    for (uint32_t i = 0; i < packet->count; i++) {
        if (svms_read_u32(&sources) == ssrc && !sources.failed) {
            return true;
        }
    }
    return false;
}

static void hear_goodbye(svms_rtp_receiver *r, const svms_rtcp_packet *packet)
{
    if (!r->started || r->said_bye || !names_source(packet, r->ssrc)) {
        return;
    }
    svms_receiver_drain(r);
    svms_unpacker_restart(&r->unpacker);
    svms_receiver_tell_gap(r);
    r->said_bye = true;
    svms_receiver_tell(r, SVMS_RTP_BYE);
    svms_receiver_switch_if_due(r);
}

svms_status svms_rtp_receiver_rtcp(svms_rtp_receiver *receiver, const uint8_t *packet, size_t size,
                                   uint64_t now_ns, svms_error *err)
{
    if (!receiver || !packet) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_rtcp_iterator it = SVMS_RTCP_ITERATOR_INIT;
    svms_rtcp_packet one = SVMS_RTCP_PACKET_INIT;
    svms_status status = svms_rtcp_begin(&it, packet, size, err);
    if (status != SVMS_OK) {
        return status;
    }
    receiver->now_ns = now_ns > receiver->now_ns ? now_ns : receiver->now_ns;
    while ((status = svms_rtcp_next(&it, &one, err)) == SVMS_OK) {
        if (one.type == SVMS_RTCP_SR) {
            hear_report(receiver, &one);
        } else if (one.type == SVMS_RTCP_BYE) {
            hear_goodbye(receiver, &one);
        }
    }
    return status == SVMS_END ? svms_receiver_result(receiver, err) : status;
}

/* RFC 3550 appendix A.3. */
static void count_loss(svms_rtp_receiver *r, svms_rtcp_block *block)
{
    svms_reception *n = &r->reception;
    uint64_t expected = r->reorder.highest + 1 - n->first;
    int64_t lost = (int64_t)(expected - n->received);
    uint64_t expected_now = expected - n->expected_prior;
    int64_t lost_now = (int64_t)(expected_now - (n->received - n->received_prior));
    lost = lost > INT32_MAX ? INT32_MAX : lost < INT32_MIN ? INT32_MIN : lost;
    block->lost = (int32_t)lost;
    if (expected_now > 0 && lost_now > 0) {
        block->fraction_lost = (uint32_t)(((uint64_t)lost_now << 8) / expected_now);
        block->fraction_lost = block->fraction_lost > 255 ? 255 : block->fraction_lost;
    }
    n->expected_prior = expected;
    n->received_prior = n->received;
}

static void fill_block(svms_rtp_receiver *r, svms_rtcp_block *block)
{
    block->ssrc = r->ssrc;
    block->highest_sequence = (uint32_t)(r->reorder.highest - FIRST_CYCLE);
    block->jitter = r->reception.jitter >> 4;
    count_loss(r, block);
    if (r->report.heard && r->report.ssrc == r->ssrc) {
        uint64_t since = r->now_ns - r->report.arrival_ns;
        block->last_report = r->report.ntp_middle;
        block->since_report = svms_rtp_ticks(since, 65536);
    }
}

svms_status svms_rtp_receiver_report(svms_rtp_receiver *receiver, const char *cname, uint32_t flags,
                                     uint64_t now_ns, uint8_t *packet, size_t *size,
                                     svms_error *err)
{
    const uint32_t known = SVMS_RTP_REPORT_PLI | SVMS_RTP_REPORT_BYE;
    if (!receiver || !cname || !packet || !size || (flags & ~known) != 0) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL or out of range");
    }
    svms_rtp_receiver *r = receiver;
    r->now_ns = now_ns > r->now_ns ? now_ns : r->now_ns;
    /* What the interval is counted from moves on only with a report that was written. */
    svms_reception before = r->reception;
    svms_rtcp_block block = { 0 };
    svms_rtcp_report report = { .ssrc = r->own_ssrc, .cname = cname };
    bool received = r->started && r->reception.received > 0;
    if (received) {
        fill_block(r, &block);
        report.block = &block;
    }
    report.pli = (flags & SVMS_RTP_REPORT_PLI) != 0 && r->started;
    report.pli_about = r->ssrc;
    report.bye = (flags & SVMS_RTP_REPORT_BYE) != 0;
    svms_status status = svms_rtcp_write(r->ctx, &report, packet, size, err);
    if (status != SVMS_OK) {
        r->reception = before;
    }
    return status;
}

svms_status svms_rtp_receiver_count(const svms_rtp_receiver *receiver,
                                    svms_rtp_receiver_counts *counts, svms_error *err)
{
    if (!receiver || !counts) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_rtp_receiver_counts known = receiver->counts;
    known.ssrc = receiver->ssrc;
    known.clock_steps = receiver->clock.steps;
    known.drift_ppb = receiver->clock.drift_ppb;
    known.jitter = receiver->reception.jitter >> 4;
    return svms_result_write(counts, &known, sizeof known, "svms_rtp_receiver_counts", err);
}
