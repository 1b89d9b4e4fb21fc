/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of a presentation. */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/crypto.h>

#include "serve_internal.h"

enum { CONTROL_SIZE = 16 };

typedef struct description {
    svms_sdp_track tracks[SERVE_TRACKS_MAX];
    char controls[SERVE_TRACKS_MAX][CONTROL_SIZE];
    uint8_t keys[SERVE_TRACKS_MAX][SVMS_MIKEY_SIZE_MAX];
    uint32_t count;
} description;

static svms_status add_track(description *out, const serve_watch *watch, uint32_t index)
{
    const serve_track *from = &watch->tracks->list[index];
    uint32_t place = out->count++;
    svms_sdp_track *track = &out->tracks[place];
    *track = (svms_sdp_track)SVMS_SDP_TRACK_INIT;
    (void)snprintf(out->controls[place], CONTROL_SIZE, "track%u", (unsigned)index);
    track->secure = watch->srtp != NULL;
    track->format = from->format;
    track->control = out->controls[place];
    track->direction = SVMS_SDP_RECVONLY;
    track->width = from->track.width;
    track->height = from->track.height;
    if (!watch->srtp) {
        return SVMS_OK;
    }
    size_t size = SVMS_MIKEY_SIZE_MAX;
    svms_status status =
        serve_write_key(watch, &watch->streams[index], out->keys[place], &size, NULL);
    track->key_mgmt = out->keys[place];
    track->key_mgmt_size = size;
    return status;
}

static svms_status write(description *out, serve_watch *watch, svms_rtsp_server_answer *answer)
{
    const stream_serve *serve = watch->client->serve;
    char range[SVMS_RTSP_RANGE_SIZE] = "npt=now-";
    size_t size = sizeof range;
    svms_status status = SVMS_OK;
    for (uint32_t i = 0; i < watch->tracks->count && status == SVMS_OK; i++) {
        bool is_sound = watch->tracks->list[i].track.kind == SVMS_TRACK_AUDIO;
        status = is_sound && watch->without_sound ? SVMS_OK : add_track(out, watch, i);
    }
    if (status == SVMS_OK && watch->replay) {
        const svms_rtsp_range all = serve_replay_range(watch);
        status = svms_rtsp_range_write(&all, range, &size, NULL);
    }
    if (status != SVMS_OK || out->count == 0) {
        answer->status = SERVE_NOT_FOUND; /* but sound nothing is there */
        return status;
    }
    svms_sdp_session session = SVMS_SDP_SESSION_INIT;
    session.track_count = out->count;
    session.tracks = out->tracks;
    session.name = watch->presentation->name;
    session.control = "*";
    session.range = range;
    session.id = serve->session_id;
    session.version = watch->presentation->version;
    answer->body_size = SVMS_SDP_SIZE_MAX;
    answer->body = serve->text;
    return svms_sdp_write(&session, serve->options.ctx, serve->text, &answer->body_size, NULL);
}

svms_status serve_describe(serve_watch *watch, svms_rtsp_server_answer *answer)
{
    svms_status status = serve_prepare(watch, NULL);
    description *out = status == SVMS_OK ? calloc(1, sizeof *out) : NULL;
    if (!out) {
        return status == SVMS_OK ? SVMS_E_NO_MEMORY : status;
    }
    status = write(out, watch, answer);
    watch->keys_were_offered = watch->keys_were_offered || (status == SVMS_OK && watch->srtp);
    OPENSSL_cleanse(out, sizeof *out);
    free(out);
    return status;
}
