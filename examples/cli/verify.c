/* SPDX-License-Identifier: Apache-2.0 */
/* svms verify: prove that a recording is what was recorded. */
#include <string.h>

#include <svms/svms.h>

#include "attest_options.h"
#include "audit_verdict.h"
#include "command.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"
#include "progress.h"
#include "recording.h"
#include "verify_folder.h"
#include "verify_report.h"

#define EVENT "recording.verify"

typedef struct verify_request {
    const char *path;
    const char *trust_path;
    const char *crl_path;
    const char *anchors_path;
    camera_trust_options camera;
    audit_trust_options witnesses;
    const char *recording;
    const char *audit;
    text_list heads;
    key_options keys;
    int64_t from_utc_ns;
    int64_t to_utc_ns;
    bool claimed_time;
    bool json;
    bool quiet;
} verify_request;

typedef struct verify_state {
    progress bar;
    svms_finding findings[MAX_LISTED_FINDINGS];
    size_t finding_count;
} verify_state;

static int on_progress(void *user, uint64_t done, uint64_t total)
{
    verify_state *state = user;
    progress_show(&state->bar, done, total, "verifying");
    return 0;
}

static void on_finding(void *user, const svms_finding *finding)
{
    verify_state *state = user;
    if (state->finding_count < MAX_LISTED_FINDINGS) {
        state->findings[state->finding_count++] = *finding;
    }
}

/* The verifier fills the report in these cases, whatever it says. */
static bool has_report(svms_status status)
{
    switch (status) {
    case SVMS_OK:
    case SVMS_E_NOT_AUTHENTIC:
    case SVMS_E_UNDECRYPTABLE:
    case SVMS_E_UNTRUSTED:
    case SVMS_E_INCOMPLETE:
    case SVMS_E_MALFORMED:
    case SVMS_E_TRUNCATED:
    case SVMS_E_LIMIT:
        return true;
    default:
        return false;
    }
}

static exit_status show(const verify_request *request, const recording *file,
                        const verify_state *state, const svms_report *report,
                        const camera_story *camera)
{
    const verify_result result = {
        file->path,           request->trust_path,  request->claimed_time,
        request->from_utc_ns, request->to_utc_ns,   report,
        state->findings,      state->finding_count, camera
    };
    if (request->json) {
        return json_print(verify_to_json(&result));
    }
    if (!request->quiet) {
        verify_print_text(&result);
    }
    return EXIT_GOOD;
}

/* What verification is done with. */
typedef struct verify_means {
    svms_trust *trust;
    svms_trust *stamp_trust;
    camera_trust camera;
    const camera_trust *judges; /* &camera, or NULL: cameras are not asked about */
    attest_means witnesses;
    key_set keys;
    audit_trail *trail; /* NULL: nothing is told */
} verify_means;

static svms_verify_options options_of(const verify_request *request, const verify_means *means)
{
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    options.time_policy = request->claimed_time ? SVMS_TIME_CLAIMED : SVMS_TIME_ATTESTED;
    options.trust = means->trust;
    options.stamp_trust = means->stamp_trust;
    options.attester = attest_attester(&means->witnesses);
    options.keys = means->keys.ring;
    options.from_utc_ns = request->from_utc_ns;
    options.to_utc_ns = request->to_utc_ns;
    return options;
}

static exit_status verify_files(const verify_request *request, svms_ctx *ctx,
                                const verify_means *means)
{
    const svms_verify_options verify = options_of(request, means);
    const folder_question question = { request->path,   request->trust_path, request->recording,
                                       &request->heads, request->json,       request->quiet,
                                       &verify,         means->judges,       means->trail };
    return verify_folder(&question, ctx);
}

/* Before it is shown to anybody. */
static exit_status tell(audit_trail *trail, const char *path, const svms_report *report)
{
    const audit_verdict verdict = {
        EVENT,
        path,
        report->verdict,
        report->segments_verified + report->segments_failed,
        report->has_failure ? report->first_failure.utc_ns : SVMS_NO_TIME,
        NULL,
        report->has_failure ? report->first_failure.reason : report->identity_reason
    };
    return audit_tell_verdict(trail, &verdict);
}

