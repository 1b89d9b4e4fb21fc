/* SPDX-License-Identifier: Apache-2.0 */
/* zlib does not say how much it gives back: that stands in front. */
#include "zlib_memory.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FRONT alignof(max_align_t)

static voidpf allocate(voidpf ctx, uInt items, uInt size)
{
    size_t bytes = (size_t)items * size;
    if (size != 0 && bytes / size != items) {
        return NULL;
    }
    uint8_t *block = bytes > SIZE_MAX - FRONT ? NULL : svms_alloc(ctx, bytes + FRONT);
    if (!block) {
        return NULL;
    }
    memcpy(block, &bytes, sizeof bytes);
    return block + FRONT;
}

static void release(voidpf ctx, voidpf memory)
{
    uint8_t *block = (uint8_t *)memory - FRONT;
    size_t bytes = 0;
    memcpy(&bytes, block, sizeof bytes);
    svms_release_secret(ctx, block, bytes + FRONT);
}

z_stream svms_zlib_stream(svms_ctx *ctx)
{
    z_stream stream = { .zalloc = allocate, .zfree = release, .opaque = ctx };
    return stream;
}
