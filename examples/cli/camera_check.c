/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "camera_watch.h"
#include "message.h"

struct camera_check {
    camera_check_options options;
    svms_camera_validator *validators[SVMS_MAX_TRACKS];
    bool has_sample[SVMS_MAX_TRACKS];
    uint32_t track_count;
};

static bool can_be_signed(const svms_track *track)
{
    return track->codec == SVMS_CODEC_H264 || track->codec == SVMS_CODEC_H265;
}

static exit_status make_validator(camera_check *self, svms_ctx *ctx, uint32_t number,
                                  const svms_track *track)
{
    const camera_check_options *given = &self->options;
    svms_camera_validator_options options = SVMS_CAMERA_VALIDATOR_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    options.codec = track->codec;
    options.framing = SVMS_NAL_LENGTH4;
    options.flags = given->trust->is_signed ? SVMS_CAMERA_EXPECT_SIGNED : 0;
    options.trust = given->trust->makers;
    options.user_trust = given->trust->users;
    options.chain = given->trust->chain;
    options.policy = given->claimed_time ? SVMS_TIME_CLAIMED : SVMS_TIME_ATTESTED;
    options.clock_tolerance_ms = given->any_clock ? SVMS_CAMERA_ANY_CLOCK : 0;
    options.attested_utc_ns = given->attested_utc_ns;
    if (svms_camera_validator_new(&self->validators[number], ctx, &options, &err) != SVMS_OK) {
        return complain_error(&err, "cannot validate track %" PRIu32, number);
    }
    return EXIT_GOOD;
}

exit_status camera_check_new(camera_check **out, svms_ctx *ctx, const svms_track *tracks,
                             uint32_t track_count, const camera_check_options *options)
{
    camera_check *self = calloc(1, sizeof *self);
    exit_status status = EXIT_GOOD;
    if (!self) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    self->options = *options;
    self->track_count = track_count;
    for (uint32_t i = 0; status == EXIT_GOOD && i < track_count; i++) {
        if (can_be_signed(&tracks[i])) {
            status = make_validator(self, ctx, i, &tracks[i]);
        }
    }
    if (status != EXIT_GOOD) {
        camera_check_free(&self);
    }
    *out = self;
    return status;
}

uint32_t camera_check_count(const camera_check *self)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < self->track_count; i++) {
        count += self->validators[i] ? 1 : 0;
    }
    return count;
}

svms_camera_validator *camera_check_of(const camera_check *self, uint32_t track)
{
    return track < self->track_count ? self->validators[track] : NULL;
}

static exit_status take_reports(camera_check *self, uint32_t track)
{
    svms_camera_validator *validator = self->validators[track];
    for (;;) {
        svms_camera_gop gop = SVMS_CAMERA_GOP_INIT;
        svms_error err = SVMS_ERROR_INIT;
        svms_status next = svms_camera_validator_next(validator, &gop, &err);
        if (next == SVMS_END) {
            return EXIT_GOOD;
        }
        if (next != SVMS_OK) {
            return complain_error(&err, "cannot validate track %" PRIu32, track);
        }
        exit_status status = self->options.take(self->options.user, track, validator, &gop);
        if (status != EXIT_GOOD) {
            return status;
        }
    }
}

exit_status camera_check_feed(camera_check *self, const svms_sample *sample, int64_t utc_ns)
{
    svms_camera_validator *validator = camera_check_of(self, sample->track);
    svms_error err = SVMS_ERROR_INIT;
    if (!validator) {
        return EXIT_GOOD;
    }
    if (camera_begins_anew(&self->has_sample[sample->track], sample) &&
        svms_camera_validator_gap(validator, &err) != SVMS_OK) {
        return complain_error(&err, "cannot validate track %" PRIu32, sample->track);
    }
    svms_status added =
        svms_camera_validator_add(validator, sample->data, sample->size, utc_ns, &err);
    /* What is no NAL unit counts as one that was never signed, and is told so. */
    if (added != SVMS_OK && added != SVMS_E_MALFORMED && added != SVMS_E_TRUNCATED) {
        return complain_error(&err, "cannot validate track %" PRIu32, sample->track);
    }
    return take_reports(self, sample->track);
}

exit_status camera_check_end(camera_check *self)
{
    exit_status status = EXIT_GOOD;
    for (uint32_t i = 0; status == EXIT_GOOD && i < self->track_count; i++) {
        svms_error err = SVMS_ERROR_INIT;
        if (!self->validators[i]) {
            continue;
        }
        if (svms_camera_validator_end(self->validators[i], &err) != SVMS_OK) {
            return complain_error(&err, "cannot validate track %" PRIu32, i);
        }
        status = take_reports(self, i);
    }
    return status;
}

void camera_check_free(camera_check **check)
{
    camera_check *self = *check;
    if (!self) {
        return;
    }
    for (uint32_t i = 0; i < self->track_count; i++) {
        svms_camera_validator_free(&self->validators[i]);
    }
    free(self);
    *check = NULL;
}
