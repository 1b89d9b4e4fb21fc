/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: RS-24 to RS-27. */
#include <string.h>

#include "base64.h"
#include "failure.h"
#include "server_internal.h"

#define SERVED                                                                                     \
    (1u << SVMS_RTSP_OPTIONS | 1u << SVMS_RTSP_DESCRIBE | 1u << SVMS_RTSP_SETUP |                  \
     1u << SVMS_RTSP_PLAY | 1u << SVMS_RTSP_PAUSE | 1u << SVMS_RTSP_TEARDOWN |                     \
     1u << SVMS_RTSP_GET_PARAMETER | 1u << SVMS_RTSP_SET_PARAMETER)

bool svms_server_knows_tag(const svms_rtsp_connection *c, svms_text_piece tag)
{
    return (c->server->options.flags & SVMS_RTSP_SERVER_REPLAY) != 0 &&
           svms_text_piece_is(tag, "onvif-replay");
}

static void put_methods(svms_builder *out, const char *name)
{
    svms_rtsp_put_text(out, name);
    svms_rtsp_put_methods(out, SERVED);
    svms_rtsp_put_text(out, "\r\n");
}

/* What every answer begins with. */
static void begin(const svms_rtsp_connection *c, svms_builder *out,
                  const svms_rtsp_message *message, uint32_t code)
{
    *out = svms_builder_new(c->ctx, SVMS_SERVER_ANSWER_ROOM);
    svms_rtsp_put_status_line(out, code);
    if (message->has_cseq) {
        svms_rtsp_put_header_number(out, "CSeq", message->cseq);
    }
    if (c->server->name[0] != '\0') {
        svms_rtsp_put_header(out, "Server", c->server->name);
    }
    if (c->closing) {
        svms_rtsp_put_header(out, "Connection", "close");
    }
}

static void put_session(const svms_rtsp_connection *c, svms_builder *out, const char *id)
{
    svms_rtsp_put_text(out, "Session: ");
    svms_rtsp_put_text(out, id);
    svms_rtsp_put_text(out, ";timeout=");
    svms_rtsp_put_number(out, c->server->options.session_seconds);
    svms_rtsp_put_text(out, "\r\n");
}

/* Queues what was built, and releases it. */
static svms_status finish(svms_rtsp_connection *c, svms_builder *out, svms_error *err)
{
    svms_status status = svms_builder_check(out, "an RTSP answer", err);
    if (status == SVMS_OK) {
        const svms_iovec run = { out->data, out->size };
        size_t most = c->server->options.max_queue + (size_t)SVMS_SERVER_ANSWER_ROOM;
        status = svms_server_queue_put(&c->out, most, &run, 1);
        if (status == SVMS_AGAIN) {
            status = svms_fail(err, SVMS_E_LIMIT, "the client asks, and does not read the answers");
        } else if (status != SVMS_OK) {
            status = svms_fail_memory(err);
        }
    }
    svms_builder_clear(out);
    return status;
}

svms_status svms_server_answer_code(svms_rtsp_connection *c, const svms_rtsp_message *message,
                                    const svms_server_asked *asked, uint32_t code, bool stale,
                                    svms_error *err)
{
    svms_builder out;
    svms_status status = SVMS_OK;
    begin(c, &out, message, code);
    if (code == 401) {
        status = svms_server_put_challenges(c, &out, stale, err);
    } else if (code == 405) {
        put_methods(&out, "Allow: ");
    } else if (code == 200 && message->method == SVMS_RTSP_OPTIONS) {
        put_methods(&out, "Public: ");
    }
    if (code == 200 && asked && asked->session_id[0] != '\0') {
        put_session(c, &out, asked->session_id);
    }
    svms_rtsp_put_end(&out, NULL, NULL, 0);
    if (status != SVMS_OK) {
        svms_builder_clear(&out);
        return status;
    }
    return finish(c, &out, err);
}

