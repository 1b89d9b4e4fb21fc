/* SPDX-License-Identifier: Apache-2.0 */
/* Names of hosts: DNS names and IP addresses as certificates carry them (RFC 5280 section 4.2.1.6,
 * RFC 9525). */
#ifndef SVMS_HOST_H
#define SVMS_HOST_H

#include "builder.h"
#include "der.h"

#define SVMS_HOST_NAME_MAX 253
#define SVMS_ADDRESS_MAX 16
/* Longest text of an address, with NUL. */
#define SVMS_ADDRESS_TEXT_SIZE 46

typedef struct svms_host {
    size_t address_size; /* 4 or 16; 0: a DNS name */
    uint8_t address[SVMS_ADDRESS_MAX];
    size_t name_size;
    char name[SVMS_HOST_NAME_MAX + 1]; /* lower case, no dot at the end, NUL-terminated */
} svms_host;

/* Reads what somebody means to reach: an IPv4 address in four decimal numbers, an IPv6 address
 * (RFC 4291, without brackets and zone), or a DNS name of letters, digits, hyphens and underscores
 * (labels in other scripts as "xn--..."); one dot may stand at its end. False for all else, and for
 * names whose last label is a number, which others might take for an address. */
bool svms_host_parse(svms_host *out, const char *text);
/* The same for what a certificate or request shall say: "*" may stand for the first of at least
 * three labels. */
bool svms_host_pattern_parse(svms_host *out, const char *text);

/* 4 or 16 bytes of an address in text; IPv6 as RFC 5952 says. */
void svms_address_text(char out[SVMS_ADDRESS_TEXT_SIZE], const uint8_t *address, size_t size);

/* Tags of a GeneralName. */
#define SVMS_NAME_EMAIL SVMS_DER_PRIMITIVE(1)
#define SVMS_NAME_DNS SVMS_DER_PRIMITIVE(2)
#define SVMS_NAME_URI SVMS_DER_PRIMITIVE(6)
#define SVMS_NAME_ADDRESS SVMS_DER_PRIMITIVE(7)

/* Whether a name of a certificate is one for the host. */
bool svms_host_matches(const svms_host *host, const svms_der *general_name);

#endif
