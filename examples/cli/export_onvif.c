/* SPDX-License-Identifier: Apache-2.0 */
/* svms export onvif: a recording as a signed MP4 file, for anybody's player and verifier. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <svms/svms.h>

#include "clear_file.h"
#include "export_command.h"
#include "export_inputs.h"
#include "export_profile.h"
#include "extract.h"
#include "file.h"
#include "interrupt.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"
#include "progress.h"

#define COMMAND "export onvif"
#define NS_PER_SECOND INT64_C(1000000000)

typedef struct onvif_request {
    extract_request extract; /* its output is as it was typed */
    const char *signer_path;
    const char *key_path;
    const char *unit_name;
    const char *unit_url;
    const char *unit_mac;
    const char *operator_name;
    const char *source_name;
    const char *source_url;
    const char *source_mac;
    const char *source_line;
    const char *note;
    const char *profile_path;
    text_list without_tracks;
    bool json;
} onvif_request;

/* The folder beside the output is for the owner alone; what lies in it goes in every case. */
typedef struct onvif_job {
    const onvif_request *request;
    svms_ctx *ctx;
    svms_chain *chain;
    svms_private_key *key;
    char *output; /* where it goes in the end */
    char *folder;
    char *clear;
    char *sealed;
    bool has_folder;
    char *profile; /* its name, or NULL */
    int64_t began_utc_ns;
    clear_file measured;
    export_inputs inputs; /* only where somebody wants to know, or tracks stay away */
    uint32_t removed_tracks;
    extract_result extracted;
    svms_onvif_track tracks[SVMS_MAX_TRACKS];
    svms_onvif_start starts[SVMS_MAX_TRACKS];
    uint32_t track_count;
    uint32_t start_count;
    progress bar;
    const char *doing;
} onvif_job;

static int on_progress(void *user, uint64_t done, uint64_t total)
{
    onvif_job *job = user;
    progress_show(&job->bar, done, total, job->doing);
    return interrupt_came() ? 1 : 0;
}

static exit_status make_folder(onvif_job *job)
{
    job->folder = path_with_suffix(job->output, ".XXXXXX");
    if (!job->folder) {
        return EXIT_ENVIRONMENT;
    }
    if (!mkdtemp(job->folder)) {
        return complain_system(errno, "cannot create %s", job->output);
    }
    job->has_folder = true;
    job->clear = path_join(job->folder, "clear.mp4");
    job->sealed = path_join(job->folder, "sealed.mp4");
    return job->clear && job->sealed ? EXIT_GOOD : EXIT_ENVIRONMENT;
}

static void remove_folder(onvif_job *job)
{
    if (job->clear) {
        unlink(job->clear);
    }
    if (job->sealed) {
        unlink(job->sealed);
    }
    if (job->has_folder && rmdir(job->folder) != 0) {
        complain_system(errno, "cannot remove %s", job->folder);
    }
}

static exit_status extract_clear(onvif_job *job)
{
    extract_request request = job->request->extract;
    request.shown = job->output;
    request.output = job->clear;
    request.removed_tracks = job->removed_tracks;
    return extract_recording(&request, &job->extracted);
}

static void describe_tracks(onvif_job *job)
{
    const onvif_request *request = job->request;
    const extract_result *extracted = &job->extracted;
    for (uint32_t i = 0; i < extracted->track_count; i++) {
        const media_output_track *written = &extracted->tracks[i];
        const svms_onvif_track blank = SVMS_ONVIF_TRACK_INIT;
        if (written->number == 0) {
            continue;
        }
        svms_onvif_track *track = &job->tracks[job->track_count++];
        *track = blank;
        track->track_id = written->number;
        track->name = request->source_name ? request->source_name : extracted->device_name;
        track->url = request->source_url;
        track->mac = request->source_mac;
        track->line = request->source_line;
        if (written->origin_utc_ns != SVMS_NO_TIME) {
            job->starts[job->start_count++] =
                (svms_onvif_start){ written->number, 0, written->origin_utc_ns };
        }
    }
}

static svms_onvif_seal_options seal_options(onvif_job *job)
{
    const onvif_request *request = job->request;
    svms_onvif_seal_options options = SVMS_ONVIF_SEAL_OPTIONS_INIT;
    options.tracks = job->tracks;
    options.track_count = job->track_count;
    options.starts = job->starts;
    options.start_count = job->start_count;
    options.chain = job->chain;
    options.key = job->key;
    options.unit_name = request->unit_name;
    options.unit_url = request->unit_url;
    options.unit_mac = request->unit_mac;
    options.export_operator = request->operator_name;
    options.note = request->note;
    options.export_utc_ns = job->began_utc_ns;
    options.user = job;
    options.progress = on_progress;
    return options;
}

