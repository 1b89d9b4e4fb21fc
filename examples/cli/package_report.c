/* SPDX-License-Identifier: Apache-2.0 */
#include "package_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "head_text.h"
#include "json_output.h"
#include "message.h"
#include "package_case.h"
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

static const char *words_of(const package_findings *found)
{
    switch (found->report.verdict) {
    case SVMS_VERDICT_AUTHENTIC:
        return "Everything in this package is exactly what was signed, by recorders, exporter and "
               "custodians who are trusted.";
    case SVMS_VERDICT_INCOMPLETE:
        return "What is there is exactly what was signed, but it does not cover all of what was "
               "asked for, or not all of it could be opened.";
    case SVMS_VERDICT_UNTRUSTED:
        return "Somebody who signed is not trusted.";
    case SVMS_VERDICT_UNDECRYPTABLE:
        return "It is as it was signed, but what was given does not open all of it.";
    case SVMS_VERDICT_NOT_AUTHENTIC:
        break;
    }
    return "This is not what was signed: something was changed, removed, added or damaged.";
}

/* What a link that cannot be read says of its signer, its time and its note is nobody's word. */
static bool is_readable(const svms_export_link *link)
{
    return link->role != SVMS_ROLE_NONE;
}

static void print_link(const svms_export_link *link)
{
    if (!is_readable(link)) {
        print_line(stdout, "Link %-8" PRIu32 " %s: %s", link->number,
                   verify_verdict_title(link->verdict),
                   link->reason[0] ? link->reason : "nobody signed it");
        return;
    }
    print_line(stdout, "Link %-8" PRIu32 " %s: signed by %s, as %s", link->number,
               verify_verdict_title(link->verdict), link->signer[0] ? link->signer : "nobody",
               svms_role_name(link->role));
    print_line(stdout, "              at %s, as the signer's clock claims",
               time_of(link->signed_utc_ns).text);
    if (link->attested_utc_ns != SVMS_NO_TIME) {
        print_line(stdout, "              existed at %s, says %s",
                   time_of(link->attested_utc_ns).text,
                   link->authority[0] ? link->authority : "a time stamp authority");
    }
    if (link->contradicts_time) {
        print_line(stdout, "              attention: that contradicts other times of the package "
                           "by more than five minutes");
    }
    if (link->identity == SVMS_IDENTITY_TRUSTED) {
        print_line(stdout, "              trusted: the certificate leads to a given CA%s%s",
                   link->anchor[0] ? ": " : "", link->anchor);
    } else if (link->reason[0]) {
        print_line(stdout, "              not trusted: %s", link->reason);
    }
    if (link->verdict == SVMS_VERDICT_NOT_AUTHENTIC && link->identity == SVMS_IDENTITY_TRUSTED &&
        link->reason[0]) {
        print_line(stdout, "              %s", link->reason);
    }
    if (link->note && link->note[0]) {
        print_line(stdout, "              note: %s", link->note);
    }
    if ((link->policy & SVMS_EXPORT_NO_REEXPORT) != 0) {
        print_line(stdout, "              forbids re-export");
    }
}

static void print_finding(const svms_finding *finding, const char *label)
{
    char place[64] = "outside of the segments";
    char time[64] = "";
    if (finding->segment != SVMS_NO_SEGMENT) {
        snprintf(place, sizeof place, "segment %" PRIu64, finding->segment);
    }
    if (finding->utc_ns != SVMS_NO_TIME) {
        snprintf(time, sizeof time, ", from %s", time_of(finding->utc_ns).text);
    }
    print_line(stdout, "    %s%s%s: %s", label, place, time, finding->reason);
}

static void print_removed(const svms_export_period *period)
{
    for (uint32_t i = 0; i < period->track_count; i++) {
        if ((period->removed_tracks & (UINT32_C(1) << i)) != 0) {
            print_line(stdout, "    track %" PRIu32 " was left out", i);
        }
    }
}

