/* SPDX-License-Identifier: Apache-2.0 */
/* svms export verify: check a package link by link, source by source. */
#include <string.h>

#include <svms/svms.h>

#include "attest_options.h"
#include "audit_verdict.h"
#include "export_command.h"
#include "head_text.h"
#include "interrupt.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"
#include "package_camera.h"
#include "package_check.h"
#include "verify_report.h"

#define COMMAND "export verify"
#define EVENT "export.verify"

typedef struct verify_request {
    const char *path;
    const char *trust_path;
    const char *crl_path;
    const char *anchors_path;
    camera_trust_options camera;
    audit_trust_options witnesses;
    const char *expected_head;
    const char *audit;
    key_options keys;
    bool claimed_time;
    bool json;
    bool quiet;
} verify_request;

static exit_status show(const verify_request *request, const package_findings *found)
{
    if (request->json) {
        return json_print(package_findings_to_json(found));
    }
    if (!request->quiet) {
        package_findings_print(found);
    }
    return EXIT_GOOD;
}

static uint64_t segments_of(const package_findings *found)
{
    uint64_t segments = 0;
    for (size_t i = 0; i < found->source_count; i++) {
        segments += found->sources[i].period.segments;
    }
    return segments;
}

static exit_status tell(const verify_request *request, audit_trail *trail,
                        const package_findings *found)
{
    const audit_verdict verdict = { EVENT,
                                    request->path,
                                    found->report.verdict,
                                    segments_of(found),
                                    found->failure_count > 0 ? found->failures[0].finding.utc_ns
                                                             : SVMS_NO_TIME,
                                    NULL,
                                    found->report.reason };
    return audit_tell_verdict(trail, &verdict);
}

/* What it tells can only be read where it could be opened. */
static exit_status ask_cameras(package_findings *found, svms_ctx *ctx,
                               const camera_trust_options *options)
{
    camera_trust trust = { 0 };
    bool is_asked = camera_trust_is_given(options);
    exit_status status = is_asked ? camera_trust_load(&trust, ctx, options) : EXIT_GOOD;
    if (status == EXIT_GOOD) {
        status = package_camera_read(found, ctx, is_asked ? &trust : NULL);
    }
    camera_trust_free(&trust);
    return status;
}

static exit_status verify_open(const verify_request *request, svms_ctx *ctx, audit_trail *trail,
                               const package_file *file, const uint8_t *expected_head,
                               bool wrong_key, const attest_means *witnesses)
{
    package_findings found = PACKAGE_FINDINGS_INIT;
    const package_question question = { request->trust_path,
                                        request->crl_path,
                                        request->anchors_path,
                                        request->claimed_time,
                                        expected_head,
                                        true,
                                        wrong_key,
                                        attest_attester(witnesses) };
    interrupt_watch();
    exit_status status = package_check(&found, ctx, file, &question);
    if (status != EXIT_GOOD) {
        return status;
    }
    status = package_findings_status(&found);
    exit_status shown = ask_cameras(&found, ctx, &request->camera);
    if (shown == EXIT_GOOD) {
        shown = tell(request, trail, &found);
    }
    if (shown == EXIT_GOOD) {
        shown = show(request, &found);
    }
    status = status == EXIT_GOOD ? package_camera_status(&found) : status;
    package_findings_free(&found);
    return shown == EXIT_GOOD ? status : shown;
}

/* Of something that cannot be opened because it is not what was signed; it has a verdict, too. */
static exit_status show_forgery(const verify_request *request, audit_trail *trail,
                                const package_file *file)
{
    const audit_verdict verdict = { EVENT,        request->path, SVMS_VERDICT_NOT_AUTHENTIC, 0,
                                    SVMS_NO_TIME, NULL,          file->failure.message };
    if (file->failure.status != SVMS_E_NOT_AUTHENTIC) {
        return EXIT_GOOD;
    }
    exit_status told = audit_tell_verdict(trail, &verdict);
    if (told != EXIT_GOOD) {
        return told;
    }
    if (request->json) {
        return json_print(package_forgery_to_json(file->path, file->info.kind, &file->failure));
    }
    if (!request->quiet) {
        print_line(stdout, "%-13s %s", file->info.kind == SVMS_EXPORT_PROOF ? "Proof" : "Package",
                   file->path);
        print_line(stdout, "Verdict       %s", verify_verdict_title(SVMS_VERDICT_NOT_AUTHENTIC));
        print_line(stdout, "              This is not what was signed: %s", file->failure.message);
    }
    return EXIT_GOOD;
}

