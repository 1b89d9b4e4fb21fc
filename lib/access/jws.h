/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Web Signatures in compact form (token.md, section 2). */
#ifndef SVMS_JWS_H
#define SVMS_JWS_H

#include "keyset.h"

#define SVMS_JWS_MAX 4096
#define SVMS_JWS_PAYLOAD_MAX (SVMS_JWS_MAX / 4 * 3)
#define SVMS_JWS_SIGNATURE_MAX 1024 /* RSA of 8,192 bits */
#define SVMS_JWS_TYPE_MAX 64

/* A token, taken apart. What is signed is borrowed from it. */
typedef struct svms_jws {
    const char *signed_text; /* header, dot, payload */
    size_t signed_size;
    uint8_t payload[SVMS_JWS_PAYLOAD_MAX]; /* not to be looked at before it is verified */
    size_t payload_size;
    uint8_t signature[SVMS_JWS_SIGNATURE_MAX];
    size_t signature_size;
    svms_token_algorithm algorithm;
    char
        type[SVMS_JWS_TYPE_MAX + 1]; /* `typ` in small letters, without application/; empty: none */
    char kid[SVMS_KID_MAX + 1];
    bool has_kid;
} svms_jws;

/* Takes a token apart and reads its header. Any status but SVMS_OK: *verdict says which rule it
 * breaks, unless the machine failed (SVMS_E_NO_MEMORY). */
SVMS_MUST_CHECK svms_status svms_jws_open(svms_jws *out, svms_ctx *ctx, const char *text,
                                          size_t size, svms_token_verdict *verdict,
                                          svms_error *err);

/* SVMS_E_NOT_AUTHENTIC, SVMS_E_CRYPTO, SVMS_E_NO_MEMORY. Threads may share a key. */
SVMS_MUST_CHECK svms_status svms_jws_verify(const svms_jws *jws, svms_ctx *ctx, const svms_jwk *jwk,
                                            svms_error *err);

/* Appends a token: header with alg, typ and kid, payload, signature. */
typedef struct svms_jws_signer {
    const svms_private_key *key;
    svms_token_algorithm algorithm;
    const char *kid; /* NULL: none */
    const char *type;
} svms_jws_signer;

/* Fills in the algorithm and the name of the key where they were left open; the name may lie in
 * thumbprint. */
SVMS_MUST_CHECK svms_status svms_token_signer_settle(svms_jws_signer *signer, svms_ctx *ctx,
                                                     char thumbprint[SVMS_THUMBPRINT_SIZE],
                                                     svms_error *err);
SVMS_MUST_CHECK svms_status svms_jws_put(svms_builder *out, const svms_jws_signer *signer,
                                         const void *payload, size_t size, svms_error *err);

#endif
