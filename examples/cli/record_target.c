/* SPDX-License-Identifier: Apache-2.0 */
#include "record_target.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "device_id.h"
#include "file.h"
#include "interrupt.h"
#include "keys.h"
#include "media_time.h"
#include "message.h"
#include "record_alarm.h"
#include "recording.h"

#define NS_PER_SECOND INT64_C(1000000000)

exit_status record_target_new(record_target **out, const record_way *way, const char *source)
{
    record_target *self = calloc(1, sizeof *self);
    if (!self) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    self->way = way;
    self->source = source;
    self->stats = (svms_writer_stats)SVMS_WRITER_STATS_INIT;
    self->shown_from_ns = SVMS_NO_TIME;
    self->audit.object = way->output;
    self->part = path_with_suffix(way->output, PART_SUFFIX);
    *out = self;
    return self->part ? audit_trail_open(&self->audit.trail, way->audit, "record")
                      : EXIT_ENVIRONMENT;
}

/* The recorder that writes a part file holds a lock on it. */
static bool is_being_written(const char *path)
{
    int handle = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (handle < 0) {
        return false;
    }
    bool locked = flock(handle, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(handle);
    return locked;
}

static exit_status check_places(const record_target *self, const typed_inputs *typed)
{
    exit_status status = options_check_output(typed, self->way->output, self->way->force);
    if (status != EXIT_GOOD || !file_exists(self->part)) {
        return status;
    }
    if (is_being_written(self->part)) {
        complain("%s is being written by another recorder", self->part);
    } else {
        complain("%s is left from a recording that was interrupted; it may hold evidence: verify "
                 "it, then rename or remove it",
                 self->part);
    }
    return EXIT_ENVIRONMENT;
}

static exit_status load_keys(record_target *self)
{
    const record_way *way = self->way;
    exit_status status = EXIT_GOOD;
    if (way->signer) {
        status = load_chain(&self->chain, self->ctx, way->signer);
    }
    if (status == EXIT_GOOD && way->signer_key) {
        status = load_private_key(&self->key, self->ctx, way->signer_key);
    }
    if (status == EXIT_GOOD) {
        status = recipient_set_load(&self->people, self->ctx, &way->people,
                                    "Password for the recording: ");
    }
    if (status == EXIT_GOOD) {
        status = record_camera_load(&self->camera, self->ctx, way);
    }
    return status;
}

exit_status record_target_prepare(record_target *self, const typed_inputs *typed)
{
    const record_way *way = self->way;
    exit_status status = make_context(&self->ctx);
    if (status == EXIT_GOOD && !record_way_is_folder(way)) {
        status = check_places(self, typed);
    }
    if (status == EXIT_GOOD && way->head) {
        status = options_check_not_input(typed, way->head);
    }
    if (status == EXIT_GOOD) {
        status = load_keys(self);
    }
    if (status == EXIT_GOOD && record_way_is_folder(way)) {
        folder_target folder = { way->output,    way->head,         way->goes_on, way->json,
                                 way->rotate_ns, way->rotate_bytes, SVMS_NO_TIME, &self->audit };
        status = record_folder_open(&self->folder, self->ctx, &folder);
    }
    return status;
}

static exit_status take_verdict(void *user, svms_sample *sample, int64_t newest_utc_ns);

static void tell_alarm(void *user, const camera_alarm *alarm)
{
    record_target *self = user;
    progress_clear(&self->bar);
    record_alarm_tell(alarm);
    record_audit_camera(&self->audit, alarm, record_alarm_words(alarm).text);
}

/* And the track of what is found out about cameras, where that is wanted. */
static exit_status prepare_tracks(record_target *self, const record_media *media)
{
    uint32_t count = media->track_count;
    memcpy(self->tracks, media->tracks, count * sizeof *media->tracks);
    self->camera.take = take_verdict;
    self->camera.tell = tell_alarm;
    self->camera.user = self;
    exit_status status =
        record_camera_begin(&self->camera, self->ctx, self->tracks, &count, media->start_utc_ns,
                            media->clock == SVMS_CLOCK_UNKNOWN);
    for (uint32_t i = 0; i < count; i++) {
        self->tracks[i].protection = (svms_protection)self->way->protection;
    }
    self->options.tracks = self->tracks;
    self->options.track_count = count;
    return status;
}

static exit_status prepare_options(record_target *self, const record_media *media)
{
    const record_way *way = self->way;
    const svms_writer_options defaults = SVMS_WRITER_OPTIONS_INIT;
    svms_writer_options *options = &self->options;
    *options = defaults;
    options->signer_chain = self->chain;
    options->signer_key = self->key;
    options->role = (svms_role)way->role;
    options->unsigned_media = way->unsigned_media;
    options->recipients = (const svms_public_key *const *)self->people.keys;
    options->recipient_count = self->people.key_count;
    options->keks = (const svms_kek *const *)self->people.keks;
    options->kek_count = self->people.kek_count;
    options->password = self->people.secret.size > 0 ? self->people.secret.text : NULL;
    options->password_size = self->people.secret.size;
    options->device_name = way->device;
    options->segment_ns = way->segment_ns;
    options->durability = way->durable;
    options->durable_interval_ns = way->durable_ns;
    options->signature_interval = way->sign_every;
    options->late_signatures = way->late_signatures;
    options->start_utc_ns = media->start_utc_ns;
    options->origin = media->origin;
    options->capture_clock = media->clock;
    exit_status status = prepare_tracks(self, media);
    return status == EXIT_GOOD && way->device ? device_id_of_name(options->device_id, way->device)
                                              : status;
}

static exit_status open_writer(record_target *self)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_status opened =
        svms_writer_open(&self->writer, self->ctx, &self->sink, &self->options, &err);
    if (opened == SVMS_OK) {
        return EXIT_GOOD;
    }
    exit_status status = complain_error(&err, "cannot begin the recording");
    return opened == SVMS_E_UNTRUSTED ? EXIT_POLICY : status;
}

