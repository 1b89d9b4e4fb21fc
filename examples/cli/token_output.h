/* SPDX-License-Identifier: Apache-2.0 */
/* Where a new token goes. */
#ifndef SVMS_CLI_TOKEN_OUTPUT_H
#define SVMS_CLI_TOKEN_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "exit_status.h"

/* Alone on standard output; or, with a path, into a file for the owner alone, and standard output
 * says what is in it. Complains. */
exit_status token_put(const char *token, size_t size, const char *path, bool replace);

#endif
