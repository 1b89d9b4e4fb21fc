/* SPDX-License-Identifier: Apache-2.0 */
#include "edge_keep.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "camera_failure.h"
#include "camera_file.h"
#include "stream_clock.h"

#define NS_PER_SECOND INT64_C(1000000000)
/* Short, so that a recorder that is back soon finds what it missed: less than the second that
 * groups of pictures usually have. */
#define SEGMENT_NS ((uint64_t)NS_PER_SECOND * 3 / 4)
#define SHORTEST_PATIENCE STREAM_SECOND
#define LONGEST_PATIENCE (30 * STREAM_SECOND)
#define TRACKS_MAX 2
#define NAMES_MAX 100

/* While one container follows another there are two. */
typedef struct edge_file {
    bool is_open;
    uint8_t id[16];
    edge_container is;
    svms_sink sink;
    edge_keep *owner;
} edge_file;

struct edge_keep {
    edge_store_options options;
    const svms_kek *kek;
    edge_shelf *shelf;
    svms_head newest;
    bool has_newest;
    svms_track tracks[TRACKS_MAX];
    uint8_t *configs[TRACKS_MAX];
    uint32_t track_count;
    const camera_papers *papers; /* that sign what is being written */
    svms_writer_options writer;
    svms_recording *recording; /* NULL: none */
    edge_file files[2];
    svms_gap_reason gap;
    bool is_failing;
    uint64_t retry_at;
    uint64_t patience;
};

svms_status edge_keep_new(edge_keep **out, const edge_store_options *options, const svms_kek *kek,
                          edge_shelf *shelf, const svms_head *newest, svms_error *err)
{
    edge_keep *self = calloc(1, sizeof *self);
    if (!self) {
        return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for edge storage");
    }
    self->options = *options;
    self->kek = kek;
    self->shelf = shelf;
    self->has_newest = newest != NULL;
    if (newest) {
        self->newest = *newest;
    }
    *out = self;
    return SVMS_OK;
}

static void name_file(edge_container *out, uint64_t sequence, int64_t utc_ns, int number)
{
    struct tm utc;
    time_t seconds = (time_t)(utc_ns / NS_PER_SECOND);
    char more[8] = "";
    if (!gmtime_r(&seconds, &utc)) {
        memset(&utc, 0, sizeof utc);
    }
    if (number > 1) {
        (void)snprintf(more, sizeof more, "-%d", number % NAMES_MAX);
    }
    /* Wide, as they are sorted by their names. */
    (void)snprintf(out->name, sizeof out->name, "%010" PRIu64 "-%04d%02d%02dT%02d%02d%02dZ%s.svms",
                   sequence, (utc.tm_year + 1900) % 10000, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
                   utc.tm_min, utc.tm_sec, more);
}

static svms_status create(edge_keep *self, edge_file *file,
                          const svms_recording_container *container, svms_error *err)
{
    for (int number = 1; number < NAMES_MAX; number++) {
        name_file(&file->is, container->recording_sequence, container->start_utc_ns, number);
        char *path = camera_file_path(edge_shelf_folder(self->shelf), file->is.name);
        if (!path) {
            return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for a path");
        }
        bool is_free = access(path, F_OK) != 0;
        svms_status status =
            is_free ? svms_sink_create_file(&file->sink, self->options.ctx, path, err) : SVMS_OK;
        free(path);
        if (is_free) {
            return status;
        }
    }
    return camera_fail(err, SVMS_E_EXISTS, 0, "too many files of container %" PRIu64,
                       container->recording_sequence);
}

static svms_status count_write(void *user, const svms_iovec *runs, size_t count, int *os_error)
{
    edge_file *file = user;
    svms_status status = file->sink.write(file->sink.user, runs, count, os_error);
    for (size_t i = 0; i < count && status == SVMS_OK; i++) {
        file->is.bytes += runs[i].size;
    }
    return status;
}

static svms_status sync_file(void *user, int *os_error)
{
    edge_file *file = user;
    return file->sink.sync(file->sink.user, os_error);
}

static svms_status prune(edge_keep *self, svms_error *err)
{
    unsigned pruned = 0;
    return edge_shelf_prune(self->shelf, self->options.keep_bytes, &pruned, err);
}