/* What was verified, and what it tells of the camera. */
static exit_status conclude(const verify_request *request, svms_ctx *ctx, const recording *file,
                            const verify_means *means, const verify_state *state,
                            const svms_report *report)
{
    camera_story camera;
    camera_story_begin(&camera, ctx, means->judges, request->claimed_time);
    exit_status status = camera_story_add_source(&camera, &file->source, means->keys.ring);
    if (status == EXIT_GOOD) {
        status = camera_story_end(&camera);
    }
    if (status == EXIT_GOOD) {
        status = tell(means->trail, file->path, report);
    }
    if (status == EXIT_GOOD) {
        status = show(request, file, state, report, &camera);
    }
    if (status == EXIT_GOOD) {
        status = camera_story_status(&camera);
    }
    camera_story_free(&camera);
    return status;
}

static exit_status verify_file(const verify_request *request, svms_ctx *ctx, const recording *file,
                               const verify_means *means)
{
    verify_state state;
    memset(&state, 0, sizeof state);
    svms_verify_options options = options_of(request, means);
    options.user = &state;
    options.progress = on_progress;
    options.finding = on_finding;
    svms_report report = SVMS_REPORT_INIT;
    svms_error err = SVMS_ERROR_INIT;
    progress_begin(&state.bar);
    svms_status verified = svms_verify_container(ctx, &file->source, &options, &report, &err);
    progress_clear(&state.bar);
    exit_status status = exit_status_of(verified);
    if (status == EXIT_MALFORMED || !has_report(verified)) {
        complain_error(&err, "cannot verify %s", file->path);
    }
    if (!has_report(verified)) {
        return status;
    }
    exit_status shown = conclude(request, ctx, file, means, &state, &report);
    return shown == EXIT_GOOD || (shown == EXIT_EVIDENCE && status != EXIT_GOOD) ? status : shown;
}

static exit_status load_means(verify_means *means, svms_ctx *ctx, const verify_request *request)
{
    exit_status status = EXIT_GOOD;
    if (request->trust_path) {
        status = load_trust_and_crls(&means->trust, ctx, request->trust_path, request->crl_path);
    }
    if (status == EXIT_GOOD && request->anchors_path) {
        status =
            load_trust_and_crls(&means->stamp_trust, ctx, request->anchors_path, request->crl_path);
    }
    if (status == EXIT_GOOD && camera_trust_is_given(&request->camera)) {
        means->judges = &means->camera;
        status = camera_trust_load(&means->camera, ctx, &request->camera);
    }
    if (status == EXIT_GOOD) {
        status = attest_load(&means->witnesses, ctx, &request->witnesses, "verify");
    }
    return status == EXIT_GOOD ? key_set_load(&means->keys, ctx, &request->keys) : status;
}

static exit_status verify(const verify_request *request, audit_trail *trail)
{
    svms_ctx *ctx = NULL;
    verify_means means = { .keys = KEY_SET_INIT, .trail = trail };
    recording file = { NULL, SVMS_SOURCE_INIT };
    bool folder = folder_exists(request->path);
    exit_status status = make_context(&ctx);
    if (status == EXIT_GOOD && !folder) {
        status = recording_open(&file, ctx, request->path);
    }
    if (status == EXIT_GOOD) {
        status = load_means(&means, ctx, request);
    }
    if (status == EXIT_GOOD) {
        status =
            folder ? verify_files(request, ctx, &means) : verify_file(request, ctx, &file, &means);
    }
    key_set_free(&means.keys);
    recording_close(&file);
    camera_trust_free(&means.camera);
    svms_trust_free(&means.stamp_trust);
    svms_trust_free(&means.trust);
    svms_ctx_free(&ctx);
    return status;
}

/* With --audit, nothing is done that could not be told. */
static exit_status verify_told(const verify_request *request)
{
    audit_trail *trail = NULL;
    exit_status status = audit_trail_open(&trail, request->audit, "verify");
    if (status == EXIT_GOOD) {
        status = verify(request, trail);
        if (!audit_trail_has_told(trail)) {
            status = audit_tell_failure(trail, EVENT, request->path, status);
        }
    }
    return audit_trail_close(&trail, status);
}

