/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_story.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "camera_words.h"
#include "json_output.h"
#include "message.h"
#include "verify_report.h"

static void begin_count(camera_count *sum)
{
    sum->first_failed_utc_ns = SVMS_NO_TIME;
    for (size_t i = 0; i < SVMS_MAX_TRACKS; i++) {
        camera_span_begin(&sum->ends[i]);
    }
}

void camera_story_begin(camera_story *self, svms_ctx *ctx, const camera_trust *trust,
                        bool claimed_time)
{
    memset(self, 0, sizeof *self);
    self->ctx = ctx;
    self->trust = trust;
    self->claimed_time = claimed_time;
    self->is_asked = trust != NULL;
    for (size_t i = 0; i < SVMS_MAX_TRACKS; i++) {
        self->video[i].begin_utc_ns = SVMS_NO_TIME;
    }
    begin_count(&self->recorder);
    begin_count(&self->again);
}

static void count_format(camera_count *sum, svms_camera_format format)
{
    if (format == SVMS_CAMERA_FORMAT_NONE) {
        return;
    }
    sum->has_formats |= sum->format != SVMS_CAMERA_FORMAT_NONE && sum->format != format;
    sum->format = sum->format == SVMS_CAMERA_FORMAT_NONE ? format : sum->format;
}

/* One more report, whoever made it. */
static void count(camera_count *sum, uint32_t track, svms_camera_verdict verdict, uint32_t reasons,
                  svms_identity_verdict identity, const char *subject, int64_t utc_ns)
{
    bool is_signed = identity != SVMS_IDENTITY_UNSIGNED;
    bool is_trusted = identity == SVMS_IDENTITY_TRUSTED;
    bool is_good = verdict == SVMS_CAMERA_AUTHENTIC && is_trusted;
    bool is_end = camera_end_excuses(&sum->ends[track], verdict, reasons, utc_ns);
    sum->reports++;
    sum->authentic += is_good ? 1 : 0;
    sum->reasons |= reasons;
    sum->untrusted = sum->untrusted || (is_signed && !is_trusted);
    if (is_signed && (sum->subject[0] == '\0' || !is_trusted)) {
        sum->identity = identity;
        snprintf(sum->subject, sizeof sum->subject, "%s", subject ? subject : "");
    }
    if (!is_end) {
        sum->worst = camera_worse(sum->worst, verdict);
    }
    if (!is_good && !is_end && sum->first_failed_utc_ns == SVMS_NO_TIME) {
        sum->first_failed_utc_ns = utc_ns;
    }
}

static exit_status take_report(void *user, uint32_t track, svms_camera_validator *validator,
                               const svms_camera_gop *gop)
{
    camera_story *self = user;
    (void)validator;
    int64_t when = gop->stream_utc_ns != SVMS_NO_TIME ? gop->stream_utc_ns : gop->from_utc_ns;
    count(&self->again, track, gop->verdict, gop->reasons, gop->identity.verdict,
          gop->signer ? svms_chain_subject(gop->signer) : NULL, when);
    count_format(&self->again, gop->format);
    return EXIT_GOOD;
}

static exit_status take_record(camera_story *self, const svms_sample *sample)
{
    svms_camera_record record = SVMS_CAMERA_RECORD_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status =
        svms_camera_record_read(self->ctx, sample->data, sample->size, &record, &err);
    if (status == SVMS_E_MALFORMED || status == SVMS_E_LIMIT) {
        self->malformed++;
        return EXIT_GOOD;
    }
    if (status != SVMS_OK) {
        return complain_error(&err, "cannot read what the recorder says of the camera");
    }
    /* Of no track that there can be. */
    if (record.track >= SVMS_MAX_TRACKS) {
        self->malformed++;
        return EXIT_GOOD;
    }
    count(&self->recorder, record.track, record.verdict, record.reasons, record.identity,
          record.subject, sample->utc_ns);
    count_format(&self->recorder, record.format);
    /* What is said of pictures that are elsewhere says nothing of those that are here. */
    camera_pictures *video = &self->video[record.track];
    if (video->begin_utc_ns != SVMS_NO_TIME && sample->utc_ns >= video->begin_utc_ns) {
        video->judged += record.frame_count;
    }
    return EXIT_GOOD;
}

