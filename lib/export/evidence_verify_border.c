/* SPDX-License-Identifier: Apache-2.0 */
/* Sources of one recording that follow each other: what is missing between them, and what the end
 * of a container that was never closed lacks (E-VER-3). */
#include <stdio.h>
#include <string.h>

#include "evidence_internal.h"
#include "segment.h"

/* Where the last source of the same recording stands, of those that count; UINT32_MAX: none. */
static uint32_t place_before(const svms_evidence_place *places, uint32_t s)
{
    for (uint32_t n = s; n > 0; n--) {
        const svms_evidence_place *place = &places[n - 1];
        if (place->counts && memcmp(place->recording_id, places[s].recording_id, 16) == 0) {
            return n - 1;
        }
    }
    return UINT32_MAX;
}

static bool same_period(const svms_evidence_place *a, const svms_evidence_place *b)
{
    return a->from_utc_ns == b->from_utc_ns && a->to_utc_ns == b->to_utc_ns;
}

/* The later header names the last manifest of the earlier container that is known. */
static bool names_the_end(const svms_evidence_judged *before, const svms_header *header)
{
    return before->findings.last_number != SVMS_NO_SEGMENT && header->linked &&
           memcmp(header->previous.container_id, before->period.container_id, 16) == 0 &&
           header->previous.segment == before->findings.last_number &&
           memcmp(header->previous.manifest_hash, before->findings.last_hash, SVMS_DIGEST_SIZE) ==
               0;
}

static void tell_missing(svms_evidence_verification *verification, uint64_t first, uint64_t last)
{
    svms_finding finding = SVMS_FINDING_INIT;
    finding.verdict = SVMS_VERDICT_INCOMPLETE;
    (void)snprintf(finding.reason, sizeof(finding.reason),
                   "containers %llu to %llu of the recording are missing before this one (E-VER-3)",
                   (unsigned long long)first, (unsigned long long)last);
    svms_report *report = &verification->now->report;
    svms_evidence_note(report, &finding);
    if (report->integrity == SVMS_INTEGRITY_INTACT) {
        report->integrity = SVMS_INTEGRITY_PARTIAL;
    }
    verification->now->many = true;
    svms_evidence_tell(verification, &finding);
}

/* The source that stands in the queue, or NULL. */
static svms_evidence_judged *queued(const svms_evidence_verification *verification, uint32_t s)
{
    svms_evidence_judged *judged = verification->first;
    while (judged != NULL && judged->period.number != s) {
        judged = judged->next;
    }
    return judged;
}

static void compare(svms_evidence_verification *verification, const svms_header *header)
{
    const svms_evidence_judged *now = verification->now;
    svms_evidence_place *places = verification->places;
    uint32_t s = now->period.number;
    svms_evidence_place *here = &places[s];
    if (header == NULL ||
        (header->signer.role == SVMS_ROLE_CAMERA && header->origin == SVMS_ORIGIN_EDGE)) {
        return; /* counts on its own (C-SEQ-3), or not at all */
    }
    here->counts = true;
    memcpy(here->recording_id, header->recording_id, sizeof(here->recording_id));
    here->sequence = header->recording_sequence;
    here->from_utc_ns = now->period.from_utc_ns;
    here->to_utc_ns = now->period.to_utc_ns;
    uint32_t b = place_before(places, s);
    if (b == UINT32_MAX) {
        return;
    }
    svms_evidence_judged *before = queued(verification, b);
    bool same = same_period(&places[b], here);
    if (same && here->sequence > places[b].sequence && here->sequence - places[b].sequence > 1) {
        tell_missing(verification, places[b].sequence + 1, here->sequence - 1);
    }
    if (before != NULL && before->waiting) {
        before->waiting = false;
        before->covered = same && here->sequence == places[b].sequence + 1 &&
                          names_the_end(before, header) &&
                          now->report.verdict != SVMS_VERDICT_NOT_AUTHENTIC;
    }
}

static void conclude(svms_evidence_verification *verification, svms_evidence_judged *judged)
{
    svms_evidence *evidence = verification->evidence;
    svms_report *report = &judged->report;
    verification->part = &evidence->parts[judged->period.number];
    if (judged->holds && !judged->covered) {
        svms_evidence_tell(verification, &judged->held);
    }
    if (judged->covered && report->verdict == SVMS_VERDICT_INCOMPLETE) {
        report->verdict = SVMS_VERDICT_AUTHENTIC;
        report->integrity = SVMS_INTEGRITY_INTACT;
        report->has_failure = 0;
        report->finding_count = 0;
        report->first_failure = (svms_finding)SVMS_FINDING_INIT;
    }
    judged->period.verdict = report->verdict;
    verification->part->verdict = report->verdict;
    if (report->verdict > verification->report.sources) {
        verification->report.sources = report->verdict;
    }
    if (report->verdict > verification->report.verdict) {
        verification->report.verdict = report->verdict;
    }
    if (verification->options.source != NULL) {
        verification->options.source(verification->options.user, &judged->period, report);
    }
}

/* Sources are told of by their numbers: one that waits holds up those behind it. */
static void tell_settled(svms_evidence_verification *verification)
{
    while (verification->first != NULL && !verification->first->waiting) {
        svms_evidence_judged *judged = verification->first;
        conclude(verification, judged);
        verification->first = judged->next;
        svms_release(verification->evidence->ctx, judged);
    }
}

void svms_evidence_settle(svms_evidence_verification *verification, const svms_header *header)
{
    svms_evidence_judged *now = verification->now;
    svms_evidence_judged **last = &verification->first;
    compare(verification, header);
    now->waiting = verification->places[now->period.number].counts && now->holds && !now->many &&
                   now->findings.open_end;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = now;
    tell_settled(verification);
}

void svms_evidence_settle_all(svms_evidence_verification *verification)
{
    for (svms_evidence_judged *one = verification->first; one != NULL; one = one->next) {
        one->waiting = false;
    }
    tell_settled(verification);
}
