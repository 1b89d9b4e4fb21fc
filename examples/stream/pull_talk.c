/* SPDX-License-Identifier: Apache-2.0 */
/* The conversation: OPTIONS, DESCRIBE, SETUP of each track, PLAY; then keepalives, which the client
 * sends by itself, fresh keys, and TEARDOWN. */
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "pull_internal.h"

#define STATUS_UNAUTHORIZED 401
#define STATUS_FORBIDDEN 403
#define STATUS_UNSUPPORTED_TRANSPORT 461
#define STATUS_KEY_MANAGEMENT 463

static bool is_good(uint32_t status)
{
    return status >= 200 && status < 300;
}

static void request_failed(stream_pull *pull, const svms_error *err)
{
    pull_fail(pull, err->status == SVMS_E_POLICY ? STREAM_PULL_POLICY : STREAM_PULL_BROKEN, err);
}

static void say_denied(stream_pull *pull)
{
    const stream_pull_options *options = &pull->options;
    bool given = options->user_name || options->token;
    pull_end(pull, STREAM_PULL_DENIED, SVMS_E_POLICY,
             given ? "the camera does not accept the %s"
                   : "the camera wants to know who asks: a "
                     "user with a password, or a token",
             options->token ? "token" : "user and the password");
}

/* An answer that is a no. */
static void say_refused(stream_pull *pull, const svms_rtsp_client_event *event)
{
    const char *method = svms_rtsp_method_name(event->method);
    method = method ? method : "a request";
    if (event->status < 400) {
        pull_end(pull, STREAM_PULL_REDIRECTED, SVMS_E_POLICY,
                 "the camera sends us elsewhere, to %.300s: redirects are not followed",
                 event->location ? event->location : "no place that it names");
    } else if (event->status == STATUS_UNAUTHORIZED) {
        say_denied(pull);
    } else if (event->status == STATUS_FORBIDDEN) {
        pull_end(pull, STREAM_PULL_DENIED, SVMS_E_POLICY, "the camera forbids %s", method);
    } else if (event->status == STATUS_KEY_MANAGEMENT) {
        pull_end(pull, STREAM_PULL_REFUSED, SVMS_E_POLICY,
                 "the camera does not take the media key (463)");
    } else if (event->status == STATUS_UNSUPPORTED_TRANSPORT) {
        pull_end(pull, STREAM_PULL_REFUSED, SVMS_E_UNSUPPORTED,
                 "the camera does not send media %s (461)",
                 pull->options.udp ? "by UDP" : "inside the connection");
    } else {
        pull_end(pull, STREAM_PULL_REFUSED, SVMS_E_UNSUPPORTED,
                 "the camera answers %s with %u %.200s", method, event->status,
                 event->phrase ? event->phrase : "");
    }
}

static void ask_setup(stream_pull *pull)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_rtsp_transport transport = SVMS_RTSP_TRANSPORT_INIT;
    uint8_t message[SVMS_MIKEY_SIZE_MAX];
    size_t size = sizeof message;
    pull_track *track = &pull->tracks[pull->next_track];
    if (!pull_track_prepare(track, &transport) || !pull_key_offer(track, message, &size)) {
        return;
    }
    svms_status asked =
        svms_rtsp_client_setup(pull->client, track->control, &transport, size > 0 ? message : NULL,
                               size, &track->setup, &err);
    OPENSSL_cleanse(message, sizeof message);
    if (asked != SVMS_OK) {
        request_failed(pull, &err);
    }
}

static void ask_play(stream_pull *pull)
{
    svms_error err = SVMS_ERROR_INIT;
    const stream_pull_replay *replay = pull->options.replay;
    svms_rtsp_play play = SVMS_RTSP_PLAY_INIT;
    if (replay) {
        bool is_bound = replay->from_utc_ns != SVMS_NO_TIME || replay->to_utc_ns != SVMS_NO_TIME;
        play.range.kind = is_bound ? SVMS_RTSP_RANGE_CLOCK : SVMS_RTSP_RANGE_NONE;
        play.range.from_ns = replay->from_utc_ns;
        play.range.to_ns = replay->to_utc_ns;
        play.rate_control = replay->paced ? SVMS_RTSP_NOT_SAID : SVMS_RTSP_NO;
        play.immediate = SVMS_RTSP_YES;
        play.frames = replay->sync_only ? SVMS_RTSP_FRAMES_INTRA : SVMS_RTSP_FRAMES_NOT_SAID;
    }
    if (svms_rtsp_client_play(pull->client, NULL, replay ? &play : NULL, NULL, &err) != SVMS_OK) {
        request_failed(pull, &err);
    }
}

