/* SPDX-License-Identifier: Apache-2.0 */
/* Security counters as they are typed. */
#ifndef SVMS_CLI_UPDATE_NUMBER_H
#define SVMS_CLI_UPDATE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* Decimal digits alone, below 2^63: JSON has no greater ones. */
bool update_number_read(uint64_t *out, const char *text);

#endif
