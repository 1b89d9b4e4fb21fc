/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates and lists, which anybody may read. */
#ifndef SVMS_CLI_CA_PUBLIC_FILE_H
#define SVMS_CLI_CA_PUBLIC_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "exit_status.h"

/* Complete or not at all; complains itself. */
exit_status ca_write_public(const char *path, const char *text, size_t size, bool replace);

#endif
