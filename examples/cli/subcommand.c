/* SPDX-License-Identifier: Apache-2.0 */
#include "subcommand.h"

#include <stdio.h>
#include <string.h>

#include "message.h"

static void print_usage(FILE *out, const char *family, const subcommand *known, size_t known_count)
{
    fprintf(out, "Usage: svms %s SUBCOMMAND [options]\n\nSubcommands:\n", family);
    for (size_t i = 0; i < known_count; i++) {
        fprintf(out, "  %-12s  %s\n", known[i].name, known[i].summary);
    }
    fprintf(out, "\n'svms %s SUBCOMMAND --help' lists its options; svms(1) is the manual.\n",
            family);
}

exit_status subcommand_run(const char *family, const subcommand *known, size_t known_count,
                           int count, char **arguments)
{
    if (count < 1) {
        print_usage(stderr, family, known, known_count);
        return EXIT_USAGE;
    }
    const char *name = arguments[0];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        print_usage(stdout, family, known, known_count);
        return EXIT_GOOD;
    }
    for (size_t i = 0; i < known_count; i++) {
        if (strcmp(name, known[i].name) == 0) {
            return known[i].run(count - 1, arguments + 1);
        }
    }
    complain("%s: unknown %s '%s' (see 'svms %s --help')", family,
             name[0] == '-' ? "option" : "subcommand", name, family);
    return EXIT_USAGE;
}
