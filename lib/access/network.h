/* SPDX-License-Identifier: Apache-2.0 */
/* Networks (CIDR) of addresses of both versions of IP. */
#ifndef SVMS_NETWORK_H
#define SVMS_NETWORK_H

#include "address.h"
#include "rule.h"

/* "192.0.2.0/24"; bits beyond the prefix are zero. */
bool svms_network_parse(svms_network *out, const char *text);
bool svms_network_holds(const svms_network *network, const uint8_t address[16]);

#endif
