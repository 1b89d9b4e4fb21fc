/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys the library takes, and what it makes sure of when it takes one. */
#ifndef SVMS_KEY_KIND_H
#define SVMS_KEY_KIND_H

#include <stdbool.h>

#include <openssl/evp.h>

#include <svms/key.h>

typedef enum svms_key_kind {
    SVMS_KEY_P256 = 1,
    SVMS_KEY_P384,
    SVMS_KEY_ED25519,
    SVMS_KEY_X25519,
    SVMS_KEY_RSA
} svms_key_kind;

/* SVMS_E_UNSUPPORTED, with a message that names the kind, for every other key. */
SVMS_MUST_CHECK svms_status svms_key_kind_of(svms_ctx *ctx, EVP_PKEY *pkey, svms_key_kind *kind,
                                             svms_error *err);
/* "P-256" and the like. */
const char *svms_key_kind_name(svms_key_kind kind);

/* A new reference on pkey; or, when its public point would be encoded compressed, on a copy that
 * encodes it uncompressed, so that one key has one SubjectPublicKeyInfo. NULL on failure. */
EVP_PKEY *svms_key_canonical(EVP_PKEY *pkey, svms_key_kind kind);

/* SHA-256 of the SubjectPublicKeyInfo. */
SVMS_MUST_CHECK svms_status svms_key_identify(svms_ctx *ctx, EVP_PKEY *pkey, uint8_t *out,
                                              svms_error *err);

/* Point on the curve; RSA modulus and exponent odd, exponent not 1. Not whether a modulus is a
 * product of two primes: that takes long, and whoever made such a key harms only himself.
 * SVMS_E_MALFORMED otherwise. */
SVMS_MUST_CHECK svms_status svms_key_check_public(svms_ctx *ctx, EVP_PKEY *pkey, svms_key_kind kind,
                                                  svms_error *err);
/* SVMS_E_MALFORMED unless the private half belongs to the public one. */
SVMS_MUST_CHECK svms_status svms_key_check_pair(svms_ctx *ctx, EVP_PKEY *pkey, svms_key_kind kind,
                                                svms_error *err);

/* *gives is false when whoever holds the key keeps its private half to himself. */
SVMS_MUST_CHECK svms_status svms_key_gives_private(svms_ctx *ctx, EVP_PKEY *pkey,
                                                   svms_key_kind kind, bool *gives,
                                                   svms_error *err);

svms_key_kind svms_private_key_kind(const svms_private_key *key);
svms_key_kind svms_public_key_kind(const svms_public_key *key);

#endif
