/* SPDX-License-Identifier: Apache-2.0 */
/* Walking over all segments in question and keeping account of them (container.md, section 14). */
#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "verify_internal.h"

/* How many times the size of the file may be read in vain. */
#define PATIENCE 4u

svms_relation svms_verification_relate(const svms_verification *verification, int64_t first_utc_ns,
                                       int64_t last_utc_ns)
{
    const svms_verify_options *options = &verification->options;
    if (!verification->range) {
        return SVMS_INSIDE;
    }
    if (options->from_utc_ns != SVMS_NO_TIME && last_utc_ns <= options->from_utc_ns) {
        return SVMS_BEFORE;
    }
    return options->to_utc_ns != SVMS_NO_TIME && first_utc_ns >= options->to_utc_ns ? SVMS_AFTER
                                                                                    : SVMS_INSIDE;
}

/* The index's word on a segment, for the time of a segment whose manifest cannot be believed. */
static svms_status ask_index(svms_verification *verification, uint64_t number, bool *found,
                             svms_index_entry *entry, svms_error *err)
{
    *found = false;
    if (!verification->closed_hint || number == SVMS_ANY_SEGMENT) {
        return SVMS_OK;
    }
    return svms_front_look_up(&verification->front, &verification->hint, number, NULL, found, entry,
                              err);
}

static svms_status report_problem(svms_verification *verification, const svms_segment *segment,
                                  svms_error *err)
{
    svms_index_entry entry;
    bool found = false;
    uint64_t number = verification->expected;
    int64_t utc = verification->previous_last_utc_ns;
    if (number == SVMS_ANY_SEGMENT) {
        number = segment->has_start ? segment->start.segment : SVMS_NO_SEGMENT;
    }
    bool right_number = segment->believed && segment->manifest.segment == number;
    if (right_number) {
        utc = segment->manifest.first_utc_ns;
    } else {
        svms_status status = ask_index(verification, number, &found, &entry, err);
        if (status != SVMS_OK) {
            return status;
        }
        utc = found ? entry.first_utc_ns : utc;
    }
    verification->report.segments_failed++;
    svms_verification_find(verification, SVMS_VERDICT_NOT_AUTHENTIC, number, utc,
                           segment->problem.offset == SVMS_NO_OFFSET ? segment->offset
                                                                     : segment->problem.offset,
                           segment->problem.message);
    return SVMS_OK;
}

/* A damaged length may have swallowed whole segments, so they are looked for directly behind the
 * start. A file made for that could have every byte read again from each of thousands of starts;
 * when so much has been read in vain, only what lies behind is looked at. */
static uint64_t where_to_search(svms_verification *verification, const svms_segment *segment)
{
    uint64_t patience = PATIENCE * verification->front.window.size;
    uint64_t read = segment->reached > segment->offset ? segment->reached - segment->offset : 0;
    verification->read_in_vain += read;
    return verification->read_in_vain > patience ? segment->offset + read + 1 : segment->offset + 1;
}

/* After a segment, or behind the place where the way was lost: where to go on. *lost when nowhere.
 */
static svms_status go_on(svms_verification *verification, const svms_segment *segment, bool *lost,
                         svms_error *err)
{
    uint64_t number = 0;
    bool found = false;
    *lost = false;
    if (segment->end != 0) {
        verification->position = segment->end;
        verification->has_previous = segment->problem.status == SVMS_OK;
        memcpy(verification->previous, segment->hash, SVMS_DIGEST_SIZE);
        if (segment->believed) {
            verification->expected = segment->manifest.segment + 1;
            verification->previous_first_utc_ns = segment->manifest.first_utc_ns;
            verification->previous_last_utc_ns = segment->manifest.last_utc_ns;
        } else if (verification->expected != SVMS_ANY_SEGMENT) {
            verification->expected++;
        }
        return SVMS_OK;
    }
    verification->has_previous = false;
    verification->expected = SVMS_ANY_SEGMENT;
    svms_status status =
        svms_segment_search(&verification->scanner, where_to_search(verification, segment), &found,
                            &verification->position, &number, err);
    *lost = !found;
    return status;
}

