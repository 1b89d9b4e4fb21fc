/* SPDX-License-Identifier: Apache-2.0 */
#include "verify_report.h"

#include <inttypes.h>
#include <stdio.h>

#include "json_output.h"
#include "message.h"

typedef struct time_text {
    char text[SVMS_TIME_TEXT_SIZE];
} time_text;

static time_text time_of(int64_t utc_ns)
{
    time_text time = { { 0 } };
    svms_time_format(utc_ns, time.text);
    return time;
}

const char *verify_verdict_title(svms_verdict verdict)
{
    switch (verdict) {
    case SVMS_VERDICT_AUTHENTIC:
        return "AUTHENTIC";
    case SVMS_VERDICT_INCOMPLETE:
        return "INCOMPLETE";
    case SVMS_VERDICT_UNTRUSTED:
        return "UNTRUSTED";
    case SVMS_VERDICT_UNDECRYPTABLE:
        return "UNDECRYPTABLE";
    case SVMS_VERDICT_NOT_AUTHENTIC:
        break;
    }
    return "NOT AUTHENTIC";
}

static const char *verdict_words(const verify_result *result)
{
    bool range = result->from_utc_ns != SVMS_NO_TIME || result->to_utc_ns != SVMS_NO_TIME;
    switch (result->report->verdict) {
    case SVMS_VERDICT_AUTHENTIC:
        return range ? "Everything recorded in this period is exactly what was signed, and the "
                       "signer is trusted."
                     : "Every byte is exactly what was signed, nothing is missing, and the signer "
                       "is trusted.";
    case SVMS_VERDICT_INCOMPLETE:
        return "What is covered is exactly what was signed, but not everything that was asked "
               "about is covered.";
    case SVMS_VERDICT_UNTRUSTED:
        return "Nobody who is trusted vouches for this recording.";
    case SVMS_VERDICT_UNDECRYPTABLE:
        return "The recording is as it was signed, but what was given does not open it.";
    case SVMS_VERDICT_NOT_AUTHENTIC:
        break;
    }
    return "This is not what was signed: something was changed, removed, added or damaged.";
}

const char *verify_integrity_name(svms_integrity integrity)
{
    switch (integrity) {
    case SVMS_INTEGRITY_INTACT:
        return "intact";
    case SVMS_INTEGRITY_PARTIAL:
        return "partial";
    case SVMS_INTEGRITY_BROKEN:
        break;
    }
    return "broken";
}

const char *verify_identity_name(svms_identity_verdict identity)
{
    switch (identity) {
    case SVMS_IDENTITY_TRUSTED:
        return "trusted";
    case SVMS_IDENTITY_UNSIGNED:
        return "unsigned";
    case SVMS_IDENTITY_NO_ANCHOR:
        return "no_anchor";
    case SVMS_IDENTITY_UNKNOWN_ISSUER:
        return "unknown_issuer";
    case SVMS_IDENTITY_WRONG_ROLE:
        return "wrong_role";
    case SVMS_IDENTITY_EXPIRED_NOW:
        return "expired_now";
    case SVMS_IDENTITY_EXPIRED_THEN:
        return "expired_then";
    case SVMS_IDENTITY_NOT_YET_VALID:
        return "not_yet_valid";
    case SVMS_IDENTITY_REVOKED:
        return "revoked";
    case SVMS_IDENTITY_FUTURE:
        return "future";
    case SVMS_IDENTITY_BAD_CHAIN:
        break;
    }
    return "bad_chain";
}

const char *verify_access_name(svms_access access)
{
    switch (access) {
    case SVMS_ACCESS_CLEAR:
        return "clear";
    case SVMS_ACCESS_NOT_TRIED:
        return "not_tried";
    case SVMS_ACCESS_OPENED:
        return "opened";
    case SVMS_ACCESS_WRONG_KEY:
        return "wrong_key";
    case SVMS_ACCESS_DISCLOSED:
        return "disclosed";
    case SVMS_ACCESS_FAILED:
        break;
    }
    return "failed";
}

