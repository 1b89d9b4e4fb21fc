/* SPDX-License-Identifier: Apache-2.0 */
/* Media keys of who watches. Each has a key of his own, and each of his streams a source of its own
 * under it (docs/spec/srtp.md, SR-KEY-4). */
#include "serve_internal.h"

#include <string.h>

#include <openssl/rand.h>

/* ONVIF wants an MKI in every packet; GStreamer cannot have one. */
enum { MKI_SIZE = 4, TAIL_ROOM = 64 };

/* As the sender before it, if there is one, or anew. */
static svms_status make_sender(serve_stream *stream, svms_rtp_sender_options *options,
                               svms_error *err)
{
    const serve_watch *watch = stream->watch;
    const serve_track *track = stream->track;
    svms_rtp_sender *made = NULL;
    options->max_packet = SERVE_PACKET_MAX;
    options->tail_room = TAIL_ROOM;
    options->timebase_num = track->track.timebase_num;
    options->timebase_den = track->track.timebase_den;
    options->flags |= watch->replay ? SVMS_RTP_WITH_REPLAY : 0;
    options->user = stream;
    options->packet = serve_packet;
    svms_status status =
        svms_rtp_sender_new(&made, watch->client->serve->options.ctx, track->format, options, err);
    if (status == SVMS_OK) {
        svms_rtp_sender_free(&stream->sender);
        stream->sender = made;
        stream->revision = track->revision;
    }
    return status;
}

