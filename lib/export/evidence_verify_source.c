/* SPDX-License-Identifier: Apache-2.0 */
/* Judging sources, each by itself (E-VER-3 to E-VER-7). */
#include <stdio.h>
#include <string.h>

#include "evidence_internal.h"
#include "failure.h"
#include "segment.h"

/* The frame that a finding is about. Findings that are about no piece lead to the source's. */
static svms_status place_finding(svms_evidence_part *part, const svms_finding *finding, uint64_t *e,
                                 svms_frame_entry *entry, svms_error *err)
{
    bool found = false;
    svms_status status = SVMS_OK;
    *e = part->first;
    if (finding->offset != SVMS_NO_OFFSET && finding->offset >= part->first_record) {
        status = svms_evidence_find_origin(part, finding->offset, &found, e, err);
        *e = found ? *e : part->first;
    }
    return status == SVMS_OK ? svms_evidence_entry_at(part->evidence, *e, entry, err) : status;
}

void svms_evidence_tell(svms_evidence_verification *verification, const svms_finding *finding)
{
    svms_evidence_failure failure = SVMS_EVIDENCE_FAILURE_INIT;
    svms_evidence_part *part = verification->part;
    svms_frame_entry entry = { 0 };
    svms_finding told = *finding;
    const svms_evidence_frame *frame = NULL;
    uint64_t e = 0;
    svms_error found = SVMS_ERROR_INIT;
    if (place_finding(part, finding, &e, &entry, &found) != SVMS_OK) {
        verification->failed = found; /* the callback of a finding cannot fail */
        return;
    }
    if (finding->verdict == SVMS_VERDICT_NOT_AUTHENTIC && e != part->first &&
        svms_evidence_has_failed(part->evidence, e) &&
        svms_evidence_check_frame(part->evidence, e, &frame, NULL) == SVMS_OK && !frame->holds) {
        (void)snprintf(told.reason, sizeof(told.reason), "%.207s", frame->reason);
        told.segment = entry.number;
    }
    if (finding->verdict == SVMS_VERDICT_NOT_AUTHENTIC && finding->segment != SVMS_NO_SEGMENT) {
        svms_evidence_set_failed(part->evidence, e);
    }
    /* The exporter signed when it begins, also where its own manifest is out of reach. */
    if (told.segment == entry.number && entry.first_utc_ns != SVMS_NO_TIME) {
        told.utc_ns = entry.first_utc_ns;
    }
    failure.verdict = told.verdict;
    failure.source = part->number;
    failure.segment = told.segment;
    failure.utc_ns = told.utc_ns;
    failure.offset = entry.offset;
    failure.reason = told.reason;
    svms_evidence_find(verification, &failure, &verification->report.sources);
    if (told.verdict > verification->worst) {
        verification->worst = told.verdict;
    }
    if (verification->options.finding != NULL) {
        verification->options.finding(verification->options.user, part->number, &told);
    }
}

/* What was held back is not all. */
static void release_held(svms_evidence_verification *verification)
{
    svms_evidence_judged *now = verification->now;
    now->many = true;
    if (now->holds) {
        now->holds = false;
        svms_evidence_tell(verification, &now->held);
    }
}

/* One thing that is only incomplete may be made up for by a source that follows. */
static void take_finding(void *user, const svms_finding *finding)
{
    svms_evidence_verification *verification = user;
    svms_evidence_judged *now = verification->now;
    if (verification->part->shut) {
        return; /* everything is looked at again, without what does not open */
    }
    bool told = verification->again && finding->offset != SVMS_NO_OFFSET &&
                finding->offset <= verification->told_offset;
    if (told) {
        return;
    }
    if (finding->offset != SVMS_NO_OFFSET && finding->offset > verification->told_offset &&
        !verification->again) {
        verification->told_offset = finding->offset;
    }
    if (finding->verdict == SVMS_VERDICT_INCOMPLETE && !now->holds && !now->many) {
        now->held = *finding;
        now->holds = true;
        return;
    }
    release_held(verification);
    svms_evidence_tell(verification, finding);
}

