/* SPDX-License-Identifier: Apache-2.0 */
/* What all parts of a recorder share, and how they tell what happens. Any thread. */
#ifndef RECORDER_PARTS_H
#define RECORDER_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include <svms/svms.h>

#include "auditor.h"
#include "gate.h"
#include "recorder_index.h"
#include "recorder_settings.h"
#include "service.h"

/* Borrowed; lives as long as the process serves. */
typedef struct recorder_parts {
    svms_ctx *ctx;
    const recorder_settings *settings;
    service *service;
    auditor *auditor; /* NULL: nobody is told */
    recorder_index *index;
    gate *gate; /* NULL: nothing is served to anybody */
} recorder_parts;

/* An event of a camera, or with camera NULL of the recorder itself: goes to the index (for clients
 * that follow events) and to the log lines. data: JSON object, or NULL. The audit log is the
 * caller's business. What cannot be written is a line in the log, and never a failure of the
 * caller. */
void recorder_event(const recorder_parts *parts, service_level level, const char *camera,
                    const char *kind, const char *data, const char *words);

/* UTC now, in nanoseconds. */
int64_t recorder_now(void);

/* A record for the audit log without a person behind it: event, outcome, camera or NULL, reason or
 * NULL. To be gone on with by svms_audit_record_...() and auditor_tell_later(). */
svms_status recorder_record(svms_audit_record **out, const recorder_parts *parts, const char *event,
                            svms_audit_outcome outcome, const char *camera, const char *reason);

#endif
