/* SPDX-License-Identifier: Apache-2.0 */
#include "edge_writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <media_time.h>
#include <verdicts.h>

#include "camera_store.h"
#include "camera_tell.h"
#include "recorder_failure.h"
#include "recorder_identity.h"
#include "store_folder.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MICROSECOND 1000
#define NS_PER_MINUTE (60 * NS_PER_SECOND)
#define MOST_OF_ONE_NAME 100
/* How exact capture times are that came by RTCP. */
#define INEXACT_NS (NS_PER_SECOND / 1000)

struct edge_writer {
    edge_writer_options options;
    char *folder;
    svms_track tracks[SVMS_MAX_TRACKS];
    uint8_t *configs[SVMS_MAX_TRACKS];
    uint32_t track_count;
    svms_writer_options writer;
    svms_recording *recording; /* NULL: nothing came yet */
    svms_trust *signers;       /* whose signatures are believed, or NULL */
    verdicts *verdicts;        /* as of what came live; or NULL */
    int64_t newest_utc_ns;     /* of what was written */
    int64_t newest_sync_utc_ns;
    bool has_pictures;
    bool is_done;
    /* While one container follows another there are two. */
    struct edge_file {
        char *part;
        svms_sink sink;
    } files[2];
    edge_written written;
};

typedef struct edge_file edge_file;

svms_status edge_writer_new(edge_writer **out, const edge_writer_options *options, svms_error *err)
{
    edge_writer *self = calloc(1, sizeof *self);
    if (self) {
        self->options = *options;
        self->written.reached_utc_ns = SVMS_NO_TIME;
        self->newest_utc_ns = SVMS_NO_TIME;
        self->newest_sync_utc_ns = SVMS_NO_TIME;
        self->folder = store_path(options->camera->storage->path, options->camera->id);
    }
    if (!self || !self->folder) {
        free(self);
        return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
    }
    *out = self;
    return SVMS_OK;
}

static char *name_file(const edge_writer *self, uint64_t sequence, int64_t utc_ns, int number)
{
    char name[128];
    char more[16] = "";
    struct tm utc;
    time_t seconds = (time_t)(utc_ns / NS_PER_SECOND);
    if (!gmtime_r(&seconds, &utc)) {
        memset(&utc, 0, sizeof utc);
    }
    if (number > 1) {
        (void)snprintf(more, sizeof more, "-%d", number);
    }
    (void)snprintf(name, sizeof name,
                   EDGE_PREFIX "%06" PRIu64
                               "-%04d%02d%02dT%02d%02d%02dZ%s" STORE_SUFFIX STORE_PART_SUFFIX,
                   sequence, utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
                   utc.tm_min, utc.tm_sec, more);
    return store_path(self->folder, name);
}

/* Without the suffix of what is not complete. */
static char *final_name(const char *part)
{
    return strndup(part, strlen(part) - strlen(STORE_PART_SUFFIX));
}

static svms_status create(edge_writer *self, edge_file *file,
                          const svms_recording_container *container, svms_error *err)
{
    for (int number = 1; number < MOST_OF_ONE_NAME; number++) {
        char *part =
            name_file(self, container->recording_sequence, container->start_utc_ns, number);
        char *path = part ? final_name(part) : NULL;
        bool is_free = path && access(path, F_OK) != 0 && access(part, F_OK) != 0;
        bool has_memory = path != NULL;
        free(path);
        if (is_free) {
            file->part = part;
            return svms_sink_create_file(&file->sink, self->options.parts->ctx, part, err);
        }
        free(part);
        if (!has_memory) {
            return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
        }
    }
    return recorder_fail(err, SVMS_E_EXISTS, 0, "%.150s has too many files of this time",
                         self->folder);
}

static void forget(edge_file *file)
{
    svms_sink_close(&file->sink);
    free(file->part);
    memset(file, 0, sizeof *file);
}

static svms_status open_sink(void *user, const svms_recording_container *container, svms_sink *sink,
                             svms_error *err)
{
    edge_writer *self = user;
    edge_file *file = self->files[0].part ? &self->files[1] : &self->files[0];
    svms_status status = create(self, file, container, err);
    if (status != SVMS_OK) {
        forget(file);
        return status;
    }
    *sink = file->sink;
    return SVMS_OK;
}

static void put_row(const edge_writer *self, const char *path)
{
    const recorder_parts *parts = self->options.parts;
    const storage_settings *storage = self->options.camera->storage;
    svms_error err = SVMS_ERROR_INIT;
    indexed_container row = { .head = SVMS_HEAD_INIT };
    row.storage = storage->name;
    row.camera = self->options.camera->id;
    row.file = path + strlen(storage->path) + 1;
    svms_status status = store_look(&row, parts->ctx, path, &err);
    if (status == SVMS_OK) {
        status = recorder_index_put(parts->index, &row, &err);
    }
    if (status != SVMS_OK) {
        service_log_error(parts->service, SERVICE_WARNING, &err,
                          "the index does not take the container %s", path);
    }
}

