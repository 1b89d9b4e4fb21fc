/* SPDX-License-Identifier: Apache-2.0 */
/* What a server says about each thing that happens: one line to standard output, as text or JSON,
 * at once. Never a secret. Specification: identity.md, I-ENR-19. */
#ifndef SVMS_CLI_EST_LOG_H
#define SVMS_CLI_EST_LOG_H

#include <stdbool.h>

/* NULL where there is nothing to say. */
typedef struct est_event {
    const char *what;    /* "enrolled", "renewed", "refused"... */
    const char *address; /* of the peer, with its port */
    const char *name;    /* that the peer gave, or that its certificate gives */
    const char *role;
    const char *serial; /* of the certificate that was issued */
    const char *words;  /* why */
} est_event;

void est_log(bool json, const est_event *event);

#endif
