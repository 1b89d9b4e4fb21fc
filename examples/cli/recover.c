/* SPDX-License-Identifier: Apache-2.0 */
/* svms recover: what an interrupted or damaged recording still holds, and a clean copy of it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <svms/svms.h>

#include "command.h"
#include "file.h"
#include "interrupt.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"
#include "progress.h"
#include "recording.h"

typedef struct recover_request {
    const char *path;
    const char *output;
    bool json;
} recover_request;

typedef struct copy_target {
    char *temporary; /* NULL: no copy is made */
    svms_sink sink;
} copy_target;

typedef struct time_text {
    char text[SVMS_TIME_TEXT_SIZE];
} time_text;

static time_text time_of(int64_t utc_ns)
{
    time_text time = { { 0 } };
    svms_time_format(utc_ns, time.text);
    return time;
}

static bool is_damaged(const svms_recovery_report *report)
{
    return report->bytes_damaged > 0 || report->segments_lost > 0 || report->segments_failed > 0 ||
           report->end_damaged;
}

static bool is_whole(const svms_recovery_report *report)
{
    return report->closed && !is_damaged(report) && report->access_damaged == 0 &&
           report->copy_size == report->file_size;
}

static const char *state_name(const svms_recovery_report *report)
{
    if (is_damaged(report)) {
        return "damaged";
    }
    return is_whole(report) ? "whole" : "incomplete";
}

static const char *state_words(const svms_recovery_report *report)
{
    if (is_damaged(report)) {
        return "Part of it does not hold. The segments that do keep their value.";
    }
    if (is_whole(report)) {
        return "There is nothing to recover.";
    }
    return "It was interrupted, or is still being written. What is signed keeps its value.";
}

static void print_bytes(const char *label, uint64_t bytes, const char *what)
{
    if (bytes > 0) {
        print_line(stdout, "%s%" PRIu64 " bytes %s", label, bytes, what);
    }
}

static void print_stretches(const svms_recovery_report *report)
{
    for (uint32_t i = 0; i < report->stretch_count && i < SVMS_REPORT_STRETCHES; i++) {
        const svms_damaged_stretch *stretch = &report->stretches[i];
        char lost[96] = "no whole segment";
        if (stretch->segments == 1) {
            snprintf(lost, sizeof lost, "segment %" PRIu64, stretch->first_segment);
        } else if (stretch->segments > 1) {
            snprintf(lost, sizeof lost, "segments %" PRIu64 " to %" PRIu64, stretch->first_segment,
                     stretch->first_segment + stretch->segments - 1);
        }
        print_line(stdout, "  byte %" PRIu64 ", %" PRIu64 " bytes: %s", stretch->offset,
                   stretch->size, lost);
    }
    if (report->stretch_count > SVMS_REPORT_STRETCHES) {
        print_line(stdout, "  and %" PRIu32 " more", report->stretch_count - SVMS_REPORT_STRETCHES);
    }
}

static void print_end(const svms_recovery_report *report)
{
    if (report->closed) {
        print_line(stdout, "End           signed: the recording is closed");
    } else {
        print_line(stdout, "End           %s",
                   report->end_damaged ? "does not hold, or cannot be reached" : "none");
    }
    if (report->records_unattested > 0) {
        print_line(stdout,
                   "Unattested    %" PRIu64 " whole records (%" PRIu64 " samples), %" PRIu64
                   " bytes that no signature covers",
                   report->records_unattested, report->samples_unattested,
                   report->bytes_unattested);
    }
    print_bytes("Torn          ", report->bytes_torn, "of a record that was cut off");
    print_bytes("Torn stamp    ", report->bytes_trailer,
                "of a trailer that was cut off behind the end");
    print_bytes("Zeros         ", report->bytes_zero, "at the end");
    print_bytes("Other         ", report->bytes_other, "at the end that are no records");
}

