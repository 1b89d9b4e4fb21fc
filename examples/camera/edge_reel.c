/* SPDX-License-Identifier: Apache-2.0 */
#include "edge_reel.h"

#include <stdlib.h>
#include <string.h>

#include "camera_failure.h"
#include "camera_file.h"

#define NS_PER_SECOND INT64_C(1000000000)
/* How far tracks may be apart in a container. */
#define APART_NS NS_PER_SECOND
#define NOWHERE UINT32_MAX
#define TRACKS_MAX 16

struct edge_reel {
    svms_ctx *ctx;
    svms_keyring *ring;
    edge_shelf *shelf;
    const svms_track *tracks;
    uint32_t track_count;
    svms_playlist *list;
    edge_container *shown; /* by their keys in the list */
    size_t shown_count;
    stream_replay_seek to;
    int64_t begin_utc_ns; /* of the picture with which it begins; SVMS_NO_TIME: the first one */
    bool has_begun;
    bool is_broken; /* something could not be read */
    uint32_t container;
    bool must_configure[TRACKS_MAX];
};

static svms_status no_memory(svms_error *err)
{
    return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for a replay");
}

static svms_status open_source(void *user, uint64_t key, svms_source *source, svms_error *err)
{
    edge_reel *self = user;
    char *path = camera_file_path(edge_shelf_folder(self->shelf), self->shown[key].name);
    if (!path) {
        return no_memory(err);
    }
    svms_status status = svms_source_open_file(source, self->ctx, path, err);
    free(path);
    return status;
}

static void close_source(void *user, uint64_t key, svms_source *source)
{
    (void)user;
    (void)key;
    svms_source_close(source);
}

svms_status edge_reel_new(edge_reel **out, svms_ctx *ctx, svms_keyring *ring, edge_shelf *shelf,
                          const svms_track *tracks, uint32_t track_count, svms_error *err)
{
    edge_reel *self = calloc(1, sizeof *self);
    if (!self) {
        return no_memory(err);
    }
    self->ctx = ctx;
    self->ring = ring;
    self->shelf = shelf;
    self->tracks = tracks;
    self->track_count = track_count;
    *out = self;
    return SVMS_OK;
}

static bool is_shown(const edge_reel *self, const edge_container *one)
{
    for (size_t i = 0; i < self->shown_count; i++) {
        if (strcmp(self->shown[i].name, one->name) == 0) {
            return true;
        }
    }
    return false;
}

/* What came since; *more: how many. One that was pruned meanwhile, or cannot be read, is none. */
static svms_status add_new(edge_reel *self, size_t *more, svms_error *err)
{
    edge_container *found = NULL;
    size_t count = 0;
    int64_t from =
        self->to.from_utc_ns == SVMS_NO_TIME ? SVMS_NO_TIME : self->to.from_utc_ns - APART_NS;
    *more = 0;
    svms_status status =
        edge_shelf_list(self->shelf, from, self->to.to_utc_ns, &found, &count, err);
    if (status != SVMS_OK) {
        return status;
    }
    edge_container *grown =
        realloc(self->shown, (self->shown_count + count + 1) * sizeof *self->shown);
    if (!grown) {
        free(found);
        return no_memory(err);
    }
    self->shown = grown;
    for (size_t i = 0; i < count && status != SVMS_E_NO_MEMORY; i++) {
        if (is_shown(self, &found[i])) {
            continue;
        }
        self->shown[self->shown_count++] = found[i];
        status = svms_playlist_add(self->list, self->shown_count - 1, err);
        *more += status == SVMS_OK ? 1 : 0;
    }
    free(found);
    return status == SVMS_E_NO_MEMORY ? status : SVMS_OK;
}

static svms_status make_list(edge_reel *self, svms_error *err)
{
    svms_playlist_options options = SVMS_PLAYLIST_OPTIONS_INIT;
    svms_reader_options how = SVMS_READER_OPTIONS_INIT;
    size_t more = 0;
    svms_playlist_free(&self->list);
    self->shown_count = 0;
    how.keys = self->ring;
    options.reader = &how;
    options.user = self;
    options.open_source = open_source;
    options.close_source = close_source;
    svms_status status = svms_playlist_new(&self->list, self->ctx, &options, err);
    return status == SVMS_OK ? add_new(self, &more, err) : status;
}

static bool is_sync(const svms_sample *sample)
{
    return sample->track == 0 && (sample->flags & SVMS_SAMPLE_SYNC) != 0;
}

