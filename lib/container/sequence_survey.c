/* SPDX-License-Identifier: Apache-2.0 */
/* The first look at the files of a recording: headers, newest segments, pruned records. */
#include <stdlib.h>
#include <string.h>

#include "attest.h"
#include "failure.h"
#include "head.h"
#include "pruned.h"
#include "sequence_internal.h"
#include "stream.h"

static void describe_header(svms_member *member, const svms_header *header)
{
    bool edge = header->signer.role != SVMS_ROLE_NONE && header->origin == SVMS_ORIGIN_EDGE;
    svms_newest nothing = { false, 0, SVMS_NO_SEGMENT, { 0 }, SVMS_NO_TIME };
    member->kind = edge ? SVMS_ITEM_EDGE : SVMS_ITEM_CONTAINER;
    member->has_header = true;
    member->linked = header->linked;
    member->link = header->previous;
    memcpy(member->header_hash, header->hash, SVMS_DIGEST_SIZE);
    svms_newest_head(&nothing, header, &member->head);
}

/* When the first segment begins, by a manifest that is attested; where there is none, the signed
 * header says from when on media count. A time that anybody could have put there must not move a
 * container out of the range in question. */
static svms_status find_first_time(svms_scanner *scanner, int64_t *utc_ns, svms_error *err)
{
    svms_front *front = scanner->front;
    svms_ahead ahead = { front->first_record, SVMS_NO_SEGMENT, front->header.hash, false };
    svms_attestation attested = SVMS_NEVER;
    svms_glimpse glimpse = { 0 };
    scanner->known = svms_alloc(front->ctx, sizeof(*scanner->known));
    if (scanner->known == NULL) {
        return svms_fail_memory(err);
    }
    svms_status status = svms_attest_ahead(scanner, &ahead, &attested, err);
    svms_release(front->ctx, scanner->known);
    scanner->known = NULL;
    if (status == SVMS_OK) {
        status = svms_glimpse_at(scanner, front->first_record, &glimpse, err);
    }
    if (status == SVMS_OK) {
        bool believed = attested == SVMS_ATTESTED && glimpse.complete && glimpse.number == 0;
        *utc_ns = believed ? glimpse.first_utc_ns : front->header.start_utc_ns;
    }
    return status;
}

/* Whether a container that is not verified was begun by somebody who is trusted, so that it may
 * stand for others. */
static svms_status ask_standing(const svms_sequence *sequence, const svms_front *front,
                                svms_member *member, svms_error *err)
{
    svms_identity_question question = SVMS_IDENTITY_QUESTION_INIT;
    svms_identity_result result = SVMS_IDENTITY_RESULT_INIT;
    if (!sequence->range || front->chain == NULL) {
        return SVMS_OK;
    }
    question.role = (svms_role)front->header.signer.role;
    question.policy = sequence->verify.time_policy;
    question.from_utc_ns = svms_claimed_time(front->header.created_utc_ns);
    question.to_utc_ns = question.from_utc_ns;
    question.now_utc_ns = svms_utc_now(sequence->ctx);
    svms_status status =
        svms_identity_check(sequence->verify.trust, front->chain, &question, &result, err);
    member->trusted = status == SVMS_OK;
    return status == SVMS_E_UNTRUSTED ? SVMS_OK : status;
}

/* Header and newest segment. What is damaged there is found again, and said, by verification. */
static svms_status look_at_container(svms_sequence *sequence, svms_member *member,
                                     const svms_source *source, svms_error *found, svms_error *err)
{
    svms_front front;
    svms_newest newest;
    svms_scanner *scanner = svms_alloc(sequence->ctx, sizeof(*scanner));
    if (scanner == NULL) {
        return svms_fail_memory(err);
    }
    svms_status status = svms_front_open(&front, sequence->ctx, source, found);
    scanner->front = &front;
    if (status == SVMS_OK) {
        describe_header(member, &front.header);
        status = ask_standing(sequence, &front, member, found);
    }
    if (status == SVMS_OK) {
        status = svms_newest_find(scanner, &newest, found);
        member->has_head = status == SVMS_OK;
    }
    if (status == SVMS_OK) {
        svms_newest_head(&newest, &front.header, &member->head);
        member->closed = newest.closed;
        member->promises = newest.closed && (newest.reason == SVMS_END_ROTATION ||
                                             newest.reason == SVMS_END_CLOCK_STEP);
        if (newest.segment != SVMS_NO_SEGMENT) {
            status = find_first_time(scanner, &member->first_utc_ns, found);
        }
    }
    svms_front_clear(&front);
    svms_release(sequence->ctx, scanner);
    return svms_is_grave(status) ? svms_fail_as(err, status, found) : SVMS_OK;
}

