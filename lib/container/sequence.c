/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/sequence.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "options.h"
#include "sequence_internal.h"
#include "stream.h"

const char *svms_sequence_issue_name(svms_sequence_issue_kind kind)
{
    static const char *const names[] = { "missing",     "pruned",      "foreign",  "repeated",
                                         "forked",      "rolled_back", "replaced", "unlinked",
                                         "interrupted", "damaged",     "unusable", "uncovered",
                                         "unproven" };
    return kind >= SVMS_SEQUENCE_MISSING && kind <= SVMS_SEQUENCE_UNPROVEN
               ? names[kind - SVMS_SEQUENCE_MISSING]
               : "unknown";
}

svms_sequence_issue svms_sequence_issue_of(const svms_member *member, svms_sequence_issue_kind kind,
                                           svms_verdict verdict)
{
    svms_sequence_issue issue = SVMS_SEQUENCE_ISSUE_INIT;
    issue.kind = kind;
    issue.verdict = verdict;
    issue.item = member->index;
    issue.from_sequence = member->head.recording_sequence;
    issue.to_sequence = member->head.recording_sequence;
    issue.from_utc_ns = member->first_utc_ns;
    issue.to_utc_ns = member->head.last_utc_ns;
    return issue;
}

void svms_sequence_report_issue(svms_sequence *sequence, svms_sequence_issue *issue,
                                const char *format, ...)
{
    svms_sequence_report *report = &sequence->report;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(issue->reason, sizeof(issue->reason), format, arguments);
    va_end(arguments);
    if (issue->verdict > report->verdict || report->issue_count == 0) {
        report->worst = *issue;
    }
    if (issue->verdict > report->verdict) {
        report->verdict = issue->verdict;
    }
    report->issue_count++;
    if (sequence->options.issue != NULL) {
        sequence->options.issue(sequence->options.user, issue);
    }
}

/* A segment of the container that is being verified holds. */
static void take_held(void *user, const svms_held_segment *segment)
{
    svms_sequence *sequence = user;
    sequence->last_held = segment->number;
    for (size_t i = sequence->point_first; i < sequence->point_last; i++) {
        svms_point *point = &sequence->points[i];
        if (point->segment == segment->number) {
            point->seen = memcmp(point->hash, segment->hash, SVMS_DIGEST_SIZE) == 0;
            point->differs = !point->seen;
        }
    }
}

static int show_progress(void *user, uint64_t done, uint64_t total)
{
    svms_sequence *sequence = user;
    const svms_verify_options *verify = &sequence->verify;
    (void)total;
    uint64_t all = sequence->progress_base + done;
    return verify->progress(verify->user,
                            all < sequence->progress_total ? all : sequence->progress_total,
                            sequence->progress_total);
}

static void show_finding(void *user, const svms_finding *finding)
{
    svms_sequence *sequence = user;
    sequence->verify.finding(sequence->verify.user, finding);
}

/* The part of the range that this container can hold; its end is verified unless the range ends
 * within it. */
static svms_verify_options options_for(svms_sequence *sequence, const svms_member *member)
{
    svms_verify_options options = sequence->verify;
    const svms_head *head = &member->head;
    options.user = sequence;
    options.progress = sequence->verify.progress != NULL ? show_progress : NULL;
    options.finding = sequence->verify.finding != NULL ? show_finding : NULL;
    if (options.from_utc_ns != SVMS_NO_TIME && member->first_utc_ns != SVMS_NO_TIME &&
        options.from_utc_ns <= member->first_utc_ns) {
        options.from_utc_ns = SVMS_NO_TIME;
    }
    if (options.to_utc_ns != SVMS_NO_TIME && member->has_head &&
        head->last_utc_ns != SVMS_NO_TIME && options.to_utc_ns >= head->last_utc_ns) {
        options.to_utc_ns = SVMS_NO_TIME;
    }
    return options;
}

static void widen(int64_t *low, int64_t *high, int64_t from, int64_t to)
{
    if (from != SVMS_NO_TIME && (*low == SVMS_NO_TIME || from < *low)) {
        *low = from;
    }
    if (to != SVMS_NO_TIME && (*high == SVMS_NO_TIME || to > *high)) {
        *high = to;
    }
}

static void add_up(svms_sequence *sequence, const svms_report *found)
{
    svms_sequence_report *report = &sequence->report;
    report->segments_verified += found->segments_verified;
    report->segments_failed += found->segments_failed;
    report->bytes_verified += found->bytes_verified;
    report->bytes_unattested += found->bytes_unattested;
    widen(&report->first_utc_ns, &report->last_utc_ns, found->first_utc_ns, found->last_utc_ns);
}

/* A container that was never closed is whole as far as it goes when its successor, or somebody's
 * memory, names its last segment: nothing that was signed is gone. Segments that it could not sign
 * any more are attested by the successor's signed link, not by somebody's memory. */
