/* SPDX-License-Identifier: Apache-2.0 */
/* The front of a record, read without the rest: records that are built here begin all alike. What
 * it says can rule a record out; whether it is one at all, the view says. */
#ifndef SVMS_RECORD_FRONT_H
#define SVMS_RECORD_FRONT_H

#include <svms/audit.h>

#include "cursor.h"

/* Of its times as much as most records in a row have in common. */
#define SVMS_RECORD_MINUTE_SIZE 16u

typedef struct svms_record_front {
    int64_t at_utc_ns;
    const char *event; /* within the record */
    size_t event_size;
    svms_audit_outcome outcome;
    /* Of the record that was read before. */
    char minute[SVMS_RECORD_MINUTE_SIZE];
    int64_t minute_utc_ns;
    bool has_minute;
} svms_record_front;

/* False: it does not begin like that. out is zeros, or what this gave for another record. */
bool svms_record_front_read(svms_record_front *out, const void *record, size_t size);

/* What such a name stands for; false: nothing that is known here. */
bool svms_audit_outcome_of(const char *name, size_t size, svms_audit_outcome *out);
bool svms_audit_actor_kind_of(const char *name, svms_audit_actor_kind *out);
/* One spelling of times: with T and Z. */
bool svms_record_time(const char *text, size_t size, int64_t *out);

#endif
