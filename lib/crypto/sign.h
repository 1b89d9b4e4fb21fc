/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures with the algorithms of container.md section "Suites and algorithms". */
#ifndef SVMS_SIGN_H
#define SVMS_SIGN_H

#include <svms/key.h>

#include "digest.h"

/* Values as they stand in files (C-ALG-2). */
#define SVMS_SIG_NONE 0
#define SVMS_SIG_ECDSA_P256_SHA256 1 /* r || s, 32 bytes each, s <= n/2 */
#define SVMS_SIG_ECDSA_P384_SHA384 2 /* r || s, 48 bytes each, s <= n/2 */
#define SVMS_SIG_ED25519 3           /* RFC 8032, 64 bytes */
#define SVMS_SIG_RSA_PSS_SHA256 4    /* modulus 2048..8192 bits, salt 32 bytes, MGF1-SHA-256 */

#define SVMS_SIGNATURE_MAX 8192

/* A signer keeps what is costly between signatures; it belongs to one thread at a time. */
typedef struct svms_sign_engine svms_sign_engine;
SVMS_MUST_CHECK svms_status svms_sign_engine_new(svms_sign_engine **out, svms_ctx *ctx,
                                                 const svms_private_key *key, svms_error *err);
void svms_sign_engine_free(svms_sign_engine **engine);
uint16_t svms_sign_engine_algorithm(const svms_sign_engine *engine);
/* *size is the capacity of signature on entry, what was written on success. Waits where the key is
 * behind a callback. */
SVMS_MUST_CHECK svms_status svms_sign(svms_sign_engine *engine, const void *data, size_t data_size,
                                      uint8_t *signature, size_t *size, svms_error *err);

/* Signing that may end later. A ticket stands for one signature; it belongs to its engine's thread
 * and must be freed before the engine. Any number may be under way, and they may end in any order.
 * With keys in the process all is done when svms_sign_start returns. data is not needed after it.
 */
typedef struct svms_sign_ticket svms_sign_ticket;
SVMS_MUST_CHECK svms_status svms_sign_start(svms_sign_engine *engine, const void *data,
                                            size_t data_size, svms_sign_ticket **out,
                                            svms_error *err);
/* Never waits. SVMS_OK with *done false: not yet, and nothing was written. Once it is done, each
 * further call gives the same. SVMS_E_LIMIT: *size is too small; ask again. Other failures are
 * final: of the signer, or SVMS_E_CRYPTO when what it gave does not verify. */
SVMS_MUST_CHECK svms_status svms_sign_poll(svms_sign_ticket *ticket, bool *done, uint8_t *signature,
                                           size_t *size, svms_error *err);
SVMS_MUST_CHECK svms_status svms_sign_wait(svms_sign_ticket *ticket, uint8_t *signature,
                                           size_t *size, svms_error *err);
/* Gives up what is not done; the signer may complete it later all the same. */
void svms_sign_ticket_free(svms_sign_ticket **ticket);

/* A verifier for one public key. */
typedef struct svms_verify_engine svms_verify_engine;
SVMS_MUST_CHECK svms_status svms_verify_engine_new(svms_verify_engine **out, svms_ctx *ctx,
                                                   const svms_public_key *key, svms_error *err);
void svms_verify_engine_free(svms_verify_engine **engine);
/* SVMS_OK, SVMS_E_NOT_AUTHENTIC (wrong algorithm for the key, wrong length, high s, does not
 * verify) or SVMS_E_CRYPTO / SVMS_E_NO_MEMORY. */
SVMS_MUST_CHECK svms_status svms_verify(svms_verify_engine *engine, uint16_t algorithm,
                                        const void *data, size_t data_size,
                                        const uint8_t *signature, size_t size, svms_error *err);

#endif
