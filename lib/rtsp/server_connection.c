/* SPDX-License-Identifier: Apache-2.0 */
/* A connection from its begin to its end. */
#include <string.h>

#include "address.h"
#include "failure.h"
#include "options.h"
#include "server_internal.h"

#define SECOND_NS UINT64_C(1000000000)

void svms_server_tell(svms_rtsp_connection *c, const svms_rtsp_server_event *event)
{
    bool was_in_handler = c->in_handler;
    c->in_handler = true;
    c->server->options.handlers.event(c->user, event);
    c->in_handler = was_in_handler;
}

static void end_sessions(svms_rtsp_connection *c)
{
    while (c->session_count > 0) {
        svms_server_end_session(c, c->sessions[c->session_count - 1], SVMS_RTSP_ENDED_CLOSED);
    }
}

svms_status svms_server_fail(svms_rtsp_connection *c, svms_status status, const char *words,
                             svms_error *err)
{
    if (c->failure == SVMS_OK) {
        c->failure = status;
        (void)svms_fail(&c->why, status, "%s", words);
        end_sessions(c);
        svms_builder_clear(&c->backlog);
    }
    return svms_fail_as(err, c->failure, &c->why);
}

static svms_status check_options(const svms_rtsp_server *server,
                                 const svms_rtsp_connection_options *o, svms_error *err)
{
    bool secure = (o->flags & SVMS_RTSP_CONNECTION_SECURE) != 0;
    uint32_t flags = server->options.flags;
    if ((o->flags & ~SVMS_RTSP_CONNECTION_SECURE) != 0 || !o->peer ||
        (o->identity && (!secure || strlen(o->identity) >= SVMS_RTSP_IDENTITY_SIZE))) {
        return svms_fail(err, SVMS_E_USAGE, "an option of the connection is out of range");
    }
    if (!secure && (flags & SVMS_RTSP_SERVER_ALLOW_CLEAR) == 0) {
        return svms_fail(err, SVMS_E_POLICY, "this RTSP server speaks over TLS alone");
    }
    if (!secure && (flags & (SVMS_RTSP_SERVER_DIGEST | SVMS_RTSP_SERVER_OPEN)) == 0) {
        return svms_fail(err, SVMS_E_POLICY, "tokens are shown over TLS alone");
    }
    return SVMS_OK;
}

static svms_status set_up(svms_rtsp_connection *c, const svms_rtsp_connection_options *options,
                          svms_error *err)
{
    if (!svms_address_parse(c->peer, options->peer)) {
        return svms_fail(err, SVMS_E_USAGE, "the peer's address is no IP address");
    }
    c->user = options->user;
    c->secure = (options->flags & SVMS_RTSP_CONNECTION_SECURE) != 0;
    if (options->identity) {
        c->has_identity = true;
        memcpy(c->identity, options->identity, strlen(options->identity) + 1);
    }
    c->out = svms_server_queue_new(c->ctx);
    c->backlog = svms_builder_new(c->ctx, c->server->options.max_backlog);
    c->partial_ns = UINT64_MAX;
    c->why = (svms_error)SVMS_ERROR_INIT;
    svms_status status = svms_random(c->ctx, c->guard.id, sizeof c->guard.id, err);
    if (status != SVMS_OK) {
        return status;
    }
    return svms_rtsp_reader_new(&c->reader, c->ctx, c->server->options.max_body, err);
}

