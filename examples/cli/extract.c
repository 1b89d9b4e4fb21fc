/* SPDX-License-Identifier: Apache-2.0 */
/* svms extract: the video back as MP4 or Matroska, verified on the way. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

#include "command.h"
#include "extract.h"
#include "extract_folder.h"
#include "file.h"
#include "folder.h"
#include "interrupt.h"
#include "keys.h"
#include "media_output.h"
#include "media_range.h"
#include "media_time.h"
#include "message.h"
#include "options.h"
#include "package_file.h"
#include "progress.h"
#include "recording.h"

typedef struct extraction {
    const extract_request *request;
    extract_result *result; /* or NULL */
    svms_ctx *ctx;
    svms_trust *trust;
    recording file;
    key_set keys;
    svms_reader *reader;
    svms_reader_options how;
    extract_folder *folder; /* or a single file */
    svms_container_info info;
    svms_track tracks[SVMS_MAX_TRACKS];
    media_range range; /* until --to */
    media_target target;
    media_output *output;
    progress bar;
    svms_error last_failure;
    const char *last_path; /* the container that it was in */
    bool has_failed;       /* something was left out, or written although it does not verify */
    uint64_t samples;
    uint64_t named_segment; /* the last one that was named because it does not verify */
    int64_t reached;        /* end of the last sample that was read, as far as known */
    int64_t written_from;   /* begin of the first one that was written */
    int64_t written_until;  /* and of the last one that was written */
    bool past_range;
    svms_disclosure_info disclosed; /* when only that opens: info.disclosed */
    bool passed_hidden;             /* something that was not disclosed, before the first sample */
    uint64_t last_segment;          /* of the last sample that was taken */
} extraction;

typedef struct time_text {
    char text[SVMS_TIME_TEXT_SIZE];
} time_text;

static time_text time_of(int64_t utc_ns)
{
    time_text time = { { 0 } };
    svms_time_format(utc_ns, time.text);
    return time;
}

/* What the output is called. */
static const char *shown_output(const extraction *self)
{
    return self->request->shown ? self->request->shown : self->request->output;
}

/* What is being read. */
static const char *path_of(const extraction *self)
{
    return self->folder ? extract_folder_path(self->folder) : self->file.path;
}

static exit_status open_reader(extraction *self)
{
    const svms_reader_options defaults = SVMS_READER_OPTIONS_INIT;
    svms_reader_options *options = &self->how;
    svms_error err = SVMS_ERROR_INIT;
    *options = defaults;
    options->allow_unverified = self->request->allow_unverified;
    /* Evidence is worth a second look at every byte. */
    options->recheck = 1;
    options->trust = self->trust;
    options->time_policy = self->request->claimed_time ? SVMS_TIME_CLAIMED : SVMS_TIME_ATTESTED;
    exit_status status =
        recording_read(&self->reader, &self->file, self->ctx, options, &self->keys, true);
    if (status != EXIT_GOOD) {
        return status;
    }
    if (svms_reader_get_info(self->reader, &self->info, &err) != SVMS_OK) {
        return complain_error(&err, "cannot describe %s", self->file.path);
    }
    for (uint32_t i = 0; i < self->info.track_count; i++) {
        svms_track track = SVMS_TRACK_INIT;
        if (svms_reader_get_track(self->reader, i, &track, &err) != SVMS_OK) {
            return complain_error(&err, "cannot describe track %" PRIu32, i);
        }
        self->tracks[i] = track;
    }
    self->reached = self->info.first_utc_ns;
    if (self->info.disclosed &&
        svms_disclosure_get_info(self->keys.disclosure, &self->disclosed, &err) != SVMS_OK) {
        return complain_error(&err, "cannot use %s", self->request->keys.disclosure);
    }
    return EXIT_GOOD;
}

/* Where only disclosures open anything: the tracks of which something was disclosed, and those that
 * nobody encrypted. */
