/* SPDX-License-Identifier: Apache-2.0 */
/* svms export mp4: a clear MP4 file, and a proof beside it. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>
#include <svms/svms.h>

#include "clear_file.h"
#include "export_command.h"
#include "export_inputs.h"
#include "export_mp4_samples.h"
#include "export_profile.h"
#include "extract.h"
#include "file.h"
#include "head_text.h"
#include "interrupt.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"
#include "package_report.h"
#include "private_file.h"
#include "proof_maker.h"

#define COMMAND "export mp4"

typedef struct mp4_request {
    extract_request extract; /* its output is the final one until the work begins */
    proof_options proof;
    const char *proof_path;
    const char *profile_path;
    text_list without_tracks;
    bool json;
    bool quiet;
} mp4_request;

typedef struct mp4_export {
    const mp4_request *request;
    svms_ctx *ctx;
    key_set keys;
    proof_maker maker;
    private_file media;
    export_inputs inputs;
    svms_export_period *periods;
    uint32_t removed_tracks;
    media_output_track tracks[SVMS_MAX_TRACKS];
    extract_result extracted; /* without a proof */
    clear_file clear;
    char *profile;    /* name of the profile, or NULL */
    char *output;     /* where the profile says it goes */
    char *proof_path; /* likewise */
} mp4_export;

static exit_status apply_profile(mp4_export *self)
{
    const mp4_request *request = self->request;
    const proof_options *said = &request->proof;
    svms_profile_request wanted = SVMS_PROFILE_REQUEST_INIT;
    if (!request->profile_path) {
        self->output = path_with_suffix(request->extract.output, "");
        self->proof_path = request->proof_path ? path_with_suffix(request->proof_path, "") : NULL;
        return self->output && (self->proof_path || !request->proof_path) ? EXIT_GOOD
                                                                          : EXIT_ENVIRONMENT;
    }
    char *folder = export_profile_folder_of(request->extract.output);
    if (!folder) {
        return EXIT_ENVIRONMENT;
    }
    wanted.given = UINT32_C(1) << SVMS_PROFILE_FORMATS | UINT32_C(1) << SVMS_PROFILE_DESTINATIONS;
    wanted.format = SVMS_FORMAT_MP4;
    wanted.sealed = 0;
    wanted.proof = request->proof_path ? 1 : 0;
    wanted.time_stamp = said->tsa ? 1 : 0;
    wanted.removed_tracks = (uint32_t)request->without_tracks.count;
    wanted.signer = self->maker.key;
    wanted.from_utc_ns = request->extract.from_utc_ns;
    wanted.to_utc_ns = request->extract.to_utc_ns;
    wanted.destination = folder;
    wanted.case_number = said->case_number;
    wanted.operator_name = said->operator_name;
    wanted.reason = said->reason;
    wanted.comment = said->comment;
    exit_status status =
        export_profile_apply(&self->profile, &wanted, self->ctx, request->profile_path);
    free(folder);
    if (status != EXIT_GOOD) {
        return status;
    }
    self->maker.profile = self->profile;
    self->output = export_profile_output(&wanted, request->extract.output);
    self->proof_path =
        request->proof_path ? export_profile_output(&wanted, request->proof_path) : NULL;
    return self->output && (self->proof_path || !request->proof_path) ? EXIT_GOOD
                                                                      : EXIT_ENVIRONMENT;
}

static exit_status check_outputs(const mp4_export *self)
{
    bool replace = self->request->extract.force;
    const typed_inputs *typed = &self->request->extract.typed;
    exit_status status = options_check_output(typed, self->output, replace);
    if (status != EXIT_GOOD || !self->proof_path) {
        return status;
    }
    /* Where a profile says where they go, only now the two may have come to be one. */
    if (file_is_same_place(self->output, self->proof_path)) {
        return usage_error(COMMAND, "--proof and --out name the same file");
    }
    return options_check_output(typed, self->proof_path, replace);
}

static exit_status find_inputs(mp4_export *self)
{
    const mp4_request *request = self->request;
    static const text_list no_devices;
    char *path = path_with_suffix(request->extract.path, "");
    const operand_list operands = { &path, 1 };
    const export_selection selection = { COMMAND,
                                         &operands,
                                         &no_devices,
                                         self->keys.ring,
                                         request->extract.from_utc_ns,
                                         request->extract.to_utc_ns };
    exit_status status =
        path ? export_inputs_find(&self->inputs, self->ctx, &selection) : EXIT_ENVIRONMENT;
    free(path);
    if (status == EXIT_GOOD) {
        status = export_removed_tracks(&self->removed_tracks, &self->inputs.items[0],
                                       &request->without_tracks, COMMAND);
    }
    return status;
}