static void describe_pruned(svms_member *member)
{
    const svms_pruned *pruned = member->pruned;
    svms_head *head = &member->head;
    memcpy(head->container_id, pruned->container_id, sizeof(head->container_id));
    memcpy(head->recording_id, pruned->recording_id, sizeof(head->recording_id));
    memcpy(head->manifest_hash, pruned->last_manifest, sizeof(head->manifest_hash));
    head->recording_sequence = pruned->recording_sequence;
    head->segment = pruned->segments == 0 ? SVMS_NO_SEGMENT : pruned->segments - 1;
    head->last_utc_ns = pruned->last_utc_ns;
    member->has_header = true;
    member->has_head = true;
    member->closed = true;
    member->first_utc_ns = pruned->first_utc_ns;
}

static svms_status look_at_pruned(svms_sequence *sequence, svms_member *member,
                                  const svms_source *source, svms_error *err)
{
    svms_error found = SVMS_ERROR_INIT;
    member->pruned = svms_alloc(sequence->ctx, sizeof(*member->pruned));
    if (member->pruned == NULL) {
        return svms_fail_memory(err);
    }
    member->kind = SVMS_ITEM_PRUNED;
    svms_status status = svms_pruned_take(sequence->ctx, source, sequence->verify.trust,
                                          sequence->verify.time_policy, member->pruned, &found);
    if (svms_is_grave(status)) {
        return svms_fail_as(err, status, &found);
    }
    if (status == SVMS_OK || status == SVMS_E_UNTRUSTED) {
        describe_pruned(member);
        return SVMS_OK;
    }
    svms_release(sequence->ctx, member->pruned);
    member->pruned = NULL;
    svms_sequence_issue issue = svms_sequence_issue_of(
        member, SVMS_SEQUENCE_DAMAGED,
        status == SVMS_E_UNSUPPORTED ? SVMS_VERDICT_INCOMPLETE : SVMS_VERDICT_NOT_AUTHENTIC);
    svms_sequence_report_issue(sequence, &issue, "a pruned record explains nothing: %s",
                               found.message);
    return SVMS_OK;
}

/* Nothing was written, so nothing is there: if there should be, a number is missing. */
static void say_empty(svms_sequence *sequence, const svms_member *member)
{
    svms_sequence_issue issue =
        svms_sequence_issue_of(member, SVMS_SEQUENCE_UNUSABLE, SVMS_VERDICT_AUTHENTIC);
    svms_sequence_report_issue(sequence, &issue, "an empty file");
}