static void put_unsupported(const svms_rtsp_connection *c, svms_builder *out,
                            const svms_rtsp_message *message, const char *name)
{
    size_t position = 0;
    const svms_text_piece *value;
    while ((value = svms_rtsp_find_next(message, name, &position)) != NULL) {
        svms_text_piece rest = *value;
        svms_text_piece tag;
        while (svms_rtsp_list_next(&rest, &tag)) {
            if (!svms_server_knows_tag(c, tag)) {
                svms_rtsp_put_header_piece(out, "Unsupported", tag);
            }
        }
    }
}

svms_status svms_server_answer_unsupported(svms_rtsp_connection *c, const svms_server_asked *asked,
                                           svms_error *err)
{
    svms_builder out;
    begin(c, &out, asked->message, 551);
    put_unsupported(c, &out, asked->message, "Require");
    put_unsupported(c, &out, asked->message, "Proxy-Require");
    svms_rtsp_put_end(&out, NULL, NULL, 0);
    return finish(c, &out, err);
}

static bool is_port(uint32_t port)
{
    return port > 0 && port <= UINT16_MAX;
}

static const char *fault_of_setup(const svms_server_asked *asked,
                                  const svms_rtsp_server_answer *answer)
{
    if (answer->transport >= asked->request.transport_count) {
        return "no such transport was offered";
    }
    const svms_rtsp_transport *chosen = &asked->transports[answer->transport];
    if (chosen->carrier == SVMS_RTSP_UDP &&
        (!is_port(answer->server_rtp) || !is_port(answer->server_rtcp))) {
        return "UDP needs the server's ports";
    }
    if (chosen->secure != 0 && answer->has_ssrc == 0) {
        return "a secure transport needs the SSRC";
    }
    return NULL;
}

static const char *fault_of_body(const svms_rtsp_connection *c, const svms_server_asked *asked,
                                 const svms_rtsp_server_answer *answer)
{
    svms_rtsp_method method = asked->message->method;
    bool may_have = method == SVMS_RTSP_DESCRIBE || method == SVMS_RTSP_GET_PARAMETER;
    if ((answer->body_size > 0 && (!answer->body || !may_have)) ||
        answer->body_size > SVMS_RTSP_BODY_MAX) {
        return "this answer has no body, or the body is too long";
    }
    if (method == SVMS_RTSP_DESCRIBE && answer->body_size == 0) {
        return "a description is needed";
    }
    if (!c->secure && svms_server_body_has_keys(answer->body, answer->body_size)) {
        return "keys never pass over a connection in clear";
    }
    return NULL;
}

static const char *fault_of_key(const svms_rtsp_connection *c, const svms_server_asked *asked,
                                const svms_rtsp_server_answer *answer)
{
    bool is_asked = (asked->request.flags & SVMS_RTSP_REQUEST_GET_MIKEY) != 0;
    bool may_have = is_asked || asked->message->method == SVMS_RTSP_SETUP;
    bool has = answer->mikey_size > 0;
    if (has && (!c->secure || !may_have || !answer->mikey)) {
        return "key management does not belong here";
    }
    if (answer->mikey_size > SVMS_RTSP_MIKEY_MAX || (is_asked && !has)) {
        return "the key management message is missing or too long";
    }
    return NULL;
}

static const char *fault_of_tracks(const svms_rtsp_connection *c, const svms_server_asked *asked,
                                   const svms_rtsp_server_answer *answer)
{
    const svms_server_session *session = asked->session;
    for (size_t i = 0; i < answer->track_count; i++) {
        uint32_t track = answer->tracks ? answer->tracks[i].track : SVMS_RTSP_ALL_TRACKS;
        if (!session || track >= c->server->options.max_tracks || !session->tracks[track].used) {
            return "RTP-Info is about a track that is not there";
        }
    }
    return NULL;
}

