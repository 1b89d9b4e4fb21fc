/* SPDX-License-Identifier: Apache-2.0 */
/* svms export stills: the picture that was shown at a time, and its provenance beside it. */
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>
#include <svms/svms.h>

#include "clear_file.h"
#include "export_command.h"
#include "export_inputs.h"
#include "export_profile.h"
#include "file.h"
#include "head_text.h"
#include "interrupt.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"
#include "private_file.h"
#include "proof_maker.h"
#include "recording.h"
#include "still_picture.h"
#include "still_search.h"

#define COMMAND "export stills"
#define PROOF_SUFFIX ".proof"
#define NO_TRACK UINT32_MAX

typedef struct stills_request {
    const char *path;
    const char *output;
    typed_inputs typed;
    int64_t at_utc_ns;
    uint32_t track;
    key_options keys;
    proof_options proof;
    const char *profile_path;
    bool force;
    bool json;
    bool quiet;
} stills_request;

typedef struct still_export {
    const stills_request *request;
    still_format format;
    svms_ctx *ctx;
    key_set keys;
    proof_maker maker;
    export_inputs inputs;
    const export_input *input; /* that holds the picture */
    recording file;
    svms_reader *reader;
    svms_track track;
    still_place place;
    bool as_it_is; /* the sample is the picture */
    svms_export_period period;
    private_file picture;
    clear_file clear;
    char *profile;
    char *output;
    char *proof_path;
} still_export;

static exit_status apply_profile(still_export *self)
{
    const stills_request *request = self->request;
    const proof_options *said = &request->proof;
    svms_profile_request wanted = SVMS_PROFILE_REQUEST_INIT;
    if (!request->profile_path) {
        self->output = path_with_suffix(request->output, "");
        return self->output ? EXIT_GOOD : EXIT_ENVIRONMENT;
    }
    char *folder = export_profile_folder_of(request->output);
    if (!folder) {
        return EXIT_ENVIRONMENT;
    }
    wanted.given = UINT32_C(1) << SVMS_PROFILE_FORMATS | UINT32_C(1) << SVMS_PROFILE_DESTINATIONS;
    wanted.format = self->format == STILL_PNG ? SVMS_FORMAT_PNG : SVMS_FORMAT_JPEG;
    wanted.sealed = 0;
    wanted.proof = 1;
    wanted.time_stamp = said->tsa ? 1 : 0;
    wanted.signer = self->maker.key;
    wanted.from_utc_ns = request->at_utc_ns;
    wanted.to_utc_ns = request->at_utc_ns + 1;
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
    self->output = export_profile_output(&wanted, request->output);
    return self->output ? EXIT_GOOD : EXIT_ENVIRONMENT;
}

static exit_status check_outputs(still_export *self)
{
    bool replace = self->request->force;
    self->proof_path = path_with_suffix(self->output, PROOF_SUFFIX);
    if (!self->proof_path) {
        return EXIT_ENVIRONMENT;
    }
    const typed_inputs *typed = &self->request->typed;
    exit_status status = options_check_output(typed, self->output, replace);
    return status == EXIT_GOOD ? options_check_output(typed, self->proof_path, replace) : status;
}

/* The container that was being written at the time; of several the one that goes further. */
static exit_status find_input(still_export *self)
{
    const stills_request *request = self->request;
    static const text_list no_devices;
    char *path = path_with_suffix(request->path, "");
    const operand_list operands = { &path, 1 };
    const export_selection selection = {
        COMMAND, &operands, &no_devices, self->keys.ring, request->at_utc_ns, request->at_utc_ns + 1
    };
    exit_status status =
        path ? export_inputs_find(&self->inputs, self->ctx, &selection) : EXIT_ENVIRONMENT;
    free(path);
    for (size_t i = 0; status == EXIT_GOOD && i < self->inputs.count; i++) {
        const export_input *input = &self->inputs.items[i];
        if (!self->input || input->last_utc_ns > self->input->last_utc_ns) {
            self->input = input;
        }
    }
    return status;
}

static exit_status choose_track(still_export *self)
{
    const export_input *input = self->input;
    uint32_t track = self->request->track;
    svms_error err = SVMS_ERROR_INIT;
    for (uint32_t i = 0; i < input->track_count && track == NO_TRACK; i++) {
        track = input->kinds[i] == SVMS_TRACK_VIDEO ? i : NO_TRACK;
    }
    if (track >= input->track_count || input->kinds[track] != SVMS_TRACK_VIDEO) {
        return usage_error(COMMAND, "%s has no such video track", input->path);
    }
    if (svms_reader_get_track(self->reader, track, &self->track, &err) != SVMS_OK) {
        return complain_error(&err, "cannot describe track %" PRIu32, track);
    }
    self->place.track = track;
    self->as_it_is = self->track.codec == SVMS_CODEC_MJPEG && self->format == STILL_JPEG;
    return EXIT_GOOD;
}

