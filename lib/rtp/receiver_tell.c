/* SPDX-License-Identifier: Apache-2.0 */
#include "failure.h"
#include "receiver_internal.h"

static svms_rtp_event blank_event(const svms_rtp_receiver *r, svms_rtp_event_kind kind)
{
    svms_rtp_event event = { .struct_size = (uint32_t)sizeof event, .kind = kind };
    event.ssrc = r->ssrc;
    event.rtp_time = SVMS_NO_TIME;
    event.utc_ns = SVMS_NO_TIME;
    event.replay = (svms_rtp_replay)SVMS_RTP_REPLAY_INIT;
    return event;
}

static void call(svms_rtp_receiver *r, const svms_rtp_event *event)
{
    svms_status status = r->options.event(r->options.user, event);
    r->told = r->told == SVMS_OK ? status : r->told;
}

void svms_receiver_tell(svms_rtp_receiver *r, svms_rtp_event_kind kind)
{
    svms_rtp_event event = blank_event(r, kind);
    call(r, &event);
}

void svms_receiver_open_gap(svms_rtp_receiver *r, uint64_t first, uint32_t reasons)
{
    if (!r->gap.open) {
        r->gap = (svms_open_gap){ true, 0, first, 0, 0 };
    }
    r->gap.first = first < r->gap.first ? first : r->gap.first;
    r->gap.reasons |= reasons;
}

void svms_receiver_add_lost(svms_rtp_receiver *r, uint64_t first, uint64_t count)
{
    svms_receiver_open_gap(r, first, SVMS_RTP_GAP_LOST);
    r->gap.lost += count;
    r->counts.lost += count;
}

void svms_receiver_tell_gap(svms_rtp_receiver *r)
{
    if (!r->gap.open) {
        return;
    }
    svms_rtp_event event = blank_event(r, SVMS_RTP_GAP);
    event.reasons = r->gap.reasons;
    event.first_sequence = r->gap.first;
    event.lost = r->gap.lost;
    event.dropped = r->gap.dropped;
    event.rtp_time = r->last_time;
    event.utc_ns = r->last_utc_ns;
    r->gap.open = false;
    r->discontinuity = true;
    call(r, &event);
}

/* The configuration, if parameter sets changed and make one. */
static void add_config(svms_rtp_receiver *r, svms_rtp_event *event)
{
    if (!r->unpacker.sets_changed || !svms_parameter_sets_are_complete(&r->unpacker.sets)) {
        return;
    }
    svms_error err = SVMS_ERROR_INIT;
    svms_builder_reset(&r->config);
    svms_status status = svms_parameter_sets_put_config(&r->unpacker.sets, &r->config, &err);
    if (status == SVMS_E_NO_MEMORY) {
        r->unpacker.starved = true;
        return;
    }
    r->unpacker.sets_changed = false;
    if (status == SVMS_OK) {
        event->config = r->config.data;
        event->config_size = r->config.size;
    }
}

static void add_time(const svms_rtp_receiver *r, svms_rtp_event *event)
{
    if (event->has_replay && event->replay.utc_ns != SVMS_NO_TIME) {
        event->utc_ns = event->replay.utc_ns;
        event->utc_source = SVMS_RTP_UTC_REPLAY;
        return;
    }
    event->utc_ns = svms_rtp_clock_utc(&r->clock, event->rtp_time);
    event->utc_source = event->utc_ns == SVMS_NO_TIME ? SVMS_RTP_UTC_UNKNOWN : SVMS_RTP_UTC_REPORT;
}

static void tell_sample(svms_rtp_receiver *r, const svms_assembly *sample)
{
    svms_rtp_event event = blank_event(r, SVMS_RTP_SAMPLE);
    event.reasons = sample->damage;
    event.first_sequence = sample->number;
    event.rtp_time = sample->time;
    event.flags =
        (sample->sync ? SVMS_SAMPLE_SYNC : 0) | (r->discontinuity ? SVMS_SAMPLE_DISCONTINUITY : 0);
    event.duration = sample->duration;
    event.has_replay = sample->has_replay;
    event.replay = sample->replay;
    event.packets = sample->packets;
    event.data = sample->bytes.data;
    event.size = sample->bytes.size;
    add_time(r, &event);
    add_config(r, &event);
    r->discontinuity = false;
    r->last_time = event.rtp_time;
    r->last_utc_ns = event.utc_ns;
    r->counts.samples++;
    r->counts.delivered += sample->packets;
    call(r, &event);
}

void svms_receiver_deliver(void *receiver, const svms_assembly *sample)
{
    svms_rtp_receiver *r = receiver;
    bool something = sample->bytes.size > 0 || sample->damage == 0;
    bool damaged_too = (r->options.flags & SVMS_RTP_DAMAGED_TOO) != 0 && something;
    if (sample->damage != 0 && !damaged_too) {
        svms_receiver_open_gap(r, sample->number, sample->damage);
        r->gap.dropped += sample->packets;
        r->counts.dropped += sample->packets;
        return;
    }
    svms_receiver_tell_gap(r);
    tell_sample(r, sample);
}

svms_status svms_receiver_result(svms_rtp_receiver *r, svms_error *err)
{
    svms_status told = r->told;
    bool starved = r->unpacker.starved;
    r->told = SVMS_OK;
    r->unpacker.starved = false;
    if (told != SVMS_OK) {
        return svms_fail(err, told, "who receives the samples returned %s", svms_status_name(told));
    }
    return starved ? svms_fail_memory(err) : SVMS_OK;
}
