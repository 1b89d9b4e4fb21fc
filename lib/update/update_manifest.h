/* SPDX-License-Identifier: Apache-2.0 */
/* Front and manifest of an update (docs/spec/update.md, sections 1 and 2). */
#ifndef SVMS_UPDATE_MANIFEST_H
#define SVMS_UPDATE_MANIFEST_H

#include <svms/update.h>

#include "builder.h"
#include "chain_internal.h"
#include "cursor.h"
#include "sign.h"

#define SVMS_UPDATE_MAGIC "SVMSUPD\n"
#define SVMS_UPDATE_MAGIC_SIZE 8
#define SVMS_UPDATE_FRONT_SIZE 24
#define SVMS_UPDATE_MANIFEST_MAX (4u << 20)
#define SVMS_UPDATE_SIGNED_SIZE (16 + 2 + 2 + 2 * SVMS_DIGEST_SIZE)
#define SVMS_UPDATE_CHUNK_MIN 4096u
#define SVMS_UPDATE_CHUNK_MAX (1u << 20)
#define SVMS_UPDATE_PART_MAX (UINT64_C(1) << 40)

typedef struct svms_update_front {
    uint16_t algorithm;
    uint32_t chain_size;
    uint32_t manifest_size;
    uint32_t signature_size;
} svms_update_front;

typedef struct svms_update_piece {
    char name[SVMS_UPDATE_NAME_SIZE];
    uint64_t size;
    uint32_t chunk_size;
    const uint8_t *sha256;
    const uint8_t *chunks; /* SHA-256 of each */
} svms_update_piece;

/* Pointers are into the bytes that it was parsed from. */
typedef struct svms_update_manifest {
    uint64_t counter;
    int64_t signed_utc_ns;
    char version[SVMS_UPDATE_VERSION_SIZE];
    char minimum[SVMS_UPDATE_VERSION_SIZE];
    char product[SVMS_UPDATE_NAME_SIZE];
    uint32_t hardware_count;
    char hardware[SVMS_UPDATE_HARDWARE_MAX][SVMS_UPDATE_NAME_SIZE];
    const uint8_t *note;
    size_t note_size;
    uint32_t piece_count;
    svms_update_piece pieces[SVMS_UPDATE_PARTS_MAX];
} svms_update_manifest;

SVMS_MUST_CHECK svms_status svms_update_front_parse(svms_update_front *out,
                                                    const uint8_t data[SVMS_UPDATE_FRONT_SIZE],
                                                    svms_error *err);
void svms_update_front_put(svms_builder *out, const svms_update_front *front);

/* origin: offset of data in the file. */
SVMS_MUST_CHECK svms_status svms_update_manifest_parse(svms_update_manifest *out,
                                                       const uint8_t *data, size_t size,
                                                       uint64_t origin, svms_error *err);
void svms_update_manifest_put(svms_builder *out, const svms_update_manifest *manifest);

/* What is signed (U-FIL-2). */
SVMS_MUST_CHECK svms_status svms_update_signed(uint8_t out[SVMS_UPDATE_SIGNED_SIZE], svms_ctx *ctx,
                                               uint16_t algorithm, const svms_iovec *chain,
                                               const svms_iovec *manifest, svms_error *err);

/* U-MAN-1. */
bool svms_update_is_name(const void *text, size_t size);
bool svms_update_is_part_name(const void *text, size_t size);
bool svms_update_is_note(const void *text, size_t size);
bool svms_update_is_chunk_size(uint64_t size);

static inline uint64_t svms_update_chunk_count(uint64_t size, uint32_t chunk_size)
{
    return size / chunk_size + (size % chunk_size != 0);
}

#endif
