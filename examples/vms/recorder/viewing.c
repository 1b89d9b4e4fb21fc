/* SPDX-License-Identifier: Apache-2.0 */
#include "viewing.h"

#include <stdio.h>

#define SECOND INT64_C(1000000000)

bool viewing_is_told(const viewing_rule *rule, bool is_live, int64_t began_utc_ns, uint64_t samples)
{
    bool is_on = is_live ? rule->live : rule->playback;
    /* Where nothing is asked for, a clock that was set back hides nobody. */
    bool is_long = rule->least_seconds == 0 ||
                   recorder_now() - began_utc_ns >= (int64_t)rule->least_seconds * SECOND;
    return is_on && is_long && samples >= rule->least_records;
}

void viewing_tell_rule(const recorder_parts *parts)
{
    const viewing_rule *rule = &parts->settings->viewing;
    char words[128];
    svms_audit_record *record = NULL;
    svms_audit_change change = SVMS_AUDIT_CHANGE_INIT;
    if (rule->live && rule->playback && rule->least_seconds == 0 && rule->least_records == 0) {
        return;
    }
    (void)snprintf(words, sizeof words, "live %s, playback %s, from %u seconds and %llu records on",
                   rule->live ? "on" : "off", rule->playback ? "on" : "off", rule->least_seconds,
                   (unsigned long long)rule->least_records);
    change.setting = "audit_viewing";
    change.before = "live on, playback on, from 0 seconds and 0 records on";
    change.after = words;
    svms_status status =
        recorder_record(&record, parts, "config.change", SVMS_AUDIT_SUCCESS, NULL, NULL);
    if (record && status == SVMS_OK) {
        status = svms_audit_record_change(record, &change, NULL);
    }
    if (parts->auditor) {
        auditor_tell_later(parts->auditor, &record, status);
    }
}