/* NULL: none. */
static const char *find_fault(const svms_rtsp_connection *c, const svms_server_asked *asked,
                              const svms_rtsp_server_answer *answer)
{
    if (answer->struct_size != sizeof *answer || answer->status < 200 || answer->status > 599 ||
        (answer->status < 300 && answer->status != 200)) {
        return "there is no such status";
    }
    if (answer->status != 200) {
        return NULL;
    }
    const char *fault = fault_of_body(c, asked, answer);
    if (!fault) {
        fault = fault_of_key(c, asked, answer);
    }
    if (!fault && asked->message->method == SVMS_RTSP_SETUP) {
        fault = fault_of_setup(asked, answer);
    }
    return fault ? fault : fault_of_tracks(c, asked, answer);
}

/* The track takes its place; its session is made, if it is the first. */
static svms_status take_track(svms_rtsp_connection *c, svms_server_asked *asked,
                              const svms_rtsp_server_answer *answer, svms_error *err)
{
    svms_server_session *session = asked->session;
    svms_status status = session ? SVMS_OK : svms_server_add_session(c, asked, &session, err);
    if (status != SVMS_OK || !session) {
        return status;
    }
    asked->session = session;
    memcpy(asked->session_id, session->id, sizeof asked->session_id);
    char *control = svms_copy_text(c->ctx, asked->request.control);
    char *url = svms_copy_text(c->ctx, asked->message->url.data);
    if (!control || !url) {
        svms_release(c->ctx, control);
        svms_release(c->ctx, url);
        return svms_fail_memory(err);
    }
    svms_server_track *track = &session->tracks[asked->request.track];
    if (track->used) {
        svms_server_end_track(c, session, asked->request.track, SVMS_RTSP_ENDED_REPLACED);
    }
    track->used = true;
    track->control = control;
    track->url = url;
    track->transport = asked->transports[answer->transport];
    if (track->transport.carrier == SVMS_RTSP_UDP) {
        track->transport.server_rtp = answer->server_rtp;
        track->transport.server_rtcp = answer->server_rtcp;
    }
    track->transport.has_ssrc = answer->has_ssrc;
    track->transport.ssrc = answer->ssrc;
    return SVMS_OK;
}

static void tell_set_up(svms_rtsp_connection *c, const svms_server_asked *asked)
{
    const svms_rtsp_transport transport = asked->session->tracks[asked->request.track].transport;
    const svms_rtsp_server_event event = { .struct_size = (uint32_t)sizeof event,
                                           .kind = SVMS_RTSP_SERVER_SET_UP,
                                           .session = asked->session->number,
                                           .track = asked->request.track,
                                           .transport = &transport };
    svms_server_tell(c, &event);
}

static svms_status answer_setup(svms_rtsp_connection *c, svms_server_asked *asked,
                                const svms_rtsp_server_answer *answer, svms_error *err)
{
    svms_builder out;
    svms_status status = take_track(c, asked, answer, err);
    if (status != SVMS_OK) {
        return status;
    }
    begin(c, &out, asked->message, 200);
    put_session(c, &out, asked->session_id);
    svms_rtsp_put_text(&out, "Transport: ");
    svms_rtsp_put_transport(&out, &asked->session->tracks[asked->request.track].transport);
    svms_rtsp_put_text(&out, "\r\n");
    if (answer->mikey_size > 0) {
        svms_rtsp_put_text(&out, "KeyMgmt: ");
        svms_rtsp_put_key_mgmt(&out, asked->message->url.data, answer->mikey, answer->mikey_size);
        svms_rtsp_put_text(&out, "\r\n");
    }
    svms_rtsp_put_end(&out, NULL, NULL, 0);
    tell_set_up(c, asked);
    return finish(c, &out, err);
}