static svms_status look_at(svms_sequence *sequence, svms_member *member, const svms_source *source,
                           svms_error *err)
{
    static const uint8_t container_magic[8] = { 0x8A, 0x53, 0x56, 0x4D, 0x0D, 0x0A, 0x1A, 0x0A };
    uint8_t magic[sizeof(container_magic)] = { 0 };
    svms_error found = SVMS_ERROR_INIT;
    size_t got = 0;
    svms_status status = svms_source_size(source, &member->size, err);
    if (status == SVMS_OK) {
        status = svms_source_read_some(source, 0, magic, sizeof(magic), &got, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (svms_is_pruned_record(magic, got)) {
        return look_at_pruned(sequence, member, source, err);
    }
    bool is_container = memcmp(magic, container_magic, sizeof(magic)) == 0;
    if (is_container) {
        status = look_at_container(sequence, member, source, &found, err);
    }
    if (status == SVMS_OK && !member->has_header) {
        bool unknown = !is_container || found.status == SVMS_E_UNSUPPORTED;
        if (member->size == 0) {
            say_empty(sequence, member);
            return SVMS_OK;
        }
        svms_sequence_issue issue =
            svms_sequence_issue_of(member, unknown ? SVMS_SEQUENCE_UNUSABLE : SVMS_SEQUENCE_DAMAGED,
                                   unknown ? SVMS_VERDICT_INCOMPLETE : SVMS_VERDICT_NOT_AUTHENTIC);
        svms_sequence_report_issue(sequence, &issue, "%s",
                                   is_container ? found.message
                                                : "neither a container nor a pruned record");
    }
    return status;
}

static svms_status look_at_file(svms_sequence *sequence, svms_member *member, svms_error *err)
{
    svms_source given = SVMS_SOURCE_INIT;
    svms_status status = sequence->options.open(sequence->options.user, member->index, &given, err);
    if (status != SVMS_OK) {
        return status;
    }
    status = svms_source_usable(&given)
                 ? look_at(sequence, member, &given, err)
                 : svms_fail(err, SVMS_E_USAGE, "the source lacks a callback");
    if (sequence->options.close != NULL) {
        sequence->options.close(sequence->options.user, member->index, &given);
    }
    return status;
}

static int compare_recordings(const void *left, const void *right)
{
    const svms_member *a = left;
    const svms_member *b = right;
    int order = memcmp(a->head.recording_id, b->head.recording_id, 16);
    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

/* The recording that most files are of; of several, the one whose file came first. */
static bool choose_recording(svms_sequence *sequence)
{
    svms_member *members = sequence->members;
    uint32_t best = 0;
    uint32_t best_index = 0;
    uint32_t run = 0;
    qsort(members, sequence->count, sizeof(*members), compare_recordings);
    for (uint32_t i = 0; i < sequence->count; i += run) {
        run = 1;
        while (i + run < sequence->count &&
               memcmp(members[i].head.recording_id, members[i + run].head.recording_id, 16) == 0) {
            run++;
        }
        bool usable = members[i].has_header;
        for (uint32_t k = 1; k < run; k++) {
            usable = usable || members[i + k].has_header;
        }
        if (usable && (run > best || (run == best && members[i].index < best_index))) {
            best = run;
            best_index = members[i].index;
            memcpy(sequence->report.recording_id, members[i].head.recording_id, 16);
        }
    }
    return best != 0;
}

static bool overlaps(const svms_sequence *sequence, const svms_member *member)
{
    int64_t from = sequence->verify.from_utc_ns;
    int64_t to = sequence->verify.to_utc_ns;
    bool late =
        to != SVMS_NO_TIME && member->first_utc_ns != SVMS_NO_TIME && member->first_utc_ns >= to;
    bool early = from != SVMS_NO_TIME && member->has_head &&
                 member->head.last_utc_ns != SVMS_NO_TIME && member->head.last_utc_ns <= from;
    return !late && !early;
}

static void sort_out(svms_sequence *sequence)
{
    for (uint32_t i = 0; i < sequence->count; i++) {
        svms_member *member = &sequence->members[i];
        if (!member->has_header) {
            continue;
        }
        if (memcmp(member->head.recording_id, sequence->report.recording_id, 16) != 0) {
            svms_sequence_issue issue =
                svms_sequence_issue_of(member, SVMS_SEQUENCE_FOREIGN, SVMS_VERDICT_INCOMPLETE);
            member->foreign = true;
            svms_sequence_report_issue(sequence, &issue, "%s of another recording",
                                       member->kind == SVMS_ITEM_PRUNED ? "a pruned record"
                                                                        : "a container");
            continue;
        }
        member->in_range = overlaps(sequence, member);
        member->stranger = sequence->range && !member->in_range && !member->trusted &&
                           member->kind != SVMS_ITEM_PRUNED;
        if (member->pruned != NULL && member->pruned->identity != SVMS_IDENTITY_TRUSTED) {
            svms_sequence_issue issue =
                svms_sequence_issue_of(member, SVMS_SEQUENCE_UNPROVEN, SVMS_VERDICT_UNTRUSTED);
            svms_sequence_report_issue(sequence, &issue, "a pruned record explains nothing: %s",
                                       member->pruned->identity_reason);
        }
    }
}

svms_status svms_sequence_survey(svms_sequence *sequence, svms_error *err)
{
    svms_status status = SVMS_OK;
    for (uint32_t i = 0; i < sequence->count && status == SVMS_OK; i++) {
        svms_member *member = &sequence->members[i];
        member->index = i;
        member->head = (svms_head)SVMS_HEAD_INIT;
        member->first_utc_ns = SVMS_NO_TIME;
        status = look_at_file(sequence, member, err);
    }
    if (status != SVMS_OK) {
        return status;
    }
    if (sequence->options.recording != NULL) {
        memcpy(sequence->report.recording_id, sequence->options.recording, 16);
    } else if (!choose_recording(sequence)) {
        return svms_fail(err, SVMS_E_MALFORMED,
                         "none of the %u files is a container or a pruned record", sequence->count);
    }
    sort_out(sequence);
    return SVMS_OK;
}

/* Containers and valid pruned records of the sequence come first, then edge containers, then the
 * rest: what is foreign, cannot be read, or is neither verified nor by somebody who is trusted. */
static int group_of(const svms_member *member)
{
    if (!member->has_header || member->foreign || member->stranger) {
        return 2;
    }
    if (member->kind == SVMS_ITEM_PRUNED && member->pruned->identity != SVMS_IDENTITY_TRUSTED) {
        return 2;
    }
    return member->kind == SVMS_ITEM_EDGE ? 1 : 0;
}

static int three_way(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* Of several copies of a container the one with most segments comes first. */
static int compare_members(const void *left, const void *right)
{
    const svms_member *a = left;
    const svms_member *b = right;
    int order = group_of(a) - group_of(b);
    if (order == 0) {
        order = three_way(a->head.recording_sequence, b->head.recording_sequence);
    }
    if (order == 0) {
        order = memcmp(a->head.container_id, b->head.container_id, 16);
    }
    if (order == 0) {
        order = (a->kind == SVMS_ITEM_PRUNED) - (b->kind == SVMS_ITEM_PRUNED);
    }
    if (order == 0) {
        order = b->has_head - a->has_head;
    }
    if (order == 0) { /* no segment at all is the largest number: one more makes it 0 */
        order = three_way(b->head.segment + 1, a->head.segment + 1);
    }
    if (order == 0) {
        order = b->closed - a->closed;
    }
    return order != 0 ? order : three_way(a->index, b->index);
}

static int compare_points(const void *left, const void *right)
{
    const svms_point *a = left;
    const svms_point *b = right;
    int order = memcmp(a->container_id, b->container_id, 16);
    return order != 0 ? order : three_way(a->by, b->by);
}

static void add_point(svms_sequence *sequence, const uint8_t id[16], uint64_t number,
                      uint64_t segment, const uint8_t hash[SVMS_DIGEST_SIZE], uint32_t by)
{
    svms_point *point = &sequence->points[sequence->point_count++];
    memcpy(point->container_id, id, 16);
    point->sequence = number;
    point->segment = segment;
    memcpy(point->hash, hash, SVMS_DIGEST_SIZE);
    point->by = by;
}

static bool has_memory(const svms_sequence *sequence)
{
    for (size_t i = 0; i < sequence->point_count; i++) {
        if (sequence->points[i].by == SVMS_NO_ITEM) {
            return true;
        }
    }
    return false;
}

svms_status svms_sequence_arrange(svms_sequence *sequence, svms_error *err)
{
    const svms_sequence_options *options = &sequence->options;
    qsort(sequence->members, sequence->count, sizeof(*sequence->members), compare_members);
    size_t most = (size_t)sequence->count + options->head_count;
    sequence->points = svms_alloc_array(sequence->ctx, most, sizeof(*sequence->points));
    if (sequence->points == NULL) {
        return svms_fail_memory(err);
    }
    for (uint32_t i = 0; i < sequence->count; i++) {
        const svms_member *member = &sequence->members[i];
        sequence->chain_count += group_of(member) == 0;
        if (member->has_header && !member->foreign && !member->stranger && member->linked) {
            add_point(sequence, member->link.container_id, member->head.recording_sequence - 1,
                      member->link.segment, member->link.manifest_hash, i);
        }
    }
    for (size_t i = 0; i < options->head_count; i++) {
        const svms_head *head = &options->heads[i];
        if (memcmp(head->recording_id, sequence->report.recording_id, 16) == 0) {
            add_point(sequence, head->container_id, head->recording_sequence, head->segment,
                      head->manifest_hash, SVMS_NO_ITEM);
        }
    }
    qsort(sequence->points, sequence->point_count, sizeof(*sequence->points), compare_points);
    if (options->head_count != 0 && !has_memory(sequence)) {
        svms_sequence_issue issue = SVMS_SEQUENCE_ISSUE_INIT;
        issue.kind = SVMS_SEQUENCE_FOREIGN;
        issue.verdict = SVMS_VERDICT_INCOMPLETE;
        svms_sequence_report_issue(sequence, &issue, "what was remembered is of another recording");
    }
    return SVMS_OK;
}