static void close_sink(void *user, const svms_recording_container *container, svms_sink *sink)
{
    edge_writer *self = user;
    edge_file *file = self->files[0].sink.user == sink->user ? &self->files[0] : &self->files[1];
    bool is_whole = container->state == SVMS_RECORDING_ENDED;
    bool is_named = false;
    svms_error err = SVMS_ERROR_INIT;
    char *path = final_name(file->part);
    svms_sink_close(&file->sink);
    if (container->samples == 0) {
        (void)unlink(file->part);
    } else {
        if (is_whole && path && store_publish(file->part, path, &is_named, &err) != SVMS_OK) {
            service_log_error(self->options.parts->service, SERVICE_WARNING, &err,
                              "%s keeps its name", file->part);
        }
        put_row(self, is_named ? path : file->part);
    }
    free(path);
    forget(file);
}

static svms_status copy_tracks(edge_writer *self, const intake_media *media, svms_error *err)
{
    for (uint32_t i = 0; i < media->track_count && i < SVMS_MAX_TRACKS; i++) {
        self->tracks[i] = media->tracks[i];
        self->tracks[i].protection = self->options.camera->storage->mode;
        self->tracks[i].config = NULL;
        if (media->tracks[i].config_size > 0) {
            self->configs[i] = malloc(media->tracks[i].config_size);
            if (!self->configs[i]) {
                return recorder_fail(err, SVMS_E_NO_MEMORY, 0, "out of memory");
            }
            memcpy(self->configs[i], media->tracks[i].config, media->tracks[i].config_size);
            self->tracks[i].config = self->configs[i];
        }
        self->track_count = i + 1;
        self->has_pictures = self->has_pictures || media->tracks[i].kind == SVMS_TRACK_VIDEO;
    }
    return SVMS_OK;
}

/* A segment may have begun with any picture that stands alone, and lets nothing older follow
 * (CS-REC-4). */
static svms_status take_verdict(void *user, const svms_sample *sample, svms_error *err)
{
    edge_writer *self = user;
    svms_sample words = *sample;
    if (words.utc_ns < self->newest_sync_utc_ns) {
        words.pts += (self->newest_utc_ns - words.utc_ns) / NS_PER_MICROSECOND;
        words.dts = words.pts;
        words.utc_ns = self->newest_utc_ns;
    }
    return self->recording ? svms_recording_append(self->recording, &words, err) : SVMS_OK;
}

static void take_alarm(void *user, const camera_alarm *alarm)
{
    const edge_writer *self = user;
    camera_tell_alarm(self->options.parts, self->options.camera->id, alarm);
}

static void validation_failed(void *user, const svms_error *why)
{
    const edge_writer *self = user;
    recorder_event(self->options.parts, SERVICE_ERROR, self->options.camera->id,
                   "camera.unvalidated", NULL, why->message);
}

/* What the camera signed is validated as if it had come live; the track of verdicts makes its
 * tracks those of the recorder's own containers. */
static svms_status begin_verdicts(edge_writer *self, int64_t start_utc_ns, svms_error *err)
{
    const recorded_camera *camera = self->options.camera;
    verdicts_options options;
    if (!camera->signers) {
        return SVMS_OK;
    }
    memset(&options, 0, sizeof options);
    svms_status status =
        recorder_trust_load(&self->signers, self->options.parts->ctx, camera->signers, NULL, err);
    options.makers = self->signers;
    options.is_signed = camera->is_signed;
    options.take = take_verdict;
    options.alarm = take_alarm;
    options.failed = validation_failed;
    options.user = self;
    if (status == SVMS_OK) {
        status = verdicts_begin(&self->verdicts, self->options.parts->ctx, self->tracks,
                                &self->track_count, start_utc_ns, &options, err);
    }
    for (uint32_t i = 0; i < self->track_count; i++) {
        self->tracks[i].protection = camera->storage->mode;
    }
    return status;
}

svms_status edge_writer_begin(edge_writer *self, const intake_media *media, svms_error *err)
{
    const storage_keys *keys = self->options.keys;
    svms_writer_options *writer = &self->writer;
    *writer = (svms_writer_options)SVMS_WRITER_OPTIONS_INIT;
    svms_status status = copy_tracks(self, media, err);
    if (status == SVMS_OK) {
        status = begin_verdicts(self, media->start_utc_ns, err);
    }
    writer->tracks = self->tracks;
    writer->track_count = self->track_count;
    writer->signer_chain = keys->chain;
    writer->signer_key = keys->key;
    writer->recipients = (const svms_public_key *const *)keys->recipients;
    writer->recipient_count = keys->recipient_count;
    writer->origin = SVMS_ORIGIN_EDGE;
    writer->capture_clock = SVMS_CLOCK_CAMERA;
    writer->start_utc_ns = media->start_utc_ns;
    writer->device_name = self->options.camera->name;
    memcpy(writer->recording_id, self->options.stretch.recording_id, 16);
    return status == SVMS_OK
               ? camera_store_device_id(writer->device_id, self->options.camera->id, err)
               : status;
}

