/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a recording whole (C-SEQ-1 to C-SEQ-4). */
#include <string.h>

#include "sequence_internal.h"

#define NUMBER(value) ((unsigned long long)(value))

void svms_sequence_find_points(const svms_sequence *sequence, const uint8_t id[16], size_t *first,
                               size_t *last)
{
    size_t low = 0;
    size_t high = sequence->point_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(sequence->points[middle].container_id, id, 16) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *first = low;
    while (low < sequence->point_count && memcmp(sequence->points[low].container_id, id, 16) == 0) {
        low++;
    }
    *last = low;
}

static const char *who_names(const svms_point *point)
{
    return point->by == SVMS_NO_ITEM ? "what was remembered elsewhere" : "its successor";
}

static uint32_t item_of(const svms_sequence *sequence, const svms_point *point)
{
    return point->by == SVMS_NO_ITEM ? SVMS_NO_ITEM : sequence->members[point->by].index;
}

static bool is_head(const svms_member *member, const svms_point *point)
{
    return member->has_head && member->head.segment == point->segment &&
           memcmp(member->head.manifest_hash, point->hash, SVMS_DIGEST_SIZE) == 0;
}

static void report_lack(svms_sequence *sequence, const svms_member *member, const svms_point *point)
{
    svms_sequence_issue issue =
        svms_sequence_issue_of(member, SVMS_SEQUENCE_ROLLED_BACK, SVMS_VERDICT_NOT_AUTHENTIC);
    issue.other = item_of(sequence, point);
    if (member->has_head && member->head.segment + 1 < point->segment + 1) {
        svms_sequence_report_issue(sequence, &issue,
                                   "container %llu ends after %llu segments, but %s names segment "
                                   "%llu",
                                   NUMBER(member->head.recording_sequence),
                                   NUMBER(member->head.segment + 1), who_names(point),
                                   NUMBER(point->segment));
    } else {
        svms_sequence_report_issue(
            sequence, &issue, "segment %llu of container %llu is not the one that %s names",
            NUMBER(point->segment), NUMBER(member->head.recording_sequence), who_names(point));
    }
}

/* Whether the end of the container was verified, so that what it lacks can be told from what was
 * not looked at. */
static bool end_was_verified(const svms_sequence *sequence, const svms_member *member)
{
    int64_t to = sequence->verify.to_utc_ns;
    return member->verified && (to == SVMS_NO_TIME || member->head.last_utc_ns <= to);
}

static bool point_holds(const svms_sequence *sequence, const svms_member *member,
                        const svms_report *report, const svms_point *point)
{
    if (point->segment == SVMS_NO_SEGMENT && member->pruned == NULL) {
        return memcmp(point->hash, member->header_hash, SVMS_DIGEST_SIZE) == 0;
    }
    if (point->segment == SVMS_NO_SEGMENT || point->seen || is_head(member, point)) {
        return true;
    }
    bool shorter = !member->has_head || member->head.segment + 1 <= point->segment + 1;
    if (point->differs || (member->has_head && shorter)) {
        return false;
    }
    /* It lies where nobody looked, or where the container is damaged or not attested, which is said
     * elsewhere. */
    return !end_was_verified(sequence, member) || member->verdict == SVMS_VERDICT_NOT_AUTHENTIC ||
           report == NULL || report->segments_unattested != 0;
}

void svms_sequence_check_points(svms_sequence *sequence, svms_member *member,
                                const svms_report *report)
{
    size_t first = 0;
    size_t last = 0;
    svms_sequence_find_points(sequence, member->head.container_id, &first, &last);
    for (size_t i = first; i < last; i++) {
        const svms_point *point = &sequence->points[i];
        if (!point_holds(sequence, member, report, point)) {
            report_lack(sequence, member, point);
        } else if (is_head(member, point)) {
            member->confirmed = true;
            member->attested = member->attested ||
                               (point->by != SVMS_NO_ITEM && sequence->members[point->by].in_range);
        }
    }
}

