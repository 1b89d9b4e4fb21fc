/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands of svms update; each gets what follows its name on the command line. */
#ifndef SVMS_CLI_UPDATE_COMMAND_H
#define SVMS_CLI_UPDATE_COMMAND_H

#include "exit_status.h"

exit_status command_update_sign(int count, char **arguments);
exit_status command_update_verify(int count, char **arguments);
exit_status command_update_inspect(int count, char **arguments);

#endif
