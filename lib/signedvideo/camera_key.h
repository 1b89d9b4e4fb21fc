/* SPDX-License-Identifier: Apache-2.0 */
/* The certificates of a camera, and signatures with their keys (CS-DOC-6, CS-DOC-7, CS-VER-10). */
#ifndef SVMS_CAMERA_KEY_H
#define SVMS_CAMERA_KEY_H

#include "camera_document.h"
#include "chain_internal.h"

/* A chain whose key is ready to verify. Shared by count: one thread at a time. */
typedef struct svms_camera_key svms_camera_key;

/* Parses PEM (at most 8 certificates, 64 KiB; NUL and white space behind it are allowed). The
 * chain is not checked against anything. SVMS_E_MALFORMED, SVMS_E_LIMIT, SVMS_E_UNSUPPORTED (a key
 * of a kind that CS-DOC-6 does not name), SVMS_E_NO_MEMORY, SVMS_E_CRYPTO. */
SVMS_MUST_CHECK svms_status svms_camera_key_new(svms_camera_key **out, svms_ctx *ctx,
                                                const svms_camera_text *pem, svms_error *err);
/* The same of a chain that was parsed already, and of its text: one of this context is shared, so
 * that nothing is decoded anew. */
SVMS_MUST_CHECK svms_status svms_camera_key_of_chain(svms_camera_key **out, svms_ctx *ctx,
                                                     const svms_chain *chain,
                                                     const svms_camera_text *pem, svms_error *err);
/* One of Axis: takes over chain and key, of which one may be NULL; without a key it is the leaf's.
 * What it took over it releases when it fails, too. */
SVMS_MUST_CHECK svms_status svms_camera_key_of(svms_camera_key **out, svms_ctx *ctx,
                                               svms_chain **chain, svms_public_key **key,
                                               const svms_camera_text *text, svms_error *err);
/* Certificates of a camera, within the bounds above. */
SVMS_MUST_CHECK svms_status svms_camera_chain_read(svms_chain **out, svms_ctx *ctx,
                                                   const svms_camera_text *pem, svms_error *err);
svms_camera_key *svms_camera_key_retain(svms_camera_key *key);
void svms_camera_key_free(svms_camera_key **key);
/* True when it was made of exactly this text: keys are decoded once. */
bool svms_camera_key_is_of(const svms_camera_key *key, const svms_camera_text *pem);
/* SHA-256 of the leaf, or of the SubjectPublicKeyInfo of a key that has no certificate. */
const uint8_t *svms_camera_key_digest(const svms_camera_key *key);
/* Borrowed; NULL for a key that has none. */
const svms_chain *svms_camera_key_chain(const svms_camera_key *key);
/* SVMS_OK; SVMS_E_NOT_AUTHENTIC: it does not fit; SVMS_E_UNSUPPORTED: the document names an
 * algorithm that is not known, or that this key does not have; SVMS_E_MALFORMED: its hashes are not
 * as long as they should be; SVMS_E_CRYPTO, SVMS_E_NO_MEMORY. algorithms are those of the document,
 * or where it has no tag 4 those of the ones before. */
SVMS_MUST_CHECK svms_status svms_camera_key_verify(svms_camera_key *key, svms_camera_hasher *hasher,
                                                   const svms_camera_algorithms *algorithms,
                                                   const svms_camera_document *document,
                                                   svms_error *err);
/* Who is it, and could they sign as a camera then? As svms_identity_check(), but for roles
 * (CS-VER-10): question->role is ignored. SVMS_OK or SVMS_E_UNTRUSTED fill result; other failures
 * are those of svms_identity_check(). */
SVMS_MUST_CHECK svms_status svms_camera_key_check(const svms_camera_key *key,
                                                  const svms_trust *trust,
                                                  const svms_identity_question *question,
                                                  svms_identity_result *result, svms_error *err);

#endif
