/* SPDX-License-Identifier: Apache-2.0 */
#include "camsign_video.h"

#include <inttypes.h>
#include <string.h>

#include "interrupt.h"
#include "media_time.h"
#include "message.h"
#include "options.h"

static exit_status open_media(camsign_video *self, const key_options *keys, int64_t start_utc_ns)
{
    if (keys->password_file || keys->password_prompt || keys->identity || keys->kek ||
        keys->disclosure) {
        return usage_error("camsign verify", "keys are for recordings, and %s is none", self->path);
    }
    exit_status status = media_input_open(&self->input, self->path);
    if (status != EXIT_GOOD) {
        return status;
    }
    const media_description *media = media_input_describe(self->input);
    memcpy(self->tracks, media->tracks, sizeof self->tracks);
    self->track_count = media->track_count;
    self->any_clock = start_utc_ns == SVMS_NO_TIME;
    if (start_utc_ns != SVMS_NO_TIME) {
        self->start_utc_ns = time_add(start_utc_ns, -media->start_ns);
    }
    return EXIT_GOOD;
}

static exit_status describe(camsign_video *self)
{
    svms_container_info info = SVMS_CONTAINER_INFO_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_reader_get_info(self->reader, &info, &err) != SVMS_OK) {
        return complain_error(&err, "cannot describe %s", self->path);
    }
    self->track_count = info.track_count;
    self->any_clock = info.capture_clock == SVMS_CLOCK_UNKNOWN;
    for (uint32_t i = 0; i < self->track_count; i++) {
        self->tracks[i] = (svms_track)SVMS_TRACK_INIT;
        if (svms_reader_get_track(self->reader, i, &self->tracks[i], &err) != SVMS_OK) {
            return complain_error(&err, "cannot describe track %" PRIu32, i);
        }
    }
    if (info.encrypted && !info.unlocked && !info.disclosed) {
        return usage_error("camsign verify", "what opens the recording is missing: a password, a "
                                             "private key or other keys");
    }
    return EXIT_GOOD;
}

/* Whoever recorded it is not asked here: 'svms verify' does that. */
static exit_status open_recording(camsign_video *self, svms_ctx *ctx, const key_options *given)
{
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    key_set keys = KEY_SET_INIT;
    options.allow_unverified = 1;
    exit_status status = recording_open(&self->file, ctx, self->path);
    if (status == EXIT_GOOD) {
        status = key_set_load(&keys, ctx, given);
    }
    if (status == EXIT_GOOD) {
        status = recording_read(&self->reader, &self->file, ctx, &options, &keys, true);
    }
    key_set_free(&keys);
    return status == EXIT_GOOD ? describe(self) : status;
}

exit_status camsign_video_open(camsign_video *self, svms_ctx *ctx, const char *path,
                               const key_options *keys, int64_t start_utc_ns)
{
    bool is_recording = false;
    memset(self, 0, sizeof *self);
    self->path = path;
    self->start_utc_ns = SVMS_NO_TIME;
    exit_status status = recording_is_at(&is_recording, ctx, path);
    if (status != EXIT_GOOD) {
        return status;
    }
    if (is_recording && start_utc_ns != SVMS_NO_TIME) {
        return usage_error("camsign verify", "a recording says itself when it was made (--start)");
    }
    return is_recording ? open_recording(self, ctx, keys) : open_media(self, keys, start_utc_ns);
}

static media_result next_recorded(camsign_video *self, svms_sample *sample, exit_status *status)
{
    for (;;) {
        svms_error err = SVMS_ERROR_INIT;
        *sample = (svms_sample)SVMS_SAMPLE_INIT;
        svms_status next =
            interrupt_came() ? SVMS_END : svms_reader_next(self->reader, sample, &err);
        if (next == SVMS_OK) {
            return MEDIA_SAMPLE;
        }
        if (next == SVMS_END || next == SVMS_AGAIN) {
            return MEDIA_END;
        }
        svms_status_kind class = svms_status_class(next);
        bool is_again = self->failure.status != SVMS_OK && err.offset == self->failure.offset &&
                        err.segment == self->failure.segment;
        exit_status told = complain_error(&err, "in %s", self->path);
        if ((class != SVMS_CLASS_EVIDENCE && class != SVMS_CLASS_MALFORMED) || is_again ||
            next == SVMS_E_WRONG_KEY) {
            *status = told;
            return MEDIA_FAILED;
        }
        self->failure = err;
        self->has_failed = true;
    }
}

media_result camsign_video_next(camsign_video *self, svms_sample *sample, int64_t *utc_ns,
                                exit_status *status)
{
    if (!self->input) {
        media_result result = next_recorded(self, sample, status);
        *utc_ns = sample->utc_ns;
        return result;
    }
    media_result result = media_input_next(self->input, sample, status);
    *utc_ns = SVMS_NO_TIME;
    if (result == MEDIA_SAMPLE && self->start_utc_ns != SVMS_NO_TIME) {
        *utc_ns =
            time_add(self->start_utc_ns, ticks_to_ns(&self->tracks[sample->track], sample->pts));
    }
    return result;
}

void camsign_video_close(camsign_video *self)
{
    media_input_close(&self->input);
    svms_reader_close(&self->reader);
    recording_close(&self->file);
}
