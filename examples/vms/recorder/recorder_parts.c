/* SPDX-License-Identifier: Apache-2.0 */
#include "recorder_parts.h"

#include <time.h>

#define NS_PER_SECOND INT64_C(1000000000)

int64_t recorder_now(void)
{
    struct timespec now = { 0, 0 };
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

void recorder_event(const recorder_parts *parts, service_level level, const char *camera,
                    const char *kind, const char *data, const char *words)
{
    indexed_event event = { 0, camera, recorder_now(), kind, data };
    svms_error err = SVMS_ERROR_INIT;
    service_log(parts->service, level, "%s%s%s: %s", camera ? camera : "", camera ? ": " : "", kind,
                words);
    if (recorder_index_add_event(parts->index, &event, &err) != SVMS_OK) {
        service_log_error(parts->service, SERVICE_WARNING, &err,
                          "the index does not take the event %s", kind);
    }
}

svms_status recorder_record(svms_audit_record **out, const recorder_parts *parts, const char *event,
                            svms_audit_outcome outcome, const char *camera, const char *reason)
{
    *out = NULL;
    if (!parts->auditor) {
        return SVMS_OK;
    }
    svms_audit_event told = auditor_event(parts->auditor, event, outcome);
    told.actor_kind = SVMS_AUDIT_ACTOR_SYSTEM;
    told.device = camera;
    told.reason = reason;
    return auditor_begin(out, parts->auditor, &told, NULL);
}