static const char *access_words(svms_access access)
{
    switch (access) {
    case SVMS_ACCESS_CLEAR:
        return "not encrypted";
    case SVMS_ACCESS_NOT_TRIED:
        return "encrypted; not opened, which verification does not need";
    case SVMS_ACCESS_OPENED:
        return "encrypted; every sample opens with what was given";
    case SVMS_ACCESS_WRONG_KEY:
        return "encrypted; no password or key that was given opens it";
    case SVMS_ACCESS_DISCLOSED:
        return "encrypted; what was disclosed opens, the rest stays shut";
    case SVMS_ACCESS_FAILED:
        break;
    }
    return "encrypted; the key fits, but not everything opens";
}

static void print_finding(const svms_finding *finding)
{
    char place[64] = "outside of the segments";
    char time[64] = "";
    char offset[40] = "";
    if (finding->segment != SVMS_NO_SEGMENT) {
        snprintf(place, sizeof place, "segment %" PRIu64, finding->segment);
    }
    if (finding->utc_ns != SVMS_NO_TIME) {
        snprintf(time, sizeof time, ", from %s", time_of(finding->utc_ns).text);
    }
    if (finding->offset != SVMS_NO_OFFSET) {
        snprintf(offset, sizeof offset, ", byte %" PRIu64, finding->offset);
    }
    print_line(stdout, "  %s%s%s: %s", place, time, offset, finding->reason);
}

static void print_findings(const verify_result *result)
{
    if (result->report->finding_count == 0) {
        return;
    }
    print_line(stdout, "Failures      %" PRIu32, result->report->finding_count);
    for (size_t i = 0; i < result->finding_count; i++) {
        print_finding(&result->findings[i]);
    }
    if (result->report->finding_count > result->finding_count) {
        print_line(stdout, "  and %zu more",
                   (size_t)result->report->finding_count - result->finding_count);
    }
}

static void print_gaps(const svms_report *report)
{
    if (report->gap_count == 0) {
        print_line(stdout, "Gaps          none");
        return;
    }
    print_line(stdout, "Gaps          %" PRIu32, report->gap_count);
    for (uint32_t i = 0; i < report->gap_count && i < SVMS_REPORT_GAPS; i++) {
        print_line(stdout, "  %s to %s: %s", time_of(report->gaps[i].from_utc_ns).text,
                   time_of(report->gaps[i].to_utc_ns).text,
                   svms_gap_reason_name(report->gaps[i].reason));
    }
    if (report->gap_count > SVMS_REPORT_GAPS) {
        print_line(stdout, "  and %" PRIu32 " more", report->gap_count - SVMS_REPORT_GAPS);
    }
}

static void print_signer(const svms_report *report)
{
    if (report->role == SVMS_ROLE_NONE) {
        print_line(stdout, "Signed by     nobody");
    } else {
        print_line(stdout, "Signed by     %s, as %s", report->signer, svms_role_name(report->role));
    }
    if (report->identity == SVMS_IDENTITY_TRUSTED) {
        print_line(stdout, "Signer        trusted: its certificate leads to a given CA, allows the "
                           "role, and was valid");
    } else {
        print_line(stdout, "Signer        not trusted: %s", report->identity_reason);
    }
}

/* Who answers for the list of recipients; that is apart from the verdict. */
static void print_officer(const svms_report *report)
{
    if (report->access_revision == 0) {
        return;
    }
    if (report->officer[0] == '\0') {
        print_line(stdout,
                   "              list of recipients: revision %" PRIu64
                   ", not signed by a key officer",
                   report->access_revision);
        return;
    }
    print_line(stdout, "              list of recipients: revision %" PRIu64 ", signed by %s",
               report->access_revision, report->officer);
    print_line(stdout, "              key officer: %s",
               verify_identity_name(report->officer_identity));
}

static json_t *access_to_json(const svms_report *report)
{
    bool has_officer = report->officer[0] != '\0';
    return json_pack(
        "{s:s, s:I, s:I, s:o, s:o}", "verdict", verify_access_name(report->access), "damaged_slots",
        (json_int_t)report->access_damaged, "revision", (json_int_t)report->access_revision,
        "officer", json_text(has_officer ? report->officer : NULL), "officer_verdict",
        json_text(has_officer ? verify_identity_name(report->officer_identity) : NULL));
}

