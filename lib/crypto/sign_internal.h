/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that sign share. */
#ifndef SVMS_SIGN_INTERNAL_H
#define SVMS_SIGN_INTERNAL_H

#include "external.h"
#include "scheme.h"
#include "sign.h"

/* In the process, EVP_DigestSign does it all. For keys elsewhere the digest is computed here and
 * only that is handed over: hashing in a small chip takes long. */
struct svms_sign_engine {
    svms_ctx *ctx;
    const svms_scheme *scheme;
    size_t size;
    EVP_MD_CTX *work;
    EVP_MD_CTX *prepared; /* key in the process: key and parameters set; copied each time */
    EVP_MD *digest;       /* key elsewhere; NULL when the scheme has none */
    EVP_PKEY *pkey;       /* key with a provider, and what makes EVP ask this one */
    char *properties;
    svms_external *external; /* key behind callbacks */
    /* What comes from elsewhere is not believed. */
    svms_verify_engine *check;
};

/* The message's digest by the scheme; *digest_size is 0 when there is none. False when the provider
 * fails. */
bool svms_sign_hash(svms_sign_engine *engine, const void *data, size_t data_size,
                    uint8_t digest[EVP_MAX_MD_SIZE], size_t *digest_size);
/* Signs with a key in the process or with a provider; *size is as in svms_sign(). */
SVMS_MUST_CHECK svms_status svms_sign_here(svms_sign_engine *engine, const void *data,
                                           size_t data_size, uint8_t *signature, size_t *size,
                                           svms_error *err);
/* SVMS_E_CRYPTO when signature, of engine->size bytes, does not verify. */
SVMS_MUST_CHECK svms_status svms_sign_verify(svms_sign_engine *engine, const void *data,
                                             size_t data_size, const uint8_t *signature,
                                             svms_error *err);

#endif
