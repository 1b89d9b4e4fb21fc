/* SPDX-License-Identifier: Apache-2.0 */
/* svms record: video from anything FFmpeg reads into a signed, encrypted recording. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include <svms/svms.h>

#include "command.h"
#include "device_id.h"
#include "file.h"
#include "head_text.h"
#include "interrupt.h"
#include "keys.h"
#include "media_input.h"
#include "media_time.h"
#include "message.h"
#include "options.h"
#include "progress.h"
#include "record_audit.h"
#include "record_folder.h"
#include "recipient_set.h"
#include "recording.h"

#define NS_PER_SECOND INT64_C(1000000000)

typedef struct record_request {
    const char *input;
    const char *output;
    typed_inputs typed;
    const char *signer;
    const char *signer_key;
    const char *device;
    recipient_options people;
    int64_t start_time;
    uint64_t segment_ns;
    text_list rotate;
    const char *head;
    const char *durability;
    const char *audit;
    uint32_t sign_every;
    int protection;
    int role;
    bool realtime;
    bool unsigned_media;
    bool goes_on;
    bool late_signatures;
    bool json;
    bool force;
    /* Worked out of rotate and durability. */
    uint64_t rotate_ns;
    uint64_t rotate_bytes;
    svms_durability durable;
    uint64_t durable_ns;
} record_request;

typedef struct recorder {
    const record_request *request;
    char *part;
    svms_ctx *ctx;
    svms_chain *chain;
    svms_private_key *key;
    recipient_set people;
    media_input *input;
    svms_writer_options options;
    svms_track tracks[SVMS_MAX_TRACKS];
    record_folder *folder; /* or a single file: */
    svms_sink sink;
    svms_writer *writer;
    progress bar;
    uint64_t complete_segments;
    int64_t complete_until; /* end of the last complete segment */
    int64_t pace_offset;    /* monotonic clock minus time stamps, with --realtime */
    bool paced;
    bool broken; /* the writer can only be aborted */
    record_audit audit;
    head_text device; /* its id */
} recorder;

static exit_status refuse(const char *words)
{
    complain("record: refused: %s", words);
    return EXIT_POLICY;
}

/* Into a folder of containers, not into a file. */
static bool is_folder(const record_request *request)
{
    return request->rotate.count > 0 || request->goes_on;
}

/* "10m" or "1GiB": a container lasts so long, or becomes so large. */
static bool take_rotation(record_request *request, const char *text)
{
    static const struct {
        const char *unit;
        uint64_t scale;
        bool is_time;
    } units[] = {
        { "s", UINT64_C(1000000000), true },        { "m", 60 * UINT64_C(1000000000), true },
        { "h", 3600 * UINT64_C(1000000000), true }, { "d", 86400 * UINT64_C(1000000000), true },
        { "KiB", UINT64_C(1) << 10, false },        { "MiB", UINT64_C(1) << 20, false },
        { "GiB", UINT64_C(1) << 30, false },        { "TiB", UINT64_C(1) << 40, false }
    };
    char *end = NULL;
    size_t digits = strspn(text, "0123456789");
    unsigned long number = digits > 0 && digits < 7 ? strtoul(text, &end, 10) : 0;
    for (size_t i = 0; number > 0 && i < sizeof units / sizeof units[0]; i++) {
        uint64_t *target = units[i].is_time ? &request->rotate_ns : &request->rotate_bytes;
        if (strcmp(end, units[i].unit) == 0) {
            uint64_t smallest = units[i].is_time ? 1 : UINT64_C(65536);
            bool fits = number <= INT64_MAX / units[i].scale && *target == 0;
            *target = number * units[i].scale;
            return fits && *target >= smallest;
        }
    }
    return false;
}

