/* SPDX-License-Identifier: Apache-2.0 */
#include "server_queue.h"

#include <string.h>

enum { FIRST_CAPACITY = 4096, KEPT_CAPACITY = 65536 };

svms_server_queue svms_server_queue_new(svms_ctx *ctx)
{
    return (svms_server_queue){ .ctx = ctx };
}

void svms_server_queue_clear(svms_server_queue *queue)
{
    svms_release_secret(queue->ctx, queue->data, queue->capacity);
    *queue = svms_server_queue_new(queue->ctx);
}

static bool grow(svms_server_queue *queue, size_t needed)
{
    size_t capacity = queue->capacity > 0 ? queue->capacity : FIRST_CAPACITY;
    while (capacity < needed) {
        capacity *= 2;
    }
    uint8_t *grown = svms_alloc(queue->ctx, capacity);
    if (!grown) {
        return false;
    }
    if (queue->size > 0) {
        memcpy(grown, queue->data + queue->start, queue->size);
    }
    svms_release_secret(queue->ctx, queue->data, queue->capacity);
    queue->data = grown;
    queue->capacity = capacity;
    queue->start = 0;
    return true;
}

/* Room for size bytes behind those that wait. */
static bool make_room(svms_server_queue *queue, size_t size)
{
    size_t needed = queue->size + size;
    if (queue->start + needed <= queue->capacity) {
        return true;
    }
    /* Moving pays when at least as much is free in front as has to be moved. */
    if (needed <= queue->capacity && queue->start >= queue->size) {
        memmove(queue->data, queue->data + queue->start, queue->size);
        queue->start = 0;
        return true;
    }
    return grow(queue, needed);
}

svms_status svms_server_queue_put(svms_server_queue *queue, size_t most, const svms_iovec *runs,
                                  size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size += runs[i].size;
    }
    if (size > most || queue->size > most - size) {
        return SVMS_AGAIN;
    }
    if (!make_room(queue, size)) {
        return SVMS_E_NO_MEMORY;
    }
    uint8_t *end = queue->data + queue->start + queue->size;
    for (size_t i = 0; i < count; i++) {
        if (runs[i].size > 0) {
            memcpy(end, runs[i].data, runs[i].size);
            end += runs[i].size;
        }
    }
    queue->size += size;
    return SVMS_OK;
}

void svms_server_queue_drop(svms_server_queue *queue, size_t size)
{
    size_t gone = size < queue->size ? size : queue->size;
    queue->size -= gone;
    queue->start += gone;
    if (queue->size > 0) {
        return;
    }
    queue->start = 0;
    /* What one slow moment needed is not kept for the life of the connection. */
    if (queue->capacity > KEPT_CAPACITY) {
        svms_server_queue_clear(queue);
    }
}
