/* SPDX-License-Identifier: Apache-2.0 */
#include "rtsp_source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "extract_folder.h"
#include "file.h"
#include "folder.h"
#include "interrupt.h"
#include "media_range.h"
#include "media_time.h"
#include "message.h"
#include "options.h"
#include "recording.h"

#define COMMAND "rtsp serve"

struct rtsp_source {
    const rtsp_source_options *options;
    svms_ctx *ctx;
    svms_track tracks[SVMS_MAX_TRACKS];
    uint32_t track_count;
    int64_t start_ns; /* time stamp of the beginning; SVMS_NO_TIME: of what will come first */
    bool lacks;
    media_input *input; /* or a recording: */
    recording file;     /* of a folder the first container */
    extract_folder *folder;
    media_range range;
    svms_reader_options how;
    svms_trust *trust;
    key_set keys;
    svms_reader *reader;
    svms_container_info info;
    svms_disclosure_info disclosed;    /* where only that opens: info.disclosed */
    svms_error failure;                /* the last that was passed over */
    const char *failed_path;           /* and the container that it was in */
    bool awaits_sync[SVMS_MAX_TRACKS]; /* what came before is missing */
    bool end_was_missed;
};

static exit_status open_input(rtsp_source *self)
{
    const rtsp_source_options *options = self->options;
    const key_options *keys = &options->keys;
    if (options->trust_path || keys->password_file || keys->password_prompt || keys->identity ||
        keys->kek || keys->disclosure || options->from_utc_ns != SVMS_NO_TIME ||
        options->to_utc_ns != SVMS_NO_TIME) {
        return usage_error(COMMAND,
                           "keys, --trust, --from and --to are for recordings, and %s is none",
                           options->path);
    }
    exit_status status = media_input_open(&self->input, options->path);
    if (status != EXIT_GOOD) {
        return status;
    }
    const media_description *media = media_input_describe(self->input);
    if (!media->is_file) {
        complain("%s is no file", options->path);
        return EXIT_USAGE;
    }
    memcpy(self->tracks, media->tracks, sizeof self->tracks);
    self->track_count = media->track_count;
    self->start_ns = media->start_ns;
    return EXIT_GOOD;
}

static exit_status describe(rtsp_source *self)
{
    svms_error err = SVMS_ERROR_INIT;
    const svms_track blank = SVMS_TRACK_INIT;
    self->info = (svms_container_info)SVMS_CONTAINER_INFO_INIT;
    if (svms_reader_get_info(self->reader, &self->info, &err) != SVMS_OK) {
        return complain_error(&err, "cannot describe %s", self->file.path);
    }
    self->track_count = self->info.track_count;
    for (uint32_t i = 0; i < self->track_count; i++) {
        self->tracks[i] = blank;
        if (svms_reader_get_track(self->reader, i, &self->tracks[i], &err) != SVMS_OK) {
            return complain_error(&err, "cannot describe track %" PRIu32, i);
        }
    }
    self->disclosed = (svms_disclosure_info)SVMS_DISCLOSURE_INFO_INIT;
    if (self->info.disclosed &&
        svms_disclosure_get_info(self->keys.disclosure, &self->disclosed, &err) != SVMS_OK) {
        return complain_error(&err, "cannot use %s", self->options->keys.disclosure);
    }
    return EXIT_GOOD;
}

/* Whoever watches cannot verify: what is sent to him must hold. */
static exit_status check(const rtsp_source *self)
{
    const svms_container_info *info = &self->info;
    if (info->role == SVMS_ROLE_NONE) {
        complain("%s is not signed: nothing in it can be verified", self->file.path);
        return EXIT_EVIDENCE;
    }
    if (!self->trust) {
        complain("note: the signer (%s) is not checked without --trust", info->signer_subject);
    }
    if (info->encrypted && !info->unlocked && !info->disclosed) {
        return usage_error(COMMAND, "what opens the recording is missing: a password, a private "
                                    "key or other keys");
    }
    return EXIT_GOOD;
}

/* What is being read. */
static const char *path_of(const rtsp_source *self)
{
    return self->folder ? extract_folder_path(self->folder) : self->file.path;
}

static svms_status seek(rtsp_source *self, svms_error *err)
{
    int64_t from = self->options->from_utc_ns;
    if (self->folder) {
        return extract_folder_seek(self->folder, from, err);
    }
    return self->info.disclosed && from == SVMS_NO_TIME
               ? svms_reader_seek_disclosed(self->reader, err)
               : svms_reader_seek(self->reader, from, err);
}

