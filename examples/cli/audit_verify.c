/* SPDX-License-Identifier: Apache-2.0 */
/* svms audit verify: that a whole log is what was signed, and all of it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <svms/svms.h>

#include "audit_command.h"
#include "audit_place.h"
#include "audit_trust_options.h"
#include "file.h"
#include "interrupt.h"
#include "json_output.h"
#include "keys.h"
#include "message.h"
#include "options.h"
#include "progress.h"

/* Most bytes of a checkpoint (audit.md, A-CHK-3). */
#define CHECKPOINT_MAX 65536
/* Most flaws that are listed; all are counted. */
#define LISTED 100

typedef struct verify_request {
    const char *path;
    const char *kept;
    audit_trust_options trust;
    bool unverified;
    bool json;
    bool quiet;
} verify_request;

typedef struct verify_state {
    const verify_request *request;
    svms_ctx *ctx;
    svms_folder folder;
    audit_trust trust;
    file_text kept;
    progress bar;
    svms_audit_flaw_found flaws[LISTED];
    size_t flaw_count;
} verify_state;

static int on_progress(void *user, uint64_t done, uint64_t total)
{
    verify_state *self = user;
    progress_show(&self->bar, done, total, "verifying");
    return interrupt_came() ? 1 : 0;
}

static void on_found(void *user, const svms_audit_flaw_found *flaw)
{
    verify_state *self = user;
    if (self->flaw_count < LISTED) {
        self->flaws[self->flaw_count++] = *flaw;
    }
}

static bool has_report(svms_status status)
{
    return status == SVMS_OK || status == SVMS_E_NOT_AUTHENTIC || status == SVMS_E_IO ||
           status == SVMS_E_UNTRUSTED;
}

static const char *title_of(svms_status status, const svms_audit_report *report)
{
    switch (status) {
    case SVMS_E_NOT_AUTHENTIC:
        return "NOT AUTHENTIC";
    case SVMS_E_IO:
        return "NOT ALL COULD BE READ";
    case SVMS_E_UNTRUSTED:
        return "NOT WITNESSED AS DEMANDED";
    default:
        return report->is_key_given ? "AUTHENTIC" : "AT ONE WITH ITSELF";
    }
}

static const char *name_of(svms_status status, const svms_audit_report *report)
{
    switch (status) {
    case SVMS_E_NOT_AUTHENTIC:
        return "not_authentic";
    case SVMS_E_IO:
        return "unreadable";
    case SVMS_E_UNTRUSTED:
        return "untrusted";
    default:
        return report->is_key_given ? "authentic" : "unverified";
    }
}

static void print_first_wrong(const svms_audit_report *report)
{
    char at[SVMS_TIME_TEXT_SIZE];
    if (report->first_wrong == SVMS_NO_RECORD) {
        return;
    }
    print_line(stdout, "First wrong   record %" PRIu64, report->first_wrong);
    if (report->last_right_utc_ns != SVMS_NO_TIME) {
        svms_time_format(report->last_right_utc_ns, at);
        print_line(stdout, "Last right    a record of %s", at);
    }
}

static void print_witnesses(const verify_state *self, const svms_audit_report *report)
{
    char at[SVMS_TIME_TEXT_SIZE];
    if (report->witnessed_size == 0) {
        print_line(stdout, "Witnesses     none has signed%s",
                   self->trust.trust.quorum == 0 ? "; none was asked for (--quorum)" : "");
        return;
    }
    print_line(stdout, "Witnesses     %" PRIu32 " have signed for the first %" PRIu64 " records",
               report->witnessed, report->witnessed_size);
    if (report->attested_utc_ns != SVMS_NO_TIME) {
        svms_time_format(report->attested_utc_ns, at);
        print_line(stdout, "              these are attested since %s", at);
    }
}

static void print_flaws(const verify_state *self)
{
    for (size_t i = 0; i < self->flaw_count; i++) {
        const svms_audit_flaw_found *flaw = &self->flaws[i];
        print_line(stdout, "%-13s %s%s", i == 0 ? "Found" : "",
                   flaw->status == SVMS_OK ? "no fault: " : "", flaw->words);
    }
}

