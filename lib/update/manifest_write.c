/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "update_manifest.h"

static const char label[16] = "svms update 1";

void svms_update_front_put(svms_builder *out, const svms_update_front *front)
{
    svms_put_bytes(out, SVMS_UPDATE_MAGIC, SVMS_UPDATE_MAGIC_SIZE);
    svms_put_u16(out, 1);
    svms_put_u16(out, front->algorithm);
    svms_put_u32(out, front->chain_size);
    svms_put_u32(out, front->manifest_size);
    svms_put_u32(out, front->signature_size);
}

static void put_text(svms_builder *out, const char *text)
{
    size_t size = strlen(text);
    svms_put_u8(out, (uint8_t)size);
    svms_put_bytes(out, text, size);
}

static void put_piece(svms_builder *out, const svms_update_piece *piece)
{
    uint64_t chunks = svms_update_chunk_count(piece->size, piece->chunk_size);
    put_text(out, piece->name);
    svms_put_u64(out, piece->size);
    svms_put_u32(out, piece->chunk_size);
    svms_put_bytes(out, piece->sha256, SVMS_DIGEST_SIZE);
    svms_put_bytes(out, piece->chunks, (size_t)chunks * SVMS_DIGEST_SIZE);
}

void svms_update_manifest_put(svms_builder *out, const svms_update_manifest *manifest)
{
    svms_put_u16(out, 1);
    svms_put_u16(out, 0);
    svms_put_u64(out, manifest->counter);
    svms_put_i64(out, manifest->signed_utc_ns);
    put_text(out, manifest->version);
    put_text(out, manifest->minimum);
    put_text(out, manifest->product);
    svms_put_u8(out, (uint8_t)manifest->hardware_count);
    for (uint32_t i = 0; i < manifest->hardware_count; i++) {
        put_text(out, manifest->hardware[i]);
    }
    svms_put_u16(out, (uint16_t)manifest->note_size);
    svms_put_bytes(out, manifest->note, manifest->note_size);
    svms_put_u8(out, (uint8_t)manifest->piece_count);
    for (uint32_t i = 0; i < manifest->piece_count; i++) {
        put_piece(out, &manifest->pieces[i]);
    }
}

svms_status svms_update_signed(uint8_t out[SVMS_UPDATE_SIGNED_SIZE], svms_ctx *ctx,
                               uint16_t algorithm, const svms_iovec *chain,
                               const svms_iovec *manifest, svms_error *err)
{
    memset(out, 0, SVMS_UPDATE_SIGNED_SIZE);
    memcpy(out, label, sizeof label);
    svms_store_u16(out + 16, algorithm);
    svms_status status = svms_sha256(ctx, chain, 1, out + 20, err);
    if (status == SVMS_OK) {
        status = svms_sha256(ctx, manifest, 1, out + 20 + SVMS_DIGEST_SIZE, err);
    }
    return status;
}