/* A stream goes on from container to container while their tracks are the same. */
static exit_status enter(camera_story *self, svms_reader *reader, bool *can_be_read)
{
    svms_track tracks[SVMS_MAX_TRACKS];
    svms_container_info info = SVMS_CONTAINER_INFO_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_reader_get_info(reader, &info, &err) != SVMS_OK) {
        return complain_error(&err, "cannot describe the recording");
    }
    *can_be_read = !info.encrypted || info.unlocked || info.disclosed;
    self->is_locked = self->is_locked || !*can_be_read;
    for (uint32_t i = 0; i < info.track_count; i++) {
        tracks[i] = (svms_track)SVMS_TRACK_INIT;
        if (svms_reader_get_track(reader, i, &tracks[i], &err) != SVMS_OK) {
            return complain_error(&err, "cannot describe track %" PRIu32, i);
        }
        self->has_records = self->has_records || tracks[i].codec == SVMS_CODEC_CAMERA_VERDICTS;
    }
    const camera_check_options options = { .trust = self->trust,
                                           .attested_utc_ns = SVMS_NO_TIME,
                                           .claimed_time = self->claimed_time,
                                           .any_clock = info.capture_clock == SVMS_CLOCK_UNKNOWN,
                                           .take = take_report,
                                           .user = self };
    self->lane = info.origin == SVMS_ORIGIN_EDGE ? &self->edges : &self->lives;
    exit_status status =
        camera_lane_enter(self->lane, self->ctx, tracks, info.track_count, &options);
    const camera_check *check = self->lane->check;
    self->has_video = self->has_video || (check && camera_check_count(check) > 0);
    return status;
}

static exit_status take_sample(camera_story *self, const svms_sample *sample)
{
    if (self->lane->tracks[sample->track].codec == SVMS_CODEC_CAMERA_VERDICTS) {
        return take_record(self, sample);
    }
    camera_pictures *video = &self->video[sample->track];
    if (video->begin_utc_ns == SVMS_NO_TIME) {
        video->begin_utc_ns = sample->utc_ns;
    }
    video->count++;
    return camera_lane_feed(self->lane, sample);
}

/* A verdict comes behind the pictures, where something else may be recorded already. */
static uint64_t pending_pictures(const camera_story *self)
{
    uint64_t pending = 0;
    for (size_t i = 0; i < SVMS_MAX_TRACKS; i++) {
        const camera_pictures *video = &self->video[i];
        pending +=
            video->judged > 0 && video->judged < video->count ? video->count - video->judged : 0;
    }
    return self->is_damaged || self->is_locked ? 0 : pending;
}

/* What cannot be opened or does not verify was told by whoever verified it: here it is only
 * missing. */
static exit_status pass_over(camera_story *self, svms_status status, const svms_error *err,
                             svms_error *last, bool *goes_on)
{
    svms_status_kind class = svms_status_class(status);
    bool is_again = last->status != SVMS_OK && err->offset == last->offset &&
                    err->segment == last->segment && status != SVMS_E_WRONG_KEY;
    *goes_on = false;
    if (class != SVMS_CLASS_EVIDENCE && class != SVMS_CLASS_MALFORMED) {
        return complain_error(err, "cannot read what is told of the camera");
    }
    self->is_locked = self->is_locked || status == SVMS_E_WRONG_KEY;
    self->is_damaged = self->is_damaged || status != SVMS_E_WRONG_KEY;
    *last = *err;
    *goes_on = !is_again;
    return EXIT_GOOD;
}

exit_status camera_story_add(camera_story *self, svms_reader *reader)
{
    svms_error last = SVMS_ERROR_INIT;
    bool can_be_read = false;
    exit_status status = enter(self, reader, &can_be_read);
    bool goes_on = can_be_read && camera_story_is_told(self);
    while (status == EXIT_GOOD && goes_on) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        svms_error err = SVMS_ERROR_INIT;
        svms_status next = svms_reader_next(reader, &sample, &err);
        if (next == SVMS_END || next == SVMS_AGAIN) {
            break;
        }
        status = next == SVMS_OK ? take_sample(self, &sample)
                                 : pass_over(self, next, &err, &last, &goes_on);
    }
    return status;
}

exit_status camera_story_add_source(camera_story *self, const svms_source *source,
                                    const svms_keyring *keys)
{
    svms_reader *reader = NULL;
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    options.keys = keys;
    svms_status status = svms_reader_open(&reader, self->ctx, source, &options, &err);
    if (status == SVMS_E_WRONG_KEY) {
        options.keys = NULL;
        status = svms_reader_open(&reader, self->ctx, source, &options, &err);
    }
    svms_status_kind class = svms_status_class(status);
    if (class == SVMS_CLASS_EVIDENCE || class == SVMS_CLASS_MALFORMED) {
        self->is_damaged = true;
        return EXIT_GOOD;
    }
    if (status != SVMS_OK) {
        return complain_error(&err, "cannot read what is told of the camera");
    }
    exit_status added = camera_story_add(self, reader);
    svms_reader_close(&reader);
    return added;
}

exit_status camera_story_end(camera_story *self)
{
    exit_status lives = camera_lane_end(&self->lives);
    exit_status edges = camera_lane_end(&self->edges);
    return lives == EXIT_GOOD ? edges : lives;
}

bool camera_story_is_told(const camera_story *self)
{
    return self->has_records || self->has_video || (self->is_asked && self->is_locked);
}

exit_status camera_story_status(const camera_story *self)
{
    const camera_count *again = &self->again;
    if (!self->is_asked || (!self->has_video && !self->is_locked)) {
        return EXIT_GOOD;
    }
    bool is_good = again->worst == SVMS_CAMERA_AUTHENTIC && !again->untrusted && !self->is_locked;
    return is_good ? EXIT_GOOD : EXIT_EVIDENCE;
}