/* A key that anybody could read on its way protects nothing, and whoever sends it so does not know
 * that. */
static bool has_open_key(stream_pull *pull, const svms_sdp *description)
{
    svms_sdp_media media = SVMS_SDP_MEDIA_INIT;
    for (size_t i = 0; !pull->url.secure && i < svms_sdp_media_count(description); i++) {
        if (svms_sdp_media_at(description, i, &media, NULL) == SVMS_OK && media.key_mgmt) {
            pull_end(pull, STREAM_PULL_POLICY, SVMS_E_POLICY,
                     "the camera sends a media key without TLS, for everybody to read");
            return true;
        }
    }
    return false;
}

static void on_described(stream_pull *pull, const svms_rtsp_client_event *event)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_sdp *description = NULL;
    if (svms_sdp_read(&description, pull->ctx,
                      (const char *)(event->body ? event->body : (const uint8_t *)""),
                      event->body_size, &err) != SVMS_OK) {
        pull_fail(pull, STREAM_PULL_BROKEN, &err);
        return;
    }
    if (pull->options.events->described) {
        pull->options.events->described(pull->options.user, description);
    }
    if (pull->options.describe_only) {
        pull_end(pull, STREAM_PULL_STOPPED, SVMS_END, "it is described");
    } else if (!has_open_key(pull, description) && pull_tracks_choose(pull, description)) {
        ask_setup(pull);
    }
    svms_sdp_free(&description);
}

static void on_set_up(stream_pull *pull, const svms_rtsp_client_event *event)
{
    pull_track *track = &pull->tracks[pull->next_track];
    if (pull->next_track >= pull->track_count || track->setup != event->request) {
        pull_end(pull, STREAM_PULL_BROKEN, SVMS_E_MALFORMED, "an answer to nothing that was asked");
        return;
    }
    if (!pull_track_settle(track, event) || !pull_key_begin(track, event)) {
        return;
    }
    pull->next_track++;
    if (pull->next_track < pull->track_count) {
        ask_setup(pull);
    } else {
        ask_play(pull);
    }
}

static const svms_rtsp_rtp_info *info_of(const pull_track *track,
                                         const svms_rtsp_client_event *event)
{
    for (size_t i = 0; i < event->rtp_info_count; i++) {
        char url[SVMS_RTSP_URL_SIZE];
        size_t size = sizeof url;
        if (svms_rtsp_client_resolve(track->pull->client, event->rtp_info[i].url, url, &size,
                                     NULL) == SVMS_OK &&
            strcmp(url, track->control) == 0) {
            return &event->rtp_info[i];
        }
    }
    return NULL;
}

static void on_playing(stream_pull *pull, const svms_rtsp_client_event *event)
{
    stream_pull_track told[STREAM_PULL_TRACKS_MAX];
    const svms_rtsp_range *range = &event->play.range;
    int64_t utc = range->kind == SVMS_RTSP_RANGE_CLOCK ? range->from_ns : SVMS_NO_TIME;
    for (size_t i = 0; i < pull->track_count; i++) {
        pull_track *track = &pull->tracks[i];
        if (!pull_track_expect(track, info_of(track, event), utc)) {
            return;
        }
        told[i] = track->told;
    }
    svms_status wanted = pull->options.events->tracks(pull->options.user, told, pull->track_count);
    if (wanted != SVMS_OK) {
        pull_end(pull, STREAM_PULL_CONSUMER, wanted, "nobody wants these tracks");
        return;
    }
    pull->phase = PULL_PLAYS;
    pull->media_ns = pull->now;
}

static void on_response(stream_pull *pull, const svms_rtsp_client_event *event)
{
    bool good = is_good(event->status);
    if (pull->options.events->answer) {
        pull->options.events->answer(pull->options.user, event);
    }
    for (size_t i = 0; i < pull->track_count; i++) {
        if (event->request != 0 && pull->tracks[i].rekey == event->request) {
            pull_key_answered(&pull->tracks[i], event->status);
            return;
        }
    }
    if (pull->phase == PULL_LEAVES) {
        if (event->method == SVMS_RTSP_TEARDOWN) {
            pull_left(pull);
        }
    } else if (event->request == 0) {
        /* A keepalive that is refused: the session is gone (454), or the method not known. */
        if (event->status == 454) {
            pull_end(pull, STREAM_PULL_TEARDOWN, SVMS_END, "the camera knows the session no more");
        }
    } else if (event->method == SVMS_RTSP_OPTIONS) {
        /* Some cameras answer it with anything; what counts is DESCRIBE. */
    } else if (!good) {
        say_refused(pull, event);
    } else if (event->method == SVMS_RTSP_DESCRIBE) {
        on_described(pull, event);
    } else if (event->method == SVMS_RTSP_SETUP) {
        on_set_up(pull, event);
    } else if (event->method == SVMS_RTSP_PLAY) {
        on_playing(pull, event);
    }
}