static uint32_t tracks_to_write(const extraction *self)
{
    uint32_t mask = ~self->request->removed_tracks;
    for (uint32_t i = 0; self->info.disclosed && i < self->info.track_count; i++) {
        uint32_t bit = UINT32_C(1) << i;
        if (self->tracks[i].protection != SVMS_PROTECT_NONE &&
            (self->disclosed.track_mask & bit) == 0) {
            mask &= ~bit;
        }
    }
    return mask;
}

static exit_status check_signature_policy(const extraction *self)
{
    const char *path = self->file.path;
    if (self->info.role == SVMS_ROLE_NONE) {
        complain("%s is not signed: nothing in it can be verified%s", path,
                 self->request->allow_unverified ? "" : "; --allow-unverified extracts it");
        return self->request->allow_unverified ? EXIT_GOOD : EXIT_EVIDENCE;
    }
    if (!self->trust) {
        complain("note: the signer (%s) is not checked without --trust", self->info.signer_subject);
    }
    return EXIT_GOOD;
}

static exit_status seek(extraction *self)
{
    svms_error err = SVMS_ERROR_INIT;
    if (self->request->from_utc_ns == SVMS_NO_TIME) {
        if (self->info.disclosed && svms_reader_seek_disclosed(self->reader, &err) < SVMS_OK) {
            return complain_error(&err, "cannot go to what was disclosed");
        }
        return EXIT_GOOD;
    }
    svms_status status = self->folder
                             ? extract_folder_seek(self->folder, self->request->from_utc_ns, &err)
                             : svms_reader_seek(self->reader, self->request->from_utc_ns, &err);
    if (status == SVMS_OK) {
        return EXIT_GOOD;
    }
    if (status != SVMS_END) {
        return complain_error(&err, "cannot go to %s", time_of(self->request->from_utc_ns).text);
    }
    complain("%s holds nothing from %s on", path_of(self),
             time_of(self->request->from_utc_ns).text);
    return EXIT_EVIDENCE;
}

static bool is_past_range(extraction *self, const svms_sample *sample)
{
    bool is_behind =
        media_range_is_behind(&self->range, self->tracks, self->info.track_count, sample);
    self->past_range = self->past_range || self->range.is_over;
    return is_behind;
}

/* The tail of a recording that has no end comes without a failure of its own. */
static void name_unattested(extraction *self, const svms_sample *sample)
{
    if ((sample->flags & SVMS_SAMPLE_UNATTESTED) == 0 || self->info.role == SVMS_ROLE_NONE) {
        return;
    }
    self->has_failed = true;
    if (sample->segment == self->named_segment) {
        return;
    }
    self->named_segment = sample->segment;
    progress_clear(&self->bar);
    complain("unverified: segment %" PRIu64 ", from %s: no signature covers it", sample->segment,
             time_of(sample->utc_ns).text);
}

static void show_progress(extraction *self, const svms_sample *sample)
{
    const svms_container_info *info = &self->info;
    uint64_t total = 0;
    uint64_t done = 0;
    if (info->first_utc_ns != SVMS_NO_TIME && info->last_utc_ns > info->first_utc_ns) {
        total = (uint64_t)info->last_utc_ns - (uint64_t)info->first_utc_ns;
    }
    if (total > 0 && sample->utc_ns > info->first_utc_ns) {
        done = (uint64_t)sample->utc_ns - (uint64_t)info->first_utc_ns;
    }
    progress_show(&self->bar, done, total, "extracting");
}

/* What was not disclosed, though it was asked for. */
static void name_missing(extraction *self, const svms_sample *first)
{
    const extract_request *request = self->request;
    if (first && self->passed_hidden && request->from_utc_ns != SVMS_NO_TIME &&
        first->utc_ns > request->from_utc_ns) {
        self->has_failed = true;
        progress_clear(&self->bar);
        complain("left out: nothing before %s was disclosed", time_of(first->utc_ns).text);
    }
    if (!first && request->to_utc_ns != SVMS_NO_TIME && self->reached < request->to_utc_ns) {
        self->has_failed = true;
        complain("left out: nothing from %s on was disclosed", time_of(self->reached).text);
    }
}