static void print_source(const package_findings *found, const found_source *source)
{
    const svms_export_period *period = &source->period;
    print_line(stdout, "  source %" PRIu32 ": %s, %s to %s", period->number,
               verify_verdict_title(source->verdict), time_of(period->first_utc_ns).text,
               time_of(period->last_utc_ns).text);
    if (period->first_segment != SVMS_NO_SEGMENT) {
        print_line(stdout,
                   "    segments %" PRIu64 " to %" PRIu64 " of container %" PRIu64 " of its "
                   "recording",
                   period->first_segment, period->last_segment, period->recording_sequence);
    }
    if (period->from_utc_ns != SVMS_NO_TIME || period->to_utc_ns != SVMS_NO_TIME) {
        print_line(stdout, "    asked for: %s to %s",
                   period->from_utc_ns == SVMS_NO_TIME ? "the beginning"
                                                       : time_of(period->from_utc_ns).text,
                   period->to_utc_ns == SVMS_NO_TIME ? "the end" : time_of(period->to_utc_ns).text);
    }
    print_line(stdout, "    recorded by %s, as %s%s%s",
               source->signer[0] ? source->signer : "nobody", svms_role_name(source->role),
               source->identity == SVMS_IDENTITY_TRUSTED ? ": trusted" : ": not trusted: ",
               source->identity == SVMS_IDENTITY_TRUSTED ? "" : source->identity_reason);
    if (source->attested_utc_ns != SVMS_NO_TIME) {
        print_line(stdout, "    existed at %s%s%s", time_of(source->attested_utc_ns).text,
                   source->authority[0] ? ", says " : "", source->authority);
    }
    print_removed(period);
    if (period->unverified) {
        print_line(stdout, "    the exporter declares that a part of it does not verify");
    }
    if (source->has_failure) {
        print_finding(&source->first_failure, "first failure: ");
    }
    if (source->camera) {
        camera_story_print(source->camera);
    }
    for (size_t i = 0; i < found->failure_count; i++) {
        if (found->failures[i].source == period->number &&
            found->failures[i].finding.offset != source->first_failure.offset) {
            print_finding(&found->failures[i].finding, "");
        }
    }
}

static void print_sources(const package_findings *found)
{
    const uint8_t *device = NULL;
    for (size_t i = 0; i < found->source_count; i++) {
        const found_source *source = &found->sources[i];
        if (!device || memcmp(device, source->period.device_id, 16) != 0) {
            const json_t *words = package_case_device(found->document, source->period.number);
            const char *name = package_case_text(words, "name");
            print_line(stdout, "Device        %s%s%s%s",
                       head_text_of(source->period.device_id, 16).text, name ? " (" : "",
                       name ? name : "", name ? ", says the exporter)" : "");
        }
        device = source->period.device_id;
        print_source(found, source);
    }
}

static void print_access(const package_findings *found)
{
    const char *words = "not encrypted";
    if (found->wrong_key) {
        words = "encrypted; no password or key that was given opens it";
    } else if (found->report.access == SVMS_ACCESS_NOT_TRIED) {
        words = "encrypted; not opened: what the package itself encrypts was compared with what "
                "the exporter signed";
    } else if (found->report.access == SVMS_ACCESS_OPENED) {
        words = "encrypted; opened with what was given";
    } else if (found->report.access != SVMS_ACCESS_CLEAR) {
        words = "encrypted; the key fits, but not everything opens";
    }
    print_line(stdout, "Access        %s", words);
}

static void print_receipt(const package_findings *found)
{
    const svms_export_report *report = &found->report;
    if (found->expected_head && report->expected_head) {
        print_line(stdout, "Expected head found; %" PRIu32 " link%s since",
                   report->links_since_expected, report->links_since_expected == 1 ? "" : "s");
    } else if (found->expected_head) {
        print_line(stdout, "Expected head not that of any link: links were taken away, or it is "
                           "another package");
    }
    print_line(stdout, "Receipt       %s",
               head_text_of(found->file->info.head, sizeof found->file->info.head).text);
    if (!found->expected_head) {
        print_line(stdout, "              compare it with the one that the last signer was given "
                           "(--expect-head)");
    }
}

static void print_first_failure(const svms_export_report *report)
{
    char segment[40] = "";
    char time[64] = "";
    if (!report->has_failure) {
        return;
    }
    if (report->failure_segment != SVMS_NO_SEGMENT) {
        snprintf(segment, sizeof segment, ", segment %" PRIu64, report->failure_segment);
    }
    if (report->failure_utc_ns != SVMS_NO_TIME) {
        snprintf(time, sizeof time, ", from %s", time_of(report->failure_utc_ns).text);
    }
    if (report->failure_source != UINT32_MAX) {
        print_line(stdout, "First failure source %" PRIu32 "%s%s: %s", report->failure_source,
                   segment, time, report->reason);
    } else if (report->failure_attachment != UINT32_MAX) {
        print_line(stdout, "First failure attachment %" PRIu32 ": %s", report->failure_attachment,
                   report->reason);
    } else {
        print_line(stdout, "First failure %s", report->reason);
    }
}