static void print_stamps(const svms_report *report)
{
    if (report->time_attested) {
        print_line(stdout, "Attested      all of it existed at %s, says %s",
                   time_of(report->attested_utc_ns).text, report->authority);
    } else if (report->attested_segment != SVMS_NO_SEGMENT) {
        print_line(stdout, "Attested      segments up to %" PRIu64 " existed at %s, says %s",
                   report->attested_segment, time_of(report->attested_segment_utc_ns).text,
                   report->authority);
    }
    if (report->stamps > report->stamps_valid) {
        print_line(stdout, "Time stamps   %" PRIu32 " of %" PRIu32 " attest nothing: %s",
                   report->stamps - report->stamps_valid, report->stamps, report->stamp_reason);
    }
}

static const char *revocation_name(svms_revocation revocation)
{
    switch (revocation) {
    case SVMS_REVOCATION_NOT_CHECKED:
        return "not_checked";
    case SVMS_REVOCATION_GOOD:
        return "good";
    case SVMS_REVOCATION_STALE:
        return "stale";
    case SVMS_REVOCATION_BAD_LIST:
        return "bad_list";
    case SVMS_REVOCATION_REVOKED:
        break;
    }
    return "revoked";
}

static void print_revocation(const svms_report *report)
{
    switch (report->revocation) {
    case SVMS_REVOCATION_GOOD:
        print_line(stdout, "Revocation    not revoked, by the lists that were given");
        break;
    case SVMS_REVOCATION_STALE:
        print_line(stdout,
                   "Revocation    not revoked by the lists that were given, of which one is "
                   "out of date");
        break;
    case SVMS_REVOCATION_BAD_LIST:
        print_line(stdout, "Revocation    not known: a list has a wrong signature");
        break;
    case SVMS_REVOCATION_REVOKED:
        print_line(stdout, "Revocation    revoked since %s", time_of(report->revoked_utc_ns).text);
        break;
    case SVMS_REVOCATION_NOT_CHECKED:
        break;
    }
}

void verify_print_text(const verify_result *result)
{
    const svms_report *report = result->report;
    print_line(stdout, "Recording     %s", result->path);
    print_line(stdout, "Verdict       %s", verify_verdict_title(report->verdict));
    print_line(stdout, "              %s", verdict_words(result));
    if (result->from_utc_ns != SVMS_NO_TIME || result->to_utc_ns != SVMS_NO_TIME) {
        print_line(stdout, "Asked about   %s to %s",
                   result->from_utc_ns == SVMS_NO_TIME ? "the beginning"
                                                       : time_of(result->from_utc_ns).text,
                   result->to_utc_ns == SVMS_NO_TIME ? "the end" : time_of(result->to_utc_ns).text);
    }
    print_signer(report);
    print_revocation(report);
    print_line(stdout, "Captured      %s to %s", time_of(report->first_utc_ns).text,
               time_of(report->last_utc_ns).text);
    print_line(stdout, "Signed        %s to %s (as the signer's clock claims)",
               time_of(report->signed_from_utc_ns).text, time_of(report->signed_to_utc_ns).text);
    print_stamps(report);
    print_line(stdout,
               "Integrity     %s: %" PRIu64 " of %" PRIu64 " segments hold (%" PRIu64 " samples)",
               verify_integrity_name(report->integrity), report->segments_verified,
               report->segments_verified + report->segments_failed, report->samples_verified);
    print_line(stdout, "End           %s",
               report->closed ? "signed: the recording is closed"
                              : "none: still being written, interrupted, or cut off");
    if (report->bytes_unattested > 0) {
        print_line(stdout, "Unattested    %" PRIu64 " bytes at the end that no signature covers",
                   report->bytes_unattested);
    }
    print_gaps(report);
    print_line(stdout, "Access        %s", access_words(report->access));
    if (report->access_damaged > 0) {
        print_line(stdout, "              %" PRIu32 " of 2 access slots damaged",
                   report->access_damaged);
    }
    print_officer(report);
    print_line(stdout, "Policy        %s",
               result->claimed_time ? "the signer's own claim of the time was accepted"
                                    : "a certificate that has expired by now needs attested time");
    camera_story_print(result->camera);
    print_findings(result);
}