/* To the first sample that was asked for, or the first that was disclosed. */
static exit_status seek_begin(rtsp_source *self)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = seek(self, &err);
    self->failure = (svms_error)SVMS_ERROR_INIT;
    self->start_ns = SVMS_NO_TIME;
    memset(self->awaits_sync, 0, sizeof self->awaits_sync);
    media_range_begin(&self->range, self->options->to_utc_ns);
    if (status == SVMS_END && self->options->from_utc_ns != SVMS_NO_TIME) {
        complain("%s holds nothing from --from on", self->options->path);
        return EXIT_EVIDENCE;
    }
    return status == SVMS_OK || status == SVMS_END
               ? EXIT_GOOD
               : complain_error(&err, "cannot go to the beginning of %s", self->options->path);
}

/* The first container says what the tracks are, and who signed. */
static exit_status open_file(rtsp_source *self)
{
    const char *path = self->options->path;
    exit_status status = EXIT_GOOD;
    if (folder_exists(path)) {
        status = extract_folder_open(&self->folder, self->ctx, path);
        path = status == EXIT_GOOD ? extract_folder_first(self->folder) : path;
    }
    return status == EXIT_GOOD ? recording_open(&self->file, self->ctx, path) : status;
}

static exit_status open_recording(rtsp_source *self)
{
    const rtsp_source_options *options = self->options;
    exit_status status = EXIT_GOOD;
    if (options->keys.disclosure && folder_exists(options->path)) {
        return usage_error(COMMAND, "--keys opens a single container, not a folder");
    }
    self->how = (svms_reader_options)SVMS_READER_OPTIONS_INIT;
    if (options->trust_path) {
        status = load_trust(&self->trust, self->ctx, options->trust_path);
    }
    if (status == EXIT_GOOD) {
        status = key_set_load(&self->keys, self->ctx, &options->keys);
    }
    if (status == EXIT_GOOD) {
        status = open_file(self);
    }
    self->how.trust = self->trust;
    if (status == EXIT_GOOD) {
        status =
            recording_read(&self->reader, &self->file, self->ctx, &self->how, &self->keys, true);
    }
    if (status == EXIT_GOOD) {
        status = describe(self);
    }
    if (status == EXIT_GOOD && self->folder) {
        status = extract_folder_begin(self->folder, &self->how, self->tracks, &self->info);
    }
    if (status == EXIT_GOOD) {
        status = check(self);
    }
    return status == EXIT_GOOD ? seek_begin(self) : status;
}

exit_status rtsp_source_open(rtsp_source **out, svms_ctx *ctx, const rtsp_source_options *options)
{
    bool recorded = false;
    rtsp_source *self = calloc(1, sizeof *self);
    if (!self) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    self->options = options;
    self->ctx = ctx;
    exit_status status = recording_is_at(&recorded, ctx, options->path);
    if (status == EXIT_GOOD) {
        status = recorded || folder_exists(options->path) ? open_recording(self) : open_input(self);
    }
    if (status != EXIT_GOOD) {
        rtsp_source_close(&self);
        return status;
    }
    *out = self;
    return EXIT_GOOD;
}

const svms_track *rtsp_source_tracks(const rtsp_source *source, uint32_t *count)
{
    *count = source->track_count;
    return source->tracks;
}

/* Pictures build on those before them. */
static void await_sync(rtsp_source *self)
{
    for (uint32_t i = 0; i < self->track_count; i++) {
        self->awaits_sync[i] = self->tracks[i].kind == SVMS_TRACK_VIDEO;
    }
}

/* Whether reading can go on: the failure is of one segment or sample, and not the same again. */
static bool pass_failure(rtsp_source *self, svms_status status, const svms_error *err)
{
    svms_status_kind kind = svms_status_class(status);
    const svms_error *last = &self->failure;
    bool again = last->status != SVMS_OK && err->segment == last->segment &&
                 self->failed_path == path_of(self);
    if ((kind != SVMS_CLASS_EVIDENCE && kind != SVMS_CLASS_MALFORMED) ||
        status == SVMS_E_WRONG_KEY || (again && err->offset == last->offset)) {
        return false;
    }
    bool same_words = again && strcmp(err->message, last->message) == 0;
    self->failure = *err;
    self->failure.status = status;
    self->failed_path = path_of(self);
    self->lacks = true;
    await_sync(self);
    if (same_words) {
        return true;
    }
    if (self->folder) {
        complain("in %s:", path_of(self));
    }
    if (err->segment == SVMS_NO_SEGMENT) {
        complain("left out: outside of the segments, byte %" PRIu64 ": %s", err->offset,
                 err->message);
    } else {
        complain("left out: segment %" PRIu64 ": %s", err->segment, err->message);
    }
    return true;
}

