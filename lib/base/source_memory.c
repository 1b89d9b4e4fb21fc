/* SPDX-License-Identifier: Apache-2.0 */
#include <svms/io.h>

#include <string.h>

#include "context_internal.h"
#include "failure.h"

typedef struct memory_source {
    svms_ctx *ctx;
    const uint8_t *data;
    size_t size;
} memory_source;

static svms_status memory_read_at(void *user, uint64_t offset, void *out, size_t size, size_t *got,
                                  int *os_error)
{
    const memory_source *memory = user;
    *os_error = 0;
    *got = 0;
    if (offset >= memory->size) {
        return SVMS_OK;
    }
    size_t left = memory->size - (size_t)offset;
    *got = size < left ? size : left;
    if (*got > 0) {
        memcpy(out, memory->data + offset, *got);
    }
    return SVMS_OK;
}

static svms_status memory_get_size(void *user, uint64_t *size, int *os_error)
{
    const memory_source *memory = user;
    *os_error = 0;
    *size = memory->size;
    return SVMS_OK;
}

static const uint8_t *memory_view(void *user, uint64_t offset, size_t size)
{
    const memory_source *memory = user;
    if (offset > memory->size || size > memory->size - offset) {
        return NULL;
    }
    return memory->data ? memory->data + offset : NULL;
}

static void memory_close(void *user)
{
    memory_source *memory = user;
    svms_release(memory->ctx, memory);
}

svms_status svms_source_from_memory(svms_source *out, svms_ctx *ctx, const void *data, size_t size,
                                    svms_error *err)
{
    if (!out || !ctx || (!data && size > 0)) {
        return svms_fail(err, SVMS_E_USAGE, "an argument is NULL");
    }
    memory_source *memory = svms_alloc(ctx, sizeof *memory);
    if (!memory) {
        return svms_fail_memory(err);
    }
    memory->ctx = ctx;
    memory->data = data;
    memory->size = size;
    svms_source made = SVMS_SOURCE_INIT;
    made.user = memory;
    made.read_at = memory_read_at;
    made.get_size = memory_get_size;
    made.view = memory_view;
    made.close = memory_close;
    *out = made;
    return SVMS_OK;
}
