/* SPDX-License-Identifier: Apache-2.0 */
/* svms policy: what a server's policy says, and what it allows. */

#include "command.h"
#include "policy_command.h"
#include "subcommand.h"

static const subcommand subcommands[] = {
    { "check", command_policy_check, "say what a policy holds, and what is wrong with it" },
    { "decide", command_policy_decide, "answer one question" },
    { "explain", command_policy_explain, "say why the answer is what it is" },
};

exit_status command_policy(int count, char **arguments)
{
    return subcommand_run("policy", subcommands, sizeof subcommands / sizeof subcommands[0], count,
                          arguments);
}
