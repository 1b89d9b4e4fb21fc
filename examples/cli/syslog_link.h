/* SPDX-License-Identifier: Apache-2.0 */
/* A connection to a syslog receiver (RFC 5425): TLS on a socket that does not block, and a buffer
 * in front of it. What is put there goes out in order, until the connection ends. */
#ifndef SVMS_CLI_SYSLOG_LINK_H
#define SVMS_CLI_SYSLOG_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <svms/svms.h>

#include "exit_status.h"
#include "tls_check_socket.h"

#define SYSLOG_WORDS_SIZE 512

typedef struct syslog_link syslog_link;

typedef struct syslog_link_options {
    check_endpoint endpoint;
    const char *host; /* that the receiver's certificate must be for */
    const char *ca_path;
    const char *crl_path;  /* or NULL */
    const char *cert_path; /* or NULL, with key_path */
    const char *key_path;
    uint64_t patience_ns; /* a receiver that takes nothing for so long, or is silent, is gone */
} syslog_link_options;

/* Connects, and shakes hands. Files are read each time, so that renewed certificates are used.
 * Otherwise words say why; they are empty where a file was complained about. */
exit_status syslog_link_open(syslog_link **out, svms_ctx *ctx, const syslog_link_options *options,
                             char words[SYSLOG_WORDS_SIZE]);

/* Bytes that can be put now. */
size_t syslog_link_room(const syslog_link *link);
/* Not more than there is room for. */
void syslog_link_put(syslog_link *link, const void *data, size_t size);

/* Sends what can be sent without waiting. False: the connection has ended, and words say why. */
bool syslog_link_move(syslog_link *link, char words[SYSLOG_WORDS_SIZE]);
/* All that was put has been handed to the system. */
bool syslog_link_is_empty(const syslog_link *link);
/* Until there is something to move, or a signal came, but not longer than that. */
void syslog_link_wait(const syslog_link *link, uint64_t most_ns);

/* Says goodbye where that can be done soon. NULL and a pointer to NULL are accepted; cleared. */
void syslog_link_close(syslog_link **link);

#endif
