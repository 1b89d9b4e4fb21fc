/* SPDX-License-Identifier: Apache-2.0 */
#include "package_media.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "interrupt.h"
#include "media_output.h"
#include "media_time.h"
#include "message.h"
#include "progress.h"

/* Tracks may be interleaved so far apart before the end of a range is believed to be reached. */
#define INTERLEAVING_NS INT64_C(2000000000)

typedef struct copying {
    const package_file *file;
    const package_media_request *request;
    svms_reader *first; /* stays open: it says what the tracks are */
    svms_reader *reader;
    svms_track tracks[SVMS_MAX_TRACKS];
    uint32_t track_count;
    int64_t start_utc_ns; /* UTC of time stamp 0 of what is written */
    int64_t shift_ns;     /* from the present source's time stamps to those that are written */
    uint32_t source;
    svms_export_period period;
    bool ended[SVMS_MAX_TRACKS]; /* the track has reached the end of what was asked for */
    bool past_range;
    bool has_failed;
    svms_error last_failure;
    uint64_t samples;
    int64_t reached;
    media_target target;
    media_output *output;
    progress bar;
} copying;

typedef struct time_text {
    char text[SVMS_TIME_TEXT_SIZE];
} time_text;

static time_text time_of(int64_t utc_ns)
{
    time_text time = { { 0 } };
    svms_time_format(utc_ns, time.text);
    return time;
}

static exit_status open_reader(svms_reader **out, const copying *self, uint32_t source)
{
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    options.recheck = 1;
    options.trust = self->request->trust;
    options.time_policy = self->request->claimed_time ? SVMS_TIME_CLAIMED : SVMS_TIME_ATTESTED;
    if (svms_export_extract(out, self->file->evidence, source, &options, &err) != SVMS_OK) {
        return complain_error(&err, "cannot extract source %" PRIu32 " of %s", source,
                              self->file->path);
    }
    return EXIT_GOOD;
}

static exit_status describe(svms_container_info *info, svms_track *tracks, svms_reader *reader,
                            const char *path)
{
    svms_error err = SVMS_ERROR_INIT;
    if (svms_reader_get_info(reader, info, &err) != SVMS_OK) {
        return complain_error(&err, "cannot describe what is in %s", path);
    }
    for (uint32_t i = 0; i < info->track_count; i++) {
        svms_track track = SVMS_TRACK_INIT;
        if (svms_reader_get_track(reader, i, &track, &err) != SVMS_OK) {
            return complain_error(&err, "cannot describe track %" PRIu32, i);
        }
        tracks[i] = track;
    }
    return EXIT_GOOD;
}

static exit_status get_period(svms_export_period *period, const copying *self, uint32_t source)
{
    svms_error err = SVMS_ERROR_INIT;
    if (svms_export_get_source(self->file->evidence, source, period, &err) != SVMS_OK) {
        return complain_error(&err, "cannot describe source %" PRIu32 " of %s", source,
                              self->file->path);
    }
    return EXIT_GOOD;
}

static bool same_track(const svms_track *a, const svms_track *b)
{
    return a->codec == b->codec && a->kind == b->kind && a->timebase_num == b->timebase_num &&
           a->timebase_den == b->timebase_den && a->config_size == b->config_size &&
           (a->config_size == 0 || memcmp(a->config, b->config, a->config_size) == 0);
}

/* Tracks are fixed when the output begins, so every source must have the same. */
static exit_status compare_tracks(const copying *self, const svms_track *tracks, uint32_t count)
{
    bool same = count == self->track_count;
    for (uint32_t i = 0; same && i < count; i++) {
        same = same_track(&tracks[i], &self->tracks[i]);
    }
    if (!same) {
        complain("source %" PRIu32 " has other tracks than those before; extract it by itself "
                 "(--source)",
                 self->source);
        return EXIT_ENVIRONMENT;
    }
    return EXIT_GOOD;
}

static exit_status enter(copying *self, uint32_t source)
{
    svms_track tracks[SVMS_MAX_TRACKS];
    svms_container_info info = SVMS_CONTAINER_INFO_INIT;
    svms_export_period period = SVMS_EXPORT_PERIOD_INIT;
    self->source = source;
    self->period = period;
    self->last_failure = (svms_error)SVMS_ERROR_INIT;
    exit_status status = get_period(&self->period, self, source);
    if (status == EXIT_GOOD) {
        status = open_reader(&self->reader, self, source);
    }
    if (status == EXIT_GOOD) {
        status = describe(&info, tracks, self->reader, self->file->path);
    }
    if (status == EXIT_GOOD) {
        status = compare_tracks(self, tracks, info.track_count);
    }
    if (status == EXIT_GOOD) {
        self->shift_ns = time_add(info.start_utc_ns, -self->start_utc_ns);
        self->reached = self->period.first_utc_ns;
    }
    return status;
}

