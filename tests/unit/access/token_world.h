/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of tokens need: keys of each kind, key sets, verifiers, tokens. */
#ifndef SVMS_TEST_TOKEN_WORLD_H
#define SVMS_TEST_TOKEN_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <svms/time.h>

#include "jws.h"

#define WORLD_ISSUER "https://id.example"
#define WORLD_AUDIENCE "recorder-1"
#define WORLD_NOW_S INT64_C(1800000000)
#define WORLD_NS INT64_C(1000000000)

/* SHA-256 of the certificate that the peer of every test shows. */
extern const uint8_t world_peer[32];

svms_private_key *world_key(svms_ctx *ctx, svms_token_algorithm algorithm);
/* {"keys":[...]} with the public half. */
void world_jwks(char *out, size_t room, svms_ctx *ctx, const svms_private_key *key,
                svms_token_algorithm algorithm, const char *kid);
svms_keyset *world_keyset(svms_ctx *ctx, const svms_private_key *key,
                          svms_token_algorithm algorithm, const char *kid);
svms_token_rules world_rules(svms_token_profile profile);
/* It believes WORLD_ISSUER with one key, k1. */
svms_token_verifier *world_verifier(svms_ctx *ctx, const svms_token_rules *rules,
                                    const svms_private_key *key, svms_token_algorithm algorithm);
/* A token for Anna, of which everything but the rights is usual. */
svms_token_claims world_claims(const char *rights);
/* The question of WORLD_NOW_S and world_peer. */
svms_token_question world_question(void);
/* Fails the test unless the token is good. */
svms_token *world_take(svms_token_verifier *verifier, const char *text, size_t size);
/* Any header and any payload, signed as the algorithm says whatever the header says. */
size_t world_compact(char *out, size_t room, svms_ctx *ctx, const svms_private_key *key,
                     svms_token_algorithm algorithm, const char *header, const char *payload);
/* What world_compact() signs with: raw, as tokens have it. */
size_t world_signature(uint8_t out[SVMS_JWS_SIGNATURE_MAX], svms_ctx *ctx,
                       const svms_private_key *key, svms_token_algorithm algorithm,
                       const char *text, size_t size);
/* Characters, without NUL. */
size_t world_base64url(char *out, const void *data, size_t size);
/* A header of at+jwt and k1, and any payload. */
size_t world_sign(char *out, size_t room, svms_ctx *ctx, const svms_private_key *key,
                  svms_token_algorithm algorithm, const char *payload);

#endif