static svms_status open_sink(void *user, const svms_recording_container *container, svms_sink *sink,
                             svms_error *err)
{
    edge_keep *self = user;
    edge_file *file = self->files[0].is_open ? &self->files[1] : &self->files[0];
    memset(file, 0, sizeof *file);
    svms_status status = prune(self, err);
    if (status == SVMS_OK) {
        status = create(self, file, container, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    file->is_open = true;
    file->owner = self;
    file->is.sequence = container->recording_sequence;
    file->is.first_utc_ns = SVMS_NO_TIME;
    file->is.last_utc_ns = SVMS_NO_TIME;
    file->is.is_written = true;
    memcpy(file->id, container->container_id, sizeof file->id);
    sink->user = file;
    sink->write = count_write;
    sink->sync = sync_file;
    return edge_shelf_put(self->shelf, &file->is, err);
}

static void close_sink(void *user, const svms_recording_container *container, svms_sink *sink)
{
    edge_keep *self = user;
    edge_file *file = sink->user;
    svms_sink_close(&file->sink);
    file->is_open = false;
    file->is.is_written = false;
    bool is_empty = container->samples == 0 || container->state == SVMS_RECORDING_NOT_BEGUN;
    char *path = is_empty ? camera_file_path(edge_shelf_folder(self->shelf), file->is.name) : NULL;
    if (path && unlink(path) == 0) {
        edge_shelf_drop(self->shelf, file->is.name);
    } else {
        (void)edge_shelf_put(self->shelf, &file->is, NULL);
    }
    free(path);
    if (!is_empty && container->state == SVMS_RECORDING_ENDED) {
        camera_events_tell(self->options.events, CAMERA_EDGE_FULL, false, SVMS_NO_TIME, "storage",
                           "a container had room until its end");
    }
}

/* A segment is complete: from now on it can be read. */
static svms_status keep_head(void *user, const svms_head *head)
{
    edge_keep *self = user;
    self->newest = *head;
    self->has_newest = true;
    for (size_t i = 0; i < 2; i++) {
        edge_file *file = &self->files[i];
        if (file->is_open && memcmp(file->id, head->container_id, sizeof file->id) == 0) {
            file->is.last_utc_ns = head->last_utc_ns;
            (void)edge_shelf_put(self->shelf, &file->is, NULL);
        }
    }
    svms_error err = SVMS_ERROR_INIT;
    if (prune(self, &err) != SVMS_OK) {
        service_log_error(self->options.service, SERVICE_WARNING, &err,
                          "edge storage keeps more than it should");
    }
    return SVMS_OK;
}

static void forget_tracks(edge_keep *self)
{
    for (uint32_t i = 0; i < TRACKS_MAX; i++) {
        free(self->configs[i]);
        self->configs[i] = NULL;
    }
    self->track_count = 0;
}

void edge_keep_end(edge_keep *self)
{
    svms_error err = SVMS_ERROR_INIT;
    if (self->recording && svms_recording_close(&self->recording, &err) != SVMS_OK) {
        service_log_error(self->options.service, SERVICE_WARNING, &err,
                          "a container of the edge storage has no end");
    }
    camera_identity_give(self->options.identity, &self->papers);
}

svms_status edge_keep_begin(edge_keep *self, const svms_track *tracks, uint32_t count,
                            svms_error *err)
{
    edge_keep_end(self);
    forget_tracks(self);
    for (uint32_t i = 0; i < count && i < TRACKS_MAX; i++) {
        self->tracks[i] = tracks[i];
        self->tracks[i].protection = self->options.mode;
        self->tracks[i].config = NULL;
        if (tracks[i].config_size > 0) {
            self->configs[i] = malloc(tracks[i].config_size);
            if (!self->configs[i]) {
                forget_tracks(self);
                return camera_fail(err, SVMS_E_NO_MEMORY, 0, "no memory for edge storage");
            }
            memcpy(self->configs[i], tracks[i].config, tracks[i].config_size);
            self->tracks[i].config = self->configs[i];
        }
        self->track_count = i + 1;
    }
    return SVMS_OK;
}

/* UTC of time stamp 0. */
static int64_t start_of(const edge_keep *self, const svms_sample *sample)
{
    const svms_track *track = &self->tracks[sample->track];
    int64_t seconds = sample->pts / (int64_t)track->timebase_den;
    int64_t rest = sample->pts % (int64_t)track->timebase_den;
    return sample->utc_ns - seconds * NS_PER_SECOND -
           rest * NS_PER_SECOND / (int64_t)track->timebase_den;
}

static svms_status open_recording(edge_keep *self, const svms_sample *sample, svms_error *err)
{
    svms_writer_options *writer = &self->writer;
    svms_recording_options options = SVMS_RECORDING_OPTIONS_INIT;
    self->papers = camera_identity_take(self->options.identity);
    *writer = (svms_writer_options)SVMS_WRITER_OPTIONS_INIT;
    writer->tracks = self->tracks;
    writer->track_count = self->track_count;
    writer->signer_chain = self->papers->chain;
    writer->signer_key = self->papers->key;
    writer->role = SVMS_ROLE_CAMERA;
    writer->keks = &self->kek;
    writer->kek_count = 1;
    writer->segment_ns = SEGMENT_NS;
    writer->start_utc_ns = start_of(self, sample);
    svms_kek_id(self->kek, writer->device_id);
    if (self->has_newest) {
        memcpy(writer->recording_id, self->newest.recording_id, 16);
    }
    options.writer = writer;
    options.rotate_ns = self->options.rotate_minutes * UINT64_C(60) * (uint64_t)NS_PER_SECOND;
    /* Of ten containers at least, so that pruning one is no great loss. */
    options.rotate_bytes =
        self->options.keep_bytes / 10 > 65536 ? self->options.keep_bytes / 10 : 65536;
    options.found = self->has_newest ? &self->newest : NULL;
    options.user = self;
    options.open_sink = open_sink;
    options.close_sink = close_sink;
    options.keep_head = keep_head;
    svms_status status = svms_recording_open(&self->recording, self->options.ctx, &options, err);
    if (status != SVMS_OK) {
        camera_identity_give(self->options.identity, &self->papers);
    }
    return status;
}

/* After a renewal others sign. */
static bool has_other_papers(edge_keep *self)
{
    const camera_papers *now = camera_identity_take(self->options.identity);
    bool other = now->number != self->papers->number;
    camera_identity_give(self->options.identity, &now);
    return other;
}

static void note_first(edge_keep *self, const svms_sample *sample)
{
    for (size_t i = 0; i < 2; i++) {
        if (self->files[i].is_open && self->files[i].is.first_utc_ns == SVMS_NO_TIME) {
            self->files[i].is.first_utc_ns = sample->utc_ns;
        }
    }
}

static svms_status store(edge_keep *self, const svms_sample *sample, bool is_sync, svms_error *err)
{
    if (self->recording && is_sync && has_other_papers(self)) {
        edge_keep_end(self);
    }
    svms_status status = self->recording ? SVMS_OK : open_recording(self, sample, err);
    if (status == SVMS_OK && self->gap != SVMS_GAP_NONE) {
        status = svms_recording_gap(self->recording, self->gap, err);
        self->gap = status == SVMS_OK ? SVMS_GAP_NONE : self->gap;
    }
    if (status == SVMS_OK) {
        status = svms_recording_append(self->recording, sample, err);
    }
    if (status == SVMS_OK) {
        note_first(self, sample);
    }
    return status;
}

static void fail(edge_keep *self, const svms_error *err)
{
    bool is_full = err->os_error == ENOSPC || err->os_error == EDQUOT;
    edge_keep_end(self);
    self->patience = !self->is_failing                       ? SHORTEST_PATIENCE
                     : self->patience < LONGEST_PATIENCE / 2 ? self->patience * 2
                                                             : LONGEST_PATIENCE;
    self->is_failing = true;
    self->retry_at = stream_clock() + self->patience;
    self->gap = SVMS_GAP_OVERLOAD;
    if (is_full && edge_shelf_prune_one(self->shelf, NULL) == SVMS_OK) {
        camera_events_tell(self->options.events, CAMERA_EDGE_FULL, true, SVMS_NO_TIME, "storage",
                           "the disk is full: the oldest goes before its time");
    }
}

svms_status edge_keep_put(edge_keep *self, const svms_sample *sample, svms_error *err)
{
    bool is_sync = sample->track == 0 && (sample->flags & SVMS_SAMPLE_SYNC) != 0;
    if (sample->track >= self->track_count ||
        ((self->is_failing || !self->recording) && !is_sync) ||
        (self->is_failing && stream_clock() < self->retry_at)) {
        return SVMS_AGAIN;
    }
    svms_status status = store(self, sample, is_sync, err);
    if (status != SVMS_OK) {
        svms_error why = *err;
        fail(self, &why);
        return status;
    }
    self->is_failing = false;
    return SVMS_OK;
}

void edge_keep_gap(edge_keep *self, svms_gap_reason reason)
{
    self->gap = reason;
}

svms_status edge_keep_flush(edge_keep *self, svms_error *err)
{
    return self->recording ? svms_recording_flush(self->recording, err) : SVMS_OK;
}

bool edge_keep_is_failing(const edge_keep *self)
{
    return self->is_failing;
}

void edge_keep_free(edge_keep **keep)
{
    if (keep && *keep) {
        edge_keep_end(*keep);
        forget_tracks(*keep);
        free(*keep);
        *keep = NULL;
    }
}