static exit_status open_input(still_export *self)
{
    svms_reader_options options = SVMS_READER_OPTIONS_INIT;
    options.recheck = 1;
    exit_status status = recording_open(&self->file, self->ctx, self->input->path);
    if (status == EXIT_GOOD) {
        status = recording_read(&self->reader, &self->file, self->ctx, &options, &self->keys, true);
    }
    if (status == EXIT_GOOD) {
        status = choose_track(self);
    }
    return status == EXIT_GOOD ? still_find(&self->place, self->reader, self->place.track,
                                            self->request->at_utc_ns, self->file.path)
                               : status;
}

static exit_status prepare(still_export *self)
{
    const stills_request *request = self->request;
    exit_status status = make_context(&self->ctx);
    if (status == EXIT_GOOD) {
        status = proof_maker_load(&self->maker, self->ctx, &request->proof);
    }
    if (status == EXIT_GOOD) {
        status = apply_profile(self);
    }
    if (status == EXIT_GOOD) {
        status = check_outputs(self);
    }
    if (status == EXIT_GOOD) {
        status = key_set_load(&self->keys, self->ctx, &request->keys);
    }
    if (status == EXIT_GOOD) {
        status = find_input(self);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    interrupt_watch();
    return open_input(self);
}

/* Of the recording only hashes go into the proof, unless the picture is a sample. */
static exit_status prove(still_export *self)
{
    const still_place *place = &self->place;
    svms_export_source what = SVMS_EXPORT_SOURCE_INIT;
    what.keys = self->keys.ring;
    what.from_utc_ns = self->as_it_is ? place->utc_ns : place->first_utc_ns;
    what.to_utc_ns = place->utc_ns + 1;
    what.presented = self->as_it_is ? SVMS_PRESENTED_ONE : SVMS_PRESENTED_NONE;
    what.presented_track = self->as_it_is ? place->track : 0;
    what.presented_segment = self->as_it_is ? place->segment : 0;
    what.presented_sample = self->as_it_is ? place->index : 0;
    exit_status status = proof_maker_begin(&self->maker, self->proof_path);
    return status == EXIT_GOOD ? proof_maker_add(&self->maker, self->input, &what, &self->period)
                               : status;
}

static bool is_picture(const still_export *self, const svms_sample *sample, uint64_t index)
{
    return sample->segment == self->place.segment && index == self->place.index;
}

/* Samples of the track from where decoding begins; done when the picture is there, or cannot come
 * any more. */
static exit_status take_samples(still_export *self, still_decoder *decoder)
{
    const still_place *place = &self->place;
    svms_error err = SVMS_ERROR_INIT;
    uint64_t segment = SVMS_NO_SEGMENT;
    uint64_t index = 0;
    exit_status status = EXIT_GOOD;
    svms_status read = svms_reader_seek(self->reader, place->decode_from_utc_ns, &err);
    while (read == SVMS_OK && status == EXIT_GOOD) {
        svms_sample sample = SVMS_SAMPLE_INIT;
        read = svms_reader_next(self->reader, &sample, &err);
        if (read != SVMS_OK || sample.segment > place->segment) {
            break;
        }
        if (sample.track != place->track) {
            continue;
        }
        index = sample.segment == segment ? index + 1 : 0;
        segment = sample.segment;
        if (!decoder && is_picture(self, &sample, index)) {
            return still_write_bytes(sample.data, sample.size, self->picture.path);
        }
        if (decoder) {
            status = still_decoder_feed(decoder, &sample, place->pts);
        }
        if (decoder && still_decoder_has_picture(decoder)) {
            return status;
        }
    }
    if (read != SVMS_OK && read != SVMS_END && read != SVMS_AGAIN) {
        return complain_error(&err, "cannot read %s", self->file.path);
    }
    return status;
}

static exit_status write_picture(still_export *self)
{
    still_decoder *decoder = NULL;
    exit_status status = private_file_make(&self->picture, self->output, "picture");
    if (status != EXIT_GOOD || self->as_it_is) {
        return status == EXIT_GOOD ? take_samples(self, NULL) : status;
    }
    status = still_decoder_open(&decoder, &self->track);
    if (status == EXIT_GOOD) {
        status = take_samples(self, decoder);
    }
    if (status == EXIT_GOOD && !still_decoder_has_picture(decoder)) {
        status = still_decoder_end(decoder, self->place.pts);
    }
    if (status == EXIT_GOOD && !still_decoder_has_picture(decoder)) {
        complain("the picture cannot be decoded");
        status = EXIT_ENVIRONMENT;
    }
    if (status == EXIT_GOOD) {
        status = still_write_picture(decoder, self->format, self->picture.path);
    }
    still_decoder_close(&decoder);
    return status;
}

static exit_status sign(still_export *self)
{
    const still_place *place = &self->place;
    svms_export_presentation presentation = SVMS_EXPORT_PRESENTATION_INIT;
    const svms_export_track_pair pair = { place->track, 0 };
    const svms_export_origin origin = { 0, place->track,
                                        self->as_it_is ? place->segment : place->first_segment,
                                        place->segment, place->utc_ns };
    presentation.name = proof_file_name(self->output);
    presentation.media_type = self->format == STILL_PNG ? "image/png" : "image/jpeg";
    presentation.track_count = self->as_it_is ? 1 : 0;
    presentation.tracks = self->as_it_is ? &pair : NULL;
    presentation.method = self->as_it_is ? "taken as it was recorded" : "decoded";
    presentation.tool = "svms " SVMS_VERSION_TEXT;
    presentation.origins = &origin;
    presentation.origin_count = 1;
    return proof_maker_finish(&self->maker, self->picture.path, &presentation);
}

static exit_status say_json(const still_export *self)
{
    const still_place *place = &self->place;
    json_t *object = json_pack(
        "{s:s, s:o, s:I, s:o, s:o, s:o, s:I, s:I, s:I, s:b, s:o, s:o}", "format",
        self->format == STILL_PNG ? "png" : "jpeg", "file", json_text(self->output), "bytes",
        (json_int_t)self->clear.bytes, "sha256",
        json_hex(self->clear.digest, sizeof self->clear.digest), "time", json_time(place->utc_ns),
        "device_id", json_hex(self->period.device_id, sizeof self->period.device_id), "track",
        (json_int_t)place->track, "segment", (json_int_t)place->segment, "sample",
        (json_int_t)place->index, "decoded", self->as_it_is ? 0 : 1, "profile",
        json_text(self->profile), "case", clear_case_to_json(&self->request->proof, self->profile));
    return json_print(
        clear_join(object, clear_proof_to_json(self->proof_path, &self->maker.result)));
}

static exit_status say(const still_export *self)
{
    char time[SVMS_TIME_TEXT_SIZE];
    const svms_export_result *result = &self->maker.result;
    const still_place *place = &self->place;
    svms_time_format(place->utc_ns, time);
    if (self->request->json) {
        return say_json(self);
    }
    if (!self->request->quiet) {
        print_line(stdout, "Picture       %s", self->output);
        print_line(stdout, "              recorded at %s, track %" PRIu32 ", segment %" PRIu64,
                   time, place->track, place->segment);
        print_line(stdout, "              %s",
                   self->as_it_is ? "as it was recorded, byte for byte" : "decoded");
        print_line(stdout, "Proof         %s", self->proof_path);
        print_line(stdout, "Receipt       %s",
                   head_text_of(result->head, sizeof result->head).text);
    }
    return EXIT_GOOD;
}

static exit_status run(still_export *self)
{
    exit_status status = prepare(self);
    if (status == EXIT_GOOD) {
        status = prove(self);
    }
    if (status == EXIT_GOOD) {
        status = write_picture(self);
    }
    if (status == EXIT_GOOD) {
        status = sign(self);
    }
    if (status == EXIT_GOOD) {
        status = clear_file_measure(&self->clear, self->picture.path, self->output);
    }
    if (status == EXIT_GOOD) {
        status = proof_maker_publish(&self->maker, &self->picture, self->request->force);
    }
    if (status == EXIT_GOOD) {
        status = say(self);
    }
    return status == EXIT_GOOD && self->maker.doubtful ? EXIT_EVIDENCE : status;
}

static exit_status export_still(const stills_request *request, still_format format)
{
    const svms_track track = SVMS_TRACK_INIT;
    const svms_export_period period = SVMS_EXPORT_PERIOD_INIT;
    still_export *self = calloc(1, sizeof *self);
    if (!self) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    self->request = request;
    self->format = format;
    self->track = track;
    self->period = period;
    exit_status status = run(self);
    proof_maker_discard(&self->maker);
    private_file_discard(&self->picture);
    svms_reader_close(&self->reader);
    recording_close(&self->file);
    export_inputs_free(&self->inputs);
    key_set_free(&self->keys);
    svms_ctx_free(&self->ctx);
    free(self->profile);
    free(self->output);
    free(self->proof_path);
    free(self);
    return status;
}

#define AT(field) offsetof(stills_request, field), NULL, 0, 0

static const option_spec options[] = {
    { "at", "T", "the time of the picture (RFC 3339)", OPTION_TIME, AT(at_utc_ns) },
    { "out", "X.png|X.jpg", "the file to write; its proof is X.png.proof or X.jpg.proof",
      OPTION_TEXT, AT(output) },
    { "track", "N", "the video track, if not the first", OPTION_COUNT,
      offsetof(stills_request, track), NULL, 0, 31 },
    { "password-file", "FILE", "password that opens the recording: first line of FILE", OPTION_TEXT,
      AT(keys.password_file) },
    { "password-prompt", NULL, "ask for the password on the terminal", OPTION_FLAG,
      AT(keys.password_prompt) },
    { "identity", "KEY", "private key that opens the recording (PEM)", OPTION_TEXT,
      AT(keys.identity) },
    { "kek", "FILE", "key-encryption key that opens the recording", OPTION_TEXT, AT(keys.kek) },
    { "keys", "KEYS", "open what was disclosed in KEYS", OPTION_TEXT, AT(keys.disclosure) },
    { "trust", "CA", "CA certificates (PEM) that vouch for the recorder", OPTION_TEXT,
      AT(proof.trust_path) },
    { "crl", "FILE", "certificate revocation lists (PEM or DER)", OPTION_TEXT, AT(proof.crl_path) },
    { "accept-claimed-time", NULL, "believe a recorder's clock when its certificate has expired",
      OPTION_FLAG, AT(proof.claimed_time) },
    { "signer", "CERT", "certificate of the exporter who signs (PEM)", OPTION_TEXT,
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
    { "note", "TEXT", "what is signed with the picture", OPTION_TEXT, AT(proof.note) },
    { "profile", "FILE", "export profile (JSON) to follow", OPTION_TEXT, AT(profile_path) },
    { "force", NULL, "replace older files when the new ones are complete", OPTION_FLAG, AT(force) },
    { "json", NULL, "print what was exported as one JSON object", OPTION_FLAG, AT(json) },
    { "quiet", NULL, "print nothing when all is well", OPTION_FLAG, AT(quiet) },
};

static const command_line line = {
    COMMAND,
    "FILE|DIR --at T --out X.png --signer CERT --signer-key KEY --trust CA ...",
    "Writes the picture that was shown at a time, and beside it a proof of where it comes from, "
    "which\n'svms verify-proof' verifies. JPEG video gives a .jpg as it was recorded.",
    options,
    sizeof options / sizeof options[0],
    "FILE",
    offsetof(stills_request, path)
};

static bool ends_with(const char *path, const char *suffix)
{
    size_t size = strlen(path);
    size_t end = strlen(suffix);
    return size > end && strcasecmp(path + size - end, suffix) == 0;
}

static exit_status check(const stills_request *request, still_format *format)
{
    const char *output = request->output ? request->output : "";
    bool png = ends_with(output, ".png");
    if (!png && !ends_with(output, ".jpg") && !ends_with(output, ".jpeg")) {
        return usage_error(COMMAND, "--out is missing, or ends with none of .png, .jpg and .jpeg");
    }
    if (request->at_utc_ns == SVMS_NO_TIME) {
        return usage_error(COMMAND, "--at is missing");
    }
    if (request->json && request->quiet) {
        return usage_error(COMMAND, "--json and --quiet contradict each other");
    }
    if (!request->proof.signer && !request->proof.signer_key) {
        complain("nobody would sign the picture: give --signer and --signer-key");
        return EXIT_POLICY;
    }
    if (!request->proof.signer || !request->proof.signer_key) {
        return usage_error(COMMAND, "--signer and --signer-key belong together");
    }
    if (!request->proof.trust_path) {
        return usage_error(COMMAND, "--trust is missing: without it no recorder is trusted, and "
                                    "there is nothing to prove");
    }
    *format = png ? STILL_PNG : STILL_JPEG;
    return EXIT_GOOD;
}

exit_status command_export_stills(int count, char **arguments)
{
    stills_request request;
    still_format format = STILL_PNG;
    memset(&request, 0, sizeof request);
    request.at_utc_ns = SVMS_NO_TIME;
    request.track = NO_TRACK;
    request.typed = (typed_inputs){ &line, &request, false };
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    exit_status status = check(&request, &format);
    return status == EXIT_GOOD ? export_still(&request, format) : status;
}