void package_findings_print(const package_findings *found)
{
    const svms_export_report *report = &found->report;
    const svms_evidence_info *info = &found->file->info;
    print_line(stdout, "%-13s %s (%" PRIu64 " bytes)",
               info->kind == SVMS_EXPORT_PROOF ? "Proof" : "Package", found->file->path,
               info->bytes);
    print_line(stdout, "Verdict       %s", verify_verdict_title(report->verdict));
    print_line(stdout, "              %s", words_of(found));
    print_first_failure(report);
    package_case_print(found->document);
    for (size_t i = 0; i < found->link_count; i++) {
        print_link(&found->links[i]);
    }
    print_sources(found);
    package_case_print_attachments(found->document);
    if (report->contents != SVMS_VERDICT_AUTHENTIC) {
        print_line(stdout, "Contents      %s", verify_verdict_title(report->contents));
    }
    if (report->bytes_unattested > 0) {
        print_line(stdout, "Unattested    %" PRIu64 " bytes at the end: somebody began to sign",
                   report->bytes_unattested);
    }
    print_access(found);
    print_line(stdout, "Re-export     %s",
               (report->policy & SVMS_EXPORT_NO_REEXPORT) != 0
                   ? "forbidden, which honest programs honour"
                   : "not forbidden");
    print_line(stdout, "Policy        %s",
               found->claimed_time ? "the signers' own claims of the time were accepted"
                                   : "a certificate that has expired by now needs attested time");
    print_receipt(found);
}

static json_t *text_or_null(const char *text)
{
    return json_text(text && text[0] ? text : NULL);
}

static json_t *link_to_json(const svms_export_link *link)
{
    bool readable = is_readable(link);
    return json_pack(
        "{s:I, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:b, s:o, s:I, s:o}", "number",
        (json_int_t)link->number, "role", json_text(readable ? svms_role_name(link->role) : NULL),
        "verdict", svms_verdict_name(link->verdict), "identity",
        verify_identity_name(link->identity), "signer", text_or_null(link->signer), "anchor",
        text_or_null(link->anchor), "signed",
        json_time(readable ? link->signed_utc_ns : SVMS_NO_TIME), "attested",
        json_time(link->attested_utc_ns), "authority", text_or_null(link->authority),
        "time_contradicts", link->contradicts_time != 0, "note", text_or_null(link->note),
        "reexport", (link->policy & SVMS_EXPORT_NO_REEXPORT) == 0, "head",
        json_hex(link->head, sizeof link->head), "offset", (json_int_t)link->offset, "reason",
        text_or_null(link->reason));
}

