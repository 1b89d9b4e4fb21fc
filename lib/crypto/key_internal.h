/* SPDX-License-Identifier: Apache-2.0 */
/* What other layers may ask of keys. */
#ifndef SVMS_KEY_INTERNAL_H
#define SVMS_KEY_INTERNAL_H

#include <openssl/evp.h>

#include <svms/key.h>

#include "digest.h"

/* Borrowed. NULL for a private key that lives behind a callback. */
EVP_PKEY *svms_private_key_evp(const svms_private_key *key);
EVP_PKEY *svms_public_key_evp(const svms_public_key *key);
/* Takes its own reference on pkey. */
SVMS_MUST_CHECK svms_status svms_public_key_from_evp(svms_public_key **out, svms_ctx *ctx,
                                                     EVP_PKEY *pkey, svms_error *err);
SVMS_MUST_CHECK svms_status svms_private_key_from_evp(svms_private_key **out, svms_ctx *ctx,
                                                      EVP_PKEY *pkey, svms_error *err);
/* SHA-256 of the DER SubjectPublicKeyInfo. */
SVMS_MUST_CHECK svms_status svms_public_key_id(const svms_public_key *key,
                                               uint8_t out[SVMS_DIGEST_SIZE], svms_error *err);
/* The same of a private key's public half. */
SVMS_MUST_CHECK svms_status svms_private_key_id(const svms_private_key *key,
                                                uint8_t out[SVMS_DIGEST_SIZE], svms_error *err);

#endif
