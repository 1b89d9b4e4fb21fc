/* SPDX-License-Identifier: Apache-2.0 */
/* svms camsign verify: what became of what a camera signed. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "camera_check.h"
#include "camera_words.h"
#include "camsign_command.h"
#include "camsign_video.h"
#include "head_text.h"
#include "interrupt.h"
#include "json_output.h"
#include "media_names.h"
#include "message.h"
#include "options.h"
#include "verify_report.h"

#define COMMAND "camsign verify"

typedef struct verify_request {
    const char *path;
    camera_trust_options trust;
    key_options keys;
    int64_t attested_utc_ns;
    int64_t start_utc_ns;
    bool claimed_time;
    bool json;
    bool quiet;
} verify_request;

/* Reports that follow one another, of which the same is to be said. */
typedef struct told_run {
    uint64_t first_frame;
    uint64_t frame_count;
    int64_t utc_ns;
    svms_camera_verdict verdict;
    uint32_t reasons;
    bool is_there;
} told_run;

/* What the reports of one track leave behind. */
typedef struct checked_track {
    json_t *reports; /* with --json */
    told_run run;    /* that may go on */
    uint64_t listed; /* lines that were printed */
    uint64_t told;   /* and lines there would be */
    svms_identity_verdict identity;
    bool is_signed;
    svms_camera_format format; /* of the first that is signed */
    bool has_formats;          /* others are in another one */
    uint8_t key_sha256[32];
    char subject[SVMS_CAMERA_TEXT_SIZE];
} checked_track;

typedef struct verification {
    const verify_request *request;
    svms_ctx *ctx;
    camera_trust trust;
    camsign_video video;
    camera_check *check;
    checked_track tracks[SVMS_MAX_TRACKS];
} verification;

typedef struct time_text {
    char text[SVMS_TIME_TEXT_SIZE + 8];
} time_text;

/* ", 2026-...", or nothing where the time is not known. */
static time_text time_behind_comma(int64_t utc_ns)
{
    time_text out = { "" };
    char text[SVMS_TIME_TEXT_SIZE];
    if (utc_ns != SVMS_NO_TIME) {
        svms_time_format(utc_ns, text);
        snprintf(out.text, sizeof out.text, ", %s", text);
    }
    return out;
}

static void print_remarks(const svms_camera_validator *validator, uint32_t count)
{
    for (uint32_t i = 0; i < count && i < MAX_LISTED_FINDINGS; i++) {
        svms_camera_remark remark = SVMS_CAMERA_REMARK_INIT;
        if (svms_camera_validator_remark(validator, i, &remark, NULL) == SVMS_OK) {
            print_line(stdout, "                frame %" PRIu64 ": %s%s (%" PRIu64 " NAL unit%s)%s",
                       remark.frame, svms_camera_verdict_name(remark.verdict),
                       remark.verdict == SVMS_CAMERA_MISSING ? " before it" : "", remark.nal_units,
                       remark.nal_units == 1 ? "" : "s", time_behind_comma(remark.utc_ns).text);
        }
    }
    if (count > MAX_LISTED_FINDINGS) {
        print_line(stdout, "                and %" PRIu32 " more frames (--json lists them)",
                   count - MAX_LISTED_FINDINGS);
    }
}

static void print_run(const told_run *run)
{
    camera_reasons why = camera_reason_words(run->reasons);
    const char *title = camera_verdict_title(run->verdict);
    const char *joint = why.text[0] != '\0' ? ": " : "";
    if (run->frame_count == 0) {
        print_line(stdout, "  at frame %" PRIu64 "%s  %s%s%s", run->first_frame,
                   time_behind_comma(run->utc_ns).text, title, joint, why.text);
    } else {
        print_line(stdout, "  frames %" PRIu64 " to %" PRIu64 "%s  %s%s%s", run->first_frame,
                   run->first_frame + run->frame_count - 1, time_behind_comma(run->utc_ns).text,
                   title, joint, why.text);
    }
}

/* The run is over. */
static bool end_run(checked_track *track)
{
    bool is_listed = track->run.is_there && track->listed < MAX_LISTED_FINDINGS;
    track->told += track->run.is_there ? 1 : 0;
    track->listed += is_listed ? 1 : 0;
    if (is_listed) {
        print_run(&track->run);
    }
    track->run.is_there = false;
    return is_listed;
}

