/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands; each gets what follows its name on the command line. */
#ifndef SVMS_CLI_COMMAND_H
#define SVMS_CLI_COMMAND_H

#include "exit_status.h"

exit_status command_identity(int count, char **arguments);
exit_status command_ca(int count, char **arguments);
exit_status command_request(int count, char **arguments);
exit_status command_record(int count, char **arguments);
exit_status command_info(int count, char **arguments);
exit_status command_verify(int count, char **arguments);
exit_status command_extract(int count, char **arguments);
exit_status command_export(int count, char **arguments);
exit_status command_verify_onvif(int count, char **arguments);
exit_status command_verify_proof(int count, char **arguments);
exit_status command_keys(int count, char **arguments);
exit_status command_recipients(int count, char **arguments);
exit_status command_kek(int count, char **arguments);
exit_status command_prune(int count, char **arguments);
exit_status command_timestamp(int count, char **arguments);
exit_status command_recover(int count, char **arguments);
exit_status command_enroll(int count, char **arguments);
exit_status command_token(int count, char **arguments);
exit_status command_jwks(int count, char **arguments);
exit_status command_policy(int count, char **arguments);
exit_status command_audit(int count, char **arguments);
exit_status command_rtsp(int count, char **arguments);
exit_status command_tls(int count, char **arguments);
exit_status command_camsign(int count, char **arguments);
exit_status command_mask(int count, char **arguments);
exit_status command_update(int count, char **arguments);

#endif