static exit_status seal(onvif_job *job)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_source source = SVMS_SOURCE_INIT;
    svms_sink sink = SVMS_SINK_INIT;
    const svms_onvif_seal_options options = seal_options(job);
    svms_status status = svms_source_open_file(&source, job->ctx, job->clear, &err);
    if (status == SVMS_OK) {
        status = svms_sink_create_file(&sink, job->ctx, job->sealed, &err);
    }
    job->doing = "sealing";
    if (status == SVMS_OK) {
        status = svms_onvif_seal(job->ctx, &source, &sink, &options, &err);
    }
    progress_clear(&job->bar);
    svms_sink_close(&sink);
    svms_source_close(&source);
    if (status == SVMS_E_CANCELLED) {
        complain("interrupted; %s was not written", job->output);
        return EXIT_ENVIRONMENT;
    }
    return status == SVMS_OK ? EXIT_GOOD : complain_error(&err, "cannot seal %s", job->output);
}

/* What is handed out has been read back and found to be whole. */
static exit_status check(onvif_job *job)
{
    svms_error err = SVMS_ERROR_INIT;
    svms_source source = SVMS_SOURCE_INIT;
    svms_onvif_report *report = NULL;
    svms_onvif_summary summary = SVMS_ONVIF_SUMMARY_INIT;
    svms_onvif_verify_options options = SVMS_ONVIF_VERIFY_OPTIONS_INIT;
    options.user = job;
    options.progress = on_progress;
    job->doing = "checking";
    svms_status status = svms_source_open_file(&source, job->ctx, job->sealed, &err);
    if (status == SVMS_OK) {
        status = svms_onvif_verify(&report, job->ctx, &source, &options, &err);
    }
    progress_clear(&job->bar);
    bool whole = report && svms_onvif_report_summary(report, &summary, &err) == SVMS_OK &&
                 summary.signature_count == 1 && summary.integrity == SVMS_INTEGRITY_INTACT;
    svms_onvif_report_free(&report);
    svms_source_close(&source);
    if (whole) {
        return EXIT_GOOD;
    }
    if (status == SVMS_E_CANCELLED) {
        complain("interrupted; %s was not written", job->output);
    } else {
        complain_error(&err, "%s was not written: it does not verify", job->output);
    }
    return EXIT_ENVIRONMENT;
}

/* The format has one text: what is signed with the file counts as the comment. */
static exit_status apply_profile(onvif_job *job)
{
    const onvif_request *request = job->request;
    const extract_request *extract = &request->extract;
    svms_profile_request wanted = SVMS_PROFILE_REQUEST_INIT;
    if (!request->profile_path) {
        job->output = path_with_suffix(extract->output, "");
        return job->output ? EXIT_GOOD : EXIT_ENVIRONMENT;
    }
    char *folder = export_profile_folder_of(extract->output);
    if (!folder) {
        return EXIT_ENVIRONMENT;
    }
    wanted.given = UINT32_C(1) << SVMS_PROFILE_FORMATS | UINT32_C(1) << SVMS_PROFILE_DESTINATIONS;
    wanted.format = SVMS_FORMAT_ONVIF;
    wanted.sealed = 0;
    wanted.removed_tracks = (uint32_t)request->without_tracks.count;
    wanted.signer = job->key;
    wanted.from_utc_ns = extract->from_utc_ns;
    wanted.to_utc_ns = extract->to_utc_ns;
    wanted.destination = folder;
    wanted.operator_name = request->operator_name;
    wanted.comment = request->note;
    exit_status status =
        export_profile_apply(&job->profile, &wanted, job->ctx, request->profile_path);
    free(folder);
    if (status != EXIT_GOOD) {
        return status;
    }
    job->output = export_profile_output(&wanted, extract->output);
    return job->output ? EXIT_GOOD : EXIT_ENVIRONMENT;
}

static exit_status find_inputs(onvif_job *job)
{
    const onvif_request *request = job->request;
    static const text_list no_devices;
    if (!request->json && request->without_tracks.count == 0) {
        return EXIT_GOOD;
    }
    char *path = path_with_suffix(request->extract.path, "");
    const operand_list operands = { &path, 1 };
    const export_selection selection = { COMMAND,
                                         &operands,
                                         &no_devices,
                                         NULL,
                                         request->extract.from_utc_ns,
                                         request->extract.to_utc_ns };
    exit_status status =
        path ? export_inputs_find(&job->inputs, job->ctx, &selection) : EXIT_ENVIRONMENT;
    free(path);
    return status == EXIT_GOOD ? export_removed_tracks(&job->removed_tracks, &job->inputs.items[0],
                                                       &request->without_tracks, COMMAND)
                               : status;
}

