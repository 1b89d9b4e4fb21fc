/* SPDX-License-Identifier: Apache-2.0 */
#include "key_schedule.h"

#include <string.h>

#include "builder.h"
#include "format.h"

static svms_status expand_label(svms_ctx *ctx, const uint8_t *key, const char *label, uint8_t *out,
                                size_t size, svms_error *err)
{
    return svms_hkdf_expand(ctx, key, label, strlen(label), out, size, err);
}

static svms_status header_secret(svms_ctx *ctx, const uint8_t *content_key,
                                 const uint8_t *container_id, const char *label, uint8_t *out,
                                 svms_error *err)
{
    uint8_t ph[SVMS_DIGEST_SIZE];
    svms_status status =
        svms_hkdf_extract(ctx, container_id, 16, content_key, SVMS_CONTENT_KEY_SIZE, ph, err);
    if (status == SVMS_OK) {
        status = expand_label(ctx, ph, label, out, SVMS_DIGEST_SIZE, err);
    }
    svms_wipe(ph, sizeof(ph));
    return status;
}

svms_status svms_key_check(svms_ctx *ctx, const uint8_t content_key[SVMS_CONTENT_KEY_SIZE],
                           const uint8_t container_id[16], uint8_t out[SVMS_DIGEST_SIZE],
                           svms_error *err)
{
    return header_secret(ctx, content_key, container_id, "svms1 key check", out, err);
}

svms_status svms_description_key(svms_ctx *ctx, const uint8_t content_key[SVMS_CONTENT_KEY_SIZE],
                                 const uint8_t container_id[16], uint8_t out[SVMS_AEAD_KEY_SIZE],
                                 svms_error *err)
{
    return header_secret(ctx, content_key, container_id, "svms1 description", out, err);
}

svms_status svms_segment_root(svms_ctx *ctx, const uint8_t content_key[SVMS_CONTENT_KEY_SIZE],
                              const uint8_t h[SVMS_DIGEST_SIZE], uint8_t out[SVMS_DIGEST_SIZE],
                              svms_error *err)
{
    return svms_hkdf_extract(ctx, h, SVMS_DIGEST_SIZE, content_key, SVMS_CONTENT_KEY_SIZE, out,
                             err);
}

svms_status svms_access_key(svms_ctx *ctx, const uint8_t p[SVMS_DIGEST_SIZE],
                            uint8_t out[SVMS_DIGEST_SIZE], svms_error *err)
{
    return expand_label(ctx, p, "svms1 access", out, SVMS_DIGEST_SIZE, err);
}

svms_status svms_track_secret(svms_ctx *ctx, const uint8_t p[SVMS_DIGEST_SIZE], uint64_t segment,
                              uint8_t track, const uint8_t salt[SVMS_DIGEST_SIZE],
                              uint8_t out[SVMS_SECRET_SIZE], svms_error *err)
{
    static const char label[] = "svms1 track";
    enum { LABEL = sizeof(label) - 1 };
    uint8_t info[LABEL + 2 + 8 + 1 + SVMS_DIGEST_SIZE];
    memcpy(info, label, LABEL);
    svms_store_u16(info + LABEL, SVMS_SUITE_1);
    svms_store_u64(info + LABEL + 2, segment);
    info[LABEL + 10] = track;
    memcpy(info + LABEL + 11, salt, SVMS_DIGEST_SIZE);
    return svms_hkdf_expand(ctx, p, info, sizeof(info), out, SVMS_SECRET_SIZE, err);
}

svms_status svms_track_keys_derive(svms_ctx *ctx, const uint8_t secret[SVMS_SECRET_SIZE],
                                   svms_track_keys *out, svms_error *err)
{
    svms_status status = expand_label(ctx, secret, "svms1 key", out->key, sizeof(out->key), err);
    if (status == SVMS_OK) {
        status =
            expand_label(ctx, secret, "svms1 nonce", out->nonce_base, sizeof(out->nonce_base), err);
    }
    if (status == SVMS_OK) {
        status = expand_label(ctx, secret, "svms1 commit", out->commitment, sizeof(out->commitment),
                              err);
    }
    if (status != SVMS_OK) {
        svms_wipe(out, sizeof(*out));
    }
    return status;
}

void svms_chunk_nonce(const uint8_t base[SVMS_AEAD_NONCE_SIZE], uint64_t leaf, uint32_t chunk,
                      uint8_t out[SVMS_AEAD_NONCE_SIZE])
{
    uint8_t counter[SVMS_AEAD_NONCE_SIZE];
    svms_store_u64(counter, leaf);
    svms_store_u32(counter + 8, chunk);
    for (size_t i = 0; i < SVMS_AEAD_NONCE_SIZE; i++) {
        out[i] = (uint8_t)(base[i] ^ counter[i]);
    }
}