/* A sample that was not disclosed. Behind the last segment that was, nothing else will come. */
static void pass_hidden(extraction *self, const svms_error *err)
{
    self->passed_hidden = true;
    if (err->segment != SVMS_NO_SEGMENT && err->segment > self->disclosed.last_segment) {
        self->past_range = true;
        progress_clear(&self->bar);
        name_missing(self, NULL);
    }
}

static bool is_beside_disclosed(const extraction *self, const svms_sample *sample)
{
    return self->info.disclosed && (sample->segment < self->disclosed.first_segment ||
                                    sample->segment > self->disclosed.last_segment);
}

static exit_status take_sample(extraction *self, const svms_sample *sample)
{
    if (is_beside_disclosed(self, sample)) {
        return EXIT_GOOD;
    }
    if (sample->utc_ns != SVMS_NO_TIME) {
        self->reached =
            time_add(sample->utc_ns, ticks_to_ns(&self->tracks[sample->track], sample->duration));
    }
    if (is_past_range(self, sample)) {
        return EXIT_GOOD;
    }
    name_unattested(self, sample);
    if (!self->output) {
        name_missing(self, sample);
        self->written_from = sample->utc_ns;
        exit_status status = media_output_open(&self->output, &self->target, sample);
        if (status != EXIT_GOOD) {
            return status;
        }
    }
    self->samples++;
    self->last_segment = sample->segment;
    self->written_until = self->reached;
    show_progress(self, sample);
    return media_output_write(self->output, sample);
}

/* Whether reading can go on after a failure: it concerns one segment or sample, and is not the
 * same again. */
static bool name_failure(extraction *self, svms_status status, const svms_error *err)
{
    svms_status_kind class = svms_status_class(status);
    const svms_error *last = &self->last_failure;
    bool again = last->status != SVMS_OK && err->segment == last->segment &&
                 self->last_path == path_of(self);
    bool same_place = again && err->offset == last->offset;
    if ((class != SVMS_CLASS_EVIDENCE && class != SVMS_CLASS_MALFORMED) ||
        status == SVMS_E_WRONG_KEY || same_place) {
        return false;
    }
    bool same_words = again && strcmp(err->message, last->message) == 0;
    self->last_failure = *err;
    self->last_failure.status = status;
    self->last_path = path_of(self);
    self->has_failed = true;
    self->named_segment = err->segment;
    if (same_words) {
        return true;
    }
    const char *verb = self->request->allow_unverified ? "unverified" : "left out";
    progress_clear(&self->bar);
    if (self->folder) {
        complain("in %s:", path_of(self));
    }
    if (err->segment == SVMS_NO_SEGMENT) {
        complain("%s: outside of the segments, byte %" PRIu64 ": %s", verb, err->offset,
                 err->message);
    } else {
        complain("%s: segment %" PRIu64 ", from %s: %s", verb, err->segment,
                 time_of(self->reached).text, err->message);
    }
    return true;
}

/* The end of the range has come, but a clock that was set back makes it come again. */
static void name_repetition(extraction *self)
{
    const char *path = NULL;
    if (!self->past_range || !self->folder ||
        !extract_folder_comes_again(self->folder, self->request->to_utc_ns, &path)) {
        return;
    }
    self->has_failed = true;
    progress_clear(&self->bar);
    complain(
        "left out: the clock was set back, and %s has moments of the range as well; extract it "
        "by itself",
        path);
}