static bool is_interrupted(const svms_member *member, const svms_report *found)
{
    return found->verdict == SVMS_VERDICT_INCOMPLETE && member->open_end && !found->closed &&
           member->confirmed && (found->segments_unattested == 0 || member->attested) &&
           found->access_damaged == 0;
}

static void report_verdict(svms_sequence *sequence, svms_member *member, const svms_report *found)
{
    svms_sequence_issue issue =
        svms_sequence_issue_of(member, SVMS_SEQUENCE_UNPROVEN, found->verdict);
    if (found->verdict == SVMS_VERDICT_AUTHENTIC) {
        return;
    }
    if (is_interrupted(member, found)) {
        issue.kind = SVMS_SEQUENCE_INTERRUPTED;
        issue.verdict = SVMS_VERDICT_AUTHENTIC;
        svms_sequence_report_issue(sequence, &issue,
                                   "container %llu was interrupted; all segments that are known of "
                                   "are there, %llu bytes behind them are not attested",
                                   (unsigned long long)member->head.recording_sequence,
                                   (unsigned long long)found->bytes_unattested);
        return;
    }
    if (found->verdict == SVMS_VERDICT_NOT_AUTHENTIC) {
        issue.kind = SVMS_SEQUENCE_DAMAGED;
    }
    const svms_finding *first = &found->first_failure;
    if (first->utc_ns != SVMS_NO_TIME) {
        issue.from_utc_ns = first->utc_ns;
    }
    svms_sequence_report_issue(sequence, &issue, "%s",
                               found->has_failure ? first->reason
                                                  : svms_verdict_name(found->verdict));
}

static svms_status verify_member(svms_sequence *sequence, svms_member *member, svms_report *found,
                                 svms_error *err)
{
    svms_source source = SVMS_SOURCE_INIT;
    svms_error why = SVMS_ERROR_INIT;
    const svms_verify_options options = options_for(sequence, member);
    svms_status status =
        sequence->options.open(sequence->options.user, member->index, &source, err);
    if (status != SVMS_OK) {
        return status;
    }
    sequence->last_held = SVMS_NO_SEGMENT;
    svms_sequence_find_points(sequence, member->head.container_id, &sequence->point_first,
                              &sequence->point_last);
    for (size_t i = sequence->point_first; i < sequence->point_last; i++) {
        sequence->points[i].seen = false;
        sequence->points[i].differs = false;
    }
    *found = (svms_report)SVMS_REPORT_INIT;
    const svms_held_listener listener = { .held = take_held,
                                          .user = sequence,
                                          .open_end = &member->open_end };
    status = svms_verify_for(sequence->ctx, &source, &options, &listener, found, &why);
    if (sequence->options.close != NULL) {
        sequence->options.close(sequence->options.user, member->index, &source);
    }
    sequence->progress_base += member->size;
    if (svms_is_grave(status) || status == SVMS_E_USAGE || status == SVMS_E_UNSUPPORTED) {
        return svms_fail_as(err, status, &why);
    }
    member->verified = true;
    member->verdict = found->verdict;
    return SVMS_OK;
}

static void show_item(svms_sequence *sequence, const svms_member *member, const svms_report *found)
{
    svms_sequence_item item = { 0 };
    if (sequence->options.item == NULL) {
        return;
    }
    item.struct_size = (uint32_t)sizeof(item);
    item.index = member->index;
    item.kind = member->kind;
    item.link_state = member->linked ? (svms_link_state)member->link.state : SVMS_LINK_NONE;
    item.verified = member->verified;
    item.head = member->head;
    item.first_utc_ns = member->first_utc_ns;
    item.report = member->verified ? found : NULL;
    item.pruned = member->pruned;
    sequence->options.item(sequence->options.user, &item);
}

static bool is_wanted(const svms_member *member)
{
    return member->has_header && !member->foreign && member->in_range &&
           (member->kind == SVMS_ITEM_CONTAINER || member->kind == SVMS_ITEM_EDGE);
}

static svms_status verify_members(svms_sequence *sequence, svms_report *found, svms_error *err)
{
    svms_status status = SVMS_OK;
    for (uint32_t i = 0; i < sequence->count; i++) {
        sequence->progress_total +=
            is_wanted(&sequence->members[i]) ? sequence->members[i].size : 0;
    }
    if (sequence->verify.keys != NULL) {
        sequence->progress_total *= 2; /* what is opened is read twice */
    }
    for (uint32_t i = 0; i < sequence->count && status == SVMS_OK; i++) {
        svms_member *member = &sequence->members[i];
        bool wanted = is_wanted(member);
        if (wanted) {
            status = verify_member(sequence, member, found, err);
        }
        if (status == SVMS_OK && member->has_header && !member->foreign && !member->stranger &&
            !member->repeated) {
            svms_sequence_check_points(sequence, member, wanted ? found : NULL);
        }
        if (status == SVMS_OK && wanted) {
            report_verdict(sequence, member, found);
            if (!member->repeated) {
                add_up(sequence, found);
            }
        }
        if (status == SVMS_OK) {
            show_item(sequence, member, found);
        }
    }
    return status;
}

