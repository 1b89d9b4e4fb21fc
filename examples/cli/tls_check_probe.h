/* SPDX-License-Identifier: Apache-2.0 */
/* What a server says to the first message of an older TLS, which our own TLS does not speak. */
#ifndef SVMS_CLI_TLS_CHECK_PROBE_H
#define SVMS_CLI_TLS_CHECK_PROBE_H

#include "tls_check.h"
#include "tls_check_socket.h"

#define PROBE_TLS_1_2 0x0303
#define PROBE_TLS_1_1 0x0302
#define PROBE_TLS_1_0 0x0301

typedef struct probe_result {
    check_answer speaks;
    check_answer asks_certificate; /* of the client; known only where it speaks */
} probe_result;

/* Receives the certificates that the server shows, in DER, as they come. */
typedef void (*probe_certificate)(void *user, const uint8_t *der, size_t size);

typedef struct probe_question {
    const check_address *address;
    const char *host; /* sent as the name that is meant, unless it is an address */
    unsigned version;
    uint64_t deadline;
    probe_certificate shows; /* or NULL */
    void *user;
} probe_question;

/* Sends a ClientHello of this version with every kind of cipher suite, reads the answer up to what
 * it needs, and goes. */
probe_result probe_version(const probe_question *question);

#endif
