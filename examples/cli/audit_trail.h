/* SPDX-License-Identifier: Apache-2.0 */
/* --audit LOG: what a command does is told to an audit log, or not done. Every function complains
 * itself, and does nothing where trail is NULL. */
#ifndef SVMS_CLI_AUDIT_TRAIL_H
#define SVMS_CLI_AUDIT_TRAIL_H

#include <stdbool.h>

#include <svms/svms.h>

#include "exit_status.h"

typedef struct audit_trail audit_trail;

/* Before anything else is done; log is a folder, or the socket of its holder; NULL: *out stays
 * NULL. */
exit_status audit_trail_open(audit_trail **out, const char *log, const char *component);

/* Begins a record: of this user, on this machine; object is a path or an address, or NULL. What
 * did not end well has the reason of its exit status, unless another one is given. */
typedef struct audit_deed {
    const char *event;
    const char *object;
    exit_status status;
    svms_audit_outcome outcome; /* SVMS_AUDIT_UNKNOWN: the one of the status */
    const char *reason;
    const char *actor_name; /* who says to have done it, or NULL */
    const char *device;
    const char *const *devices;
    size_t device_count;
    int64_t from_utc_ns; /* SVMS_NO_TIME: none */
    int64_t to_utc_ns;
} audit_deed;

#define AUDIT_DEED_INIT                                                                            \
    {                                                                                              \
        NULL, NULL, EXIT_GOOD, SVMS_AUDIT_UNKNOWN, NULL, NULL, NULL, NULL, 0, SVMS_NO_TIME,        \
            SVMS_NO_TIME                                                                           \
    }

exit_status audit_trail_begin(svms_audit_record **out, audit_trail *trail, const audit_deed *deed);

/* Ends, appends and releases it, if its parts went in well. */
exit_status audit_trail_tell(audit_trail *trail, svms_audit_record **record, svms_status parts,
                             const svms_error *err);

/* Whether something was told. */
bool audit_trail_has_told(const audit_trail *trail);

/* What is due once a second; may be called more often. */
void audit_trail_tend(audit_trail *trail);

/* The status, or, where that was good, why the log could not be closed. */
exit_status audit_trail_close(audit_trail **trail, exit_status status);

#endif
