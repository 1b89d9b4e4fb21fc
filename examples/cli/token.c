/* SPDX-License-Identifier: Apache-2.0 */
/* svms token: who asks, who vouches for it, and what may be asked for. */

#include "command.h"
#include "subcommand.h"
#include "token_command.h"

static const subcommand subcommands[] = {
    { "issue", command_token_issue, "make a token" },
    { "verify", command_token_verify, "say whether a token holds" },
    { "exchange", command_token_exchange, "make one for another server, which allows no more" },
    { "inspect", command_token_inspect, "show what a token says, without verifying it" },
    { "revoke", command_token_revoke, "keep a list of tokens that are not good any more" },
};

exit_status command_token(int count, char **arguments)
{
    return subcommand_run("token", subcommands, sizeof subcommands / sizeof subcommands[0], count,
                          arguments);
}