/* Whether there is anything from the beginning of what was asked for on. */
static exit_status seek(copying *self, bool *any)
{
    svms_error err = SVMS_ERROR_INIT;
    *any = true;
    if (self->request->from_utc_ns == SVMS_NO_TIME) {
        return EXIT_GOOD;
    }
    svms_status status = svms_reader_seek(self->reader, self->request->from_utc_ns, &err);
    *any = status == SVMS_OK;
    if (status == SVMS_OK || status == SVMS_END) {
        return EXIT_GOOD;
    }
    return complain_error(&err, "cannot go to %s", time_of(self->request->from_utc_ns).text);
}

/* A track ends where its decoding time reaches the end, so that what is kept decodes completely. */
static bool is_past_range(copying *self, const svms_sample *sample)
{
    const svms_track *track = &self->tracks[sample->track];
    int64_t to = self->request->to_utc_ns;
    if (to == SVMS_NO_TIME || sample->utc_ns == SVMS_NO_TIME) {
        return false;
    }
    int64_t decoded_at = time_add(sample->utc_ns, -ticks_to_ns(track, sample->pts - sample->dts));
    if (decoded_at < to && !self->ended[sample->track]) {
        return false;
    }
    self->ended[sample->track] = true;
    bool all = true;
    for (uint32_t i = 0; i < self->track_count; i++) {
        all = all && (self->ended[i] || (self->target.track_mask & (UINT32_C(1) << i)) == 0);
    }
    self->past_range = all || decoded_at >= time_add(to, INTERLEAVING_NS);
    return true;
}

static void show_progress(copying *self, const svms_sample *sample)
{
    const svms_export_period *period = &self->period;
    uint64_t total = 0;
    uint64_t done = 0;
    if (period->first_utc_ns != SVMS_NO_TIME && period->last_utc_ns > period->first_utc_ns) {
        total = (uint64_t)period->last_utc_ns - (uint64_t)period->first_utc_ns;
    }
    if (total > 0 && sample->utc_ns > period->first_utc_ns) {
        done = (uint64_t)sample->utc_ns - (uint64_t)period->first_utc_ns;
    }
    progress_show(&self->bar, done, total, "extracting");
}

static exit_status take_sample(copying *self, svms_sample *sample)
{
    if (sample->utc_ns != SVMS_NO_TIME) {
        self->reached =
            time_add(sample->utc_ns, ticks_to_ns(&self->tracks[sample->track], sample->duration));
    }
    if (is_past_range(self, sample)) {
        return EXIT_GOOD;
    }
    if (self->shift_ns != 0) {
        int64_t ticks = ns_to_ticks(&self->tracks[sample->track], self->shift_ns);
        sample->dts = time_add(sample->dts, ticks);
        sample->pts = time_add(sample->pts, ticks);
    }
    if (!self->output) {
        exit_status status = media_output_open(&self->output, &self->target, sample);
        if (status != EXIT_GOOD) {
            return status;
        }
    }
    self->samples++;
    show_progress(self, sample);
    return media_output_write(self->output, sample);
}

/* Whether reading can go on after a failure: it concerns one segment, and is not the same again. */
static bool name_failure(copying *self, svms_status status, const svms_error *err)
{
    svms_status_kind class = svms_status_class(status);
    const svms_error *last = &self->last_failure;
    bool again = last->status != SVMS_OK && err->segment == last->segment;
    if ((class != SVMS_CLASS_EVIDENCE && class != SVMS_CLASS_MALFORMED) ||
        status == SVMS_E_WRONG_KEY || (again && err->offset == last->offset)) {
        return false;
    }
    bool same_words = again && strcmp(err->message, last->message) == 0;
    self->last_failure = *err;
    self->last_failure.status = status;
    self->has_failed = true;
    if (same_words) {
        return true;
    }
    progress_clear(&self->bar);
    if (err->segment == SVMS_NO_SEGMENT) {
        complain("left out: source %" PRIu32 ", outside of the segments: %s", self->source,
                 err->message);
    } else {
        complain("left out: source %" PRIu32 ", segment %" PRIu64 ", from %s: %s", self->source,
                 err->segment, time_of(self->reached).text, err->message);
    }
    return true;
}

