/* SPDX-License-Identifier: Apache-2.0 */
#include "onvif_report.h"

#include "failure.h"
#include "options.h"

svms_status svms_onvif_report_new(svms_onvif_report **out, svms_ctx *ctx, svms_error *err)
{
    static const svms_onvif_summary summary = SVMS_ONVIF_SUMMARY_INIT;
    static const svms_onvif_signature signature = SVMS_ONVIF_SIGNATURE_INIT;
    svms_onvif_report *report = svms_alloc(ctx, sizeof *report);
    if (!report) {
        return svms_fail_memory(err);
    }
    report->ctx = ctx;
    report->summary = summary;
    report->summary.unit_name = "";
    report->summary.unit_url = "";
    report->summary.unit_mac = "";
    report->summary.export_operator = "";
    report->summary.reason = report->reason;
    for (uint32_t i = 0; i < SVMS_ONVIF_MAX_SIGNATURES; i++) {
        svms_onvif_entry *entry = &report->entries[i];
        entry->open = signature;
        entry->open.signer = "";
        entry->open.note = "";
        entry->open.algorithm = entry->algorithm;
        entry->open.integrity_reason = entry->integrity_reason;
        entry->open.identity_reason = entry->identity_reason;
    }
    *out = report;
    return SVMS_OK;
}

void svms_onvif_report_free(svms_onvif_report **report)
{
    if (!report || !*report) {
        return;
    }
    svms_onvif_report *gone = *report;
    *report = NULL;
    for (uint32_t i = 0; i < SVMS_ONVIF_MAX_SIGNATURES; i++) {
        svms_release(gone->ctx, gone->entries[i].signer);
        svms_release(gone->ctx, gone->entries[i].note);
        svms_release(gone->ctx, gone->entries[i].starts);
    }
    svms_release(gone->ctx, gone->description);
    svms_release(gone->ctx, gone->starts);
    svms_release(gone->ctx, gone);
}

svms_status svms_onvif_report_summary(const svms_onvif_report *report, svms_onvif_summary *out,
                                      svms_error *err)
{
    if (!report) {
        return svms_fail(err, SVMS_E_USAGE, "no report was given");
    }
    return svms_result_write(out, &report->summary, sizeof report->summary, "svms_onvif_summary",
                             err);
}

svms_status svms_onvif_report_signature(const svms_onvif_report *report, uint32_t number,
                                        svms_onvif_signature *out, svms_error *err)
{
    if (!report || number >= report->summary.signature_count) {
        return svms_fail(err, SVMS_E_USAGE, "there is no such signature");
    }
    return svms_result_write(out, &report->entries[number].open, sizeof *out,
                             "svms_onvif_signature", err);
}

svms_status svms_onvif_report_track(const svms_onvif_report *report, uint32_t number,
                                    svms_onvif_track *out, svms_error *err)
{
    if (!report || number >= report->summary.track_count) {
        return svms_fail(err, SVMS_E_USAGE, "there is no such track");
    }
    return svms_result_write(out, &report->tracks[number], sizeof *out, "svms_onvif_track", err);
}

const char *svms_onvif_report_warning(const svms_onvif_report *report, uint32_t number)
{
    return report && number < report->warnings.count ? report->warnings.text[number] : NULL;
}
