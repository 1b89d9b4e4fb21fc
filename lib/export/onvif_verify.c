/* SPDX-License-Identifier: Apache-2.0 */
/* Who signed an export file, and what that comes to (O-VER). */
#include <stdio.h>

#include <openssl/x509v3.h>

#include "certificate.h"
#include "failure.h"
#include "onvif_report.h"
#include "options.h"
#include "path.h"

/* A leaf and these must fit into one chain. */
#define MAX_INTERMEDIATES (SVMS_CHAIN_MAX_CERTIFICATES - 1)

typedef struct verify_job {
    svms_onvif_file file;
    svms_onvif_verify_options options;
    svms_onvif_checked checked[SVMS_ONVIF_MAX_SIGNATURES];
    svms_onvif_report *report;
    int64_t now_utc_ns;
} verify_job;

static svms_status accept(verify_job *job, const svms_onvif_verify_options *given, svms_error *err)
{
    const svms_onvif_verify_options defaults = SVMS_ONVIF_VERIFY_OPTIONS_INIT;
    svms_onvif_verify_options *options = &job->options;
    *options = defaults;
    svms_status status =
        svms_options_read(options, sizeof *options, given, "svms_onvif_verify_options", err);
    if (status != SVMS_OK) {
        return status;
    }
    bool known =
        options->time_policy == SVMS_TIME_ATTESTED || options->time_policy == SVMS_TIME_CLAIMED;
    if (!known || options->any_role > 1 || options->reserved != 0) {
        return svms_fail(err, SVMS_E_USAGE, "an option of verification is out of range");
    }
    if (options->intermediates &&
        sk_X509_num(options->intermediates->certificates) > MAX_INTERMEDIATES) {
        return svms_fail(err, SVMS_E_USAGE, "at most %d intermediate certificates can be given",
                         MAX_INTERMEDIATES);
    }
    job->file.progress = options->progress;
    job->file.user = options->user;
    job->now_utc_ns = svms_utc_now(job->file.ctx);
    return SVMS_OK;
}

/* A path query's "allows": any certificate that may sign. */
static svms_status allows_signing(svms_path_query *query)
{
    X509 *leaf = sk_X509_value(query->given, 0);
    if ((X509_get_key_usage(leaf) & (X509v3_KU_DIGITAL_SIGNATURE | X509v3_KU_NON_REPUDIATION)) !=
        0) {
        return SVMS_OK;
    }
    query->verdict = SVMS_IDENTITY_WRONG_ROLE;
    return svms_fail(query->err, SVMS_E_UNTRUSTED,
                     "the certificate does not allow digital signatures (key usage)");
}

static svms_status check_any_role(const verify_job *job, const svms_chain *chain,
                                  const svms_identity_question *question,
                                  svms_onvif_signature *found, svms_error *err)
{
    svms_path_query query = { .ctx = job->file.ctx,
                              .trust = job->options.trust,
                              .given = chain->certificates,
                              .question = *question,
                              .allows = allows_signing,
                              .err = err };
    svms_status status = svms_path_check(&query);
    found->identity = query.verdict;
    found->revocation = query.revocation;
    return status;
}

static svms_status check_role(const verify_job *job, const svms_chain *chain,
                              const svms_identity_question *question, svms_onvif_signature *found,
                              svms_error *err)
{
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    svms_status status = svms_identity_check(job->options.trust, chain, question, &result, err);
    found->identity = result.verdict;
    found->revocation = result.revocation;
    found->role = status == SVMS_OK ? question->role : SVMS_ROLE_NONE;
    return status;
}

/* The export's time is claimed for the first signature. Of later ones no time is said: present time
 * stands for it, or, where claims are enough, the last moment at which the certificate was valid
 * behind the export. */
