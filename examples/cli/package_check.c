/* SPDX-License-Identifier: Apache-2.0 */
#include "package_check.h"

#include <stdlib.h>
#include <string.h>

#include "interrupt.h"
#include "keys.h"
#include "message.h"
#include "package_case.h"
#include "progress.h"

typedef struct check_state {
    package_findings *found;
    progress bar;
    bool out_of_memory;
} check_state;

static int on_progress(void *user, uint64_t done, uint64_t total)
{
    check_state *state = user;
    progress_show(&state->bar, done, total, "verifying");
    return interrupt_came() ? 1 : 0;
}

static void on_link(void *user, const svms_export_link *link)
{
    check_state *state = user;
    package_findings *found = state->found;
    svms_export_link *grown = realloc(found->links, (found->link_count + 1) * sizeof *found->links);
    if (!grown) {
        state->out_of_memory = true;
        return;
    }
    found->links = grown;
    found->links[found->link_count++] = *link;
}

static void take_report(found_source *out, const svms_export_period *period,
                        const svms_report *report)
{
    out->period = *period;
    out->verdict = report->verdict;
    out->integrity = report->integrity;
    out->identity = report->identity;
    out->access = report->access;
    out->role = report->role;
    out->samples = report->samples_verified;
    out->attested_utc_ns = report->time_attested ? report->attested_utc_ns : SVMS_NO_TIME;
    out->has_failure = report->has_failure != 0;
    out->first_failure = report->first_failure;
    memcpy(out->signer, report->signer, sizeof out->signer);
    memcpy(out->identity_reason, report->identity_reason, sizeof out->identity_reason);
    if (report->time_attested) {
        memcpy(out->authority, report->authority, sizeof out->authority);
    }
}

static void on_source(void *user, const svms_export_period *period, const svms_report *report)
{
    check_state *state = user;
    package_findings *found = state->found;
    found_source *grown =
        realloc(found->sources, (found->source_count + 1) * sizeof *found->sources);
    if (!grown) {
        state->out_of_memory = true;
        return;
    }
    found->sources = grown;
    memset(&found->sources[found->source_count], 0, sizeof *found->sources);
    take_report(&found->sources[found->source_count++], period, report);
}

static void on_finding(void *user, uint32_t source, const svms_finding *finding)
{
    const check_state *state = user;
    package_findings *found = state->found;
    if (found->failure_count < MAX_PACKAGE_FINDINGS) {
        found->failures[found->failure_count++] = (found_failure){ source, *finding };
    }
}

static bool has_report(svms_status status)
{
    return status == SVMS_OK || status == SVMS_E_NOT_AUTHENTIC || status == SVMS_E_UNDECRYPTABLE ||
           status == SVMS_E_UNTRUSTED || status == SVMS_E_INCOMPLETE;
}

static exit_status verify(check_state *state, const svms_export_verify_options *options)
{
    package_findings *found = state->found;
    svms_error err = SVMS_ERROR_INIT;
    progress_begin(&state->bar);
    svms_status verified = svms_export_verify(found->file->evidence, options, &found->report, &err);
    progress_clear(&state->bar);
    if (verified == SVMS_E_CANCELLED) {
        complain("interrupted; %s was not verified", found->file->path);
        return EXIT_ENVIRONMENT;
    }
    if (!has_report(verified)) {
        return complain_error(&err, "cannot verify %s", found->file->path);
    }
    if (state->out_of_memory) {
        complain("out of memory");
        return EXIT_ENVIRONMENT;
    }
    return EXIT_GOOD;
}

/* What the exporter says; where it cannot be read the verdict says why. */
static exit_status take_case(package_findings *found)
{
    if (!found->file->info.opened) {
        return EXIT_GOOD;
    }
    exit_status status =
        package_case_load(&found->document, found->file->evidence, found->file->path);
    return status == EXIT_ENVIRONMENT ? status : EXIT_GOOD;
}

exit_status package_check_with(package_findings *out, const package_file *file,
                               const package_question *question, const svms_trust *trust,
                               const svms_trust *stamp_trust)
{
    const svms_export_report report = SVMS_EXPORT_REPORT_INIT;
    svms_export_verify_options options = SVMS_EXPORT_VERIFY_INIT;
    check_state state = { out, { false, false, 0 }, false };
    memset(out, 0, sizeof *out);
    out->report = report;
    out->file = file;
    out->trust_path = question->trust_path;
    out->claimed_time = question->claimed_time;
    out->wrong_key = question->wrong_key;
    out->expected_head = question->expected_head;
    options.time_policy = question->claimed_time ? SVMS_TIME_CLAIMED : SVMS_TIME_ATTESTED;
    options.trust = trust;
    options.stamp_trust = stamp_trust;
    options.attester = question->attester;
    options.expected_head = question->expected_head;
    options.open_samples = question->open_samples && file->info.opened ? 1 : 0;
    options.user = &state;
    options.progress = on_progress;
    options.link = on_link;
    options.source = on_source;
    options.finding = on_finding;
    exit_status status = verify(&state, &options);
    if (status == EXIT_GOOD) {
        status = take_case(out);
    }
    if (status != EXIT_GOOD) {
        package_findings_free(out);
        return status;
    }
    /* The whole is as bad as the worst; links and sources keep their verdicts (E-VER-7). */
    if (question->wrong_key && out->report.verdict < SVMS_VERDICT_UNDECRYPTABLE) {
        out->report.verdict = SVMS_VERDICT_UNDECRYPTABLE;
    }
    return EXIT_GOOD;
}

exit_status package_check(package_findings *out, svms_ctx *ctx, const package_file *file,
                          const package_question *question)
{
    svms_trust *trust = NULL;
    svms_trust *stamp_trust = NULL;
    exit_status status = EXIT_GOOD;
    if (question->trust_path) {
        status = load_trust_and_crls(&trust, ctx, question->trust_path, question->crl_path);
    }
    if (status == EXIT_GOOD && question->anchors_path) {
        status = load_trust_and_crls(&stamp_trust, ctx, question->anchors_path, question->crl_path);
    }
    if (status == EXIT_GOOD) {
        status = package_check_with(out, file, question, trust, stamp_trust);
    }
    svms_trust_free(&stamp_trust);
    svms_trust_free(&trust);
    return status;
}

void package_findings_free(package_findings *found)
{
    for (size_t i = 0; i < found->source_count; i++) {
        if (found->sources[i].camera) {
            camera_story_free(found->sources[i].camera);
            free(found->sources[i].camera);
        }
    }
    free(found->links);
    free(found->sources);
    json_decref(found->document);
    memset(found, 0, sizeof *found);
}

exit_status package_findings_status(const package_findings *found)
{
    return found->report.verdict == SVMS_VERDICT_AUTHENTIC ? EXIT_GOOD : EXIT_EVIDENCE;
}
