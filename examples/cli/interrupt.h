/* SPDX-License-Identifier: Apache-2.0 */
/* SIGINT, SIGTERM and SIGHUP as a question the work can ask: shall I come to an end? */
#ifndef SVMS_CLI_INTERRUPT_H
#define SVMS_CLI_INTERRUPT_H

#include <stdbool.h>

/* From now on the first such signal is noted; a second one of the same kind kills. */
void interrupt_watch(void);

bool interrupt_came(void);

#endif