void svms_verification_note_start(svms_verification *verification, const svms_manifest *manifest,
                                  svms_relation relation)
{
    int64_t from = verification->options.from_utc_ns;
    if (manifest->segment == 0) {
        verification->covers_start = true;
    } else if (verification->range && !verification->begun && !verification->covers_start) {
        verification->covers_start =
            relation == SVMS_BEFORE || (from != SVMS_NO_TIME && manifest->first_utc_ns <= from);
    }
}

static svms_status take_held(svms_verification *verification, svms_segment *segment, bool *done,
                             svms_error *err)
{
    const svms_manifest *manifest = &segment->manifest;
    svms_relation relation =
        svms_verification_relate(verification, manifest->first_utc_ns, manifest->last_utc_ns);
    svms_index_entry entry = {
        manifest->segment, segment->offset, manifest->first_utc_ns, manifest->last_utc_ns, 1, { 0 }
    };
    svms_verification_note_start(verification, manifest, relation);
    if (svms_verification_push(verification, segment, relation == SVMS_INSIDE,
                               relation == SVMS_AFTER, &segment->problem) != SVMS_OK) {
        return SVMS_OK;
    }
    /* An index that led somewhere behind the start of the range is not believed. */
    bool astray = verification->jumped && verification->begun && !verification->covers_start;
    *done = relation == SVMS_AFTER || astray;
    memcpy(entry.hash, segment->hash, SVMS_DIGEST_SIZE);
    if (!verification->range && !svms_index_add(&verification->index, &entry)) {
        return svms_fail_memory(err);
    }
    return SVMS_OK;
}

/* Whether a segment that does not hold concerns the question that was asked. */
static svms_status concerns(svms_verification *verification, const svms_segment *segment,
                            bool *answer, svms_error *err)
{
    svms_index_entry entry;
    bool found = false;
    *answer = true;
    if (!verification->range) {
        return SVMS_OK;
    }
    if (segment->believed) {
        *answer = svms_verification_relate(verification, segment->manifest.first_utc_ns,
                                           segment->manifest.last_utc_ns) == SVMS_INSIDE;
        return SVMS_OK;
    }
    svms_status status = ask_index(verification, verification->expected, &found, &entry, err);
    if (status == SVMS_OK && found) {
        *answer = svms_verification_relate(verification, entry.first_utc_ns, entry.last_utc_ns) ==
                  SVMS_INSIDE;
    }
    return status;
}

/* Whether the range ends with what was read of it so far, or with the manifest of this segment: it
 * does not hold, but continues the chain and begins behind the range. */
static bool ends_range(const svms_verification *verification, const svms_segment *segment)
{
    const svms_manifest *manifest = &segment->manifest;
    int64_t to = verification->options.to_utc_ns;
    if (verification->covers_end || (to != SVMS_NO_TIME && verification->has_previous &&
                                     verification->previous_last_utc_ns >= to)) {
        return true;
    }
    return segment->believed && !segment->lacks_signature && verification->has_previous &&
           manifest->segment == verification->expected &&
           memcmp(manifest->previous, verification->previous, SVMS_DIGEST_SIZE) == 0 &&
           svms_verification_relate(verification, manifest->first_utc_ns, manifest->last_utc_ns) ==
               SVMS_AFTER;
}

static void tell_lost(svms_verification *verification, const svms_segment *segment)
{
    if (verification->listener.lost != NULL) {
        verification->listener.lost(verification->listener.user, verification, segment);
    }
}

/* A segment that does not hold. Within a range it breaks the chain that C-VER-5 asks for, whatever
 * it says of its time; in front of one, nothing is known of what comes directly before any more. */
