/* SPDX-License-Identifier: Apache-2.0 */
/* What a presentation is worth (E-PRF-3, E-PRF-4). */
#include <inttypes.h>
#include <stdio.h>

#include "proof_internal.h"

static void take_worse(svms_verdict *verdict, svms_verdict other)
{
    if (other > *verdict) {
        *verdict = other;
    }
}

/* The sample that was recorded first comes first; what names no sample comes behind. */
static bool comes_before(const svms_proof_failure *a, const svms_proof_failure *b)
{
    if (a->verdict != b->verdict) {
        return a->verdict > b->verdict;
    }
    if ((a->source == UINT32_MAX) != (b->source == UINT32_MAX)) {
        return b->source == UINT32_MAX;
    }
    if (a->source != b->source) {
        return a->source < b->source;
    }
    return a->utc_ns < b->utc_ns;
}

static void name_failure(svms_proof_report *report, const svms_proof_failure *failure,
                         const svms_proof_lane *lane)
{
    report->has_failure = 1;
    report->failure_source = failure->source;
    report->failure_segment = failure->segment;
    report->failure_utc_ns = failure->utc_ns;
    if (lane == NULL) {
        (void)snprintf(report->reason, sizeof(report->reason), "%s", failure->reason);
        return;
    }
    report->failure_track = lane->counts.track;
    report->failure_presentation_track = lane->counts.presentation_track;
    report->failure_sample = failure->sample;
    report->failure_byte = failure->byte;
    (void)snprintf(report->reason, sizeof(report->reason),
                   "sample %" PRIu64 " of track %" PRIu32 ": %s", failure->sample,
                   lane->counts.presentation_track, failure->reason);
}

static void add_lane(svms_proof_report *report, const svms_proof_lane *lane)
{
    const svms_proof_track *counts = &lane->counts;
    report->tracks[report->track_count] = *counts;
    report->tracks[report->track_count++].missing += lane->left_out;
    report->samples_same += counts->same;
    report->samples_different += counts->different;
    report->samples_missing += counts->missing + lane->left_out;
    report->bytes_besides += counts->bytes_besides;
    take_worse(&report->samples, lane->failure.verdict);
    if (counts->missing != 0) {
        take_worse(&report->samples, SVMS_VERDICT_NOT_AUTHENTIC);
    }
    if (lane->left_out != 0) {
        take_worse(&report->samples, SVMS_VERDICT_INCOMPLETE);
    }
}

/* A film that is none has no samples that could be counted. */
static void name_refusal(const svms_proof *proof, svms_proof_report *report)
{
    const svms_proof_failure failure = { .source = UINT32_MAX,
                                         .segment = SVMS_NO_SEGMENT,
                                         .utc_ns = SVMS_NO_TIME };
    report->samples = SVMS_VERDICT_NOT_AUTHENTIC;
    name_failure(report, &failure, NULL);
    (void)snprintf(report->reason, sizeof(report->reason),
                   "the film may show other things than its samples (E-PRF-9): %.190s",
                   proof->refusal);
    for (uint32_t i = 0; i < proof->lane_count; i++) {
        report->tracks[report->track_count++] = proof->lanes[i]->counts;
    }
}

static void judge_samples(const svms_proof *proof, svms_proof_report *report)
{
    const svms_proof_failure *first = &proof->failure;
    const svms_proof_lane *holder = NULL;
    report->bytes_besides = proof->stray_bytes;
    report->samples = proof->failure.verdict;
    for (uint32_t i = 0; i < proof->lane_count; i++) {
        const svms_proof_lane *lane = proof->lanes[i];
        add_lane(report, lane);
        if (comes_before(&lane->failure, first)) {
            first = &lane->failure;
            holder = lane;
        }
    }
    if (first->verdict != SVMS_VERDICT_AUTHENTIC) {
        name_failure(report, first, holder);
    }
}

/* Of the tracks of one film, the one with most; where they have as many, the one that jumps first.
 */
static void tell_jumps(const svms_proof *proof, svms_proof_report *report)
{
    for (uint32_t i = 0; i < proof->lane_count; i++) {
        const svms_proof_clock *clock = &proof->lanes[i]->clock;
        if (clock->jumps > report->jumps || (clock->jumps == report->jumps && clock->jumps != 0 &&
                                             clock->jump_to_ns < report->jump_to_utc_ns)) {
            report->jumps = clock->jumps;
            report->jump_from_utc_ns = clock->jump_from_ns;
            report->jump_to_utc_ns = clock->jump_to_ns;
        }
    }
}

/* What the file itself, as a whole, is worth. */
static svms_verdict judge_presentation(const svms_proof *proof, const char **why)
{
    if (proof->compared == SVMS_PRESENTATION_SAME) {
        return SVMS_VERDICT_AUTHENTIC;
    }
    if (proof->compared == SVMS_PRESENTATION_NOT_COMPARED) {
        *why = "the file was not compared with the one that the exporter signed";
        return SVMS_VERDICT_INCOMPLETE;
    }
    if (proof->decoded) {
        *why = "the picture is not the one that the exporter signed";
        return SVMS_VERDICT_NOT_AUTHENTIC;
    }
    *why = "the file is not the one that the exporter signed, although its samples may hold";
    return SVMS_VERDICT_INCOMPLETE;
}

/* Whether anybody looked at what else the film shows, and when. */
static svms_verdict judge_film(const svms_proof *proof, const char **why)
{
    if (svms_proof_is_picture(proof) || proof->film != SVMS_FILM_NOT_CHECKED) {
        return SVMS_VERDICT_AUTHENTIC;
    }
    *why = "the film was not taken apart, so that its times are nobody's word (E-PRF-9)";
    return SVMS_VERDICT_INCOMPLETE;
}

void svms_proof_fill_report(const svms_proof *proof, svms_proof_report *report)
{
    const char *why = NULL;
    report->links = proof->recorders.links;
    report->sources = proof->recorders.sources;
    report->contents = proof->recorders.contents;
    report->presentation = proof->compared;
    report->decoded = proof->decoded ? 1 : 0;
    report->film = proof->film;
    if (proof->film == SVMS_FILM_REFUSED) {
        name_refusal(proof, report);
    } else {
        judge_samples(proof, report);
        tell_jumps(proof, report);
    }
    svms_verdict presentation = judge_film(proof, &why);
    take_worse(&presentation, judge_presentation(proof, &why));
    report->verdict = proof->recorders.verdict;
    take_worse(&report->verdict, report->samples);
    take_worse(&report->verdict, presentation);
    if (report->verdict == SVMS_VERDICT_AUTHENTIC || report->samples == report->verdict) {
        return;
    }
    if (proof->recorders.verdict == report->verdict) {
        (void)snprintf(report->reason, sizeof(report->reason), "%.255s", proof->recorders.reason);
    } else {
        (void)snprintf(report->reason, sizeof(report->reason), "%s", why);
    }
}
