/* SPDX-License-Identifier: Apache-2.0 */
#include "record_camera.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "camera_words.h"
#include "keys.h"
#include "media_time.h"
#include "message.h"

/* Ticks of verdicts: microseconds, of which a sample's duration may have an hour. */
#define VERDICT_TICKS 1000000u
#define NS_PER_TICK 1000

exit_status record_camera_load(record_camera *self, svms_ctx *ctx, const record_way *way)
{
    return way->camera_trust ? load_trust(&self->trust, ctx, way->camera_trust) : EXIT_GOOD;
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

/* Said when it begins, and when it is over. */
static void say(record_camera *self, uint32_t track, const svms_camera_gop *gop)
{
    bool trusted = gop->identity.verdict == SVMS_IDENTITY_TRUSTED;
    char when[SVMS_TIME_TEXT_SIZE];
    bool is_same = self->reports > 0 && self->last == gop->verdict && self->last_trusted == trusted;
    bool was_good =
        self->reports == 0 || (self->last == SVMS_CAMERA_AUTHENTIC && self->last_trusted);
    bool is_good = gop->verdict == SVMS_CAMERA_AUTHENTIC && trusted;
    self->last = gop->verdict;
    self->last_trusted = trusted;
    if (is_same || (was_good && is_good)) {
        return;
    }
    svms_time_format(gop->stream_utc_ns, when);
    if (is_good) {
        complain("camera: track %" PRIu32 " is what the camera signed again, from %s on", track,
                 when);
        return;
    }
    complain("WARNING: camera: track %" PRIu32 ", from %s on: %s%s", track, when,
             camera_verdict_title(gop->verdict),
             gop->verdict == SVMS_CAMERA_AUTHENTIC ? ", by nobody who is trusted" : "");
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
    say(self, track, gop);
    self->reports++;
    self->authentic +=
        gop->verdict == SVMS_CAMERA_AUTHENTIC && gop->identity.verdict == SVMS_IDENTITY_TRUSTED;
    sample.track = self->track;
    sample.flags = SVMS_SAMPLE_SYNC;
    sample.utc_ns = gop->stream_utc_ns != SVMS_NO_TIME ? gop->stream_utc_ns : self->newest_utc_ns;
    sample.pts = time_add(sample.utc_ns, -self->start_utc_ns) / NS_PER_TICK;
    sample.dts = sample.pts;
    sample.data = (const uint8_t *)self->text;
    sample.size = size;
    self->stored = self->take(self->user, &sample, self->newest_utc_ns);
    return self->stored;
}

exit_status record_camera_begin(record_camera *self, svms_ctx *ctx, const record_way *way,
                                svms_track *tracks, uint32_t *count, int64_t start_utc_ns,
                                bool any_clock)
{
    camera_check_options options = { .trust = self->trust,
                                     .attested_utc_ns = SVMS_NO_TIME,
                                     .expect_signed = way->camera_signed,
                                     .any_clock = any_clock,
                                     .take = take_report,
                                     .user = self };
    svms_track verdicts = SVMS_TRACK_INIT;
    if (!self->trust) {
        return EXIT_GOOD;
    }
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
    return go_on(self, camera_check_feed(self->check, sample, self->newest_utc_ns));
}

exit_status record_camera_end(record_camera *self)
{
    return self->check ? go_on(self, camera_check_end(self->check)) : EXIT_GOOD;
}

void record_camera_tell(const record_camera *self)
{
    if (self->check) {
        print_line(stderr,
                   "camera: %" PRIu64 " of %" PRIu64
                   " groups of pictures are what a trusted camera signed",
                   self->authentic, self->reports);
    }
}

void record_camera_free(record_camera *self)
{
    camera_check_free(&self->check);
    svms_trust_free(&self->trust);
    free(self->text);
    self->text = NULL;
}
