/* SPDX-License-Identifier: Apache-2.0 */
/* What certificates of each role are made for (I-CA-7). */
#ifndef SVMS_ROLE_PROFILE_H
#define SVMS_ROLE_PROFILE_H

#include "der_put.h"
#include "signed_der.h"

#include <svms/identity.h>

typedef struct svms_role_profile {
    bool server;    /* serverAuth */
    bool client;    /* clientAuth */
    bool critical;  /* only a time stamper's: RFC 3161 section 2.3 */
    bool has_hosts; /* may have DNS names and addresses */
} svms_role_profile;

/* NULL for SVMS_ROLE_NONE and unknown roles. */
const svms_role_profile *svms_role_profile_of(svms_role role);
/* The extended key usage with the role alone, or with all that certificates of the role have. */
void svms_put_purposes(svms_builder *builder, svms_role role, bool all);
/* The role that an object identifier names; SVMS_ROLE_NONE for others. */
svms_role svms_role_named(const svms_der *identifier);

#endif
