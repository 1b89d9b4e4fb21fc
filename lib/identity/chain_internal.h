/* SPDX-License-Identifier: Apache-2.0 */
/* What other layers may ask of chains. */
#ifndef SVMS_CHAIN_INTERNAL_H
#define SVMS_CHAIN_INTERNAL_H

#include <svms/identity.h>

#include "digest.h"

#define SVMS_CHAIN_MAX_CERTIFICATES 8
#define SVMS_CHAIN_MAX_SIZE 65536

/* Wire form (container.md, C-HDR): for each certificate, leaf first, u32 length and DER. The bytes
 * are copied. origin is the offset of data in the input. Trailing bytes, zero certificates and DER
 * that OpenSSL does not re-encode to the same bytes are SVMS_E_MALFORMED; more than the bounds
 * above is SVMS_E_LIMIT; a leaf key that cannot sign here is SVMS_E_UNSUPPORTED. */
SVMS_MUST_CHECK svms_status svms_chain_from_wire(svms_chain **out, svms_ctx *ctx,
                                                 const uint8_t *data, size_t size, uint64_t origin,
                                                 svms_error *err);
/* svms_chain_from_pem(), for who verifies with the leaf's key in other ways than the rest of the
 * library: that key may be of any kind; svms_chain_leaf_key() is NULL where it cannot sign here. */
SVMS_MUST_CHECK svms_status svms_chain_from_pem_any_key(svms_chain **out, svms_ctx *ctx,
                                                        const char *pem, size_t size,
                                                        svms_error *err);
/* Borrowed wire form of a chain. */
const uint8_t *svms_chain_wire(const svms_chain *chain, size_t *size);
/* SHA-256 of the leaf's DER. */
const uint8_t *svms_chain_leaf_digest(const svms_chain *chain);
/* The leaf's key, borrowed. NULL only for a chain of svms_chain_from_pem_any_key(). */
const svms_public_key *svms_chain_leaf_key(const svms_chain *chain);
/* First and last moment at which the leaf is valid (its last second counts as a whole). */
SVMS_MUST_CHECK svms_status svms_chain_leaf_validity(const svms_chain *chain,
                                                     int64_t *not_before_utc_ns,
                                                     int64_t *not_after_utc_ns, svms_error *err);
/* Borrowed DER of one certificate of a chain; NULL when there is none of that number. */
const uint8_t *svms_chain_der(const svms_chain *chain, size_t index, size_t *size);
/* Somebody else keeps the chain, or the store, too, and gives it back with svms_chain_free(),
 * svms_trust_free(). Any thread. */
svms_chain *svms_chain_retain(const svms_chain *chain);
svms_trust *svms_trust_retain(const svms_trust *trust);
/* True when the leaf's extended key usage names the role. */
bool svms_chain_allows(const svms_chain *chain, svms_role role);

#endif