static void print_count(const camera_count *sum)
{
    camera_reasons why = camera_reason_words(sum->reasons & ~CAMERA_CALM_REASONS);
    char when[SVMS_TIME_TEXT_SIZE];
    print_line(stdout,
               "              %s%s; %" PRIu64 " of %" PRIu64
               " groups of pictures are what a trusted camera signed",
               sum->worst == SVMS_CAMERA_PENDING ? "UNSIGNED" : camera_verdict_title(sum->worst),
               sum->untrusted ? ", by nobody who is trusted" : "", sum->authentic, sum->reports);
    if (sum->subject[0] != '\0') {
        print_line(stdout, "              signed by %s: %s", sum->subject,
                   verify_identity_name(sum->identity));
    }
    if (sum->format != SVMS_CAMERA_FORMAT_NONE) {
        print_line(stdout, "              format: %s%s", camera_format_words(sum->format),
                   sum->has_formats ? ", and another" : "");
    }
    if (sum->first_failed_utc_ns != SVMS_NO_TIME) {
        svms_time_format(sum->first_failed_utc_ns, when);
        print_line(stdout, "              first failure at %s", when);
    }
    if (why.text[0] != '\0') {
        print_line(stdout, "              noticed: %s", why.text);
    }
    if ((sum->reasons & CAMERA_END_REASONS) != 0) {
        print_line(stdout, "              where it was cut, no signature covers its end%s",
                   (sum->reasons & CAMERA_END_REASONS) == CAMERA_END_REASONS ? "s" : "");
    }
}

static void print_again(const camera_story *self)
{
    if (!self->is_asked) {
        print_line(stdout, "Camera        not asked: --camera-trust says who makes cameras");
    } else if (self->is_locked && self->again.reports == 0) {
        print_line(stdout, "Camera        its signatures are encrypted: they need a key");
    } else if (self->again.reports > 0) {
        print_line(stdout, "Camera        its signatures, validated now:");
        print_count(&self->again);
        print_line(stdout, "              (parameter sets and audio are not covered by them)");
    } else {
        print_line(stdout, "Camera        none of its video is there");
    }
}

void camera_story_print(const camera_story *self)
{
    if (!camera_story_is_told(self)) {
        return;
    }
    print_again(self);
    if (!self->has_records && !self->lane) {
        return;
    }
    if (!self->has_records) {
        print_line(stdout, "Recorder      did not validate what the camera signed");
    } else if (self->recorder.reports == 0 && self->is_locked) {
        print_line(stdout, "Recorder      what it says of the camera is encrypted: it needs a key");
    } else if (self->recorder.reports == 0) {
        print_line(stdout, "Recorder      what it says of the camera is not there");
    } else {
        print_line(stdout, "Recorder      says of the camera, when it recorded:");
        print_count(&self->recorder);
    }
    if (pending_pictures(self) > 0) {
        print_line(stdout,
                   "              %" PRIu64 " pictures at its end have no verdict here: it comes "
                   "behind them, in the next container",
                   pending_pictures(self));
    }
    if (self->is_damaged) {
        print_line(stdout, "              (what does not verify was not asked)");
    }
    if (self->malformed > 0) {
        print_line(stdout, "              %" PRIu64 " of its records cannot be read",
                   self->malformed);
    }
}

static json_t *count_to_json(const camera_count *sum)
{
    return json_pack("{s:s, s:o, s:b, s:I, s:I, s:o, s:o, s:s, s:o}", "verdict",
                     svms_camera_verdict_name(
                         sum->worst == SVMS_CAMERA_PENDING ? SVMS_CAMERA_UNSIGNED : sum->worst),
                     "reasons", camera_reasons_to_json(sum->reasons), "trusted",
                     (int)(!sum->untrusted && sum->authentic > 0), "reports",
                     (json_int_t)sum->reports, "authentic", (json_int_t)sum->authentic,
                     "first_failed_time", json_time(sum->first_failed_utc_ns), "subject",
                     json_text(sum->subject[0] ? sum->subject : NULL), "identity",
                     verify_identity_name(sum->subject[0] ? sum->identity : SVMS_IDENTITY_UNSIGNED),
                     "format",
                     json_text(sum->format != SVMS_CAMERA_FORMAT_NONE && !sum->has_formats
                                   ? svms_camera_format_name(sum->format)
                                   : NULL));
}

json_t *camera_story_to_json(const camera_story *self)
{
    if (!camera_story_is_told(self)) {
        return json_null();
    }
    return json_pack(
        "{s:o, s:o, s:b, s:I, s:I}", "validated",
        self->again.reports > 0 ? count_to_json(&self->again) : json_null(), "recorded",
        self->recorder.reports > 0 ? count_to_json(&self->recorder) : json_null(), "locked",
        (int)self->is_locked, "malformed_records", (json_int_t)self->malformed, "pending_pictures",
        (json_int_t)pending_pictures(self));
}

void camera_story_free(camera_story *self)
{
    camera_lane_free(&self->lives);
    camera_lane_free(&self->edges);
}
