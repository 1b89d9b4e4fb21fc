/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and networks (CIDR) of both versions of IP, in one space: IPv4 lies in ::ffff:0:0/96
 * (RFC 4291, 2.5.5.2). */
#ifndef SVMS_NETWORK_H
#define SVMS_NETWORK_H

#include "rule.h"

/* "192.0.2.7", "2001:db8::7"; false for any other spelling. An IPv4 address that is written as an
 * IPv6 one is the IPv4 address. */
bool svms_address_parse(uint8_t out[16], const char *text);
/* "192.0.2.0/24"; bits beyond the prefix are zero. */
bool svms_network_parse(svms_network *out, const char *text);
bool svms_network_holds(const svms_network *network, const uint8_t address[16]);

#endif
