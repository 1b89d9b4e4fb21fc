/* SPDX-License-Identifier: Apache-2.0 */
/* What an authority may certify (RFC 5280 section 4.2.1.10): DNS suffixes and networks. */
#ifndef SVMS_CONSTRAINTS_H
#define SVMS_CONSTRAINTS_H

#include "authority.h"
#include "host.h"

/* Most entries of each list. */
#define SVMS_CONSTRAINTS_MAX 64

/* "site.example", which stands for itself and all below it; or a network. */
typedef struct svms_constraint {
    bool is_network;
    svms_host host;
    uint8_t mask[SVMS_ADDRESS_MAX];
} svms_constraint;

/* A DNS suffix, or a network such as "10.0.0.0/8" without bits behind its mask. SVMS_E_USAGE, with
 * the text in the message. */
SVMS_MUST_CHECK svms_status svms_constraint_read(svms_constraint *out, const char *text,
                                                 svms_error *err);
/* Whether all that inner stands for is also within outer. */
bool svms_constraint_is_within(const svms_constraint *inner, const svms_constraint *outer);

/* Reads all of a plan's; and, where a CA of the issuer's chain has constraints, looks whether the
 * permitted ones lie within its own. */
SVMS_MUST_CHECK svms_status svms_check_constraints(const svms_certificate_plan *plan,
                                                   svms_error *err);
/* The extension, for constraints that were checked. */
void svms_put_constraints(svms_builder *tbs, const svms_certificate_plan *plan);

#endif