static void print_text(const recover_request *request, const char *path,
                       const svms_recovery_report *report)
{
    print_line(stdout, "Recording     %s", path);
    print_line(stdout, "State         %s", state_name(report));
    print_line(stdout, "              %s", state_words(report));
    print_line(stdout, "%s      %" PRIu64 " segments hold (%" PRIu64 " samples)",
               report->role == SVMS_ROLE_NONE ? "Unsigned" : "Attested", report->segments_attested,
               report->samples_attested);
    if (report->segments_attested > 0) {
        print_line(stdout, "              %s to %s", time_of(report->first_utc_ns).text,
                   time_of(report->last_utc_ns).text);
    }
    if (is_damaged(report)) {
        print_line(stdout, "Damaged       %" PRIu64 " segments, %" PRIu64 " bytes",
                   report->segments_lost, report->bytes_damaged);
        print_stretches(report);
    }
    print_end(report);
    if (report->access_damaged > 0) {
        print_line(stdout, "Access        %" PRIu32 " of 2 access slots damaged",
                   report->access_damaged);
    }
    print_line(stdout, "Clean copy    %" PRIu64 " of %" PRIu64 " bytes: %s", report->copy_size,
               report->file_size,
               report->copy_loses ? "what was cut off is left out" : "nothing is lost");
    if (request->output) {
        print_line(stdout, "Written to    %s", request->output);
    }
}