static const option_spec options[] = {
    { "trust", "CA", "CA certificates that are trusted (PEM); without, nobody is", OPTION_TEXT,
      offsetof(verify_request, trust_path), NULL, 0, 0 },
    { "crl", "FILE", "certificate revocation lists (PEM or DER)", OPTION_TEXT,
      offsetof(verify_request, crl_path), NULL, 0, 0 },
    { "tsa-anchors", "CA", "CA certificates (PEM) of time stamp authorities that are trusted",
      OPTION_TEXT, offsetof(verify_request, anchors_path), NULL, 0, 0 },
    ATTEST_OPTIONS(verify_request, witnesses),
    CAMERA_TRUST_OPTIONS(verify_request, camera),
    { "head", "FILE", "of a folder: what record --head kept must be there; repeatable", OPTION_LIST,
      offsetof(verify_request, heads), NULL, 0, 0 },
    { "recording", "ID", "of a folder: which recording, if not the one most files are of",
      OPTION_TEXT, offsetof(verify_request, recording), NULL, 0, 0 },
    { "from", "T", "only what was captured from T on (RFC 3339)", OPTION_TIME,
      offsetof(verify_request, from_utc_ns), NULL, 0, 0 },
    { "to", "T", "only what was captured before T (RFC 3339)", OPTION_TIME,
      offsetof(verify_request, to_utc_ns), NULL, 0, 0 },
    { "accept-claimed-time", NULL,
      "believe the signer's clock when its certificate has expired since", OPTION_FLAG,
      offsetof(verify_request, claimed_time), NULL, 0, 0 },
    { "password-file", "FILE", "also open every sample with the first line of FILE", OPTION_TEXT,
      offsetof(verify_request, keys.password_file), NULL, 0, 0 },
    { "password-prompt", NULL, "also open every sample with a password that is asked for",
      OPTION_FLAG, offsetof(verify_request, keys.password_prompt), NULL, 0, 0 },
    { "identity", "KEY", "also open every sample with this private key (PEM)", OPTION_TEXT,
      offsetof(verify_request, keys.identity), NULL, 0, 0 },
    { "kek", "FILE", "also open every sample with this key-encryption key", OPTION_TEXT,
      offsetof(verify_request, keys.kek), NULL, 0, 0 },
    { "keys", "KEYS", "also open what was disclosed in KEYS", OPTION_TEXT,
      offsetof(verify_request, keys.disclosure), NULL, 0, 0 },
    { "audit", "LOG", "tell this audit log: a folder, or the socket of svms audit serve",
      OPTION_TEXT, offsetof(verify_request, audit), NULL, 0, 0 },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(verify_request, json), NULL, 0,
      0 },
    { "quiet", NULL, "print nothing; the exit status is the answer", OPTION_FLAG,
      offsetof(verify_request, quiet), NULL, 0, 0 },
};

static const command_line line = {
    "verify",
    "FILE|FOLDER --trust CA [options]",
    "Proves that a recording is what was recorded, or says where it is "
    "not. Needs no key.",
    options,
    sizeof options / sizeof options[0],
    "FILE",
    offsetof(verify_request, path)
};

exit_status command_verify(int count, char **arguments)
{
    verify_request request;
    memset(&request, 0, sizeof request);
    request.from_utc_ns = SVMS_NO_TIME;
    request.to_utc_ns = SVMS_NO_TIME;
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (request.json && request.quiet) {
        return usage_error("verify", "--json and --quiet contradict each other");
    }
    if (request.from_utc_ns != SVMS_NO_TIME && request.to_utc_ns != SVMS_NO_TIME &&
        request.from_utc_ns >= request.to_utc_ns) {
        return usage_error("verify", "--from is not before --to");
    }
    if (request.crl_path && !request.trust_path && !request.anchors_path) {
        return usage_error("verify", "--crl belongs to --trust or --tsa-anchors");
    }
    if ((request.heads.count > 0 || request.recording) && !folder_exists(request.path)) {
        return usage_error("verify", "--head and --recording are for folders");
    }
    exit_status checked = camera_trust_check(&request.camera, "verify");
    return checked == EXIT_GOOD ? verify_told(&request) : checked;
}