static exit_status copy_samples(extraction *self)
{
    while (!self->past_range) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        svms_error err = SVMS_ERROR_INIT;
        if (interrupt_came()) {
            progress_clear(&self->bar);
            complain("interrupted; %s was not written", shown_output(self));
            return EXIT_ENVIRONMENT;
        }
        svms_status status = self->folder ? extract_folder_next(self->folder, &sample, &err)
                                          : svms_reader_next(self->reader, &sample, &err);
        if (status == SVMS_END) {
            return EXIT_GOOD;
        }
        if (status == SVMS_AGAIN && self->info.disclosed && self->samples > 0 &&
            self->request->to_utc_ns == SVMS_NO_TIME &&
            self->last_segment == self->disclosed.last_segment) {
            return EXIT_GOOD;
        }
        if (status == SVMS_AGAIN) {
            progress_clear(&self->bar);
            complain("%s has no end: what follows %s is not there, or not signed", path_of(self),
                     time_of(self->reached).text);
            return EXIT_EVIDENCE;
        }
        if (status == SVMS_OK) {
            exit_status taken = take_sample(self, &sample);
            name_repetition(self);
            if (taken != EXIT_GOOD) {
                return taken;
            }
        } else if (status == SVMS_E_WRONG_KEY && self->info.disclosed) {
            pass_hidden(self, &err);
        } else if (!name_failure(self, status, &err)) {
            progress_clear(&self->bar);
            exit_status failed = complain_error(&err, "cannot read on in %s", path_of(self));
            /* It began as a recording, and what was extracted so far is good. */
            return failed == EXIT_MALFORMED ? EXIT_EVIDENCE : failed;
        }
    }
    return EXIT_GOOD;
}

static void tell_result(const extraction *self)
{
    extract_result *result = self->result;
    if (!result) {
        return;
    }
    result->track_count = self->info.track_count;
    result->first_utc_ns = self->written_from;
    result->last_utc_ns = self->written_until;
    snprintf(result->device_name, sizeof result->device_name, "%s",
             self->info.device_name ? self->info.device_name : "");
    for (uint32_t i = 0; i < self->info.track_count; i++) {
        result->tracks[i] = media_output_describe(self->output, i);
    }
}

static exit_status finish(extraction *self, exit_status status)
{
    bool is_usable = status == EXIT_GOOD || status == EXIT_EVIDENCE;
    if (!self->output || !is_usable) {
        media_output_discard(&self->output);
        if (is_usable) {
            complain("nothing was extracted; %s was not written", shown_output(self));
        }
        return status == EXIT_GOOD ? EXIT_EVIDENCE : status;
    }
    tell_result(self);
    exit_status finished = media_output_finish(&self->output);
    if (finished != EXIT_GOOD) {
        return finished;
    }
    print_line(stderr, "%s: %" PRIu64 " samples, until %s", shown_output(self), self->samples,
               time_of(self->written_until).text);
    bool lacks = self->folder && extract_folder_is_incomplete(self->folder);
    return self->has_failed || lacks ? EXIT_EVIDENCE : status;
}

