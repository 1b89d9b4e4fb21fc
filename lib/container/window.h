/* SPDX-License-Identifier: Apache-2.0 */
/* Sequential access to a source through one buffer, or in place where the source has a view. */
#ifndef SVMS_WINDOW_H
#define SVMS_WINDOW_H

#include "context_internal.h"

#include <svms/io.h>

#define SVMS_WINDOW_SIZE 131072u
/* Most bytes that are kept. */
#define SVMS_WINDOW_KEPT 4194304u

typedef struct svms_window {
    svms_ctx *ctx;
    svms_source source;
    uint8_t *buffer; /* made when first needed */
    uint64_t start;
    size_t filled;
    uint64_t size; /* of the source, when last asked */
    /* A run that is read once, as far as it is asked for. */
    uint8_t *kept;
    size_t kept_room;
    uint64_t kept_from;
    size_t kept_size;
    size_t kept_filled;
} svms_window;

void svms_window_init(svms_window *window, svms_ctx *ctx, const svms_source *source);
void svms_window_clear(svms_window *window);
/* Asks the source for its size; what was buffered near a former end is forgotten. */
SVMS_MUST_CHECK svms_status svms_window_refresh(svms_window *window, svms_error *err);
/* From now on the first SVMS_WINDOW_KEPT bytes of [offset, offset + size) are read once and then
 * served from memory, until this is called again: what was seen there stays what it was. */
SVMS_MUST_CHECK svms_status svms_window_keep(svms_window *window, uint64_t offset, uint64_t size,
                                             svms_error *err);
/* The same for a run of unknown length that begins at offset, of which at most `most` bytes are
 * kept; what of it was kept already is not read again. */
SVMS_MUST_CHECK svms_status svms_window_follow(svms_window *window, uint64_t offset, size_t most,
                                               svms_error *err);
/* Whether all of [offset, offset + size) is served from there. */
bool svms_window_keeps(const svms_window *window, uint64_t offset, uint64_t size);
/* Whether a run that was kept from its first byte, or lies in a view, still is what was seen of it:
 * nothing that happens to the source changes it. */
bool svms_window_is_steady(const svms_window *window, uint64_t offset, uint64_t size);
/* *got bytes at offset, at most size and SVMS_WINDOW_SIZE; fewer only at the end. Valid until the
 * next call. */
SVMS_MUST_CHECK svms_status svms_window_peek(svms_window *window, uint64_t offset, size_t size,
                                             const uint8_t **out, size_t *got, svms_error *err);
/* Exactly size bytes, at most SVMS_WINDOW_SIZE; SVMS_E_TRUNCATED otherwise. */
SVMS_MUST_CHECK svms_status svms_window_get(svms_window *window, uint64_t offset, size_t size,
                                            const uint8_t **out, svms_error *err);
/* The largest piece of [offset, offset + size) that is at hand at once: all of it with a view. */
SVMS_MUST_CHECK svms_status svms_window_piece(svms_window *window, uint64_t offset, uint64_t size,
                                              const uint8_t **out, size_t *got, svms_error *err);
/* Copies size bytes without moving the window. */
SVMS_MUST_CHECK svms_status svms_window_copy(svms_window *window, uint64_t offset, size_t size,
                                             uint8_t *out, svms_error *err);

#endif
