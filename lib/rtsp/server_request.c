/* SPDX-License-Identifier: Apache-2.0 */
/* What comes of a request: RS-4 to RS-9. */
#include <string.h>

#include "failure.h"
#include "server_internal.h"

void svms_server_forget_asked(svms_rtsp_connection *c)
{
    /* It may hold a key. */
    svms_release_secret(c->ctx, c->asked, c->asked ? sizeof *c->asked : 0);
    c->asked = NULL;
    c->waiting = false;
}

static bool is_method(svms_rtsp_method method, svms_rtsp_method first, svms_rtsp_method second)
{
    return method == first || method == second;
}

static bool needs_session(svms_rtsp_method method)
{
    return is_method(method, SVMS_RTSP_PLAY, SVMS_RTSP_PAUSE) || method == SVMS_RTSP_TEARDOWN;
}

static bool is_served(svms_rtsp_method method)
{
    switch (method) {
    case SVMS_RTSP_OPTIONS:
    case SVMS_RTSP_DESCRIBE:
    case SVMS_RTSP_SETUP:
    case SVMS_RTSP_PLAY:
    case SVMS_RTSP_PAUSE:
    case SVMS_RTSP_TEARDOWN:
    case SVMS_RTSP_GET_PARAMETER:
    case SVMS_RTSP_SET_PARAMETER:
        return true;
    default:
        return false;
    }
}

static bool has_unknown_tag(const svms_rtsp_connection *c, const svms_rtsp_message *message,
                            const char *name)
{
    size_t position = 0;
    const svms_text_piece *value;
    while ((value = svms_rtsp_find_next(message, name, &position)) != NULL) {
        svms_text_piece rest = *value;
        svms_text_piece tag;
        while (svms_rtsp_list_next(&rest, &tag)) {
            if (!svms_server_knows_tag(c, tag)) {
                return true;
            }
        }
    }
    return false;
}

/* The session that a request names; it goes on living by that (RS-20). */
static uint32_t find_session(svms_rtsp_connection *c, svms_server_asked *asked)
{
    const svms_text_piece *value = svms_rtsp_find(asked->message, "Session");
    svms_rtsp_session named;
    if (!value) {
        return needs_session(asked->message->method) ? 454 : 200;
    }
    if (!svms_rtsp_session_read(&named, *value)) {
        return 400;
    }
    svms_server_session *session = svms_server_find_session(c, named.id);
    if (!session || strcmp(session->identity, asked->identity) != 0) {
        return 454;
    }
    if (asked->message->method != SVMS_RTSP_TEARDOWN) {
        session->seen_ns = c->now_ns;
    }
    asked->session = session;
    asked->request.session = session->number;
    memcpy(asked->session_id, session->id, sizeof session->id);
    return 200;
}

static uint32_t find_path(svms_server_asked *asked)
{
    const svms_rtsp_message *message = asked->message;
    bool is_star = message->url.size == 1 && message->url.data[0] == '*';
    if (is_star) {
        return message->method == SVMS_RTSP_OPTIONS ? 200 : 400;
    }
    if (message->url.size + 2 >= SVMS_RTSP_URL_SIZE) {
        return 414;
    }
    return svms_server_path_read(&asked->path, message->url, NULL) == SVMS_OK ? 200 : 400;
}

/* Which track of its session the URL means; that is where a request for a session goes. */
static uint32_t find_place(svms_rtsp_connection *c, svms_server_asked *asked)
{
    const svms_server_session *session = asked->session;
    svms_rtsp_method method = asked->message->method;
    bool is_elsewhere =
        method == SVMS_RTSP_OPTIONS || method == SVMS_RTSP_DESCRIBE || method == SVMS_RTSP_SETUP;
    asked->request.track = SVMS_RTSP_ALL_TRACKS;
    if (!session || is_elsewhere || strcmp(asked->path.path, session->presentation) == 0) {
        return 200;
    }
    for (uint32_t i = 0; i < c->server->options.max_tracks; i++) {
        const svms_server_track *track = &session->tracks[i];
        if (track->used &&
            svms_server_path_is_track(&asked->path, session->presentation, track->control)) {
            asked->request.track = i;
            return 200;
        }
    }
    return 404;
}

static void begin_request(svms_server_asked *asked, const svms_rtsp_message *message)
{
    svms_rtsp_server_request *request = &asked->request;
    asked->message = message;
    request->struct_size = (uint32_t)sizeof *request;
    request->method = message->method;
    request->cseq = message->cseq;
    request->identity = asked->identity;
    request->path = asked->path.path;
    request->query = asked->path.query;
}

/* Everything that holds for all methods; 200: go on. */
static uint32_t judge_form(svms_rtsp_connection *c, svms_server_asked *asked)
{
    if (asked->message->method == SVMS_RTSP_OTHER) {
        return 501;
    }
    if (!is_served(asked->message->method)) {
        return 405;
    }
    uint32_t code = find_path(asked);
    if (code == 200) {
        code = find_session(c, asked);
    }
    return code == 200 ? find_place(c, asked) : code;
}