static void on_frame(stream_pull *pull, const svms_rtsp_client_event *event)
{
    if (pull->phase < PULL_PLAYS || event->data_size > SVMS_RTP_PACKET_MAX) {
        return;
    }
    for (size_t i = 0; i < pull->track_count; i++) {
        pull_track *track = &pull->tracks[i];
        bool is_rtp = event->channel == track->channel_rtp;
        if (track->ports.rtp < 0 && (is_rtp || event->channel == track->channel_rtcp)) {
            memcpy(pull->packet, event->data, event->data_size);
            pull_media_take(track, !is_rtp, pull->packet, event->data_size);
            return;
        }
    }
}

static void on_request(stream_pull *pull, const svms_rtsp_client_event *event)
{
    if (event->method == SVMS_RTSP_TEARDOWN || event->method == SVMS_RTSP_REDIRECT) {
        pull_end(pull, STREAM_PULL_TEARDOWN, SVMS_END, "the camera ended the session (%s)",
                 svms_rtsp_method_name(event->method));
    }
}

static svms_status on_event(void *user, const svms_rtsp_client_event *event)
{
    stream_pull *pull = user;
    if (pull->end != STREAM_PULL_GOES_ON) {
        return SVMS_OK;
    }
    switch (event->kind) {
    case SVMS_RTSP_CLIENT_RESPONSE:
        on_response(pull, event);
        break;
    case SVMS_RTSP_CLIENT_FRAME:
        on_frame(pull, event);
        break;
    case SVMS_RTSP_CLIENT_REQUEST:
        on_request(pull, event);
        break;
    }
    return SVMS_OK;
}

static svms_status give_password(void *user, const char *realm, uint8_t *out, size_t *size)
{
    const stream_pull *pull = user;
    const char *password = pull->options.password ? pull->options.password : "";
    size_t length = strlen(password);
    (void)realm;
    if (length > *size) {
        return SVMS_E_LIMIT;
    }
    memcpy(out, password, length);
    *size = length;
    return SVMS_OK;
}

bool pull_talk_begin(stream_pull *pull)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_rtsp_client_options options = SVMS_RTSP_CLIENT_OPTIONS_INIT;
    const stream_pull_options *wanted = &pull->options;
    options.flags = (pull->url.secure ? SVMS_RTSP_CLIENT_SECURE : 0) |
                    (wanted->allow_md5 ? SVMS_RTSP_CLIENT_ALLOW_MD5 : 0) |
                    (wanted->clear ? SVMS_RTSP_CLIENT_ALLOW_CLEAR : 0) |
                    (wanted->replay ? SVMS_RTSP_CLIENT_REPLAY : 0);
    options.url = wanted->url;
    options.user_name = wanted->user_name;
    options.bearer = wanted->token;
    options.request_timeout_ns = wanted->answer_ns;
    options.user = pull;
    options.password = give_password;
    options.event = on_event;
    svms_status status = svms_rtsp_client_new(&pull->client, pull->ctx, &options, pull->now, &err);
    if (status == SVMS_OK) {
        status = svms_rtsp_client_ask_options(pull->client, NULL, &err);
    }
    if (status == SVMS_OK) {
        status = svms_rtsp_client_describe(pull->client, NULL, &err);
    }
    if (status != SVMS_OK) {
        pull_fail(pull, STREAM_PULL_FAILED, &err);
    }
    return status == SVMS_OK;
}

void pull_left(stream_pull *pull)
{
    if (pull->is_complete) {
        pull_end(pull, STREAM_PULL_COMPLETE, SVMS_END, "all has come");
    } else {
        pull_end(pull, STREAM_PULL_STOPPED, SVMS_END, "it was stopped");
    }
}

void pull_talk_leave(stream_pull *pull)
{
    if (svms_rtsp_client_teardown(pull->client, NULL, NULL, NULL) != SVMS_OK) {
        pull_left(pull);
    }
}
