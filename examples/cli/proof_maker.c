/* SPDX-License-Identifier: Apache-2.0 */
#include "proof_maker.h"

#include <inttypes.h>
#include <string.h>

#include "interrupt.h"
#include "keys.h"
#include "message.h"
#include "package_file.h"
#include "proof_check.h"
#include "verify_report.h"

const char *proof_file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

exit_status proof_maker_load(proof_maker *out, svms_ctx *ctx, const proof_options *options)
{
    const svms_export_result result = SVMS_EXPORT_RESULT_INIT;
    const svms_sink sink = SVMS_SINK_INIT;
    memset(out, 0, sizeof *out);
    out->ctx = ctx;
    out->options = options;
    out->result = result;
    out->sink = sink;
    exit_status status = load_chain(&out->chain, ctx, options->signer);
    if (status == EXIT_GOOD) {
        status = load_private_key(&out->key, ctx, options->signer_key);
    }
    if (status == EXIT_GOOD) {
        status = load_trust_and_crls(&out->trust, ctx, options->trust_path, options->crl_path);
    }
    if (status == EXIT_GOOD && options->anchors_path) {
        status =
            load_trust_and_crls(&out->stamp_trust, ctx, options->anchors_path, options->crl_path);
    }
    return status;
}

static svms_export_options export_options(proof_maker *maker)
{
    const proof_options *given = maker->options;
    svms_export_options options = SVMS_EXPORT_OPTIONS_INIT;
    options.kind = SVMS_EXPORT_PROOF;
    options.unsealed = 1;
    options.signer.key = maker->key;
    options.signer.chain = maker->chain;
    options.signer.note = given->note;
    options.signer.stamp = given->tsa ? link_stamp_ask : NULL;
    options.signer.stamp_user = &maker->stamp;
    options.case_number = given->case_number;
    options.operator_name = given->operator_name;
    options.reason = given->reason;
    options.comment = given->comment;
    options.profile = maker->profile;
    options.audit_reference = given->audit_reference;
    return options;
}

exit_status proof_maker_begin(proof_maker *maker, const char *path)
{
    svms_error err = SVMS_ERROR_INIT;
    maker->stamp = (link_stamp){ maker->ctx, maker->options->tsa, maker->stamp_trust, false };
    const svms_export_options options = export_options(maker);
    exit_status status = private_file_make(&maker->file, path, "proof");
    if (status != EXIT_GOOD) {
        return status;
    }
    svms_status made = svms_sink_create_file(&maker->sink, maker->ctx, maker->file.path, &err);
    if (made == SVMS_OK) {
        made = svms_export_create(&maker->package, maker->ctx, &options, &maker->sink, &err);
    }
    if (made != SVMS_OK) {
        status = complain_error(&err, "cannot begin %s", path);
        /* Of the command line, not of evidence. */
        return made == SVMS_E_UNTRUSTED ? EXIT_POLICY : status;
    }
    return EXIT_GOOD;
}

static int on_progress(void *user, uint64_t done, uint64_t total)
{
    proof_maker *maker = user;
    progress_show(&maker->bar, done, total, "verifying");
    return interrupt_came() ? 1 : 0;
}

static exit_status refuse(const proof_maker *maker, const export_input *input,
                          const svms_error *err)
{
    if (err->status == SVMS_E_CANCELLED) {
        complain("interrupted; %s was not written", maker->file.final);
        return EXIT_ENVIRONMENT;
    }
    return complain_error(err, "no proof can be made of %s", input->path);
}

exit_status proof_maker_add(proof_maker *maker, const export_input *input,
                            const svms_export_source *what, svms_export_period *period)
{
    svms_export_source options = *what;
    svms_report report = SVMS_REPORT_INIT;
    svms_source source = SVMS_SOURCE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    maker->open =
        maker->open || what->from_utc_ns == SVMS_NO_TIME || what->to_utc_ns == SVMS_NO_TIME;
    options.trust = maker->trust;
    options.stamp_trust = maker->stamp_trust;
    options.time_policy = maker->options->claimed_time ? SVMS_TIME_CLAIMED : SVMS_TIME_ATTESTED;
    options.user = maker;
    options.progress = on_progress;
    svms_status status = svms_source_open_file(&source, maker->ctx, input->path, &err);
    if (status == SVMS_OK) {
        progress_begin(&maker->bar);
        status = svms_export_add_source(maker->package, &source, &options, &report, &err);
        progress_clear(&maker->bar);
    }
    svms_source_close(&source);
    if (status == SVMS_OK) {
        status = svms_export_get_period(maker->package, period->number, period, &err);
    }
    if (status != SVMS_OK) {
        err.status = status;
        return refuse(maker, input, &err);
    }
    if (report.verdict != SVMS_VERDICT_AUTHENTIC) {
        maker->doubtful = true;
        complain("note: %s is %s: %s", input->path, verify_verdict_title(report.verdict),
                 report.has_failure ? report.first_failure.reason : "it has no end there");
    }
    return EXIT_GOOD;
}

