/* SPDX-License-Identifier: Apache-2.0 */
#include "window.h"

#include <string.h>

#include "failure.h"
#include "stream.h"

/* With a view the caller works through a large record in steps that stay in the cache anyway. */
#define VIEW_PIECE (UINT64_C(1) << 26)

void svms_window_init(svms_window *window, svms_ctx *ctx, const svms_source *source)
{
    window->ctx = ctx;
    window->source = *source;
    window->buffer = NULL;
    window->start = 0;
    window->filled = 0;
    window->size = 0;
}

void svms_window_clear(svms_window *window)
{
    svms_release(window->ctx, window->buffer);
    window->buffer = NULL;
    window->filled = 0;
}

svms_status svms_window_refresh(svms_window *window, svms_error *err)
{
    uint64_t before = window->size;
    svms_status status = svms_source_size(&window->source, &window->size, err);
    if (status == SVMS_OK && window->size != before) {
        window->filled = 0;
    }
    return status;
}

static bool holds(const svms_window *window, uint64_t offset, size_t size)
{
    return offset >= window->start && offset - window->start <= window->filled &&
           window->filled - (offset - window->start) >= size;
}

static svms_status fill(svms_window *window, uint64_t offset, svms_error *err)
{
    uint64_t left = window->size - offset;
    size_t size = left < SVMS_WINDOW_SIZE ? (size_t)left : SVMS_WINDOW_SIZE;
    size_t got = 0;
    if (window->buffer == NULL) {
        window->buffer = svms_alloc(window->ctx, SVMS_WINDOW_SIZE);
        if (window->buffer == NULL) {
            return svms_fail_memory(err);
        }
    }
    window->filled = 0;
    svms_status status =
        svms_source_read_some(&window->source, offset, window->buffer, size, &got, err);
    if (status == SVMS_OK) {
        window->start = offset;
        window->filled = got;
    }
    return status;
}

svms_status svms_window_peek(svms_window *window, uint64_t offset, size_t size, const uint8_t **out,
                             size_t *got, svms_error *err)
{
    static const uint8_t nothing = 0;
    *out = &nothing;
    *got = 0;
    if (offset >= window->size) {
        return SVMS_OK;
    }
    uint64_t left = window->size - offset;
    size_t wanted = size < left ? size : (size_t)left;
    if (wanted > SVMS_WINDOW_SIZE) {
        wanted = SVMS_WINDOW_SIZE;
    }
    if (window->source.view != NULL) {
        const uint8_t *view = window->source.view(window->source.user, offset, wanted);
        if (view != NULL) {
            *out = view;
            *got = wanted;
            return SVMS_OK;
        }
    }
    if (!holds(window, offset, wanted)) {
        svms_status status = fill(window, offset, err);
        if (status != SVMS_OK) {
            return status;
        }
    }
    size_t at = (size_t)(offset - window->start);
    *out = window->buffer + at;
    *got = window->filled - at < wanted ? window->filled - at : wanted;
    return SVMS_OK;
}

svms_status svms_window_get(svms_window *window, uint64_t offset, size_t size, const uint8_t **out,
                            svms_error *err)
{
    size_t got = 0;
    svms_status status = svms_window_peek(window, offset, size, out, &got, err);
    if (status == SVMS_OK && got < size) {
        return svms_fail_at(err, SVMS_E_TRUNCATED, offset + got, "the file ends here");
    }
    return status;
}

svms_status svms_window_piece(svms_window *window, uint64_t offset, uint64_t size,
                              const uint8_t **out, size_t *got, svms_error *err)
{
    if (offset > window->size || window->size - offset < size) {
        return svms_fail_at(err, SVMS_E_TRUNCATED, window->size, "the file ends here");
    }
    if (window->source.view != NULL) {
        size_t piece = size < VIEW_PIECE ? (size_t)size : (size_t)VIEW_PIECE;
        const uint8_t *view = window->source.view(window->source.user, offset, piece);
        if (view != NULL) {
            *out = view;
            *got = piece;
            return SVMS_OK;
        }
    }
    size_t piece = size < SVMS_WINDOW_SIZE ? (size_t)size : SVMS_WINDOW_SIZE;
    size_t at_hand =
        holds(window, offset, 1) ? window->filled - (size_t)(offset - window->start) : 0;
    if (at_hand != 0 && at_hand < piece) {
        piece = at_hand;
    }
    svms_status status = svms_window_peek(window, offset, piece, out, got, err);
    if (status == SVMS_OK && *got == 0) {
        return svms_fail_at(err, SVMS_E_TRUNCATED, offset, "the file ends here");
    }
    return status;
}

svms_status svms_window_copy(svms_window *window, uint64_t offset, size_t size, uint8_t *out,
                             svms_error *err)
{
    const uint8_t *bytes = NULL;
    if (window->source.view == NULL && !holds(window, offset, size)) {
        return svms_source_read(&window->source, offset, out, size, err);
    }
    svms_status status = svms_window_get(window, offset, size, &bytes, err);
    if (status == SVMS_OK) {
        memcpy(out, bytes, size);
    }
    return status;
}
