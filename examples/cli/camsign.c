/* SPDX-License-Identifier: Apache-2.0 */
/* svms camsign: video that cameras sign. */

#include "camsign_command.h"
#include "command.h"
#include "subcommand.h"

static const subcommand subcommands[] = {
    { "sign", command_camsign_sign, "sign a clear video as a camera does" },
    { "verify", command_camsign_verify, "say what became of what a camera signed" },
};

exit_status command_camsign(int count, char **arguments)
{
    return subcommand_run("camsign", subcommands, sizeof subcommands / sizeof subcommands[0], count,
                          arguments);
}