static svms_status teardown(svms_rtsp_connection *c, svms_server_asked *asked, svms_error *err)
{
    svms_server_session *session = asked->session;
    asked->session = NULL;
    if (asked->request.track == SVMS_RTSP_ALL_TRACKS) {
        svms_server_end_session(c, session, SVMS_RTSP_ENDED_TEARDOWN);
    } else {
        svms_server_end_track(c, session, asked->request.track, SVMS_RTSP_ENDED_TEARDOWN);
    }
    return svms_server_answer_code(c, asked->message, asked, 200, false, err);
}

static svms_status ask(svms_rtsp_connection *c, svms_error *err)
{
    svms_rtsp_server_answer answer = SVMS_RTSP_SERVER_ANSWER_INIT;
    const char *fault = NULL;
    c->in_handler = true;
    svms_status status = c->server->options.handlers.request(c->user, &c->asked->request, &answer);
    c->in_handler = false;
    if (status == SVMS_AGAIN) {
        c->waiting = true;
        return SVMS_OK;
    }
    if (status != SVMS_OK) {
        svms_log(c->ctx, SVMS_LOG_WARNING, "an RTSP request failed: %s", svms_status_name(status));
        return svms_server_answer_code(c, c->asked->message, c->asked, 500, false, err);
    }
    status = svms_server_answer_asked(c, &answer, &fault, err);
    if (fault) {
        svms_log(c->ctx, SVMS_LOG_ERROR, "an answer to an RTSP request is wrong: %s", fault);
    }
    return status;
}

static svms_status serve(svms_rtsp_connection *c, svms_server_asked *asked, svms_error *err)
{
    uint32_t code = judge_form(c, asked);
    bool done = false;
    if (code != 200) {
        return svms_server_answer_code(c, asked->message, asked, code, false, err);
    }
    switch (asked->message->method) {
    case SVMS_RTSP_OPTIONS:
        done = true;
        break;
    case SVMS_RTSP_TEARDOWN:
        return teardown(c, asked, err);
    case SVMS_RTSP_DESCRIBE:
        svms_server_ask_describe(c, asked, &code);
        break;
    case SVMS_RTSP_SETUP:
        svms_server_ask_setup(c, asked, &code);
        break;
    case SVMS_RTSP_PLAY:
    case SVMS_RTSP_PAUSE:
        svms_server_ask_control(c, asked, &code);
        break;
    default:
        svms_server_ask_parameter(c, asked, &code, &done);
        break;
    }
    if (code != 200 || done) {
        return svms_server_answer_code(c, asked->message, asked, code, false, err);
    }
    return ask(c, err);
}

/* Those that nobody has vouched for get the same answers whatever they ask for (RA-8). */
static svms_status serve_stranger(svms_rtsp_connection *c, uint32_t code, bool stale,
                                  svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    svms_status counted = svms_server_count_stranger(c, &why);
    c->closing |= counted != SVMS_OK;
    svms_status status = svms_server_answer_code(c, c->asked->message, NULL, code, stale, err);
    if (status == SVMS_OK && counted != SVMS_OK) {
        return svms_server_fail(c, counted, why.message, err);
    }
    return status;
}

static uint32_t judge_line(const svms_rtsp_message *message)
{
    if (message->major != 1 || message->minor != 0) {
        return 505;
    }
    return message->has_cseq ? 200 : 400;
}

static svms_status handle(svms_rtsp_connection *c, svms_error *err)
{
    svms_server_asked *asked = c->asked;
    const svms_rtsp_message *message = asked->message;
    uint32_t code = judge_line(message);
    bool stale = false;
    bool is_known = (c->server->options.flags & SVMS_RTSP_SERVER_OPEN) != 0 || c->has_identity;
    bool asks_freely = message->method == SVMS_RTSP_OPTIONS && !is_known &&
                       !svms_rtsp_find(message, "Authorization");
    if (code != 200 || asks_freely) {
        return serve_stranger(c, code, false, err);
    }
    svms_status status = svms_server_login(c, asked, &code, &stale, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (code != 200) {
        return serve_stranger(c, code, stale, err);
    }
    c->request_ns = c->now_ns;
    if (has_unknown_tag(c, message, "Require") || has_unknown_tag(c, message, "Proxy-Require")) {
        return svms_server_answer_unsupported(c, asked, err);
    }
    return serve(c, asked, err);
}

static bool wants_close(const svms_rtsp_message *message)
{
    const svms_text_piece *value = svms_rtsp_find(message, "Connection");
    return value && svms_rtsp_list_has(*value, "close");
}

svms_status svms_server_handle(svms_rtsp_connection *c, const svms_rtsp_message *message,
                               svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    if (!message->is_request) {
        return svms_server_fail(c, SVMS_E_MALFORMED, "a response came that nobody asked for", err);
    }
    c->closing |= wants_close(message);
    c->asked = svms_alloc(c->ctx, sizeof *c->asked);
    if (!c->asked) {
        return svms_server_fail(c, SVMS_E_NO_MEMORY, "out of memory", err);
    }
    begin_request(c->asked, message);
    svms_status status = handle(c, &why);
    if (!c->waiting) {
        svms_server_forget_asked(c);
    }
    return status == SVMS_OK ? SVMS_OK : svms_server_fail(c, status, why.message, err);
}