static exit_status prepare(extraction *self)
{
    const extract_request *request = self->request;
    const char *path = request->path;
    exit_status status = make_context(&self->ctx);
    if (status == EXIT_GOOD) {
        status = options_check_output(&request->typed, request->output, request->force);
    }
    if (status == EXIT_GOOD && !folder_exists(path)) {
        status = package_refuse_as_source(self->ctx, "extract", path);
    }
    if (status == EXIT_GOOD && folder_exists(path) && request->keys.disclosure) {
        return usage_error("extract", "--keys opens a single recording, not a folder");
    }
    if (status == EXIT_GOOD && folder_exists(path)) {
        status = extract_folder_open(&self->folder, self->ctx, path);
        path = status == EXIT_GOOD ? extract_folder_first(self->folder) : path;
    }
    if (status == EXIT_GOOD) {
        status = recording_open(&self->file, self->ctx, path);
    }
    if (status == EXIT_GOOD && request->trust_path) {
        status = load_trust(&self->trust, self->ctx, request->trust_path);
    }
    if (status == EXIT_GOOD) {
        status = key_set_load(&self->keys, self->ctx, &request->keys);
    }
    if (status == EXIT_GOOD) {
        status = open_reader(self);
    }
    if (status == EXIT_GOOD && self->folder) {
        status = extract_folder_begin(self->folder, &self->how, self->tracks, &self->info);
    }
    if (status == EXIT_GOOD) {
        status = check_signature_policy(self);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    self->target = (media_target){
        request->output,        self->tracks,
        self->info.track_count, tracks_to_write(self),
        request->force,         request->from_utc_ns != SVMS_NO_TIME || self->info.disclosed
    };
    return media_output_check(&self->target);
}

static exit_status run(extraction *self)
{
    exit_status status = prepare(self);
    if (status == EXIT_GOOD) {
        status = seek(self);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    interrupt_watch();
    progress_begin(&self->bar);
    status = copy_samples(self);
    progress_clear(&self->bar);
    return finish(self, status);
}

exit_status extract_recording(const extract_request *request, extract_result *result)
{
    extraction *self = calloc(1, sizeof *self);
    if (!self) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    svms_container_info info = SVMS_CONTAINER_INFO_INIT;
    svms_disclosure_info disclosed = SVMS_DISCLOSURE_INFO_INIT;
    self->request = request;
    self->result = result;
    self->info = info;
    self->disclosed = disclosed;
    self->named_segment = SVMS_NO_SEGMENT;
    media_range_begin(&self->range, request->to_utc_ns);
    exit_status status = run(self);
    extract_folder_free(&self->folder);
    svms_reader_close(&self->reader);
    key_set_free(&self->keys);
    recording_close(&self->file);
    svms_trust_free(&self->trust);
    svms_ctx_free(&self->ctx);
    free(self);
    return status;
}

static const option_spec options[] = {
    { "out", "X.mp4|X.mkv", "the file to write; it appears when it is complete", OPTION_TEXT,
      offsetof(extract_request, output), NULL, 0, 0 },
    { "password-file", "FILE", "password that opens the recording: first line of FILE", OPTION_TEXT,
      offsetof(extract_request, keys.password_file), NULL, 0, 0 },
    { "password-prompt", NULL, "ask for the password on the terminal", OPTION_FLAG,
      offsetof(extract_request, keys.password_prompt), NULL, 0, 0 },
    { "identity", "KEY", "private key that opens the recording (PEM)", OPTION_TEXT,
      offsetof(extract_request, keys.identity), NULL, 0, 0 },
    { "kek", "FILE", "key-encryption key that opens the recording", OPTION_TEXT,
      offsetof(extract_request, keys.kek), NULL, 0, 0 },
    { "keys", "KEYS", "open what was disclosed in KEYS, and extract that", OPTION_TEXT,
      offsetof(extract_request, keys.disclosure), NULL, 0, 0 },
    { "from", "T", "begin with the segment that holds T (RFC 3339)", OPTION_TIME,
      offsetof(extract_request, from_utc_ns), NULL, 0, 0 },
    { "to", "T", "end before T (RFC 3339)", OPTION_TIME, offsetof(extract_request, to_utc_ns), NULL,
      0, 0 },
    { "trust", "CA", "also check the signer against these CA certificates (PEM)", OPTION_TEXT,
      offsetof(extract_request, trust_path), NULL, 0, 0 },
    { "accept-claimed-time", NULL,
      "believe the signer's clock when its certificate has expired since", OPTION_FLAG,
      offsetof(extract_request, claimed_time), NULL, 0, 0 },
    { "allow-unverified", NULL, "also write what does not verify, and name it", OPTION_FLAG,
      offsetof(extract_request, allow_unverified), NULL, 0, 0 },
    { "force", NULL, "replace the output when the new one is complete", OPTION_FLAG,
      offsetof(extract_request, force), NULL, 0, 0 },
};

static const command_line line = {
    "extract",
    "FILE|DIR --out X.mp4|X.mkv [options]",
    "Gets the video back, bit by bit as it was. Verifies on the way; what does not verify is left "
    "out.",
    options,
    sizeof options / sizeof options[0],
    "FILE",
    offsetof(extract_request, path)
};

exit_status command_extract(int count, char **arguments)
{
    extract_request request;
    memset(&request, 0, sizeof request);
    request.from_utc_ns = SVMS_NO_TIME;
    request.to_utc_ns = SVMS_NO_TIME;
    request.typed = (typed_inputs){ &line, &request, false };
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (!request.output) {
        return usage_error("extract", "--out is missing");
    }
    if (request.from_utc_ns != SVMS_NO_TIME && request.to_utc_ns != SVMS_NO_TIME &&
        request.from_utc_ns >= request.to_utc_ns) {
        return usage_error("extract", "--from is not before --to");
    }
    return extract_recording(&request, NULL);
}
