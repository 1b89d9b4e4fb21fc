/* SPDX-License-Identifier: Apache-2.0 */
#include "record_camera.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "media_time.h"
#include "message.h"

/* Ticks of verdicts: microseconds, of which a sample's duration may have an hour. */
#define VERDICT_TICKS 1000000u
#define NS_PER_TICK 1000

exit_status record_camera_load(record_camera *self, svms_ctx *ctx, const record_way *way)
{
    self->is_asked = camera_trust_is_given(&way->camera);
    return camera_trust_load(&self->trust, ctx, &way->camera);
}

static exit_status make_room(record_camera *self, size_t size)
{
    char *larger = size > self->room ? realloc(self->text, size) : self->text;
    if (!larger) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    self->text = larger;
    self->room = size > self->room ? size : self->room;
    return EXIT_GOOD;
}

static exit_status take_report(void *user, uint32_t track, svms_camera_validator *validator,
                               const svms_camera_gop *gop)
{
    record_camera *self = user;
    svms_sample sample = SVMS_SAMPLE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    size_t size = self->room;
    svms_status status = svms_camera_validator_record(validator, track, self->text, &size, &err);
    if (status == SVMS_E_LIMIT) {
        exit_status made = make_room(self, size);
        if (made != EXIT_GOOD) {
            return made;
        }
        size = self->room;
        status = svms_camera_validator_record(validator, track, self->text, &size, &err);
    }
    if (status != SVMS_OK) {
        return complain_error(&err, "cannot keep what was found of the camera");
    }
    sample.track = self->track;
    sample.flags = SVMS_SAMPLE_SYNC;
    sample.utc_ns = gop->stream_utc_ns != SVMS_NO_TIME ? gop->stream_utc_ns : self->newest_utc_ns;
    camera_watch_report(&self->watch, track, gop, sample.utc_ns);
    sample.pts = time_add(sample.utc_ns, -self->start_utc_ns) / NS_PER_TICK;
    sample.dts = sample.pts;
    sample.data = (const uint8_t *)self->text;
    sample.size = size;
    self->stored = self->take(self->user, &sample, self->newest_utc_ns);
    return self->stored;
}

exit_status record_camera_begin(record_camera *self, svms_ctx *ctx, svms_track *tracks,
                                uint32_t *count, int64_t start_utc_ns, bool any_clock)
{
    camera_check_options options = { .trust = &self->trust,
                                     .attested_utc_ns = SVMS_NO_TIME,
                                     .any_clock = any_clock,
                                     .take = take_report,
                                     .user = self };
    svms_track verdicts = SVMS_TRACK_INIT;
    if (!self->is_asked) {
        return EXIT_GOOD;
    }
    camera_watch_begin(&self->watch, self->tell, self->user);
    exit_status status = camera_check_new(&self->check, ctx, tracks, *count, &options);
    if (status == EXIT_GOOD && camera_check_count(self->check) == 0) {
        complain("note: there is no H.264 or H.265 video, so nothing that a camera signed");
        camera_check_free(&self->check);
        return EXIT_GOOD;
    }
    if (status == EXIT_GOOD && *count == SVMS_MAX_TRACKS) {
        complain("there is no room for a track of verdicts beside %d others", SVMS_MAX_TRACKS);
        return EXIT_MALFORMED;
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    verdicts.kind = SVMS_TRACK_METADATA;
    verdicts.codec = SVMS_CODEC_CAMERA_VERDICTS;
    verdicts.timebase_den = VERDICT_TICKS;
    self->tracks = tracks;
    self->start_utc_ns = start_utc_ns;
    self->track = (*count)++;
    self->has_begun = true;
    tracks[self->track] = verdicts;
    return EXIT_GOOD;
}

/* The pictures are worth more than what is said of them: only what cannot be recorded ends the
 * recording. */
static exit_status go_on(record_camera *self, exit_status status)
{
    if (status == EXIT_GOOD || self->stored != EXIT_GOOD) {
        return status;
    }
    complain("WARNING: camera: from here on, nothing is validated; the recording goes on");
    self->has_failed = true;
    camera_check_free(&self->check);
    return EXIT_GOOD;
}

exit_status record_camera_follow(record_camera *self, const svms_sample *sample)
{
    if (!self->check || sample->track == self->track) {
        return EXIT_GOOD;
    }
    const svms_track *track = &self->tracks[sample->track];
    self->newest_utc_ns = sample->utc_ns != SVMS_NO_TIME
                              ? sample->utc_ns
                              : time_add(self->start_utc_ns, ticks_to_ns(track, sample->pts));
    exit_status status = go_on(self, camera_check_feed(self->check, sample, self->newest_utc_ns));
    if (self->check && camera_check_of(self->check, sample->track)) {
        camera_watch_picture(&self->watch, sample->track, self->newest_utc_ns);
    }
    return status;
}

exit_status record_camera_end(record_camera *self)
{
    return self->check ? go_on(self, camera_check_end(self->check)) : EXIT_GOOD;
}

void record_camera_sum(const record_camera *self, char *out, size_t size)
{
    const camera_watch *watch = &self->watch;
    snprintf(out, size,
             "%" PRIu64 " of %" PRIu64 " groups of pictures are what a trusted camera signed%s",
             watch->authentic, watch->reports,
             self->has_failed ? "; then nothing was validated any more" : "");
}

void record_camera_tell(const record_camera *self)
{
    char words[CAMERA_SUM_SIZE];
    if (self->has_begun) {
        record_camera_sum(self, words, sizeof words);
        print_line(stderr, "camera: %s", words);
    }
}

exit_status record_camera_status(const record_camera *self)
{
    if (!self->has_begun) {
        return EXIT_GOOD;
    }
    return camera_watch_is_bad(&self->watch) ? EXIT_EVIDENCE
           : self->has_failed                ? EXIT_ENVIRONMENT
                                             : EXIT_GOOD;
}

void record_camera_free(record_camera *self)
{
    camera_check_free(&self->check);
    camera_trust_free(&self->trust);
    free(self->text);
    self->text = NULL;
}
