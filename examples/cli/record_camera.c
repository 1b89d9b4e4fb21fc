/* SPDX-License-Identifier: Apache-2.0 */
#include "record_camera.h"

#include <inttypes.h>
#include <stdio.h>

#include "message.h"

exit_status record_camera_load(record_camera *self, svms_ctx *ctx, const record_way *way)
{
    self->is_asked = camera_trust_is_given(&way->camera);
    return camera_trust_load(&self->trust, ctx, &way->camera);
}

static svms_status take_verdict(void *user, const svms_sample *sample, svms_error *err)
{
    record_camera *self = user;
    svms_sample taken = *sample;
    (void)err; /* who takes it complains himself */
    self->stored = self->take(self->user, &taken, verdicts_newest_utc(self->verdicts));
    return self->stored == EXIT_GOOD ? SVMS_OK : SVMS_E_IO;
}

static void take_alarm(void *user, const camera_alarm *alarm)
{
    record_camera *self = user;
    self->tell(self->user, alarm);
}

static void take_failure(void *user, const svms_error *err)
{
    record_camera *self = user;
    complain_error(err, "cannot validate track %" PRIu32, verdicts_track(self->verdicts));
    complain("WARNING: camera: from here on, nothing is validated; the recording goes on");
}

exit_status record_camera_begin(record_camera *self, svms_ctx *ctx, svms_track *tracks,
                                uint32_t *count, int64_t start_utc_ns, bool any_clock)
{
    const verdicts_options options = { .makers = self->trust.makers,
                                       .users = self->trust.users,
                                       .chain = self->trust.chain,
                                       .is_signed = self->trust.is_signed,
                                       .any_clock = any_clock,
                                       .take = take_verdict,
                                       .alarm = take_alarm,
                                       .failed = take_failure,
                                       .user = self };
    svms_error err = SVMS_ERROR_INIT;
    if (!self->is_asked) {
        return EXIT_GOOD;
    }
    svms_status status =
        verdicts_begin(&self->verdicts, ctx, tracks, count, start_utc_ns, &options, &err);
    if (status == SVMS_E_LIMIT && *count == SVMS_MAX_TRACKS) {
        complain("%s", err.message);
        return EXIT_MALFORMED;
    }
    if (status != SVMS_OK) {
        return complain_error(&err, "cannot validate what the camera signed");
    }
    self->has_begun = self->verdicts != NULL;
    if (!self->has_begun) {
        complain("note: there is no H.264 or H.265 video, so nothing that a camera signed");
    }
    return EXIT_GOOD;
}

exit_status record_camera_follow(record_camera *self, const svms_sample *sample)
{
    return verdicts_follow(self->verdicts, sample, NULL) == SVMS_OK ? EXIT_GOOD : self->stored;
}

exit_status record_camera_end(record_camera *self)
{
    return verdicts_end(self->verdicts, NULL) == SVMS_OK ? EXIT_GOOD : self->stored;
}

void record_camera_sum(const record_camera *self, char *out, size_t size)
{
    const camera_watch *watch = verdicts_watch(self->verdicts);
    snprintf(out, size,
             "%" PRIu64 " of %" PRIu64 " groups of pictures are what a trusted camera signed%s",
             watch->authentic, watch->reports,
             verdicts_have_failed(self->verdicts) ? "; then nothing was validated any more" : "");
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
    if (camera_watch_is_bad(verdicts_watch(self->verdicts))) {
        return EXIT_EVIDENCE;
    }
    return verdicts_have_failed(self->verdicts) ? EXIT_ENVIRONMENT : EXIT_GOOD;
}

void record_camera_free(record_camera *self)
{
    verdicts_free(&self->verdicts);
    camera_trust_free(&self->trust);
}