static exit_status prepare(onvif_job *job)
{
    const onvif_request *request = job->request;
    exit_status status = make_context(&job->ctx);
    if (status == EXIT_GOOD) {
        status = load_private_key(&job->key, job->ctx, request->key_path);
    }
    if (status == EXIT_GOOD) {
        status = apply_profile(job);
    }
    if (status == EXIT_GOOD) {
        status = options_check_output(&request->extract.typed, job->output, request->extract.force);
    }
    if (status == EXIT_GOOD) {
        status = load_chain(&job->chain, job->ctx, request->signer_path);
    }
    if (status == EXIT_GOOD) {
        status = find_inputs(job);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    interrupt_watch();
    progress_begin(&job->bar);
    return make_folder(job);
}

/* A recording is of one device, and its name may be known to who has keys only. */
static exit_status name_inputs(onvif_job *job)
{
    for (size_t i = 0; i < job->inputs.count; i++) {
        export_input *input = &job->inputs.items[i];
        if (!input->device_name) {
            input->device_name = path_with_suffix(job->extracted.device_name, "");
        }
        if (!input->device_name) {
            return EXIT_ENVIRONMENT;
        }
    }
    return EXIT_GOOD;
}

/* Whose recordings these are, and what has been made of them. */
static exit_status find_out(onvif_job *job)
{
    exit_status status = EXIT_GOOD;
    if (!job->request->json) {
        return EXIT_GOOD;
    }
    if (job->extracted.device_name[0] != '\0') {
        status = name_inputs(job);
    }
    return status == EXIT_GOOD ? clear_file_measure(&job->measured, job->sealed, job->output)
                               : status;
}

static exit_status say_json(const onvif_job *job)
{
    const onvif_request *request = job->request;
    return json_print(
        json_pack("{s:s, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "format", "onvif", "file",
                  json_text(job->output), "bytes", (json_int_t)job->measured.bytes, "sha256",
                  json_hex(job->measured.digest, sizeof job->measured.digest), "exported",
                  json_time(job->began_utc_ns), "signer", json_text(svms_chain_subject(job->chain)),
                  "operator", json_text(request->operator_name), "note", json_text(request->note),
                  "profile", json_text(job->profile), "sources",
                  clear_inputs_to_json(&job->inputs, &request->extract, &job->extracted)));
}

static exit_status run(onvif_job *job)
{
    job->began_utc_ns = (int64_t)time(NULL) * NS_PER_SECOND;
    exit_status status = prepare(job);
    if (status == EXIT_GOOD) {
        status = extract_clear(job);
    }
    if (status == EXIT_EVIDENCE) {
        complain("%s was not written: not everything that was asked for verifies", job->output);
    }
    if (status == EXIT_GOOD) {
        describe_tracks(job);
        status = seal(job);
    }
    if (status == EXIT_GOOD) {
        status = check(job);
    }
    if (status == EXIT_GOOD) {
        status = find_out(job);
    }
    if (status == EXIT_GOOD) {
        status = file_publish(job->sealed, job->output, job->request->extract.force);
    }
    return status == EXIT_GOOD && job->request->json ? say_json(job) : status;
}

static exit_status export_onvif(const onvif_request *request)
{
    onvif_job *job = calloc(1, sizeof *job);
    if (!job) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    job->request = request;
    exit_status status = run(job);
    remove_folder(job);
    export_inputs_free(&job->inputs);
    free(job->profile);
    free(job->output);
    free(job->folder);
    free(job->clear);
    free(job->sealed);
    svms_private_key_free(&job->key);
    svms_chain_free(&job->chain);
    svms_ctx_free(&job->ctx);
    free(job);
    return status;
}

static const option_spec options[] = {
    { "out", "X.mp4", "the file to write; it appears when it is complete", OPTION_TEXT,
      offsetof(onvif_request, extract.output), NULL, 0, 0 },
    { "signer", "CERT", "certificate of the exporter, with intermediates (PEM)", OPTION_TEXT,
      offsetof(onvif_request, signer_path), NULL, 0, 0 },
    { "signer-key", "KEY", "private key of the exporter: RSA, P-256 or P-384 (PEM)", OPTION_TEXT,
      offsetof(onvif_request, key_path), NULL, 0, 0 },
    { "from", "T", "begin with the segment that holds T (RFC 3339)", OPTION_TIME,
      offsetof(onvif_request, extract.from_utc_ns), NULL, 0, 0 },
    { "to", "T", "end before T (RFC 3339)", OPTION_TIME, offsetof(onvif_request, extract.to_utc_ns),
      NULL, 0, 0 },
    { "without-track", "N|KIND", "leave out a track, or all video, audio or metadata; repeatable",
      OPTION_LIST, offsetof(onvif_request, without_tracks), NULL, 0, 0 },
    { "trust", "CA", "also check who recorded against these CA certificates (PEM)", OPTION_TEXT,
      offsetof(onvif_request, extract.trust_path), NULL, 0, 0 },
    { "accept-claimed-time", NULL,
      "believe the recorder's clock when its certificate has expired since", OPTION_FLAG,
      offsetof(onvif_request, extract.claimed_time), NULL, 0, 0 },
    { "password-file", "FILE", "password that opens the recording: first line of FILE", OPTION_TEXT,
      offsetof(onvif_request, extract.keys.password_file), NULL, 0, 0 },
    { "password-prompt", NULL, "ask for the password on the terminal", OPTION_FLAG,
      offsetof(onvif_request, extract.keys.password_prompt), NULL, 0, 0 },
    { "identity", "KEY", "private key that opens the recording (PEM)", OPTION_TEXT,
      offsetof(onvif_request, extract.keys.identity), NULL, 0, 0 },
    { "kek", "FILE", "key-encryption key that opens the recording", OPTION_TEXT,
      offsetof(onvif_request, extract.keys.kek), NULL, 0, 0 },
    { "keys", "KEYS", "open what was disclosed in KEYS, and export that", OPTION_TEXT,
      offsetof(onvif_request, extract.keys.disclosure), NULL, 0, 0 },
    { "unit-name", "TEXT", "name of the unit that exports", OPTION_TEXT,
      offsetof(onvif_request, unit_name), NULL, 0, 0 },
    { "unit-url", "URL", "where the unit is reached", OPTION_TEXT,
      offsetof(onvif_request, unit_url), NULL, 0, 0 },
    { "unit-mac", "MAC", "physical address of the unit", OPTION_TEXT,
      offsetof(onvif_request, unit_mac), NULL, 0, 0 },
    { "operator", "TEXT", "who exports", OPTION_TEXT, offsetof(onvif_request, operator_name), NULL,
      0, 0 },
    { "source-name", "TEXT", "name of the camera, if not the recorded one", OPTION_TEXT,
      offsetof(onvif_request, source_name), NULL, 0, 0 },
    { "source-url", "URL", "where the camera is reached", OPTION_TEXT,
      offsetof(onvif_request, source_url), NULL, 0, 0 },
    { "source-mac", "MAC", "physical address of the camera", OPTION_TEXT,
      offsetof(onvif_request, source_mac), NULL, 0, 0 },
    { "source-line", "TEXT", "input of the camera", OPTION_TEXT,
      offsetof(onvif_request, source_line), NULL, 0, 0 },
    { "note", "TEXT", "text that is signed with the file", OPTION_TEXT,
      offsetof(onvif_request, note), NULL, 0, 0 },
    { "profile", "FILE", "export profile (JSON) to follow", OPTION_TEXT,
      offsetof(onvif_request, profile_path), NULL, 0, 0 },
    { "force", NULL, "replace the output when the new one is complete", OPTION_FLAG,
      offsetof(onvif_request, extract.force), NULL, 0, 0 },
    { "json", NULL, "print what was exported as one JSON object", OPTION_FLAG,
      offsetof(onvif_request, json), NULL, 0, 0 },
};

static const command_line line = {
    COMMAND,
    "FILE|DIR --out X.mp4 --signer CERT --signer-key KEY [options]",
    "Writes the video as an MP4 file that is signed as a whole (ONVIF Export File Format).",
    options,
    sizeof options / sizeof options[0],
    "FILE",
    offsetof(onvif_request, extract.path)
};

static bool ends_with_mp4(const char *path)
{
    size_t size = strlen(path);
    return size > 4 && strcasecmp(path + size - 4, ".mp4") == 0;
}

exit_status command_export_onvif(int count, char **arguments)
{
    onvif_request request;
    memset(&request, 0, sizeof request);
    request.extract.from_utc_ns = SVMS_NO_TIME;
    request.extract.to_utc_ns = SVMS_NO_TIME;
    request.extract.typed = (typed_inputs){ &line, &request, false };
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (!request.extract.output || !ends_with_mp4(request.extract.output)) {
        return usage_error(line.name, "--out is missing, or does not end with .mp4");
    }
    if (!request.signer_path || !request.key_path) {
        return usage_error(line.name, "--signer and --signer-key are needed");
    }
    if (request.extract.from_utc_ns != SVMS_NO_TIME && request.extract.to_utc_ns != SVMS_NO_TIME &&
        request.extract.from_utc_ns >= request.extract.to_utc_ns) {
        return usage_error(line.name, "--from is not before --to");
    }
    return export_onvif(&request);
}
