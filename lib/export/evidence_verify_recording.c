/* SPDX-License-Identifier: Apache-2.0 */
/* The sources of a recording, judged together: containers that contradict each other, that are
 * missing, and the end of one that was never closed (E-VER-3). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence_internal.h"
#include "failure.h"
#include "segment.h"

/* Sources of one container, or of one recording. */
typedef struct member_list {
    svms_evidence_judged **at;
    size_t count;
} member_list;

/* The end record, where the last piece begins with one. */
static svms_status read_end(svms_evidence_verification *verification, const svms_header *header,
                            svms_error *err)
{
    svms_evidence *evidence = verification->evidence;
    const svms_evidence_part *part = verification->part;
    const svms_evidence_frame *frame = NULL;
    uint8_t *closing = NULL;
    svms_status status = svms_evidence_check_frame(evidence, part->end - 1, &frame, err);
    if (status != SVMS_OK || !frame->holds || frame->frame.kind != SVMS_FRAME_END ||
        frame->frame.c_size < SVMS_RECORD_HEADER_SIZE + SVMS_END_BODY_SIZE) {
        return status;
    }
    svms_evidence_frame held = *frame;
    status = svms_evidence_take_closing(evidence, &held, &closing, err);
    if (status == SVMS_OK) {
        svms_cursor cursor = svms_cursor_over(closing, held.frame.c_size, held.c_offset);
        (void)svms_skip(&cursor, SVMS_RECORD_HEADER_SIZE);
        uint64_t at = svms_cursor_offset(&cursor);
        verification->now->ended = svms_end_parse(&verification->now->end, header,
                                                  svms_read_bytes(&cursor, SVMS_END_BODY_SIZE),
                                                  SVMS_END_BODY_SIZE, at, NULL) == SVMS_OK;
    }
    svms_release(evidence->ctx, closing);
    return status;
}

svms_status svms_evidence_note_place(svms_evidence_verification *verification,
                                     const svms_header *header, svms_error *err)
{
    svms_evidence_judged *now = verification->now;
    if (header == NULL ||
        (header->signer.role != SVMS_ROLE_NONE && header->origin == SVMS_ORIGIN_EDGE)) {
        return SVMS_OK;
    }
    now->takes_part = true;
    memcpy(now->h, header->hash, sizeof(now->h));
    now->linked = header->linked;
    now->previous = header->previous;
    now->created_utc_ns = header->created_utc_ns;
    return read_end(verification, header, err);
}

static int by_place(const void *left, const void *right)
{
    const svms_export_period *a = &(*(svms_evidence_judged *const *)left)->period;
    const svms_export_period *b = &(*(svms_evidence_judged *const *)right)->period;
    int order = memcmp(a->recording_id, b->recording_id, sizeof(a->recording_id));
    if (order == 0 && a->recording_sequence != b->recording_sequence) {
        order = a->recording_sequence < b->recording_sequence ? -1 : 1;
    }
    return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}

/* How many of the first members are of one recording, or of one sequence number in it. */
static size_t run_of(const member_list *list, bool of_one_number)
{
    const svms_export_period *first = &list->at[0]->period;
    size_t count = 1;
    while (count < list->count) {
        const svms_export_period *next = &list->at[count]->period;
        if (memcmp(first->recording_id, next->recording_id, sizeof(first->recording_id)) != 0 ||
            (of_one_number && first->recording_sequence != next->recording_sequence)) {
            break;
        }
        count++;
    }
    return count;
}

/* Two containers of one sequence number: the later source is wrong, and takes no further part. */
static void drop_forks(member_list *list)
{
    size_t kept = 0;
    const svms_evidence_judged *first = NULL; /* of its number */
    for (size_t i = 0; i < list->count; i++) {
        svms_evidence_judged *one = list->at[i];
        bool same =
            first != NULL && first->period.recording_sequence == one->period.recording_sequence;
        if (same && memcmp(first->h, one->h, sizeof(one->h)) != 0) {
            one->contradiction = "another container has the same sequence number (E-VER-3)";
            continue;
        }
        first = same ? first : one;
        list->at[kept++] = one;
    }
    list->count = kept;
}

/* Links -----------------------------------------------------------------------------------------
 */

/* The frame of a source that carries the manifest of a segment. */
static svms_status find_manifest(svms_evidence_part *part, uint64_t number, bool *found,
                                 uint64_t *e, svms_error *err)
{
    svms_evidence *evidence = part->evidence;
    svms_frame_entry entry = { 0 };
    svms_status status = svms_evidence_find_segment(part, number, found, e, err);
    /* Manifests stand before the first segment or behind the last. */
    for (int forward = 0; forward < 2 && status == SVMS_OK && !*found; forward++) {
        for (uint64_t n = 1; n < part->end - part->first && status == SVMS_OK; n++) {
            *e = forward != 0 ? part->first + n : part->end - n;
            status = svms_evidence_entry_at(evidence, *e, &entry, err);
            bool manifest = entry.kind == SVMS_FRAME_MANIFEST && entry.number == number;
            *found = status == SVMS_OK && manifest;
            if (*found || entry.kind == SVMS_FRAME_SEGMENT || entry.kind == SVMS_FRAME_LEAVES) {
                break;
            }
        }
    }
    return status;
}