static exit_status copy_source(copying *self)
{
    while (!self->past_range) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        svms_error err = SVMS_ERROR_INIT;
        if (interrupt_came()) {
            progress_clear(&self->bar);
            complain("interrupted; %s was not written", self->request->output);
            return EXIT_ENVIRONMENT;
        }
        svms_status status = svms_reader_next(self->reader, &sample, &err);
        if (status == SVMS_END || status == SVMS_AGAIN) {
            return EXIT_GOOD;
        }
        if (status == SVMS_OK) {
            exit_status taken = take_sample(self, &sample);
            if (taken != EXIT_GOOD) {
                return taken;
            }
        } else if (!name_failure(self, status, &err)) {
            progress_clear(&self->bar);
            return complain_error(&err, "cannot read on in source %" PRIu32, self->source);
        }
    }
    return EXIT_GOOD;
}

static exit_status copy_all(copying *self)
{
    exit_status status = EXIT_GOOD;
    for (size_t i = 0; i < self->request->source_count && !self->past_range; i++) {
        bool any = false;
        status = enter(self, self->request->sources[i]);
        if (status == EXIT_GOOD) {
            status = seek(self, &any);
        }
        if (status == EXIT_GOOD && any) {
            status = copy_source(self);
        }
        svms_reader_close(&self->reader);
        if (status != EXIT_GOOD) {
            break;
        }
    }
    return status;
}

static exit_status prepare(copying *self)
{
    const package_media_request *request = self->request;
    svms_container_info info = SVMS_CONTAINER_INFO_INIT;
    bool from_zero = request->from_utc_ns != SVMS_NO_TIME;
    uint32_t mask = 0;
    exit_status status = open_reader(&self->first, self, request->sources[0]);
    if (status == EXIT_GOOD) {
        status = describe(&info, self->tracks, self->first, self->file->path);
    }
    for (size_t i = 0; i < request->source_count && status == EXIT_GOOD; i++) {
        svms_export_period period = SVMS_EXPORT_PERIOD_INIT;
        status = get_period(&period, self, request->sources[i]);
        mask |= ~period.removed_tracks;
        from_zero = from_zero || period.from_utc_ns != SVMS_NO_TIME ||
                    (i == 0 && period.first_segment != 0);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    self->track_count = info.track_count;
    self->start_utc_ns = info.start_utc_ns;
    self->target = (media_target){ request->output, self->tracks, info.track_count, mask,
                                   request->force,  from_zero };
    return media_output_check(&self->target);
}

static exit_status finish(copying *self, exit_status status)
{
    if (!self->output || status != EXIT_GOOD) {
        media_output_discard(&self->output);
        if (status == EXIT_GOOD) {
            complain("nothing was extracted; %s was not written", self->request->output);
            status = EXIT_EVIDENCE;
        }
        return status;
    }
    status = media_output_finish(&self->output);
    if (status != EXIT_GOOD) {
        return status;
    }
    print_line(stderr, "%s: %" PRIu64 " samples, until %s", self->request->output, self->samples,
               time_of(self->reached).text);
    return self->has_failed ? EXIT_EVIDENCE : EXIT_GOOD;
}

exit_status package_media_write(const package_file *file, const package_media_request *request)
{
    copying *self = calloc(1, sizeof *self);
    if (!self) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    self->file = file;
    self->request = request;
    exit_status status = prepare(self);
    if (status == EXIT_GOOD) {
        progress_begin(&self->bar);
        status = copy_all(self);
        progress_clear(&self->bar);
        status = finish(self, status);
    }
    svms_reader_close(&self->reader);
    svms_reader_close(&self->first);
    free(self);
    return status;
}

exit_status package_media_fits_mp4(bool *fits, const package_file *file, uint32_t source)
{
    const package_media_request request = { NULL,         &source,      1,     NULL,
                                            SVMS_NO_TIME, SVMS_NO_TIME, false, false };
    copying *self = calloc(1, sizeof *self);
    svms_container_info info = SVMS_CONTAINER_INFO_INIT;
    svms_export_period period = SVMS_EXPORT_PERIOD_INIT;
    if (!self) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    self->file = file;
    self->request = &request;
    exit_status status = get_period(&period, self, source);
    if (status == EXIT_GOOD) {
        status = open_reader(&self->first, self, source);
    }
    if (status == EXIT_GOOD) {
        status = describe(&info, self->tracks, self->first, file->path);
    }
    if (status == EXIT_GOOD) {
        *fits =
            media_output_carries("x.mp4", self->tracks, info.track_count, ~period.removed_tracks);
    }
    svms_reader_close(&self->first);
    free(self);
    return status;
}
