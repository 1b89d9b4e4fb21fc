/* SPDX-License-Identifier: Apache-2.0 */
#include "export_make.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export_audit.h"
#include "export_inputs.h"
#include "export_result.h"
#include "file.h"
#include "folder.h"
#include "interrupt.h"
#include "keys.h"
#include "link_stamp.h"
#include "message.h"
#include "package_case.h"
#include "package_check.h"
#include "part_file.h"
#include "progress.h"
#include "verify_report.h"

#define MAX_FINDINGS 20

typedef struct export_job {
    const export_request *request;
    const export_means *means;
    svms_ctx *ctx;
    export_inputs inputs;
    svms_export *package;
    part_file output;
    link_stamp stamp;
    svms_export_result result;
    progress bar;
    char words[160]; /* beside the bar */
    svms_finding findings[MAX_FINDINGS];
    size_t finding_count; /* of the present source */
    bool doubtful;        /* a source is not all that was asked for, which was said */
    bool checked;
} export_job;

typedef struct time_text {
    char text[SVMS_TIME_TEXT_SIZE];
} time_text;

static time_text time_of(int64_t utc_ns)
{
    time_text time = { { 0 } };
    svms_time_format(utc_ns, time.text);
    return time;
}

static int on_progress(void *user, uint64_t done, uint64_t total)
{
    export_job *self = user;
    progress_show(&self->bar, done, total, self->words);
    return interrupt_came() ? 1 : 0;
}

static void on_finding(void *user, const svms_finding *finding)
{
    export_job *self = user;
    if (self->finding_count < MAX_FINDINGS) {
        self->findings[self->finding_count++] = *finding;
    }
}

static exit_status say_interrupted(const export_job *self)
{
    complain("interrupted; %s was not written", self->request->output);
    return EXIT_ENVIRONMENT;
}

static exit_status begin(export_job *self)
{
    const export_request *request = self->request;
    const export_means *means = self->means;
    svms_export_options options = SVMS_EXPORT_OPTIONS_INIT;
    svms_error err = SVMS_ERROR_INIT;
    self->stamp = (link_stamp){ self->ctx, request->tsa, means->stamp_trust, false };
    options.signer.key = means->key;
    options.signer.chain = means->chain;
    options.signer.note = request->note;
    options.signer.policy = request->no_reexport ? SVMS_EXPORT_NO_REEXPORT : 0;
    options.signer.stamp = request->tsa ? link_stamp_ask : NULL;
    options.signer.stamp_user = &self->stamp;
    options.recipients = (const svms_public_key *const *)means->people.keys;
    options.recipient_count = means->people.key_count;
    options.keks = (const svms_kek *const *)means->people.keks;
    options.kek_count = means->people.kek_count;
    options.password = means->people.secret.size > 0 ? means->people.secret.text : NULL;
    options.password_size = means->people.secret.size;
    options.unsealed = request->unsealed ? 1 : 0;
    options.case_number = request->case_number;
    options.operator_name = request->operator_name;
    options.reason = request->reason;
    options.comment = request->comment;
    options.profile = means->profile;
    options.audit_reference = request->audit_reference;
    exit_status status = part_file_create(&self->output, self->ctx, request->output);
    if (status == EXIT_GOOD && svms_export_create(&self->package, self->ctx, &options,
                                                  &self->output.sink, &err) != SVMS_OK) {
        /* Of the command line, not of evidence. */
        bool signer = err.status == SVMS_E_UNTRUSTED;
        status = complain_error(&err, "cannot begin %s", request->output);
        status = signer ? EXIT_POLICY : status;
    }
    return status;
}

static void name_findings(const export_job *self, const char *verb, const export_input *input)
{
    for (size_t i = 0; i < self->finding_count; i++) {
        const svms_finding *finding = &self->findings[i];
        if (finding->segment == SVMS_NO_SEGMENT) {
            complain("%s: %s, outside of the segments, byte %" PRIu64 ": %s", verb, input->path,
                     finding->offset, finding->reason);
        } else {
            complain("%s: %s, segment %" PRIu64 ", from %s: %s", verb, input->path,
                     finding->segment, time_of(finding->utc_ns).text, finding->reason);
        }
    }
}

