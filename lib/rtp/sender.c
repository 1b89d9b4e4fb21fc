/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/rtp.h>

#include <string.h>

#include "failure.h"
#include "options.h"
#include "packer.h"
#include "rtcp_write.h"
#include "rtp_header.h"
#include "sender_internal.h"

enum { PACKET_MIN = 256, PACKET_USUAL = 1200, TAIL_MAX = 1024 };
#define KNOWN_FLAGS                                                                                \
    (SVMS_RTP_GIVEN_SSRC | SVMS_RTP_GIVEN_SEQUENCE | SVMS_RTP_GIVEN_TIME |                         \
     SVMS_RTP_NO_PARAMETER_SETS | SVMS_RTP_WITH_REPLAY)

static svms_status emit(void *owner, const svms_iovec *pieces, size_t count, bool marker,
                        uint32_t ticks_behind)
{
    svms_rtp_sender *s = owner;
    s->packet.marker = marker;
    s->packet.sequence = s->next_sequence;
    s->packet.timestamp = s->sample_time + ticks_behind;
    const svms_rtp_replay *replay = s->replay_due ? &s->replay : NULL;
    size_t header = svms_rtp_write_header(s->buffer, &s->packet, replay, s->packer.part);
    size_t size = header;
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].size > 0) {
            memcpy(s->buffer + size, pieces[i].data, pieces[i].size);
        }
        size += pieces[i].size;
    }
    s->replay_due = false;
    s->next_sequence = (uint16_t)(s->next_sequence + 1);
    s->packets++;
    s->bytes += size - header;
    return s->options.packet(s->options.user, s->buffer, size, s->capacity);
}

static svms_status check_options(svms_rtp_sender_options *options, svms_error *err)
{
    if (options->max_packet == 0) {
        options->max_packet = PACKET_USUAL;
    }
    if (options->timebase_num == 0 && options->timebase_den != 0) {
        return svms_fail(err, SVMS_E_USAGE, "a time base of 0");
    }
    bool in_range = (options->flags & ~KNOWN_FLAGS) == 0 && options->max_packet >= PACKET_MIN &&
                    options->max_packet <= SVMS_RTP_PACKET_MAX && options->tail_room <= TAIL_MAX &&
                    options->first_sequence <= UINT16_MAX &&
                    (options->timebase_num == 0 || options->timebase_den != 0);
    if (!in_range || !options->packet) {
        return svms_fail(err, SVMS_E_USAGE, "an option of the sender is out of range or missing");
    }
    return SVMS_OK;
}

/* RFC 3550 section 5.1: SSRC, first number and first time are random. */
static svms_status draw_numbers(svms_rtp_sender *s, svms_error *err)
{
    uint32_t drawn[3];
    svms_status status = svms_random(s->ctx, drawn, sizeof drawn, err);
    if (status != SVMS_OK) {
        return status;
    }
    const svms_rtp_sender_options *o = &s->options;
    s->packet.ssrc = (o->flags & SVMS_RTP_GIVEN_SSRC) != 0 ? o->ssrc : drawn[0];
    s->next_sequence = (uint16_t)drawn[1];
    if ((o->flags & SVMS_RTP_GIVEN_SEQUENCE) != 0) {
        s->next_sequence = (uint16_t)o->first_sequence;
    }
    s->first_time = (o->flags & SVMS_RTP_GIVEN_TIME) != 0 ? o->first_time : drawn[2];
    return SVMS_OK;
}

static svms_status set_up(svms_rtp_sender *s, const svms_rtp_format *format, svms_error *err)
{
    svms_status status = svms_rtp_format_copy(&s->format, format, err);
    if (status != SVMS_OK) {
        return status;
    }
    s->capacity = (size_t)s->options.max_packet + s->options.tail_room;
    s->buffer = svms_alloc(s->ctx, s->capacity);
    if (!s->buffer) {
        return svms_fail_memory(err);
    }
    bool replay = (s->options.flags & SVMS_RTP_WITH_REPLAY) != 0;
    size_t header = SVMS_RTP_HEADER_SIZE + (replay ? (size_t)SVMS_RTP_REPLAY_SIZE : 0);
    s->packer.format = s->format;
    s->packer.room = s->options.max_packet - header;
    s->packer.parameter_sets = (s->options.flags & SVMS_RTP_NO_PARAMETER_SETS) == 0;
    s->packer.talkspurt = true;
    s->packer.owner = s;
    s->packer.emit = emit;
    s->packet = (svms_rtp_packet)SVMS_RTP_PACKET_INIT;
    s->packet.payload_type = s->format->payload_type;
    s->marked_utc_ns = SVMS_NO_TIME;
    s->heard = (svms_rtp_sender_counts)SVMS_RTP_SENDER_COUNTS_INIT;
    return draw_numbers(s, err);
}

