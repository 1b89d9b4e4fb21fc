/* SPDX-License-Identifier: Apache-2.0 */
/* Verifying a package: links, sources, case, attachments (evidence.md, section 8). */
#include <stdio.h>
#include <string.h>

#include "evidence_internal.h"
#include "failure.h"
#include "options.h"
#include "segment.h"

static bool comes_first(const svms_export_report *report, svms_verdict first,
                        const svms_evidence_failure *failure)
{
    bool worse = failure->verdict > first && first == SVMS_VERDICT_INCOMPLETE;
    return !report->has_failure || worse ||
           (failure->verdict >= first && failure->offset < report->failure_offset);
}

void svms_evidence_note(svms_report *report, const svms_finding *finding)
{
    const svms_finding *first = &report->first_failure;
    bool worse = finding->verdict > first->verdict && first->verdict == SVMS_VERDICT_INCOMPLETE;
    if (!report->has_failure || worse ||
        (finding->verdict >= first->verdict && finding->offset < first->offset)) {
        report->first_failure = *finding;
        report->has_failure = 1;
    }
    report->finding_count++;
    if (finding->verdict > report->verdict) {
        report->verdict = finding->verdict;
    }
}

void svms_evidence_find(svms_evidence_verification *verification,
                        const svms_evidence_failure *failure, svms_verdict *group)
{
    svms_export_report *report = &verification->report;
    if (comes_first(report, verification->first_verdict, failure)) {
        verification->first_verdict = failure->verdict;
        report->has_failure = 1;
        report->failure_source = failure->source;
        report->failure_attachment = failure->attachment;
        report->failure_segment = failure->segment;
        report->failure_utc_ns = failure->utc_ns;
        report->failure_offset = failure->offset;
        (void)snprintf(report->reason, sizeof(report->reason), "%s", failure->reason);
    }
    if (failure->verdict > *group) {
        *group = failure->verdict;
    }
    if (failure->verdict > report->verdict) {
        report->verdict = failure->verdict;
    }
}

static void find_in_case(svms_evidence_verification *verification, const svms_frame_entry *entry,
                         svms_status status, const char *reason)
{
    svms_evidence_failure failure = SVMS_EVIDENCE_FAILURE_INIT;
    if (status == SVMS_E_UNDECRYPTABLE) {
        failure.verdict = SVMS_VERDICT_UNDECRYPTABLE;
        verification->report.access = SVMS_ACCESS_FAILED;
    }
    failure.offset = entry->offset;
    failure.reason = reason;
    svms_evidence_find(verification, &failure, &verification->report.contents);
}