static exit_status prepare(mp4_export *self)
{
    const mp4_request *request = self->request;
    exit_status status = make_context(&self->ctx);
    if (status == EXIT_GOOD && request->proof_path) {
        status = proof_maker_load(&self->maker, self->ctx, &request->proof);
    }
    if (status == EXIT_GOOD) {
        status = apply_profile(self);
    }
    if (status == EXIT_GOOD) {
        status = check_outputs(self);
    }
    if (status == EXIT_GOOD) {
        status = key_set_load(&self->keys, self->ctx, &request->extract.keys);
    }
    if (status == EXIT_GOOD) {
        status = find_inputs(self);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    interrupt_watch();
    return private_file_make(&self->media, self->output, "clear.mp4");
}

/* Without a proof it is what svms extract gets, but nothing that does not verify. */
static exit_status extract_only(mp4_export *self)
{
    extract_request extract = self->request->extract;
    extract.output = self->media.path;
    extract.shown = self->output;
    extract.removed_tracks = self->removed_tracks;
    exit_status status = extract_recording(&extract, &self->extracted);
    if (status == EXIT_EVIDENCE) {
        complain("%s was not written: not everything that was asked for verifies", self->output);
    }
    return status;
}

static exit_status add_sources(mp4_export *self)
{
    const svms_export_period blank = SVMS_EXPORT_PERIOD_INIT;
    exit_status status = EXIT_GOOD;
    self->periods = calloc(self->inputs.count, sizeof *self->periods);
    if (!self->periods) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    for (size_t i = 0; i < self->inputs.count && status == EXIT_GOOD; i++) {
        svms_export_source what = SVMS_EXPORT_SOURCE_INIT;
        what.keys = self->keys.ring;
        what.removed_tracks = self->removed_tracks;
        what.from_utc_ns = self->request->extract.from_utc_ns;
        what.to_utc_ns = self->request->extract.to_utc_ns;
        self->periods[i] = blank;
        self->periods[i].number = (uint32_t)i;
        status = proof_maker_add(&self->maker, &self->inputs.items[i], &what, &self->periods[i]);
    }
    return status;
}

static exit_status write_media(mp4_export *self)
{
    mp4_job job = { 0 };
    job.ctx = self->ctx;
    job.keys = self->keys.ring;
    job.inputs = &self->inputs;
    job.periods = self->periods;
    job.removed_tracks = self->removed_tracks;
    job.from_zero = self->request->extract.from_utc_ns != SVMS_NO_TIME;
    job.path = self->media.path;
    job.shown = self->output;
    return mp4_write_samples(&job, self->tracks);
}

static exit_status sign(mp4_export *self)
{
    const export_input *first = &self->inputs.items[0];
    svms_export_presentation presentation = SVMS_EXPORT_PRESENTATION_INIT;
    svms_export_track_pair pairs[SVMS_MAX_TRACKS];
    bool pictures = false;
    for (uint32_t i = 0; i < first->track_count; i++) {
        if (self->tracks[i].number != 0) {
            pairs[presentation.track_count].track = i;
            pairs[presentation.track_count++].presentation_track = self->tracks[i].number;
            pictures = pictures || first->kinds[i] == SVMS_TRACK_VIDEO;
        }
    }
    presentation.name = proof_file_name(self->output);
    presentation.media_type = pictures ? "video/mp4" : "audio/mp4";
    presentation.tracks = pairs;
    return proof_maker_finish(&self->maker, self->media.path, &presentation);
}

static exit_status make_both(mp4_export *self)
{
    uint32_t left_out = 0;
    exit_status status =
        mp4_tracks_left_out(&left_out, self->ctx, &self->inputs.items[0], self->removed_tracks);
    self->removed_tracks |= left_out;
    if (status == EXIT_GOOD) {
        status = proof_maker_begin(&self->maker, self->proof_path);
    }
    if (status == EXIT_GOOD) {
        status = add_sources(self);
    }
    if (status == EXIT_GOOD) {
        status = write_media(self);
    }
    return status == EXIT_GOOD ? sign(self) : status;
}

static exit_status publish(mp4_export *self)
{
    bool replace = self->request->extract.force;
    return self->proof_path ? proof_maker_publish(&self->maker, &self->media, replace)
                            : private_file_publish(&self->media, replace);
}

static json_t *sources_to_json(const mp4_export *self)
{
    extract_request asked = self->request->extract;
    asked.removed_tracks = self->removed_tracks;
    return self->periods ? clear_periods_to_json(&self->inputs, self->periods)
                         : clear_inputs_to_json(&self->inputs, &asked, &self->extracted);
}

static exit_status say_json(const mp4_export *self)
{
    json_t *object =
        json_pack("{s:s, s:o, s:I, s:o, s:o, s:o, s:o}", "format", "mp4", "file",
                  json_text(self->output), "bytes", (json_int_t)self->clear.bytes, "sha256",
                  json_hex(self->clear.digest, sizeof self->clear.digest), "profile",
                  json_text(self->profile), "sources", sources_to_json(self), "case",
                  clear_case_to_json(&self->request->proof, self->profile));
    return json_print(
        clear_join(object, clear_proof_to_json(self->proof_path, &self->maker.result)));
}

static exit_status say(const mp4_export *self)
{
    const svms_export_result *result = &self->maker.result;
    if (self->request->json) {
        return say_json(self);
    }
    if (self->request->quiet) {
        return EXIT_GOOD;
    }
    print_line(stdout, "Video         %s", self->output);
    if (self->proof_path) {
        print_line(stdout, "Proof         %s", self->proof_path);
        print_line(stdout, "Receipt       %s",
                   head_text_of(result->head, sizeof result->head).text);
        print_line(stdout, "              'svms verify-proof' compares the two");
    } else {
        print_line(stdout, "              nobody can tell whether it is changed: --proof makes a "
                           "proof of it");
    }
    return EXIT_GOOD;
}

static exit_status measure(mp4_export *self)
{
    if (!self->request->json) {
        return EXIT_GOOD;
    }
    exit_status status = export_inputs_name(&self->inputs, self->ctx, self->keys.ring);
    return status == EXIT_GOOD ? clear_file_measure(&self->clear, self->media.path, self->output)
                               : status;
}

static exit_status run(mp4_export *self)
{
    exit_status status = prepare(self);
    if (status == EXIT_GOOD) {
        status = self->proof_path ? make_both(self) : extract_only(self);
    }
    if (status == EXIT_GOOD) {
        status = measure(self);
    }
    if (status == EXIT_GOOD) {
        status = publish(self);
    }
    if (status == EXIT_GOOD) {
        status = say(self);
    }
    bool lacks = self->maker.doubtful || self->inputs.incomplete;
    return status == EXIT_GOOD && lacks ? EXIT_EVIDENCE : status;
}

static exit_status export_mp4(const mp4_request *request)
{
    mp4_export *self = calloc(1, sizeof *self);
    if (!self) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    self->request = request;
    exit_status status = run(self);
    proof_maker_discard(&self->maker);
    private_file_discard(&self->media);
    export_inputs_free(&self->inputs);
    key_set_free(&self->keys);
    svms_ctx_free(&self->ctx);
    free(self->periods);
    free(self->profile);
    free(self->output);
    free(self->proof_path);
    free(self);
    return status;
}

#define AT(field) offsetof(mp4_request, field), NULL, 0, 0

static const option_spec options[] = {
    { "out", "X.mp4", "the file to write; it appears when it is complete", OPTION_TEXT,
      AT(extract.output) },
    { "proof", "F", "also write a proof of it; cuts by segment", OPTION_TEXT, AT(proof_path) },
    { "from", "T", "begin with the segment that holds T (RFC 3339)", OPTION_TIME,
      AT(extract.from_utc_ns) },
    { "to", "T", "end before T (RFC 3339); with --proof behind a whole segment", OPTION_TIME,
      AT(extract.to_utc_ns) },
    { "without-track", "N|KIND", "leave out a track, or all video, audio or metadata; repeatable",
      OPTION_LIST, AT(without_tracks) },
    { "password-file", "FILE", "password that opens the recording: first line of FILE", OPTION_TEXT,
      AT(extract.keys.password_file) },
    { "password-prompt", NULL, "ask for the password on the terminal", OPTION_FLAG,
      AT(extract.keys.password_prompt) },
    { "identity", "KEY", "private key that opens the recording (PEM)", OPTION_TEXT,
      AT(extract.keys.identity) },
    { "kek", "FILE", "key-encryption key that opens the recording", OPTION_TEXT,
      AT(extract.keys.kek) },
    { "keys", "KEYS", "open what was disclosed in KEYS", OPTION_TEXT, AT(extract.keys.disclosure) },
    { "trust", "CA", "CA certificates (PEM) that vouch for the recorder", OPTION_TEXT,
      AT(proof.trust_path) },
    { "crl", "FILE", "certificate revocation lists (PEM or DER)", OPTION_TEXT, AT(proof.crl_path) },
    { "accept-claimed-time", NULL, "believe a recorder's clock when its certificate has expired",
      OPTION_FLAG, AT(proof.claimed_time) },
    { "signer", "CERT", "certificate of the exporter who signs the proof (PEM)", OPTION_TEXT,
      AT(proof.signer) },
    { "signer-key", "KEY", "private key of that certificate (PEM)", OPTION_TEXT,
      AT(proof.signer_key) },
    { "tsa", "URL", "have this time stamp authority stamp the signature", OPTION_TEXT,
      AT(proof.tsa) },
    { "tsa-anchors", "CA", "CA certificates (PEM) of time stamp authorities that are trusted",
      OPTION_TEXT, AT(proof.anchors_path) },
    { "case", "TEXT", "number or name of the case", OPTION_TEXT, AT(proof.case_number) },
    { "operator", "TEXT", "who exports", OPTION_TEXT, AT(proof.operator_name) },
    { "reason", "TEXT", "why", OPTION_TEXT, AT(proof.reason) },
    { "comment", "TEXT", "anything else", OPTION_TEXT, AT(proof.comment) },
    { "audit-reference", "TEXT", "where the audit log has this export", OPTION_TEXT,
      AT(proof.audit_reference) },
    { "note", "TEXT", "what is signed with the proof", OPTION_TEXT, AT(proof.note) },
    { "profile", "FILE", "export profile (JSON) to follow", OPTION_TEXT, AT(profile_path) },
    { "force", NULL, "replace older files when the new ones are complete", OPTION_FLAG,
      AT(extract.force) },
    { "json", NULL, "print what was exported as one JSON object", OPTION_FLAG, AT(json) },
    { "quiet", NULL, "print nothing when all is well", OPTION_FLAG, AT(quiet) },
};

static const command_line line = {
    COMMAND,
    "FILE|DIR --out X.mp4 [--proof F --signer CERT --signer-key KEY] [options]",
    "Writes the video as a clear MP4 file, and with --proof what proves it: 'svms verify-proof' "
    "compares\nevery sample of it with the recorder's signatures. Refuses what does not verify.",
    options,
    sizeof options / sizeof options[0],
    "FILE",
    offsetof(mp4_request, extract.path)
};

static exit_status check_proof_options(const mp4_request *request)
{
    const proof_options *proof = &request->proof;
    if (!request->proof_path) {
        return proof->signer || proof->signer_key
                   ? usage_error(COMMAND, "--signer and --signer-key belong to --proof")
                   : EXIT_GOOD;
    }
    if (!proof->signer && !proof->signer_key) {
        complain("nobody would sign the proof: give --signer and --signer-key");
        return EXIT_POLICY;
    }
    if (!proof->signer || !proof->signer_key) {
        return usage_error(COMMAND, "--signer and --signer-key belong together");
    }
    if (!proof->trust_path) {
        return usage_error(COMMAND, "--trust is missing: without it no recorder is trusted, and "
                                    "there is nothing to prove");
    }
    return EXIT_GOOD;
}

static exit_status check(const mp4_request *request)
{
    const char *output = request->extract.output;
    size_t size = output ? strlen(output) : 0;
    if (size <= 4 || strcasecmp(output + size - 4, ".mp4") != 0) {
        return usage_error(COMMAND, "--out is missing, or does not end with .mp4");
    }
    if (request->extract.from_utc_ns != SVMS_NO_TIME &&
        request->extract.to_utc_ns != SVMS_NO_TIME &&
        request->extract.from_utc_ns >= request->extract.to_utc_ns) {
        return usage_error(COMMAND, "--from is not before --to");
    }
    if (request->json && request->quiet) {
        return usage_error(COMMAND, "--json and --quiet contradict each other");
    }
    return check_proof_options(request);
}

exit_status command_export_mp4(int count, char **arguments)
{
    mp4_request request;
    memset(&request, 0, sizeof request);
    request.extract.from_utc_ns = SVMS_NO_TIME;
    request.extract.to_utc_ns = SVMS_NO_TIME;
    request.extract.typed = (typed_inputs){ &line, &request, false };
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    exit_status status = check(&request);
    request.extract.trust_path = request.proof.trust_path;
    request.extract.claimed_time = request.proof.claimed_time;
    return status == EXIT_GOOD ? export_mp4(&request) : status;
}