svms_status svms_rtp_sender_new(svms_rtp_sender **out, svms_ctx *ctx, const svms_rtp_format *format,
                                const svms_rtp_sender_options *options, svms_error *err)
{
    if (!out || !ctx || !format || !options) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_rtp_sender_options known = SVMS_RTP_SENDER_OPTIONS_INIT;
    svms_status status =
        svms_options_read(&known, sizeof known, options, "svms_rtp_sender_options", err);
    if (status == SVMS_OK) {
        status = check_options(&known, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_rtp_sender *s = svms_alloc(ctx, sizeof *s);
    if (!s) {
        return svms_fail_memory(err);
    }
    s->ctx = ctx;
    s->options = known;
    status = set_up(s, format, err);
    if (status != SVMS_OK) {
        svms_rtp_sender_free(&s);
        return status;
    }
    *out = s;
    return SVMS_OK;
}

void svms_rtp_sender_free(svms_rtp_sender **sender)
{
    if (!sender || !*sender) {
        return;
    }
    svms_rtp_sender *s = *sender;
    svms_rtp_format_free(&s->format);
    svms_release_secret(s->ctx, s->buffer, s->capacity);
    svms_release(s->ctx, s);
    *sender = NULL;
}

/* pts * num / den seconds in ticks, rounded down, modulo 2^32; every product fits in 64 bits or may
 * wrap. */
static uint32_t ticks_of(const svms_rtp_sender *s, int64_t pts)
{
    uint32_t num = s->options.timebase_num;
    uint32_t den = s->options.timebase_den;
    if (num == 0) {
        return (uint32_t)(uint64_t)pts;
    }
    int64_t whole = pts / den;
    int64_t rest = pts % den;
    if (rest < 0) {
        rest += den;
        whole--;
    }
    uint64_t rate = s->format->clock_rate;
    uint64_t product = (uint64_t)rest * num;
    uint64_t ticks =
        (uint64_t)whole * num * rate + product / den * rate + product % den * rate / den;
    return (uint32_t)ticks;
}

uint32_t svms_rtp_sender_time(const svms_rtp_sender *sender, int64_t pts)
{
    return sender ? sender->first_time + ticks_of(sender, pts) : 0;
}

static void prepare_replay(svms_rtp_sender *s, const svms_sample *sample,
                           const svms_rtp_replay *more)
{
    s->replay_due = (s->options.flags & SVMS_RTP_WITH_REPLAY) != 0;
    s->replay = *more;
    s->replay.utc_ns = more->utc_ns != SVMS_NO_TIME ? more->utc_ns : sample->utc_ns;
    if ((sample->flags & SVMS_SAMPLE_SYNC) != 0) {
        s->replay.flags |= SVMS_RTP_REPLAY_CLEAN;
    }
    if ((sample->flags & SVMS_SAMPLE_DISCONTINUITY) != 0) {
        s->replay.flags |= SVMS_RTP_REPLAY_DISCONTINUITY;
    }
}

static svms_status pack(svms_packer *packer, const svms_sample *sample, svms_error *err)
{
    switch (packer->format->codec) {
    case SVMS_CODEC_H264:
        return svms_pack_h264(packer, sample, err);
    case SVMS_CODEC_H265:
        return svms_pack_h265(packer, sample, err);
    case SVMS_CODEC_AAC:
        return svms_pack_aac(packer, sample, err);
    case SVMS_CODEC_PCMU:
    case SVMS_CODEC_PCMA:
        return svms_pack_g711(packer, sample, err);
    case SVMS_CODEC_MJPEG:
        return svms_pack_jpeg(packer, sample, err);
    default:
        return svms_pack_metadata(packer, sample, err);
    }
}

svms_status svms_rtp_sender_send(svms_rtp_sender *sender, const svms_sample *sample,
                                 const svms_rtp_replay *replay, svms_error *err)
{
    if (!sender || !sample) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_sample known = SVMS_SAMPLE_INIT;
    svms_rtp_replay more = SVMS_RTP_REPLAY_INIT;
    svms_status status = svms_options_read(&known, sizeof known, sample, "svms_sample", err);
    if (status == SVMS_OK) {
        status = svms_options_read(&more, sizeof more, replay, "svms_rtp_replay", err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (!known.data || more.cseq > UINT8_MAX) {
        return svms_fail(err, SVMS_E_USAGE, "the sample has no bytes, or Cseq is above 255");
    }
    sender->sample_time = svms_rtp_sender_time(sender, known.pts);
    prepare_replay(sender, &known, &more);
    status = pack(&sender->packer, &known, err);
    if (status == SVMS_OK && sender->replay.utc_ns != SVMS_NO_TIME) {
        sender->marked_utc_ns = sender->replay.utc_ns;
        sender->marked_time = sender->sample_time;
    }
    return status;
}

svms_status svms_rtp_sender_renew(svms_rtp_sender *sender, svms_error *err)
{
    uint32_t drawn = 0;
    if (!sender) {
        return svms_fail(err, SVMS_E_USAGE, "the sender is NULL");
    }
    do {
        svms_status status = svms_random(sender->ctx, &drawn, sizeof drawn, err);
        if (status != SVMS_OK) {
            return status;
        }
    } while (drawn == sender->packet.ssrc);
    sender->packet.ssrc = drawn;
    sender->packets = 0;
    sender->bytes = 0;
    return SVMS_OK;
}

svms_status svms_rtp_sender_count(const svms_rtp_sender *sender, svms_rtp_sender_counts *counts,
                                  svms_error *err)
{
    if (!sender || !counts) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_rtp_sender_counts known = sender->heard;
    known.ssrc = sender->packet.ssrc;
    known.next_sequence = sender->next_sequence;
    known.packets = sender->packets;
    known.bytes = sender->bytes;
    return svms_result_write(counts, &known, sizeof known, "svms_rtp_sender_counts", err);
}