/* What is beside a disclosure is no part of it, whether it opens or not. */
static bool is_asked_for(rtsp_source *self, const svms_sample *sample)
{
    if (self->info.disclosed && (sample->segment < self->disclosed.first_segment ||
                                 sample->segment > self->disclosed.last_segment)) {
        return false;
    }
    bool *awaits = &self->awaits_sync[sample->track];
    *awaits = *awaits && (sample->flags & SVMS_SAMPLE_SYNC) == 0;
    return !*awaits;
}

static void miss_end(rtsp_source *self)
{
    self->lacks = true;
    if (!self->end_was_missed) {
        complain("%s has no end: what follows is not there, or not signed", path_of(self));
    }
    self->end_was_missed = true;
}

static svms_status read_next(rtsp_source *self, svms_sample *sample, svms_error *err)
{
    return self->folder ? extract_folder_next(self->folder, sample, err)
                        : svms_reader_next(self->reader, sample, err);
}

/* The end of the range has come, but a clock that was set back makes it come again. */
static void name_repetition(rtsp_source *self)
{
    const char *path = NULL;
    if (self->folder && self->range.is_over &&
        extract_folder_comes_again(self->folder, self->options->to_utc_ns, &path)) {
        self->lacks = true;
        complain("left out: the clock was set back, and %s has moments of the range as well", path);
    }
}

static media_result next_recorded(rtsp_source *self, svms_sample *sample, exit_status *status)
{
    const svms_sample blank = SVMS_SAMPLE_INIT;
    while (!interrupt_came() && !self->range.is_over) {
        svms_error err = SVMS_ERROR_INIT;
        *sample = blank;
        svms_status got = read_next(self, sample, &err);
        bool hidden = got == SVMS_E_WRONG_KEY && self->info.disclosed;
        if (got == SVMS_OK &&
            media_range_is_behind(&self->range, self->tracks, self->track_count, sample)) {
            name_repetition(self);
            continue;
        }
        if (got == SVMS_OK && is_asked_for(self, sample)) {
            if (self->start_ns == SVMS_NO_TIME) {
                self->start_ns = ticks_to_ns(&self->tracks[sample->track], sample->dts);
            }
            return MEDIA_SAMPLE;
        }
        if (got == SVMS_AGAIN) {
            miss_end(self);
        }
        uint64_t segment = got == SVMS_OK ? sample->segment : err.segment;
        bool past = self->info.disclosed && (got == SVMS_OK || hidden) &&
                    segment != SVMS_NO_SEGMENT && segment > self->disclosed.last_segment;
        if (got == SVMS_END || got == SVMS_AGAIN || past) {
            return MEDIA_END;
        }
        if (got != SVMS_OK && !hidden && !pass_failure(self, got, &err)) {
            *status = complain_error(&err, "cannot read on in %s", path_of(self));
            return MEDIA_FAILED;
        }
    }
    return MEDIA_END;
}

media_result rtsp_source_next(rtsp_source *source, svms_sample *sample, exit_status *status)
{
    return source->input ? media_input_next(source->input, sample, status)
                         : next_recorded(source, sample, status);
}

int64_t rtsp_source_time(const rtsp_source *source, const svms_sample *sample)
{
    return time_add(ticks_to_ns(&source->tracks[sample->track], sample->dts), -source->start_ns);
}

exit_status rtsp_source_rewind(rtsp_source *source)
{
    if (!source->input) {
        return seek_begin(source);
    }
    media_input_close(&source->input);
    return open_input(source);
}

bool rtsp_source_lacks(const rtsp_source *source)
{
    return source->lacks || (source->folder && extract_folder_is_incomplete(source->folder));
}

void rtsp_source_close(rtsp_source **source)
{
    if (!source || !*source) {
        return;
    }
    rtsp_source *self = *source;
    media_input_close(&self->input);
    extract_folder_free(&self->folder);
    svms_reader_close(&self->reader);
    recording_close(&self->file);
    key_set_free(&self->keys);
    svms_trust_free(&self->trust);
    free(self);
    *source = NULL;
}
