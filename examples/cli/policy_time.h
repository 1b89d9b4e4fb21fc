/* SPDX-License-Identifier: Apache-2.0 */
/* Times as a policy means them: UTC, and the wall clock of its zone. */
#ifndef SVMS_CLI_POLICY_TIME_H
#define SVMS_CLI_POLICY_TIME_H

#include <stdint.h>

/* "2026-11-21T08:00:00.000Z", " (", "2026-11-21 09:00:00 +0100", ")" and a NUL */
#define POLICY_TIME_SIZE 80

/* The zone of the wall clock from now on, an IANA name that the library has found good. */
void policy_time_zone(const char *name);
void policy_time_words(char out[POLICY_TIME_SIZE], int64_t utc_ns);

#endif
