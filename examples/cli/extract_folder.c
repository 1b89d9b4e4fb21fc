/* SPDX-License-Identifier: Apache-2.0 */
#include "extract_folder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "folder.h"
#include "media_output.h"
#include "media_time.h"
#include "message.h"

#define NO_CONTAINER UINT32_MAX

struct extract_folder {
    svms_ctx *ctx;
    const char *path;
    folder_list list; /* keys of the playlist are places in it */
    svms_playlist *playlist;
    const svms_track *tracks;
    uint32_t track_count;
    int64_t start_utc_ns; /* UTC of time stamp 0 of what is written */
    uint32_t current;
    uint64_t current_key;
    bool is_incomplete; /* containers were missing on the way */
    int64_t shift_ns;   /* from the current container's time stamps to those that are written */
};

static svms_status open_source(void *user, uint64_t key, svms_source *source, svms_error *err)
{
    const extract_folder *self = user;
    return folder_open(source, self->ctx, self->list.paths[key], err);
}

static void close_source(void *user, uint64_t key, svms_source *source)
{
    (void)user;
    (void)key;
    svms_source_close(source);
}

exit_status extract_folder_open(extract_folder **out, svms_ctx *ctx, const char *path)
{
    extract_folder *self = calloc(1, sizeof *self);
    if (!self) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    self->ctx = ctx;
    self->path = path;
    self->current = NO_CONTAINER;
    exit_status status = folder_list_containers(&self->list, path);
    if (status == EXIT_GOOD && self->list.count == 0) {
        complain("%s holds no recording (files that end with " CONTAINER_SUFFIX ")", path);
        status = EXIT_ENVIRONMENT;
    }
    if (status != EXIT_GOOD) {
        extract_folder_free(&self);
        return status;
    }
    *out = self;
    return EXIT_GOOD;
}

const char *extract_folder_first(const extract_folder *self)
{
    return self->list.paths[0];
}

const char *extract_folder_path(const extract_folder *self)
{
    return self->current == NO_CONTAINER ? self->path : self->list.paths[self->current_key];
}

/* What is no container of this recording is named and left out. */
static exit_status add_containers(extract_folder *self)
{
    for (size_t i = 0; i < self->list.count; i++) {
        svms_error err = SVMS_ERROR_INIT;
        svms_status status = svms_playlist_add(self->playlist, i, &err);
        if (status == SVMS_E_NO_MEMORY || status == SVMS_E_CRYPTO) {
            return complain_error(&err, "cannot look into %s", self->list.paths[i]);
        }
        if (status != SVMS_OK) {
            /* What cannot be read may belong to it. */
            bool unread =
                complain_error(&err, "left out: %s", self->list.paths[i]) == EXIT_ENVIRONMENT;
            self->is_incomplete = self->is_incomplete || (unread && status != SVMS_E_EXISTS);
        }
    }
    return EXIT_GOOD;
}

static void sum_times(const extract_folder *self, svms_container_info *info)
{
    for (uint32_t i = 0; i < svms_playlist_count(self->playlist); i++) {
        svms_playlist_container is = SVMS_PLAYLIST_CONTAINER_INIT;
        if (svms_playlist_get_container(self->playlist, i, &is) != SVMS_OK) {
            continue;
        }
        if (is.first_utc_ns != SVMS_NO_TIME && is.first_utc_ns < info->first_utc_ns) {
            info->first_utc_ns = is.first_utc_ns;
        }
        if (is.last_utc_ns > info->last_utc_ns) {
            info->last_utc_ns = is.last_utc_ns;
        }
    }
}

exit_status extract_folder_begin(extract_folder *self, const svms_reader_options *options,
                                 const svms_track *tracks, svms_container_info *info)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_playlist_options how = SVMS_PLAYLIST_OPTIONS_INIT;
    how.reader = options;
    how.user = self;
    how.open_source = open_source;
    how.close_source = close_source;
    self->tracks = tracks;
    self->track_count = info->track_count;
    self->start_utc_ns = info->start_utc_ns;
    if (svms_playlist_new(&self->playlist, self->ctx, &how, &err) != SVMS_OK) {
        return complain_error(&err, "cannot read %s", self->path);
    }
    exit_status status = add_containers(self);
    if (status == EXIT_GOOD) {
        sum_times(self, info);
    }
    return status;
}

