/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a verifier believes. */
#ifndef SVMS_TOKEN_VERIFIER_H
#define SVMS_TOKEN_VERIFIER_H

#include "keyset.h"
#include "shared.h"

/* What is good for an issuer at one time; replaced as a whole. */
typedef struct svms_issuer_keys {
    svms_keyset *current;
    svms_keyset *withdrawn;    /* what was current before, or NULL */
    uint64_t withdrawn_end_ns; /* by the monotonic clock: until when it stays good */
} svms_issuer_keys;

typedef struct svms_token_issuer {
    char *name;
    bool is_exchanger;
    svms_shared keys; /* an svms_issuer_keys */
    atomic_flag is_replacing;
    _Atomic(uint64_t) next_fetch_ns; /* by the monotonic clock */
} svms_token_issuer;

struct svms_token_verifier {
    svms_ctx *ctx;
    svms_token_rules rules;
    char *audience;
    size_t count;
    svms_token_issuer issuers[SVMS_TOKEN_ISSUERS];
};

/* J-KEY-6: asks for the keys again where that is allowed now. True when some have changed. */
bool svms_issuers_refresh(svms_token_verifier *verifier);

#endif