/* In one line with those before it where the same is to be said of them, and nothing more. */
static void tell_gop(checked_track *track, const svms_camera_validator *validator,
                     const svms_camera_gop *gop)
{
    told_run *run = &track->run;
    bool has_more = gop->missing_gops > 0 || gop->remark_count > 0;
    bool goes_on = run->is_there && !has_more && run->verdict == gop->verdict &&
                   run->reasons == gop->reasons &&
                   run->first_frame + run->frame_count == gop->first_frame;
    if (goes_on) {
        run->frame_count += gop->frame_count;
        return;
    }
    (void)end_run(track);
    *run = (told_run){ gop->first_frame,
                       gop->frame_count,
                       gop->from_utc_ns != SVMS_NO_TIME ? gop->from_utc_ns : gop->stream_utc_ns,
                       gop->verdict,
                       gop->reasons,
                       gop->verdict != SVMS_CAMERA_AUTHENTIC || gop->reasons != 0 };
    if (!has_more || !end_run(track)) {
        return;
    }
    if (gop->missing_gops > 0) {
        print_line(stdout, "                before it, %" PRIu32 " signed GOP%s missing",
                   gop->missing_gops, gop->missing_gops == 1 ? " is" : "s are");
    }
    print_remarks(validator, gop->remark_count);
}

/* The worst that was said of a signer, for the summary. */
static void note_signer(checked_track *track, const svms_camera_gop *gop)
{
    if (!gop->is_signed) {
        return;
    }
    if (!track->is_signed || track->identity == SVMS_IDENTITY_TRUSTED) {
        track->identity = gop->identity.verdict;
        memcpy(track->key_sha256, gop->key_sha256, sizeof track->key_sha256);
        track->subject[0] = '\0';
        if (gop->signer) {
            snprintf(track->subject, sizeof track->subject, "%s", svms_chain_subject(gop->signer));
        }
    }
    track->has_formats |= track->is_signed && track->format != gop->format;
    track->format = track->is_signed ? track->format : gop->format;
    track->is_signed = true;
}

static exit_status take_report(void *user, uint32_t number, svms_camera_validator *validator,
                               const svms_camera_gop *gop)
{
    verification *self = user;
    checked_track *track = &self->tracks[number];
    note_signer(track, gop);
    if (self->request->json) {
        if (json_array_append_new(track->reports, camera_gop_to_json(validator, gop)) != 0) {
            complain("out of memory");
            return EXIT_ENVIRONMENT;
        }
    } else if (!self->request->quiet) {
        tell_gop(track, validator, gop);
    }
    return EXIT_GOOD;
}

static exit_status make_check(verification *self)
{
    const verify_request *request = self->request;
    const camera_check_options options = { .trust = &self->trust,
                                           .attested_utc_ns = request->attested_utc_ns,
                                           .claimed_time = request->claimed_time,
                                           .any_clock = self->video.any_clock,
                                           .take = take_report,
                                           .user = self };
    exit_status status = camera_check_new(&self->check, self->ctx, self->video.tracks,
                                          self->video.track_count, &options);
    if (status == EXIT_GOOD && camera_check_count(self->check) == 0) {
        complain("%s has no H.264 or H.265 video", request->path);
        status = EXIT_MALFORMED;
    }
    for (uint32_t i = 0; status == EXIT_GOOD && request->json && i < self->video.track_count; i++) {
        self->tracks[i].reports = json_array();
        status = self->tracks[i].reports ? EXIT_GOOD : EXIT_ENVIRONMENT;
    }
    return status;
}

static exit_status validate(verification *self)
{
    exit_status status = EXIT_GOOD;
    for (;;) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        int64_t utc_ns = SVMS_NO_TIME;
        media_result result = camsign_video_next(&self->video, &sample, &utc_ns, &status);
        if (result == MEDIA_FAILED) {
            return status;
        }
        if (result == MEDIA_END) {
            break;
        }
        status = camera_check_feed(self->check, &sample, utc_ns);
        if (status != EXIT_GOOD) {
            return status;
        }
    }
    if (interrupt_came()) {
        complain("interrupted; this is no verdict on all of it");
        return EXIT_ENVIRONMENT;
    }
    return camera_check_end(self->check);
}

static exit_status summary_of(svms_camera_summary *out, const verification *self, uint32_t track)
{
    svms_error err = SVMS_ERROR_INIT;
    *out = (svms_camera_summary)SVMS_CAMERA_SUMMARY_INIT;
    if (svms_camera_validator_summary(camera_check_of(self->check, track), out, &err) != SVMS_OK) {
        return complain_error(&err, "cannot sum up track %" PRIu32, track);
    }
    return EXIT_GOOD;
}

