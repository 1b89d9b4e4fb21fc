/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256, HMAC and HKDF over OpenSSL 3 EVP. Algorithms are fetched once per engine, because an
 * implicit fetch costs a third of a 1 KiB digest. An engine belongs to one thread at a time. */
#ifndef SVMS_DIGEST_H
#define SVMS_DIGEST_H

#include "context_internal.h"

#include <svms/io.h>

#define SVMS_DIGEST_SIZE 32

typedef struct svms_hasher svms_hasher;

SVMS_MUST_CHECK svms_status svms_hasher_new(svms_hasher **out, svms_ctx *ctx, svms_error *err);
void svms_hasher_free(svms_hasher **hasher);
/* start, update*, finish; false only when the provider fails, and then until the next start. */
bool svms_hasher_start(svms_hasher *hasher);
bool svms_hasher_update(svms_hasher *hasher, const void *data, size_t size);
bool svms_hasher_finish(svms_hasher *hasher, uint8_t out[SVMS_DIGEST_SIZE]);
/* Start, update, finish over one run of bytes. */
/* Goes on in `to` with what `from` has hashed so far. */
bool svms_hasher_copy(svms_hasher *to, const svms_hasher *from);
bool svms_hasher_once(svms_hasher *hasher, const void *data, size_t size,
                      uint8_t out[SVMS_DIGEST_SIZE]);

/* One-shot helpers that fetch on their own; not for hot paths. */
SVMS_MUST_CHECK svms_status svms_sha256(svms_ctx *ctx, const svms_iovec *runs, size_t count,
                                        uint8_t out[SVMS_DIGEST_SIZE], svms_error *err);
SVMS_MUST_CHECK svms_status svms_hmac_sha256(svms_ctx *ctx, const uint8_t *key, size_t key_size,
                                             const void *data, size_t size,
                                             uint8_t out[SVMS_DIGEST_SIZE], svms_error *err);
/* HMAC with a digest of up to 512 bits, as OpenSSL calls it. out is zeros on failure. */
#define SVMS_HMAC_MAX 64
SVMS_MUST_CHECK svms_status svms_hmac(svms_ctx *ctx, const char *digest, const uint8_t *key,
                                      size_t key_size, const void *data, size_t size,
                                      uint8_t out[SVMS_HMAC_MAX], size_t *out_size,
                                      svms_error *err);
/* RFC 5869 with SHA-256. out_size <= 255 * 32. */
SVMS_MUST_CHECK svms_status svms_hkdf_extract(svms_ctx *ctx, const void *salt, size_t salt_size,
                                              const void *secret, size_t secret_size,
                                              uint8_t out[SVMS_DIGEST_SIZE], svms_error *err);
SVMS_MUST_CHECK svms_status svms_hkdf_expand(svms_ctx *ctx, const uint8_t prk[SVMS_DIGEST_SIZE],
                                             const void *info, size_t info_size, uint8_t *out,
                                             size_t out_size, svms_error *err);

#endif
