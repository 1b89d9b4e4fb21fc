/* SPDX-License-Identifier: Apache-2.0 */
/* What verification of a folder found, for people and for programs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json_output.h"
#include "message.h"
#include "verify_folder.h"
#include "verify_report.h"

typedef struct time_text {
    char text[SVMS_TIME_TEXT_SIZE];
} time_text;

static time_text time_of(int64_t utc_ns)
{
    time_text time = { { 0 } };
    svms_time_format(utc_ns, time.text);
    return time;
}

static const char *words_of(const folder_result *result)
{
    const svms_verify_options *verify = result->question->verify;
    bool range = verify->from_utc_ns != SVMS_NO_TIME || verify->to_utc_ns != SVMS_NO_TIME;
    switch (result->report->verdict) {
    case SVMS_VERDICT_AUTHENTIC:
        return range ? "Everything recorded in this period is exactly what was signed, and the "
                       "signer is trusted."
                     : "Every container is exactly what was signed, each one that is known of is "
                       "there or its removal is signed, and the signers are trusted.";
    case SVMS_VERDICT_INCOMPLETE:
        return "What is there is exactly what was signed, but something is missing, open or does "
               "not belong here.";
    case SVMS_VERDICT_UNTRUSTED:
        return "Nobody who is trusted vouches for a part of this recording.";
    case SVMS_VERDICT_UNDECRYPTABLE:
        return "The recording is as it was signed, but what was given does not open all of it.";
    case SVMS_VERDICT_NOT_AUTHENTIC:
        break;
    }
    return "This is not what was signed: something was changed, removed, replaced or damaged.";
}

static const char *name_of(const folder_result *result, uint32_t index)
{
    const char *path = result->files->paths[index];
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static const char *kind_name(svms_sequence_item_kind kind)
{
    static const char *const names[] = { "unusable", "container", "edge", "pruned" };
    return names[kind];
}

static const char *link_name(svms_link_state state)
{
    static const char *const names[] = { "none", "verified", "mismatch", "missing", "unchecked" };
    return names[state];
}

static const char *verdict_of(const folder_item *found)
{
    if (found->item.verified) {
        return svms_verdict_name(found->verdict);
    }
    switch (found->item.kind) {
    case SVMS_ITEM_PRUNED:
        return "removed";
    case SVMS_ITEM_UNUSABLE:
        return "unusable";
    default:
        return "not verified";
    }
}

static void print_files(const folder_result *result)
{
    print_line(stdout, "Files         %zu", result->item_count);
    for (size_t i = 0; i < result->item_count; i++) {
        const folder_item *found = &result->items[i];
        const svms_sequence_item *item = &found->item;
        if (item->kind == SVMS_ITEM_UNUSABLE) {
            print_line(stdout, "  %s: %s", name_of(result, item->index), verdict_of(found));
            continue;
        }
        print_line(stdout, "  %s: %s %" PRIu64 ", %s, %s to %s", name_of(result, item->index),
                   item->kind == SVMS_ITEM_EDGE ? "camera's own" : "number",
                   item->head.recording_sequence, verdict_of(found),
                   time_of(item->first_utc_ns).text, time_of(item->head.last_utc_ns).text);
    }
}

static void print_issues(const folder_result *result)
{
    for (size_t i = 0; i < result->issue_count; i++) {
        const svms_sequence_issue *issue = &result->issues[i];
        bool has_file = issue->item != SVMS_NO_ITEM;
        print_line(stdout, "  %s: %s%s%s%s", svms_sequence_issue_name(issue->kind), issue->reason,
                   has_file ? " (" : "", has_file ? name_of(result, issue->item) : "",
                   has_file ? ")" : "");
    }
}

void folder_print_text(const folder_result *result)
{
    const svms_sequence_report *report = result->report;
    char id[33] = "";
    for (size_t i = 0; i < sizeof report->recording_id; i++) {
        snprintf(id + 2 * i, sizeof id - 2 * i, "%02x", report->recording_id[i]);
    }
    print_line(stdout, "Folder        %s", result->question->path);
    print_line(stdout, "Recording     %s", id);
    print_line(stdout, "Verdict       %s", verify_verdict_title(report->verdict));
    print_line(stdout, "              %s", words_of(result));
    print_line(stdout, "Captured      %s to %s", time_of(report->first_utc_ns).text,
               time_of(report->last_utc_ns).text);
    print_line(stdout,
               "Containers    %" PRIu32 " there, %" PRIu32 " removed with a signed record, %" PRIu64
               " missing, %" PRIu32 " camera's own",
               report->containers, report->pruned, report->missing, report->edge_containers);
    print_line(stdout, "Integrity     %" PRIu64 " of %" PRIu64 " segments hold",
               report->segments_verified, report->segments_verified + report->segments_failed);
    if (report->bytes_unattested > 0) {
        print_line(stdout, "Unattested    %" PRIu64 " bytes that no signature covers",
                   report->bytes_unattested);
    }
    print_line(stdout, result->issue_count == 0 ? "Remarks       none" : "Remarks");
    print_issues(result);
    camera_story_print(result->camera);
    print_files(result);
}

static json_t *item_to_json(const folder_result *result, const folder_item *found)
{
    const svms_sequence_item *item = &found->item;
    bool known = item->kind != SVMS_ITEM_UNUSABLE;
    json_t *pruned = json_null();
    if (found->pruned) {
        pruned = json_pack(
            "{s:s, s:o, s:o, s:I}", "reason", svms_prune_reason_name(found->pruned->reason), "time",
            json_time(found->pruned->removed_utc_ns), "signer", json_text(found->pruned->signer),
            "bytes", (json_int_t)found->pruned->bytes);
    }
    return json_pack(
        "{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "file",
        json_text(name_of(result, item->index)), "kind", kind_name(item->kind), "container",
        known ? json_hex(item->head.container_id, sizeof item->head.container_id) : json_null(),
        "sequence", known ? json_place(item->head.recording_sequence) : json_null(), "first",
        json_time(item->first_utc_ns), "last", json_time(item->head.last_utc_ns), "last_segment",
        json_place(item->head.segment), "verdict",
        item->verified ? json_text(svms_verdict_name(found->verdict)) : json_null(), "link",
        link_name(item->link_state), "closed",
        item->verified ? json_boolean(found->closed) : json_null(), "removed", pruned);
}

static json_t *items_to_json(const folder_result *result)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < result->item_count; i++) {
        if (json_array_append_new(list, item_to_json(result, &result->items[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *file_name(const folder_result *result, uint32_t index)
{
    return index == SVMS_NO_ITEM ? json_null() : json_text(name_of(result, index));
}

static json_t *issues_to_json(const folder_result *result)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < result->issue_count; i++) {
        const svms_sequence_issue *issue = &result->issues[i];
        json_t *entry = json_pack(
            "{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "kind",
            svms_sequence_issue_name(issue->kind), "verdict", svms_verdict_name(issue->verdict),
            "file", file_name(result, issue->item), "other", file_name(result, issue->other),
            "from_sequence", json_place(issue->from_sequence), "to_sequence",
            json_place(issue->to_sequence), "from", json_time(issue->from_utc_ns), "to",
            json_time(issue->to_utc_ns), "reason", json_text(issue->reason));
        if (json_array_append_new(list, entry) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

json_t *folder_to_json(const folder_result *result)
{
    const svms_sequence_report *report = result->report;
    const folder_question *question = result->question;
    json_t *coverage = json_pack(
        "{s:o, s:o, s:I, s:I, s:I, s:I}", "first", json_time(report->first_utc_ns), "last",
        json_time(report->last_utc_ns), "segments_verified", (json_int_t)report->segments_verified,
        "segments_failed", (json_int_t)report->segments_failed, "bytes_verified",
        (json_int_t)report->bytes_verified, "unattested_bytes",
        (json_int_t)report->bytes_unattested);
    json_t *policy = json_pack(
        "{s:s, s:o, s:o, s:o}", "time",
        question->verify->time_policy == SVMS_TIME_CLAIMED ? "claimed" : "attested", "trust",
        json_text(question->trust_path), "from", json_time(question->verify->from_utc_ns), "to",
        json_time(question->verify->to_utc_ns));
    return json_pack("{s:o, s:o, s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "folder",
                     json_text(question->path), "recording",
                     json_hex(report->recording_id, sizeof report->recording_id), "verdict",
                     svms_verdict_name(report->verdict), "containers",
                     (json_int_t)report->containers, "edge_containers",
                     (json_int_t)report->edge_containers, "removed", (json_int_t)report->pruned,
                     "missing", json_place(report->missing), "coverage", coverage, "policy", policy,
                     "issues", issues_to_json(result), "files", items_to_json(result), "camera",
                     camera_story_to_json(result->camera));
}