static void print_text(const verify_state *self, svms_status status,
                       const svms_audit_report *report)
{
    print_line(stdout, "Log           %s", self->request->path);
    print_line(stdout, "Verdict       %s", title_of(status, report));
    if (!report->is_key_given) {
        print_line(stdout, "              The log's key was not given (--key): whoever can write "
                           "there could have made it all anew.");
    }
    print_first_wrong(report);
    print_line(stdout,
               "Records       %" PRIu64 ", of which %" PRIu64 " are verified, and %" PRIu64
               " were pruned",
               report->size, report->checked, report->pruned);
    print_line(stdout, "Keys          %" PRIu64 " handed over", report->epochs);
    print_witnesses(self, report);
    if (report->stamps > 0) {
        print_line(stdout, "Time stamps   %" PRIu64 ", not verified here", report->stamps);
    }
    print_flaws(self);
    if (report->flaws > 0) {
        print_line(stdout, "Flaws         %" PRIu64, report->flaws);
    }
}

static json_t *flaw_to_json(const svms_audit_flaw_found *flaw)
{
    return json_pack("{s:s, s:s, s:o, s:I, s:o}", "flaw", svms_audit_flaw_name(flaw->flaw),
                     "status", svms_status_name(flaw->status), "record", json_place(flaw->record),
                     "count", (json_int_t)flaw->count, "words", json_text(flaw->words));
}