/* Why a source was not added. */
static exit_status refuse(const export_job *self, const export_input *input,
                          const svms_report *report, const svms_error *err)
{
    exit_status status = exit_status_of(err->status);
    switch (err->status) {
    case SVMS_E_CANCELLED:
        return say_interrupted(self);
    case SVMS_E_NOT_AUTHENTIC:
    case SVMS_E_UNDECRYPTABLE:
        name_findings(self, "does not verify", input);
        complain("refused: %s is %s; --include-unverified exports it and declares what does not "
                 "verify",
                 input->path,
                 verify_verdict_title(report->has_failure ? report->verdict
                                                          : SVMS_VERDICT_NOT_AUTHENTIC));
        if (self->finding_count == 0) {
            complain_error(err, "it fails");
        }
        return status;
    case SVMS_E_UNTRUSTED:
        complain_error(err, "refused: the signer of %s is not trusted", input->path);
        return status;
    case SVMS_E_WRONG_KEY:
        complain_error(err,
                       "%s stays shut: give what opens it (--source-password-file, "
                       "--source-identity, --source-kek, --source-keys)",
                       input->path);
        return status;
    default:
        return complain_error(err, "cannot export %s", input->path);
    }
}

static void say_doubts(export_job *self, const export_input *input, const svms_report *report)
{
    if (report->verdict == SVMS_VERDICT_AUTHENTIC) {
        return;
    }
    self->doubtful = true;
    if (report->verdict == SVMS_VERDICT_INCOMPLETE) {
        complain("note: %s does not cover all of the period: %s", input->path,
                 report->first_failure.reason[0] ? report->first_failure.reason
                                                 : "it has no end there");
        return;
    }
    name_findings(self, "unverified, and declared so", input);
    complain("note: %s is %s, and the package says so", input->path,
             verify_verdict_title(report->verdict));
}

static exit_status add_source(export_job *self, size_t place)
{
    const export_request *request = self->request;
    const export_input *input = &self->inputs.items[place];
    svms_export_source options = SVMS_EXPORT_SOURCE_INIT;
    svms_report report = SVMS_REPORT_INIT;
    svms_source source = SVMS_SOURCE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    exit_status status = export_removed_tracks(&options.removed_tracks, input,
                                               &request->without_tracks, EXPORT_CREATE);
    if (status != EXIT_GOOD) {
        return status;
    }
    options.keys = self->means->keys.ring;
    options.trust = self->means->trust;
    options.stamp_trust = self->means->stamp_trust;
    options.attester = attest_attester(&self->means->witnesses);
    options.time_policy = request->claimed_time ? SVMS_TIME_CLAIMED : SVMS_TIME_ATTESTED;
    options.include_unverified = request->include_unverified ? 1 : 0;
    options.from_utc_ns = request->from_utc_ns;
    options.to_utc_ns = request->to_utc_ns;
    options.user = self;
    options.progress = on_progress;
    options.finding = on_finding;
    self->finding_count = 0;
    snprintf(self->words, sizeof self->words, "exporting source %zu of %zu", place + 1,
             self->inputs.count);
    svms_status added = folder_open(&source, self->ctx, input->path, &err);
    if (added == SVMS_OK) {
        progress_begin(&self->bar);
        added = svms_export_add_source(self->package, &source, &options, &report, &err);
        progress_clear(&self->bar);
    }
    svms_source_close(&source);
    if (added != SVMS_OK) {
        err.status = added;
        return refuse(self, input, &report, &err);
    }
    say_doubts(self, input, &report);
    return interrupt_came() ? say_interrupted(self) : EXIT_GOOD;
}

static exit_status add_all(export_job *self)
{
    exit_status status = EXIT_GOOD;
    for (size_t i = 0; i < self->inputs.count && status == EXIT_GOOD; i++) {
        status = add_source(self, i);
    }
    if (status == EXIT_GOOD) {
        status = attachment_list_add(self->means->attachments, self->package, self->ctx,
                                     (uint32_t)self->inputs.count);
    }
    return status;
}

