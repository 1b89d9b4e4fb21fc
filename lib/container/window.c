/* SPDX-License-Identifier: Apache-2.0 */
#include "window.h"

#include <string.h>

#include "failure.h"
#include "stream.h"

/* With a view the caller works through a large record in steps that stay in the cache anyway. */
#define VIEW_PIECE (UINT64_C(1) << 26)
/* Segments differ in size: memory for one of them mostly does for the next. */
#define KEPT_STEP 262144u

void svms_window_init(svms_window *window, svms_ctx *ctx, const svms_source *source)
{
    window->ctx = ctx;
    window->source = *source;
    window->buffer = NULL;
    window->start = 0;
    window->filled = 0;
    window->size = 0;
    window->kept = NULL;
    window->kept_room = 0;
    window->kept_from = 0;
    window->kept_size = 0;
    window->kept_filled = 0;
}

static void release_kept(svms_window *window)
{
    if (window->kept != NULL) {
        svms_release_secret(window->ctx, window->kept, window->kept_room);
    }
    window->kept = NULL;
    window->kept_room = 0;
    window->kept_size = 0;
    window->kept_filled = 0;
}

void svms_window_clear(svms_window *window)
{
    release_kept(window);
    /* What it was read from may be sealed media that somebody opened. */
    svms_release_secret(window->ctx, window->buffer, SVMS_WINDOW_SIZE);
    window->buffer = NULL;
    window->filled = 0;
}

svms_status svms_window_refresh(svms_window *window, svms_error *err)
{
    uint64_t before = window->size;
    svms_status status = svms_source_size(&window->source, &window->size, err);
    if (status == SVMS_OK && window->size != before) {
        window->filled = 0;
        window->kept_size = 0;
    }
    return status;
}

static svms_status make_room(svms_window *window, size_t wanted, svms_error *err)
{
    if (window->kept_room < wanted) {
        size_t room = (wanted + KEPT_STEP - 1) / KEPT_STEP * KEPT_STEP;
        release_kept(window);
        window->kept = svms_alloc(window->ctx, room);
        if (window->kept == NULL) {
            return svms_fail_memory(err);
        }
        window->kept_room = room;
    }
    return SVMS_OK;
}

svms_status svms_window_keep(svms_window *window, uint64_t offset, uint64_t size, svms_error *err)
{
    size_t wanted = size < SVMS_WINDOW_KEPT ? (size_t)size : SVMS_WINDOW_KEPT;
    svms_status status = make_room(window, wanted, err);
    if (status == SVMS_OK) {
        window->kept_from = offset;
        window->kept_size = wanted;
        window->kept_filled = 0;
    }
    return status;
}

svms_status svms_window_follow(svms_window *window, uint64_t offset, size_t most, svms_error *err)
{
    uint64_t left = offset < window->size ? window->size - offset : 0;
    size_t wanted = left < most ? (size_t)left : most;
    size_t again = 0;
    svms_status status = make_room(window, wanted, err);
    if (status != SVMS_OK) {
        return status;
    }
    uint64_t within = offset - window->kept_from;
    if (offset >= window->kept_from && within < window->kept_filled) {
        again = window->kept_filled - (size_t)within;
        memmove(window->kept, window->kept + within, again);
    }
    window->kept_from = offset;
    window->kept_size = wanted;
    window->kept_filled = again < wanted ? again : wanted;
    return SVMS_OK;
}

bool svms_window_keeps(const svms_window *window, uint64_t offset, uint64_t size)
{
    uint64_t within = offset - window->kept_from;
    return offset >= window->kept_from && within < window->kept_size &&
           size <= window->kept_size - within;
}

bool svms_window_is_steady(const svms_window *window, uint64_t offset, uint64_t size)
{
    if (offset == window->kept_from && svms_window_keeps(window, offset, size)) {
        return true;
    }
    return window->source.view != NULL && size <= SIZE_MAX &&
           window->source.view(window->source.user, offset, (size_t)size) != NULL;
}

/* *got is less than size only where the source ends earlier than it said. */
static svms_status read_kept(svms_window *window, uint64_t offset, size_t size, const uint8_t **out,
                             size_t *got, svms_error *err)
{
    size_t at = (size_t)(offset - window->kept_from);
    while (window->kept_filled < at + size) {
        size_t left = window->kept_size - window->kept_filled;
        size_t step = left < SVMS_WINDOW_SIZE ? left : SVMS_WINDOW_SIZE;
        size_t read = 0;
        svms_status status =
            svms_source_read_some(&window->source, window->kept_from + window->kept_filled,
                                  window->kept + window->kept_filled, step, &read, err);
        if (status != SVMS_OK) {
            return status;
        }
        if (read == 0) {
            break;
        }
        window->kept_filled += read;
    }
    size_t there = window->kept_filled > at ? window->kept_filled - at : 0;
    *out = window->kept + at;
    *got = size < there ? size : there;
    return SVMS_OK;
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
    if (svms_window_keeps(window, offset, wanted)) {
        return read_kept(window, offset, wanted, out, got, err);
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
    if (svms_window_keeps(window, offset, 1)) {
        uint64_t left = window->kept_size - (offset - window->kept_from);
        uint64_t most = size < SVMS_WINDOW_SIZE ? size : SVMS_WINDOW_SIZE;
        svms_status kept =
            read_kept(window, offset, (size_t)(most < left ? most : left), out, got, err);
        return kept == SVMS_OK && *got == 0
                   ? svms_fail_at(err, SVMS_E_TRUNCATED, offset, "the file ends here")
                   : kept;
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
    bool kept = svms_window_keeps(window, offset, size);
    bool at_hand = holds(window, offset, size) || kept;
    size_t got = size;
    if (!at_hand && window->source.view != NULL && size != 0 && offset <= window->size &&
        size <= window->size - offset) {
        bytes = window->source.view(window->source.user, offset, size);
    }
    if (bytes == NULL && !at_hand) {
        return svms_source_read(&window->source, offset, out, size, err);
    }
    svms_status status = SVMS_OK;
    if (kept) {
        status = read_kept(window, offset, size, &bytes, &got, err);
    } else if (bytes == NULL) {
        status = svms_window_get(window, offset, size, &bytes, err);
    }
    if (status == SVMS_OK && got < size) {
        return svms_fail_at(err, SVMS_E_TRUNCATED, offset + got, "the file ends here");
    }
    if (status == SVMS_OK) {
        memcpy(out, bytes, size);
    }
    return status;
}