static int take_progress(void *user, uint64_t done, uint64_t total)
{
    svms_evidence_verification *verification = user;
    (void)done; /* of a container of which most is not there */
    (void)total;
    return svms_evidence_tick(verification->evidence) ? 0 : 1;
}

static void set_verdict(svms_report *report, svms_verdict verdict)
{
    report->verdict = verdict;
    if (verdict == SVMS_VERDICT_NOT_AUTHENTIC) {
        report->integrity = SVMS_INTEGRITY_BROKEN;
    }
}

/* One run over what is carried. SVMS_OK: the report says what came of it. */
static svms_status verify_once(svms_evidence_verification *verification, svms_error *err)
{
    svms_evidence *evidence = verification->evidence;
    svms_evidence_part *part = verification->part;
    svms_evidence_judged *now = verification->now;
    svms_verify_options options = SVMS_VERIFY_OPTIONS_INIT;
    svms_error found = SVMS_ERROR_INIT;
    svms_excerpt excerpt;
    options.time_policy = verification->options.time_policy;
    options.trust = verification->options.trust;
    options.stamp_trust = verification->options.stamp_trust;
    options.attester = verification->options.attester;
    options.from_utc_ns = part->from_utc_ns;
    options.to_utc_ns = part->to_utc_ns;
    options.user = verification;
    options.progress = evidence->progress.callback == NULL ? NULL : take_progress;
    options.finding = take_finding;
    now->report = (svms_report)SVMS_REPORT_INIT;
    svms_evidence_excerpt(part, verification->attested_utc_ns, &excerpt);
    bool open = verification->options.open_samples != 0 &&
                evidence->header.kind == SVMS_EXPORT_PACKAGE &&
                (!evidence->header.sealed || evidence->unlocked);
    svms_status status = svms_verify_excerpt(evidence->ctx, &excerpt, &options, open, &now->report,
                                             &now->findings, &found);
    if (svms_is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    if (verification->failed.status != SVMS_OK) {
        return svms_fail_as(err, verification->failed.status, &verification->failed);
    }
    if (part->shut || now->report.verdict != SVMS_VERDICT_AUTHENTIC || status == SVMS_OK) {
        return SVMS_OK;
    }
    /* No report: the source needs something that nobody here knows (E-VER-1). */
    svms_finding finding = SVMS_FINDING_INIT;
    finding.verdict =
        status == SVMS_E_UNSUPPORTED ? SVMS_VERDICT_INCOMPLETE : SVMS_VERDICT_NOT_AUTHENTIC;
    (void)snprintf(finding.reason, sizeof(finding.reason), "%.207s", found.message);
    set_verdict(&now->report, finding.verdict);
    svms_evidence_tell(verification, &finding);
    return SVMS_OK;
}

/* What is signed, but does not open with the key of the package (E-VER-7). */
static svms_status tell_shut(svms_evidence_verification *verification, svms_error *err)
{
    svms_evidence_part *part = verification->part;
    svms_finding finding = SVMS_FINDING_INIT;
    svms_frame_entry entry = { 0 };
    svms_status status =
        svms_evidence_entry_at(verification->evidence, part->shut_entry, &entry, err);
    if (status != SVMS_OK) {
        return status;
    }
    part->shut = false;
    part->hide_bodies = true;
    finding.verdict = SVMS_VERDICT_UNDECRYPTABLE;
    finding.segment = entry.number;
    finding.utc_ns = entry.first_utc_ns;
    finding.offset = entry.origin;
    (void)snprintf(finding.reason, sizeof(finding.reason),
                   "what was sealed does not open, although its digest is the one that was signed");
    release_held(verification);
    svms_evidence_tell(verification, &finding);
    verification->report.access = SVMS_ACCESS_FAILED;
    verification->shut = finding;
    return SVMS_OK;
}

static svms_status verify_excerpt(svms_evidence_verification *verification, svms_error *err)
{
    svms_evidence_judged *now = verification->now;
    verification->again = false;
    verification->told_offset = 0;
    svms_status status = verify_once(verification, err);
    if (status != SVMS_OK || !verification->part->shut) {
        return status;
    }
    status = tell_shut(verification, err);
    if (status == SVMS_OK) {
        verification->again = true;
        status = verify_once(verification, err);
    }
    if (status == SVMS_OK) {
        svms_evidence_note(&now->report, &verification->shut);
        now->report.access = SVMS_ACCESS_FAILED;
    }
    return status;
}

/* A source whose header cannot be used: nothing behind it means anything. */
static void judge_unreadable(svms_evidence_verification *verification, svms_status why,
                             const svms_error *found)
{
    svms_evidence_judged *now = verification->now;
    svms_finding finding = SVMS_FINDING_INIT;
    now->period = (svms_export_period)SVMS_EXPORT_PERIOD_INIT;
    now->period.number = verification->part->number;
    now->report = (svms_report)SVMS_REPORT_INIT;
    now->report.identity = SVMS_IDENTITY_BAD_CHAIN;
    finding.offset = 0;
    finding.verdict =
        why == SVMS_E_UNSUPPORTED ? SVMS_VERDICT_INCOMPLETE : SVMS_VERDICT_NOT_AUTHENTIC;
    (void)snprintf(finding.reason, sizeof(finding.reason), "%.207s", found->message);
    now->report.first_failure = finding;
    now->report.has_failure = 1;
    set_verdict(&now->report, finding.verdict);
    svms_evidence_tell(verification, &finding);
}

static svms_status judge_source(svms_evidence_verification *verification, uint32_t s,
                                svms_error *err)
{
    svms_evidence *evidence = verification->evidence;
    svms_evidence_judged *now = verification->now;
    svms_error found = SVMS_ERROR_INIT;
    verification->part = &evidence->parts[s];
    verification->worst = SVMS_VERDICT_AUTHENTIC;
    now->findings.last_number = SVMS_NO_SEGMENT;
    svms_status status = svms_evidence_period(evidence, s, &now->period, &found);
    if (svms_is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    verification->readable = status == SVMS_OK;
    if (status != SVMS_OK) {
        judge_unreadable(verification, status, &found);
        status = SVMS_OK;
    } else {
        status = verify_excerpt(verification, err);
    }
    if (status == SVMS_OK) {
        status = svms_evidence_verify_pieces(verification, err);
    }
    if (status == SVMS_OK && verification->failed.status != SVMS_OK) {
        status = svms_fail_as(err, verification->failed.status, &verification->failed);
    }
    if (status == SVMS_OK && verification->worst > now->report.verdict) {
        set_verdict(&now->report, verification->worst);
    }
    verification->part->hide_bodies = false;
    return status;
}

/* Judges a source, which then waits for the others. */
static svms_status take_source(svms_evidence_verification *verification, uint32_t s,
                               svms_error *err)
{
    svms_evidence *evidence = verification->evidence;
    const svms_header *header = NULL;
    svms_evidence_judged *now = svms_alloc(evidence->ctx, sizeof(*now));
    if (now == NULL) {
        return svms_fail_memory(err);
    }
    if (verification->last == NULL) {
        verification->first = now;
    } else {
        verification->last->next = now;
    }
    verification->last = now;
    verification->now = now;
    svms_status status = judge_source(verification, s, err);
    if (status == SVMS_OK && verification->readable) {
        status = svms_evidence_header_of(evidence, s, &header, err);
    }
    return status == SVMS_OK ? svms_evidence_note_place(verification, header, err) : status;
}

svms_status svms_evidence_verify_sources(svms_evidence_verification *verification, svms_error *err)
{
    svms_evidence *evidence = verification->evidence;
    svms_status status = SVMS_OK;
    for (uint32_t s = 0; s < evidence->first.sources && status == SVMS_OK; s++) {
        status = take_source(verification, s, err);
    }
    if (status == SVMS_OK) {
        status = svms_evidence_settle(verification, err);
    }
    while (verification->first != NULL) {
        svms_evidence_judged *gone = verification->first;
        verification->first = gone->next;
        svms_release(evidence->ctx, gone);
    }
    verification->last = NULL;
    verification->now = NULL;
    if (status == SVMS_OK && verification->failed.status != SVMS_OK) {
        status = svms_fail_as(err, verification->failed.status, &verification->failed);
    }
    return status;
}