static svms_status begin_stream(serve_stream *stream, svms_error *err)
{
    uint8_t drawn[2];
    if (RAND_bytes(drawn, sizeof drawn) != 1) {
        return SVMS_E_CRYPTO;
    }
    svms_rtp_sender_options options = SVMS_RTP_SENDER_OPTIONS_INIT;
    /* Below 2^15, so that whoever misses the first packets guesses right (SR-SND-2). */
    options.flags = SVMS_RTP_GIVEN_SEQUENCE;
    options.first_sequence = (uint32_t)(drawn[0] & 0x7F) << 8 | drawn[1];
    svms_status status = make_sender(stream, &options, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_rtp_sender_counts counts = SVMS_RTP_SENDER_COUNTS_INIT;
    status = svms_rtp_sender_count(stream->sender, &counts, err);
    stream->ssrc = counts.ssrc;
    return status;
}

svms_status serve_renew_sender(serve_stream *stream, svms_error *err)
{
    svms_rtp_sender_options options = SVMS_RTP_SENDER_OPTIONS_INIT;
    svms_rtp_sender_counts counts = SVMS_RTP_SENDER_COUNTS_INIT;
    svms_status status = svms_rtp_sender_count(stream->sender, &counts, err);
    options.flags = SVMS_RTP_GIVEN_SSRC | SVMS_RTP_GIVEN_SEQUENCE | SVMS_RTP_GIVEN_TIME;
    options.ssrc = counts.ssrc;
    options.first_sequence = counts.next_sequence;
    options.first_time = svms_rtp_sender_time(stream->sender, 0);
    /* Reports count from here, and what was heard of before is gone with the old one. */
    stream->sync_heard = 0;
    return status == SVMS_OK ? make_sender(stream, &options, err) : status;
}

static svms_status begin_keys(serve_watch *watch, svms_error *err)
{
    const stream_serve_options *o = &watch->client->serve->options;
    svms_srtp_options options = SVMS_SRTP_OPTIONS_INIT;
    if (o->suite == SVMS_SRTP_AES_CM_128_HMAC_SHA1_80) {
        options.flags |= SVMS_SRTP_ALLOW_SHA1;
    }
    options.max_sources = 64;
    svms_srtp_key key = SVMS_SRTP_KEY_INIT;
    svms_status status = svms_srtp_new(&watch->srtp, o->ctx, &options, err);
    if (status == SVMS_OK) {
        status = svms_srtp_key_random(&key, o->ctx, o->suite,
                                      o->form == SVMS_MIKEY_ONVIF ? MKI_SIZE : 0, err);
    }
    for (uint32_t i = 0; i < watch->tracks->count && status == SVMS_OK; i++) {
        serve_stream *stream = &watch->streams[i];
        status = svms_mikey_make(&stream->message, o->ctx, o->form, &key, err);
        if (status == SVMS_OK) {
            status = svms_srtp_send(watch->srtp, stream->ssrc, &key, err);
        }
    }
    /* A client without a key of its own reports under ours. */
    if (status == SVMS_OK) {
        status = svms_srtp_receive(watch->srtp, SVMS_SRTP_ANY_SOURCE, 0, 0, &key, err);
    }
    svms_srtp_key_wipe(&key);
    return status;
}

svms_status serve_prepare(serve_watch *watch, svms_error *err)
{
    svms_status status = SVMS_OK;
    for (uint32_t i = 0; i < watch->tracks->count && status == SVMS_OK; i++) {
        if (!watch->streams[i].sender) {
            status = begin_stream(&watch->streams[i], err);
        }
    }
    if (status == SVMS_OK && watch->client->serve->options.media == STREAM_SERVE_SRTP &&
        !watch->srtp) {
        status = begin_keys(watch, err);
        if (status != SVMS_OK) {
            svms_srtp_free(&watch->srtp);
        }
    }
    return status;
}

svms_status serve_write_key(const serve_watch *watch, const serve_stream *stream, uint8_t *out,
                            size_t *size, svms_error *err)
{
    svms_mikey message = stream->message;
    message.source_count = 1;
    message.sources[0] =
        (svms_mikey_source){ stream->ssrc, svms_srtp_roc(watch->srtp, stream->ssrc), 0 };
    svms_status status = svms_mikey_write(&message, out, size, err);
    svms_mikey_wipe(&message);
    return status;
}

static svms_status adopt(serve_stream *stream, const svms_mikey *message, svms_error *err)
{
    svms_status status = svms_srtp_send(stream->watch->srtp, stream->ssrc, &message->key, err);
    if (status == SVMS_OK) {
        svms_mikey_wipe(&stream->message);
        stream->message = *message;
        stream->key_is_the_clients = true;
    }
    return status;
}

static bool names(const svms_mikey *message, uint32_t ssrc)
{
    for (uint32_t i = 0; i < message->source_count; i++) {
        if (message->sources[i].ssrc == ssrc) {
            return true;
        }
    }
    return false;
}

/* Each track may have a key of its own; one that names none of our sources is for all. */
static svms_status adopt_where_meant(serve_watch *watch, const svms_mikey *message, svms_error *err)
{
    svms_status status = SVMS_OK;
    bool named = false;
    for (uint32_t i = 0; i < watch->tracks->count; i++) {
        named = named || names(message, watch->streams[i].ssrc);
    }
    for (uint32_t i = 0; i < watch->tracks->count && status == SVMS_OK; i++) {
        if (!named || names(message, watch->streams[i].ssrc)) {
            status = adopt(&watch->streams[i], message, err);
        }
    }
    return status;
}

static svms_status receive_under(serve_watch *watch, const svms_mikey *message, svms_error *err)
{
    svms_status status = SVMS_OK;
    bool for_any = message->source_count == 0;
    for (uint32_t i = 0; i < message->source_count && status == SVMS_OK; i++) {
        uint32_t ssrc = message->sources[i].ssrc;
        bool ours = false;
        for (uint32_t k = 0; k < watch->tracks->count; k++) {
            ours = ours || watch->streams[k].ssrc == ssrc;
        }
        if (ssrc == 0 || ours) {
            for_any = true;
            continue;
        }
        status =
            svms_srtp_receive(watch->srtp, 0, ssrc, message->sources[i].roc, &message->key, err);
    }
    return status == SVMS_OK && for_any
               ? svms_srtp_receive(watch->srtp, SVMS_SRTP_ANY_SOURCE, 0, 0, &message->key, err)
               : status;
}

static svms_status read_message(serve_watch *watch, svms_mikey *out, const uint8_t *data,
                                size_t size, svms_error *err)
{
    bool had = watch->theirs.key.suite != 0;
    *out = (svms_mikey)SVMS_MIKEY_INIT;
    return svms_mikey_read(out, data, size, had ? &watch->theirs : NULL, err);
}

static void keep_message(serve_watch *watch, svms_mikey *message, svms_status status)
{
    if (status == SVMS_OK) {
        svms_mikey_wipe(&watch->theirs);
        watch->theirs = *message;
    }
    svms_mikey_wipe(message);
}

svms_status serve_take_key(serve_watch *watch, serve_stream *stream, const uint8_t *data,
                           size_t size, svms_error *err)
{
    svms_mikey message;
    svms_status status = read_message(watch, &message, data, size, err);
    if (status == SVMS_OK) {
        status = receive_under(watch, &message, err);
        /* Where media go under our key, a client's own is for its reports. GStreamer's has a suite
         * that is not allowed here: then its reports are not heard, and nothing else is lost. */
        if (status == SVMS_E_POLICY && watch->keys_were_offered) {
            status = SVMS_OK;
        }
    }
    if (status == SVMS_OK && !watch->keys_were_offered) {
        status = adopt(stream, &message, err);
    }
    keep_message(watch, &message, status);
    return status;
}

svms_status serve_renew_key(serve_watch *watch, const uint8_t *data, size_t size, svms_error *err)
{
    svms_mikey message;
    svms_status status = read_message(watch, &message, data, size, err);
    if (status == SVMS_OK) {
        status = receive_under(watch, &message, err);
    }
    if (status == SVMS_OK) {
        status = adopt_where_meant(watch, &message, err);
    }
    keep_message(watch, &message, status);
    return status;
}