svms_status svms_rtsp_connection_new(svms_rtsp_connection **out, svms_rtsp_server *server,
                                     const svms_rtsp_connection_options *options, uint64_t now_ns,
                                     svms_error *err)
{
    svms_rtsp_connection_options known = SVMS_RTSP_CONNECTION_OPTIONS_INIT;
    if (!out || !server || !options) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status =
        svms_options_read(&known, sizeof known, options, "svms_rtsp_connection_options", err);
    if (status == SVMS_OK) {
        status = check_options(server, &known, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_rtsp_connection *c = svms_alloc(server->ctx, sizeof *c);
    if (!c) {
        return svms_fail_memory(err);
    }
    c->ctx = server->ctx;
    c->server = server;
    c->now_ns = now_ns;
    c->begun_ns = now_ns;
    c->request_ns = now_ns;
    status = set_up(c, &known, err);
    if (status != SVMS_OK) {
        svms_rtsp_connection_free(&c);
        return status;
    }
    *out = c;
    return SVMS_OK;
}

void svms_rtsp_connection_free(svms_rtsp_connection **connection)
{
    if (!connection || !*connection) {
        return;
    }
    svms_rtsp_connection *c = *connection;
    *connection = NULL;
    end_sessions(c);
    svms_server_forget_asked(c);
    svms_rtsp_reader_free(&c->reader);
    /* What was never set up has no context of its own. */
    if (c->out.ctx) {
        svms_server_queue_clear(&c->out);
        svms_builder_clear(&c->backlog);
    }
    svms_release_secret(c->ctx, c, sizeof *c);
}

static svms_status handle_frame(svms_rtsp_connection *c, svms_rtsp_frame frame, svms_error *err)
{
    svms_server_session *session = NULL;
    uint32_t track = 0;
    bool is_rtcp = false;
    if (!svms_server_is_interleaving(c)) {
        return svms_server_fail(c, SVMS_E_MALFORMED,
                                "an interleaved packet came before anything was set up", err);
    }
    if (!svms_server_find_channel(c, frame.channel, &session, &track, &is_rtcp)) {
        return SVMS_OK;
    }
    session->seen_ns = c->now_ns;
    if (c->server->options.handlers.frame && frame.size > 0) {
        c->in_handler = true;
        c->server->options.handlers.frame(c->user, session->number, track, is_rtcp ? 1 : 0,
                                          frame.data, frame.size);
        c->in_handler = false;
    }
    return SVMS_OK;
}

/* What is no RTSP gets one answer that says so, and no more. */
static svms_status refuse_stream(svms_rtsp_connection *c, svms_status status, const svms_error *why,
                                 svms_error *err)
{
    static const char words[] = "RTSP/1.0 400 Bad Request\r\nConnection: close\r\n\r\n";
    const svms_iovec run = { words, sizeof words - 1 };
    size_t most = c->server->options.max_queue + (size_t)SVMS_SERVER_ANSWER_ROOM;
    svms_status told = SVMS_OK;
    if (status == SVMS_E_MALFORMED || status == SVMS_E_LIMIT) {
        told = svms_server_queue_put(&c->out, most, &run, 1);
    }
    return told == SVMS_E_NO_MEMORY ? svms_server_fail(c, told, "out of memory", err)
                                    : svms_server_fail(c, status, why->message, err);
}

/* Takes items until there are no more, or one has to wait; *used says how far it came. */
static svms_status take_items(svms_rtsp_connection *c, const uint8_t *data, size_t size,
                              size_t *used, svms_error *err)
{
    *used = 0;
    while (*used < size && !c->waiting && !c->closing) {
        svms_error why = SVMS_ERROR_INIT;
        svms_rtsp_item item = SVMS_RTSP_ITEM_NONE;
        size_t step = 0;
        svms_status status =
            svms_rtsp_reader_take(c->reader, data + *used, size - *used, &step, &item, &why);
        *used += step;
        if (status != SVMS_OK) {
            return refuse_stream(c, status, &why, err);
        }
        if (item == SVMS_RTSP_ITEM_NONE) {
            break;
        }
        c->partial_ns = UINT64_MAX;
        status = item == SVMS_RTSP_ITEM_FRAME
                     ? handle_frame(c, svms_rtsp_reader_frame(c->reader), err)
                     : svms_server_handle(c, svms_rtsp_reader_message(c->reader), err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    return SVMS_OK;
}

static void note_partial(svms_rtsp_connection *c)
{
    if (c->waiting || svms_rtsp_reader_between(c->reader)) {
        c->partial_ns = UINT64_MAX;
    } else if (c->partial_ns == UINT64_MAX) {
        c->partial_ns = c->now_ns;
    }
}

static svms_status keep(svms_rtsp_connection *c, const uint8_t *data, size_t size, svms_error *err)
{
    svms_put_bytes(&c->backlog, data, size);
    if (c->backlog.status == SVMS_E_LIMIT) {
        return svms_server_fail(c, SVMS_E_LIMIT, "the client sends more than can wait", err);
    }
    return c->backlog.status == SVMS_OK
               ? SVMS_OK
               : svms_server_fail(c, c->backlog.status, "out of memory", err);
}

/* What every call from outside begins with. */
static svms_status enter(svms_rtsp_connection *c, uint64_t now_ns, svms_error *err)
{
    if (c->in_handler) {
        return svms_fail(err, SVMS_E_STATE, "a handler must not call into its connection");
    }
    c->now_ns = now_ns > c->now_ns ? now_ns : c->now_ns;
    return c->failure == SVMS_OK ? SVMS_OK : svms_fail_as(err, c->failure, &c->why);
}

static svms_status leave(svms_rtsp_connection *c)
{
    note_partial(c);
    if (c->closing && !c->waiting) {
        end_sessions(c);
        return SVMS_END;
    }
    return SVMS_OK;
}

svms_status svms_rtsp_connection_feed(svms_rtsp_connection *connection, const void *data,
                                      size_t size, uint64_t now_ns, svms_error *err)
{
    svms_rtsp_connection *c = connection;
    size_t used = 0;
    if (!c || (!data && size > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = enter(c, now_ns, err);
    if (status == SVMS_OK && size > 0 && !c->waiting) {
        status = take_items(c, data, size, &used, err);
    }
    if (status == SVMS_OK && c->waiting && used < size) {
        status = keep(c, (const uint8_t *)data + used, size - used, err);
    }
    return status == SVMS_OK ? leave(c) : status;
}

/* What came while the answer was waited for. */
static svms_status take_backlog(svms_rtsp_connection *c, svms_error *err)
{
    svms_builder before = c->backlog;
    size_t used = 0;
    if (before.size == 0) {
        return SVMS_OK;
    }
    c->backlog = svms_builder_new(c->ctx, c->server->options.max_backlog);
    svms_status status = take_items(c, before.data, before.size, &used, err);
    if (status == SVMS_OK && c->waiting && used < before.size) {
        status = keep(c, before.data + used, before.size - used, err);
    }
    svms_builder_clear(&before);
    return status;
}

svms_status svms_rtsp_connection_answer(svms_rtsp_connection *connection,
                                        const svms_rtsp_server_answer *answer, uint64_t now_ns,
                                        svms_error *err)
{
    svms_rtsp_connection *c = connection;
    svms_rtsp_server_answer known = SVMS_RTSP_SERVER_ANSWER_INIT;
    svms_error why = SVMS_ERROR_INIT;
    const char *fault = NULL;
    if (!c || !answer) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status =
        svms_options_read(&known, sizeof known, answer, "svms_rtsp_server_answer", err);
    if (status == SVMS_OK) {
        status = enter(c, now_ns, err);
    }
    if (status == SVMS_OK && !c->waiting) {
        status = svms_fail(err, SVMS_E_STATE, "nothing waits for an answer");
    }
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_server_answer_asked(c, &known, &fault, &why);
    svms_server_forget_asked(c);
    if (status != SVMS_OK) {
        return svms_server_fail(c, status, why.message, err);
    }
    status = take_backlog(c, err);
    if (status == SVMS_OK && fault) {
        (void)leave(c);
        return svms_fail(err, SVMS_E_USAGE, "the answer is wrong: %s", fault);
    }
    return status == SVMS_OK ? leave(c) : status;
}

static uint64_t seconds(uint32_t count)
{
    return count * SECOND_NS;
}

/* When the connection itself keeps others waiting for too long; UINT64_MAX: it does not. */
static uint64_t patience(const svms_rtsp_connection *c)
{
    const svms_rtsp_server_options *options = &c->server->options;
    uint64_t end = UINT64_MAX;
    if (c->partial_ns != UINT64_MAX) {
        end = c->partial_ns + seconds(options->request_seconds);
    }
    uint64_t other = UINT64_MAX;
    if (!c->trusted) {
        other = c->begun_ns + seconds(options->request_seconds);
    } else if (c->session_count == 0 && !c->waiting) {
        other = c->request_ns + seconds(options->session_seconds);
    }
    return other < end ? other : end;
}

/* A session whose request is being answered has a client that is there. */
static uint64_t session_end(const svms_rtsp_connection *c, const svms_server_session *session)
{
    return c->asked && c->asked->session == session
               ? UINT64_MAX
               : session->seen_ns + seconds(c->server->options.session_seconds);
}

uint64_t svms_rtsp_connection_wait(const svms_rtsp_connection *connection)
{
    if (!connection || connection->failure != SVMS_OK) {
        return UINT64_MAX;
    }
    uint64_t first = patience(connection);
    for (uint32_t i = 0; i < connection->session_count; i++) {
        uint64_t end = session_end(connection, connection->sessions[i]);
        first = end < first ? end : first;
    }
    return first;
}

svms_status svms_rtsp_connection_tick(svms_rtsp_connection *connection, uint64_t now_ns,
                                      svms_error *err)
{
    svms_rtsp_connection *c = connection;
    if (!c) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    svms_status status = enter(c, now_ns, err);
    if (status != SVMS_OK) {
        return status;
    }
    for (uint32_t i = c->session_count; i > 0; i--) {
        svms_server_session *session = c->sessions[i - 1];
        if (session_end(c, session) <= c->now_ns) {
            /* The connection has that long again to begin another one. */
            c->request_ns = c->now_ns;
            svms_server_end_session(c, session, SVMS_RTSP_ENDED_TIMEOUT);
        }
    }
    if (patience(c) <= c->now_ns) {
        return svms_server_fail(c, SVMS_E_LIMIT, "the client was waited for in vain", err);
    }
    return leave(c);
}

static svms_server_track *find_track(const svms_rtsp_connection *c, uint32_t session,
                                     uint32_t track)
{
    const svms_server_session *found = svms_server_session_at(c, session);
    if (!found || !found->playing || track >= c->server->options.max_tracks ||
        !found->tracks[track].used ||
        found->tracks[track].transport.carrier != SVMS_RTSP_INTERLEAVED) {
        return NULL;
    }
    return &found->tracks[track];
}

svms_status svms_rtsp_connection_send(svms_rtsp_connection *connection, uint32_t session,
                                      uint32_t track, uint32_t is_rtcp, const void *data,
                                      size_t size, svms_error *err)
{
    if (!connection || !data || size == 0 || size > SVMS_RTSP_FRAME_MAX || is_rtcp > 1) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL or out of range");
    }
    if (connection->in_handler) {
        return svms_fail(err, SVMS_E_STATE, "a handler must not call into its connection");
    }
    if (connection->failure != SVMS_OK) {
        return svms_fail(err, SVMS_E_STATE, "the connection has ended");
    }
    const svms_server_track *found = find_track(connection, session, track);
    if (!found) {
        return svms_fail(err, SVMS_E_STATE, "no such track is being played in this connection");
    }
    uint32_t channel = is_rtcp ? found->transport.channel_rtcp : found->transport.channel_rtp;
    const uint8_t head[] = { '$', (uint8_t)channel, (uint8_t)(size >> 8), (uint8_t)size };
    const svms_iovec runs[] = { { head, sizeof head }, { data, size } };
    svms_status status =
        svms_server_queue_put(&connection->out, connection->server->options.max_queue, runs, 2);
    return status == SVMS_E_NO_MEMORY ? svms_fail_memory(err) : status;
}

svms_status svms_rtsp_connection_end_session(svms_rtsp_connection *connection, uint32_t session,
                                             svms_error *err)
{
    if (!connection) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    if (connection->in_handler) {
        return svms_fail(err, SVMS_E_STATE, "a handler must not call into its connection");
    }
    svms_server_session *found = svms_server_session_at(connection, session);
    if (found) {
        svms_server_end_session(connection, found, SVMS_RTSP_ENDED_BY_US);
    }
    return SVMS_OK;
}

size_t svms_rtsp_connection_output(const svms_rtsp_connection *connection, const void **data)
{
    size_t size = connection ? connection->out.size : 0;
    if (data) {
        *data = size > 0 ? connection->out.data + connection->out.start : NULL;
    }
    return data ? size : 0;
}

void svms_rtsp_connection_sent(svms_rtsp_connection *connection, size_t size)
{
    if (connection) {
        svms_server_queue_drop(&connection->out, size);
    }
}

void svms_rtsp_connection_alive(svms_rtsp_connection *connection, uint32_t session, uint64_t now_ns)
{
    svms_server_session *found = connection ? svms_server_session_at(connection, session) : NULL;
    if (found && now_ns > found->seen_ns) {
        found->seen_ns = now_ns;
    }
}
