/* SPDX-License-Identifier: Apache-2.0 */
#include "unpacker.h"

#include "failure.h"

static const svms_unpacker_kind *kind_of(uint32_t codec)
{
    switch (codec) {
    case SVMS_CODEC_H264:
        return &svms_unpack_h264;
    case SVMS_CODEC_H265:
        return &svms_unpack_h265;
    case SVMS_CODEC_AAC:
        return &svms_unpack_aac;
    case SVMS_CODEC_PCMU:
    case SVMS_CODEC_PCMA:
        return &svms_unpack_g711;
    case SVMS_CODEC_MJPEG:
        return &svms_unpack_jpeg;
    default:
        return &svms_unpack_metadata;
    }
}

svms_status svms_unpacker_init(svms_unpacker *u, svms_ctx *ctx, const svms_rtp_format *format,
                               size_t max_sample, svms_error *err)
{
    *u = (svms_unpacker){ .kind = kind_of(format->codec), .ctx = ctx, .format = format };
    u->fresh = true;
    u->sample.bytes = svms_builder_new(ctx, max_sample);
    u->jpeg.segments = svms_builder_new(ctx, max_sample);
    u->sets = svms_parameter_sets_new(ctx, format->codec);
    return svms_parameter_sets_copy(&u->sets, &format->sets, err);
}

void svms_unpacker_clear(svms_unpacker *u)
{
    svms_builder_clear(&u->sample.bytes);
    svms_parameter_sets_clear(&u->sets);
    svms_builder_clear(&u->jpeg.segments);
    svms_release(u->ctx, u->jpeg.head);
    u->jpeg.head = NULL;
    for (int i = 0; i < SVMS_JPEG_STATIC_COUNT; i++) {
        svms_release(u->ctx, u->jpeg.kept[i]);
        u->jpeg.kept[i] = NULL;
    }
}

void svms_unpacker_lost(svms_unpacker *u)
{
    if (u->sample.open) {
        svms_unpacker_damage(u, SVMS_RTP_GAP_LOST);
    }
    u->missing |= SVMS_RTP_GAP_LOST;
}

void svms_unpacker_restart(svms_unpacker *u)
{
    if (u->sample.open) {
        /* Whatever was still to come did not. */
        svms_unpacker_damage(u, SVMS_RTP_GAP_LOST);
        u->kind->end(u);
    }
    u->missing = 0;
    u->fresh = true;
}

void svms_unpacker_packet(svms_unpacker *u, const svms_unpack_packet *p)
{
    u->kind->packet(u, p);
    u->missing = 0;
}

void svms_unpacker_begin(svms_unpacker *u, const svms_unpack_packet *p, bool whole)
{
    svms_assembly *sample = &u->sample;
    if (sample->open) {
        sample->packets++;
        return;
    }
    svms_builder_reset(&sample->bytes);
    sample->open = true;
    sample->sync = false;
    sample->damage = whole ? 0 : u->missing;
    sample->duration = 0;
    sample->number = p->number;
    sample->time = p->time;
    sample->packets = 1;
    sample->has_replay = p->rtp->has_replay != 0;
    sample->replay = p->rtp->replay;
}

void svms_unpacker_damage(svms_unpacker *u, uint32_t reason)
{
    u->sample.damage |= reason;
}

void svms_unpacker_incoherent(svms_unpacker *u)
{
    if (u->sample.damage == 0) {
        u->sample.damage = u->missing != 0 ? u->missing
                           : u->fresh      ? SVMS_RTP_GAP_JOINED
                                           : SVMS_RTP_GAP_MALFORMED;
    }
}

void svms_unpacker_append(svms_unpacker *u, const uint8_t *data, size_t size)
{
    svms_put_bytes(&u->sample.bytes, data, size);
}

void svms_unpacker_finish(svms_unpacker *u)
{
    svms_assembly *sample = &u->sample;
    if (sample->bytes.status == SVMS_E_NO_MEMORY) {
        sample->damage |= SVMS_RTP_GAP_MEMORY;
        u->starved = true;
    } else if (sample->bytes.status != SVMS_OK) {
        sample->damage |= SVMS_RTP_GAP_LIMIT;
    }
    sample->open = false;
    u->fresh = false;
    u->deliver(u->owner, sample);
}
