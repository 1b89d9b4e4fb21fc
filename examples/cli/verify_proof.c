/* SPDX-License-Identifier: Apache-2.0 */
/* svms verify-proof: whether a clear file is what was recorded. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>
#include <svms/svms.h>

#include "command.h"
#include "head_text.h"
#include "interrupt.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"
#include "package_case.h"
#include "package_check.h"
#include "package_file.h"
#include "proof_check.h"
#include "verify_report.h"

#define COMMAND "verify-proof"

typedef struct verify_proof_request {
    operand_list files; /* the clear one and the proof */
    const char *trust_path;
    const char *crl_path;
    const char *anchors_path;
    const char *expected_head;
    bool claimed_time;
    bool json;
    bool quiet;
} verify_proof_request;

typedef struct proof_verification {
    const verify_proof_request *request;
    const char *path;
    svms_ctx *ctx;
    svms_trust *trust;
    svms_trust *stamp_trust;
    uint8_t head[32];
    package_file file;
    package_findings evidence; /* links, sources, case */
    proof_findings found;
} proof_verification;

typedef struct time_text {
    char text[SVMS_TIME_TEXT_SIZE];
} time_text;

static time_text time_of(int64_t utc_ns)
{
    time_text time = { { 0 } };
    svms_time_format(utc_ns, time.text);
    return time;
}

static const char *words_of_incomplete(const svms_proof_report *report)
{
    if (report->samples == SVMS_VERDICT_INCOMPLETE) {
        return "What is there is what was recorded, but the exporter left out some of it.";
    }
    if (report->presentation == SVMS_PRESENTATION_DIFFERS && !report->decoded) {
        return "Every sample is what was recorded, in its order and at its time, but the file "
               "around them is not the one that was exported.";
    }
    return "What is there is what was recorded, but it does not cover all of what was asked for.";
}

static const char *words_of(const svms_proof_report *report)
{
    switch (report->verdict) {
    case SVMS_VERDICT_AUTHENTIC:
        return report->decoded
                   ? "The picture is the one that the exporter signed. He alone attests that it "
                     "shows what was recorded: no recorder signed this picture."
                   : "Every sample is exactly what was recorded, in its order and at its time, "
                     "and the file is the one that was exported.";
    case SVMS_VERDICT_INCOMPLETE:
        return words_of_incomplete(report);
    case SVMS_VERDICT_UNTRUSTED:
        return "Somebody who signed is not trusted.";
    case SVMS_VERDICT_UNDECRYPTABLE:
        return "The proof lacks what is needed to compare the samples.";
    case SVMS_VERDICT_NOT_AUTHENTIC:
        break;
    }
    return report->film == SVMS_FILM_REFUSED
               ? "This file can show other things than what was recorded, so nothing in it is "
                 "believed."
               : "This is not what was recorded, or not what was signed.";
}

static const char *presentation_word(svms_presentation_state state)
{
    switch (state) {
    case SVMS_PRESENTATION_SAME:
        return "same";
    case SVMS_PRESENTATION_DIFFERS:
        return "differs";
    case SVMS_PRESENTATION_NOT_COMPARED:
        break;
    }
    return "not_compared";
}

/* Who says that what is seen is what was recorded. */
static const char *attester_word(const svms_proof_report *report)
{
    return report->decoded ? "exporter" : "recorder";
}

static json_t *film_to_json(const svms_proof_report *report)
{
    switch (report->film) {
    case SVMS_FILM_PLAIN:
        return json_text("plain");
    case SVMS_FILM_REFUSED:
        return json_text("refused");
    case SVMS_FILM_NOT_CHECKED:
        break;
    }
    return json_null();
}

