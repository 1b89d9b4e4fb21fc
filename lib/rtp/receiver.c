/* SPDX-License-Identifier: Apache-2.0 */
#include "receiver_internal.h"

#include "failure.h"
#include "options.h"

enum {
    REORDER_USUAL = 512,
    REORDER_MOST = 1024,
    SAMPLE_USUAL = 8 * 1024 * 1024,
    SAMPLE_MOST = 1 << 28,
    CONFIG_MOST = 65536,
    LATE_RUN = 64
};
#define REORDER_NS_USUAL UINT64_C(200000000)
#define KNOWN_FLAGS                                                                                \
    (SVMS_RTP_FIRST_SEQUENCE | SVMS_RTP_FIXED_SSRC | SVMS_RTP_IN_ORDER | SVMS_RTP_DAMAGED_TOO)

static svms_status check_options(svms_rtp_receiver_options *o, svms_error *err)
{
    o->reorder_packets = o->reorder_packets != 0 ? o->reorder_packets : REORDER_USUAL;
    o->max_sample = o->max_sample != 0 ? o->max_sample : SAMPLE_USUAL;
    o->reorder_ns = o->reorder_ns != 0 ? o->reorder_ns : REORDER_NS_USUAL;
    bool in_range = (o->flags & ~KNOWN_FLAGS) == 0 && o->reorder_packets <= REORDER_MOST &&
                    o->max_sample <= SAMPLE_MOST && o->first_sequence <= UINT16_MAX;
    if (!in_range || !o->event) {
        return svms_fail(err, SVMS_E_USAGE, "an option of the receiver is out of range or missing");
    }
    return SVMS_OK;
}