static exit_status sign(proof_maker *maker, const char *path,
                        const svms_export_presentation *presentation)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_error err = SVMS_ERROR_INIT;
    svms_status status = svms_source_open_file(&source, maker->ctx, path, &err);
    if (status == SVMS_OK) {
        status = svms_export_set_presentation(maker->package, &source, presentation, &err);
    }
    if (status == SVMS_OK) {
        status = svms_export_finish(maker->package, &maker->result, &err);
    }
    svms_source_close(&source);
    svms_export_abort(&maker->package);
    svms_sink_close(&maker->sink);
    return status == SVMS_OK ? EXIT_GOOD
                             : complain_error(&err, "cannot finish %s", maker->file.final);
}

/* What is right as far as it goes, but was whole when each source was looked at by itself. */
static void say_what_lacks(proof_maker *maker, const svms_proof_report *report)
{
    if (report->sources != SVMS_VERDICT_INCOMPLETE || maker->doubtful) {
        return;
    }
    maker->doubtful = true;
    complain("note: what was recorded is incomplete: %s", report->verdict == SVMS_VERDICT_INCOMPLETE
                                                              ? report->reason
                                                              : "there is less than was asked for");
    if (maker->open) {
        complain(
            "note: without --from and --to all of a recording is asked for; its folder has it");
    }
}

/* Whoever gets both files must come to this as well. */
static exit_status read_back(proof_maker *maker, const char *path)
{
    proof_findings found;
    package_file file = PACKAGE_FILE_INIT;
    svms_export_verify_options options = SVMS_EXPORT_VERIFY_INIT;
    options.trust = maker->trust;
    options.stamp_trust = maker->stamp_trust;
    options.time_policy = maker->options->claimed_time ? SVMS_TIME_CLAIMED : SVMS_TIME_ATTESTED;
    exit_status status = package_file_open(&file, maker->ctx, maker->file.path, NULL, NULL);
    if (status == EXIT_GOOD) {
        status = proof_check(&found, maker->ctx, file.evidence, path, &options);
    }
    package_file_close(&file);
    if (status != EXIT_GOOD) {
        return status;
    }
    const svms_proof_report *report = &found.report;
    if (report->samples == SVMS_VERDICT_AUTHENTIC &&
        report->presentation == SVMS_PRESENTATION_SAME &&
        report->sources <= SVMS_VERDICT_INCOMPLETE && report->contents == SVMS_VERDICT_AUTHENTIC &&
        report->links <= SVMS_VERDICT_UNTRUSTED) {
        say_what_lacks(maker, report);
        return EXIT_GOOD;
    }
    complain("the files were read back and do not verify, so they were not published: %s",
             report->reason);
    return EXIT_ENVIRONMENT;
}

exit_status proof_maker_finish(proof_maker *maker, const char *path,
                               const svms_export_presentation *presentation)
{
    exit_status status = sign(maker, path, presentation);
    return status == EXIT_GOOD ? read_back(maker, path) : status;
}

/* A proof alone is no evidence of anything, and a clear file without its proof would look finished;
 * but an older proof must not go before there is something that the new one proves. */
exit_status proof_maker_publish(proof_maker *maker, private_file *media, bool replace)
{
    if (interrupt_came()) {
        complain("interrupted; %s was not written", maker->file.final);
        return EXIT_ENVIRONMENT;
    }
    return replace ? private_file_publish_both(media, &maker->file, true)
                   : private_file_publish_both(&maker->file, media, false);
}

void proof_maker_discard(proof_maker *maker)
{
    svms_export_abort(&maker->package);
    svms_sink_close(&maker->sink);
    private_file_discard(&maker->file);
    svms_export_result_clear(&maker->result);
    svms_trust_free(&maker->stamp_trust);
    svms_trust_free(&maker->trust);
    svms_chain_free(&maker->chain);
    svms_private_key_free(&maker->key);
}
