/* SPDX-License-Identifier: Apache-2.0 */
/* svms export: evidence for others. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "export_command.h"
#include "message.h"

typedef struct subcommand {
    const char *name;
    exit_status (*run)(int count, char **arguments);
    const char *summary;
} subcommand;

static const subcommand subcommands[] = {
    { "create", command_export_create, "make a sealed, signed evidence package" },
    { "list", command_export_list, "say what a package holds" },
    { "verify", command_export_verify, "check a package link by link" },
    { "extract", command_export_extract, "get the video out of a package" },
    { "countersign", command_export_countersign,
      "sign on top of the others: a package, or a signed MP4 file" },
    { "mp4", command_export_mp4, "write a clear MP4 file, with a proof of every sample" },
    { "stills", command_export_stills, "write one picture, with a proof of where it comes from" },
    { "onvif", command_export_onvif, "write a signed MP4 file (ONVIF Export File Format)" },
};

static void print_usage(FILE *out)
{
    fprintf(out, "Usage: svms export SUBCOMMAND [options]\n\nSubcommands:\n");
    for (size_t i = 0; i < sizeof subcommands / sizeof subcommands[0]; i++) {
        fprintf(out, "  %-12s  %s\n", subcommands[i].name, subcommands[i].summary);
    }
    fprintf(out, "\n'svms export SUBCOMMAND --help' lists its options; svms(1) is the manual.\n");
}

exit_status command_export(int count, char **arguments)
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
    complain("export: unknown %s '%s' (see 'svms export --help')",
             name[0] == '-' ? "option" : "subcommand", name);
    return EXIT_USAGE;
}