static svms_status get_head(const record_target *self, svms_head *head)
{
    return self->folder ? svms_recording_get_head(record_folder_recording(self->folder), head)
                        : svms_writer_get_head(self->writer, head);
}

/* What cannot be told is not recorded. */
static exit_status tell_start(record_target *self)
{
    svms_head head = SVMS_HEAD_INIT;
    if (self->way->device) {
        self->device = head_text_of(self->options.device_id, sizeof self->options.device_id);
        self->audit.device = self->device.text;
    }
    if (get_head(self, &head) != SVMS_OK) {
        complain("the recording has no head");
        return EXIT_ENVIRONMENT;
    }
    exit_status status = record_audit_start(&self->audit, &head);
    if (status == EXIT_GOOD && self->folder) {
        record_folder_tell_found(self->folder);
    }
    return status;
}

/* Nobody else can end a recording of this name while we hold the part file, so what was free before
 * is looked at once more. */
static exit_status recheck_output(const record_target *self)
{
    if (self->way->force || !file_exists(self->way->output)) {
        return EXIT_GOOD;
    }
    complain("%s was made by somebody else meanwhile", self->way->output);
    return EXIT_ENVIRONMENT;
}

static exit_status begin_folder(record_target *self, const record_media *media)
{
    exit_status status = record_folder_begin(self->folder, &self->options,
                                             time_add(media->start_utc_ns, media->first_ns));
    if (status != EXIT_GOOD) {
        return status;
    }
    status = tell_start(self);
    return status == EXIT_GOOD ? EXIT_GOOD : record_folder_finish(self->folder, status, false);
}

static exit_status begin_file(record_target *self)
{
    svms_error err = SVMS_ERROR_INIT;
    if (svms_sink_create_file(&self->sink, self->ctx, self->part, &err) != SVMS_OK) {
        complain("%s", err.message);
        return EXIT_ENVIRONMENT;
    }
    exit_status status = recheck_output(self);
    if (status == EXIT_GOOD) {
        status = open_writer(self);
    }
    if (status == EXIT_GOOD) {
        status = tell_start(self);
    }
    if (status != EXIT_GOOD) {
        svms_writer_abort(&self->writer);
        svms_sink_close(&self->sink);
        unlink(self->part);
    }
    return status;
}

exit_status record_target_begin(record_target *self, const record_media *media)
{
    exit_status status = prepare_options(self, media);
    if (status == EXIT_GOOD) {
        status = self->folder ? begin_folder(self, media) : begin_file(self);
    }
    self->has_begun = status == EXIT_GOOD;
    return status;
}

/* Of the file, or of all containers of the folder. */
static svms_status get_stats(const record_target *self, svms_writer_stats *stats)
{
    svms_recording_stats sum = SVMS_RECORDING_STATS_INIT;
    if (!self->folder) {
        return svms_writer_get_stats(self->writer, stats);
    }
    svms_status status = svms_recording_get_stats(record_folder_recording(self->folder), &sum);
    if (status == SVMS_OK) {
        stats->segments = sum.segments;
        stats->samples = sum.samples;
        stats->last_utc_ns = sum.last_utc_ns;
    }
    return status;
}

