/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that are families: svms ca, svms export, svms tls. */
#ifndef SVMS_CLI_SUBCOMMAND_H
#define SVMS_CLI_SUBCOMMAND_H

#include <stddef.h>

#include "exit_status.h"

typedef struct subcommand {
    const char *name;
    exit_status (*run)(int count, char **arguments);
    const char *summary;
} subcommand;

/* Runs what the first argument names, with those behind it; or says what there is. */
exit_status subcommand_run(const char *family, const subcommand *known, size_t known_count,
                           int count, char **arguments);

#endif