static void print_failure(const svms_proof_report *report)
{
    char time[64] = "";
    if (!report->has_failure) {
        if (report->reason[0]) {
            print_line(stdout, "Failure       %s", report->reason);
        }
        return;
    }
    if (report->failure_utc_ns != SVMS_NO_TIME) {
        snprintf(time, sizeof time, ", recorded at %s", time_of(report->failure_utc_ns).text);
    }
    print_line(stdout, "First failure %s", report->reason);
    if (report->failure_source != UINT32_MAX) {
        print_line(stdout, "              source %" PRIu32 ", segment %" PRIu64 "%s",
                   report->failure_source, report->failure_segment, time);
    }
    if (report->failure_source != UINT32_MAX && report->failure_track != UINT32_MAX) {
        print_line(stdout,
                   "              track %" PRIu32 " of the recording, byte %" PRIu64
                   " of the samples of track %" PRIu32 " of the file",
                   report->failure_track, report->failure_byte, report->failure_presentation_track);
    }
}

/* What was recorded and shown is all there is; what is between was not recorded, or not exported.
 */
static void print_jumps(const svms_proof_report *report)
{
    if (report->jumps == 0) {
        return;
    }
    print_line(stdout,
               "Jumps         %" PRIu64 ": the film goes on at once where a part of the recording "
               "is not in it",
               report->jumps);
    print_line(stdout, "              the first from %s", time_of(report->jump_from_utc_ns).text);
    print_line(stdout, "              to %s", time_of(report->jump_to_utc_ns).text);
}

static json_t *jumps_to_json(const svms_proof_report *report)
{
    if (report->film != SVMS_FILM_PLAIN) {
        return json_null();
    }
    return json_pack("{s:I, s:o, s:o}", "count", (json_int_t)report->jumps, "first_from",
                     json_time(report->jump_from_utc_ns), "first_to",
                     json_time(report->jump_to_utc_ns));
}

static void print_samples(const svms_proof_report *report)
{
    if (report->decoded) {
        print_line(stdout,
                   "Samples       none: the picture was decoded from them, and is attested by "
                   "the exporter alone");
        return;
    }
    if (report->film == SVMS_FILM_REFUSED) {
        print_line(stdout, "Samples       %s: none was compared",
                   verify_verdict_title(report->samples));
        return;
    }
    print_line(stdout,
               "Samples       %s: %" PRIu64 " as recorded, %" PRIu64 " changed, %" PRIu64
               " missing",
               verify_verdict_title(report->samples), report->samples_same,
               report->samples_different, report->samples_missing);
    if (report->bytes_besides > 0) {
        print_line(stdout, "              %" PRIu64 " bytes were never recorded",
                   report->bytes_besides);
    }
}

/* What the exporter says that a picture was made of. */
static void print_derivation(const json_t *document)
{
    const json_t *presentation = json_object_get(document, "presentation");
    const json_t *derivation = json_object_get(presentation, "derivation");
    const char *method = package_case_text(derivation, "method");
    size_t i = 0;
    const json_t *from = NULL;
    if (!method) {
        return;
    }
    print_line(stdout, "Made by       %s, says the exporter", method);
    json_array_foreach(json_object_get(derivation, "from"), i, from)
    {
        const char *time = package_case_text(from, "time");
        print_line(stdout,
                   "              from source %" PRId64 ", track %" PRId64 ", segments %" PRId64
                   " to %" PRId64 "%s%s",
                   (int64_t)json_integer_value(json_object_get(from, "source")),
                   (int64_t)json_integer_value(json_object_get(from, "track")),
                   (int64_t)json_integer_value(json_object_get(from, "first_segment")),
                   (int64_t)json_integer_value(json_object_get(from, "last_segment")),
                   time ? ", at " : "", time ? time : "");
    }
}

static void print_report(const proof_verification *self)
{
    const svms_proof_report *report = &self->found.report;
    print_line(stdout, "File          %s", self->path);
    print_line(stdout, "Verdict       %s", verify_verdict_title(report->verdict));
    print_line(stdout, "              %s", words_of(report));
    print_failure(report);
    print_samples(report);
    print_jumps(report);
    print_line(stdout, "Presentation  %s",
               report->presentation == SVMS_PRESENTATION_SAME
                   ? "byte for byte the file that the exporter signed"
                   : "not the file that the exporter signed");
    print_derivation(self->evidence.document);
    print_line(stdout, "%s", "");
    package_findings_print(&self->evidence);
}

