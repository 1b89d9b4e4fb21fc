/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that wait to be sent. */
#ifndef SVMS_RTSP_SERVER_QUEUE_H
#define SVMS_RTSP_SERVER_QUEUE_H

#include "context_internal.h"

#include <svms/io.h>

typedef struct svms_server_queue {
    svms_ctx *ctx;
    uint8_t *data;
    size_t start;
    size_t size;
    size_t capacity;
} svms_server_queue;

svms_server_queue svms_server_queue_new(svms_ctx *ctx);
/* Wipes and releases. */
void svms_server_queue_clear(svms_server_queue *queue);
/* All runs or none: AGAIN when there would be more than most bytes then, NO_MEMORY. */
SVMS_MUST_CHECK svms_status svms_server_queue_put(svms_server_queue *queue, size_t most,
                                                  const svms_iovec *runs, size_t count);
void svms_server_queue_drop(svms_server_queue *queue, size_t size);

#endif