static svms_status open_recording(edge_writer *self, svms_error *err)
{
    svms_recording_options options = SVMS_RECORDING_OPTIONS_INIT;
    options.writer = &self->writer;
    options.rotate_ns = self->options.camera->storage->rotate_minutes * (uint64_t)NS_PER_MINUTE;
    options.user = self;
    options.open_sink = open_sink;
    options.close_sink = close_sink;
    return svms_recording_open(&self->recording, self->options.parts->ctx, &options, err);
}

svms_status edge_writer_put(edge_writer *self, const svms_sample *sample, svms_error *err)
{
    const edge_stretch *stretch = &self->options.stretch;
    const svms_track *track = &self->tracks[sample->track];
    uint32_t ticks = sample->duration > 0 ? sample->duration : track->default_duration;
    int64_t length = ticks_to_ns(track, ticks);
    int64_t middle = sample->utc_ns + length / 2;
    bool is_picture = track->kind == SVMS_TRACK_VIDEO;
    bool is_behind = middle + INEXACT_NS >= stretch->to_utc_ns;
    bool is_missing = middle >= stretch->from_utc_ns;
    if (is_behind &&
        (!self->has_pictures || (is_picture && (sample->flags & SVMS_SAMPLE_SYNC) != 0))) {
        self->is_done = true;
    }
    if (sample->utc_ns == SVMS_NO_TIME || self->is_done ||
        (!is_picture && (is_behind || !is_missing))) {
        return SVMS_OK;
    }
    svms_status status = self->recording ? SVMS_OK : open_recording(self, err);
    if (status == SVMS_OK) {
        status = svms_recording_append(self->recording, sample, err);
    }
    if (status == SVMS_OK) {
        bool is_sync = is_picture && (sample->flags & SVMS_SAMPLE_SYNC) != 0;
        self->newest_utc_ns = sample->utc_ns;
        self->newest_sync_utc_ns = is_sync ? sample->utc_ns : self->newest_sync_utc_ns;
        status = verdicts_follow(self->verdicts, sample, err);
    }
    if (status == SVMS_OK && is_missing) {
        int64_t end = sample->utc_ns + length;
        self->written.samples++;
        self->written.reached_utc_ns =
            end > self->written.reached_utc_ns ? end : self->written.reached_utc_ns;
    }
    return status;
}

bool edge_writer_is_done(const edge_writer *self)
{
    return self->is_done;
}

svms_status edge_writer_gap(edge_writer *self, svms_gap_reason reason, svms_error *err)
{
    return self->recording ? svms_recording_gap(self->recording, reason, err) : SVMS_OK;
}

static svms_status put_head(svms_audit_record *record, const char *name, const uint8_t id[16])
{
    char text[33];
    for (size_t i = 0; i < 16; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", id[i]);
    }
    return svms_audit_record_text(record, name, text, NULL);
}

static void audit(const edge_writer *self, const svms_head *head)
{
    const recorder_parts *parts = self->options.parts;
    svms_audit_record *record = NULL;
    if (!parts->auditor) {
        return;
    }
    svms_status put = recorder_record(&record, parts, "recording.recovered", SVMS_AUDIT_SUCCESS,
                                      self->options.camera->id, NULL);
    if (put == SVMS_OK) {
        put = put_head(record, "container", head->container_id);
    }
    if (put == SVMS_OK) {
        put = put_head(record, "recording", head->recording_id);
    }
    if (put == SVMS_OK && head->segment != SVMS_NO_SEGMENT) {
        put = svms_audit_record_number(record, "segment", head->segment, NULL);
    }
    if (put == SVMS_OK && head->segment != SVMS_NO_SEGMENT) {
        put = svms_audit_record_digest(record, "manifest", head->manifest_hash,
                                       sizeof head->manifest_hash, NULL);
    }
    if (put == SVMS_OK) {
        put = svms_audit_record_text(record, "why", "fetched from the camera's own storage", NULL);
    }
    auditor_tell_later(parts->auditor, &record, put);
}

svms_status edge_writer_close(edge_writer **writer, edge_written *written, svms_error *err)
{
    svms_status status = SVMS_OK;
    if (!writer || !*writer) {
        return SVMS_OK;
    }
    edge_writer *self = *writer;
    if (self->recording) {
        svms_head head = SVMS_HEAD_INIT;
        status = verdicts_end(self->verdicts, err);
        bool has_head = svms_recording_flush(self->recording, NULL) == SVMS_OK &&
                        svms_recording_get_head(self->recording, &head) == SVMS_OK;
        svms_status closed = svms_recording_close(&self->recording, err);
        status = closed == SVMS_OK ? status : closed;
        if (has_head) {
            audit(self, &head);
        }
    }
    *written = self->written;
    verdicts_free(&self->verdicts);
    svms_trust_free(&self->signers);
    for (uint32_t i = 0; i < SVMS_MAX_TRACKS; i++) {
        free(self->configs[i]);
    }
    free(self->folder);
    free(self);
    *writer = NULL;
    return status;
}
