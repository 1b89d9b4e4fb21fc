/* SPDX-License-Identifier: Apache-2.0 */
#include "thumbnail.h"

#include <stdlib.h>
#include <string.h>

/* Sounds, other tracks and parts that are damaged may lie between the moment and its picture. */
#define TRIES_MAX 256

static bool is_picture(const playback *opened, const playback_sample *sample, svms_track *track)
{
    playback_media media;
    playback_look(opened, &media);
    if (sample->sample.track >= media.track_count ||
        media.tracks[sample->sample.track].kind != SVMS_TRACK_VIDEO) {
        return false;
    }
    *track = media.tracks[sample->sample.track];
    if (sample->config) {
        track->config = sample->config;
        track->config_size = sample->config_size;
    }
    return true;
}

static svms_status find_in(thumbnail *out, playback *opened, uint32_t width, svms_error *err)
{
    svms_status status = SVMS_END;
    for (int i = 0; i < TRIES_MAX; i++) {
        playback_sample sample;
        svms_track track;
        memset(&sample, 0, sizeof sample);
        svms_status next = playback_next(opened, &sample, err);
        if (next == SVMS_END || next == SVMS_AGAIN) {
            return status;
        }
        if (next == SVMS_OK && is_picture(opened, &sample, &track)) {
            return thumbnail_make(out, &track, &sample.sample, width, err);
        }
        /* What is damaged was told by playback; the picture before it may do. */
        status = next == SVMS_OK ? status : next;
    }
    return status;
}

svms_status thumbnail_find(thumbnail *out, const thumbnail_wish *wish, svms_error *err)
{
    playback *opened = NULL;
    const playback_options options = { .parts = wish->parts,
                                       .keys = wish->keys,
                                       .camera = wish->camera,
                                       .ranges = wish->ranges,
                                       .range_count = wish->range_count };
    memset(out, 0, sizeof *out);
    svms_status status = playback_open(&opened, &options, err);
    if (status == SVMS_OK) {
        status = playback_seek(opened, wish->at_utc_ns, true, true, err);
    }
    if (status == SVMS_OK) {
        status = find_in(out, opened, wish->width, err);
    }
    playback_close(&opened);
    return status;
}

void thumbnail_clear(thumbnail *self)
{
    free(self->jpeg);
    memset(self, 0, sizeof *self);
}
