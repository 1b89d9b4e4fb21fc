/* SPDX-License-Identifier: Apache-2.0 */
/* Media keys of a client. Each client has a key of its own, and each of its streams a source of its
 * own under it (docs/spec/srtp.md, SR-KEY-4). */
#include "serve_internal.h"

#include <string.h>

#include <openssl/rand.h>

/* ONVIF wants an MKI in every packet; GStreamer cannot have one. */
enum { MKI_SIZE = 4, TAIL_ROOM = 64 };

static svms_status begin_stream(serve_client *client, uint32_t index, svms_error *err)
{
    serve_stream *stream = &client->streams[index];
    const serve_track *track = &client->serve->tracks[index];
    uint8_t drawn[2];
    if (RAND_bytes(drawn, sizeof drawn) != 1) {
        return SVMS_E_CRYPTO;
    }
    svms_rtp_sender_options options = SVMS_RTP_SENDER_OPTIONS_INIT;
    /* Below 2^15, so that whoever misses the first packets guesses right (SR-SND-2). */
    options.flags = SVMS_RTP_GIVEN_SEQUENCE;
    options.first_sequence = (uint32_t)(drawn[0] & 0x7F) << 8 | drawn[1];
    options.max_packet = SERVE_PACKET_MAX;
    options.tail_room = TAIL_ROOM;
    options.timebase_num = track->track.timebase_num;
    options.timebase_den = track->track.timebase_den;
    options.user = stream;
    options.packet = serve_packet;
    svms_status status = svms_rtp_sender_new(&stream->sender, client->serve->options.ctx,
                                             track->format, &options, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_rtp_sender_counts counts = SVMS_RTP_SENDER_COUNTS_INIT;
    status = svms_rtp_sender_count(stream->sender, &counts, err);
    stream->ssrc = counts.ssrc;
    return status;
}

static svms_status begin_keys(serve_client *client, svms_error *err)
{
    const stream_serve_options *o = &client->serve->options;
    svms_srtp_options options = SVMS_SRTP_OPTIONS_INIT;
    if (o->suite == SVMS_SRTP_AES_CM_128_HMAC_SHA1_80) {
        options.flags |= SVMS_SRTP_ALLOW_SHA1;
    }
    options.max_sources = 64;
    svms_srtp_key key = SVMS_SRTP_KEY_INIT;
    svms_status status = svms_srtp_new(&client->srtp, o->ctx, &options, err);
    if (status == SVMS_OK) {
        status = svms_srtp_key_random(&key, o->ctx, o->suite,
                                      o->form == SVMS_MIKEY_ONVIF ? MKI_SIZE : 0, err);
    }
    for (uint32_t i = 0; i < client->serve->track_count && status == SVMS_OK; i++) {
        serve_stream *stream = &client->streams[i];
        status = svms_mikey_make(&stream->message, o->ctx, o->form, &key, err);
        if (status == SVMS_OK) {
            status = svms_srtp_send(client->srtp, stream->ssrc, &key, err);
        }
    }
    /* A client without a key of its own reports under ours. */
    if (status == SVMS_OK) {
        status = svms_srtp_receive(client->srtp, SVMS_SRTP_ANY_SOURCE, 0, 0, &key, err);
    }
    svms_srtp_key_wipe(&key);
    return status;
}

svms_status serve_prepare(serve_client *client, svms_error *err)
{
    svms_status status = SVMS_OK;
    for (uint32_t i = 0; i < client->serve->track_count && status == SVMS_OK; i++) {
        if (!client->streams[i].sender) {
            status = begin_stream(client, i, err);
        }
    }
    if (status == SVMS_OK && client->serve->options.media == STREAM_SERVE_SRTP && !client->srtp) {
        status = begin_keys(client, err);
        if (status != SVMS_OK) {
            svms_srtp_free(&client->srtp);
        }
    }
    return status;
}

svms_status serve_write_key(serve_client *client, const serve_stream *stream, uint8_t *out,
                            size_t *size, svms_error *err)
{
    svms_mikey message = stream->message;
    message.source_count = 1;
    message.sources[0] =
        (svms_mikey_source){ stream->ssrc, svms_srtp_roc(client->srtp, stream->ssrc), 0 };
    svms_status status = svms_mikey_write(&message, out, size, err);
    svms_mikey_wipe(&message);
    return status;
}

static svms_status adopt(serve_stream *stream, const svms_mikey *message, svms_error *err)
{
    svms_status status = svms_srtp_send(stream->client->srtp, stream->ssrc, &message->key, err);
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
static svms_status adopt_where_meant(serve_client *client, const svms_mikey *message,
                                     svms_error *err)
{
    svms_status status = SVMS_OK;
    bool named = false;
    for (uint32_t i = 0; i < client->serve->track_count; i++) {
        named = named || names(message, client->streams[i].ssrc);
    }
    for (uint32_t i = 0; i < client->serve->track_count && status == SVMS_OK; i++) {
        if (!named || names(message, client->streams[i].ssrc)) {
            status = adopt(&client->streams[i], message, err);
        }
    }
    return status;
}

static svms_status receive_under(serve_client *client, const svms_mikey *message, svms_error *err)
{
    svms_status status = SVMS_OK;
    bool for_any = message->source_count == 0;
    for (uint32_t i = 0; i < message->source_count && status == SVMS_OK; i++) {
        uint32_t ssrc = message->sources[i].ssrc;
        bool ours = false;
        for (uint32_t k = 0; k < client->serve->track_count; k++) {
            ours = ours || client->streams[k].ssrc == ssrc;
        }
        if (ssrc == 0 || ours) {
            for_any = true;
            continue;
        }
        status =
            svms_srtp_receive(client->srtp, 0, ssrc, message->sources[i].roc, &message->key, err);
    }
    return status == SVMS_OK && for_any
               ? svms_srtp_receive(client->srtp, SVMS_SRTP_ANY_SOURCE, 0, 0, &message->key, err)
               : status;
}

static svms_status read_message(serve_client *client, svms_mikey *out, const uint8_t *data,
                                size_t size, svms_error *err)
{
    bool had = client->theirs.key.suite != 0;
    *out = (svms_mikey)SVMS_MIKEY_INIT;
    return svms_mikey_read(out, data, size, had ? &client->theirs : NULL, err);
}

static void keep_message(serve_client *client, svms_mikey *message, svms_status status)
{
    if (status == SVMS_OK) {
        svms_mikey_wipe(&client->theirs);
        client->theirs = *message;
    }
    svms_mikey_wipe(message);
}

svms_status serve_take_key(serve_client *client, serve_stream *stream, const uint8_t *data,
                           size_t size, svms_error *err)
{
    svms_mikey message;
    svms_status status = read_message(client, &message, data, size, err);
    if (status == SVMS_OK) {
        status = receive_under(client, &message, err);
        /* Where media go under our key, a client's own is for its reports. GStreamer's has a suite
         * that is not allowed here: then its reports are not heard, and nothing else is lost. */
        if (status == SVMS_E_POLICY && client->keys_were_offered) {
            status = SVMS_OK;
        }
    }
    if (status == SVMS_OK && !client->keys_were_offered) {
        status = adopt(stream, &message, err);
    }
    keep_message(client, &message, status);
    return status;
}

svms_status serve_renew_key(serve_client *client, const uint8_t *data, size_t size, svms_error *err)
{
    svms_mikey message;
    svms_status status = read_message(client, &message, data, size, err);
    if (status == SVMS_OK) {
        status = receive_under(client, &message, err);
    }
    if (status == SVMS_OK) {
        status = adopt_where_meant(client, &message, err);
    }
    keep_message(client, &message, status);
    return status;
}
