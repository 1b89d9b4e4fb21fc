/* SPDX-License-Identifier: Apache-2.0 */
/* Samples for all who watch a live presentation. */
#include "serve_internal.h"

/* Of the owner's track; NULL: it is not sent. */
static serve_track *find_track(stream_presentation *live, uint32_t number, uint32_t *index)
{
    for (uint32_t i = 0; i < live->tracks.count; i++) {
        if (live->tracks.list[i].number == number) {
            *index = i;
            return &live->tracks.list[i];
        }
    }
    return NULL;
}

/* NULL: it does not watch this. */
static serve_watch *watch_of(const serve_client *client, const stream_presentation *live)
{
    serve_watch *watch = client->is_over ? NULL : serve_watched(client);
    return watch && watch->presentation == live && watch->is_playing ? watch : NULL;
}

bool stream_presentation_carries(const stream_presentation *live, uint32_t track)
{
    for (uint32_t i = 0; i < live->tracks.count; i++) {
        if (live->tracks.list[i].number == track) {
            return true;
        }
    }
    return false;
}

svms_status stream_presentation_sample(stream_presentation *live, const svms_sample *sample,
                                       svms_error *err)
{
    const stream_serve *serve = live->serve;
    svms_sample known = *sample;
    uint32_t index = 0;
    serve_track *track = find_track(live, sample->track, &index);
    if (!track) {
        return SVMS_OK;
    }
    if (known.utc_ns == SVMS_NO_TIME) {
        known.utc_ns = serve_utc_now();
    }
    for (uint32_t i = 0; i < serve->client_count; i++) {
        serve_watch *watch = watch_of(serve->clients[i], live);
        svms_status status =
            watch ? serve_send(&watch->streams[index], &known, NULL, err) : SVMS_OK;
        /* What concerns one client is no failure of the others': its connection tells. */
        if (status == SVMS_E_NO_MEMORY || status == SVMS_E_CRYPTO) {
            return status;
        }
    }
    track->last_pts = sample->pts;
    return SVMS_OK;
}

svms_status stream_presentation_change(stream_presentation *live, uint32_t track,
                                       const svms_track *to, svms_error *err)
{
    uint32_t index = 0;
    if (!find_track(live, track, &index)) {
        return serve_fail(err, SVMS_E_USAGE, "there is no such track");
    }
    svms_status status =
        serve_track_change(&live->tracks, index, live->serve->options.ctx, to, err);
    live->version += status == SVMS_OK ? 1 : 0;
    return status;
}

static bool hears_wish(serve_stream *stream)
{
    svms_rtp_sender_counts counts = SVMS_RTP_SENDER_COUNTS_INIT;
    bool is_video = stream->track->track.kind == SVMS_TRACK_VIDEO;
    if (!stream->is_set_up || !is_video || !stream->sender ||
        svms_rtp_sender_count(stream->sender, &counts, NULL) != SVMS_OK) {
        return false;
    }
    bool wants = stream->waits_for_sync || counts.sync_wanted != stream->sync_heard;
    stream->sync_heard = counts.sync_wanted;
    return wants;
}

bool stream_presentation_wants_sync(stream_presentation *live)
{
    const stream_serve *serve = live->serve;
    bool wants = false;
    for (uint32_t i = 0; i < serve->client_count; i++) {
        serve_watch *watch = watch_of(serve->clients[i], live);
        for (uint32_t k = 0; watch && k < watch->tracks->count; k++) {
            wants = hears_wish(&watch->streams[k]) || wants;
        }
    }
    return wants;
}

uint32_t stream_presentation_watchers(const stream_presentation *presentation)
{
    const stream_serve *serve = presentation->serve;
    uint32_t count = 0;
    for (uint32_t i = 0; i < serve->client_count; i++) {
        count += watch_of(serve->clients[i], presentation) ? 1 : 0;
    }
    return count;
}

bool stream_serve_carries(const stream_serve *serve, uint32_t track)
{
    return serve->first && stream_presentation_carries(serve->first, track);
}

svms_status stream_serve_sample(stream_serve *serve, const svms_sample *sample, svms_error *err)
{
    return serve->first ? stream_presentation_sample(serve->first, sample, err) : SVMS_OK;
}
