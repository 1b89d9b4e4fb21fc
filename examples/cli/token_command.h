/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands of svms token; each gets what follows its name on the command line. */
#ifndef SVMS_CLI_TOKEN_COMMAND_H
#define SVMS_CLI_TOKEN_COMMAND_H

#include "exit_status.h"

exit_status command_token_issue(int count, char **arguments);
exit_status command_token_verify(int count, char **arguments);
exit_status command_token_exchange(int count, char **arguments);
exit_status command_token_inspect(int count, char **arguments);
exit_status command_token_revoke(int count, char **arguments);

#endif
