/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands of svms mask; each gets what follows its name on the command line. */
#ifndef SVMS_CLI_MASK_COMMAND_H
#define SVMS_CLI_MASK_COMMAND_H

#include "exit_status.h"

exit_status command_mask_apply(int count, char **arguments);

#endif