/* Hash of the manifest that a source carries of a segment (C-MAN-4). */
static svms_status hash_manifest(svms_evidence_part *part, uint64_t number, bool *found,
                                 bool *alone, uint8_t hash[SVMS_DIGEST_SIZE], svms_error *err)
{
    svms_evidence *evidence = part->evidence;
    svms_frame_entry entry = { 0 };
    uint64_t e = 0;
    svms_status status = find_manifest(part, number, found, &e, err);
    if (status != SVMS_OK || !*found) {
        return status;
    }
    status = svms_evidence_entry_at(evidence, e, &entry, err);
    *alone = entry.kind == SVMS_FRAME_MANIFEST;
    return status == SVMS_OK ? svms_evidence_closing_hash(evidence, e, found, hash, err) : status;
}

/* What a link says of one source of the container that it leads to. */
static svms_status follow_to(svms_evidence_verification *verification, const svms_link *link,
                             svms_evidence_judged *before, bool begins, const char **wrong,
                             svms_error *err)
{
    svms_evidence_part *part = &verification->evidence->parts[before->period.number];
    uint8_t hash[SVMS_DIGEST_SIZE];
    bool found = false;
    bool alone = false;
    if (before->report.verdict == SVMS_VERDICT_NOT_AUTHENTIC) {
        return SVMS_OK; /* what it carries says nothing */
    }
    svms_status status = hash_manifest(part, link->segment, &found, &alone, hash, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (found && memcmp(hash, link->manifest_hash, sizeof(hash)) != 0) {
        *wrong = "the link of its header names another manifest of the container before (E-VER-3)";
    } else if (before->ended && before->end.segments <= link->segment) {
        *wrong = "the link of its header names a segment that its predecessor does not have any "
                 "more (E-VER-3)";
    } else if (found && begins) {
        uint64_t last = before->period.last_segment;
        bool behind = alone && (last == SVMS_NO_SEGMENT || link->segment > last);
        before->covered = before->covered || link->segment == last || behind;
    }
    return SVMS_OK;
}

static svms_status follow_link(svms_evidence_verification *verification, const member_list *later,
                               const member_list *before, svms_error *err)
{
    const svms_evidence_judged *one = later->at[0];
    const svms_link *link = &one->previous;
    const char *wrong = NULL;
    bool begins = false;
    svms_status status = SVMS_OK;
    if (!one->linked) {
        return SVMS_OK;
    }
    for (size_t i = 0; i < later->count; i++) {
        begins = begins || (later->at[i]->period.first_segment == 0 &&
                            later->at[i]->report.verdict != SVMS_VERDICT_NOT_AUTHENTIC);
    }
    if (memcmp(link->container_id, before->at[0]->period.container_id, 16) != 0) {
        wrong = "the link of its header names another container (E-VER-3)";
    } else if (link->segment == SVMS_NO_SEGMENT) {
        bool same = memcmp(link->manifest_hash, before->at[0]->h, SVMS_DIGEST_SIZE) == 0;
        wrong = same ? NULL : "the link of its header names another header (E-VER-3)";
    } else {
        for (size_t i = 0; i < before->count && status == SVMS_OK; i++) {
            status = follow_to(verification, link, before->at[i], begins, &wrong, err);
        }
    }
    for (size_t i = 0; i < later->count; i++) {
        later->at[i]->contradiction = wrong;
    }
    return status;
}

/* Gaps ------------------------------------------------------------------------------------------
 */

/* When a container begins (C-SEQ-4). */
static int64_t begin_of(const member_list *of)
{
    int64_t begin = of->at[0]->created_utc_ns;
    for (size_t i = 0; i < of->count; i++) {
        const svms_evidence_judged *one = of->at[i];
        if (one->has_manifest && one->first_manifest == 0) {
            return one->first_utc_ns;
        }
        if (one->has_manifest && one->first_utc_ns < begin) {
            begin = one->first_utc_ns;
        }
    }
    return begin;
}

static int64_t end_of(const member_list *of)
{
    bool known = false;
    int64_t end = of->at[0]->created_utc_ns;
    for (size_t i = 0; i < of->count; i++) {
        const svms_evidence_judged *one = of->at[i];
        if (one->ended) {
            return one->end.last_utc_ns;
        }
        if (one->has_manifest && (!known || one->last_utc_ns > end)) {
            known = true;
            end = one->last_utc_ns;
        }
    }
    return end;
}

/* Between these moments a container is missing. */
static void miss(const member_list *of, int64_t from, int64_t to)
{
    for (size_t i = 0; i < of->count; i++) {
        const svms_export_period *period = &of->at[i]->period;
        bool reaches = period->to_utc_ns == SVMS_NO_TIME || period->to_utc_ns > from;
        if (period->from_utc_ns < to && reaches) {
            of->at[i]->gap = true;
        }
    }
}

/* Its signed end promises a successor. */
static bool goes_on(const member_list *of)
{
    for (size_t i = 0; i < of->count; i++) {
        const svms_evidence_judged *one = of->at[i];
        if (one->ended &&
            (one->end.reason == SVMS_END_ROTATION || one->end.reason == SVMS_END_CLOCK_STEP)) {
            return true;
        }
    }
    return false;
}

static svms_status judge_recording(svms_evidence_verification *verification, member_list list,
                                   svms_error *err)
{
    svms_status status = SVMS_OK;
    member_list before = { NULL, 0 };
    drop_forks(&list);
    if (list.at[0]->period.recording_sequence > 0) {
        member_list first = { list.at, run_of(&list, true) };
        miss(&first, SVMS_NO_TIME, begin_of(&first));
    }
    while (list.count != 0 && status == SVMS_OK) {
        member_list here = { list.at, run_of(&list, true) };
        if (before.count != 0) {
            uint64_t steps =
                here.at[0]->period.recording_sequence - before.at[0]->period.recording_sequence;
            if (steps == 1) {
                status = follow_link(verification, &here, &before, err);
            } else {
                miss(&before, end_of(&before), begin_of(&here));
                miss(&here, end_of(&before), begin_of(&here));
            }
        }
        before = here;
        list.at += here.count;
        list.count -= here.count;
    }
    if (goes_on(&before)) {
        miss(&before, end_of(&before), INT64_MAX);
    }
    return status;
}

/* Telling ---------------------------------------------------------------------------------------
 */

static void add_finding(svms_evidence_verification *verification, svms_evidence_judged *judged,
                        svms_verdict verdict, const char *reason)
{
    svms_finding finding = SVMS_FINDING_INIT;
    svms_report *report = &judged->report;
    finding.verdict = verdict;
    (void)snprintf(finding.reason, sizeof(finding.reason), "%s", reason);
    svms_evidence_note(report, &finding);
    if (verdict == SVMS_VERDICT_NOT_AUTHENTIC) {
        report->integrity = SVMS_INTEGRITY_BROKEN;
    } else if (report->integrity == SVMS_INTEGRITY_INTACT) {
        report->integrity = SVMS_INTEGRITY_PARTIAL;
    }
    svms_evidence_tell(verification, &finding);
}

static void conclude(svms_evidence_verification *verification, svms_evidence_judged *judged)
{
    svms_report *report = &judged->report;
    bool covered = judged->covered && judged->holds && judged->findings.open_end;
    verification->part = &verification->evidence->parts[judged->period.number];
    if (judged->holds && !covered) {
        svms_evidence_tell(verification, &judged->held);
    }
    if (covered && report->verdict == SVMS_VERDICT_INCOMPLETE) {
        report->verdict = SVMS_VERDICT_AUTHENTIC;
        report->integrity = SVMS_INTEGRITY_INTACT;
        report->has_failure = 0;
        report->finding_count = 0;
        report->first_failure = (svms_finding)SVMS_FINDING_INIT;
    }
    if (judged->contradiction != NULL) {
        add_finding(verification, judged, SVMS_VERDICT_NOT_AUTHENTIC, judged->contradiction);
    }
    if (judged->gap) {
        add_finding(verification, judged, SVMS_VERDICT_INCOMPLETE,
                    "a container of the recording is missing beside this one (E-VER-3)");
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

static svms_status judge_recordings(svms_evidence_verification *verification, member_list list,
                                    svms_error *err)
{
    svms_status status = SVMS_OK;
    while (list.count != 0 && status == SVMS_OK) {
        member_list one = { list.at, run_of(&list, false) };
        status = judge_recording(verification, one, err);
        list.at += one.count;
        list.count -= one.count;
    }
    return status;
}

svms_status svms_evidence_settle(svms_evidence_verification *verification, svms_error *err)
{
    svms_evidence *evidence = verification->evidence;
    member_list list = { NULL, 0 };
    if (verification->first == NULL) {
        return SVMS_OK;
    }
    list.at =
        svms_alloc_array(evidence->ctx, evidence->first.sources, sizeof(svms_evidence_judged *));
    if (list.at == NULL) {
        return svms_fail_memory(err);
    }
    for (svms_evidence_judged *one = verification->first; one != NULL; one = one->next) {
        if (one->takes_part) {
            list.at[list.count++] = one;
        }
    }
    qsort(list.at, list.count, sizeof(svms_evidence_judged *), by_place);
    svms_status status = judge_recordings(verification, list, err);
    svms_release(evidence->ctx, list.at);
    for (svms_evidence_judged *one = verification->first; one != NULL && status == SVMS_OK;
         one = one->next) {
        conclude(verification, one);
    }
    return status;
}
