/* SPDX-License-Identifier: Apache-2.0 */
/* svms update: what devices accept as their next software. */

#include "command.h"
#include "subcommand.h"
#include "update_command.h"

static const subcommand subcommands[] = {
    { "sign", command_update_sign, "make a signed update" },
    { "verify", command_update_verify, "say whether a device would take an update" },
    { "inspect", command_update_inspect, "say what an update holds, whoever signed it" },
};

exit_status command_update(int count, char **arguments)
{
    return subcommand_run("update", subcommands, sizeof subcommands / sizeof subcommands[0], count,
                          arguments);
}
