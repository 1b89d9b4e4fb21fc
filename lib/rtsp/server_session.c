/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "auth_digest.h"
#include "failure.h"
#include "server_internal.h"

svms_server_session *svms_server_find_session(svms_rtsp_connection *c, svms_text_piece id)
{
    for (uint32_t i = 0; i < c->session_count; i++) {
        if (id.size == SVMS_SERVER_SESSION_ID_SIZE - 1 &&
            svms_equal_secret(c->sessions[i]->id, id.data, id.size)) {
            return c->sessions[i];
        }
    }
    return NULL;
}

svms_server_session *svms_server_session_at(const svms_rtsp_connection *c, uint32_t number)
{
    for (uint32_t i = 0; i < c->session_count; i++) {
        if (c->sessions[i]->number == number) {
            return c->sessions[i];
        }
    }
    return NULL;
}

static void clear_track(svms_ctx *ctx, svms_server_track *track)
{
    svms_release(ctx, track->control);
    svms_release(ctx, track->url);
    memset(track, 0, sizeof *track);
}

static void release_session(const svms_rtsp_connection *c, svms_server_session *session)
{
    for (uint32_t i = 0; session->tracks && i < c->server->options.max_tracks; i++) {
        clear_track(c->ctx, &session->tracks[i]);
    }
    svms_release(c->ctx, session->tracks);
    svms_release(c->ctx, session->presentation);
    svms_release(c->ctx, session->identity);
    svms_release_secret(c->ctx, session, sizeof *session);
}

svms_status svms_server_add_session(svms_rtsp_connection *c, const svms_server_asked *asked,
                                    svms_server_session **out, svms_error *err)
{
    uint8_t id[SVMS_SERVER_SESSION_ID];
    svms_status status = svms_random(c->ctx, id, sizeof id, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_server_session *session = svms_alloc(c->ctx, sizeof *session);
    if (!session) {
        return svms_fail_memory(err);
    }
    session->tracks =
        svms_alloc_array(c->ctx, c->server->options.max_tracks, sizeof *session->tracks);
    session->presentation = svms_copy_text(c->ctx, asked->path.path);
    session->identity = svms_copy_text(c->ctx, asked->identity);
    if (!session->tracks || !session->presentation || !session->identity) {
        release_session(c, session);
        return svms_fail_memory(err);
    }
    svms_auth_hex(id, sizeof id, session->id);
    session->number = asked->request.session;
    session->seen_ns = c->now_ns;
    c->last_session = session->number;
    c->sessions[c->session_count++] = session;
    *out = session;
    return SVMS_OK;
}

static void tell_end(svms_rtsp_connection *c, uint32_t session, uint32_t track,
                     svms_rtsp_server_reason reason)
{
    const svms_rtsp_server_event event = { .struct_size = (uint32_t)sizeof event,
                                           .kind = SVMS_RTSP_SERVER_ENDED,
                                           .session = session,
                                           .track = track,
                                           .reason = reason };
    svms_server_tell(c, &event);
}

void svms_server_end_session(svms_rtsp_connection *c, svms_server_session *session,
                             svms_rtsp_server_reason reason)
{
    uint32_t place = 0;
    while (c->sessions[place] != session) {
        place++;
    }
    c->session_count--;
    for (; place < c->session_count; place++) {
        c->sessions[place] = c->sessions[place + 1];
    }
    c->sessions[c->session_count] = NULL;
    uint32_t number = session->number;
    bool was_there = svms_server_count_tracks(c, session) > 0;
    if (c->asked && c->asked->session == session) {
        c->asked->session = NULL;
    }
    release_session(c, session);
    if (was_there) {
        tell_end(c, number, SVMS_RTSP_ALL_TRACKS, reason);
    }
}

void svms_server_end_track(svms_rtsp_connection *c, svms_server_session *session, uint32_t track,
                           svms_rtsp_server_reason reason)
{
    if (reason != SVMS_RTSP_ENDED_REPLACED && svms_server_count_tracks(c, session) == 1) {
        svms_server_end_session(c, session, reason);
        return;
    }
    clear_track(c->ctx, &session->tracks[track]);
    tell_end(c, session->number, track, reason);
}

uint32_t svms_server_count_tracks(const svms_rtsp_connection *c, const svms_server_session *session)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < c->server->options.max_tracks; i++) {
        count += session->tracks[i].used ? 1 : 0;
    }
    return count;
}

uint32_t svms_server_find_track(const svms_rtsp_connection *c, const svms_server_session *session,
                                const char *control)
{
    for (uint32_t i = 0; i < c->server->options.max_tracks; i++) {
        if (session->tracks[i].used && strcmp(session->tracks[i].control, control) == 0) {
            return i;
        }
    }
    return SVMS_RTSP_ALL_TRACKS;
}

uint32_t svms_server_free_track(const svms_rtsp_connection *c, const svms_server_session *session)
{
    for (uint32_t i = 0; i < c->server->options.max_tracks; i++) {
        if (!session->tracks[i].used) {
            return i;
        }
    }
    return SVMS_RTSP_ALL_TRACKS;
}

static bool interleaves(const svms_server_track *track)
{
    return track->used && track->transport.carrier == SVMS_RTSP_INTERLEAVED;
}

bool svms_server_find_channel(const svms_rtsp_connection *c, uint32_t channel,
                              svms_server_session **session, uint32_t *track, bool *is_rtcp)
{
    for (uint32_t i = 0; i < c->session_count; i++) {
        for (uint32_t j = 0; j < c->server->options.max_tracks; j++) {
            const svms_server_track *one = &c->sessions[i]->tracks[j];
            if (interleaves(one) &&
                (one->transport.channel_rtp == channel || one->transport.channel_rtcp == channel)) {
                *session = c->sessions[i];
                *track = j;
                *is_rtcp = one->transport.channel_rtcp == channel;
                return true;
            }
        }
    }
    return false;
}

bool svms_server_is_interleaving(const svms_rtsp_connection *c)
{
    for (uint32_t i = 0; i < c->session_count; i++) {
        for (uint32_t j = 0; j < c->server->options.max_tracks; j++) {
            if (interleaves(&c->sessions[i]->tracks[j])) {
                return true;
            }
        }
    }
    return false;
}
