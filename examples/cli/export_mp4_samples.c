/* SPDX-License-Identifier: Apache-2.0 */
#include "export_mp4_samples.h"

#include <inttypes.h>
#include <stdlib.h>

#include "interrupt.h"
#include "media_names.h"
#include "media_time.h"
#include "message.h"
#include "progress.h"
#include "recording.h"

typedef struct mp4_input {
    recording file;
    svms_reader *reader;
} mp4_input;

typedef struct mp4_writing {
    const mp4_job *job;
    mp4_input *inputs; /* all stay open: configurations of tracks belong to their readers */
    svms_track tracks[SVMS_MAX_TRACKS]; /* of the first container */
    uint32_t track_count;
    int64_t start_utc_ns;
    int64_t shift_ns; /* from the current container's time stamps to those that are written */
    media_target target;
    media_output *output;
    progress bar;
} mp4_writing;

static exit_status open_reader(const mp4_job *job, size_t place, recording *file,
                               svms_reader **reader)
{
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = recording_open(file, job->ctx, job->inputs->items[place].path);
    if (status != EXIT_GOOD) {
        return status;
    }
    options.keys = job->keys;
    options.recheck = 1;
    if (svms_reader_open(reader, job->ctx, &file->source, &options, &err) != SVMS_OK) {
        return complain_error(&err, "cannot open %s", file->path);
    }
    return EXIT_GOOD;
}

/* Tracks are fixed when the output begins, so every container must have the same. */
static exit_status take_tracks(mp4_writing *self, size_t place)
{
    svms_container_info info = SVMS_CONTAINER_INFO_INIT;
    svms_error err = SVMS_ERROR_INIT;
    const char *path = self->inputs[place].file.path;
    if (svms_reader_get_info(self->inputs[place].reader, &info, &err) != SVMS_OK) {
        return complain_error(&err, "cannot describe %s", path);
    }
    if (place == 0) {
        self->track_count = info.track_count;
        self->start_utc_ns = info.start_utc_ns;
    }
    bool same = info.track_count == self->track_count;
    for (uint32_t i = 0; i < info.track_count && same; i++) {
        svms_track track = SVMS_TRACK_INIT;
        if (svms_reader_get_track(self->inputs[place].reader, i, &track, &err) != SVMS_OK) {
            return complain_error(&err, "cannot describe track %" PRIu32 " of %s", i, path);
        }
        if (place == 0) {
            self->tracks[i] = track;
        }
        same = media_tracks_agree(&track, &self->tracks[i]);
    }
    if (!same) {
        complain("%s has other tracks; export it by itself", path);
        return EXIT_USAGE;
    }
    self->shift_ns = time_add(info.start_utc_ns, -self->start_utc_ns);
    return EXIT_GOOD;
}

static exit_status write_sample(mp4_writing *self, svms_sample *sample)
{
    if ((self->job->removed_tracks >> sample->track & 1) != 0) {
        return EXIT_GOOD;
    }
    int64_t ticks = ns_to_ticks(&self->tracks[sample->track], self->shift_ns);
    sample->dts = time_add(sample->dts, ticks);
    sample->pts = time_add(sample->pts, ticks);
    if (!self->output) {
        exit_status status = media_output_open(&self->output, &self->target, sample);
        if (status != EXIT_GOOD) {
            return status;
        }
    }
    return media_output_write(self->output, sample);
}

static void show_progress(mp4_writing *self, const svms_export_period *period,
                          const svms_sample *sample)
{
    uint64_t total = (uint64_t)period->last_utc_ns - (uint64_t)period->first_utc_ns;
    uint64_t done = sample->utc_ns > period->first_utc_ns
                        ? (uint64_t)sample->utc_ns - (uint64_t)period->first_utc_ns
                        : 0;
    progress_show(&self->bar, done, total, "writing");
}