static json_t *gaps_to_json(const svms_report *report)
{
    json_t *gaps = json_array();
    for (uint32_t i = 0; gaps && i < report->gap_count && i < SVMS_REPORT_GAPS; i++) {
        const svms_gap *gap = &report->gaps[i];
        json_t *entry =
            json_pack("{s:o, s:o, s:s}", "from", json_time(gap->from_utc_ns), "to",
                      json_time(gap->to_utc_ns), "reason", svms_gap_reason_name(gap->reason));
        if (json_array_append_new(gaps, entry) != 0) {
            json_decref(gaps);
            return NULL;
        }
    }
    return gaps;
}

static json_t *coverage_to_json(const svms_report *report)
{
    return json_pack(
        "{s:o, s:o, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "first",
        json_time(report->first_utc_ns), "last", json_time(report->last_utc_ns), "closed",
        (int)report->closed, "segments_verified", (json_int_t)report->segments_verified,
        "segments_failed", (json_int_t)report->segments_failed, "samples_verified",
        (json_int_t)report->samples_verified, "bytes_verified", (json_int_t)report->bytes_verified,
        "unattested_bytes", (json_int_t)report->bytes_unattested, "gap_count",
        (json_int_t)report->gap_count, "gaps", gaps_to_json(report));
}

static json_t *failure_to_json(const svms_report *report)
{
    const svms_finding *first = &report->first_failure;
    if (!report->has_failure) {
        return json_null();
    }
    return json_pack("{s:o, s:o, s:o, s:o}", "segment", json_place(first->segment), "time",
                     json_time(first->utc_ns), "offset", json_place(first->offset), "reason",
                     json_text(first->reason));
}

static json_t *identity_to_json(const svms_report *report)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:s, s:o}", "verdict",
                     verify_identity_name(report->identity), "role", svms_role_name(report->role),
                     "signer", json_text(report->signer[0] ? report->signer : NULL), "reason",
                     json_text(report->identity_reason[0] ? report->identity_reason : NULL),
                     "revocation", revocation_name(report->revocation), "revoked",
                     json_time(report->revoked_utc_ns));
}

static json_t *time_to_json(const svms_report *report)
{
    return json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:o}", "kind",
        report->time_attested ? "attested" : "claimed", "signed_from",
        json_time(report->signed_from_utc_ns), "signed_to", json_time(report->signed_to_utc_ns),
        "attested", json_time(report->attested_utc_ns), "attested_segment",
        json_place(report->attested_segment), "attested_segment_time",
        json_time(report->attested_segment_utc_ns), "authority",
        json_text(report->authority[0] ? report->authority : NULL), "stamps",
        (json_int_t)report->stamps, "stamps_valid", (json_int_t)report->stamps_valid,
        "stamp_reason", json_text(report->stamp_reason[0] ? report->stamp_reason : NULL));
}

json_t *verify_to_json(const verify_result *result)
{
    const svms_report *report = result->report;
    return json_pack("{s:o, s:s, s:{s:s, s:I}, s:o, s:o, s:o, s:o, s:{s:s, s:o, s:o, s:o}, "
                     "s:o, s:o}",
                     "file", json_text(result->path), "verdict", svms_verdict_name(report->verdict),
                     "integrity", "verdict", verify_integrity_name(report->integrity), "failures",
                     (json_int_t)report->finding_count, "identity", identity_to_json(report),
                     "coverage", coverage_to_json(report), "time", time_to_json(report), "access",
                     access_to_json(report), "policy", "time",
                     result->claimed_time ? "claimed" : "attested", "trust",
                     json_text(result->trust_path), "from", json_time(result->from_utc_ns), "to",
                     json_time(result->to_utc_ns), "first_failure", failure_to_json(report),
                     "camera", camera_story_to_json(result->camera));
}
