/* SPDX-License-Identifier: Apache-2.0 */
/* A list of revocations, as it is kept: sorted, each thing once. */
#ifndef SVMS_REVOCATIONS_H
#define SVMS_REVOCATIONS_H

#include "replay.h"
#include "shared.h"

#include "platform.h"

typedef struct svms_revoked_token {
    svms_revoke_kind kind;
    char *issuer;
    char *value; /* NULL for an epoch */
    int64_t before_s;
    int64_t until_s;
} svms_revoked_token;

/* Immutable once it is shared; its entries are its own. */
typedef struct svms_revoked_set {
    size_t count;
    svms_revoked_token *entries;
} svms_revoked_set;

struct svms_revocations {
    svms_ctx *ctx;
    svms_platform_latch latch; /* of those who change it */
    svms_shared set;
};

/* Adds copies of entries. */
SVMS_MUST_CHECK svms_status svms_revocations_join(svms_revocations *list,
                                                  const svms_revoked_token *entries, size_t count,
                                                  svms_error *err);

#endif