/* From the first carried segment to the last one. */
static exit_status write_period(mp4_writing *self, size_t place)
{
    const svms_export_period *period = &self->job->periods[place];
    svms_reader *reader = self->inputs[place].reader;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_reader_seek(reader, period->first_utc_ns, &err);
    while (status == SVMS_OK) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        if (interrupt_came()) {
            progress_clear(&self->bar);
            complain("interrupted; %s was not written", self->job->shown);
            return EXIT_ENVIRONMENT;
        }
        status = svms_reader_next(reader, &sample, &err);
        if (status != SVMS_OK || sample.segment > period->last_segment) {
            break;
        }
        if (sample.segment < period->first_segment) {
            continue;
        }
        show_progress(self, period, &sample);
        exit_status written = write_sample(self, &sample);
        if (written != EXIT_GOOD) {
            return written;
        }
    }
    if (status == SVMS_OK || status == SVMS_END || status == SVMS_AGAIN) {
        return EXIT_GOOD;
    }
    progress_clear(&self->bar);
    return complain_error(&err, "cannot read %s", self->inputs[place].file.path);
}

static exit_status write_all(mp4_writing *self)
{
    const mp4_job *job = self->job;
    exit_status status = EXIT_GOOD;
    for (size_t i = 0; i < job->inputs->count && status == EXIT_GOOD; i++) {
        status = open_reader(job, i, &self->inputs[i].file, &self->inputs[i].reader);
        if (status == EXIT_GOOD) {
            status = take_tracks(self, i);
        }
        if (status == EXIT_GOOD && i == 0) {
            self->target =
                (media_target){ job->path, self->tracks,  self->track_count, ~job->removed_tracks,
                                false,     job->from_zero };
            status = media_output_check(&self->target);
        }
        if (status == EXIT_GOOD) {
            status = write_period(self, i);
        }
    }
    return status;
}

static exit_status finish(mp4_writing *self, media_output_track *tracks)
{
    if (!self->output) {
        complain("no sample is left; %s was not written", self->job->shown);
        return EXIT_EVIDENCE;
    }
    for (uint32_t i = 0; i < self->track_count; i++) {
        tracks[i] = media_output_describe(self->output, i);
    }
    return media_output_finish(&self->output);
}

exit_status mp4_write_samples(const mp4_job *job, media_output_track *tracks)
{
    mp4_writing *self = calloc(1, sizeof *self);
    size_t count = job->inputs->count;
    exit_status status = EXIT_ENVIRONMENT;
    if (self) {
        self->inputs = calloc(count, sizeof *self->inputs);
    }
    if (!self || !self->inputs) {
        complain("out of memory");
        goto done;
    }
    self->job = job;
    progress_begin(&self->bar);
    status = write_all(self);
    progress_clear(&self->bar);
    if (status == EXIT_GOOD) {
        status = finish(self, tracks);
    }
    media_output_discard(&self->output);
    for (size_t i = 0; i < count; i++) {
        svms_reader_close(&self->inputs[i].reader);
        recording_close(&self->inputs[i].file);
    }

done:
    if (self) {
        free(self->inputs);
    }
    free(self);
    return status;
}

exit_status mp4_tracks_left_out(uint32_t *mask, svms_ctx *ctx, const export_input *input,
                                uint32_t removed_tracks)
{
    recording file = { NULL, SVMS_SOURCE_INIT };
    svms_reader *reader = NULL;
    svms_error err = SVMS_ERROR_INIT;
    uint32_t found = 0;
    exit_status status = recording_open(&file, ctx, input->path);
    if (status == EXIT_GOOD &&
        svms_reader_open(&reader, ctx, &file.source, NULL, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot open %s", input->path);
    }
    for (uint32_t i = 0; status == EXIT_GOOD && i < input->track_count; i++) {
        svms_track track = SVMS_TRACK_INIT;
        if (svms_reader_get_track(reader, i, &track, &err) != SVMS_OK) {
            status = complain_error(&err, "cannot describe track %" PRIu32, i);
        } else if ((removed_tracks >> i & 1) == 0 && !media_output_takes("x.mp4", track.codec)) {
            complain("track %" PRIu32 " (%s) is left out: MP4 does not carry it", i,
                     name_of_codec(track.codec).text);
            found |= UINT32_C(1) << i;
        }
    }
    svms_reader_close(&reader);
    recording_close(&file);
    *mask = found;
    return status;
}
