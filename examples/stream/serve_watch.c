/* SPDX-License-Identifier: Apache-2.0 */
/* Who watches what: from the first DESCRIBE or SETUP to the end that the audit log hears of. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve_internal.h"

static bool is_for(const serve_watch *watch, const stream_presentation *presentation,
                   const svms_rtsp_server_request *request)
{
    return watch && watch->presentation == presentation &&
           strcmp(watch->identity, request->identity) == 0;
}

static uint32_t make_streams(serve_watch *watch)
{
    const stream_ports none = STREAM_PORTS_INIT;
    serve_stream *streams = calloc(watch->tracks->count, sizeof *streams);
    if (!streams) {
        return SERVE_INTERNAL_ERROR;
    }
    for (uint32_t i = 0; i < watch->tracks->count; i++) {
        streams[i].watch = watch;
        streams[i].track = &watch->tracks->list[i];
        streams[i].ports = none;
        streams[i].message = (svms_mikey)SVMS_MIKEY_INIT;
        streams[i].last_sync_utc = SVMS_NO_TIME;
    }
    watch->streams = streams;
    return SERVE_GOOD;
}

static uint32_t open_watch(serve_watch *watch, const svms_rtsp_server_request *request)
{
    (void)snprintf(watch->identity, sizeof watch->identity, "%s", request->identity);
    watch->scheme = request->scheme;
    watch->theirs = (svms_mikey)SVMS_MIKEY_INIT;
    watch->play = (svms_rtsp_play)SVMS_RTSP_PLAY_INIT;
    watch->from_utc_ns = SVMS_NO_TIME;
    watch->to_utc_ns = SVMS_NO_TIME;
    watch->until_utc_ns = INT64_MAX;
    watch->asked_for_utc_ns = INT64_MAX;
    watch->query = strdup(request->query ? request->query : "");
    if (!watch->query) {
        return SERVE_INTERNAL_ERROR;
    }
    if (watch->presentation->kind == STREAM_SERVE_REPLAY) {
        watch->tracks = &watch->own;
        uint32_t code = serve_replay_open(watch, request);
        if (code != SERVE_GOOD) {
            return code;
        }
    } else {
        watch->tracks = &watch->presentation->tracks;
    }
    return make_streams(watch);
}

uint32_t serve_watch_for(serve_watch **out, serve_client *client, stream_presentation *presentation,
                         const svms_rtsp_server_request *request)
{
    if (is_for(client->watch, presentation, request)) {
        *out = client->watch;
        return SERVE_GOOD;
    }
    if (is_for(client->described, presentation, request)) {
        *out = client->described;
        return SERVE_GOOD;
    }
    serve_watch_free(&client->described);
    serve_watch *watch = calloc(1, sizeof *watch);
    if (!watch) {
        return SERVE_INTERNAL_ERROR;
    }
    watch->client = client;
    watch->presentation = presentation;
    client->described = watch;
    uint32_t code = open_watch(watch, request);
    if (code != SERVE_GOOD) {
        serve_watch_free(&client->described);
        return code;
    }
    *out = watch;
    return SERVE_GOOD;
}

serve_watch *serve_watched(const serve_client *client)
{
    return client->watch && client->watch->session != 0 ? client->watch : NULL;
}

void serve_watch_settle(serve_watch *watch, uint32_t session)
{
    serve_client *client = watch->client;
    watch->session = session;
    if (client->watch != watch) {
        serve_watch_free(&client->watch);
        client->watch = watch;
        client->described = NULL;
    }
}

static void tell(serve_watch *watch)
{
    const stream_serve_options *options = &watch->client->serve->options;
    if (options->watch) {
        options->watch(options->user, &watch->told);
    }
}

void serve_watch_begin(serve_watch *watch)
{
    stream_serve_watch *told = &watch->told;
    watch->is_playing = true;
    if (told->number != 0) {
        return;
    }
    *told = (stream_serve_watch){ .number = ++watch->client->serve->watches,
                                  .kind = watch->presentation->kind,
                                  .path = watch->presentation->path,
                                  .identity = watch->identity,
                                  .scheme = watch->scheme,
                                  .address = watch->client->address,
                                  .began_utc_ns = serve_utc_now(),
                                  .first_utc_ns = SVMS_NO_TIME,
                                  .last_utc_ns = SVMS_NO_TIME };
    tell(watch);
}

void serve_watch_count(serve_watch *watch, size_t size, int64_t utc_ns)
{
    stream_serve_watch *told = &watch->told;
    told->samples++;
    told->bytes += size;
    if (told->first_utc_ns == SVMS_NO_TIME || utc_ns < told->first_utc_ns) {
        told->first_utc_ns = utc_ns;
    }
    if (told->last_utc_ns == SVMS_NO_TIME || utc_ns > told->last_utc_ns) {
        told->last_utc_ns = utc_ns;
    }
}

static void tell_end(serve_watch *watch, const char *why)
{
    stream_serve_watch *told = &watch->told;
    if (told->number == 0) {
        return;
    }
    told->is_over = true;
    told->why = watch->why[0] != '\0' ? watch->why : why;
    told->ended_utc_ns = serve_utc_now();
    tell(watch);
    *told = (stream_serve_watch){ .number = 0 };
}

/* Keys that were offered stay good: who sets up again need not describe again. */
void serve_watch_end(serve_client *client, const char *why)
{
    serve_watch *watch = client->watch;
    for (uint32_t i = 0; i < watch->tracks->count; i++) {
        serve_end_stream(&watch->streams[i]);
    }
    watch->is_playing = false;
    watch->session = 0;
    tell_end(watch, why);
    watch->why[0] = '\0';
    serve_watch_free(&client->described);
    client->described = watch;
    client->watch = NULL;
}

void serve_watch_stop(serve_client *client, const char *why)
{
    svms_error err = SVMS_ERROR_INIT;
    serve_watch *watch = serve_watched(client);
    if (!watch || client->is_over) {
        return;
    }
    (void)snprintf(watch->why, sizeof watch->why, "%s", why);
    serve_goodbye(watch);
    if (svms_rtsp_connection_end_session(client->rtsp, watch->session, &err) != SVMS_OK) {
        serve_client_drop(client, err.message);
    }
}

void serve_watch_free(serve_watch **watch)
{
    serve_watch *gone = *watch;
    if (!gone) {
        return;
    }
    tell_end(gone, "the connection ended");
    for (uint32_t i = 0; gone->streams && i < gone->tracks->count; i++) {
        serve_end_stream(&gone->streams[i]);
        svms_rtp_sender_free(&gone->streams[i].sender);
        svms_mikey_wipe(&gone->streams[i].message);
    }
    svms_srtp_free(&gone->srtp);
    svms_mikey_wipe(&gone->theirs);
    serve_replay_close(gone);
    serve_tracks_free(&gone->own);
    free(gone->streams);
    free(gone->query);
    free(gone);
    *watch = NULL;
}
