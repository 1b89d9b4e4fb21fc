/* SPDX-License-Identifier: Apache-2.0 */
/* The writing twin of the cursor: appends big-endian fields to a growable buffer with a
 * maximum. An append that fails sets `status` (sticky) and appends nothing more. */
#ifndef SVMS_BUILDER_H
#define SVMS_BUILDER_H

#include "context_internal.h"

typedef struct svms_builder {
    svms_ctx *ctx;
    uint8_t *data;
    size_t size;
    size_t capacity;
    size_t maximum;
    svms_status status; /* SVMS_OK, SVMS_E_NO_MEMORY, SVMS_E_LIMIT; SVMS_E_INTERNAL: a bad patch */
} svms_builder;

/* Nothing is allocated before the first append. */
svms_builder svms_builder_new(svms_ctx *ctx, size_t maximum);
/* Wipes and releases. */
void svms_builder_clear(svms_builder *builder);
/* Forgets the content, keeps the memory and clears status. */
void svms_builder_reset(svms_builder *builder);
/* status, with err filled from it. */
SVMS_MUST_CHECK svms_status svms_builder_check(const svms_builder *builder, const char *what,
                                               svms_error *err);

/* Copies what was built, and NUL, to a caller's buffer. *size is its capacity; it receives the
 * length without NUL, or, with SVMS_E_LIMIT, the capacity needed. what: "the token". */
SVMS_MUST_CHECK svms_status svms_builder_hand_out(const svms_builder *builder, const char *what,
                                                  char *out, size_t *size, svms_error *err);

void svms_put_u8(svms_builder *builder, uint8_t value);
void svms_put_u16(svms_builder *builder, uint16_t value);
void svms_put_u32(svms_builder *builder, uint32_t value);
void svms_put_u64(svms_builder *builder, uint64_t value);
void svms_put_i32(svms_builder *builder, int32_t value);
void svms_put_i64(svms_builder *builder, int64_t value);
void svms_put_bytes(svms_builder *builder, const void *data, size_t size);
void svms_put_zeros(svms_builder *builder, size_t size);
/* Overwrites a u32 appended earlier. */
void svms_patch_u32(svms_builder *builder, size_t position, uint32_t value);

/* Fixed-place stores, for headers on the stack. */
void svms_store_u16(uint8_t *out, uint16_t value);
void svms_store_u32(uint8_t *out, uint32_t value);
void svms_store_u64(uint8_t *out, uint64_t value);

#endif
