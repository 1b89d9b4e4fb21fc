/* SPDX-License-Identifier: Apache-2.0 */
/* What a server does, told to an audit log: one that it holds itself, or the one behind the socket
 * of `svms audit serve`. Any thread. */
#ifndef VMS_AUDITOR_H
#define VMS_AUDITOR_H

#include <svms/svms.h>

#include "service.h"

typedef struct auditor auditor;

typedef struct auditor_options {
    svms_ctx *ctx;         /* borrowed, as all of these */
    const char *log;       /* folder of a log, or socket of its holder */
    const char *server;    /* on which server; NULL: the name of this machine */
    const char *component; /* "camera", "recorder" */
    service *service;      /* where it says that the log fails, and that it works again */
} auditor_options;

/* A log that cannot be written is found here, before anything is served. */
svms_status auditor_open(auditor **out, const auditor_options *options, svms_error *err);

/* An event of this server and component; the rest is the caller's. */
svms_audit_event auditor_event(const auditor *self, const char *name, svms_audit_outcome outcome);
/* Begins a record; its members are added by svms_audit_record_text() and so on. self NULL: *out
 * stays NULL, and whatever became of its members, telling it succeeds. */
svms_status auditor_begin(svms_audit_record **out, auditor *self, const svms_audit_event *event,
                          svms_error *err);
/* Durable when it returns: for what must be on the record before it happens. parts: how adding the
 * members went; what failed there is returned. The record is released in any case. */
svms_status auditor_tell(auditor *self, svms_audit_record **record, svms_status parts,
                         svms_error *err);
/* Does not wait for the disk: for what has happened already. What finds no room, or cannot be
 * written, is counted, and the log is told how many (log.gap) when it works again. */
void auditor_tell_later(auditor *self, svms_audit_record **record, svms_status parts);
/* An event without members, later. */
void auditor_note(auditor *self, const svms_audit_event *event);

/* Waits until all was told, for some seconds at most. NULL and pointer to NULL are accepted. */
void auditor_close(auditor **self);

#endif
