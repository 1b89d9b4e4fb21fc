/* SPDX-License-Identifier: Apache-2.0 */
/* svms ca: a small authority, for installations that have none. */

#include "ca_command.h"
#include "command.h"
#include "subcommand.h"

static const subcommand subcommands[] = {
    { "init", command_ca_init, "make an authority, or one below another" },
    { "issue", command_ca_issue, "certify the key of a request" },
    { "get", command_ca_get, "hand out a certificate again" },
    { "revoke", command_ca_revoke, "take a certificate back" },
    { "crl", command_ca_crl, "make a revocation list" },
    { "list", command_ca_list, "say what was issued" },
    { "code", command_ca_code, "make a one-time code for enrolment" },
    { "serve", command_ca_serve, "let devices enrol and renew over the network" },
};

exit_status command_ca(int count, char **arguments)
{
    return subcommand_run("ca", subcommands, sizeof subcommands / sizeof subcommands[0], count,
                          arguments);
}