/* The case, as far as it can be read. */
static svms_status verify_case(svms_evidence_verification *verification, const svms_case **document,
                               svms_error *err)
{
    svms_evidence *evidence = verification->evidence;
    const svms_evidence_frame *frame = NULL;
    svms_error found = SVMS_ERROR_INIT;
    *document = NULL;
    svms_status status =
        svms_evidence_check_frame(evidence, evidence->entry_count - 1, &frame, err);
    if (status != SVMS_OK) {
        return status;
    }
    svms_frame_entry entry = frame->listed;
    if (frame->holds) {
        verification->report.bytes_verified += frame->stored;
    }
    status = svms_evidence_case(evidence, document, &found);
    if (status == SVMS_OK || status == SVMS_E_WRONG_KEY) {
        return SVMS_OK; /* its digest holds; without key nothing else can be said (E-VER-7) */
    }
    if (svms_is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    find_in_case(verification, &entry, status, found.message);
    return SVMS_OK;
}

static void find_in_attachment(svms_evidence_verification *verification, uint32_t n,
                               uint64_t offset, svms_verdict verdict, const char *reason)
{
    svms_evidence_failure failure = SVMS_EVIDENCE_FAILURE_INIT;
    failure.verdict = verdict;
    failure.attachment = n;
    failure.offset = offset;
    failure.reason = reason;
    svms_evidence_find(verification, &failure, &verification->report.contents);
}

/* document NULL: the case cannot be read, or does not hold. */
static svms_status verify_attachment(svms_evidence_verification *verification, uint32_t n,
                                     const svms_case *document, svms_error *err)
{
    svms_evidence *evidence = verification->evidence;
    const svms_evidence_frame *frame = NULL;
    uint8_t digest[SVMS_DIGEST_SIZE];
    svms_error found = SVMS_ERROR_INIT;
    svms_status status = svms_evidence_check_frame(evidence, evidence->attachments[n], &frame, err);
    if (status != SVMS_OK) {
        return status;
    }
    uint64_t offset = frame->listed.offset;
    if (!frame->holds) {
        find_in_attachment(verification, n, offset, SVMS_VERDICT_NOT_AUTHENTIC, frame->reason);
        return SVMS_OK;
    }
    verification->report.bytes_verified += frame->stored;
    const svms_case_attachment *stated =
        document == NULL ? NULL : svms_case_attachment_at(document, n);
    if (stated == NULL || !svms_evidence_can_read(evidence, &frame->frame)) {
        return SVMS_OK;
    }
    status = svms_evidence_take_attachment(evidence, n, NULL, digest, &found);
    if (status == SVMS_E_UNDECRYPTABLE) {
        verification->report.access = SVMS_ACCESS_FAILED;
        find_in_attachment(verification, n, offset, SVMS_VERDICT_UNDECRYPTABLE, found.message);
        return SVMS_OK;
    }
    if (status != SVMS_OK) {
        return svms_fail_as(err, status, &found);
    }
    if (memcmp(digest, stated->digest, sizeof(digest)) != 0) {
        find_in_attachment(verification, n, offset, SVMS_VERDICT_NOT_AUTHENTIC,
                           "the attachment is not what the case says (E-CAS-1)");
    }
    return SVMS_OK;
}

static svms_status verify_contents(svms_evidence_verification *verification, svms_error *err)
{
    const svms_case *document = NULL;
    svms_status status = verify_case(verification, &document, err);
    for (uint32_t n = 0; n < verification->evidence->first.attachments && status == SVMS_OK; n++) {
        status = verify_attachment(verification, n, document, err);
    }
    return status;
}

/* Header, slot and directories have been compared when the package was opened. */
static uint64_t bytes_of_structure(const svms_evidence *evidence)
{
    uint64_t bytes = svms_package_front_size(&evidence->header);
    bytes += evidence->directory_count * (SVMS_FRAME_HEADER_SIZE + SVMS_DIRECTORY_FIXED_SIZE);
    return bytes + evidence->entry_count * SVMS_DIRECTORY_ENTRY_SIZE;
}

static svms_status verify_all(svms_evidence_verification *verification, svms_error *err)
{
    svms_evidence *evidence = verification->evidence;
    svms_export_report *report = &verification->report;
    report->access = !evidence->header.sealed ? SVMS_ACCESS_CLEAR
                     : evidence->unlocked     ? SVMS_ACCESS_OPENED
                                              : SVMS_ACCESS_NOT_TRIED;
    report->policy = svms_evidence_policy(evidence);
    report->bytes_verified = bytes_of_structure(evidence);
    report->bytes_unattested = evidence->window.size - evidence->attested_end;
    svms_status status = svms_evidence_verify_links(verification, err);
    if (status == SVMS_OK) {
        status = svms_evidence_verify_sources(verification, err);
    }
    if (status == SVMS_OK) {
        status = verify_contents(verification, err);
    }
    if (status == SVMS_OK) {
        evidence->progress.done = evidence->progress.total;
        status =
            svms_evidence_tick(evidence) ? SVMS_OK : svms_fail(err, SVMS_E_CANCELLED, "cancelled");
    }
    return status;
}

static svms_status status_of(const svms_export_report *report, svms_error *err)
{
    static const svms_status statuses[] = { SVMS_OK, SVMS_E_INCOMPLETE, SVMS_E_UNTRUSTED,
                                            SVMS_E_UNDECRYPTABLE, SVMS_E_NOT_AUTHENTIC };
    svms_status status = statuses[report->verdict];
    if (status != SVMS_OK) {
        (void)svms_fail_at(err, status, report->failure_offset, "%s", report->reason);
        svms_fail_in_segment(err, report->failure_segment);
    }
    return status;
}

/* Every frame is judged anew: the file may have changed since it was opened. */
static void forget(svms_evidence *evidence)
{
    size_t bits = (size_t)(evidence->entry_count + 7) / 8;
    memset(evidence->checked, 0, bits);
    memset(evidence->failed, 0, bits);
    for (uint32_t i = 0; i < SVMS_EVIDENCE_FRAMES; i++) {
        evidence->frames[i].entry = SVMS_NO_ENTRY;
    }
    svms_evidence_front_clear(evidence);
    evidence->chunk.entry = SVMS_NO_ENTRY;
    evidence->leaves_entry = SVMS_NO_ENTRY;
    for (uint32_t s = 0; s < evidence->first.sources; s++) {
        svms_evidence_part *part = &evidence->parts[s];
        part->hide_bodies = false;
        part->shut = false;
        part->carried_end = 0;
    }
}

static svms_status run(svms_evidence_verification *verification, svms_export_report *report,
                       svms_error *err)
{
    svms_evidence *evidence = verification->evidence;
    svms_evidence_progress *progress = &evidence->progress;
    progress->callback = verification->options.progress;
    progress->user = verification->options.user;
    progress->done = 0;
    progress->told = 0;
    progress->total = evidence->window.size;
    forget(evidence);
    svms_status status = verify_all(verification, err);
    progress->callback = NULL;
    if (status == SVMS_OK) {
        status = svms_result_write(report, &verification->report, sizeof(*report),
                                   "svms_export_report", err);
    }
    return status == SVMS_OK ? status_of(&verification->report, err) : status;
}

svms_status svms_export_verify(svms_evidence *evidence, const svms_export_verify_options *options,
                               svms_export_report *report, svms_error *err)
{
    svms_export_verify_options given = SVMS_EXPORT_VERIFY_INIT;
    if (evidence == NULL || report == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "evidence and report must not be NULL");
    }
    svms_status status =
        svms_options_read(&given, sizeof(given), options, "svms_export_verify_options", err);
    if (status != SVMS_OK) {
        return status;
    }
    if (given.reserved != 0 || given.open_samples > 1 ||
        (given.time_policy != SVMS_TIME_ATTESTED && given.time_policy != SVMS_TIME_CLAIMED)) {
        return svms_fail(err, SVMS_E_USAGE, "an option of verification is out of range");
    }
    svms_evidence_verification *verification = svms_alloc(evidence->ctx, sizeof(*verification));
    if (verification == NULL) {
        return svms_fail_memory(err);
    }
    verification->evidence = evidence;
    verification->options = given;
    verification->report = (svms_export_report)SVMS_EXPORT_REPORT_INIT;
    verification->attested_utc_ns = SVMS_NO_TIME;
    status = run(verification, report, err);
    svms_release_secret(evidence->ctx, verification, sizeof(*verification));
    return status;
}