static svms_status take_false(svms_verification *verification, const svms_segment *segment,
                              bool *done, svms_error *err)
{
    bool concerned = true;
    svms_status status = SVMS_OK;
    if (!verification->begun) {
        status = concerns(verification, segment, &concerned, err);
        verification->covers_start = false;
    } else if (verification->range && ends_range(verification, segment)) {
        if (!verification->covers_end && verification->listener.beside != NULL) {
            verification->listener.beside(verification->listener.user, verification, segment, true);
        }
        verification->covers_end = true;
        *done = true;
        return SVMS_OK;
    }
    if (status == SVMS_OK && concerned) {
        status = report_problem(verification, segment, err);
        tell_lost(verification, segment);
    }
    verification->scanner.index = NULL;
    svms_verification_break(verification, segment->offset);
    return status;
}

static void find_open_end(svms_verification *verification, uint64_t segment)
{
    svms_report *report = &verification->report;
    uint64_t attested_end = svms_verification_attested_end(verification);
    report->bytes_unattested = verification->front.window.size - attested_end;
    if (verification->range) {
        return;
    }
    report->segments_unattested = verification->pending_count;
    verification->open_end = true;
    svms_verification_find(verification, SVMS_VERDICT_INCOMPLETE, segment,
                           verification->previous_last_utc_ns, attested_end,
                           report->closed
                               ? "the file ends within a time stamp that was being added (C-TRL-4)"
                               : "the recording has no end record: it is still being written, was "
                                 "interrupted, or was cut off here");
}

int64_t svms_verification_time_of(svms_verification *verification, uint64_t number)
{
    const svms_known_manifest *known =
        number == SVMS_NO_SEGMENT ? NULL : svms_known_find(&verification->known, number);
    return known == NULL ? verification->previous_last_utc_ns : known->first_utc_ns;
}

void svms_verification_take_late(svms_verification *verification, const svms_segment *segment)
{
    const svms_late_failure *failure = &segment->late_failure;
    if (segment->late_attested != SVMS_NO_SEGMENT) {
        svms_verification_attest(verification, segment->late_attested);
    }
    if (failure->found) {
        verification->report.segments_failed++;
        svms_verification_find(verification, SVMS_VERDICT_NOT_AUTHENTIC, failure->segment,
                               svms_verification_time_of(verification, failure->segment),
                               failure->offset, failure->message);
    }
}