static svms_status moment_of(const verify_job *job, const svms_chain *chain, uint32_t number,
                             int64_t *utc_ns, bool *assumed, svms_error *err)
{
    int64_t exported = job->report->summary.export_utc_ns;
    int64_t first = 0;
    int64_t last = 0;
    *assumed = number > 0 || exported == INT64_MIN;
    *utc_ns = *assumed ? job->now_utc_ns : exported;
    if (!*assumed || job->options.time_policy != SVMS_TIME_CLAIMED) {
        return SVMS_OK;
    }
    svms_status status = svms_chain_leaf_validity(chain, &first, &last, err);
    if (status == SVMS_OK && last < job->now_utc_ns) {
        *utc_ns = last < exported ? exported : last;
    }
    return status;
}

static svms_status identify(const verify_job *job, const svms_chain *chain, uint32_t number,
                            svms_error *err)
{
    svms_identity_question question = SVMS_IDENTITY_QUESTION_INIT;
    svms_onvif_entry *entry = &job->report->entries[number];
    svms_error cause = SVMS_ERROR_INIT;
    bool assumed = false;
    svms_status status = moment_of(job, chain, number, &question.from_utc_ns, &assumed, err);
    if (status != SVMS_OK) {
        return status;
    }
    bool is_custodian = number > 0 && !svms_chain_allows(chain, SVMS_ROLE_EXPORTER);
    question.role = is_custodian ? SVMS_ROLE_CUSTODIAN : SVMS_ROLE_EXPORTER;
    question.policy = job->options.time_policy;
    question.to_utc_ns = question.from_utc_ns;
    question.now_utc_ns = job->now_utc_ns;
    status = job->options.any_role ? check_any_role(job, chain, &question, &entry->open, &cause)
                                   : check_role(job, chain, &question, &entry->open, &cause);
    if (status == SVMS_OK) {
        return SVMS_OK;
    }
    if (status != SVMS_E_UNTRUSTED) {
        return svms_fail_as(err, status, &cause);
    }
    bool is_old = assumed && entry->open.identity == SVMS_IDENTITY_EXPIRED_THEN;
    if (is_old && job->options.time_policy == SVMS_TIME_ATTESTED) {
        entry->open.identity = SVMS_IDENTITY_EXPIRED_NOW;
        snprintf(entry->identity_reason, sizeof entry->identity_reason,
                 "the certificate has expired, and nothing says when it was used to sign");
        return SVMS_OK;
    }
    snprintf(entry->identity_reason, sizeof entry->identity_reason, "%s", cause.message);
    return SVMS_OK;
}

static svms_status tell_signature(const verify_job *job, uint32_t number, svms_error *err)
{
    const svms_onvif_checked *checked = &job->checked[number];
    svms_onvif_entry *entry = &job->report->entries[number];
    svms_onvif_signature *open = &entry->open;
    open->offset = job->file.sinfs[number].box.offset;
    open->integrity = checked->holds ? SVMS_INTEGRITY_INTACT : SVMS_INTEGRITY_BROKEN;
    snprintf(entry->integrity_reason, sizeof entry->integrity_reason, "%s", checked->reason);
    if (checked->has_algorithm) {
        svms_onvif_name_algorithm(entry->algorithm, sizeof entry->algorithm, &checked->algorithm);
    }
    if (!checked->chain) {
        open->identity = SVMS_IDENTITY_BAD_CHAIN;
        snprintf(entry->identity_reason, sizeof entry->identity_reason,
                 "the certificate is missing or cannot be used");
        return SVMS_OK;
    }
    entry->signer = svms_copy_text(job->file.ctx, svms_chain_subject(checked->chain));
    if (!entry->signer) {
        return svms_fail_memory(err);
    }
    open->signer = entry->signer;
    return identify(job, checked->chain, number, err);
}