/* What failed in one container may go well in the next: a folder gets a second try. */
static svms_status append_to_folder(record_target *self, const svms_sample *sample, svms_error *err)
{
    svms_recording *target = record_folder_recording(self->folder);
    svms_status status = svms_recording_append(target, sample, err);
    if (svms_status_class(status) != SVMS_CLASS_ENVIRONMENT) {
        return status;
    }
    progress_clear(&self->bar);
    complain_error(err, "going on in a new container");
    record_audit_event(&self->audit, "recording.gap", &self->audit.head,
                       "a container failed; it goes on in a new one");
    return svms_recording_append(target, sample, err);
}

static exit_status stop(record_target *self, svms_status status, const svms_error *err)
{
    progress_clear(&self->bar);
    complain_error(err, "recording stops");
    /* These leave the writer as it was, so that the recording can be ended properly. */
    if (status == SVMS_E_USAGE) {
        return EXIT_MALFORMED;
    }
    self->broken = status != SVMS_E_STATE;
    return EXIT_ENVIRONMENT;
}

static void pulse(record_target *self)
{
    svms_head head = SVMS_HEAD_INIT;
    if (self->audit.trail && get_head(self, &head) == SVMS_OK) {
        record_audit_pulse(&self->audit, &head);
    }
}

static svms_status append(record_target *self, const svms_sample *sample, svms_error *err)
{
    return self->folder ? append_to_folder(self, sample, err)
                        : svms_writer_append(self->writer, sample, err);
}

/* It comes behind pictures that are later. Where the segment of those is just over, for its size,
 * nothing older may follow (C-MAN-6): then it gets their time. */
static exit_status take_verdict(void *user, svms_sample *sample, int64_t newest_utc_ns)
{
    record_target *self = user;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = append(self, sample, &err);
    if (status == SVMS_E_STATE && !self->folder) {
        sample->utc_ns = newest_utc_ns;
        status = append(self, sample, &err);
    }
    return status == SVMS_OK ? EXIT_GOOD : stop(self, status, &err);
}

exit_status record_target_append(record_target *self, const svms_sample *sample)
{
    svms_error err = SVMS_ERROR_INIT;
    int64_t until = self->stats.last_utc_ns;
    svms_status status = append(self, sample, &err);
    exit_status result =
        status == SVMS_OK ? record_camera_follow(&self->camera, sample) : stop(self, status, &err);
    if (get_stats(self, &self->stats) == SVMS_OK &&
        self->stats.segments > self->complete_segments) {
        self->complete_segments = self->stats.segments;
        self->complete_until = until;
    }
    if (result == EXIT_GOOD) {
        pulse(self);
    }
    return result;
}

void record_target_show(record_target *self, int64_t duration_ns)
{
    if (self->shown_from_ns == SVMS_NO_TIME) {
        self->shown_from_ns = self->stats.last_utc_ns;
    }
    int64_t done = self->stats.last_utc_ns - self->shown_from_ns;
    if (done < 0) {
        done = 0;
    }
    int64_t seconds = done / NS_PER_SECOND;
    char words[96];
    snprintf(words, sizeof words,
             "recorded %02" PRId64 ":%02" PRId64 ":%02" PRId64 ", %" PRIu64 " segments",
             seconds / 3600, seconds / 60 % 60, seconds % 60, self->stats.segments);
    progress_show(&self->bar, (uint64_t)done, (uint64_t)duration_ns, words);
}

exit_status record_target_gap(record_target *self, svms_gap_reason reason)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_status status =
        self->folder ? svms_recording_gap(record_folder_recording(self->folder), reason, &err)
                     : svms_writer_gap(self->writer, reason, &err);
    if (status == SVMS_OK) {
        return EXIT_GOOD;
    }
    if (self->folder && svms_status_class(status) == SVMS_CLASS_ENVIRONMENT) {
        /* The container was given up; the next sample begins another. */
        progress_clear(&self->bar);
        complain_error(&err, "going on in a new container");
        return EXIT_GOOD;
    }
    return stop(self, status, &err);
}

bool record_target_reports(const record_target *self)
{
    return self->folder && self->way->json;
}

void record_target_say(record_target *self, json_t *members)
{
    record_folder_say(self->folder, members);
}

/* After a failure of the disk: what is left of the recording? */
static void report_loss(const record_target *self)
{
    char until[SVMS_TIME_TEXT_SIZE];
    if (self->complete_segments == 0) {
        unlink(self->part);
        complain("no segment was complete, so nothing was kept");
        return;
    }
    svms_time_format(self->complete_until, until);
    complain("%s holds %" PRIu64 " complete, signed segments up to %s", self->part,
             self->complete_segments, until);
}