static void print_camera(const verification *self, const svms_camera_summary *summary,
                         const checked_track *track)
{
    if (!track->is_signed) {
        return;
    }
    if (track->subject[0]) {
        print_line(stdout, "Camera        %s", track->subject);
    } else {
        print_line(stdout, "Camera        a key without certificates, SHA-256 %s",
                   head_text_of(track->key_sha256, sizeof track->key_sha256).text);
    }
    print_line(stdout, "Format        %s%s", camera_format_words(track->format),
               track->has_formats ? " and another (--json tells of each)" : "");
    if (summary->manufacturer[0] || summary->serial[0] || summary->firmware[0]) {
        print_line(stdout, "              says of itself: %s%s%s%s%s", summary->manufacturer,
                   summary->serial[0] ? ", serial number " : "", summary->serial,
                   summary->firmware[0] ? ", firmware " : "", summary->firmware);
    }
    print_line(stdout, "Trust         %s%s",
               track->identity == SVMS_IDENTITY_TRUSTED ? "yes"
                                                        : verify_identity_name(track->identity),
               track->identity == SVMS_IDENTITY_NO_ANCHOR && !self->request->trust.makers
                   ? " (--trust says who makes cameras)"
                   : "");
}

static void print_summary(verification *self, uint32_t number, const svms_camera_summary *summary)
{
    checked_track *track = &self->tracks[number];
    camera_reasons why = camera_reason_words(summary->reasons);
    (void)end_run(track);
    if (track->told > track->listed) {
        print_line(stdout, "  and %" PRIu64 " more (--json lists them)",
                   track->told - track->listed);
    }
    print_line(stdout, "Track %-8" PRIu32 "%s", number,
               name_of_codec(self->video.tracks[number].codec).text);
    print_line(stdout,
               "Frames        %" PRIu64 ", in %" PRIu64 " reports, of which %" PRIu64
               " authentic; %" PRIu64 " SEIs",
               summary->frames, summary->gops, summary->authentic_gops, summary->seis);
    print_camera(self, summary, track);
    if (summary->first_failed_frame != UINT64_MAX) {
        print_line(stdout, "First failure frame %" PRIu64 "%s", summary->first_failed_frame,
                   time_behind_comma(summary->first_failed_utc_ns).text);
    }
    print_line(stdout, "Verdict       %s%s", camera_verdict_title(summary->verdict),
               summary->verdict == SVMS_CAMERA_AUTHENTIC && !summary->trusted
                   ? ", BY NOBODY WHO IS TRUSTED"
                   : "");
    print_line(stdout, "              %s", camera_verdict_words(summary->verdict));
    if (why.text[0] != '\0') {
        print_line(stdout, "              Noticed: %s.", why.text);
    }
}

/* Adds what was found in one track to the whole. */
static exit_status show_track(verification *self, uint32_t number, json_t *list,
                              svms_camera_verdict *verdict, bool *trusted)
{
    svms_camera_summary summary;
    exit_status status = summary_of(&summary, self, number);
    if (status != EXIT_GOOD) {
        return status;
    }
    *verdict = camera_worse(*verdict, summary.verdict);
    *trusted = *trusted && summary.trusted;
    if (list) {
        json_t *entry =
            json_pack("{s:I, s:s, s:o, s:O}", "track", (json_int_t)number, "codec",
                      name_of_codec(self->video.tracks[number].codec).text, "summary",
                      camera_summary_to_json(&summary), "reports", self->tracks[number].reports);
        if (json_array_append_new(list, entry) != 0) {
            complain("out of memory");
            return EXIT_ENVIRONMENT;
        }
    } else if (!self->request->quiet) {
        print_summary(self, number, &summary);
    }
    return EXIT_GOOD;
}

static exit_status show(verification *self)
{
    svms_camera_verdict verdict = SVMS_CAMERA_PENDING;
    bool trusted = true;
    exit_status status = EXIT_GOOD;
    json_t *list = self->request->json ? json_array() : NULL;
    for (uint32_t i = 0; status == EXIT_GOOD && i < self->video.track_count; i++) {
        if (camera_check_of(self->check, i)) {
            status = show_track(self, i, list, &verdict, &trusted);
        }
    }
    bool is_good = verdict == SVMS_CAMERA_AUTHENTIC && trusted && !self->video.has_failed;
    if (status == EXIT_GOOD && self->request->json) {
        status = json_print(json_pack("{s:o, s:s, s:b, s:O, s:[s, s]}", "file",
                                      json_text(self->request->path), "verdict",
                                      svms_camera_verdict_name(verdict), "trusted", (int)trusted,
                                      "tracks", list, "not_covered", "parameter sets", "audio"));
    } else if (status == EXIT_GOOD && !self->request->quiet) {
        print_line(stdout, "Not covered   parameter sets and audio: cameras do not sign them in "
                           "this format");
    }
    json_decref(list);
    return status == EXIT_GOOD && !is_good ? EXIT_EVIDENCE : status;
}