static void report_missing(svms_sequence *sequence, uint64_t from, uint64_t to,
                           const svms_member *before, const svms_member *after)
{
    svms_sequence_issue issue = SVMS_SEQUENCE_ISSUE_INIT;
    issue.kind = SVMS_SEQUENCE_MISSING;
    issue.verdict = SVMS_VERDICT_INCOMPLETE;
    issue.from_sequence = from;
    issue.to_sequence = to;
    issue.from_utc_ns = before == NULL ? SVMS_NO_TIME : before->head.last_utc_ns;
    issue.to_utc_ns = after == NULL ? SVMS_NO_TIME : after->first_utc_ns;
    sequence->report.missing += to - from + 1;
    if (from == to) {
        svms_sequence_report_issue(
            sequence, &issue, "container %llu is missing, and no record explains it", NUMBER(from));
    } else {
        svms_sequence_report_issue(sequence, &issue,
                                   "containers %llu to %llu are missing, and no record explains it",
                                   NUMBER(from), NUMBER(to));
    }
}

static bool same_container(const svms_member *a, const svms_member *b)
{
    return memcmp(a->head.container_id, b->head.container_id, 16) == 0;
}

/* A second file with the number of `first`; same: of the container that the file before it is. */
static void check_second(svms_sequence *sequence, const svms_member *first, svms_member *second,
                         bool same)
{
    bool other_header = second->kind == SVMS_ITEM_CONTAINER && first->kind == SVMS_ITEM_CONTAINER &&
                        memcmp(first->header_hash, second->header_hash, SVMS_DIGEST_SIZE) != 0;
    if (same && second->kind == SVMS_ITEM_PRUNED) {
        return; /* the record was written, and the container is still there */
    }
    bool repeated = same && !other_header;
    svms_sequence_issue issue =
        svms_sequence_issue_of(second, repeated ? SVMS_SEQUENCE_REPEATED : SVMS_SEQUENCE_FORKED,
                               repeated ? SVMS_VERDICT_INCOMPLETE : SVMS_VERDICT_NOT_AUTHENTIC);
    issue.other = first->index;
    if (repeated) {
        bool older = second->has_head && first->head.segment + 1 > second->head.segment + 1;
        svms_sequence_report_issue(sequence, &issue, "container %llu is there more than once%s",
                                   NUMBER(second->head.recording_sequence),
                                   older ? "; this copy ends earlier" : "");
    } else {
        svms_sequence_report_issue(sequence, &issue,
                                   "two different containers claim to be number %llu",
                                   NUMBER(second->head.recording_sequence));
    }
}

/* Position behind the files with the number of the one at first. */
static uint32_t end_of_group(const svms_sequence *sequence, uint32_t first)
{
    const svms_member *members = sequence->members;
    uint32_t end = first + 1;
    while (end < sequence->chain_count &&
           members[end].head.recording_sequence == members[first].head.recording_sequence) {
        end++;
    }
    return end;
}

static const svms_member *find_in(const svms_sequence *sequence, uint32_t first, uint32_t end,
                                  const uint8_t id[16])
{
    for (uint32_t i = first; i < end; i++) {
        if (memcmp(sequence->members[i].head.container_id, id, 16) == 0) {
            return &sequence->members[i];
        }
    }
    return NULL;
}

