/* SPDX-License-Identifier: Apache-2.0 */
/* What is answered to RTSP requests. */
#include "serve_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

/* RFC 2326 section 7.1.1, and RFC 4567 for 463. */
enum {
    NOT_FOUND = 404,
    NOT_UNDERSTOOD = 451,
    BAD_TRANSPORT = 461,
    BAD_KEY = 463,
    INTERNAL_ERROR = 500,
    MAX_STREAMS = 32,
    CONTROL_SIZE = 16
};

static svms_status describe_with(serve_client *client, svms_sdp_track *tracks, uint8_t *keys,
                                 char controls[][CONTROL_SIZE], svms_rtsp_server_answer *answer)
{
    const stream_serve *serve = client->serve;
    bool secure = serve->options.media == STREAM_SERVE_SRTP;
    for (uint32_t i = 0; i < serve->track_count; i++) {
        const serve_track *from = &serve->tracks[i];
        svms_sdp_track *track = &tracks[i];
        *track = (svms_sdp_track)SVMS_SDP_TRACK_INIT;
        (void)snprintf(controls[i], CONTROL_SIZE, "track%u", (unsigned)i);
        track->secure = secure;
        track->format = from->format;
        track->control = controls[i];
        track->direction = SVMS_SDP_RECVONLY;
        track->width = from->track.width;
        track->height = from->track.height;
        if (secure) {
            size_t size = SVMS_MIKEY_SIZE_MAX;
            track->key_mgmt = keys + (size_t)i * SVMS_MIKEY_SIZE_MAX;
            svms_status status = serve_write_key(
                client, &client->streams[i], keys + (size_t)i * SVMS_MIKEY_SIZE_MAX, &size, NULL);
            if (status != SVMS_OK) {
                return status;
            }
            track->key_mgmt_size = size;
        }
    }
    svms_sdp_session session = SVMS_SDP_SESSION_INIT;
    session.track_count = serve->track_count;
    session.tracks = tracks;
    session.name = serve->options.name;
    session.control = "*";
    session.range = "npt=now-";
    session.id = serve->session_id;
    session.version = serve->session_id;
    answer->body_size = SVMS_SDP_SIZE_MAX;
    answer->body = serve->text;
    return svms_sdp_write(&session, serve->options.ctx, serve->text, &answer->body_size, NULL);
}

static svms_status describe(serve_client *client, svms_rtsp_server_answer *answer)
{
    svms_sdp_track tracks[MAX_STREAMS];
    char controls[MAX_STREAMS][CONTROL_SIZE];
    size_t room = (size_t)client->serve->track_count * SVMS_MIKEY_SIZE_MAX;
    uint8_t *keys = calloc(1, room);
    svms_status status = keys ? serve_prepare(client, NULL) : SVMS_E_NO_MEMORY;
    if (status == SVMS_OK) {
        status = describe_with(client, tracks, keys, controls, answer);
    }
    if (status == SVMS_OK) {
        client->keys_were_offered = client->srtp != NULL;
    }
    if (keys) {
        OPENSSL_cleanse(keys, room);
    }
    free(keys);
    return status;
}

static bool may_carry(const serve_client *client, const svms_rtsp_transport *transport)
{
    bool known = transport->carrier == SVMS_RTSP_UDP ? transport->client_rtp != 0
                                                     : transport->carrier == SVMS_RTSP_INTERLEAVED;
    if (!known || transport->multicast || transport->record) {
        return false;
    }
    switch (client->serve->options.media) {
    case STREAM_SERVE_SRTP:
        return transport->secure != 0;
    case STREAM_SERVE_IN_TLS:
        return !transport->secure && transport->carrier == SVMS_RTSP_INTERLEAVED;
    default:
        return !transport->secure;
    }
}

static serve_stream *find_stream(serve_client *client, const char *control)
{
    char *end = NULL;
    if (strncmp(control, "track", 5) != 0 || control[5] < '0' || control[5] > '9') {
        return NULL;
    }
    unsigned long index = strtoul(control + 5, &end, 10);
    return *end == '\0' && index < client->serve->track_count ? &client->streams[index] : NULL;
}

