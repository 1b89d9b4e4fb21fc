/* SPDX-License-Identifier: Apache-2.0 */
/* HOST[:PORT] of an address, with brackets around IPv6. */
#ifndef SVMS_STREAM_AUTHORITY_H
#define SVMS_STREAM_AUTHORITY_H

#include <stdbool.h>
#include <stddef.h>

#define STREAM_PORT_SIZE 6

/* host receives the host without brackets; port stays what it was where none is said. The resolver
 * and the certificate judge the rest. */
bool stream_authority_parse(char *host, size_t host_room, char port[STREAM_PORT_SIZE],
                            const char *text, size_t size);

#endif