static svms_status verify(svms_sequence *sequence, svms_error *err)
{
    svms_status status = svms_sequence_survey(sequence, err);
    if (status == SVMS_OK) {
        status = svms_sequence_arrange(sequence, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    svms_report *found = svms_alloc(sequence->ctx, sizeof(*found));
    if (found == NULL) {
        return svms_fail_memory(err);
    }
    svms_sequence_check_order(sequence);
    svms_sequence_check_coverage(sequence);
    status = verify_members(sequence, found, err);
    svms_release(sequence->ctx, found);
    return status;
}

static svms_status status_of(svms_verdict verdict)
{
    switch (verdict) {
    case SVMS_VERDICT_AUTHENTIC:
        return SVMS_OK;
    case SVMS_VERDICT_INCOMPLETE:
        return SVMS_E_INCOMPLETE;
    case SVMS_VERDICT_UNTRUSTED:
        return SVMS_E_UNTRUSTED;
    case SVMS_VERDICT_UNDECRYPTABLE:
        return SVMS_E_UNDECRYPTABLE;
    default:
        return SVMS_E_NOT_AUTHENTIC;
    }
}

static svms_status accept(svms_sequence *sequence, const svms_sequence_options *options,
                          svms_error *err)
{
    svms_sequence_options *given = &sequence->options;
    svms_status status =
        svms_options_read(given, sizeof(*given), options, "svms_sequence_options", err);
    if (status == SVMS_OK && given->verify != NULL) {
        status = svms_options_read(&sequence->verify, sizeof(sequence->verify), given->verify,
                                   "svms_verify_options", err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (given->open == NULL || given->count == 0 || given->count > SVMS_MAX_SEQUENCE_FILES ||
        (given->head_count != 0 && given->heads == NULL) ||
        given->head_count > SVMS_MAX_SEQUENCE_FILES) {
        return svms_fail(err, SVMS_E_USAGE, "a recording has 1 to %u files, which a callback opens",
                         SVMS_MAX_SEQUENCE_FILES);
    }
    for (size_t i = 0; i < given->head_count; i++) {
        if (given->heads[i].struct_size != sizeof(svms_head)) {
            return svms_fail(err, SVMS_E_USAGE, "a head is not initialised with SVMS_HEAD_INIT");
        }
    }
    const svms_verify_options *verify = &sequence->verify;
    sequence->range = verify->from_utc_ns != SVMS_NO_TIME || verify->to_utc_ns != SVMS_NO_TIME;
    if (verify->from_utc_ns != SVMS_NO_TIME && verify->to_utc_ns != SVMS_NO_TIME &&
        verify->to_utc_ns <= verify->from_utc_ns) {
        return svms_fail(err, SVMS_E_USAGE, "the range ends before it begins");
    }
    return SVMS_OK;
}

static svms_status run(svms_sequence *sequence, svms_sequence_report *report, svms_error *err)
{
    sequence->count = sequence->options.count;
    sequence->members =
        svms_alloc_array(sequence->ctx, sequence->count, sizeof(*sequence->members));
    svms_status status = sequence->members == NULL ? svms_fail_memory(err) : verify(sequence, err);
    for (uint32_t i = 0; i < sequence->count && sequence->members != NULL; i++) {
        svms_release(sequence->ctx, sequence->members[i].pruned);
    }
    svms_release(sequence->ctx, sequence->points);
    svms_release(sequence->ctx, sequence->members);
    if (status != SVMS_OK) {
        return status;
    }
    status =
        svms_result_write(report, &sequence->report, sizeof(*report), "svms_sequence_report", err);
    if (status != SVMS_OK || sequence->report.verdict == SVMS_VERDICT_AUTHENTIC) {
        return status;
    }
    return svms_fail(err, status_of(sequence->report.verdict), "%s", sequence->report.worst.reason);
}

svms_status svms_verify_recording(svms_ctx *ctx, const svms_sequence_options *options,
                                  svms_sequence_report *report, svms_error *err)
{
    if (ctx == NULL || options == NULL || report == NULL) {
        return svms_fail(err, SVMS_E_USAGE, "ctx, options and report must not be NULL");
    }
    svms_sequence *sequence = svms_alloc(ctx, sizeof(*sequence));
    if (sequence == NULL) {
        return svms_fail_memory(err);
    }
    sequence->ctx = ctx;
    sequence->options = (svms_sequence_options)SVMS_SEQUENCE_OPTIONS_INIT;
    sequence->verify = (svms_verify_options)SVMS_VERIFY_OPTIONS_INIT;
    sequence->report = (svms_sequence_report)SVMS_SEQUENCE_REPORT_INIT;
    svms_status status = accept(sequence, options, err);
    if (status == SVMS_OK) {
        status = run(sequence, report, err);
    }
    svms_release(ctx, sequence);
    return status;
}