static exit_status finish(export_job *self)
{
    svms_error err = SVMS_ERROR_INIT;
    if (interrupt_came()) {
        return say_interrupted(self);
    }
    if (svms_export_finish(self->package, &self->result, &err) != SVMS_OK) {
        return complain_error(&err, "cannot finish %s", self->request->output);
    }
    return EXIT_GOOD;
}

/* With what opens it, as far as that is here: recipients' public keys do not. */
static exit_status load_own_keys(key_set *keys, svms_ctx *ctx, const export_means *means)
{
    svms_error err = SVMS_ERROR_INIT;
    const recipient_set *people = &means->people;
    if (people->secret.size == 0 && people->kek_count == 0) {
        return EXIT_GOOD;
    }
    svms_status status = svms_keyring_new(&keys->ring, ctx, &err);
    if (status == SVMS_OK && people->kek_count > 0) {
        status = svms_keyring_add_kek(keys->ring, people->keks[0], &err);
    } else if (status == SVMS_OK) {
        status =
            svms_keyring_add_password(keys->ring, people->secret.text, people->secret.size, &err);
    }
    return status == SVMS_OK ? EXIT_GOOD : complain_error(&err, "cannot keep keys");
}

static bool is_as_made(const export_job *self, const package_findings *found)
{
    const svms_export_result *result = &self->result;
    const svms_export_report *report = &found->report;
    if (!report->expected_head || report->links == SVMS_VERDICT_NOT_AUTHENTIC ||
        report->contents == SVMS_VERDICT_NOT_AUTHENTIC ||
        report->contents == SVMS_VERDICT_UNDECRYPTABLE ||
        found->source_count != result->period_count ||
        found->file->info.attachments != result->attachment_count) {
        return false;
    }
    for (size_t i = 0; i < found->source_count; i++) {
        /* That something lacks between sources shows only now. */
        svms_verdict is = found->sources[i].verdict;
        if (is > result->periods[i].verdict && is != SVMS_VERDICT_INCOMPLETE) {
            return false;
        }
    }
    return true;
}

/* What is right as far as it goes, but was whole when each source was looked at by itself. */
static void say_what_lacks(export_job *self, const package_findings *found)
{
    bool shut = !found->file->info.opened;
    bool lacks = false;
    for (size_t i = 0; i < found->source_count && !shut; i++) {
        const found_source *source = &found->sources[i];
        if (source->verdict == SVMS_VERDICT_INCOMPLETE &&
            self->result.periods[i].verdict == SVMS_VERDICT_AUTHENTIC) {
            self->doubtful = true;
            complain("note: source %zu is incomplete: %s", i,
                     source->has_failure ? source->first_failure.reason : found->report.reason);
            lacks = true;
        }
    }
    if (lacks &&
        (self->request->from_utc_ns == SVMS_NO_TIME || self->request->to_utc_ns == SVMS_NO_TIME)) {
        complain(
            "note: without --from and --to all of a recording is asked for; its folder has it");
    }
}

/* Names are encrypted in the recordings; the case has them. */
static exit_status take_names(export_job *self, const json_t *document)
{
    for (size_t i = 0; i < self->inputs.count && document; i++) {
        export_input *input = &self->inputs.items[i];
        const char *name = package_case_text(package_case_device(document, (uint32_t)i), "name");
        if (name && !input->device_name) {
            input->device_name = path_with_suffix(name, "");
            if (!input->device_name) {
                return EXIT_ENVIRONMENT;
            }
        }
    }
    return EXIT_GOOD;
}