static json_t *stretches_to_json(const svms_recovery_report *report)
{
    json_t *list = json_array();
    for (uint32_t i = 0; list && i < report->stretch_count && i < SVMS_REPORT_STRETCHES; i++) {
        const svms_damaged_stretch *stretch = &report->stretches[i];
        json_t *entry = json_pack("{s:I, s:I, s:o, s:I}", "offset", (json_int_t)stretch->offset,
                                  "bytes", (json_int_t)stretch->size, "first_segment",
                                  json_place(stretch->first_segment), "segments",
                                  (json_int_t)stretch->segments);
        if (json_array_append_new(list, entry) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *report_to_json(const recover_request *request, const char *path,
                              const svms_recovery_report *report)
{
    json_t *attested = json_pack(
        "{s:I, s:I, s:I, s:o, s:o}", "segments", (json_int_t)report->segments_attested, "samples",
        (json_int_t)report->samples_attested, "bytes", (json_int_t)report->bytes_attested, "first",
        json_time(report->first_utc_ns), "last", json_time(report->last_utc_ns));
    json_t *damaged = json_pack(
        "{s:I, s:I, s:I, s:b, s:I, s:o}", "segments", (json_int_t)report->segments_lost, "failures",
        (json_int_t)report->segments_failed, "bytes", (json_int_t)report->bytes_damaged, "end",
        (int)report->end_damaged, "stretch_count", (json_int_t)report->stretch_count, "stretches",
        stretches_to_json(report));
    json_t *unattested = json_pack(
        "{s:I, s:I, s:I}", "records", (json_int_t)report->records_unattested, "samples",
        (json_int_t)report->samples_unattested, "bytes", (json_int_t)report->bytes_unattested);
    json_t *left_out =
        json_pack("{s:I, s:I, s:I, s:I}", "torn", (json_int_t)report->bytes_torn, "trailer",
                  (json_int_t)report->bytes_trailer, "zero", (json_int_t)report->bytes_zero,
                  "other", (json_int_t)report->bytes_other);
    return json_pack("{s:o, s:s, s:b, s:b, s:I, s:o, s:o, s:o, s:o, s:I, s:{s:o, s:I, s:b}}",
                     "file", json_text(path), "state", state_name(report), "closed",
                     (int)report->closed, "signed", report->role != SVMS_ROLE_NONE, "size",
                     (json_int_t)report->file_size, "attested", attested, "damaged", damaged,
                     "unattested", unattested, "left_out", left_out, "damaged_slots",
                     (json_int_t)report->access_damaged, "copy", "file", json_text(request->output),
                     "size", (json_int_t)report->copy_size, "loses", (int)report->copy_loses);
}

static int on_progress(void *user, uint64_t done, uint64_t total)
{
    progress_show(user, done, total, "recovering");
    return interrupt_came();
}

/* A sink of the library wants a name of its own, and a name that nobody has taken. */
static exit_status open_copy(copy_target *copy, svms_ctx *ctx, const char *path)
{
    int handle = -1;
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = file_create_beside(path, &handle, &copy->temporary);
    if (status != EXIT_GOOD) {
        return status;
    }
    close(handle);
    unlink(copy->temporary);
    if (svms_sink_create_file(&copy->sink, ctx, copy->temporary, &err) != SVMS_OK) {
        status = complain_error(&err, "cannot write %s", path);
        free(copy->temporary);
        copy->temporary = NULL;
    }
    return status;
}

static exit_status close_copy(copy_target *copy, const char *path, exit_status status)
{
    if (!copy->temporary) {
        return status;
    }
    svms_sink_close(&copy->sink);
    if (status == EXIT_GOOD) {
        status = file_publish(copy->temporary, path, false);
    }
    if (status != EXIT_GOOD) {
        unlink(copy->temporary);
    }
    free(copy->temporary);
    return status;
}

static exit_status run(const recover_request *request, svms_ctx *ctx, const recording *file,
                       svms_recovery_report *report)
{
    svms_recovery_options options = SVMS_RECOVERY_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    copy_target copy = { NULL, SVMS_SINK_INIT };
    progress bar;
    exit_status status = EXIT_GOOD;
    if (request->output) {
        status = open_copy(&copy, ctx, request->output);
        if (status != EXIT_GOOD) {
            return status;
        }
        options.sink = &copy.sink;
    }
    options.user = &bar;
    options.progress = on_progress;
    interrupt_watch();
    progress_begin(&bar);
    svms_status recovered = svms_recover(ctx, &file->source, &options, report, &err);
    progress_clear(&bar);
    if (recovered != SVMS_OK) {
        status = complain_error(&err, "cannot recover %s", file->path);
    }
    return close_copy(&copy, request->output, status);
}

static exit_status check_copy(const recover_request *request)
{
    exit_status status = file_check_not_input(request->output, request->path);
    if (status == EXIT_GOOD && file_exists(request->output)) {
        complain("%s exists; a clean copy replaces nothing", request->output);
        status = EXIT_ENVIRONMENT;
    }
    return status;
}

static exit_status recover(const recover_request *request)
{
    svms_ctx *ctx = NULL;
    recording file = { NULL, SVMS_SOURCE_INIT };
    svms_recovery_report report = SVMS_RECOVERY_REPORT_INIT;
    exit_status status = make_context(&ctx);
    if (status == EXIT_GOOD && request->output) {
        status = check_copy(request);
    }
    if (status == EXIT_GOOD) {
        status = recording_open(&file, ctx, request->path);
    }
    if (status == EXIT_GOOD) {
        status = run(request, ctx, &file, &report);
    }
    if (status == EXIT_GOOD && request->json) {
        status = json_print(report_to_json(request, file.path, &report));
    } else if (status == EXIT_GOOD) {
        print_text(request, file.path, &report);
    }
    recording_close(&file);
    svms_ctx_free(&ctx);
    if (status == EXIT_GOOD && !is_whole(&report)) {
        return EXIT_EVIDENCE;
    }
    return status;
}

static const option_spec options[] = {
    { "out", "COPY", "write a clean copy; nothing is ever replaced", OPTION_TEXT,
      offsetof(recover_request, output), NULL, 0, 0 },
    { "json", NULL, "print one JSON object", OPTION_FLAG, offsetof(recover_request, json), NULL, 0,
      0 },
};

static const command_line line = {
    "recover",
    "FILE [--out COPY] [--json]",
    "Says what an interrupted or damaged recording still holds. Changes and signs nothing.",
    options,
    sizeof options / sizeof options[0],
    "FILE",
    offsetof(recover_request, path)
};

exit_status command_recover(int count, char **arguments)
{
    recover_request request = { NULL, NULL, false };
    parse_result parsed = options_parse(&line, &request, count, arguments);
    if (parsed != PARSE_READY) {
        return parse_exit(parsed);
    }
    if (request.output && request.output[0] == '\0') {
        return usage_error("recover", "--out is empty");
    }
    return recover(&request);
}
