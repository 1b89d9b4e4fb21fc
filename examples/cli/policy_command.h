/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands of svms policy; each gets what follows its name on the command line. */
#ifndef SVMS_CLI_POLICY_COMMAND_H
#define SVMS_CLI_POLICY_COMMAND_H

#include "exit_status.h"

exit_status command_policy_check(int count, char **arguments);
exit_status command_policy_decide(int count, char **arguments);
exit_status command_policy_explain(int count, char **arguments);

#endif
