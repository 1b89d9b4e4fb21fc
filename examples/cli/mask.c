/* SPDX-License-Identifier: Apache-2.0 */
/* svms mask: hide parts of pictures. */

#include "command.h"
#include "mask_command.h"
#include "subcommand.h"

static const subcommand subcommands[] = {
    { "apply", command_mask_apply, "put privacy masks over a clear video" },
};

exit_status command_mask(int count, char **arguments)
{
    return subcommand_run("mask", subcommands, sizeof subcommands / sizeof subcommands[0], count,
                          arguments);
}
