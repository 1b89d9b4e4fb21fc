/* SPDX-License-Identifier: Apache-2.0 */
/* svms export create in the audit log. Every function complains itself, and does nothing where
 * trail is NULL. */
#ifndef SVMS_CLI_EXPORT_AUDIT_H
#define SVMS_CLI_EXPORT_AUDIT_H

#include "audit_trail.h"
#include "export_result.h"

/* All of what was exported, before it gets its name. */
exit_status export_audit_done(audit_trail *trail, const export_outcome *outcome);

/* What was asked for and not done; returns status, or why that could not be told. */
exit_status export_audit_failed(audit_trail *trail, const export_request *request,
                                exit_status status);

#endif
