/* SPDX-License-Identifier: Apache-2.0 */
/* What is at which path. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve_internal.h"

stream_presentation *serve_find(const stream_serve *serve, const char *path)
{
    for (uint32_t i = 0; i < serve->presentation_count; i++) {
        if (strcmp(serve->presentations[i]->path, path) == 0) {
            return serve->presentations[i];
        }
    }
    return NULL;
}

static svms_status add_track(serve_tracks *out, svms_ctx *ctx, const svms_track *track,
                             uint32_t number, svms_error *err)
{
    serve_track *to = &out->list[out->count];
    *to = (serve_track){ .number = number, .track = *track };
    svms_status status =
        svms_rtp_format_make(&to->format, ctx, SERVE_FIRST_PAYLOAD_TYPE + out->count, track, err);
    if (status == SVMS_E_UNSUPPORTED) {
        return SVMS_OK;
    }
    out->count += status == SVMS_OK ? 1 : 0;
    /* The format has its own copy. */
    to->track.config = NULL;
    to->track.config_size = 0;
    return status;
}

svms_status serve_tracks_make(serve_tracks *out, svms_ctx *ctx, const svms_track *tracks,
                              uint32_t count, svms_error *err)
{
    svms_status status = SVMS_OK;
    out->count = 0;
    for (uint32_t i = 0; i < count && status == SVMS_OK; i++) {
        if (out->count == SERVE_TRACKS_MAX) {
            status = serve_fail(err, SVMS_E_LIMIT, "there are too many tracks");
            break;
        }
        status = add_track(out, ctx, &tracks[i], i, err);
    }
    if (status == SVMS_OK && out->count == 0) {
        status = serve_fail(err, SVMS_E_UNSUPPORTED, "there is no track that can be sent over RTP");
    }
    if (status != SVMS_OK) {
        serve_tracks_free(out);
    }
    return status;
}

svms_status serve_track_change(serve_tracks *tracks, uint32_t index, svms_ctx *ctx,
                               const svms_track *to, svms_error *err)
{
    serve_track *track = &tracks->list[index];
    svms_rtp_format *format = NULL;
    if (to->codec != track->track.codec || to->timebase_num != track->track.timebase_num ||
        to->timebase_den != track->track.timebase_den) {
        return serve_fail(err, SVMS_E_USAGE, "codec and time base of a track do not change");
    }
    svms_status status =
        svms_rtp_format_make(&format, ctx, SERVE_FIRST_PAYLOAD_TYPE + index, to, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_rtp_format_free(&track->format);
    track->format = format;
    track->revision++;
    track->track = *to;
    track->track.config = NULL;
    track->track.config_size = 0;
    return SVMS_OK;
}

void serve_tracks_free(serve_tracks *tracks)
{
    for (uint32_t i = 0; i < tracks->count; i++) {
        svms_rtp_format_free(&tracks->list[i].format);
    }
    tracks->count = 0;
}

bool serve_has_sound(const serve_tracks *tracks)
{
    for (uint32_t i = 0; i < tracks->count; i++) {
        if (tracks->list[i].track.kind == SVMS_TRACK_AUDIO) {
            return true;
        }
    }
    return false;
}

static void free_presentation(stream_presentation *presentation)
{
    serve_tracks_free(&presentation->tracks);
    free(presentation->path);
    free(presentation->name);
    free(presentation);
}

static stream_presentation *make(stream_serve *serve, const char *path, const char *name)
{
    stream_presentation *made = calloc(1, sizeof *made);
    if (made) {
        made->serve = serve;
        made->path = strdup(path);
        made->name = name ? strdup(name) : NULL;
        made->version = serve->session_id;
    }
    if (made && (!made->path || (name && !made->name))) {
        free_presentation(made);
        return NULL;
    }
    return made;
}

/* Takes it over, also when this fails. */
static svms_status add(stream_presentation *made, svms_error *err)
{
    stream_serve *serve = made->serve;
    stream_presentation **more =
        realloc(serve->presentations,
                (serve->presentation_count + (size_t)1) * sizeof(stream_presentation *));
    if (!more) {
        free_presentation(made);
        return serve_fail(err, SVMS_E_NO_MEMORY, "out of memory");
    }
    serve->presentations = more;
    serve->presentations[serve->presentation_count++] = made;
    return SVMS_OK;
}

static svms_status check_path(const stream_serve *serve, const char *path, svms_error *err)
{
    if (!path || path[0] != '/') {
        return serve_fail(err, SVMS_E_USAGE, "a path begins with a slash");
    }
    return serve_find(serve, path)
               ? serve_fail(err, SVMS_E_EXISTS, "there is a presentation at this path")
               : SVMS_OK;
}

svms_status stream_serve_add_live(stream_presentation **out, stream_serve *serve,
                                  const stream_live_options *options, svms_error *err)
{
    svms_status status = check_path(serve, options->path, err);
    if (status != SVMS_OK) {
        return status;
    }
    stream_presentation *made = make(serve, options->path, options->name);
    if (!made) {
        return serve_fail(err, SVMS_E_NO_MEMORY, "out of memory");
    }
    made->kind = STREAM_SERVE_LIVE;
    status = serve_tracks_make(&made->tracks, serve->options.ctx, options->tracks,
                               options->track_count, err);
    if (status != SVMS_OK) {
        free_presentation(made);
        return status;
    }
    status = add(made, err);
    *out = status == SVMS_OK ? made : *out;
    return status;
}

svms_status stream_serve_add_replay(stream_presentation **out, stream_serve *serve,
                                    const stream_replay_options *options, svms_error *err)
{
    svms_status status = check_path(serve, options->path, err);
    if (status != SVMS_OK) {
        return status;
    }
    stream_presentation *made = make(serve, options->path, options->name);
    if (!made) {
        return serve_fail(err, SVMS_E_NO_MEMORY, "out of memory");
    }
    made->kind = STREAM_SERVE_REPLAY;
    made->calls = options->calls;
    made->user = options->user;
    status = add(made, err);
    *out = status == SVMS_OK ? made : *out;
    return status;
}

void stream_serve_remove(stream_serve *serve, stream_presentation **presentation)
{
    stream_presentation *gone = presentation ? *presentation : NULL;
    uint32_t kept = 0;
    if (!gone) {
        return;
    }
    for (uint32_t i = 0; i < serve->client_count; i++) {
        serve_client *client = serve->clients[i];
        if (client->watch && client->watch->presentation == gone) {
            serve_watch_stop(client, "the presentation is over");
            serve_watch_free(&client->watch);
        }
        if (client->described && client->described->presentation == gone) {
            serve_watch_free(&client->described);
        }
    }
    for (uint32_t i = 0; i < serve->presentation_count; i++) {
        if (serve->presentations[i] != gone) {
            serve->presentations[kept++] = serve->presentations[i];
        }
    }
    serve->presentation_count = kept;
    serve->first = serve->first == gone ? NULL : serve->first;
    free_presentation(gone);
    *presentation = NULL;
}

void serve_presentations_free(stream_serve *serve)
{
    for (uint32_t i = 0; i < serve->presentation_count; i++) {
        free_presentation(serve->presentations[i]);
    }
    free(serve->presentations);
}