/* Scans the segment at the current position. *done when there is no reason or no way to go on. */
static svms_status take_segment(svms_verification *verification, bool *done, svms_error *err)
{
    svms_segment segment;
    svms_window *window = &verification->front.window;
    svms_status status = SVMS_OK;
    if (verification->listener.keeps && window->source.view == NULL) {
        status = svms_window_follow(window, verification->position, SVMS_WINDOW_KEPT, err);
    }
    if (status == SVMS_OK) {
        status = svms_segment_scan(
            &verification->scanner, verification->position, verification->expected,
            verification->has_previous ? verification->previous : NULL, &segment, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_verification_take_late(verification, &segment);
    if (segment.truncated) {
        svms_verification_doubt_evidence(verification, segment.offset);
    }
    if (segment.truncated && verification->closed_hint && segment.problem.status == SVMS_OK) {
        (void)svms_fail_at(&segment.problem, SVMS_E_NOT_AUTHENTIC, segment.offset,
                           "the segment does not end before the container does");
    }
    if (segment.truncated &&
        (segment.problem.status == SVMS_OK || segment.problem.status == SVMS_E_TRUNCATED)) {
        find_open_end(verification, verification->expected);
        *done = true;
        return SVMS_OK;
    }
    if (segment.problem.status == SVMS_OK && verification->has_previous &&
        verification->previous_first_utc_ns != SVMS_NO_TIME &&
        segment.manifest.first_utc_ns < verification->previous_first_utc_ns) {
        (void)svms_fail_at(&segment.problem, SVMS_E_NOT_AUTHENTIC, segment.manifest_offset,
                           "the segment begins before the one in front of it (C-MAN-6)");
    }
    if (segment.problem.status == SVMS_OK) {
        status = take_held(verification, &segment, done, err);
    }
    if (status == SVMS_OK && segment.problem.status != SVMS_OK) {
        status = take_false(verification, &segment, done, err);
    }
    if (status == SVMS_OK && !*done) {
        status = go_on(verification, &segment, done, err);
    }
    return status;
}

static bool may_end(const svms_header *header, uint8_t type)
{
    return type == SVMS_RECORD_INDEX || type == SVMS_RECORD_END ||
           (type == SVMS_RECORD_SIGNATURE && (header->critical & SVMS_CRITICAL_LATE) != 0);
}

/* What stands at the current position begins no segment. */
static svms_status take_other(svms_verification *verification, svms_status parsed,
                              const svms_record *record, const svms_error *found, bool *done,
                              svms_error *err)
{
    bool open = false;
    if (parsed == SVMS_E_TRUNCATED) {
        find_open_end(verification, verification->expected);
        *done = true;
        return SVMS_OK;
    }
    if (parsed == SVMS_OK && may_end(&verification->front.header, record->type)) {
        *done = true;
        svms_status status = svms_verify_tail(verification, &open, err);
        if (status == SVMS_OK && open) {
            find_open_end(verification, SVMS_NO_SEGMENT);
        }
        verification->covers_end =
            verification->covers_end || (status == SVMS_OK && verification->report.closed &&
                                         verification->run == verification->begun_run);
        return status;
    }
    svms_segment lost = { 0 };
    lost.offset = verification->position;
    lost.problem = *found;
    bool belongs_to_end = parsed == SVMS_OK && record->type >= SVMS_RECORD_TRAILER;
    if (parsed == SVMS_OK) {
        (void)svms_fail_at(&lost.problem, SVMS_E_NOT_AUTHENTIC, verification->position,
                           "neither a segment nor the end of the container follows (C-OVR-1)");
    }
    /* Behind the last segment that a signed end counts, what is damaged is the end. */
    if (belongs_to_end ||
        (verification->closed_hint && verification->expected == verification->hint.segments)) {
        *done = true;
        svms_verification_find(verification, SVMS_VERDICT_NOT_AUTHENTIC, SVMS_NO_SEGMENT,
                               SVMS_NO_TIME, lost.problem.offset, lost.problem.message);
        return SVMS_OK;
    }
    svms_status status = report_problem(verification, &lost, err);
    tell_lost(verification, &lost);
    verification->scanner.index = NULL;
    svms_verification_break(verification, lost.offset);
    return status == SVMS_OK ? go_on(verification, &lost, done, err) : status;
}

/* Where a range begins: the segment before the one that holds its start. */
static svms_status place_range(svms_verification *verification, svms_error *err)
{
    svms_place place = { 0 };
    bool usable = false;
    int64_t from = verification->options.from_utc_ns;
    svms_status status = SVMS_OK;
    if (from == SVMS_NO_TIME) {
        return SVMS_OK;
    }
    if (verification->closed_hint) {
        status = svms_locate(&verification->scanner, &verification->hint, from, false, &usable,
                             &place, err);
    } else {
        status = svms_locate_open(&verification->scanner, from, false, &usable, &place, err);
    }
    if (status == SVMS_OK && usable && place.segment > 0) {
        svms_index_entry before;
        bool found = false;
        status = ask_index(verification, place.segment - 1, &found, &before, err);
        if (status == SVMS_OK && found) {
            place = (svms_place){ before.offset, before.segment, false };
        }
    }
    if (status == SVMS_OK && !verification->closed_hint && usable && place.beyond) {
        usable = false; /* nothing to begin with there */
    }
    if (status == SVMS_OK && !usable) {
        status = svms_walk_to(&verification->scanner, from, false, &place, err);
    }
    if (status == SVMS_OK && place.segment != 0) {
        verification->position = place.offset;
        verification->expected = place.segment;
        verification->has_previous = false;
    }
    return status;
}

static svms_status scan_from_position(svms_verification *verification, svms_error *err)
{
    bool done = false;
    while (!done) {
        const uint8_t *bytes = NULL;
        size_t got = 0;
        svms_record record = { 0 };
        svms_error found = SVMS_ERROR_INIT;
        svms_status status = svms_window_peek(&verification->front.window, verification->position,
                                              SVMS_SAMPLE_HEADER_MAX, &bytes, &got, err);
        if (status != SVMS_OK) {
            return status;
        }
        status = svms_front_parse_record(&verification->front, &record, bytes, got,
                                         verification->position, &found);
        if (svms_is_grave(status)) {
            return svms_fail_as(err, status, &found);
        }
        verification->readable = verification->readable || status == SVMS_OK;
        if (status == SVMS_OK && record.type == SVMS_RECORD_START) {
            status = take_segment(verification, &done, err);
        } else {
            status = take_other(verification, status, &record, &found, &done, err);
        }
        if (status == SVMS_OK && verification->listener.stop != NULL &&
            *verification->listener.stop) {
            status = svms_fail(err, SVMS_E_CANCELLED, "cancelled");
        }
        if (status != SVMS_OK) {
            return status;
        }
    }
    return SVMS_OK;
}

void svms_verification_rewind(svms_verification *verification)
{
    verification->position = verification->front.first_record;
    verification->expected = 0;
    verification->has_previous = true;
    memcpy(verification->previous, verification->front.header.hash, SVMS_DIGEST_SIZE);
    verification->previous_first_utc_ns = SVMS_NO_TIME;
    verification->previous_last_utc_ns = SVMS_NO_TIME;
    verification->latest_utc_ns = SVMS_NO_TIME;
    verification->last_inside = SVMS_NO_SEGMENT;
    verification->pending_count = 0;
    verification->lacking = 0;
    verification->newest_count = 0;
    verification->trailer_count = 0;
    verification->end_believed = false;
    verification->begun = false;
    memset(&verification->known, 0, sizeof(verification->known));
}

static void judge_range(svms_verification *verification)
{
    svms_report *report = &verification->report;
    const svms_verify_options *options = &verification->options;
    const char *reason = NULL;
    if (report->segments_failed != 0) {
        return;
    }
    for (uint32_t i = 0; i < verification->pending_count; i++) {
        if (verification->pending[i].inside) {
            reason = "no signature attests the end of the range yet (C-SIG-6)";
        }
    }
    if (reason == NULL && report->segments_verified == 0) {
        reason = "there are no samples in the range";
    } else if (reason == NULL && !verification->covers_start) {
        reason = "what comes directly before the range cannot be verified, so something may be "
                 "missing at its start";
    } else if (reason == NULL && !verification->covers_end) {
        reason = "the recording does not reach the end of the range yet";
        verification->open_end = true;
    }
    if (reason != NULL) {
        svms_verification_find(verification, SVMS_VERDICT_INCOMPLETE, verification->expected,
                               verification->previous_last_utc_ns != SVMS_NO_TIME
                                   ? verification->previous_last_utc_ns
                                   : options->from_utc_ns,
                               verification->position, reason);
    }
}

svms_status svms_verify_segments(svms_verification *verification, svms_error *err)
{
    svms_verification_rewind(verification);
    svms_status status = svms_front_find_end(&verification->front, &verification->closed_hint,
                                             &verification->hint, err);
    if (status == SVMS_OK && verification->range) {
        status = place_range(verification, err);
    }
    verification->jumped = verification->range && verification->expected != 0;
    if (status == SVMS_OK) {
        status = scan_from_position(verification, err);
    }
    /* Then it goes the long way. */
    if (status == SVMS_OK && verification->jumped && !verification->covers_start) {
        svms_report fresh = SVMS_REPORT_INIT;
        fresh.signed_from_utc_ns = svms_claimed_time(verification->front.header.created_utc_ns);
        fresh.signed_to_utc_ns = fresh.signed_from_utc_ns;
        fresh.bytes_verified = verification->front.first_record;
        fresh.role = verification->report.role;
        verification->report = fresh;
        verification->covers_end = false;
        verification->closed_hint = false;
        verification->jumped = false;
        svms_verification_rewind(verification);
        status = scan_from_position(verification, err);
    }
    if (status == SVMS_OK && verification->range) {
        status = svms_verification_settle(verification, err);
    }
    if (status == SVMS_OK && verification->range) {
        judge_range(verification);
    }
    return status;
}