/* The last picture that stands alone at or before the moment. */
static svms_status find_begin(edge_reel *self, svms_error *err)
{
    int64_t moment = self->to.from_utc_ns;
    svms_sample sample = SVMS_SAMPLE_INIT;
    svms_status status = svms_playlist_seek(self->list, moment, err);
    self->begin_utc_ns = SVMS_NO_TIME;
    while (status == SVMS_OK && moment != SVMS_NO_TIME) {
        status = svms_playlist_next(self->list, &sample, NULL, err);
        if (status == SVMS_OK && sample.utc_ns > moment + APART_NS) {
            break;
        }
        if (status == SVMS_OK && is_sync(&sample) && sample.utc_ns <= moment) {
            self->begin_utc_ns = sample.utc_ns;
        }
    }
    if (status == SVMS_E_NO_MEMORY) {
        return status;
    }
    return svms_playlist_seek(self->list, moment, err);
}

svms_status edge_reel_seek(edge_reel *self, const stream_replay_seek *to, svms_error *err)
{
    if (to->is_backwards) {
        return camera_fail(err, SVMS_E_UNSUPPORTED, 0, "this camera does not play backwards");
    }
    self->to = *to;
    self->has_begun = false;
    self->is_broken = false;
    self->container = NOWHERE;
    svms_status status = make_list(self, err);
    return status == SVMS_OK ? find_begin(self, err) : status;
}

static bool is_like(const svms_track *one, const svms_track *other)
{
    return one->codec == other->codec && one->kind == other->kind &&
           one->sample_rate == other->sample_rate && one->channels == other->channels;
}

static bool has_same_config(const svms_track *one, const svms_track *other)
{
    return one->config_size == other->config_size &&
           (one->config_size == 0 || memcmp(one->config, other->config, one->config_size) == 0);
}

/* Whether the sample is of a track that was announced, with its configuration where that is
 * another one. */
static svms_status fit_track(edge_reel *self, const svms_sample *sample,
                             const svms_playlist_place *place, stream_replay_sample *out,
                             bool *fits, svms_error *err)
{
    svms_track track = SVMS_TRACK_INIT;
    *fits = sample->track < self->track_count;
    if (place->container != self->container) {
        self->container = place->container;
        memset(self->must_configure, 1, sizeof self->must_configure);
    }
    if (!*fits || !self->must_configure[sample->track]) {
        return SVMS_OK;
    }
    svms_status status =
        svms_playlist_get_track(self->list, place->container, sample->track, &track, err);
    if (status != SVMS_OK) {
        return status;
    }
    *fits = is_like(&track, &self->tracks[sample->track]);
    if (*fits && !has_same_config(&track, &self->tracks[sample->track])) {
        out->config = track.config;
        out->config_size = track.config_size;
    }
    self->must_configure[sample->track] = !*fits;
    return SVMS_OK;
}

static bool is_wanted(edge_reel *self, const svms_sample *sample)
{
    if (!self->has_begun) {
        self->has_begun = is_sync(sample) && (self->begin_utc_ns == SVMS_NO_TIME ||
                                              sample->utc_ns >= self->begin_utc_ns);
    }
    bool is_picture = sample->track == 0;
    bool is_behind = self->to.to_utc_ns != SVMS_NO_TIME && sample->utc_ns > self->to.to_utc_ns;
    return self->has_begun && !is_behind && (!self->to.sync_only || !is_picture || is_sync(sample));
}

static void fill(edge_reel *self, const svms_sample *sample, const svms_playlist_place *place,
                 stream_replay_sample *out)
{
    out->track = sample->track;
    out->flags = sample->flags & (SVMS_SAMPLE_SYNC | SVMS_SAMPLE_DISCONTINUITY);
    out->utc_ns = sample->utc_ns;
    out->data = sample->data;
    out->size = sample->size;
    out->is_after_gap = place->gap_from_utc_ns != SVMS_NO_TIME || self->is_broken;
    self->is_broken = false;
}

svms_status edge_reel_next(edge_reel *self, stream_replay_sample *out, svms_error *err)
{
    for (;;) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        svms_playlist_place place = SVMS_PLAYLIST_PLACE_INIT;
        size_t more = 0;
        bool fits = false;
        svms_status status = svms_playlist_next(self->list, &sample, &place, err);
        if (status == SVMS_END || status == SVMS_AGAIN) {
            svms_status added = add_new(self, &more, err);
            if (added != SVMS_OK || more == 0) {
                return added != SVMS_OK ? added : SVMS_AGAIN;
            }
            continue;
        }
        if (status != SVMS_OK) {
            self->is_broken = true;
            return status;
        }
        if (self->to.to_utc_ns != SVMS_NO_TIME && sample.utc_ns > self->to.to_utc_ns + APART_NS) {
            return SVMS_END;
        }
        memset(out, 0, sizeof *out);
        if (is_wanted(self, &sample)) {
            status = fit_track(self, &sample, &place, out, &fits, err);
        }
        if (status != SVMS_OK) {
            return status;
        }
        if (fits) {
            fill(self, &sample, &place, out);
            return SVMS_OK;
        }
    }
}

void edge_reel_free(edge_reel **reel)
{
    if (reel && *reel) {
        svms_playlist_free(&(*reel)->list);
        free((*reel)->shown);
        free(*reel);
        *reel = NULL;
    }
}
