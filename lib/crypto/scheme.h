/* SPDX-License-Identifier: Apache-2.0 */
/* How each kind of key signs: one key, one scheme (C-ALG-2). */
#ifndef SVMS_SCHEME_H
#define SVMS_SCHEME_H

#include <openssl/params.h>

#include "key_kind.h"

#define SVMS_SCHEME_PARAMS 6

typedef struct svms_scheme {
    uint16_t algorithm;
    const char *digest; /* NULL when the algorithm has its own */
    size_t width;       /* of r and of s; 0 unless ECDSA */
    size_t size;        /* of a signature; 0 when the key decides */
} svms_scheme;

/* NULL for a kind that cannot sign. */
const svms_scheme *svms_scheme_of(svms_key_kind kind);
/* What the provider is to be told of padding; with_digest for calls that take no digest's name. */
void svms_scheme_params(const svms_scheme *scheme, svms_ctx *ctx, bool with_digest,
                        OSSL_PARAM params[SVMS_SCHEME_PARAMS]);

#endif
