/* SPDX-License-Identifier: Apache-2.0 */
#include "camera_items.h"

#include <string.h>

#include "failure.h"

/* A camera says early which hash it is; who begins so late is taken to use SHA-256. */
#define UNKNOWN_MAX 4096
#define FIRST_CAPACITY 256

static size_t size_of_all(void)
{
    size_t size = 0;
    for (unsigned i = 0; i < SVMS_CAMERA_HASHES; i++) {
        size += svms_camera_hash_size((svms_camera_hash)i);
    }
    return size;
}

/* Where the digest of an algorithm stands among those of all. */
static size_t offset_of(svms_camera_hash hash)
{
    size_t offset = 0;
    for (unsigned i = 0; i < (unsigned)hash; i++) {
        offset += svms_camera_hash_size((svms_camera_hash)i);
    }
    return offset;
}

void svms_camera_items_init(svms_camera_items *items, svms_ctx *ctx, svms_camera_hasher *hasher)
{
    *items = (svms_camera_items){ .ctx = ctx, .hasher = hasher, .hash = SVMS_CAMERA_HASHES };
    items->digest_size = size_of_all();
}

void svms_camera_items_clear(svms_camera_items *items)
{
    if (items->ctx) {
        svms_release(items->ctx, items->items);
        svms_release(items->ctx, items->digests);
    }
    *items = (svms_camera_items){ 0 };
}

static uint8_t *digest_at(const svms_camera_items *items, uint64_t seq)
{
    return items->digests + (seq & (items->capacity - 1)) * items->digest_size;
}

static svms_status grow(svms_camera_items *items, svms_error *err)
{
    size_t capacity = items->capacity ? items->capacity * 2 : FIRST_CAPACITY;
    svms_camera_items grown = *items;
    grown.capacity = capacity;
    grown.items = svms_alloc_array(items->ctx, capacity, sizeof *grown.items);
    grown.digests = svms_alloc_array(items->ctx, capacity, items->digest_size);
    if (!grown.items || !grown.digests) {
        svms_release(items->ctx, grown.items);
        svms_release(items->ctx, grown.digests);
        return svms_fail_memory(err);
    }
    for (uint64_t seq = items->base; seq < items->end; seq++) {
        *svms_camera_item_at(&grown, seq) = *svms_camera_item_at(items, seq);
        memcpy(digest_at(&grown, seq), digest_at(items, seq), items->digest_size);
    }
    svms_release(items->ctx, items->items);
    svms_release(items->ctx, items->digests);
    *items = grown;
    return SVMS_OK;
}

static bool hash_into(svms_camera_items *items, const void *data, size_t size, uint8_t *out)
{
    if (items->hash != SVMS_CAMERA_HASHES) {
        return svms_camera_hash_once(items->hasher, items->hash, data, size, out);
    }
    bool is_done = true;
    for (unsigned i = 0; i < SVMS_CAMERA_HASHES && is_done; i++) {
        svms_camera_hash hash = (svms_camera_hash)i;
        is_done = svms_camera_hash_once(items->hasher, hash, data, size, out + offset_of(hash));
    }
    return is_done;
}

svms_status svms_camera_items_push(svms_camera_items *items, const svms_camera_item *item,
                                   const void *data, size_t size, svms_error *err)
{
    if (items->hash == SVMS_CAMERA_HASHES && items->end >= UNKNOWN_MAX) {
        svms_camera_items_use(items, SVMS_CAMERA_SHA256);
    }
    if (items->end - items->base == items->capacity) {
        svms_status status = grow(items, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    uint8_t *digest = digest_at(items, items->end);
    if (item->kind == SVMS_CAMERA_ITEM_BROKEN) {
        memset(digest, 0, items->digest_size);
    } else if (!hash_into(items, data, size, digest)) {
        return svms_fail_crypto(err, "cannot hash a NAL unit");
    }
    *svms_camera_item_at(items, items->end) = *item;
    items->end++;
    return SVMS_OK;
}

void svms_camera_items_drop(svms_camera_items *items, uint64_t seq)
{
    for (; items->base < seq; items->base++) {
        if (svms_camera_item_at(items, items->base)->kind == SVMS_CAMERA_ITEM_ANCHOR) {
            memcpy(items->anchor_before, digest_at(items, items->base), items->digest_size);
            items->has_anchor_before = true;
        }
    }
}

/* Keeps of all three digests the one that is needed; the places only come nearer. */
static void keep_only(svms_camera_items *items, svms_camera_hash hash)
{
    size_t all = items->digest_size;
    size_t size = svms_camera_hash_size(hash);
    size_t offset = offset_of(hash);
    for (size_t i = 0; i < items->capacity; i++) {
        memmove(items->digests + i * size, items->digests + i * all + offset, size);
    }
    memmove(items->anchor_before, items->anchor_before + offset, size);
    items->digest_size = size;
    items->hash = hash;
}

void svms_camera_items_use(svms_camera_items *items, svms_camera_hash hash)
{
    if (items->hash == hash || hash == SVMS_CAMERA_HASHES) {
        return;
    }
    if (items->hash == SVMS_CAMERA_HASHES) {
        keep_only(items, hash);
        return;
    }
    /* Digests of another size: the ring is made anew by the next push. */
    svms_release(items->ctx, items->items);
    svms_release(items->ctx, items->digests);
    items->items = NULL;
    items->digests = NULL;
    items->capacity = 0;
    items->base = items->end;
    items->has_anchor_before = false;
    items->hash = hash;
    items->digest_size = svms_camera_hash_size(hash);
}

uint64_t svms_camera_items_next_anchor(const svms_camera_items *items, uint64_t seq, uint64_t end)
{
    while (seq < end && svms_camera_item_at(items, seq)->kind != SVMS_CAMERA_ITEM_ANCHOR) {
        seq++;
    }
    return seq;
}

const uint8_t *svms_camera_items_anchor_of(const svms_camera_items *items, uint64_t seq)
{
    while (seq > items->base) {
        seq--;
        if (svms_camera_item_at(items, seq)->kind == SVMS_CAMERA_ITEM_ANCHOR) {
            return svms_camera_item_hash(items, seq);
        }
    }
    return items->has_anchor_before ? items->anchor_before : NULL;
}

svms_status svms_camera_items_link(const svms_camera_items *items, uint64_t begin, size_t count,
                                   const uint8_t *anchor, bool is_only, uint8_t *out,
                                   bool *is_whole, svms_error *err)
{
    *is_whole = true;
    for (size_t i = 0; i < count; i++, out += items->digest_size) {
        const uint8_t *one = svms_camera_item_hash(items, begin + i);
        uint8_t kind = svms_camera_item_at(items, begin + i)->kind;
        if (kind == SVMS_CAMERA_ITEM_ANCHOR && !is_only) {
            anchor = one;
        }
        if (kind == SVMS_CAMERA_ITEM_BROKEN || (kind == SVMS_CAMERA_ITEM_SLICE && !anchor)) {
            memset(out, 0, items->digest_size);
            *is_whole = false;
        } else if (kind != SVMS_CAMERA_ITEM_SLICE) {
            memcpy(out, one, items->digest_size);
        } else if (!svms_camera_hash_link(items->hasher, items->hash, anchor, one, out)) {
            return svms_fail_crypto(err, "cannot link a hash");
        }
    }
    return SVMS_OK;
}