static svms_status set_up(svms_rtp_receiver *r, const svms_rtp_format *format, svms_error *err)
{
    svms_status status = svms_rtp_format_copy(&r->format, format, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_unpacker_init(&r->unpacker, r->ctx, r->format, r->options.max_sample, err);
    if (status != SVMS_OK) {
        return status;
    }
    r->unpacker.owner = r;
    r->unpacker.deliver = svms_receiver_deliver;
    r->reorder = svms_reorder_new(r->ctx, r->options.reorder_packets);
    r->clock = svms_rtp_clock_new(r->format->clock_rate);
    r->config = svms_builder_new(r->ctx, CONFIG_MOST);
    r->counts = (svms_rtp_receiver_counts)SVMS_RTP_RECEIVER_COUNTS_INIT;
    r->last_time = SVMS_NO_TIME;
    r->last_utc_ns = SVMS_NO_TIME;
    r->ssrc = r->options.ssrc;
    return svms_random(r->ctx, &r->own_ssrc, sizeof r->own_ssrc, err);
}

svms_status svms_rtp_receiver_new(svms_rtp_receiver **out, svms_ctx *ctx,
                                  const svms_rtp_format *format,
                                  const svms_rtp_receiver_options *options, svms_error *err)
{
    if (!out || !ctx || !format || !options) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_rtp_receiver_options known = SVMS_RTP_RECEIVER_OPTIONS_INIT;
    svms_status status =
        svms_options_read(&known, sizeof known, options, "svms_rtp_receiver_options", err);
    if (status == SVMS_OK) {
        status = check_options(&known, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_rtp_receiver *r = svms_alloc(ctx, sizeof *r);
    if (!r) {
        return svms_fail_memory(err);
    }
    r->ctx = ctx;
    r->options = known;
    status = set_up(r, format, err);
    if (status != SVMS_OK) {
        svms_rtp_receiver_free(&r);
        return status;
    }
    *out = r;
    return SVMS_OK;
}

void svms_rtp_receiver_free(svms_rtp_receiver **receiver)
{
    if (!receiver || !*receiver) {
        return;
    }
    svms_rtp_receiver *r = *receiver;
    svms_ctx *ctx = r->ctx;
    /* What was never set up has no context of its own. */
    if (r->reorder.ctx) {
        svms_receiver_forget_candidate(r);
        svms_reorder_clear(&r->reorder);
        svms_builder_clear(&r->config);
    }
    if (r->unpacker.ctx) {
        svms_unpacker_clear(&r->unpacker);
    }
    svms_rtp_format_free(&r->format);
    svms_release(ctx, r);
    *receiver = NULL;
}

/* Some senders keep paths open with packets that hold nothing. */
static bool is_empty(const svms_rtp_packet *packet)
{
    svms_rtp_jpeg_part part;
    return packet->payload_size == 0 && !packet->marker && svms_rtp_read_jpeg_part(&part, packet) &&
           part.profile == 0;
}

/* The next packet of the stream. */
static void process(svms_rtp_receiver *r, const svms_rtp_packet *packet, uint64_t number)
{
    if (packet->payload_type != r->format->payload_type || is_empty(packet)) {
        r->counts.other_type++;
        return;
    }
    int64_t time = svms_rtp_clock_extend(&r->clock, packet->timestamp);
    svms_unpack_packet numbered = { packet, number, time };
    svms_unpacker_packet(&r->unpacker, &numbered);
}

static void take_held(svms_rtp_receiver *r)
{
    svms_reorder_slot slot;
    while (svms_reorder_take(&r->reorder, &slot)) {
        svms_rtp_packet packet;
        /* It was read before it was held. */
        if (svms_rtp_read_header(&packet, slot.bytes, slot.size, NULL) == SVMS_OK) {
            process(r, &packet, r->reorder.next - 1);
        }
        svms_release(r->ctx, slot.bytes);
    }
}

static void give_up(svms_rtp_receiver *r, uint64_t count)
{
    if (count > 0) {
        svms_receiver_add_lost(r, r->reorder.next, count);
        svms_unpacker_lost(&r->unpacker);
        svms_reorder_skip(&r->reorder, count);
    }
    take_held(r);
}

void svms_receiver_drain(svms_rtp_receiver *r)
{
    while (r->reorder.held > 0) {
        give_up(r, svms_reorder_hole(&r->reorder));
    }
}

static void give_up_what_waited(svms_rtp_receiver *r)
{
    while (r->reorder.held > 0 && r->now_ns - r->reorder.waiting_from >= r->options.reorder_ns) {
        give_up(r, svms_reorder_hole(&r->reorder));
    }
}

/* Gives up holes until a packet of this number and size can be held, or is the next. */
static void make_room(svms_rtp_receiver *r, uint64_t number, size_t size)
{
    if ((r->options.flags & SVMS_RTP_IN_ORDER) != 0) {
        give_up(r, number - r->reorder.next);
        return;
    }
    while (number > r->reorder.next && svms_reorder_is_full(&r->reorder, number, size)) {
        uint64_t excess = number - r->reorder.next + 1 - r->reorder.capacity;
        give_up(r, r->reorder.held > 0 ? svms_reorder_hole(&r->reorder) : excess);
    }
}

static void take_in(svms_rtp_receiver *r, const svms_rtp_packet *packet, uint64_t number,
                    const uint8_t *data, size_t size)
{
    svms_receiver_forget_candidate(r);
    r->late_run = 0;
    r->counts.packets++;
    r->counts.bytes += packet->payload_size;
    make_room(r, number, size);
    if (number > r->reorder.next) {
        svms_error err = SVMS_ERROR_INIT;
        if (svms_reorder_hold(&r->reorder, number, data, size, r->now_ns, &err) != SVMS_OK) {
            /* It will be given up as any packet that did not come. */
            r->counts.packets--;
            r->counts.bytes -= packet->payload_size;
            r->unpacker.starved = true;
        }
        return;
    }
    svms_reorder_note(&r->reorder, number);
    process(r, packet, number);
    take_held(r);
}

/* What is merely late comes in any order; a stream that began anew counts on (P-SEQ-7). */
static bool is_long_run(svms_rtp_receiver *r, uint16_t sequence)
{
    bool follows = r->late_run > 0 && sequence == (uint16_t)(r->late_latest + 1);
    r->late_run = follows ? r->late_run + 1 : 1;
    r->late_latest = sequence;
    return r->late_run == LATE_RUN;
}

void svms_receiver_accept(svms_rtp_receiver *r, const svms_rtp_packet *packet, const uint8_t *data,
                          size_t size)
{
    uint64_t number = 0;
    svms_arrival arrival = svms_reorder_place(&r->reorder, (uint16_t)packet->sequence, &number);
    if (arrival == SVMS_ARRIVAL_STRANGE) {
        svms_receiver_consider(r, packet, data, size);
        return;
    }
    r->last_arrival_ns = r->now_ns;
    svms_reception_note(r, packet);
    switch (arrival) {
    case SVMS_ARRIVAL_DUPLICATE:
        r->counts.duplicates++;
        break;
    case SVMS_ARRIVAL_LATE:
        r->counts.late++;
        svms_reorder_note(&r->reorder, number);
        if (is_long_run(r, (uint16_t)packet->sequence)) {
            svms_receiver_end_source(r, SVMS_RTP_GAP_RESTART);
            r->report.heard = false;
            svms_receiver_take_source(r, packet->ssrc, (uint16_t)(packet->sequence + 1));
        }
        break;
    default:
        take_in(r, packet, number, data, size);
        break;
    }
}

svms_status svms_rtp_receiver_push(svms_rtp_receiver *receiver, const uint8_t *packet, size_t size,
                                   uint64_t now_ns, svms_error *err)
{
    if (!receiver || !packet) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_rtp_receiver *r = receiver;
    svms_rtp_packet known;
    r->now_ns = now_ns > r->now_ns ? now_ns : r->now_ns;
    svms_status status = svms_rtp_read_header(&known, packet, size, err);
    if (status != SVMS_OK) {
        r->counts.refused++;
        return status;
    }
    bool fixed = (r->options.flags & SVMS_RTP_FIXED_SSRC) != 0;
    if (fixed && known.ssrc != r->options.ssrc) {
        r->counts.foreign++;
        return SVMS_OK;
    }
    if (!r->started) {
        svms_receiver_take_source(r, known.ssrc, (uint16_t)known.sequence);
    }
    if (known.ssrc == r->ssrc) {
        svms_receiver_accept(r, &known, packet, size);
    } else {
        svms_receiver_consider(r, &known, packet, size);
    }
    give_up_what_waited(r);
    return svms_receiver_result(r, err);
}

svms_status svms_rtp_receiver_tick(svms_rtp_receiver *receiver, uint64_t now_ns, svms_error *err)
{
    if (!receiver) {
        return svms_fail(err, SVMS_E_USAGE, "the receiver is NULL");
    }
    receiver->now_ns = now_ns > receiver->now_ns ? now_ns : receiver->now_ns;
    svms_receiver_switch_if_due(receiver);
    give_up_what_waited(receiver);
    return svms_receiver_result(receiver, err);
}

uint64_t svms_rtp_receiver_wait(const svms_rtp_receiver *receiver)
{
    if (!receiver) {
        return UINT64_MAX;
    }
    uint64_t from = receiver->reorder.waiting_from;
    uint64_t wait = receiver->options.reorder_ns;
    uint64_t hole = from < UINT64_MAX - wait ? from + wait : UINT64_MAX;
    uint64_t other = svms_receiver_switch_time(receiver);
    return hole < other ? hole : other;
}

svms_status svms_rtp_receiver_flush(svms_rtp_receiver *receiver, svms_error *err)
{
    if (!receiver) {
        return svms_fail(err, SVMS_E_USAGE, "the receiver is NULL");
    }
    svms_receiver_forget_candidate(receiver);
    svms_receiver_drain(receiver);
    svms_unpacker_restart(&receiver->unpacker);
    svms_receiver_tell_gap(receiver);
    receiver->started = false;
    receiver->report.heard = false;
    return svms_receiver_result(receiver, err);
}

int64_t svms_rtp_receiver_utc(const svms_rtp_receiver *receiver, int64_t rtp_time)
{
    return receiver ? svms_rtp_clock_utc(&receiver->clock, rtp_time) : SVMS_NO_TIME;
}
