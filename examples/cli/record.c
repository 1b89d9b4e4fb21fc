/* SPDX-License-Identifier: Apache-2.0 */
/* svms record: video from anything FFmpeg reads into a signed, encrypted recording. */
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <svms/svms.h>

#include "command.h"
#include "interrupt.h"
#include "media_input.h"
#include "media_time.h"
#include "message.h"
#include "options.h"
#include "progress.h"
#include "record_target.h"
#include "record_way.h"

#define NS_PER_SECOND INT64_C(1000000000)

typedef struct record_request {
    const char *input;
    record_way way;
    typed_inputs typed;
    int64_t start_time;
    bool realtime;
} record_request;

typedef struct recorder {
    const record_request *request;
    record_target *target;
    media_input *input;
    int64_t pace_offset; /* monotonic clock minus time stamps, with --realtime */
    bool paced;
} recorder;

static exit_status begin(recorder *self)
{
    const media_description *media = media_input_describe(self->input);
    bool given = self->request->start_time != SVMS_NO_TIME;
    int64_t start = given ? self->request->start_time : media->opened_utc_ns;
    record_media what = { media->tracks,   media->track_count, start - media->start_ns,
                          media->start_ns, SVMS_ORIGIN_LIVE,   SVMS_CLOCK_GIVEN };
    what.origin = media->is_file ? SVMS_ORIGIN_IMPORT : SVMS_ORIGIN_LIVE;
    if (!given) { /* of a file nobody has said when it was captured */
        what.clock = media->is_file ? SVMS_CLOCK_UNKNOWN : SVMS_CLOCK_SYSTEM;
    }
    return record_target_begin(self->target, &what);
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

static exit_status copy_samples(recorder *self)
{
    int64_t duration_ns = media_input_describe(self->input)->duration_ns;
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
        status = record_target_append(self->target, &sample);
        if (status != EXIT_GOOD) {
            return status;
        }
        record_target_show(self->target, duration_ns);
    }
}

static exit_status run(recorder *self)
{
    exit_status status = record_target_prepare(self->target, &self->request->typed);
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
    progress_begin(&self->target->bar);
    return record_target_end(self->target, copy_samples(self));
}

/* checked: what is to be said of the request; with EXIT_POLICY it is told and not done. */
static exit_status record(const record_request *request, exit_status checked)
{
    recorder self;
    memset(&self, 0, sizeof self);
    self.request = request;
    exit_status status = record_target_new(&self.target, &request->way, request->input);
    if (status == EXIT_GOOD) {
        status = checked == EXIT_GOOD ? run(&self) : checked;
    }
    status = record_target_free(&self.target, status);
    media_input_close(&self.input);
    return status;
}

static const option_spec options[] = {
    RECORD_WAY_OPTIONS(record_request, way),
    { "start-time", "T", "when the first picture was captured (RFC 3339); default: now",
      OPTION_TIME, offsetof(record_request, start_time), NULL, 0, 0 },
    { "realtime", NULL, "read no faster than the time stamps say", OPTION_FLAG,
      offsetof(record_request, realtime), NULL, 0, 0 },
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
    record_way_init(&request.way);
    request.start_time = SVMS_NO_TIME;
    request.typed = (typed_inputs){ &line, &request, false };
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    exit_status status = record_way_check(&request.way, line.name);
    if (status != EXIT_USAGE && strcmp(request.input, "-") == 0 && isatty(STDIN_FILENO)) {
        return usage_error(line.name, "standard input is a terminal, not video");
    }
    /* A command that makes no sense is none; one that is refused is told. */
    return status == EXIT_GOOD || status == EXIT_POLICY ? record(&request, status) : status;
}
