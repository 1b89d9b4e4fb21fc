/* SPDX-License-Identifier: Apache-2.0 */
#include "export_result.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "head_text.h"
#include "json_output.h"
#include "media_names.h"
#include "message.h"
#include "package_report.h"
#include "recipient_list.h"
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

static void print_period(const svms_export_period *period, const export_input *input)
{
    print_line(stdout, "Source %-6" PRIu32 " %s: %s", period->number, input->path,
               verify_verdict_title(period->verdict));
    print_line(stdout, "    device %s%s%s%s", head_text_of(period->device_id, 16).text,
               input->device_name ? " (" : "", input->device_name ? input->device_name : "",
               input->device_name ? ")" : "");
    if (period->first_segment == SVMS_NO_SEGMENT) {
        print_line(stdout, "    no whole segment of it");
    } else {
        print_line(
            stdout,
            "    %s to %s, segments %" PRIu64 " to %" PRIu64 " (%" PRIu64 "), %" PRIu32 " tracks",
            time_of(period->first_utc_ns).text, time_of(period->last_utc_ns).text,
            period->first_segment, period->last_segment, period->segments, period->track_count);
    }
    for (uint32_t i = 0; i < period->track_count; i++) {
        if ((period->removed_tracks & (UINT32_C(1) << i)) != 0) {
            print_line(stdout, "    track %" PRIu32 " (%s) is not in it", i,
                       name_of_kind(input->kinds[i]));
        }
    }
    if (period->unverified) {
        print_line(stdout, "    what does not verify is declared");
    }
}

void export_outcome_print(const export_outcome *outcome)
{
    const svms_export_result *result = outcome->result;
    print_line(stdout, "Package       %s (%" PRIu64 " bytes)", outcome->request->output,
               result->bytes);
    for (uint32_t i = 0; i < result->period_count && i < outcome->inputs->count; i++) {
        print_period(&result->periods[i], &outcome->inputs->items[i]);
    }
    if (result->attachment_count > 0) {
        print_line(stdout, "Attachments   %" PRIu32, result->attachment_count);
    }
    if (outcome->profile) {
        print_line(stdout, "Profile       %s", outcome->profile);
    }
    print_line(stdout, "Access        %s",
               result->sealed ? "encrypted; opens with:" : "nothing is encrypted");
    for (uint32_t i = 0; i < result->recipient_count; i++) {
        print_line(stdout, "    %s", recipient_words(&result->recipients[i]).text);
    }
    print_line(stdout, "Signed by     %s, as exporter, at %s%s", result->signer,
               time_of(result->signed_utc_ns).text, result->stamped ? ", with a time stamp" : "");
    print_line(stdout, "Re-export     %s",
               (result->policy & SVMS_EXPORT_NO_REEXPORT) != 0 ? "forbidden" : "not forbidden");
    print_line(stdout, "SHA-256       %s", head_text_of(result->digest, 32).text);
    print_line(stdout, "Read back     %s", outcome->checked ? "verified" : "no (--no-check)");
    print_line(stdout, "Receipt       %s", head_text_of(result->head, 32).text);
    print_line(stdout, "              keep it: it shows when links are taken away "
                       "(export verify --expect-head)");
}

static json_t *period_to_json(const svms_export_period *period, const export_input *input)
{
    json_t *object = package_period_to_json(period);
    json_t *more =
        json_pack("{s:o, s:o, s:s}", "file", json_text(input->path), "device_name",
                  json_text(input->device_name), "verdict", svms_verdict_name(period->verdict));
    if (!object || !more || json_object_update(object, more) != 0) {
        json_decref(object);
        object = NULL;
    }
    json_decref(more);
    return object;
}

static json_t *periods_to_json(const export_outcome *outcome)
{
    json_t *list = json_array();
    for (uint32_t i = 0; list && i < outcome->result->period_count && i < outcome->inputs->count;
         i++) {
        if (json_array_append_new(list, period_to_json(&outcome->result->periods[i],
                                                       &outcome->inputs->items[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *recipients_of(const svms_export_result *result)
{
    svms_recipient_list list = SVMS_RECIPIENT_LIST_INIT;
    list.count = result->recipient_count;
    memcpy(list.recipients, result->recipients, sizeof list.recipients);
    return recipients_to_json(&list, NULL);
}

static json_t *case_to_json(const export_outcome *outcome)
{
    const export_request *request = outcome->request;
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "case", json_text(request->case_number),
                     "operator", json_text(request->operator_name), "reason",
                     json_text(request->reason), "comment", json_text(request->comment), "note",
                     json_text(request->note), "profile", json_text(outcome->profile),
                     "audit_reference", json_text(request->audit_reference));
}

/* An audit log outlives the folder in which a command was typed. */
static json_t *absolute_path(const char *path)
{
    char folder[4096];
    if (path[0] == '/' || !getcwd(folder, sizeof folder)) {
        return json_text(path);
    }
    char *whole = path_join(folder, path);
    json_t *text = whole ? json_text(whole) : NULL;
    free(whole);
    return text;
}

exit_status export_outcome_print_json(const export_outcome *outcome)
{
    const svms_export_result *result = outcome->result;
    return json_print(json_pack(
        "{s:o, s:o, s:s, s:o, s:o, s:o, s:I, s:o, s:o, s:b, s:b, s:b, s:o, s:b, s:b, s:o, s:I, "
        "s:o}",
        "file", json_text(outcome->request->output), "destination",
        absolute_path(outcome->request->output), "format", "svmx", "package_id",
        json_hex(result->package_id, sizeof result->package_id), "receipt",
        json_hex(result->head, sizeof result->head), "sha256",
        json_hex(result->digest, sizeof result->digest), "bytes", (json_int_t)result->bytes,
        "signed", json_time(result->signed_utc_ns), "signer", json_text(result->signer), "stamped",
        (int)result->stamped, "sealed", (int)result->sealed, "password", (int)result->has_password,
        "recipients", recipients_of(result), "reexport",
        (result->policy & SVMS_EXPORT_NO_REEXPORT) == 0, "checked", (int)outcome->checked,
        "sources", periods_to_json(outcome), "attachments", (json_int_t)result->attachment_count,
        "case", case_to_json(outcome)));
}
