/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands of svms audit; each gets what follows its name on the command line. */
#ifndef SVMS_CLI_AUDIT_COMMAND_H
#define SVMS_CLI_AUDIT_COMMAND_H

#include "exit_status.h"

exit_status command_audit_create(int count, char **arguments);
exit_status command_audit_append(int count, char **arguments);
exit_status command_audit_key(int count, char **arguments);
exit_status command_audit_schema(int count, char **arguments);
exit_status command_audit_tail(int count, char **arguments);
exit_status command_audit_query(int count, char **arguments);
exit_status command_audit_verify(int count, char **arguments);
exit_status command_audit_prove(int count, char **arguments);
exit_status command_audit_verify_proof(int count, char **arguments);
exit_status command_audit_serve(int count, char **arguments);
exit_status command_audit_export(int count, char **arguments);
exit_status command_audit_forward(int count, char **arguments);
exit_status command_audit_checkpoint(int count, char **arguments);
exit_status command_audit_hold(int count, char **arguments);
exit_status command_audit_prune(int count, char **arguments);
exit_status command_audit_stamp(int count, char **arguments);
exit_status command_audit_witness(int count, char **arguments);

#endif
