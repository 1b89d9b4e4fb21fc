/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that is derived from the content key (container.md, section 8). */
#ifndef SVMS_KEY_SCHEDULE_H
#define SVMS_KEY_SCHEDULE_H

#include "aead.h"
#include "digest.h"

#define SVMS_CONTENT_KEY_SIZE 32
#define SVMS_SECRET_SIZE 32

typedef struct svms_track_keys {
    uint8_t key[SVMS_AEAD_KEY_SIZE];
    uint8_t nonce_base[SVMS_AEAD_NONCE_SIZE];
    uint8_t commitment[SVMS_DIGEST_SIZE];
} svms_track_keys;

/* C-KEY-1, first half, and C-KEY-2. */
SVMS_MUST_CHECK svms_status svms_key_check(svms_ctx *ctx,
                                           const uint8_t content_key[SVMS_CONTENT_KEY_SIZE],
                                           const uint8_t container_id[16],
                                           uint8_t out[SVMS_DIGEST_SIZE], svms_error *err);
/* C-KEY-3 */
SVMS_MUST_CHECK svms_status svms_description_key(svms_ctx *ctx,
                                                 const uint8_t content_key[SVMS_CONTENT_KEY_SIZE],
                                                 const uint8_t container_id[16],
                                                 uint8_t out[SVMS_AEAD_KEY_SIZE], svms_error *err);
/* C-KEY-1, second half: P. */
SVMS_MUST_CHECK svms_status svms_segment_root(svms_ctx *ctx,
                                              const uint8_t content_key[SVMS_CONTENT_KEY_SIZE],
                                              const uint8_t h[SVMS_DIGEST_SIZE],
                                              uint8_t out[SVMS_DIGEST_SIZE], svms_error *err);
/* C-KEY-7 */
SVMS_MUST_CHECK svms_status svms_access_key(svms_ctx *ctx, const uint8_t p[SVMS_DIGEST_SIZE],
                                            uint8_t out[SVMS_DIGEST_SIZE], svms_error *err);
/* C-KEY-4: T. */
SVMS_MUST_CHECK svms_status svms_track_secret(svms_ctx *ctx, const uint8_t p[SVMS_DIGEST_SIZE],
                                              uint64_t segment, uint8_t track,
                                              const uint8_t salt[SVMS_DIGEST_SIZE],
                                              uint8_t out[SVMS_SECRET_SIZE], svms_error *err);
/* C-KEY-5 */
SVMS_MUST_CHECK svms_status svms_track_keys_derive(svms_ctx *ctx,
                                                   const uint8_t secret[SVMS_SECRET_SIZE],
                                                   svms_track_keys *out, svms_error *err);
/* C-KEY-6 */
void svms_chunk_nonce(const uint8_t base[SVMS_AEAD_NONCE_SIZE], uint64_t leaf, uint32_t chunk,
                      uint8_t out[SVMS_AEAD_NONCE_SIZE]);

#endif
