/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that never take longer than they may. */
#ifndef SVMS_CLI_TLS_CHECK_SOCKET_H
#define SVMS_CLI_TLS_CHECK_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* "HOST:PORT", "HOST", "[IPv6]:PORT" or "[IPv6]". */
typedef struct check_endpoint {
    char host[254];
    char port[6];
} check_endpoint;

/* False: it is none. */
bool endpoint_parse(check_endpoint *out, const char *text);

/* Where an endpoint was reached. */
typedef struct check_address {
    struct sockaddr_storage place;
    socklen_t size;
} check_address;

/* Monotonic, in nanoseconds. */
uint64_t check_clock(void);

/* A connected socket that does not block, or -1 and why in words. Tries all addresses in turn. */
int endpoint_connect(const check_endpoint *endpoint, uint64_t deadline, check_address *reached,
                     char words[256]);
/* One more to the same address; -1 when that does not work. */
int address_connect(const check_address *address, uint64_t deadline);
/* "127.0.0.1:443" */
void address_text(char *out, size_t size, const check_address *address);

/* Waits until it can be read (or written); false when the time is over. */
bool socket_wait(int socket, bool to_write, uint64_t deadline);
/* Sends all; false when that does not work in time. */
bool socket_send(int socket, const void *data, size_t size, uint64_t deadline);
/* Receives up to size bytes: their number, 0 at the end, -1 on failure or when the time is over. */
long socket_receive(int socket, void *out, size_t size, uint64_t deadline);

#endif
