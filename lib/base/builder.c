/* SPDX-License-Identifier: Apache-2.0 */
#include "builder.h"

#include <string.h>

#include "failure.h"

#define FIRST_CAPACITY 256

svms_builder svms_builder_new(svms_ctx *ctx, size_t maximum)
{
    svms_builder builder = { ctx, NULL, 0, 0, maximum, SVMS_OK };
    return builder;
}

void svms_builder_clear(svms_builder *builder)
{
    if (!builder) {
        return;
    }
    svms_release_secret(builder->ctx, builder->data, builder->capacity);
    *builder = svms_builder_new(builder->ctx, builder->maximum);
}

void svms_builder_reset(svms_builder *builder)
{
    builder->size = 0;
    builder->status = SVMS_OK;
}

svms_status svms_builder_check(const svms_builder *builder, const char *what, svms_error *err)
{
    switch (builder->status) {
    case SVMS_OK:
        return SVMS_OK;
    case SVMS_E_NO_MEMORY:
        return svms_fail_memory(err);
    case SVMS_E_LIMIT:
        return svms_fail(err, SVMS_E_LIMIT, "%s exceeds its maximum of %zu bytes", what,
                         builder->maximum);
    default:
        return svms_fail(err, builder->status, "%s was built wrongly", what);
    }
}

static bool enlarge(svms_builder *builder, size_t needed)
{
    size_t capacity = builder->capacity ? builder->capacity : FIRST_CAPACITY;
    while (capacity < needed) {
        capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
    }
    if (capacity > builder->maximum) {
        capacity = builder->maximum;
    }
    uint8_t *grown = svms_grow(builder->ctx, builder->data, builder->capacity, capacity);
    if (!grown) {
        builder->status = SVMS_E_NO_MEMORY;
        return false;
    }
    builder->data = grown;
    builder->capacity = capacity;
    return true;
}

/* Room for size more bytes, already counted in; NULL once the builder has failed. */
static uint8_t *extend(svms_builder *builder, size_t size)
{
    if (builder->status != SVMS_OK) {
        return NULL;
    }
    if (size > builder->maximum - builder->size) {
        builder->status = SVMS_E_LIMIT;
        return NULL;
    }
    size_t needed = builder->size + size;
    if (needed > builder->capacity && !enlarge(builder, needed)) {
        return NULL;
    }
    uint8_t *place = builder->data + builder->size;
    builder->size = needed;
    return place;
}

void svms_store_u16(uint8_t *out, uint16_t value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
}

void svms_store_u32(uint8_t *out, uint32_t value)
{
    out[0] = (uint8_t)(value >> 24);
    out[1] = (uint8_t)(value >> 16);
    out[2] = (uint8_t)(value >> 8);
    out[3] = (uint8_t)value;
}

void svms_store_u64(uint8_t *out, uint64_t value)
{
    svms_store_u32(out, (uint32_t)(value >> 32));
    svms_store_u32(out + 4, (uint32_t)value);
}

void svms_put_u8(svms_builder *builder, uint8_t value)
{
    uint8_t *place = extend(builder, 1);
    if (place) {
        *place = value;
    }
}

void svms_put_u16(svms_builder *builder, uint16_t value)
{
    uint8_t *place = extend(builder, 2);
    if (place) {
        svms_store_u16(place, value);
    }
}

void svms_put_u32(svms_builder *builder, uint32_t value)
{
    uint8_t *place = extend(builder, 4);
    if (place) {
        svms_store_u32(place, value);
    }
}

void svms_put_u64(svms_builder *builder, uint64_t value)
{
    uint8_t *place = extend(builder, 8);
    if (place) {
        svms_store_u64(place, value);
    }
}

void svms_put_i32(svms_builder *builder, int32_t value)
{
    svms_put_u32(builder, (uint32_t)value);
}

void svms_put_i64(svms_builder *builder, int64_t value)
{
    svms_put_u64(builder, (uint64_t)value);
}

void svms_put_bytes(svms_builder *builder, const void *data, size_t size)
{
    if (size == 0) {
        return;
    }
    uint8_t *place = extend(builder, size);
    if (place) {
        memcpy(place, data, size);
    }
}

void svms_put_zeros(svms_builder *builder, size_t size)
{
    if (size == 0) {
        return;
    }
    uint8_t *place = extend(builder, size);
    if (place) {
        memset(place, 0, size);
    }
}

void svms_patch_u32(svms_builder *builder, size_t position, uint32_t value)
{
    if (builder->status != SVMS_OK) {
        return;
    }
    if (builder->size < 4 || position > builder->size - 4) {
        builder->status = SVMS_E_INTERNAL;
        return;
    }
    svms_store_u32(builder->data + position, value);
}

svms_status svms_builder_hand_out(const svms_builder *builder, const char *what, char *out,
                                  size_t *size, svms_error *err)
{
    svms_status status = svms_builder_check(builder, what, err);
    if (status != SVMS_OK) {
        return status;
    }
    if (builder->size >= *size) {
        *size = builder->size + 1;
        return svms_fail(err, SVMS_E_LIMIT, "%s needs a buffer of %zu bytes", what, *size);
    }
    if (builder->size > 0) {
        memcpy(out, builder->data, builder->size);
    }
    out[builder->size] = '\0';
    *size = builder->size;
    return SVMS_OK;
}