static json_t *flaws_to_json(const verify_state *self)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < self->flaw_count; i++) {
        if (json_array_append_new(list, flaw_to_json(&self->flaws[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *to_json(const verify_state *self, svms_status status,
                       const svms_audit_report *report)
{
    return json_pack(
        "{s:o, s:s, s:b, s:I, s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:o, s:o, s:I, s:I, s:o, s:o}",
        "log", json_text(self->request->path), "verdict", name_of(status, report), "key_given",
        (int)report->is_key_given, "size", (json_int_t)report->size, "published",
        (json_int_t)report->published, "checked", (json_int_t)report->checked, "pruned",
        (json_int_t)report->pruned, "root", json_hex(report->root, sizeof report->root), "epochs",
        (json_int_t)report->epochs, "stamps", (json_int_t)report->stamps, "flaws",
        (json_int_t)report->flaws, "first_wrong", json_place(report->first_wrong), "last_right",
        json_time(report->last_right_utc_ns), "witnessed", (json_int_t)report->witnessed,
        "witnessed_size", (json_int_t)report->witnessed_size, "attested",
        json_time(report->attested_utc_ns), "found", flaws_to_json(self));
}

static exit_status show(const verify_state *self, svms_status status,
                        const svms_audit_report *report)
{
    if (self->request->json) {
        return json_print(to_json(self, status, report));
    }
    if (!self->request->quiet) {
        print_text(self, status, report);
    }
    return EXIT_GOOD;
}

static exit_status check_log(verify_state *self)
{
    svms_audit_check_options options = SVMS_AUDIT_CHECK_OPTIONS_INIT;
    svms_audit_report report = SVMS_AUDIT_REPORT_INIT;
    svms_error err = SVMS_ERROR_INIT;
    options.kept = self->kept.bytes;
    options.kept_size = self->kept.size;
    options.user = self;
    options.progress = on_progress;
    options.found = on_found;
    interrupt_watch();
    progress_begin(&self->bar);
    svms_status checked = svms_audit_check(self->ctx, &self->folder,
                                           self->request->trust.key ? &self->trust.trust : NULL,
                                           &options, &report, &err);
    progress_clear(&self->bar);
    if (checked == SVMS_E_USAGE) {
        return usage_error("audit verify", "%s", err.message);
    }
    if (checked == SVMS_E_CANCELLED) {
        complain("interrupted; nobody knows what %s is", self->request->path);
        return EXIT_ENVIRONMENT;
    }
    if (!has_report(checked)) {
        return complain_error(&err, "cannot verify %s", self->request->path);
    }
    exit_status shown = show(self, checked, &report);
    return shown == EXIT_GOOD ? exit_status_of(checked) : shown;
}

static exit_status verify(verify_state *self)
{
    const verify_request *request = self->request;
    exit_status status = EXIT_GOOD;
    if (request->trust.key) {
        status = audit_trust_load(&self->trust, &request->trust, "audit verify");
    }
    if (status == EXIT_GOOD) {
        status = make_context(&self->ctx);
    }
    if (status == EXIT_GOOD) {
        status = audit_place_folder(&self->folder, self->ctx, request->path);
    }
    if (status == EXIT_GOOD && request->kept) {
        status = file_read(&self->kept, request->kept, CHECKPOINT_MAX, false);
    }
    return status == EXIT_GOOD ? check_log(self) : status;
}

#define AT(member) offsetof(verify_request, member), NULL, 0, 0

static const option_spec options[] = {
    { "key", "KEY", "the log's key, or a file with it, from somebody who is trusted", OPTION_TEXT,
      AT(trust.key) },
    { "unverified", NULL, "believe the key that the log itself names", OPTION_FLAG,
      AT(unverified) },
    { "witness-key", "KEY", "a witness that the log's administrator controls; repeatable",
      OPTION_LIST, AT(trust.witnesses) },
    { "outside-witness-key", "KEY", "a witness that he does not control; repeatable", OPTION_LIST,
      AT(trust.outside) },
    { "quorum", "K", "how many of them must have signed, one of them from outside", OPTION_COUNT,
      offsetof(verify_request, trust.quorum), NULL, 1, SVMS_AUDIT_WITNESSES_MAX },
    { "kept", "CHECKPOINT", "a checkpoint that somebody kept: the log must have grown from it",
      OPTION_TEXT, AT(kept) },
    { "json", NULL, "print one JSON object", OPTION_FLAG, AT(json) },
    { "quiet", NULL, "print nothing; the exit status is the answer", OPTION_FLAG, AT(quiet) },
};

static const command_line line = {
    "audit verify",
    "LOG --key KEY [options]",
    "Verifies a whole log: every record, every key, every checkpoint, and what was pruned. Others\n"
    "may append meanwhile. What a log alone cannot show, an older copy of itself or a fork, is\n"
    "found with --quorum or --kept.",
    options,
    sizeof options / sizeof options[0],
    "LOG",
    offsetof(verify_request, path)
};

static exit_status check(const verify_request *request)
{
    bool witnesses = request->trust.witnesses.count > 0 || request->trust.outside.count > 0 ||
                     request->trust.quorum > 0;
    if (request->json && request->quiet) {
        return usage_error(line.name, "--json and --quiet contradict each other");
    }
    if (request->trust.key && request->unverified) {
        return usage_error(line.name, "--key and --unverified contradict each other");
    }
    if (request->unverified && witnesses) {
        return usage_error(line.name, "who signed with witnesses is asked with --key only");
    }
    if (!request->trust.key && !request->unverified) {
        complain("refused: whoever can write a log could have made it anew; give --key, the key "
                 "that svms audit create printed, or --unverified to believe the log itself");
        return EXIT_POLICY;
    }
    return EXIT_GOOD;
}

exit_status command_audit_verify(int count, char **arguments)
{
    verify_request *request = calloc(1, sizeof *request);
    verify_state *self = calloc(1, sizeof *self);
    exit_status status = EXIT_ENVIRONMENT;
    if (request && self) {
        parse_result parsed = options_parse(&line, request, count, arguments);
        status = parsed == PARSE_READY ? check(request) : parse_exit(parsed);
        if (parsed == PARSE_READY && status == EXIT_GOOD) {
            self->request = request;
            status = verify(self);
        }
        file_text_free(&self->kept);
        svms_folder_close(&self->folder);
        svms_ctx_free(&self->ctx);
    } else {
        complain("out of memory");
    }
    free(request);
    free(self);
    return status;
}
