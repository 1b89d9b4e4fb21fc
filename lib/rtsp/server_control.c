/* SPDX-License-Identifier: Apache-2.0 */
/* DESCRIBE, PLAY, PAUSE and parameters: RS-16 to RS-19. */
#include <string.h>

#include "base64.h"
#include "server_internal.h"

static bool accepts_sdp(const svms_rtsp_message *message)
{
    const svms_text_piece *value = svms_rtsp_find(message, "Accept");
    svms_text_piece rest;
    svms_text_piece kind;
    if (!value) {
        return true;
    }
    rest = *value;
    while (svms_rtsp_list_next(&rest, &kind)) {
        svms_text_piece type = svms_text_piece_cut(&kind, ';');
        if (svms_text_piece_is(type, "application/sdp") ||
            svms_text_piece_is(type, "application/*") || svms_text_piece_is(type, "*/*")) {
            return true;
        }
    }
    return false;
}

/* The URL without its query and with a slash behind: what tracks' names are relative to. */
static void make_base(svms_server_asked *asked)
{
    svms_text_piece rest = asked->message->url;
    svms_text_piece url = svms_text_piece_cut(&rest, '?');
    memcpy(asked->base, url.data, url.size);
    if (url.data[url.size - 1] != '/') {
        asked->base[url.size++] = '/';
    }
    asked->base[url.size] = '\0';
    asked->request.base = asked->base;
}

void svms_server_ask_describe(svms_rtsp_connection *c, svms_server_asked *asked, uint32_t *code)
{
    (void)c;
    *code = accepts_sdp(asked->message) ? 200 : 406;
    make_base(asked);
    asked->request.session = 0;
    asked->session_id[0] = '\0';
}

static uint32_t read_play(svms_server_asked *asked)
{
    asked->play = (svms_rtsp_play)SVMS_RTSP_PLAY_INIT;
    svms_status status = svms_rtsp_play_read(&asked->play, asked->message, NULL);
    if (status != SVMS_OK) {
        return status == SVMS_E_UNSUPPORTED ? 457 : 400;
    }
    const svms_rtsp_play *play = &asked->play;
    const svms_rtsp_range *range = &play->range;
    bool is_free = play->rate_control == SVMS_RTSP_NO;
    if (is_free && play->scale_milli != 0 && play->scale_milli != 1000 &&
        play->scale_milli != -1000) {
        return 456;
    }
    /* Both ends lie in the direction of play (ONVIF Streaming, "Range header field"). */
    bool has_both = range->from_ns != SVMS_NO_TIME && range->to_ns != SVMS_NO_TIME;
    bool is_backwards = play->scale_milli < 0;
    if (has_both &&
        (is_backwards ? range->to_ns > range->from_ns : range->to_ns < range->from_ns)) {
        return 457;
    }
    asked->request.play = &asked->play;
    return 200;
}

static void note_tag(svms_server_asked *asked)
{
    const svms_text_piece *value = svms_rtsp_find(asked->message, "Require");
    if (value && svms_rtsp_list_has(*value, "onvif-replay")) {
        asked->request.flags |= SVMS_RTSP_REQUEST_REPLAY;
    }
}

void svms_server_ask_control(svms_rtsp_connection *c, svms_server_asked *asked, uint32_t *code)
{
    const svms_server_session *session = asked->session;
    bool is_one = asked->request.track != SVMS_RTSP_ALL_TRACKS;
    *code = 200;
    if (is_one && svms_server_count_tracks(c, session) > 1) {
        *code = 460;
        return;
    }
    asked->request.path = session->presentation;
    asked->request.flags |= session->playing ? SVMS_RTSP_REQUEST_PLAYING : 0;
    note_tag(asked);
    if (asked->message->method == SVMS_RTSP_PLAY) {
        *code = read_play(asked);
    }
}

static bool is_parameters(const svms_rtsp_message *message)
{
    const svms_text_piece *value = svms_rtsp_find(message, "Content-Type");
    svms_text_piece rest;
    if (!value) {
        return true;
    }
    rest = *value;
    return svms_text_piece_is(svms_text_piece_cut(&rest, ';'), "text/parameters");
}

typedef struct parameters {
    size_t count;
    bool has_mikey;
    svms_text_piece mikey; /* its value */
} parameters;

static parameters look_through(const svms_rtsp_message *message)
{
    parameters found = { .count = 0 };
    svms_text_piece rest = { (const char *)message->body, message->body_size };
    while (rest.size > 0) {
        svms_text_piece line = svms_text_piece_cut(&rest, '\n');
        svms_text_piece name = svms_text_piece_cut(&line, ':');
        found.count += name.size > 0 ? 1 : 0;
        if (svms_text_piece_is(name, "mikey")) {
            found.has_mikey = true;
            found.mikey = svms_text_piece_trim(line);
        }
    }
    return found;
}

static uint32_t take_key(const svms_rtsp_connection *c, svms_server_asked *asked,
                         const parameters *found)
{
    size_t size = sizeof asked->mikey;
    if (!asked->session) {
        return 454;
    }
    if (!c->secure || found->count != 1) {
        return 463;
    }
    if (asked->message->method == SVMS_RTSP_GET_PARAMETER) {
        asked->request.flags |= SVMS_RTSP_REQUEST_GET_MIKEY;
        return 200;
    }
    if (found->mikey.size == 0 ||
        !svms_base64_padded_decode(found->mikey.data, found->mikey.size, asked->mikey, &size)) {
        return 463;
    }
    asked->request.mikey = asked->mikey;
    asked->request.mikey_size = size;
    return 200;
}

void svms_server_ask_parameter(svms_rtsp_connection *c, svms_server_asked *asked, uint32_t *code,
                               bool *done)
{
    const svms_rtsp_message *message = asked->message;
    parameters found = look_through(message);
    *code = 200;
    *done = found.count == 0; /* a sign of life */
    if (*done) {
        return;
    }
    if (!is_parameters(message)) {
        *code = 415;
        return;
    }
    if (asked->session) {
        asked->request.path = asked->session->presentation;
        asked->request.flags |= asked->session->playing ? SVMS_RTSP_REQUEST_PLAYING : 0;
    }
    if (found.has_mikey) {
        *code = take_key(c, asked, &found);
        return;
    }
    asked->request.body = (const char *)message->body;
    asked->request.body_size = message->body_size;
}
