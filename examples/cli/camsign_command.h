/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands of svms camsign. */
#ifndef SVMS_CLI_CAMSIGN_COMMAND_H
#define SVMS_CLI_CAMSIGN_COMMAND_H

#include "exit_status.h"

exit_status command_camsign_sign(int count, char **arguments);
exit_status command_camsign_verify(int count, char **arguments);

#endif
