/* SPDX-License-Identifier: Apache-2.0 */
/* What is answered to RTSP requests. */
#include "serve_internal.h"

#include <stdlib.h>
#include <string.h>

/* Each request for a presentation begins with whether he may. */
static uint32_t find_watch(serve_watch **out, serve_client *client, stream_serve_wish wish,
                           const svms_rtsp_server_request *request)
{
    stream_serve_verdict verdict;
    stream_presentation *presentation = serve_find(client->serve, request->path);
    uint32_t code = serve_permit(client, presentation, NULL, wish, request, &verdict);
    if (code == SERVE_GOOD) {
        code = serve_watch_for(out, client, presentation, request);
    }
    if (code == SERVE_GOOD) {
        serve_permit_take(*out, &verdict);
    }
    return code;
}

static svms_status describe(serve_client *client, const svms_rtsp_server_request *request,
                            svms_rtsp_server_answer *answer)
{
    serve_watch *watch = NULL;
    uint32_t code = find_watch(&watch, client, STREAM_SERVE_DESCRIBES, request);
    if (code != SERVE_GOOD) {
        answer->status = code;
        return SVMS_OK;
    }
    return serve_describe(watch, answer);
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

static serve_stream *find_stream(serve_watch *watch, const char *control)
{
    char *end = NULL;
    if (strncmp(control, "track", 5) != 0 || control[5] < '0' || control[5] > '9') {
        return NULL;
    }
    unsigned long index = strtoul(control + 5, &end, 10);
    if (*end != '\0' || index >= watch->tracks->count) {
        return NULL;
    }
    serve_stream *stream = &watch->streams[index];
    bool is_denied = watch->without_sound && stream->track->track.kind == SVMS_TRACK_AUDIO;
    return is_denied ? NULL : stream;
}

static bool open_ports(serve_stream *stream, const svms_rtsp_transport *transport,
                       svms_rtsp_server_answer *answer)
{
    int link = stream->watch->client->link.socket;
    uint32_t rtcp = transport->client_rtcp ? transport->client_rtcp : transport->client_rtp + 1;
    if (!stream_ports_open(&stream->ports, link) ||
        !stream_ports_connect(&stream->ports, link, (uint16_t)transport->client_rtp,
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

/* The client's key, and ours in the answer. */
static uint32_t exchange_keys(serve_watch *watch, serve_stream *stream,
                              const svms_rtsp_server_request *request,
                              svms_rtsp_server_answer *answer)
{
    svms_error err = SVMS_ERROR_INIT;
    serve_client *client = watch->client;
    if (!watch->srtp) {
        return SERVE_GOOD;
    }
    if (request->mikey_size == 0) {
        /* Somebody must have said a key. */
        return watch->keys_were_offered || stream->key_is_the_clients ? SERVE_GOOD : SERVE_BAD_KEY;
    }
    svms_status status = serve_take_key(watch, stream, request->mikey, request->mikey_size, &err);
    if (!is_taken(client, request, status, &err)) {
        return SERVE_BAD_KEY;
    }
    answer->mikey = client->answer;
    answer->mikey_size = sizeof client->answer;
    return serve_write_key(watch, stream, client->answer, &answer->mikey_size, NULL) == SVMS_OK
               ? SERVE_GOOD
               : SERVE_INTERNAL_ERROR;
}

static uint32_t set_up_stream(serve_watch *watch, const svms_rtsp_server_request *request,
                              svms_rtsp_server_answer *answer)
{
    serve_stream *stream = find_stream(watch, request->control);
    if (!stream) {
        return SERVE_NOT_FOUND;
    }
    answer->transport = choose(watch->client, request);
    if (answer->transport == request->transport_count) {
        return SERVE_BAD_TRANSPORT;
    }
    if (serve_prepare(watch, NULL) != SVMS_OK) {
        return SERVE_INTERNAL_ERROR;
    }
    uint32_t code = exchange_keys(watch, stream, request, answer);
    if (code != SERVE_GOOD) {
        return code;
    }
    const svms_rtsp_transport *transport = &request->transports[answer->transport];
    stream_ports_close(&stream->ports);
    if (transport->carrier == SVMS_RTSP_UDP && !open_ports(stream, transport, answer)) {
        return SERVE_INTERNAL_ERROR;
    }
    stream->carrier = transport->carrier;
    stream->is_secure = transport->secure != 0;
    stream->number = request->track;
    stream->is_set_up = true;
    stream->waits_for_sync = watch->replay == NULL;
    stream->report_at = 0;
    serve_watch_settle(watch, request->session);
    answer->has_ssrc = 1;
    answer->ssrc = stream->ssrc;
    return SERVE_GOOD;
}

static uint32_t set_up(serve_client *client, const svms_rtsp_server_request *request,
                       svms_rtsp_server_answer *answer)
{
    serve_watch *watch = NULL;
    uint32_t code = find_watch(&watch, client, STREAM_SERVE_SETS_UP, request);
    return code == SERVE_GOOD ? set_up_stream(watch, request, answer) : code;
}

/* Where each track begins. */
static void say_starts(serve_watch *watch, svms_rtsp_server_answer *answer)
{
    svms_rtsp_track_start *starts = watch->client->starts;
    uint32_t count = 0;
    for (uint32_t i = 0; i < watch->tracks->count; i++) {
        const serve_stream *stream = &watch->streams[i];
        svms_rtp_sender_counts counts = SVMS_RTP_SENDER_COUNTS_INIT;
        if (!stream->is_set_up || svms_rtp_sender_count(stream->sender, &counts, NULL) != SVMS_OK) {
            continue;
        }
        uint32_t time = watch->replay
                            ? serve_replay_time(watch, stream)
                            : svms_rtp_sender_time(stream->sender, stream->track->last_pts);
        starts[count++] = (svms_rtsp_track_start){ stream->number, counts.next_sequence, time, 0 };
    }
    answer->tracks = starts;
    answer->track_count = count;
}

/* Asks with the moments that are meant; what was asked before stays where the answer is no. */
static uint32_t permit_play(serve_watch *watch, const svms_rtsp_server_request *request)
{
    stream_serve_verdict verdict;
    const svms_rtsp_play play_before = watch->play;
    const bool had_play = watch->has_play;
    const int64_t from_before = watch->from_utc_ns;
    const int64_t to_before = watch->to_utc_ns;
    uint32_t code = SERVE_GOOD;
    if (watch->replay) {
        code = serve_replay_reach(watch, request->play, &watch->from_utc_ns, &watch->to_utc_ns);
    }
    watch->play = *request->play;
    watch->has_play = true;
    if (code == SERVE_GOOD) {
        code = serve_permit(watch->client, watch->presentation, watch, STREAM_SERVE_STARTS, request,
                            &verdict);
    }
    if (code == SERVE_GOOD) {
        serve_permit_take(watch, &verdict);
        return code;
    }
    watch->play = play_before;
    watch->has_play = had_play;
    watch->from_utc_ns = from_before;
    watch->to_utc_ns = to_before;
    return code;
}

static uint32_t play(serve_client *client, const svms_rtsp_server_request *request,
                     svms_rtsp_server_answer *answer)
{
    serve_watch *watch = serve_watched(client);
    if (!watch) {
        return SERVE_NOT_FOUND;
    }
    uint32_t code = permit_play(watch, request);
    if (code == SERVE_GOOD && watch->replay) {
        code = serve_replay_play(watch, request, answer);
    } else {
        answer->range.kind = SVMS_RTSP_RANGE_NPT;
        answer->range.from_now = 1;
    }
    if (code != SERVE_GOOD) {
        return code;
    }
    say_starts(watch, answer);
    if (!watch->is_playing) {
        serve_note(client, STREAM_SERVE_PLAYS, NULL, "plays");
    }
    serve_watch_begin(watch);
    return code;
}

static uint32_t pause_all(const serve_client *client)
{
    serve_watch *watch = serve_watched(client);
    if (!watch) {
        return SERVE_NOT_FOUND;
    }
    watch->is_playing = false;
    for (uint32_t i = 0; i < watch->tracks->count && !watch->replay; i++) {
        watch->streams[i].waits_for_sync = true;
    }
    return SERVE_GOOD;
}

static uint32_t change_key(serve_client *client, const svms_rtsp_server_request *request)
{
    svms_error err = SVMS_ERROR_INIT;
    serve_watch *watch = serve_watched(client);
    if (request->mikey_size == 0) {
        return SERVE_NOT_UNDERSTOOD;
    }
    if (!watch || !watch->srtp) {
        return SERVE_BAD_KEY;
    }
    svms_status status = serve_renew_key(watch, request->mikey, request->mikey_size, &err);
    return is_taken(client, request, status, &err) ? SERVE_GOOD : SERVE_BAD_KEY;
}

static uint32_t tell_key(serve_client *client, const svms_rtsp_server_request *request,
                         svms_rtsp_server_answer *answer)
{
    const serve_watch *watch = serve_watched(client);
    if ((request->flags & SVMS_RTSP_REQUEST_GET_MIKEY) == 0) {
        return request->body_size > 0 ? SERVE_NOT_UNDERSTOOD : SERVE_GOOD;
    }
    for (uint32_t i = 0; watch && watch->srtp && i < watch->tracks->count; i++) {
        const serve_stream *stream = &watch->streams[i];
        bool meant = request->track == SVMS_RTSP_ALL_TRACKS || stream->number == request->track;
        if (stream->is_set_up && meant) {
            answer->mikey = client->answer;
            answer->mikey_size = sizeof client->answer;
            return serve_write_key(watch, stream, client->answer, &answer->mikey_size, NULL) ==
                           SVMS_OK
                       ? SERVE_GOOD
                       : SERVE_INTERNAL_ERROR;
        }
    }
    return SERVE_NOT_UNDERSTOOD;
}

svms_status serve_answer(void *user, const svms_rtsp_server_request *request,
                         svms_rtsp_server_answer *answer)
{
    serve_client *client = user;
    client->is_known = true;
    switch (request->method) {
    case SVMS_RTSP_DESCRIBE:
        return describe(client, request, answer);
    case SVMS_RTSP_SETUP:
        answer->status = set_up(client, request, answer);
        return SVMS_OK;
    case SVMS_RTSP_PLAY:
        answer->status = play(client, request, answer);
        return SVMS_OK;
    case SVMS_RTSP_PAUSE:
        answer->status = pause_all(client);
        return SVMS_OK;
    case SVMS_RTSP_SET_PARAMETER:
        answer->status = change_key(client, request);
        return SVMS_OK;
    default:
        answer->status = tell_key(client, request, answer);
        return SVMS_OK;
    }
}

static const char *reason_words(uint32_t reason)
{
    switch (reason) {
    case SVMS_RTSP_ENDED_TEARDOWN:
        return "the client ended it";
    case SVMS_RTSP_ENDED_TIMEOUT:
        return "the client was silent for too long";
    case SVMS_RTSP_ENDED_CLOSED:
        return "the connection ended";
    default:
        return "it was ended";
    }
}

static void end_session(serve_client *client, const svms_rtsp_server_event *event)
{
    serve_watch *watch = serve_watched(client);
    /* A track that was set up anew has its new state already. */
    if (!watch || event->session != watch->session || event->reason == SVMS_RTSP_ENDED_REPLACED) {
        return;
    }
    if (event->track == SVMS_RTSP_ALL_TRACKS) {
        serve_watch_end(client, reason_words(event->reason));
        return;
    }
    for (uint32_t i = 0; i < watch->tracks->count; i++) {
        if (watch->streams[i].is_set_up && watch->streams[i].number == event->track) {
            serve_end_stream(&watch->streams[i]);
        }
    }
}

void serve_event(void *user, const svms_rtsp_server_event *event)
{
    serve_client *client = user;
    if (event->kind == SVMS_RTSP_SERVER_REFUSED) {
        serve_note(client, STREAM_SERVE_REFUSED, event->identity, event->words);
    } else if (event->kind == SVMS_RTSP_SERVER_AUTHENTICATED) {
        client->is_known = true;
    } else if (event->kind == SVMS_RTSP_SERVER_ENDED) {
        end_session(client, event);
    }
}