svms_status extract_folder_seek(extract_folder *self, int64_t utc_ns, svms_error *err)
{
    return svms_playlist_seek(self->playlist, utc_ns, err);
}

static svms_status fail(svms_error *err, svms_status status, const char *words)
{
    const svms_error none = SVMS_ERROR_INIT;
    *err = none;
    err->status = status;
    snprintf(err->message, sizeof err->message, "%s", words);
    return status;
}

/* Tracks are fixed when the output begins, so every container must have the same. */
static svms_status enter(extract_folder *self, uint32_t container, svms_error *err)
{
    svms_playlist_container is = SVMS_PLAYLIST_CONTAINER_INIT;
    svms_status status = svms_playlist_get_container(self->playlist, container, &is);
    if (status != SVMS_OK) {
        return fail(err, status, "the list of containers cannot be read");
    }
    if (is.track_count != self->track_count) {
        return fail(err, SVMS_E_UNSUPPORTED, "it has other tracks; extract it by itself");
    }
    for (uint32_t i = 0; i < is.track_count; i++) {
        svms_track track = SVMS_TRACK_INIT;
        status = svms_playlist_get_track(self->playlist, container, i, &track, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (!media_tracks_agree(&track, &self->tracks[i])) {
            return fail(err, SVMS_E_UNSUPPORTED, "its tracks changed; extract it by itself");
        }
    }
    self->current = container;
    self->shift_ns = time_add(is.start_utc_ns, -self->start_utc_ns);
    return SVMS_OK;
}

svms_status extract_folder_next(extract_folder *self, svms_sample *sample, svms_error *err)
{
    svms_playlist_place place = SVMS_PLAYLIST_PLACE_INIT;
    svms_status status = svms_playlist_next(self->playlist, sample, &place, err);
    if (status == SVMS_END || status == SVMS_AGAIN) {
        return status;
    }
    self->current_key = place.key;
    if (place.missing > 0) {
        self->is_incomplete = true;
        complain("%" PRIu32 " containers are missing before %s", place.missing,
                 self->list.paths[place.key]);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (place.container != self->current) {
        status = enter(self, place.container, err);
    }
    if (status == SVMS_OK && self->shift_ns != 0) {
        int64_t ticks = ns_to_ticks(&self->tracks[sample->track], self->shift_ns);
        sample->dts = time_add(sample->dts, ticks);
        sample->pts = time_add(sample->pts, ticks);
    }
    return status;
}

bool extract_folder_is_incomplete(const extract_folder *self)
{
    return self->is_incomplete;
}

bool extract_folder_comes_again(const extract_folder *self, int64_t utc_ns, const char **path)
{
    svms_playlist_container here = SVMS_PLAYLIST_CONTAINER_INIT;
    if (self->current == NO_CONTAINER ||
        svms_playlist_get_container(self->playlist, self->current, &here) != SVMS_OK) {
        return false;
    }
    for (uint32_t i = 0; i < svms_playlist_count(self->playlist); i++) {
        svms_playlist_container is = SVMS_PLAYLIST_CONTAINER_INIT;
        if (svms_playlist_get_container(self->playlist, i, &is) == SVMS_OK && !is.edge &&
            is.recording_sequence > here.recording_sequence && is.first_utc_ns != SVMS_NO_TIME &&
            is.first_utc_ns < utc_ns) {
            *path = self->list.paths[is.key];
            return true;
        }
    }
    return false;
}

void extract_folder_free(extract_folder **folder)
{
    extract_folder *self = *folder;
    if (!self) {
        return;
    }
    svms_playlist_free(&self->playlist);
    folder_list_free(&self->list);
    free(self);
    *folder = NULL;
}
