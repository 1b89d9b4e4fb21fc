/* SPDX-License-Identifier: Apache-2.0 */
#include "export_audit.h"

#include <stdlib.h>
#include <string.h>

#include "head_text.h"
#include "message.h"
#include "recipient_list.h"

#define FORMAT "svmx"

/* What a record points to while it is made. */
typedef struct export_lists {
    svms_audit_range *ranges;
    size_t range_count;
    head_text *ids;
    const char **devices;
    size_t device_count;
    recipient_text *people;
    const char **recipients;
    uint64_t segments;
} export_lists;

static void free_lists(export_lists *lists)
{
    free(lists->ranges);
    free(lists->ids);
    free(lists->devices);
    free(lists->people);
    free(lists->recipients);
}

static void add_device(export_lists *lists, const uint8_t id[16])
{
    head_text *text = &lists->ids[lists->device_count];
    *text = head_text_of(id, 16);
    for (size_t i = 0; i < lists->device_count; i++) {
        if (strcmp(lists->ids[i].text, text->text) == 0) {
            return;
        }
    }
    lists->devices[lists->device_count++] = text->text;
}

static bool make_lists(export_lists *out, const svms_export_result *result)
{
    size_t periods = result->period_count;
    size_t people = result->recipient_count;
    out->ranges = calloc(periods + 1, sizeof *out->ranges);
    out->ids = calloc(periods + 1, sizeof *out->ids);
    out->devices = calloc(periods + 1, sizeof *out->devices);
    out->people = calloc(people + 1, sizeof *out->people);
    out->recipients = calloc(people + 1, sizeof *out->recipients);
    if (!out->ranges || !out->ids || !out->devices || !out->people || !out->recipients) {
        return false;
    }
    for (size_t i = 0; i < periods; i++) {
        const svms_export_period *period = &result->periods[i];
        add_device(out, period->device_id);
        out->segments += period->segments;
        if (period->first_utc_ns != SVMS_NO_TIME && period->last_utc_ns != SVMS_NO_TIME) {
            out->ranges[out->range_count++] =
                (svms_audit_range){ period->first_utc_ns, period->last_utc_ns };
        }
    }
    for (size_t i = 0; i < people; i++) {
        out->people[i] = recipient_words(&result->recipients[i]);
        out->recipients[i] = out->people[i].text;
    }
    return true;
}

static svms_status put_what(svms_audit_record *record, const export_outcome *outcome,
                            const export_lists *lists, svms_error *err)
{
    const svms_export_result *result = outcome->result;
    svms_status put = svms_audit_record_text(record, "format", FORMAT, err);
    if (put == SVMS_OK) {
        put = svms_audit_record_ranges(record, "ranges", lists->ranges, lists->range_count, err);
    }
    if (put == SVMS_OK) {
        put = svms_audit_record_number(record, "records", lists->segments, err);
    }
    if (put == SVMS_OK) {
        put = svms_audit_record_number(record, "bytes", result->bytes, err);
    }
    if (put == SVMS_OK) {
        put = svms_audit_record_text(record, "destination", outcome->request->output, err);
    }
    if (put == SVMS_OK) {
        put = svms_audit_record_digest(record, "digest", result->digest, HEAD_SIZE, err);
    }
    return put == SVMS_OK
               ? svms_audit_record_digest(record, "receipt", result->head, HEAD_SIZE, err)
               : put;
}

static svms_status put_access(svms_audit_record *record, const svms_export_result *result,
                              const export_lists *lists, svms_error *err)
{
    const char *const signers[] = { result->signer };
    bool reexport = (result->policy & SVMS_EXPORT_NO_REEXPORT) == 0;
    svms_status put =
        svms_audit_record_text(record, "encryption", result->sealed ? "sealed" : "none", err);
    if (put == SVMS_OK) {
        put = svms_audit_record_flag(record, "password", result->has_password, err);
    }
    if (put == SVMS_OK) {
        put = svms_audit_record_list(record, "recipients", lists->recipients,
                                     result->recipient_count, err);
    }
    if (put == SVMS_OK) {
        put = svms_audit_record_list(record, "signatures", signers, 1, err);
    }
    return put == SVMS_OK ? svms_audit_record_flag(record, "reexport", reexport ? 1 : 0, err) : put;
}

static audit_deed deed_of(const export_request *request)
{
    audit_deed deed = AUDIT_DEED_INIT;
    deed.event = "export.create";
    deed.object = request->output;
    deed.actor_name = request->operator_name;
    deed.from_utc_ns = request->from_utc_ns;
    deed.to_utc_ns = request->to_utc_ns;
    return deed;
}

exit_status export_audit_done(audit_trail *trail, const export_outcome *outcome)
{
    export_lists lists = { 0 };
    svms_audit_record *record = NULL;
    svms_error err = SVMS_ERROR_INIT;
    audit_deed deed = deed_of(outcome->request);
    if (!trail) {
        return EXIT_GOOD;
    }
    exit_status status = EXIT_ENVIRONMENT;
    if (make_lists(&lists, outcome->result)) {
        deed.devices = lists.devices;
        deed.device_count = lists.device_count;
        deed.reason = outcome->request->reason;
        status = audit_trail_begin(&record, trail, &deed);
    } else {
        complain("out of memory");
    }
    if (status == EXIT_GOOD) {
        svms_status put = put_what(record, outcome, &lists, &err);
        if (put == SVMS_OK) {
            put = put_access(record, outcome->result, &lists, &err);
        }
        status = audit_trail_tell(trail, &record, put, &err);
    }
    free_lists(&lists);
    return status;
}

exit_status export_audit_failed(audit_trail *trail, const export_request *request,
                                exit_status status)
{
    svms_audit_record *record = NULL;
    svms_error err = SVMS_ERROR_INIT;
    audit_deed deed = deed_of(request);
    if (!trail || status == EXIT_GOOD) {
        return status;
    }
    deed.status = status;
    exit_status told = audit_trail_begin(&record, trail, &deed);
    if (told == EXIT_GOOD) {
        svms_status put = svms_audit_record_text(record, "format", FORMAT, &err);
        if (put == SVMS_OK) {
            put = svms_audit_record_text(record, "destination", request->output, &err);
        }
        told = audit_trail_tell(trail, &record, put, &err);
    }
    return told == EXIT_GOOD ? status : told;
}