static json_t *links_to_json(const package_findings *found)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < found->link_count; i++) {
        if (json_array_append_new(list, link_to_json(&found->links[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return json_pack("{s:s, s:o}", "verdict", svms_verdict_name(found->report.links), "list", list);
}

static json_t *removed_to_json(const svms_export_period *period)
{
    json_t *list = json_array();
    for (uint32_t i = 0; list && i < period->track_count; i++) {
        if ((period->removed_tracks & (UINT32_C(1) << i)) != 0 &&
            json_array_append_new(list, json_integer(i)) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

json_t *package_period_to_json(const svms_export_period *period)
{
    return json_pack(
        "{s:I, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:o, s:b}", "number",
        (json_int_t)period->number, "device_id", json_hex(period->device_id, 16), "recording_id",
        json_hex(period->recording_id, 16), "container_id", json_hex(period->container_id, 16),
        "sequence", (json_int_t)period->recording_sequence, "from", json_time(period->from_utc_ns),
        "to", json_time(period->to_utc_ns), "first", json_time(period->first_utc_ns), "last",
        json_time(period->last_utc_ns), "first_segment", json_place(period->first_segment),
        "last_segment", json_place(period->last_segment), "segments", (json_int_t)period->segments,
        "tracks", (json_int_t)period->track_count, "removed_tracks", removed_to_json(period),
        "unverified", (int)period->unverified);
}

static json_t *failure_to_json(const found_source *source)
{
    const svms_finding *first = &source->first_failure;
    if (!source->has_failure) {
        return json_null();
    }
    return json_pack("{s:o, s:o, s:o, s:o}", "segment", json_place(first->segment), "time",
                     json_time(first->utc_ns), "offset", json_place(first->offset), "reason",
                     json_text(first->reason));
}

static json_t *source_to_json(const found_source *source)
{
    json_t *object = package_period_to_json(&source->period);
    json_t *more = json_pack(
        "{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "verdict",
        svms_verdict_name(source->verdict), "integrity", verify_integrity_name(source->integrity),
        "identity", verify_identity_name(source->identity), "role", svms_role_name(source->role),
        "signer", text_or_null(source->signer), "identity_reason",
        text_or_null(source->identity_reason), "attested", json_time(source->attested_utc_ns),
        "authority", text_or_null(source->authority), "access", verify_access_name(source->access),
        "first_failure", failure_to_json(source), "camera",
        source->camera ? camera_story_to_json(source->camera) : json_null());
    if (!object || !more || json_object_update(object, more) != 0) {
        json_decref(object);
        object = NULL;
    }
    json_decref(more);
    return object;
}

static json_t *sources_to_json(const package_findings *found)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < found->source_count; i++) {
        if (json_array_append_new(list, source_to_json(&found->sources[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return json_pack("{s:s, s:o}", "verdict", svms_verdict_name(found->report.sources), "list",
                     list);
}

static json_t *expected_to_json(const package_findings *found)
{
    if (!found->expected_head) {
        return json_null();
    }
    bool there = found->report.expected_head != 0;
    return json_pack("{s:o, s:b, s:o}", "head", json_hex(found->expected_head, 32), "found",
                     (int)there, "links_since",
                     there ? json_integer(found->report.links_since_expected) : json_null());
}

static json_t *index_or_null(uint32_t index)
{
    return index == UINT32_MAX ? json_null() : json_integer(index);
}

static json_t *first_failure_to_json(const svms_export_report *report)
{
    if (!report->has_failure) {
        return json_null();
    }
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o}", "source", index_or_null(report->failure_source),
        "attachment", index_or_null(report->failure_attachment), "segment",
        json_place(report->failure_segment), "time", json_time(report->failure_utc_ns), "offset",
        json_place(report->failure_offset), "reason", json_text(report->reason));
}

json_t *package_findings_to_json(const package_findings *found)
{
    const svms_export_report *report = &found->report;
    const svms_evidence_info *info = &found->file->info;
    json_t *document = found->document ? json_incref(found->document) : json_null();
    return json_pack(
        "{s:o, s:s, s:o, s:s, s:o, s:I, s:o, s:o, s:{s:s}, s:s, s:o, s:b, s:{s:I, s:I}, s:{s:s, "
        "s:o}, s:o, s:o}",
        "file", json_text(found->file->path), "kind",
        info->kind == SVMS_EXPORT_PROOF ? "proof" : "package", "package_id",
        json_hex(info->package_id, sizeof info->package_id), "verdict",
        svms_verdict_name(report->verdict), "receipt", json_hex(info->head, sizeof info->head),
        "bytes", (json_int_t)info->bytes, "links", links_to_json(found), "sources",
        sources_to_json(found), "contents", "verdict", svms_verdict_name(report->contents),
        "access", found->wrong_key ? "wrong_key" : verify_access_name(report->access),
        "expected_head", expected_to_json(found), "reexport",
        (report->policy & SVMS_EXPORT_NO_REEXPORT) == 0, "coverage", "bytes_verified",
        (json_int_t)report->bytes_verified, "unattested_bytes",
        (json_int_t)report->bytes_unattested, "policy", "time",
        found->claimed_time ? "claimed" : "attested", "trust", json_text(found->trust_path), "case",
        document, "first_failure", first_failure_to_json(report));
}

json_t *package_forgery_to_json(const char *path, svms_export_kind kind, const svms_error *err)
{
    return json_pack("{s:o, s:s, s:o, s:s, s:n, s:n, s:n, s:n, s:n, s:n, s:{s:n, s:n, s:n, s:n, "
                     "s:o, s:o}}",
                     "file", json_text(path), "kind",
                     kind == SVMS_EXPORT_PROOF ? "proof" : "package", "package_id", json_null(),
                     "verdict", svms_verdict_name(SVMS_VERDICT_NOT_AUTHENTIC), "receipt", "links",
                     "sources", "contents", "expected_head", "case", "first_failure", "source",
                     "attachment", "segment", "time", "offset", json_place(err->offset), "reason",
                     json_text(err->message));
}
