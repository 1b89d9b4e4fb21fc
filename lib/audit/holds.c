/* SPDX-License-Identifier: Apache-2.0 */
#include "holds.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <svms/time.h>

#include "cursor.h"
#include "failure.h"
#include "log_internal.h"

static bool is_sign(char sign)
{
    return (sign >= 'A' && sign <= 'Z') || (sign >= 'a' && sign <= 'z') ||
           (sign >= '0' && sign <= '9') || sign == '.' || sign == '-' || sign == '_';
}

bool svms_hold_is_name(const char *name)
{
    size_t size = strlen(name);
    if (size == 0 || size > SVMS_HOLD_NAME_MAX) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if (!is_sign(name[i])) {
            return false;
        }
    }
    return true;
}

bool svms_hold_is_same(const svms_hold *a, const svms_hold *b)
{
    return strcmp(a->name, b->name) == 0 && a->first == b->first && a->last == b->last &&
           a->until_utc_ns == b->until_utc_ns;
}

void svms_put_hold(svms_builder *out, const svms_hold *hold)
{
    char until[SVMS_TIME_TEXT_SIZE] = "-";
    char line[SVMS_HOLD_LINE_MAX];
    if (hold->until_utc_ns != SVMS_NO_TIME) {
        svms_time_format(hold->until_utc_ns, until);
    }
    int size = snprintf(line, sizeof line, "%s %" PRIu64 " %" PRIu64 " %s\n", hold->name,
                        hold->first, hold->last, until);
    svms_put_bytes(out, line, (size_t)size);
}

/* Up to the sign that ends a word, which is consumed. */
static bool read_word(svms_cursor *cursor, char end, char *out, size_t capacity)
{
    size_t size = 0;
    for (;;) {
        char next = (char)svms_read_u8(cursor);
        if (cursor->failed) {
            return false;
        }
        if (next == end) {
            out[size] = '\0';
            return size > 0;
        }
        if (next <= ' ' || next > '~' || size + 1 == capacity) {
            return false;
        }
        out[size++] = next;
    }
}

static bool read_number(svms_cursor *cursor, uint64_t *out)
{
    char word[24];
    if (!read_word(cursor, ' ', word, sizeof word - 1)) {
        return false;
    }
    size_t size = strlen(word);
    word[size] = '\n';
    svms_cursor digits = svms_cursor_over(word, size + 1, 0);
    return svms_read_decimal_line(&digits, out) && svms_cursor_at_end(&digits);
}

/* What would be written in other words is no line, so that the file has one spelling. */
static bool read_line(svms_cursor *cursor, svms_hold *out)
{
    char until[SVMS_TIME_TEXT_SIZE];
    char again[SVMS_TIME_TEXT_SIZE];
    if (!read_word(cursor, ' ', out->name, sizeof out->name) || !svms_hold_is_name(out->name) ||
        !read_number(cursor, &out->first) || !read_number(cursor, &out->last) ||
        !read_word(cursor, '\n', until, sizeof until)) {
        return false;
    }
    out->until_utc_ns = SVMS_NO_TIME;
    if (strcmp(until, "-") != 0) {
        if (svms_time_parse(&out->until_utc_ns, until, NULL) != SVMS_OK) {
            return false;
        }
        svms_time_format(out->until_utc_ns, again);
        if (strcmp(again, until) != 0) {
            return false;
        }
    }
    return out->first <= out->last && out->last < SVMS_TREE_MAX;
}

static bool has(const svms_holds *holds, const svms_hold *hold)
{
    for (size_t i = 0; i < holds->count; i++) {
        if (svms_hold_is_same(&holds->hold[i], hold)) {
            return true;
        }
    }
    return false;
}

static svms_status begin(svms_holds *out, svms_ctx *ctx, svms_error *err)
{
    *out = (svms_holds){ .ctx = ctx };
    out->hold = svms_alloc(ctx, SVMS_HOLDS_MAX * sizeof *out->hold);
    if (!out->hold) {
        (void)svms_fail_memory(err);
        return SVMS_E_NO_MEMORY;
    }
    return SVMS_OK;
}

svms_status svms_holds_add(svms_holds *holds, const svms_hold *hold, svms_error *err)
{
    if (holds->count == SVMS_HOLDS_MAX) {
        return svms_fail(err, SVMS_E_LIMIT, "a log has at most %u holds", SVMS_HOLDS_MAX);
    }
    holds->hold[holds->count++] = *hold;
    return SVMS_OK;
}

svms_status svms_holds_parse(svms_holds *out, svms_ctx *ctx, const void *bytes, size_t size,
                             svms_error *err)
{
    svms_cursor cursor = svms_cursor_over(bytes, size, 0);
    svms_status status = begin(out, ctx, err);
    while (status == SVMS_OK && !svms_cursor_at_end(&cursor)) {
        svms_hold hold;
        if (!read_line(&cursor, &hold) || has(out, &hold)) {
            status = svms_fail(err, SVMS_E_MALFORMED, "line %zu of the file \"holds\" is none",
                               out->count + 1);
        } else {
            status = svms_holds_add(out, &hold, err);
        }
    }
    return status;
}

void svms_holds_clear(svms_holds *holds)
{
    if (holds->hold) {
        svms_release(holds->ctx, holds->hold);
        holds->hold = NULL;
    }
    holds->count = 0;
}

svms_status svms_holds_read(svms_holds *out, svms_ctx *ctx, const svms_folder *folder,
                            svms_error *err)
{
    svms_error why = SVMS_ERROR_INIT;
    svms_builder bytes = svms_builder_new(ctx, SVMS_HOLDS_TEXT_MAX);
    *out = (svms_holds){ .ctx = ctx };
    svms_status status = svms_log_read_file(folder, "holds", &bytes, &why);
    if (svms_log_is_missing(status, &why)) {
        status = begin(out, ctx, err);
    } else if (status == SVMS_OK) {
        status = svms_holds_parse(out, ctx, bytes.data, bytes.size, err);
    } else {
        status = svms_fail_as(err, status, &why);
    }
    svms_builder_clear(&bytes);
    return status;
}

svms_status svms_holds_write(const svms_holds *holds, const svms_folder *folder, svms_error *err)
{
    svms_builder text = svms_builder_new(holds->ctx, SVMS_HOLDS_TEXT_MAX);
    for (size_t i = 0; i < holds->count; i++) {
        svms_put_hold(&text, &holds->hold[i]);
    }
    svms_status status = svms_builder_check(&text, "the holds", err);
    if (status == SVMS_OK) {
        status = svms_log_put_file(folder, "holds", text.data, text.size, true, err);
    }
    svms_builder_clear(&text);
    return status;
}

void svms_holds_mark(const svms_holds *holds, int64_t now_utc_ns, uint64_t bundle,
                     bool held[SVMS_TILE_WIDTH])
{
    uint64_t begin_at = bundle * SVMS_TILE_WIDTH;
    uint64_t last_at = begin_at + SVMS_TILE_WIDTH - 1;
    memset(held, 0, SVMS_TILE_WIDTH * sizeof held[0]);
    for (size_t i = 0; i < holds->count; i++) {
        const svms_hold *hold = &holds->hold[i];
        bool is_over = hold->until_utc_ns != SVMS_NO_TIME && hold->until_utc_ns <= now_utc_ns;
        if (is_over || hold->last < begin_at || hold->first > last_at) {
            continue;
        }
        uint64_t from = hold->first > begin_at ? hold->first : begin_at;
        uint64_t to = hold->last < last_at ? hold->last : last_at;
        for (uint64_t at = from; at <= to; at++) {
            held[at - begin_at] = true;
        }
    }
}
