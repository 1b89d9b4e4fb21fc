/* SPDX-License-Identifier: Apache-2.0 */
/* svms record in the audit log: what begins, ends, goes on, and every few minutes what there is, so
 * that what is missing from a medium later is found in the log (audit.md, A-WIT-5). Every function
 * complains itself, and does nothing where nobody is to be told. */
#ifndef SVMS_CLI_RECORD_AUDIT_H
#define SVMS_CLI_RECORD_AUDIT_H

#include "audit_trail.h"
#include "camera_watch.h"

typedef struct record_audit {
    audit_trail *trail; /* NULL: nobody is told */
    const char *object; /* file or folder */
    const char *device; /* its id, or NULL */
    bool has_begun;
    bool has_failed; /* something could not be told, which was said */
    int64_t head_due_ns;
    svms_head head;     /* newest one */
    const uint8_t *end; /* of a container that is closed, or NULL */
} record_audit;

/* Before the first sample: what cannot be told is not recorded. */
exit_status record_audit_start(record_audit *audit, const svms_head *head);

/* With every sample; tells a head when one is due. */
void record_audit_pulse(record_audit *audit, const svms_head *head);

/* Of a container that has come to its end. With the name of the file in which it is closed: then
 * witnesses of the log attest by this when all of it existed (container.md, C-TRL-5). */
void record_audit_closed(record_audit *audit, const svms_head *head, svms_ctx *ctx,
                         const char *path);

/* recording.gap or recording.recovered. From here on recording does not stop because it could not
 * be told; record_audit_stop() says so at the end. */
void record_audit_event(record_audit *audit, const char *event, const svms_head *head,
                        const char *why);

/* Something about what the camera signs begins or is over, in these words: device.tamper. */
void record_audit_camera(record_audit *audit, const camera_alarm *alarm, const char *what);

/* The end, however it came; returns the status to exit with. */
exit_status record_audit_stop(record_audit *audit, exit_status status, const char *why);

#endif