static exit_status give_name(const record_target *self)
{
    const record_way *way = self->way;
    exit_status status = file_publish(self->part, way->output, way->force);
    if (status != EXIT_GOOD) {
        if (file_exists(self->part)) {
            complain("the recording is complete, but is still called %s", self->part);
        }
        return status;
    }
    char until[SVMS_TIME_TEXT_SIZE];
    svms_time_format(self->stats.last_utc_ns, until);
    print_line(stderr, "%s: %" PRIu64 " samples in %" PRIu64 " segments, until %s%s", way->output,
               self->stats.samples, self->stats.segments, until,
               interrupt_came() ? " (ended by a signal)" : "");
    return EXIT_GOOD;
}

static exit_status report_nothing(const record_target *self, exit_status status)
{
    if (interrupt_came()) {
        complain("interrupted before the first sample; nothing was recorded");
        return EXIT_ENVIRONMENT;
    }
    complain("%s gave no sample; nothing was recorded", self->source);
    return status == EXIT_GOOD ? EXIT_MALFORMED : status;
}

/* Ends the last segment and then the recording; the stats count everything. */
static exit_status close_writer(record_target *self)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_writer_flush(self->writer, &err);
    pulse(self);
    if (status == SVMS_OK) {
        status = svms_writer_get_stats(self->writer, &self->stats);
    }
    if (status == SVMS_OK) {
        self->complete_segments = self->stats.segments;
        self->complete_until = self->stats.last_utc_ns;
        status = svms_writer_close(&self->writer, &err);
    }
    if (status == SVMS_OK) {
        record_audit_closed(&self->audit, &self->audit.head, self->ctx, self->part);
        return EXIT_GOOD;
    }
    self->broken = true;
    return complain_error(&err, "cannot end the recording");
}

static exit_status end_folder(record_target *self, exit_status status)
{
    svms_writer_stats stats = SVMS_WRITER_STATS_INIT;
    bool is_empty = get_stats(self, &stats) == SVMS_OK && stats.samples == 0;
    status = record_folder_finish(self->folder, status, interrupt_came());
    return is_empty ? report_nothing(self, status) : status;
}

static exit_status end_file(record_target *self, exit_status status)
{
    bool is_empty = get_stats(self, &self->stats) == SVMS_OK && self->stats.samples == 0;
    if (!is_empty && !self->broken) {
        exit_status closed = close_writer(self);
        status = closed == EXIT_GOOD ? status : closed;
    }
    svms_writer_abort(&self->writer);
    svms_sink_close(&self->sink);
    if (is_empty) {
        unlink(self->part);
        return report_nothing(self, status);
    }
    if (self->broken) {
        report_loss(self);
        return status;
    }
    exit_status named = give_name(self);
    return status == EXIT_GOOD ? named : status;
}

exit_status record_target_end(record_target *self, exit_status status)
{
    progress_clear(&self->bar);
    if (!self->has_begun) {
        return report_nothing(self, status);
    }
    if (!self->broken) {
        exit_status ended = record_camera_end(&self->camera);
        status = status == EXIT_GOOD ? ended : status;
        record_camera_tell(&self->camera);
    }
    status = self->folder ? end_folder(self, status) : end_file(self, status);
    return status == EXIT_GOOD ? record_camera_status(&self->camera) : status;
}

/* Of a recording that is complete, and of a camera that was not believed, both is said. */
static exit_status tell_stop(record_target *self, exit_status status)
{
    char why[CAMERA_SUM_SIZE + 32] = "";
    const char *signal = interrupt_came() ? "by a signal" : "";
    snprintf(why, sizeof why, "%s", signal);
    if (self->camera.has_begun) {
        size_t used = strlen(why);
        used += (size_t)snprintf(why + used, sizeof why - used, "%scamera: ", used > 0 ? "; " : "");
        record_camera_sum(&self->camera, why + used, sizeof why - used);
    }
    return record_audit_stop(&self->audit, status, why[0] != '\0' ? why : NULL);
}

exit_status record_target_free(record_target **target, exit_status status)
{
    record_target *self = *target;
    if (!self) {
        return status;
    }
    status = tell_stop(self, status);
    record_folder_free(&self->folder);
    status = audit_trail_close(&self->audit.trail, status);
    record_camera_free(&self->camera);
    recipient_set_free(&self->people);
    svms_private_key_free(&self->key);
    svms_chain_free(&self->chain);
    svms_ctx_free(&self->ctx);
    free(self->part);
    free(self);
    *target = NULL;
    return status;
}
