/* SPDX-License-Identifier: Apache-2.0 */
/* svms ca: a small authority, for installations that have none. */
#include <stdio.h>
#include <string.h>

#include "ca_command.h"
#include "command.h"
#include "message.h"

typedef struct subcommand {
    const char *name;
    exit_status (*run)(int count, char **arguments);
    const char *summary;
} subcommand;

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

static void print_usage(FILE *out)
{
    fprintf(out, "Usage: svms ca SUBCOMMAND [options]\n\nSubcommands:\n");
    for (size_t i = 0; i < sizeof subcommands / sizeof subcommands[0]; i++) {
        fprintf(out, "  %-12s  %s\n", subcommands[i].name, subcommands[i].summary);
    }
    fprintf(out, "\n'svms ca SUBCOMMAND --help' lists its options; svms(1) is the manual.\n");
}

exit_status command_ca(int count, char **arguments)
{
    if (count < 1) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    const char *name = arguments[0];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_usage(stdout);
        return EXIT_GOOD;
    }
    for (size_t i = 0; i < sizeof subcommands / sizeof subcommands[0]; i++) {
        if (strcmp(name, subcommands[i].name) == 0) {
            return subcommands[i].run(count - 1, arguments + 1);
        }
    }
    complain("ca: unknown %s '%s' (see 'svms ca --help')", name[0] == '-' ? "option" : "subcommand",
             name);
    return EXIT_USAGE;
}