static void put_rtp_info(const svms_server_asked *asked, svms_builder *out,
                         const svms_rtsp_server_answer *answer)
{
    if (answer->track_count == 0) {
        return;
    }
    svms_rtsp_put_text(out, "RTP-Info: ");
    for (size_t i = 0; i < answer->track_count; i++) {
        const svms_rtsp_track_start *start = &answer->tracks[i];
        const svms_rtsp_rtp_info info = { .url = asked->session->tracks[start->track].url,
                                          .has_sequence = 1,
                                          .sequence = start->sequence & UINT16_MAX,
                                          .has_rtp_time = 1,
                                          .rtp_time = start->rtp_time };
        svms_rtsp_put_track_info(out, i == 0, &info);
    }
    svms_rtsp_put_text(out, "\r\n");
}

static svms_status answer_control(svms_rtsp_connection *c, svms_server_asked *asked,
                                  const svms_rtsp_server_answer *answer, svms_error *err)
{
    svms_builder out;
    bool plays = asked->message->method == SVMS_RTSP_PLAY;
    begin(c, &out, asked->message, 200);
    put_session(c, &out, asked->session_id);
    if (plays) {
        svms_rtsp_play played = SVMS_RTSP_PLAY_INIT;
        played.scale_milli = answer->scale_milli;
        played.range = answer->range;
        svms_rtsp_put_play(&out, &played);
        put_rtp_info(asked, &out, answer);
    }
    svms_rtsp_put_end(&out, NULL, NULL, 0);
    asked->session->playing = plays;
    return finish(c, &out, err);
}

static svms_status answer_body(svms_rtsp_connection *c, const svms_server_asked *asked,
                               const svms_rtsp_server_answer *answer, svms_error *err)
{
    svms_builder out;
    begin(c, &out, asked->message, 200);
    if (asked->session_id[0] != '\0') {
        put_session(c, &out, asked->session_id);
    }
    if (asked->message->method == SVMS_RTSP_DESCRIBE) {
        svms_rtsp_put_header(&out, "Content-Base", asked->base);
        svms_rtsp_put_end(&out, "application/sdp", answer->body, answer->body_size);
        return finish(c, &out, err);
    }
    if (answer->mikey_size == 0) {
        svms_rtsp_put_end(&out, answer->body_size > 0 ? "text/parameters" : NULL, answer->body,
                          answer->body_size);
        return finish(c, &out, err);
    }
    svms_builder body = svms_builder_new(c->ctx, SVMS_RTSP_BODY_MAX);
    svms_rtsp_put_text(&body, "mikey: ");
    svms_put_base64_padded(&body, answer->mikey, answer->mikey_size);
    svms_rtsp_put_text(&body, "\r\n");
    svms_rtsp_put_end(&out, "text/parameters", body.data, body.size);
    svms_status status = svms_builder_check(&body, "a key management message", err);
    svms_builder_clear(&body);
    if (status != SVMS_OK) {
        svms_builder_clear(&out);
        return status;
    }
    return finish(c, &out, err);
}

/* The session may have ended while the application thought. */
static bool session_is_gone(const svms_rtsp_connection *c, const svms_server_asked *asked)
{
    return asked->request.session != 0 && asked->request.session <= c->last_session &&
           !asked->session;
}

svms_status svms_server_answer_asked(svms_rtsp_connection *c, const svms_rtsp_server_answer *answer,
                                     const char **fault, svms_error *err)
{
    svms_server_asked *asked = c->asked;
    svms_rtsp_method method = asked->message->method;
    *fault = find_fault(c, asked, answer);
    uint32_t code = *fault ? 500 : answer->status;
    if (code == 200 && session_is_gone(c, asked)) {
        code = 454;
    }
    if (code != 200) {
        return svms_server_answer_code(c, asked->message, asked, code, false, err);
    }
    if (method == SVMS_RTSP_SETUP) {
        return answer_setup(c, asked, answer, err);
    }
    if (method == SVMS_RTSP_PLAY || method == SVMS_RTSP_PAUSE) {
        return answer_control(c, asked, answer, err);
    }
    return answer_body(c, asked, answer, err);
}