/* Where the files with a number are; equal when there are none. */
static void find_number(const svms_sequence *sequence, uint64_t number, uint32_t *first,
                        uint32_t *end)
{
    uint32_t low = 0;
    uint32_t high = sequence->chain_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (sequence->members[middle].head.recording_sequence < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *first = low;
    bool found =
        low < sequence->chain_count && sequence->members[low].head.recording_sequence == number;
    *end = found ? end_of_group(sequence, low) : low;
}

static void check_link(svms_sequence *sequence, const svms_member *member)
{
    uint64_t number = member->head.recording_sequence;
    uint32_t first = 0;
    uint32_t end = 0;
    if (number == 0) {
        return;
    }
    if (!member->linked) {
        svms_sequence_issue issue =
            svms_sequence_issue_of(member, SVMS_SEQUENCE_UNLINKED, SVMS_VERDICT_INCOMPLETE);
        svms_sequence_report_issue(sequence, &issue, "container %llu names no predecessor",
                                   NUMBER(number));
        return;
    }
    find_number(sequence, number - 1, &first, &end);
    if (first != end && find_in(sequence, first, end, member->link.container_id) == NULL) {
        svms_sequence_issue issue = svms_sequence_issue_of(
            &sequence->members[first], SVMS_SEQUENCE_REPLACED, SVMS_VERDICT_NOT_AUTHENTIC);
        issue.other = member->index;
        svms_sequence_report_issue(sequence, &issue,
                                   "container %llu is not the one that container %llu names as its "
                                   "predecessor",
                                   NUMBER(number - 1), NUMBER(number));
    }
}

/* The files [first, end) have one number. */
static void check_group(svms_sequence *sequence, uint32_t first, uint32_t end)
{
    svms_member *members = sequence->members;
    bool only_records = true;
    for (uint32_t i = first; i < end; i++) {
        uint32_t original = i;
        while (original > first && same_container(&members[original - 1], &members[i])) {
            original--;
        }
        members[i].repeated = original != i;
        if (i != first) {
            check_second(sequence, &members[original == i ? first : original], &members[i],
                         members[i].repeated);
        }
        only_records = only_records && members[i].kind == SVMS_ITEM_PRUNED;
        if (members[i].kind == SVMS_ITEM_CONTAINER && !members[i].repeated) {
            sequence->report.containers++;
            check_link(sequence, &members[i]);
        }
    }
    if (only_records) {
        const svms_member *record = &members[first];
        svms_sequence_issue issue =
            svms_sequence_issue_of(record, SVMS_SEQUENCE_PRUNED, SVMS_VERDICT_AUTHENTIC);
        sequence->report.pruned++;
        svms_sequence_report_issue(sequence, &issue, "container %llu was removed (%s) by %.120s",
                                   NUMBER(record->head.recording_sequence),
                                   svms_prune_reason_name(record->pruned->reason),
                                   record->pruned->signer);
    }
}

/* Cameras' own containers have numbers of their own; only copies are of interest. */
static void check_edges(svms_sequence *sequence)
{
    for (uint32_t i = sequence->chain_count; i < sequence->count; i++) {
        svms_member *member = &sequence->members[i];
        if (member->kind != SVMS_ITEM_EDGE || member->foreign) {
            continue;
        }
        svms_member *before = i > sequence->chain_count ? member - 1 : NULL;
        if (before != NULL && same_container(before, member)) {
            member->repeated = true;
            check_second(sequence, before, member, true);
        } else {
            sequence->report.edge_containers++;
        }
    }
}

/* A link to what was remembered and was not found so need not be to the container before. */
static bool is_guess(const svms_member *member)
{
    return member->link.state == SVMS_LINK_MISMATCH || member->link.state == SVMS_LINK_MISSING;
}

/* Two containers with different numbers that continue the same one; that two with one number do is
 * reported as such. */
static void check_branches(svms_sequence *sequence)
{
    for (size_t i = 1; i < sequence->point_count; i++) {
        const svms_point *a = &sequence->points[i - 1];
        const svms_point *b = &sequence->points[i];
        if (a->by >= sequence->chain_count || b->by >= sequence->chain_count ||
            memcmp(a->container_id, b->container_id, 16) != 0) {
            continue;
        }
        const svms_member *one = &sequence->members[a->by];
        const svms_member *two = &sequence->members[b->by];
        if (one->head.recording_sequence == two->head.recording_sequence || is_guess(one) ||
            is_guess(two)) {
            continue;
        }
        svms_sequence_issue issue =
            svms_sequence_issue_of(two, SVMS_SEQUENCE_FORKED, SVMS_VERDICT_NOT_AUTHENTIC);
        issue.other = one->index;
        svms_sequence_report_issue(
            sequence, &issue, "containers %llu and %llu name the same predecessor",
            NUMBER(one->head.recording_sequence), NUMBER(two->head.recording_sequence));
    }
}

/* Containers behind the last one that are known of: remembered, or promised by its signed end. */
static void check_known(svms_sequence *sequence, uint64_t next)
{
    uint64_t highest = next;
    for (size_t i = 0; i < sequence->point_count; i++) {
        const svms_point *point = &sequence->points[i];
        uint32_t first = 0;
        uint32_t end = 0;
        if (point->by != SVMS_NO_ITEM) {
            continue;
        }
        find_number(sequence, point->sequence, &first, &end);
        if (first != end && find_in(sequence, first, end, point->container_id) == NULL) {
            svms_sequence_issue issue = svms_sequence_issue_of(
                &sequence->members[first], SVMS_SEQUENCE_REPLACED, SVMS_VERDICT_NOT_AUTHENTIC);
            svms_sequence_report_issue(sequence, &issue,
                                       "container %llu is not the one that was remembered",
                                       NUMBER(point->sequence));
        } else if (first == end && point->sequence >= highest && point->sequence != UINT64_MAX) {
            highest = point->sequence + 1;
        }
    }
    const svms_member *last =
        sequence->chain_count == 0 ? NULL : &sequence->members[sequence->chain_count - 1];
    if (highest == next && last != NULL && last->promises && next != UINT64_MAX) {
        highest = next + 1;
    }
    if (highest > next) {
        report_missing(sequence, next, highest - 1, last, NULL);
    }
}

/* Numbers of the first and last container that matter: all, or those in the range. */
static void find_span(const svms_sequence *sequence, uint32_t *first, uint32_t *end)
{
    *first = 0;
    *end = sequence->chain_count;
    if (!sequence->range) {
        return;
    }
    while (*first < *end && !sequence->members[*first].in_range) {
        (*first)++;
    }
    while (*end > *first && !sequence->members[*end - 1].in_range) {
        (*end)--;
    }
    while (*first > 0 && *first < *end &&
           sequence->members[*first - 1].head.recording_sequence ==
               sequence->members[*first].head.recording_sequence) {
        (*first)--;
    }
}

void svms_sequence_check_order(svms_sequence *sequence)
{
    const svms_member *members = sequence->members;
    uint32_t first = 0;
    uint32_t end = 0;
    uint32_t next = 0;
    find_span(sequence, &first, &end);
    uint64_t due = sequence->options.first_sequence;
    if (sequence->range && first < end) {
        due = members[first].head.recording_sequence;
    }
    for (uint32_t at = first; at < end; at = next) {
        uint64_t number = members[at].head.recording_sequence;
        next = end_of_group(sequence, at);
        if (number > due) {
            report_missing(sequence, due, number - 1, at == 0 ? NULL : &members[at - 1],
                           &members[at]);
        }
        check_group(sequence, at, next);
        due = number == UINT64_MAX ? number : number + 1;
    }
    check_edges(sequence);
    check_branches(sequence);
    if (!sequence->range) {
        check_known(sequence, due);
    }
}

static void report_uncovered(svms_sequence *sequence, int64_t from, int64_t to, const char *what)
{
    svms_sequence_issue issue = SVMS_SEQUENCE_ISSUE_INIT;
    issue.kind = SVMS_SEQUENCE_UNCOVERED;
    issue.verdict = SVMS_VERDICT_INCOMPLETE;
    issue.from_utc_ns = from;
    issue.to_utc_ns = to;
    svms_sequence_report_issue(sequence, &issue, "%s", what);
}

void svms_sequence_check_coverage(svms_sequence *sequence)
{
    int64_t from = sequence->verify.from_utc_ns;
    int64_t to = sequence->verify.to_utc_ns;
    uint32_t first = 0;
    uint32_t end = 0;
    uint32_t before = 0;
    uint32_t before_end = 0;
    find_span(sequence, &first, &end);
    if (!sequence->range) {
        return;
    }
    if (first == end) {
        report_uncovered(sequence, from, to, "the recording holds nothing of the range");
        return;
    }
    const svms_member *low = &sequence->members[first];
    const svms_member *high = &sequence->members[end - 1];
    uint64_t number = low->head.recording_sequence;
    if (number != 0) {
        find_number(sequence, number - 1, &before, &before_end);
    }
    if (from != SVMS_NO_TIME && number > sequence->options.first_sequence && before == before_end &&
        (low->first_utc_ns == SVMS_NO_TIME || low->first_utc_ns > from)) {
        report_uncovered(sequence, from, low->first_utc_ns,
                         "the range begins before the first container that is there");
    }
    before = before_end; /* none follows the largest number that there is */
    if (high->head.recording_sequence != UINT64_MAX) {
        find_number(sequence, high->head.recording_sequence + 1, &before, &before_end);
    }
    if (to != SVMS_NO_TIME && before == before_end && !high->closed &&
        (high->head.last_utc_ns == SVMS_NO_TIME || high->head.last_utc_ns < to)) {
        report_uncovered(sequence, high->head.last_utc_ns, to,
                         "the range ends after the last container that is there");
    }
}
