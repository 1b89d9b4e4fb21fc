/* SPDX-License-Identifier: Apache-2.0 */
/* What this folder alone may know of a private key. */
#ifndef SVMS_PRIVATE_KEY_H
#define SVMS_PRIVATE_KEY_H

#include "external.h"
#include "key_internal.h"
#include "key_kind.h"

/* Borrowed; NULL unless the key is behind callbacks. */
svms_external *svms_private_key_external(const svms_private_key *key);
/* Borrowed; NULL for a key in the process. */
const svms_public_key *svms_private_key_half(const svms_private_key *key);
/* False only for a key behind the callbacks of a signer. */
bool svms_private_key_decrypts(const svms_private_key *key);
/* Asks the callbacks of a key that has them, and waits. */
SVMS_MUST_CHECK svms_status svms_private_key_unwrap(const svms_private_key *key,
                                                    svms_unwrap_operation operation,
                                                    const void *input, size_t input_size,
                                                    uint8_t *output, size_t output_size,
                                                    svms_error *err);
/* Borrowed. */
svms_ctx *svms_private_key_context(const svms_private_key *key);
/* PKCS #8, SEC 1 or PKCS #1, not encrypted; the halves are checked against each other. */
SVMS_MUST_CHECK svms_status svms_private_key_from_der(svms_private_key **out, svms_ctx *ctx,
                                                      uint8_t *der, size_t size, svms_error *err);
/* As svms_private_key_from_evp(), and the halves are checked: the private one against the public
 * one where it is given out, else the public one alone. */
SVMS_MUST_CHECK svms_status svms_private_key_from_provider(svms_private_key **out, svms_ctx *ctx,
                                                           EVP_PKEY *pkey, svms_error *err);

#endif
