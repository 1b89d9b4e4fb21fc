/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of both versions of IP, in one space: IPv4 lies in ::ffff:0:0/96 (RFC 4291, 2.5.5.2).
 */
#ifndef SVMS_ADDRESS_H
#define SVMS_ADDRESS_H

#include "cursor.h"

/* "192.0.2.7", "2001:db8::7"; false for any other spelling. An IPv4 address that is written as an
 * IPv6 one is the IPv4 address. */
bool svms_address_parse(uint8_t out[16], const char *text);
/* The same, where something may follow; *is_ipv4 says how it was written. */
bool svms_address_read(svms_cursor *text, uint8_t out[16], bool *is_ipv4);
/* 1 to most_digits decimal digits without a zero in front, at most `most`. -1, with the cursor
 * failed, where there are none. */
int svms_address_number(svms_cursor *text, int most_digits, int most);

#endif