/* "segment", "interval", "interval=SECONDS" or "none". */
static bool take_durability(record_request *request)
{
    static const char interval[] = "interval";
    const char *text = request->durability;
    size_t size = sizeof interval - 1;
    if (!text || strcmp(text, "segment") == 0) {
        request->durable = SVMS_DURABLE_SEGMENT;
        return true;
    }
    if (strcmp(text, "none") == 0) {
        request->durable = SVMS_DURABLE_NONE;
        return true;
    }
    request->durable = SVMS_DURABLE_INTERVAL;
    if (strncmp(text, interval, size) != 0 || text[size] == '\0') {
        return strcmp(text, interval) == 0;
    }
    const char *seconds = text + size + 1;
    size_t digits = strspn(seconds, "0123456789");
    if (text[size] != '=' || digits == 0 || digits > 4 || seconds[digits] != '\0') {
        return false;
    }
    request->durable_ns = strtoul(seconds, NULL, 10) * (uint64_t)NS_PER_SECOND;
    return request->durable_ns > 0;
}

static exit_status check_ways(record_request *request)
{
    for (size_t i = 0; i < request->rotate.count; i++) {
        if (!take_rotation(request, request->rotate.items[i])) {
            return usage_error(
                "record",
                "--rotate is one time such as 10m (s, m, h, d), one size such as 1GiB "
                "(KiB, at least 64, to TiB), or both; not '%s'",
                request->rotate.items[i]);
        }
    }
    if (!take_durability(request)) {
        return usage_error("record",
                           "--durability is segment, interval, interval=SECONDS (1 to 9999) or "
                           "none, not '%s'",
                           request->durability);
    }
    if (request->unsigned_media && (request->sign_every > 1 || request->late_signatures)) {
        return usage_error("record", "--unsigned has no signatures that could wait");
    }
    if (!is_folder(request) && (request->head || request->json)) {
        return usage_error("record", "--head and --json belong to --rotate and --continue");
    }
    if (is_folder(request) && request->force) {
        return usage_error("record",
                           "--force replaces a file; nothing in a folder is ever replaced");
    }
    return EXIT_GOOD;
}

