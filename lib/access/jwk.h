/* SPDX-License-Identifier: Apache-2.0 */
/* Keys as JSON (RFC 7517), and what each kind signs with (token.md, section 1). */
#ifndef SVMS_JWK_INTERNAL_H
#define SVMS_JWK_INTERNAL_H

#include <svms/token.h>

#include "builder.h"
#include "json_read.h"
#include "key_internal.h"
#include "key_kind.h"

#define SVMS_KID_MAX 128

/* One key of a set. */
typedef struct svms_jwk {
    svms_public_key *key;
    EVP_MD_CTX *prepared; /* for verifying; copied for every signature */
    svms_token_algorithm algorithm;
    char kid[SVMS_KID_MAX + 1]; /* empty: it has none */
} svms_jwk;

/* Of a key by its kind alone: RSA keys sign by PKCS #1 v1.5 unless they say otherwise. 0 for a kind
 * that does not sign. */
svms_token_algorithm svms_token_algorithm_of(svms_key_kind kind);

/* Of a name as tokens and keys spell it. */
svms_token_algorithm svms_token_algorithm_named(const char *name);

/* SVMS_END: a key of another kind, or for another use, of which nothing is said here. Refusals go
 * into the document. Clears *out on failure. */
SVMS_MUST_CHECK svms_status svms_jwk_read(svms_jwk *out, svms_ctx *ctx, const svms_json_node *node,
                                          svms_error *err);
SVMS_MUST_CHECK svms_status svms_jwk_read_private(svms_private_key **out, svms_ctx *ctx,
                                                  const svms_json_node *node, svms_error *err);
/* Once, when key and algorithm stand. */
SVMS_MUST_CHECK svms_status svms_jwk_prepare(svms_jwk *jwk, svms_ctx *ctx, svms_error *err);
void svms_jwk_clear(svms_jwk *jwk);

/* A key that is to be written. */
typedef struct svms_jwk_text {
    EVP_PKEY *pkey;
    svms_key_kind kind;
    svms_token_algorithm algorithm;
    const char *kid;
    bool is_private;
} svms_jwk_text;

SVMS_MUST_CHECK svms_status svms_jwk_put(svms_builder *out, const svms_jwk_text *what,
                                         svms_error *err);
/* The members that RFC 7638 hashes, in its order: an object without white space. */
SVMS_MUST_CHECK svms_status svms_jwk_put_required(svms_builder *out, EVP_PKEY *pkey,
                                                  svms_key_kind kind, svms_error *err);

#endif