static exit_status verify(verification *self)
{
    const verify_request *request = self->request;
    exit_status status = make_context(&self->ctx);
    if (status == EXIT_GOOD) {
        status = camera_trust_load(&self->trust, self->ctx, &request->trust);
    }
    if (status == EXIT_GOOD) {
        status = camsign_video_open(&self->video, self->ctx, request->path, &request->keys,
                                    request->start_utc_ns);
    }
    if (status == EXIT_GOOD) {
        status = make_check(self);
    }
    if (status == EXIT_GOOD && !request->json && !request->quiet) {
        print_line(stdout, "Video         %s", request->path);
    }
    if (status == EXIT_GOOD) {
        interrupt_watch();
        status = validate(self);
    }
    if (status == EXIT_GOOD) {
        status = show(self);
    }
    for (uint32_t i = 0; i < SVMS_MAX_TRACKS; i++) {
        json_decref(self->tracks[i].reports);
    }
    camera_check_free(&self->check);
    camsign_video_close(&self->video);
    camera_trust_free(&self->trust);
    svms_ctx_free(&self->ctx);
    return status;
}

#define AT(field) offsetof(verify_request, field), NULL, 0, 0

static const option_spec options[] = {
    { "trust", "CA", "CA certificates of makers of cameras (PEM); without, nobody is trusted",
      OPTION_TEXT, AT(trust.makers) },
    { "camera-certificate", "PEM", "the camera's certificates, where the video has lost them",
      OPTION_TEXT, AT(trust.certificate) },
    { "user-trust", "CA", "CA certificates of keys that users put into cameras (PEM)", OPTION_TEXT,
      AT(trust.users) },
    { "crl", "FILE", "certificate revocation lists (PEM or DER)", OPTION_TEXT, AT(trust.crl) },
    { "attested", "T", "when all of it is known to have existed (RFC 3339)", OPTION_TIME,
      AT(attested_utc_ns) },
    { "accept-claimed-time", NULL,
      "believe the camera's clock when its certificate has expired since", OPTION_FLAG,
      AT(claimed_time) },
    { "expect-signed", NULL, "the camera is known to sign: without signatures it was stripped",
      OPTION_FLAG, AT(trust.is_signed) },
    { "start", "T", "of a media file: when its first picture was captured (RFC 3339)", OPTION_TIME,
      AT(start_utc_ns) },
    { "password-file", "FILE", "open a recording with the first line of FILE", OPTION_TEXT,
      AT(keys.password_file) },
    { "password-prompt", NULL, "open a recording with a password that is asked for", OPTION_FLAG,
      AT(keys.password_prompt) },
    { "identity", "KEY", "open a recording with this private key (PEM)", OPTION_TEXT,
      AT(keys.identity) },
    { "kek", "FILE", "open a recording with this key-encryption key", OPTION_TEXT, AT(keys.kek) },
    { "keys", "KEYS", "open what was disclosed in KEYS", OPTION_TEXT, AT(keys.disclosure) },
    { "json", NULL, "print one JSON object", OPTION_FLAG, AT(json) },
    { "quiet", NULL, "print nothing; the exit status is the answer", OPTION_FLAG, AT(quiet) },
};

static const command_line line = {
    COMMAND,
    "FILE --trust CA [options]",
    "Says of each group of pictures whether it is what the camera signed. FILE is a clear video "
    "or\n"
    "a recording. Parameter sets and audio are not covered by such signatures.",
    options,
    sizeof options / sizeof options[0],
    "FILE",
    offsetof(verify_request, path)
};

exit_status command_camsign_verify(int count, char **arguments)
{
    verify_request request;
    verification self;
    memset(&request, 0, sizeof request);
    memset(&self, 0, sizeof self);
    request.attested_utc_ns = SVMS_NO_TIME;
    request.start_utc_ns = SVMS_NO_TIME;
    self.request = &request;
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (request.json && request.quiet) {
        return usage_error(COMMAND, "--json and --quiet contradict each other");
    }
    if (request.trust.crl && !camera_trust_is_given(&request.trust)) {
        return usage_error(COMMAND, "--crl belongs to --trust or --user-trust");
    }
    return verify(&self);
}
