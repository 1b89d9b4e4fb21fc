/* SPDX-License-Identifier: Apache-2.0 */
/* What is found, and how it is told. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "failure.h"

static const char *const names[] = {
    "none",       "key",     "epochs",  "checkpoint", "root",  "record",    "tile",
    "missing",    "journal", "pruned",  "older",      "fork",  "witnesses", "quarantine",
    "unreadable", "torn",    "old-key", "index",      "aside",
};

const char *svms_audit_flaw_name(svms_audit_flaw flaw)
{
    size_t number = (size_t)flaw;
    return number < sizeof names / sizeof names[0] ? names[number] : "unknown";
}

static svms_status status_of(svms_audit_flaw flaw)
{
    switch (flaw) {
    case SVMS_AUDIT_FLAW_UNREADABLE:
        return SVMS_E_IO;
    case SVMS_AUDIT_FLAW_WITNESSES:
        return SVMS_E_UNTRUSTED;
    case SVMS_AUDIT_FLAW_TORN:
    case SVMS_AUDIT_FLAW_OLD_KEY:
    case SVMS_AUDIT_FLAW_ASIDE:
        return SVMS_OK;
    default:
        return SVMS_E_NOT_AUTHENTIC;
    }
}

/* What was changed comes before what cannot be read, and that before a lack of witnesses. */
static int weight(svms_status status)
{
    return status == SVMS_E_NOT_AUTHENTIC ? 3
           : status == SVMS_E_IO          ? 2
           : status == SVMS_E_UNTRUSTED   ? 1
                                          : 0;
}

static svms_status settle(svms_check *at, const svms_audit_flaw_found *found)
{
    svms_audit_report *report = &at->report;
    report->flaws += found->status != SVMS_OK;
    report->unreadable += found->flaw == SVMS_AUDIT_FLAW_UNREADABLE;
    if (weight(found->status) > weight(report->first.status)) {
        report->first = *found;
    }
    if (at->options.found) {
        at->options.found(at->options.user, found);
    }
    bool ends = at->options.stops_at_first && found->status == SVMS_E_NOT_AUTHENTIC;
    return ends ? SVMS_END : SVMS_OK;
}

svms_status svms_check_tell(svms_check *at, svms_audit_flaw flaw, uint64_t record, uint64_t count,
                            const char *format, ...)
{
    svms_audit_flaw_found found = { .struct_size = sizeof found,
                                    .flaw = flaw,
                                    .status = status_of(flaw),
                                    .record = record,
                                    .count = count };
    va_list list;
    va_start(list, format);
    vsnprintf(found.words, sizeof found.words, format, list);
    va_end(list);
    return settle(at, &found);
}

void svms_check_wrong_from(svms_check *at, uint64_t record)
{
    if (record < at->report.first_wrong) {
        at->report.first_wrong = record;
    }
}

bool svms_check_is_fatal(svms_status status)
{
    return status == SVMS_E_NO_MEMORY || status == SVMS_E_CRYPTO || status == SVMS_E_CANCELLED ||
           status == SVMS_E_UNSUPPORTED || status == SVMS_E_USAGE || status == SVMS_E_INTERNAL;
}

svms_status svms_check_read(svms_check *at, const char *name, svms_builder *out,
                            svms_check_presence *presence, svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    svms_status status = svms_log_read_file(at->folder, name, out, &why);
    return svms_check_judge_read(at, status, &why, presence, err);
}

svms_status svms_check_judge_read(svms_check *at, svms_status status, const svms_error *why,
                                  svms_check_presence *presence, svms_error *err)
{
    if (status == SVMS_OK) {
        *presence = SVMS_CHECK_PRESENT;
        return SVMS_OK;
    }
    if (svms_check_is_fatal(status)) {
        return svms_fail_as(err, status, why);
    }
    if (status == SVMS_E_LIMIT) {
        *presence = SVMS_CHECK_TOO_LARGE;
        return SVMS_OK;
    }
    if (svms_log_is_missing(status, why)) {
        *presence = SVMS_CHECK_ABSENT;
        return SVMS_OK;
    }
    *presence = SVMS_CHECK_UNREADABLE;
    svms_audit_flaw_found found = { .struct_size = sizeof found,
                                    .flaw = SVMS_AUDIT_FLAW_UNREADABLE,
                                    .status = SVMS_E_IO,
                                    .os_error = why->os_error,
                                    .record = SVMS_NO_RECORD };
    snprintf(found.words, sizeof found.words, "%s", why->message);
    return settle(at, &found);
}