static json_t *failure_to_json(const svms_proof_report *report)
{
    bool sample = report->failure_source != UINT32_MAX;
    bool track = report->failure_track != UINT32_MAX;
    if (!report->has_failure) {
        return json_null();
    }
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "source",
        sample ? json_integer(report->failure_source) : json_null(), "segment",
        json_place(report->failure_segment), "track",
        track ? json_integer(report->failure_track) : json_null(), "presentation_track",
        track ? json_integer(report->failure_presentation_track) : json_null(), "sample",
        track ? json_integer((json_int_t)report->failure_sample) : json_null(), "byte",
        track ? json_integer((json_int_t)report->failure_byte) : json_null(), "time",
        json_time(report->failure_utc_ns), "reason", json_text(report->reason));
}

static json_t *tracks_to_json(const svms_proof_report *report)
{
    json_t *list = json_array();
    for (uint32_t i = 0; list && i < report->track_count; i++) {
        const svms_proof_track *track = &report->tracks[i];
        json_t *item =
            json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "track", (json_int_t)track->track,
                      "presentation_track", (json_int_t)track->presentation_track, "samples",
                      (json_int_t)track->samples, "same", (json_int_t)track->same, "different",
                      (json_int_t)track->different, "missing", (json_int_t)track->missing,
                      "bytes_besides", (json_int_t)track->bytes_besides);
        if (json_array_append_new(list, item) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *samples_to_json(const svms_proof_report *report)
{
    return json_pack(
        "{s:s, s:b, s:I, s:I, s:I, s:I, s:o}", "verdict", svms_verdict_name(report->samples),
        "decoded", (int)report->decoded, "same", (json_int_t)report->samples_same, "different",
        (json_int_t)report->samples_different, "missing", (json_int_t)report->samples_missing,
        "bytes_besides", (json_int_t)report->bytes_besides, "tracks", tracks_to_json(report));
}

static json_t *report_to_json(const proof_verification *self)
{
    const svms_proof_report *report = &self->found.report;
    return json_pack("{s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:o}", "file",
                     json_text(self->path), "proof", json_text(self->file.path), "verdict",
                     svms_verdict_name(report->verdict), "attested_by", attester_word(report),
                     "film", film_to_json(report), "jumps", jumps_to_json(report), "samples",
                     samples_to_json(report), "presentation",
                     presentation_word(report->presentation), "failure", failure_to_json(report),
                     "reason", json_text(report->reason[0] ? report->reason : NULL), "evidence",
                     package_findings_to_json(&self->evidence));
}

static exit_status load_trusts(proof_verification *self)
{
    const verify_proof_request *request = self->request;
    exit_status status = EXIT_GOOD;
    if (request->trust_path) {
        status =
            load_trust_and_crls(&self->trust, self->ctx, request->trust_path, request->crl_path);
    }
    if (status == EXIT_GOOD && request->anchors_path) {
        status = load_trust_and_crls(&self->stamp_trust, self->ctx, request->anchors_path,
                                     request->crl_path);
    }
    return status;
}

static exit_status open_proof(proof_verification *self, const char *path)
{
    exit_status status = package_file_open(&self->file, self->ctx, path, NULL, NULL);
    if (status == EXIT_GOOD && self->file.info.kind != SVMS_EXPORT_PROOF) {
        complain("%s is an evidence package, not a proof: 'svms export verify' verifies it", path);
        status = EXIT_USAGE;
    }
    return status;
}

static exit_status verify_evidence(proof_verification *self)
{
    const verify_proof_request *request = self->request;
    package_question question = { 0 };
    question.trust_path = request->trust_path;
    question.claimed_time = request->claimed_time;
    question.expected_head = request->expected_head ? self->head : NULL;
    return package_check_with(&self->evidence, &self->file, &question, self->trust,
                              self->stamp_trust);
}

static exit_status verify_samples(proof_verification *self)
{
    const verify_proof_request *request = self->request;
    svms_export_verify_options options = SVMS_EXPORT_VERIFY_INIT;
    options.trust = self->trust;
    options.stamp_trust = self->stamp_trust;
    options.time_policy = request->claimed_time ? SVMS_TIME_CLAIMED : SVMS_TIME_ATTESTED;
    options.expected_head = request->expected_head ? self->head : NULL;
    return proof_check(&self->found, self->ctx, self->file.evidence, self->path, &options);
}

static exit_status show(const proof_verification *self)
{
    if (self->request->json) {
        return json_print(report_to_json(self));
    }
    if (!self->request->quiet) {
        print_report(self);
    }
    return EXIT_GOOD;
}

static exit_status run(proof_verification *self)
{
    const verify_proof_request *request = self->request;
    exit_status status = make_context(&self->ctx);
    if (status == EXIT_GOOD) {
        status = load_trusts(self);
    }
    if (status == EXIT_GOOD) {
        status = open_proof(self, request->files.items[1]);
    }
    if (status != EXIT_GOOD) {
        return status;
    }
    interrupt_watch();
    status = verify_evidence(self);
    if (status == EXIT_GOOD) {
        status = verify_samples(self);
    }
    if (status == EXIT_GOOD) {
        status = show(self);
    }
    bool good = self->found.report.verdict == SVMS_VERDICT_AUTHENTIC;
    return status == EXIT_GOOD && !good ? EXIT_EVIDENCE : status;
}

#define AT(field) offsetof(verify_proof_request, field), NULL, 0, 0

static const option_spec options[] = {
    { "trust", "CA", "CA certificates that are trusted (PEM); without, nobody is", OPTION_TEXT,
      AT(trust_path) },
    { "crl", "FILE", "certificate revocation lists (PEM or DER)", OPTION_TEXT, AT(crl_path) },
    { "tsa-anchors", "CA", "CA certificates (PEM) of time stamp authorities that are trusted",
      OPTION_TEXT, AT(anchors_path) },
    { "expect-head", "H", "the receipt of the proof; whoever made it was told", OPTION_TEXT,
      AT(expected_head) },
    { "accept-claimed-time", NULL, "believe signers' clocks when a certificate has expired since",
      OPTION_FLAG, AT(claimed_time) },
    { "json", NULL, "print one JSON object", OPTION_FLAG, AT(json) },
    { "quiet", NULL, "print nothing; the exit status is the answer", OPTION_FLAG, AT(quiet) },
};

static const command_line line = { COMMAND,
                                   "FILE PROOF --trust CA [options]",
                                   "Proves that a clear MP4 file or picture is what was recorded, "
                                   "sample by sample and at its time, "
                                   "or\nnames the first sample that is not.",
                                   options,
                                   sizeof options / sizeof options[0],
                                   "FILE PROOF",
                                   offsetof(verify_proof_request, files) };

exit_status command_verify_proof(int count, char **arguments)
{
    verify_proof_request request;
    proof_verification self = { 0 };
    const package_file file = PACKAGE_FILE_INIT;
    memset(&request, 0, sizeof request);
    parse_result parsed = options_parse_many(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (request.files.count != 2) {
        return usage_error(COMMAND, "the clear file and its proof must be named");
    }
    if (request.json && request.quiet) {
        return usage_error(COMMAND, "--json and --quiet contradict each other");
    }
    if (request.crl_path && !request.trust_path && !request.anchors_path) {
        return usage_error(COMMAND, "--crl belongs to --trust or --tsa-anchors");
    }
    if (request.expected_head &&
        !head_text_parse(self.head, sizeof self.head, request.expected_head)) {
        return usage_error(COMMAND, "--expect-head is no receipt: 64 hexadecimal digits");
    }
    self.request = &request;
    self.path = request.files.items[0];
    self.file = file;
    exit_status status = run(&self);
    package_findings_free(&self.evidence);
    package_file_close(&self.file);
    svms_trust_free(&self.stamp_trust);
    svms_trust_free(&self.trust);
    svms_ctx_free(&self.ctx);
    return status;
}
