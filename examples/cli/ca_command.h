/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands of svms ca; each gets what follows its name on the command line. */
#ifndef SVMS_CLI_CA_COMMAND_H
#define SVMS_CLI_CA_COMMAND_H

#include "exit_status.h"

exit_status command_ca_init(int count, char **arguments);
exit_status command_ca_issue(int count, char **arguments);
exit_status command_ca_get(int count, char **arguments);
exit_status command_ca_revoke(int count, char **arguments);
exit_status command_ca_crl(int count, char **arguments);
exit_status command_ca_list(int count, char **arguments);
exit_status command_ca_code(int count, char **arguments);
exit_status command_ca_serve(int count, char **arguments);

#endif