static exit_status compare(export_job *self, const package_file *file)
{
    const package_question question = {
        self->request->trust_path, NULL, NULL,  self->request->claimed_time,
        self->result.head,         true, false, attest_attester(&self->means->witnesses)
    };
    package_findings found = PACKAGE_FINDINGS_INIT;
    exit_status status =
        package_check_with(&found, file, &question, self->means->trust, self->means->stamp_trust);
    if (status != EXIT_GOOD) {
        return status;
    }
    if (!is_as_made(self, &found)) {
        complain("what was written does not verify when it is read back (%s)",
                 found.report.reason[0] ? found.report.reason
                                        : verify_verdict_title(found.report.verdict));
        status = EXIT_ENVIRONMENT;
    } else {
        say_what_lacks(self, &found);
    }
    if (status == EXIT_GOOD && self->means->trust && found.report.links == SVMS_VERDICT_UNTRUSTED) {
        complain("note: what --trust names does not vouch for the exporter: %s",
                 found.link_count > 0 ? found.links[0].reason : "");
    }
    if (status == EXIT_GOOD) {
        status = take_names(self, found.document);
    }
    package_findings_free(&found);
    self->checked = status == EXIT_GOOD;
    return status;
}

static exit_status read_back(export_job *self)
{
    key_set keys = KEY_SET_INIT;
    package_file file = PACKAGE_FILE_INIT;
    exit_status status = load_own_keys(&keys, self->ctx, self->means);
    if (status == EXIT_GOOD) {
        status = package_file_open(&file, self->ctx, self->output.temporary, &keys, NULL);
    }
    if (status == EXIT_GOOD) {
        status = compare(self, &file);
    }
    package_file_close(&file);
    key_set_free(&keys);
    return status;
}

static export_outcome outcome_of(const export_job *self)
{
    return (export_outcome){ self->request, &self->inputs, &self->result, self->means->profile,
                             self->checked };
}

/* Told before it gets its name: no package is there that the log does not know. */
static exit_status publish(export_job *self)
{
    const export_outcome outcome = outcome_of(self);
    if (interrupt_came()) {
        return say_interrupted(self);
    }
    exit_status status = export_audit_done(self->means->trail, &outcome);
    if (status != EXIT_GOOD) {
        return status;
    }
    status = part_file_publish(&self->output, self->request->force);
    return export_audit_failed(self->means->trail, self->request, status);
}

static exit_status say(const export_job *self)
{
    const export_outcome outcome = outcome_of(self);
    if (self->request->json) {
        return export_outcome_print_json(&outcome);
    }
    if (!self->request->quiet) {
        export_outcome_print(&outcome);
    }
    return EXIT_GOOD;
}

static exit_status write_package(export_job *self)
{
    exit_status status = begin(self);
    if (status == EXIT_GOOD) {
        status = add_all(self);
    }
    if (status == EXIT_GOOD) {
        status = finish(self);
    }
    svms_export_abort(&self->package);
    part_file_close(&self->output);
    if (status == EXIT_GOOD && !self->request->no_check) {
        status = read_back(self);
    }
    return status == EXIT_GOOD ? publish(self) : status;
}

static exit_status run(export_job *self)
{
    const export_request *request = self->request;
    const export_selection selection = { EXPORT_CREATE,        &request->sources,
                                         &request->devices,    self->means->keys.ring,
                                         request->from_utc_ns, request->to_utc_ns };
    exit_status status = export_inputs_find(&self->inputs, self->ctx, &selection);
    if (status != EXIT_GOOD) {
        return status;
    }
    interrupt_watch();
    status = write_package(self);
    if (status == EXIT_GOOD && !request->quiet) {
        /* Where the package stays shut for the exporter, the recordings tell the names. */
        status = export_inputs_name(&self->inputs, self->ctx, self->means->keys.ring);
    }
    if (status == EXIT_GOOD) {
        status = say(self);
    }
    bool lacks = self->doubtful || self->inputs.incomplete;
    return status == EXIT_GOOD && lacks ? EXIT_EVIDENCE : status;
}

exit_status export_make(const export_request *request, svms_ctx *ctx, const export_means *means)
{
    export_job *self = calloc(1, sizeof *self);
    if (!self) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    self->request = request;
    self->means = means;
    self->ctx = ctx;
    self->output = (part_file)PART_FILE_INIT;
    self->result = (svms_export_result)SVMS_EXPORT_RESULT_INIT;
    exit_status status = run(self);
    part_file_discard(&self->output);
    svms_export_result_clear(&self->result);
    export_inputs_free(&self->inputs);
    free(self);
    return status;
}
