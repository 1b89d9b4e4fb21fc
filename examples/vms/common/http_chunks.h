/* SPDX-License-Identifier: Apache-2.0 */
/* A body in chunks (RFC 9112 section 7.1), piece by piece as it arrives, and strict: no extensions,
 * no trailers, sizes without leading zeros. No I/O. */
#ifndef VMS_HTTP_CHUNKS_H
#define VMS_HTTP_CHUNKS_H

#include <stddef.h>
#include <stdint.h>

#include "http_message.h"

typedef enum http_chunks_place {
    HTTP_CHUNKS_SIZE, /* before or in the line with a size */
    HTTP_CHUNKS_DATA,
    HTTP_CHUNKS_DATA_END, /* before the CR LF behind the data */
    HTTP_CHUNKS_LAST,     /* before the CR LF behind the last chunk */
    HTTP_CHUNKS_DONE,
    HTTP_CHUNKS_BAD
} http_chunks_place;

/* All zeros at first. */
typedef struct http_chunks {
    http_chunks_place place;
    uint64_t left; /* of the chunk's data */
} http_chunks;

/* Takes one step: says how many bytes it used, and which of them are data. 0: it needs more, or it
 * is done or bad, as its place says. */
size_t http_chunks_take(http_chunks *self, const char *bytes, size_t size, http_slice *data);

#endif
