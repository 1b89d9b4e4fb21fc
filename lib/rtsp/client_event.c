/* SPDX-License-Identifier: Apache-2.0 */
/* What a response says, for the caller. Headers that nothing depends on and that cannot be read are
 * as if they were not there (RC-RSP-5). */
#include "client_internal.h"

#include <string.h>

#include "failure.h"

typedef struct reply {
    svms_rtsp_client_event event;
    char session[SVMS_RTSP_SESSION_SIZE];
    uint8_t mikey[SVMS_RTSP_MIKEY_MAX];
    char track_text[SVMS_RTSP_HEADER_LINE_MAX + 1];
    svms_rtsp_rtp_info tracks[SVMS_RTSP_TRACKS_MAX];
} reply;

/* Values of headers end with NUL. */
static const char *text_of(const svms_rtsp_message *message, const char *name)
{
    const svms_text_piece *value = svms_rtsp_find(message, name);
    return value ? value->data : NULL;
}

static uint32_t methods_of(const svms_rtsp_message *message)
{
    const svms_text_piece *named = svms_rtsp_find(message, "Public");
    const svms_text_piece *allowed = svms_rtsp_find(message, "Allow");
    return (named ? svms_rtsp_methods_read(*named) : 0) |
           (allowed ? svms_rtsp_methods_read(*allowed) : 0);
}

static void read_session(reply *r, const svms_rtsp_message *message)
{
    const svms_text_piece *value = svms_rtsp_find(message, "Session");
    svms_rtsp_session session;
    if (value && svms_rtsp_session_read(&session, *value)) {
        memcpy(r->session, session.id.data, session.id.size);
        r->session[session.id.size] = '\0';
        r->event.session = r->session;
        r->event.session_timeout_s = session.timeout_s;
    }
}

/* Keys that came in the clear are no keys (RC-KEY-2). */
static void read_mikey(const svms_rtsp_client *client, reply *r, const svms_rtsp_message *message)
{
    const svms_text_piece *value = svms_rtsp_find(message, "KeyMgmt");
    svms_text_piece uri;
    size_t size = sizeof r->mikey;
    if (value && svms_rtsp_client_has(client, SVMS_RTSP_CLIENT_SECURE) &&
        svms_rtsp_key_mgmt_read(r->mikey, &size, &uri, *value, NULL) == SVMS_OK) {
        r->event.mikey = r->mikey;
        r->event.mikey_size = size;
    }
}

static void read_tracks(reply *r, const svms_rtsp_message *message)
{
    const svms_text_piece *value = svms_rtsp_find(message, "RTP-Info");
    svms_text_piece urls[SVMS_RTSP_TRACKS_MAX];
    size_t count = 0;
    if (!value || value->size >= sizeof r->track_text) {
        return;
    }
    memcpy(r->track_text, value->data, value->size);
    svms_text_piece rest = { r->track_text, value->size };
    svms_rtsp_track_info info;
    svms_status status = SVMS_OK;
    while (count < SVMS_RTSP_TRACKS_MAX &&
           (status = svms_rtsp_track_info_next(&rest, &info, NULL)) == SVMS_OK) {
        urls[count] = info.url;
        r->tracks[count++] = (svms_rtsp_rtp_info){ info.url.data, info.has_sequence, info.sequence,
                                                   info.has_rtp_time, info.rtp_time };
    }
    if (status < 0) {
        return;
    }
    /* Only now that all is read, for a NUL takes the place of what separates. */
    for (size_t i = 0; i < count; i++) {
        r->track_text[urls[i].data - r->track_text + (ptrdiff_t)urls[i].size] = '\0';
    }
    r->event.rtp_info = r->tracks;
    r->event.rtp_info_count = count;
}

static void read_play(reply *r, const svms_rtsp_message *message)
{
    if (svms_rtsp_play_read(&r->event.play, message, NULL) != SVMS_OK) {
        r->event.play = (svms_rtsp_play)SVMS_RTSP_PLAY_INIT;
    }
    read_tracks(r, message);
}

static void fill(const svms_rtsp_client *client, reply *r, const svms_rtsp_message *message,
                 svms_rtsp_method method)
{
    svms_rtsp_client_event *event = &r->event;
    event->struct_size = (uint32_t)sizeof *event;
    event->kind = SVMS_RTSP_CLIENT_RESPONSE;
    event->method = method;
    event->status = message->status;
    event->cseq = message->cseq;
    event->methods = methods_of(message);
    event->offers = message->status == 401 ? svms_rtsp_client_offers(message) : 0;
    event->phrase = message->phrase.data;
    event->content_type = text_of(message, "Content-Type");
    event->content_base = method == SVMS_RTSP_DESCRIBE ? client->base : NULL;
    event->location = text_of(message, "Location");
    event->unsupported = text_of(message, "Unsupported");
    event->body = message->body;
    event->body_size = message->body_size;
    event->transport = (svms_rtsp_transport)SVMS_RTSP_TRANSPORT_INIT;
    event->play = (svms_rtsp_play)SVMS_RTSP_PLAY_INIT;
    read_session(r, message);
}

svms_status svms_rtsp_client_tell_response(svms_rtsp_client *client,
                                           const svms_rtsp_message *message,
                                           const svms_rtsp_request *request,
                                           const svms_rtsp_transport *transport, svms_error *err)
{
    reply *r = svms_alloc(client->ctx, sizeof *r);
    if (!r) {
        return svms_fail_memory(err);
    }
    fill(client, r, message, request->method);
    r->event.request = request->number;
    if (transport) {
        r->event.has_transport = 1;
        r->event.transport = *transport;
    }
    if (request->method == SVMS_RTSP_SETUP) {
        read_mikey(client, r, message);
    }
    if (request->method == SVMS_RTSP_PLAY) {
        read_play(r, message);
    }
    svms_status status = svms_rtsp_client_tell(client, &r->event, err);
    svms_release_secret(client->ctx, r, sizeof *r);
    return status;
}