static bool open_ports(serve_client *client, serve_stream *stream,
                       const svms_rtsp_transport *transport, svms_rtsp_server_answer *answer)
{
    uint32_t rtcp = transport->client_rtcp ? transport->client_rtcp : transport->client_rtp + 1;
    if (!stream_ports_open(&stream->ports, client->link.socket) ||
        !stream_ports_connect(&stream->ports, client->link.socket, (uint16_t)transport->client_rtp,
                              (uint16_t)rtcp)) {
        stream_ports_close(&stream->ports);
        return false;
    }
    answer->server_rtp = stream->ports.port;
    answer->server_rtcp = stream->ports.port + 1u;
    return true;
}

static uint32_t choose(const serve_client *client, const svms_rtsp_server_request *request)
{
    uint32_t i = 0;
    while (i < request->transport_count && !may_carry(client, &request->transports[i])) {
        i++;
    }
    return i;
}

static bool is_taken(serve_client *client, const svms_rtsp_server_request *request,
                     svms_status status, const svms_error *err)
{
    if (status != SVMS_OK) {
        serve_note(client, STREAM_SERVE_REFUSED, request->identity, err->message);
    }
    return status == SVMS_OK;
}

static bool take_key(serve_client *client, serve_stream *stream,
                     const svms_rtsp_server_request *request)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = serve_take_key(client, stream, request->mikey, request->mikey_size, &err);
    return is_taken(client, request, status, &err);
}

static bool renew_key(serve_client *client, const svms_rtsp_server_request *request)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = serve_renew_key(client, request->mikey, request->mikey_size, &err);
    return is_taken(client, request, status, &err);
}

static uint32_t set_up(serve_client *client, const svms_rtsp_server_request *request,
                       svms_rtsp_server_answer *answer)
{
    serve_stream *stream = find_stream(client, request->control);
    if (!stream) {
        return NOT_FOUND;
    }
    answer->transport = choose(client, request);
    if (answer->transport == request->transport_count) {
        return BAD_TRANSPORT;
    }
    if (serve_prepare(client, NULL) != SVMS_OK) {
        return INTERNAL_ERROR;
    }
    const svms_rtsp_transport *transport = &request->transports[answer->transport];
    if (request->mikey_size > 0 && client->srtp) {
        if (!take_key(client, stream, request)) {
            return BAD_KEY;
        }
        answer->mikey = client->answer;
        answer->mikey_size = sizeof client->answer;
        if (serve_write_key(client, stream, client->answer, &answer->mikey_size, NULL) != SVMS_OK) {
            return INTERNAL_ERROR;
        }
    } else if (client->srtp && !client->keys_were_offered && !stream->key_is_the_clients) {
        return BAD_KEY; /* nobody has said a key */
    }
    stream_ports_close(&stream->ports);
    if (transport->carrier == SVMS_RTSP_UDP && !open_ports(client, stream, transport, answer)) {
        return INTERNAL_ERROR;
    }
    stream->carrier = transport->carrier;
    stream->is_secure = transport->secure != 0;
    stream->number = request->track;
    stream->is_set_up = true;
    stream->waits_for_sync = true;
    client->session = request->session;
    answer->has_ssrc = 1;
    answer->ssrc = stream->ssrc;
    return answer->status;
}

static uint32_t play(serve_client *client, svms_rtsp_server_answer *answer)
{
    static svms_rtsp_track_start starts[MAX_STREAMS];
    uint32_t count = 0;
    for (uint32_t i = 0; i < client->serve->track_count; i++) {
        const serve_stream *stream = &client->streams[i];
        svms_rtp_sender_counts counts = SVMS_RTP_SENDER_COUNTS_INIT;
        if (!stream->is_set_up || svms_rtp_sender_count(stream->sender, &counts, NULL) != SVMS_OK) {
            continue;
        }
        starts[count++] = (svms_rtsp_track_start){
            stream->number, counts.next_sequence,
            svms_rtp_sender_time(stream->sender, client->serve->tracks[i].last_pts), 0
        };
    }
    answer->tracks = starts;
    answer->track_count = count;
    answer->range.kind = SVMS_RTSP_RANGE_NPT;
    answer->range.from_now = 1;
    if (!client->is_playing) {
        serve_note(client, STREAM_SERVE_PLAYS, NULL, "plays");
    }
    client->is_playing = true;
    return answer->status;
}

