/* SPDX-License-Identifier: Apache-2.0 */
/* svms verify-onvif: whether a signed MP4 file is what was exported, whoever wrote it. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <svms/svms.h>

#include "command.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"
#include "progress.h"
#include "verify_report.h"

typedef struct verify_onvif_request {
    const char *path;
    const char *trust_path;
    const char *crl_path;
    const char *intermediates_path;
    bool any_role;
    bool claimed_time;
    bool json;
    bool quiet;
} verify_onvif_request;

typedef struct time_text {
    char text[SVMS_TIME_TEXT_SIZE];
} time_text;

static time_text time_of(int64_t utc_ns)
{
    time_text time = { { 0 } };
    svms_time_format(utc_ns, time.text);
    return time;
}

static const char *verdict_words(const svms_onvif_summary *summary)
{
    switch (summary->verdict) {
    case SVMS_VERDICT_AUTHENTIC:
        return "Every byte is exactly what was signed, and all signers are trusted.";
    case SVMS_VERDICT_UNTRUSTED:
        return summary->signature_count == 0
                   ? "Nobody signed this file."
                   : "The file is as it was signed, but not all signers are trusted.";
    default:
        return "This is not what was signed, or no export file at all.";
    }
}

static void print_starts(const svms_onvif_start *starts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        print_line(stdout, "              track %u begins at %s", (unsigned)starts[i].track_id,
                   time_of(starts[i].utc_ns).text);
    }
}

static void print_export(const svms_onvif_report *report, const svms_onvif_summary *summary)
{
    if (!summary->has_export) {
        return;
    }
    print_line(stdout, "Exported      %s, as claimed", time_of(summary->export_utc_ns).text);
    print_line(stdout, "              by %s; unit %s %s %s", summary->export_operator,
               summary->unit_name, summary->unit_url, summary->unit_mac);
    print_starts(summary->starts, summary->start_count);
    for (uint32_t i = 0; i < summary->track_count; i++) {
        svms_onvif_track track = SVMS_ONVIF_TRACK_INIT;
        if (svms_onvif_report_track(report, i, &track, NULL) == SVMS_OK) {
            print_line(stdout, "Track %-3u     %s %s %s %s", (unsigned)track.track_id, track.name,
                       track.url, track.mac, track.line);
        }
    }
}

static void print_signature(const svms_onvif_signature *signature, uint32_t number)
{
    bool intact = signature->integrity == SVMS_INTEGRITY_INTACT;
    bool trusted = signature->identity == SVMS_IDENTITY_TRUSTED;
    print_line(stdout, "Signature %-3u %s", (unsigned)number + 1,
               intact ? "holds" : signature->integrity_reason);
    print_line(stdout, "              %s (%s)", signature->signer, signature->algorithm);
    print_line(stdout, "              %s%s",
               trusted ? "trusted" : "not trusted: ", trusted ? "" : signature->identity_reason);
    if (signature->note[0]) {
        print_line(stdout, "              note: %s", signature->note);
    }
    print_starts(signature->starts, signature->start_count);
}

static void print_report(const verify_onvif_request *request, const svms_onvif_report *report,
                         const svms_onvif_summary *summary)
{
    print_line(stdout, "%s: %s", request->path, verify_verdict_title(summary->verdict));
    print_line(stdout, "%s", verdict_words(summary));
    print_export(report, summary);
    for (uint32_t i = 0; i < summary->signature_count; i++) {
        svms_onvif_signature signature = SVMS_ONVIF_SIGNATURE_INIT;
        if (svms_onvif_report_signature(report, i, &signature, NULL) == SVMS_OK) {
            print_signature(&signature, i);
        }
    }
    for (uint32_t i = 0; i < summary->warning_count; i++) {
        print_line(stdout, "Warning       %s", svms_onvif_report_warning(report, i));
    }
    if (summary->verdict != SVMS_VERDICT_AUTHENTIC) {
        print_line(stdout, "Reason        %s", summary->reason);
    }
}

static json_t *text_or_null(const char *text)
{
    return json_text(text && text[0] ? text : NULL);
}

static json_t *starts_to_json(const svms_onvif_start *starts, uint32_t count)
{
    json_t *list = json_array();
    for (uint32_t i = 0; list && i < count; i++) {
        json_array_append_new(list, json_pack("{s:I, s:o}", "track", (json_int_t)starts[i].track_id,
                                              "time", json_time(starts[i].utc_ns)));
    }
    return list;
}

static json_t *signature_to_json(const svms_onvif_signature *signature)
{
    return json_pack(
        "{s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "integrity",
        verify_integrity_name(signature->integrity), "reason",
        text_or_null(signature->integrity_reason), "identity",
        verify_identity_name(signature->identity), "identity_reason",
        text_or_null(signature->identity_reason), "role",
        json_text(signature->role == SVMS_ROLE_NONE ? NULL : svms_role_name(signature->role)),
        "signer", text_or_null(signature->signer), "algorithm", text_or_null(signature->algorithm),
        "note", text_or_null(signature->note), "starts",
        starts_to_json(signature->starts, signature->start_count), "offset",
        json_place(signature->offset));
}

static json_t *signatures_to_json(const svms_onvif_report *report, uint32_t count)
{
    json_t *list = json_array();
    for (uint32_t i = 0; list && i < count; i++) {
        svms_onvif_signature signature = SVMS_ONVIF_SIGNATURE_INIT;
        if (svms_onvif_report_signature(report, i, &signature, NULL) == SVMS_OK) {
            json_array_append_new(list, signature_to_json(&signature));
        }
    }
    return list;
}

static json_t *tracks_to_json(const svms_onvif_report *report, uint32_t count)
{
    json_t *list = json_array();
    for (uint32_t i = 0; list && i < count; i++) {
        svms_onvif_track track = SVMS_ONVIF_TRACK_INIT;
        if (svms_onvif_report_track(report, i, &track, NULL) == SVMS_OK) {
            json_array_append_new(
                list, json_pack("{s:I, s:o, s:o, s:o, s:o}", "track", (json_int_t)track.track_id,
                                "name", json_text(track.name), "url", json_text(track.url), "mac",
                                json_text(track.mac), "line", json_text(track.line)));
        }
    }
    return list;
}

static json_t *export_to_json(const svms_onvif_report *report, const svms_onvif_summary *summary)
{
    if (!summary->has_export) {
        return json_null();
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "time", json_time(summary->export_utc_ns),
                     "operator", json_text(summary->export_operator), "unit_name",
                     json_text(summary->unit_name), "unit_url", json_text(summary->unit_url),
                     "unit_mac", json_text(summary->unit_mac), "tracks",
                     tracks_to_json(report, summary->track_count));
}

static json_t *warnings_to_json(const svms_onvif_report *report, uint32_t count)
{
    json_t *list = json_array();
    for (uint32_t i = 0; list && i < count; i++) {
        json_array_append_new(list, json_text(svms_onvif_report_warning(report, i)));
    }
    return list;
}

static json_t *report_to_json(const verify_onvif_request *request, const svms_onvif_report *report,
                              const svms_onvif_summary *summary)
{
    return json_pack("{s:o, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "file",
                     json_text(request->path), "verdict", svms_verdict_name(summary->verdict),
                     "integrity", verify_integrity_name(summary->integrity), "identity",
                     verify_identity_name(summary->identity), "reason",
                     text_or_null(summary->reason), "export", export_to_json(report, summary),
                     "starts", starts_to_json(summary->starts, summary->start_count), "signatures",
                     signatures_to_json(report, summary->signature_count), "warnings",
                     warnings_to_json(report, summary->warning_count));
}

static exit_status show(const verify_onvif_request *request, const svms_onvif_report *report)
{
    svms_onvif_summary summary = SVMS_ONVIF_SUMMARY_INIT;
    svms_error err = SVMS_ERROR_INIT;
    if (svms_onvif_report_summary(report, &summary, &err) != SVMS_OK) {
        return complain_error(&err, "cannot report");
    }
    if (request->json) {
        return json_print(report_to_json(request, report, &summary));
    }
    if (!request->quiet) {
        print_report(request, report, &summary);
    }
    return EXIT_GOOD;
}

static int on_progress(void *user, uint64_t done, uint64_t total)
{
    progress_show(user, done, total, "verifying");
    return 0;
}

static exit_status verify_file(const verify_onvif_request *request, svms_ctx *ctx,
                               const svms_source *source, const svms_onvif_verify_options *how)
{
    svms_onvif_verify_options options = *how;
    progress bar;
    svms_onvif_report *report = NULL;
    svms_error err = SVMS_ERROR_INIT;
    progress_begin(&bar);
    options.user = &bar;
    options.progress = on_progress;
    svms_status verified = svms_onvif_verify(&report, ctx, source, &options, &err);
    progress_clear(&bar);
    exit_status status = exit_status_of(verified);
    if (!report || status == EXIT_MALFORMED) {
        complain_error(&err, "cannot verify %s", request->path);
    }
    if (report) {
        exit_status shown = show(request, report);
        status = shown == EXIT_GOOD ? status : shown;
    }
    svms_onvif_report_free(&report);
    return status;
}

static exit_status verify_onvif(const verify_onvif_request *request)
{
    svms_ctx *ctx = NULL;
    svms_trust *trust = NULL;
    svms_chain *intermediates = NULL;
    svms_source source = SVMS_SOURCE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = make_context(&ctx);
    if (status == EXIT_GOOD && request->trust_path) {
        status = load_trust_and_crls(&trust, ctx, request->trust_path, request->crl_path);
    }
    if (status == EXIT_GOOD && request->intermediates_path) {
        status = load_chain(&intermediates, ctx, request->intermediates_path);
    }
    if (status == EXIT_GOOD &&
        svms_source_open_file(&source, ctx, request->path, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot open %s", request->path);
    }
    if (status == EXIT_GOOD) {
        svms_onvif_verify_options options = SVMS_ONVIF_VERIFY_OPTIONS_INIT;
        options.trust = trust;
        options.intermediates = intermediates;
        options.any_role = request->any_role;
        options.time_policy = request->claimed_time ? SVMS_TIME_CLAIMED : SVMS_TIME_ATTESTED;
        status = verify_file(request, ctx, &source, &options);
    }
    svms_source_close(&source);
    svms_chain_free(&intermediates);
    svms_trust_free(&trust);
    svms_ctx_free(&ctx);
    return status;
}

static const option_spec options[] = {
    { "trust", "CA", "CA certificates that are trusted (PEM); without, nobody is", OPTION_TEXT,
      offsetof(verify_onvif_request, trust_path), NULL, 0, 0 },
    { "crl", "FILE", "certificate revocation lists (PEM or DER)", OPTION_TEXT,
      offsetof(verify_onvif_request, crl_path), NULL, 0, 0 },
    { "intermediates", "FILE", "certificates between signers and CA (PEM)", OPTION_TEXT,
      offsetof(verify_onvif_request, intermediates_path), NULL, 0, 0 },
    { "any-role", NULL, "any certificate of these CAs may sign: for files of other makers",
      OPTION_FLAG, offsetof(verify_onvif_request, any_role), NULL, 0, 0 },
    { "accept-claimed-time", NULL,
      "believe the signer's clock when its certificate has expired since", OPTION_FLAG,
      offsetof(verify_onvif_request, claimed_time), NULL, 0, 0 },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(verify_onvif_request, json),
      NULL, 0, 0 },
    { "quiet", NULL, "print nothing; the exit status is the answer", OPTION_FLAG,
      offsetof(verify_onvif_request, quiet), NULL, 0, 0 },
};

static const command_line line = {
    "verify-onvif",
    "FILE --trust CA [options]",
    "Proves that a signed MP4 file (ONVIF Export File Format) is what was exported.",
    options,
    sizeof options / sizeof options[0],
    "FILE",
    offsetof(verify_onvif_request, path)
};

exit_status command_verify_onvif(int count, char **arguments)
{
    verify_onvif_request request;
    memset(&request, 0, sizeof request);
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (request.json && request.quiet) {
        return usage_error(line.name, "--json and --quiet contradict each other");
    }
    if (request.crl_path && !request.trust_path) {
        return usage_error(line.name, "--crl belongs to --trust");
    }
    return verify_onvif(&request);
}