/* The first signature that is broken, or else the first one that is not trusted, decides. */
static svms_status judge(verify_job *job, svms_error *err)
{
    svms_onvif_report *report = job->report;
    svms_onvif_summary *summary = &report->summary;
    const svms_onvif_entry *broken = NULL;
    const svms_onvif_entry *doubtful = NULL;
    for (uint32_t i = 0; i < summary->signature_count; i++) {
        const svms_onvif_entry *entry = &report->entries[i];
        broken = !broken && entry->open.integrity != SVMS_INTEGRITY_INTACT ? entry : broken;
        doubtful = !doubtful && entry->open.identity != SVMS_IDENTITY_TRUSTED ? entry : doubtful;
    }
    bool is_signed = summary->signature_count > 0;
    summary->integrity = broken ? SVMS_INTEGRITY_BROKEN : SVMS_INTEGRITY_INTACT;
    summary->identity = !is_signed ? SVMS_IDENTITY_UNSIGNED
                        : doubtful ? doubtful->open.identity
                                   : SVMS_IDENTITY_TRUSTED;
    if (broken) {
        summary->verdict = SVMS_VERDICT_NOT_AUTHENTIC;
        snprintf(report->reason, sizeof report->reason, "signature %u does not hold: %.200s",
                 (unsigned)(broken - report->entries) + 1, broken->integrity_reason);
        return svms_fail_at(err, SVMS_E_NOT_AUTHENTIC, broken->open.offset, "%s", report->reason);
    }
    if (doubtful || !is_signed) {
        summary->integrity = is_signed ? SVMS_INTEGRITY_INTACT : SVMS_INTEGRITY_PARTIAL;
        summary->verdict = SVMS_VERDICT_UNTRUSTED;
        snprintf(report->reason, sizeof report->reason, "%s",
                 is_signed ? doubtful->identity_reason : "nobody signed the file");
        return svms_fail_at(err, SVMS_E_UNTRUSTED,
                            is_signed ? doubtful->open.offset : SVMS_NO_OFFSET, "%s",
                            report->reason);
    }
    summary->verdict = SVMS_VERDICT_AUTHENTIC;
    return SVMS_OK;
}

static svms_status verify(verify_job *job, svms_error *err)
{
    svms_onvif_file *file = &job->file;
    svms_onvif_summary *summary = &job->report->summary;
    svms_status status = svms_onvif_outline(file, err);
    if (status == SVMS_OK) {
        status = svms_onvif_describe(job->report, file, err);
    }
    summary->warning_count = job->report->warnings.count;
    if (status == SVMS_OK) {
        status = svms_onvif_check_all(file, job->options.intermediates, job->checked, NULL, err);
    }
    for (uint32_t i = 0; status == SVMS_OK && i < file->sinf_count; i++) {
        status = tell_signature(job, i, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    summary->signature_count = file->sinf_count;
    return judge(job, err);
}

static bool has_report(svms_status status)
{
    svms_status_kind kind = svms_status_class(status);
    return kind == SVMS_CLASS_SUCCESS || kind == SVMS_CLASS_EVIDENCE ||
           kind == SVMS_CLASS_MALFORMED;
}

svms_status svms_onvif_verify(svms_onvif_report **out, svms_ctx *ctx, const svms_source *source,
                              const svms_onvif_verify_options *options, svms_error *err)
{
    svms_error cause = SVMS_ERROR_INIT;
    if (!out || !ctx || !svms_source_usable(source)) {
        return svms_fail(err, SVMS_E_USAGE, "verifying needs a source and a place for the report");
    }
    verify_job *job = svms_alloc(ctx, sizeof *job);
    if (!job) {
        return svms_fail_memory(err);
    }
    job->file.ctx = ctx;
    job->file.source = source;
    svms_status status = accept(job, options, &cause);
    if (status == SVMS_OK) {
        status = svms_onvif_report_new(&job->report, ctx, &cause);
    }
    if (status == SVMS_OK) {
        status = verify(job, &cause);
    }
    if (status != SVMS_OK && job->report && job->report->reason[0] == '\0') {
        snprintf(job->report->reason, sizeof job->report->reason, "%s", cause.message);
    }
    if (job->report && has_report(status)) {
        *out = job->report;
        job->report = NULL;
    }
    svms_onvif_report_free(&job->report);
    svms_onvif_checked_clear(job->checked, job->file.sinf_count);
    svms_release(ctx, job);
    return status == SVMS_OK ? SVMS_OK : svms_fail_as(err, status, &cause);
}