static uint32_t pause_all(serve_client *client, const svms_rtsp_server_answer *answer)
{
    client->is_playing = false;
    for (uint32_t i = 0; i < client->serve->track_count; i++) {
        client->streams[i].waits_for_sync = true;
    }
    return answer->status;
}

static uint32_t change_key(serve_client *client, const svms_rtsp_server_request *request,
                           const svms_rtsp_server_answer *answer)
{
    if (request->mikey_size == 0) {
        return NOT_UNDERSTOOD;
    }
    return client->srtp && renew_key(client, request) ? answer->status : BAD_KEY;
}

static uint32_t tell_key(serve_client *client, const svms_rtsp_server_request *request,
                         svms_rtsp_server_answer *answer)
{
    if ((request->flags & SVMS_RTSP_REQUEST_GET_MIKEY) == 0) {
        return request->body_size > 0 ? NOT_UNDERSTOOD : answer->status;
    }
    for (uint32_t i = 0; i < client->serve->track_count && client->srtp; i++) {
        const serve_stream *stream = &client->streams[i];
        bool meant = request->track == SVMS_RTSP_ALL_TRACKS || stream->number == request->track;
        if (stream->is_set_up && meant) {
            answer->mikey = client->answer;
            answer->mikey_size = sizeof client->answer;
            return serve_write_key(client, stream, client->answer, &answer->mikey_size, NULL) ==
                           SVMS_OK
                       ? answer->status
                       : INTERNAL_ERROR;
        }
    }
    return NOT_UNDERSTOOD;
}

svms_status serve_answer(void *user, const svms_rtsp_server_request *request,
                         svms_rtsp_server_answer *answer)
{
    serve_client *client = user;
    if (strcmp(request->path, client->serve->path) != 0) {
        answer->status = NOT_FOUND;
        return SVMS_OK;
    }
    switch (request->method) {
    case SVMS_RTSP_DESCRIBE:
        return describe(client, answer);
    case SVMS_RTSP_SETUP:
        answer->status = set_up(client, request, answer);
        return SVMS_OK;
    case SVMS_RTSP_PLAY:
        answer->status = play(client, answer);
        return SVMS_OK;
    case SVMS_RTSP_PAUSE:
        answer->status = pause_all(client, answer);
        return SVMS_OK;
    case SVMS_RTSP_SET_PARAMETER:
        answer->status = change_key(client, request, answer);
        return SVMS_OK;
    default:
        answer->status = tell_key(client, request, answer);
        return SVMS_OK;
    }
}

static void end_session(serve_client *client, const svms_rtsp_server_event *event)
{
    bool all = event->track == SVMS_RTSP_ALL_TRACKS;
    /* A track that was set up anew has its new state already. */
    if (event->session != client->session || event->reason == SVMS_RTSP_ENDED_REPLACED) {
        return;
    }
    for (uint32_t i = 0; i < client->serve->track_count; i++) {
        serve_stream *stream = &client->streams[i];
        if (stream->is_set_up && (all || stream->number == event->track)) {
            serve_end_stream(stream);
        }
    }
    client->is_playing = client->is_playing && !all;
    client->session = all ? 0 : client->session;
}

void serve_event(void *user, const svms_rtsp_server_event *event)
{
    serve_client *client = user;
    if (event->kind == SVMS_RTSP_SERVER_REFUSED) {
        serve_note(client, STREAM_SERVE_REFUSED, event->identity, event->words);
    } else if (event->kind == SVMS_RTSP_SERVER_ENDED) {
        end_session(client, event);
    }
}