static exit_status check_request(const record_request *request)
{
    if (!request->output) {
        return usage_error("record", "--out is missing");
    }
    if (request->output[0] == '\0' || strcmp(request->output, "-") == 0) {
        return usage_error("record", "--out needs the name of a file");
    }
    if (!request->signer != !request->signer_key) {
        return usage_error("record", "--signer and --signer-key belong together");
    }
    if (request->unsigned_media && request->signer) {
        return usage_error("record", "--unsigned and --signer contradict each other");
    }
    if (request->people.password_file && request->people.password_prompt) {
        return usage_error("record", "--password-file and --password-prompt: only one is possible");
    }
    if (request->device && strlen(request->device) > SVMS_MAX_NAME_SIZE) {
        return usage_error("record", "--device is longer than %d bytes", SVMS_MAX_NAME_SIZE);
    }
    if (strcmp(request->input, "-") == 0 && isatty(STDIN_FILENO)) {
        return usage_error("record", "standard input is a terminal, not video");
    }
    if (!request->signer && !request->unsigned_media) {
        return refuse("nobody would sign; give --signer and --signer-key, or --unsigned for a "
                      "recording that never verifies as authentic");
    }
    if (request->protection != SVMS_PROTECT_NONE && recipient_options_are_empty(&request->people)) {
        return refuse("nobody could ever open it; give --password-file, --password-prompt, "
                      "--recipient or --kek, or --protect none");
    }
    return EXIT_GOOD;
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

static exit_status check_places(const recorder *self)
{
    const record_request *request = self->request;
    exit_status status = options_check_output(&request->typed, request->output, request->force);
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

static exit_status load_keys(recorder *self)
{
    const record_request *request = self->request;
    exit_status status = EXIT_GOOD;
    if (request->signer) {
        status = load_chain(&self->chain, self->ctx, request->signer);
    }
    if (status == EXIT_GOOD && request->signer_key) {
        status = load_private_key(&self->key, self->ctx, request->signer_key);
    }
    if (status == EXIT_GOOD) {
        status = recipient_set_load(&self->people, self->ctx, &request->people,
                                    "Password for the recording: ");
    }
    return status;
}

static void set_times(const recorder *self, const media_description *media,
                      svms_writer_options *options)
{
    bool given = self->request->start_time != SVMS_NO_TIME;
    int64_t start = given ? self->request->start_time : media->opened_utc_ns;
    options->start_utc_ns = start - media->start_ns;
    options->origin = media->is_file ? SVMS_ORIGIN_IMPORT : SVMS_ORIGIN_LIVE;
    if (given) {
        options->capture_clock = SVMS_CLOCK_GIVEN;
    } else { /* of a file nobody has said when it was captured */
        options->capture_clock = media->is_file ? SVMS_CLOCK_UNKNOWN : SVMS_CLOCK_SYSTEM;
    }
}

static exit_status prepare_options(recorder *self)
{
    const record_request *request = self->request;
    const media_description *media = media_input_describe(self->input);
    const svms_writer_options defaults = SVMS_WRITER_OPTIONS_INIT;
    svms_writer_options *options = &self->options;
    memcpy(self->tracks, media->tracks, sizeof self->tracks);
    for (uint32_t i = 0; i < media->track_count; i++) {
        self->tracks[i].protection = (svms_protection)request->protection;
    }
    *options = defaults;
    options->tracks = self->tracks;
    options->track_count = media->track_count;
    options->signer_chain = self->chain;
    options->signer_key = self->key;
    options->role = (svms_role)request->role;
    options->unsigned_media = request->unsigned_media;
    options->recipients = (const svms_public_key *const *)self->people.keys;
    options->recipient_count = self->people.key_count;
    options->keks = (const svms_kek *const *)self->people.keks;
    options->kek_count = self->people.kek_count;
    options->password = self->people.secret.size > 0 ? self->people.secret.text : NULL;
    options->password_size = self->people.secret.size;
    options->device_name = request->device;
    options->segment_ns = request->segment_ns;
    options->durability = request->durable;
    options->durable_interval_ns = request->durable_ns;
    options->signature_interval = request->sign_every;
    options->late_signatures = request->late_signatures;
    set_times(self, media, options);
    return request->device ? device_id_of_name(options->device_id, request->device) : EXIT_GOOD;
}

static exit_status open_writer(recorder *self)
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

static svms_status get_head(const recorder *self, svms_head *head)
{
    return self->folder ? svms_recording_get_head(record_folder_recording(self->folder), head)
                        : svms_writer_get_head(self->writer, head);
}

/* What cannot be told is not recorded. */
static exit_status tell_start(recorder *self)
{
    svms_head head = SVMS_HEAD_INIT;
    if (self->request->device) {
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
static exit_status recheck_output(const recorder *self)
{
    if (self->request->force || !file_exists(self->request->output)) {
        return EXIT_GOOD;
    }
    complain("%s was made by somebody else meanwhile", self->request->output);
    return EXIT_ENVIRONMENT;
}

static exit_status begin(recorder *self)
{
    svms_error err = SVMS_ERROR_INIT;
    exit_status prepared = prepare_options(self);
    if (prepared != EXIT_GOOD) {
        return prepared;
    }
    if (self->folder) {
        const media_description *media = media_input_describe(self->input);
        prepared = record_folder_begin(self->folder, &self->options,
                                       time_add(self->options.start_utc_ns, media->start_ns));
        if (prepared != EXIT_GOOD) {
            return prepared;
        }
        prepared = tell_start(self);
        return prepared == EXIT_GOOD ? EXIT_GOOD
                                     : record_folder_finish(self->folder, prepared, false);
    }
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

/* Waits until the time of the sample has come; a signal ends the waiting. */
static void pace(recorder *self, const svms_sample *sample)
{
    const svms_track *track = &media_input_describe(self->input)->tracks[sample->track];
    int64_t time = ticks_to_ns(track, sample->dts);
    struct timespec clock = { 0, 0 };
    clock_gettime(CLOCK_MONOTONIC, &clock);
    int64_t now = (int64_t)clock.tv_sec * NS_PER_SECOND + clock.tv_nsec;
    if (!self->paced) {
        self->pace_offset = time_add(now, -time);
    }
    self->paced = true;
    int64_t due = time_add(time, self->pace_offset);
    if (due <= now) {
        return;
    }
    clock.tv_sec = (time_t)(due / NS_PER_SECOND);
    clock.tv_nsec = (long)(due % NS_PER_SECOND);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &clock, NULL);
}

static void show_progress(recorder *self, const svms_writer_stats *stats, int64_t start)
{
    const media_description *media = media_input_describe(self->input);
    int64_t done = stats->last_utc_ns - start;
    if (done < 0) {
        done = 0;
    }
    int64_t seconds = done / NS_PER_SECOND;
    char words[96];
    snprintf(words, sizeof words,
             "recorded %02" PRId64 ":%02" PRId64 ":%02" PRId64 ", %" PRIu64 " segments",
             seconds / 3600, seconds / 60 % 60, seconds % 60, stats->segments);
    progress_show(&self->bar, (uint64_t)done, (uint64_t)media->duration_ns, words);
}

/* Of the file, or of all containers of the folder. */
static svms_status get_stats(const recorder *self, svms_writer_stats *stats)
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
static svms_status append_to_folder(recorder *self, const svms_sample *sample, svms_error *err)
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

static exit_status append(recorder *self, const svms_sample *sample)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = self->folder ? append_to_folder(self, sample, &err)
                                      : svms_writer_append(self->writer, sample, &err);
    if (status == SVMS_OK) {
        return EXIT_GOOD;
    }
    progress_clear(&self->bar);
    complain_error(&err, "recording stops");
    /* These leave the writer as it was, so that the recording can be ended properly. */
    if (status == SVMS_E_USAGE) {
        return EXIT_MALFORMED;
    }
    self->broken = status != SVMS_E_STATE;
    return EXIT_ENVIRONMENT;
}

static void pulse(recorder *self)
{
    svms_head head = SVMS_HEAD_INIT;
    if (self->audit.trail && get_head(self, &head) == SVMS_OK) {
        record_audit_pulse(&self->audit, &head);
    }
}

static exit_status copy_samples(recorder *self)
{
    int64_t start = SVMS_NO_TIME;
    svms_writer_stats stats = SVMS_WRITER_STATS_INIT;
    for (;;) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        exit_status status = EXIT_GOOD;
        media_result result = media_input_next(self->input, &sample, &status);
        if (result != MEDIA_SAMPLE) {
            return status;
        }
        if (self->request->realtime) {
            pace(self, &sample);
        }
        int64_t until = stats.last_utc_ns;
        status = append(self, &sample);
        if (get_stats(self, &stats) == SVMS_OK && stats.segments > self->complete_segments) {
            self->complete_segments = stats.segments;
            self->complete_until = until;
        }
        if (status != EXIT_GOOD) {
            return status;
        }
        pulse(self);
        if (start == SVMS_NO_TIME) {
            start = stats.last_utc_ns;
        }
        show_progress(self, &stats, start);
    }
}

/* After a failure of the disk: what is left of the recording? */
static void report_loss(const recorder *self)
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

static exit_status give_name(const recorder *self, const svms_writer_stats *stats)
{
    const record_request *request = self->request;
    exit_status status = file_publish(self->part, request->output, request->force);
    if (status != EXIT_GOOD) {
        if (file_exists(self->part)) {
            complain("the recording is complete, but is still called %s", self->part);
        }
        return status;
    }
    char until[SVMS_TIME_TEXT_SIZE];
    svms_time_format(stats->last_utc_ns, until);
    print_line(stderr, "%s: %" PRIu64 " samples in %" PRIu64 " segments, until %s%s",
               request->output, stats->samples, stats->segments, until,
               interrupt_came() ? " (ended by a signal)" : "");
    return EXIT_GOOD;
}

static exit_status report_nothing(const recorder *self, exit_status status)
{
    if (interrupt_came()) {
        complain("interrupted before the first sample; nothing was recorded");
        return EXIT_ENVIRONMENT;
    }
    complain("%s gave no sample; nothing was recorded", self->request->input);
    return status == EXIT_GOOD ? EXIT_MALFORMED : status;
}

/* Ends the last segment and then the recording; stats count everything. */
static exit_status close_writer(recorder *self, svms_writer_stats *stats)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_writer_flush(self->writer, &err);
    pulse(self);
    if (status == SVMS_OK) {
        status = svms_writer_get_stats(self->writer, stats);
    }
    if (status == SVMS_OK) {
        self->complete_segments = stats->segments;
        self->complete_until = stats->last_utc_ns;
        status = svms_writer_close(&self->writer, &err);
    }
    if (status == SVMS_OK) {
        record_audit_head(&self->audit, &self->audit.head);
        return EXIT_GOOD;
    }
    self->broken = true;
    return complain_error(&err, "cannot end the recording");
}

static exit_status end_folder(recorder *self, exit_status status)
{
    svms_writer_stats stats = SVMS_WRITER_STATS_INIT;
    bool is_empty = get_stats(self, &stats) == SVMS_OK && stats.samples == 0;
    status = record_folder_finish(self->folder, status, interrupt_came());
    return is_empty ? report_nothing(self, status) : status;
}

static exit_status end(recorder *self, exit_status status)
{
    svms_writer_stats stats = SVMS_WRITER_STATS_INIT;
    bool is_empty = svms_writer_get_stats(self->writer, &stats) == SVMS_OK && stats.samples == 0;
    if (!is_empty && !self->broken) {
        exit_status closed = close_writer(self, &stats);
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
    exit_status named = give_name(self, &stats);
    return status == EXIT_GOOD ? named : status;
}

static exit_status run(recorder *self)
{
    exit_status status = make_context(&self->ctx);
    if (status == EXIT_GOOD && !is_folder(self->request)) {
        status = check_places(self);
    }
    if (status == EXIT_GOOD && self->request->head) {
        status = options_check_not_input(&self->request->typed, self->request->head);
    }
    if (status == EXIT_GOOD) {
        status = load_keys(self);
    }
    if (status == EXIT_GOOD && is_folder(self->request)) {
        folder_target target = { self->request->output,
                                 self->request->head,
                                 self->request->goes_on,
                                 self->request->json,
                                 self->request->rotate_ns,
                                 self->request->rotate_bytes,
                                 SVMS_NO_TIME,
                                 &self->audit };
        status = record_folder_open(&self->folder, self->ctx, &target);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    interrupt_watch();
    status = media_input_open(&self->input, self->request->input);
    if (status == EXIT_GOOD) {
        status = begin(self);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    progress_begin(&self->bar);
    status = copy_samples(self);
    progress_clear(&self->bar);
    return self->folder ? end_folder(self, status) : end(self, status);
}

/* checked: what is to be said of the request; with EXIT_POLICY it is told and not done. */
static exit_status record(const record_request *request, exit_status checked)
{
    recorder *self = calloc(1, sizeof *self);
    if (!self) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    self->request = request;
    self->part = path_with_suffix(request->output, PART_SUFFIX);
    self->audit.object = request->output;
    exit_status status = self->part ? EXIT_GOOD : EXIT_ENVIRONMENT;
    if (status == EXIT_GOOD) {
        status = audit_trail_open(&self->audit.trail, request->audit, "record");
    }
    if (status == EXIT_GOOD) {
        status = checked == EXIT_GOOD ? run(self) : checked;
    }
    status = record_audit_stop(&self->audit, status, interrupt_came() ? "by a signal" : NULL);
    record_folder_free(&self->folder);
    status = audit_trail_close(&self->audit.trail, status);
    media_input_close(&self->input);
    recipient_set_free(&self->people);
    svms_private_key_free(&self->key);
    svms_chain_free(&self->chain);
    svms_ctx_free(&self->ctx);
    free(self->part);
    free(self);
    return status;
}

static const option_choice protections[] = { { "strong", SVMS_PROTECT_STRONG },
                                             { "light", SVMS_PROTECT_LIGHT },
                                             { "none", SVMS_PROTECT_NONE },
                                             { NULL, 0 } };

static const option_choice roles[] = { { "recorder", SVMS_ROLE_RECORDER },
                                       { "camera", SVMS_ROLE_CAMERA },
                                       { NULL, 0 } };

static const option_spec options[] = {
    { "out", "FILE|DIR", "the recording; called FILE.part until it is complete", OPTION_TEXT,
      offsetof(record_request, output), NULL, 0, 0 },
    { "rotate", "10m|1GiB", "into a folder: a new container after that time or size; repeatable",
      OPTION_LIST, offsetof(record_request, rotate), NULL, 0, 0 },
    { "continue", NULL, "go on with the recording that the folder holds", OPTION_FLAG,
      offsetof(record_request, goes_on), NULL, 0, 0 },
    { "audit", "LOG", "tell this audit log: a folder, or the socket of svms audit serve",
      OPTION_TEXT, offsetof(record_request, audit), NULL, 0, 0 },
    { "head", "FILE", "keep the newest signature's hash there, on another medium", OPTION_TEXT,
      offsetof(record_request, head), NULL, 0, 0 },
    { "durability", "WHEN", "flush the disk: segment (default), interval[=SECONDS], none",
      OPTION_TEXT, offsetof(record_request, durability), NULL, 0, 0 },
    { "sign-every", "K", "sign every Kth segment only, 1 to 64; a signature covers those before",
      OPTION_COUNT, offsetof(record_request, sign_every), NULL, 1, 64 },
    { "late-signatures", NULL, "do not wait for slow signers; signatures are stored later",
      OPTION_FLAG, offsetof(record_request, late_signatures), NULL, 0, 0 },
    { "json", NULL, "with a folder: print what was recorded as JSON", OPTION_FLAG,
      offsetof(record_request, json), NULL, 0, 0 },
    { "signer", "CERT", "certificate of the signer (PEM, leaf first)", OPTION_TEXT,
      offsetof(record_request, signer), NULL, 0, 0 },
    { "signer-key", "KEY", "private key of the signer (PEM)", OPTION_TEXT,
      offsetof(record_request, signer_key), NULL, 0, 0 },
    { "role", "ROLE", "what the signer is: recorder (default) or camera", OPTION_CHOICE,
      offsetof(record_request, role), roles, 0, 0 },
    { "unsigned", NULL, "record without a signer; never verifies as authentic", OPTION_FLAG,
      offsetof(record_request, unsigned_media), NULL, 0, 0 },
    { "protect", "MODE", "encryption: strong (default), light or none", OPTION_CHOICE,
      offsetof(record_request, protection), protections, 0, 0 },
    { "password-file", "FILE", "password that opens it: the first line of FILE", OPTION_TEXT,
      offsetof(record_request, people.password_file), NULL, 0, 0 },
    { "password-prompt", NULL, "ask for the password on the terminal", OPTION_FLAG,
      offsetof(record_request, people.password_prompt), NULL, 0, 0 },
    { "recipient", "PEM", "public key or certificate that opens it; repeatable", OPTION_LIST,
      offsetof(record_request, people.keys), NULL, 0, 0 },
    { "kek", "FILE", "key-encryption key that opens it; repeatable", OPTION_LIST,
      offsetof(record_request, people.keks), NULL, 0, 0 },
    { "device", "NAME", "name of the camera; encrypted, unless --protect none", OPTION_TEXT,
      offsetof(record_request, device), NULL, 0, 0 },
    { "start-time", "T", "when the first picture was captured (RFC 3339); default: now",
      OPTION_TIME, offsetof(record_request, start_time), NULL, 0, 0 },
    { "segment-seconds", "N", "a signature about every N seconds, 0.1 to 10; default 2",
      OPTION_SECONDS, offsetof(record_request, segment_ns), NULL, 0.1, 10 },
    { "realtime", NULL, "read no faster than the time stamps say", OPTION_FLAG,
      offsetof(record_request, realtime), NULL, 0, 0 },
    { "force", NULL, "replace FILE when the new recording is complete", OPTION_FLAG,
      offsetof(record_request, force), NULL, 0, 0 },
};

static const command_line line = {
    "record",
    "INPUT --out FILE|DIR [options]",
    "Records video, audio and subtitles into a signed, encrypted file, or a folder of files.\n"
    "INPUT is anything FFmpeg reads, or - for standard input. Ctrl-C ends the recording properly.",
    options,
    sizeof options / sizeof options[0],
    "INPUT",
    offsetof(record_request, input)
};

exit_status command_record(int count, char **arguments)
{
    record_request request;
    memset(&request, 0, sizeof request);
    request.start_time = SVMS_NO_TIME;
    request.protection = SVMS_PROTECT_STRONG;
    request.role = SVMS_ROLE_RECORDER;
    request.typed = (typed_inputs){ &line, &request, false };
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    exit_status status = check_request(&request);
    if (status == EXIT_GOOD) {
        status = check_ways(&request);
    }
    /* A command that makes no sense is none; one that is refused is told. */
    return status == EXIT_GOOD || status == EXIT_POLICY ? record(&request, status) : status;
}