static exit_status verify(const verify_request *request, audit_trail *trail)
{
    svms_ctx *ctx = NULL;
    key_set keys = KEY_SET_INIT;
    package_file file = PACKAGE_FILE_INIT;
    attest_means witnesses = { 0 };
    uint8_t head[HEAD_SIZE];
    bool wrong_key = false;
    if (request->expected_head && !head_text_parse(head, sizeof head, request->expected_head)) {
        return usage_error(COMMAND, "--expect-head takes a receipt: 64 hexadecimal digits");
    }
    exit_status status = make_context(&ctx);
    if (status == EXIT_GOOD) {
        status = attest_load(&witnesses, ctx, &request->witnesses, COMMAND);
    }
    if (status == EXIT_GOOD) {
        status = key_set_load(&keys, ctx, &request->keys);
    }
    if (status == EXIT_GOOD) {
        status = package_file_open(&file, ctx, request->path, &keys, &wrong_key);
    }
    if (status != EXIT_GOOD && show_forgery(request, trail, &file) != EXIT_GOOD) {
        status = EXIT_ENVIRONMENT;
    }
    if (status == EXIT_GOOD) {
        status = verify_open(request, ctx, trail, &file, request->expected_head ? head : NULL,
                             wrong_key, &witnesses);
    }
    package_file_close(&file);
    key_set_free(&keys);
    svms_ctx_free(&ctx);
    return status;
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
    { "expect-head", "HEX", "a receipt: the link that it was given for must be there", OPTION_TEXT,
      offsetof(verify_request, expected_head), NULL, 0, 0 },
    { "accept-claimed-time", NULL,
      "believe the signers' clocks when a certificate has expired since", OPTION_FLAG,
      offsetof(verify_request, claimed_time), NULL, 0, 0 },
    { "password-file", "FILE", "also open everything with the first line of FILE", OPTION_TEXT,
      offsetof(verify_request, keys.password_file), NULL, 0, 0 },
    { "password-prompt", NULL, "also open everything with a password that is asked for",
      OPTION_FLAG, offsetof(verify_request, keys.password_prompt), NULL, 0, 0 },
    { "identity", "KEY", "also open everything with this private key (PEM)", OPTION_TEXT,
      offsetof(verify_request, keys.identity), NULL, 0, 0 },
    { "kek", "FILE", "also open everything with this key-encryption key", OPTION_TEXT,
      offsetof(verify_request, keys.kek), NULL, 0, 0 },
    { "audit", "LOG", "tell this audit log: a folder, or the socket of svms audit serve",
      OPTION_TEXT, offsetof(verify_request, audit), NULL, 0, 0 },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(verify_request, json), NULL, 0,
      0 },
    { "quiet", NULL, "print nothing; the exit status is the answer", OPTION_FLAG,
      offsetof(verify_request, quiet), NULL, 0, 0 },
};

static const command_line line = {
    COMMAND,
    "PACKAGE --trust CA [options]",
    "Checks a package: who signed it, link by link, and every recording in it. Needs no key.",
    options,
    sizeof options / sizeof options[0],
    "PACKAGE",
    offsetof(verify_request, path)
};

exit_status command_export_verify(int count, char **arguments)
{
    verify_request request;
    memset(&request, 0, sizeof request);
    request.keys.question = "Password of the package: ";
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (request.json && request.quiet) {
        return usage_error(COMMAND, "--json and --quiet contradict each other");
    }
    if (request.crl_path && !request.trust_path && !request.anchors_path) {
        return usage_error(COMMAND, "--crl belongs to --trust or --tsa-anchors");
    }
    if (camera_trust_check(&request.camera, COMMAND) != EXIT_GOOD) {
        return EXIT_USAGE;
    }
    audit_trail *trail = NULL;
    exit_status status = audit_trail_open(&trail, request.audit, COMMAND);
    if (status == EXIT_GOOD) {
        status = verify(&request, trail);
        if (!audit_trail_has_told(trail)) {
            status = audit_tell_failure(trail, EVENT, request.path, status);
        }
    }
    return audit_trail_close(&trail, status);
}
