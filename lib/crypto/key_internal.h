/* SPDX-License-Identifier: Apache-2.0 */
/* What other layers may ask of keys. */
#ifndef SVMS_KEY_INTERNAL_H
#define SVMS_KEY_INTERNAL_H

#include <openssl/evp.h>

#include <svms/key.h>

#include "digest.h"

/* Borrowed. NULL for a private key that lives behind a callback; for one that a provider holds, a
 * key that only this provider can use. */
EVP_PKEY *svms_private_key_evp(const svms_private_key *key);
/* Borrowed; a key in memory with (at least) the public half. Never NULL. */
EVP_PKEY *svms_private_key_public_evp(const svms_private_key *key);
/* True when the private half is not in the memory of the process: a provider or a callback has it,
 * and using it may take long. */
bool svms_private_key_is_external(const svms_private_key *key);
/* Borrowed; the property query for every use of svms_private_key_evp(). For a key that a provider
 * holds it names this provider, because another one would gladly take the public half and then miss
 * the private one. */
const char *svms_private_key_properties(const svms_private_key *key);
/* Takes its own reference on pkey. */
SVMS_MUST_CHECK svms_status svms_private_key_from_evp(svms_private_key **out, svms_ctx *ctx,
                                                      EVP_PKEY *pkey, svms_error *err);
/* SHA-256 of the DER SubjectPublicKeyInfo. NULL, what a chain has for a key of a kind that is not
 * supported, is SVMS_E_UNSUPPORTED. */
SVMS_MUST_CHECK svms_status svms_public_key_id(const svms_public_key *key,
                                               uint8_t out[SVMS_DIGEST_SIZE], svms_error *err);
/* The same of a private key's public half. */
SVMS_MUST_CHECK svms_status svms_private_key_id(const svms_private_key *key,
                                                uint8_t out[SVMS_DIGEST_SIZE], svms_error *err);

#endif
