/* SPDX-License-Identifier: Apache-2.0 */
/* Which source is received, and when another one takes over (P-SRC). */
#include <string.h>

#include "receiver_internal.h"

#define SILENCE_NS UINT64_C(500000000)

void svms_receiver_take_source(svms_rtp_receiver *r, uint32_t ssrc, uint16_t first)
{
    bool known = (r->options.flags & SVMS_RTP_FIRST_SEQUENCE) != 0;
    r->options.flags &= ~SVMS_RTP_FIRST_SEQUENCE;
    /* A first number that is nowhere near is of another answer. */
    uint16_t missing = (uint16_t)(first - (uint16_t)r->options.first_sequence);
    known = known && missing <= SVMS_REORDER_AHEAD_MAX;
    svms_reorder_start(&r->reorder, known ? (uint16_t)r->options.first_sequence : first);
    svms_rtp_clock_restart(&r->clock);
    r->ssrc = ssrc;
    r->started = true;
    r->said_bye = false;
    r->late_run = 0;
    r->last_arrival_ns = r->now_ns;
    r->reception = (svms_reception){ .first = r->reorder.next };
    if (r->report.heard && r->report.ssrc == ssrc) {
        svms_rtp_clock_mark(&r->clock, r->report.rtp_time, r->report.utc_ns);
    }
    r->counts.sources++;
    svms_receiver_tell(r, SVMS_RTP_SOURCE);
}

void svms_receiver_end_source(svms_rtp_receiver *r, uint32_t reason)
{
    svms_receiver_drain(r);
    svms_unpacker_restart(&r->unpacker);
    svms_receiver_open_gap(r, r->reorder.next, reason);
    r->started = false;
}

static void release_packets(svms_rtp_receiver *r, svms_candidate *candidate)
{
    for (uint32_t i = 0; i < candidate->count; i++) {
        svms_release(r->ctx, candidate->packets[i].bytes);
    }
    candidate->count = 0;
    candidate->followed = false;
}

void svms_receiver_forget_candidate(svms_rtp_receiver *r)
{
    if (r->candidate.count == 0) {
        return;
    }
    r->counts.collisions += r->candidate.ssrc != r->ssrc;
    r->counts.foreign += r->candidate.count;
    release_packets(r, &r->candidate);
}

static void switch_over(svms_rtp_receiver *r)
{
    svms_candidate candidate = r->candidate;
    bool other = candidate.ssrc != r->ssrc;
    r->candidate.count = 0;
    r->candidate.followed = false;
    svms_receiver_end_source(r, other ? SVMS_RTP_GAP_SOURCE : SVMS_RTP_GAP_RESTART);
    if (!other) {
        r->report.heard = false;
    }
    for (uint32_t i = 0; i < candidate.count; i++) {
        const svms_reorder_slot *slot = &candidate.packets[i];
        svms_rtp_packet packet;
        if (svms_rtp_read_header(&packet, slot->bytes, slot->size, NULL) != SVMS_OK) {
            continue;
        }
        if (!r->started) {
            svms_receiver_take_source(r, packet.ssrc, (uint16_t)packet.sequence);
        }
        svms_receiver_accept(r, &packet, slot->bytes, slot->size);
    }
    release_packets(r, &candidate);
}

static bool may_switch(const svms_rtp_receiver *r)
{
    const svms_candidate *candidate = &r->candidate;
    if (candidate->count == 0 || !candidate->followed) {
        return false;
    }
    return candidate->ssrc == r->ssrc || r->said_bye || candidate->count == SVMS_CANDIDATE_MAX ||
           r->now_ns - r->last_arrival_ns >= SILENCE_NS;
}

void svms_receiver_switch_if_due(svms_rtp_receiver *r)
{
    if (may_switch(r)) {
        switch_over(r);
    }
}

uint64_t svms_receiver_switch_time(const svms_rtp_receiver *r)
{
    bool waits = r->candidate.count > 0 && r->candidate.followed;
    return waits && r->last_arrival_ns < UINT64_MAX - SILENCE_NS ? r->last_arrival_ns + SILENCE_NS
                                                                 : UINT64_MAX;
}

void svms_receiver_consider(svms_rtp_receiver *r, const svms_rtp_packet *packet,
                            const uint8_t *data, size_t size)
{
    svms_candidate *candidate = &r->candidate;
    bool fixed = (r->options.flags & SVMS_RTP_FIXED_SSRC) != 0;
    if (fixed && packet->ssrc != r->ssrc) {
        r->counts.foreign++;
        return;
    }
    bool another = candidate->count > 0 && candidate->ssrc != packet->ssrc;
    if (another || candidate->count == SVMS_CANDIDATE_MAX) {
        svms_receiver_forget_candidate(r);
    }
    uint8_t *copy = svms_alloc(r->ctx, size);
    if (!copy) {
        r->counts.foreign++;
        r->unpacker.starved = true;
        return;
    }
    memcpy(copy, data, size);
    uint16_t sequence = (uint16_t)packet->sequence;
    if (candidate->count > 0 && sequence == (uint16_t)(candidate->latest + 1)) {
        candidate->followed = true;
    }
    candidate->ssrc = packet->ssrc;
    candidate->latest = sequence;
    candidate->packets[candidate->count++] = (svms_reorder_slot){ copy, size, r->now_ns };
    svms_receiver_switch_if_due(r);
}
