/* SPDX-License-Identifier: Apache-2.0 */
#include "password_form.h"

#include <string.h>

#include "failure.h"
#include "utf8.h"

#define FEW_CHARACTERS 5
#define NAME_LEAST 3

enum kind { LOWER = 1, UPPER = 2, DIGIT = 4, OTHER = 8 };

static unsigned kind_of(uint32_t c)
{
    if (c >= 'a' && c <= 'z') {
        return LOWER;
    }
    if (c >= 'A' && c <= 'Z') {
        return UPPER;
    }
    return c >= '0' && c <= '9' ? DIGIT : OTHER;
}

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c <= 0x9F);
}

/* Characters, or bytes where it is no text. */
static bool read_characters(uint32_t *out, size_t *count, const void *password, size_t size)
{
    const uint8_t *bytes = password;
    svms_cursor cursor = svms_cursor_over(password, size, 0);
    bool is_text = true;
    *count = 0;
    while (is_text && !svms_cursor_at_end(&cursor)) {
        unsigned long character = 0;
        size_t length = svms_utf8_peek(&cursor, &character);
        is_text = length > 0 && !is_control((uint32_t)character) && svms_skip(&cursor, length);
        out[(*count)++] = (uint32_t)character;
    }
    for (size_t i = 0; !is_text && i < size; i++) {
        out[i] = bytes[i];
    }
    if (!is_text) {
        *count = size;
    }
    return is_text;
}

static size_t different(const uint32_t *text, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < i && text[k] != text[i]) {
            k++;
        }
        found += k == i;
    }
    return found;
}

/* One piece of at most half the length, over and over; the last may be cut short. */
static bool has_period(const uint32_t *text, size_t count)
{
    for (size_t period = 1; period <= count / 2; period++) {
        size_t i = period;
        while (i < count && text[i] == text[i - period]) {
            i++;
        }
        if (i == count) {
            return true;
        }
    }
    return false;
}

/* More than half of the steps from one character to the next are by none, one up or one down. */
static bool is_mostly_run(const uint32_t *text, size_t count)
{
    size_t near = 0;
    for (size_t i = 1; i < count; i++) {
        uint32_t step = text[i] - text[i - 1] + 1;
        near += step <= 2;
    }
    return count > 1 && near * 2 > count - 1;
}

static bool repeats(const uint32_t *text, size_t count)
{
    size_t few = (count + 1) / 2 < FEW_CHARACTERS ? (count + 1) / 2 : FEW_CHARACTERS;
    return different(text, count) < few || has_period(text, count) || is_mostly_run(text, count);
}

svms_status svms_password_look(svms_password_form *out, svms_ctx *ctx, const void *password,
                               size_t size, svms_error *err)
{
    unsigned kinds = 0;
    memset(out, 0, sizeof *out);
    out->is_text = true;
    if (size == 0) {
        return SVMS_OK;
    }
    uint32_t *text = svms_alloc_array(ctx, size, sizeof *text);
    if (!text) {
        return svms_fail_memory(err);
    }
    out->is_text = read_characters(text, &out->characters, password, size);
    for (size_t i = 0; i < out->characters; i++) {
        kinds |= kind_of(text[i]);
    }
    out->kinds = (kinds & 1u) + (kinds >> 1 & 1u) + (kinds >> 2 & 1u) + (kinds >> 3 & 1u);
    out->repeats = repeats(text, out->characters);
    svms_release_secret(ctx, text, size * sizeof *text);
    return SVMS_OK;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool stands_in(const char *piece, size_t length, const uint8_t *text, size_t size)
{
    for (size_t at = 0; length >= NAME_LEAST && at + length <= size; at++) {
        size_t i = 0;
        while (i < length && lower((uint8_t)piece[i]) == lower(text[at + i])) {
            i++;
        }
        if (i == length) {
            return true;
        }
    }
    return false;
}

bool svms_password_holds_name(const char *name, const void *password, size_t size)
{
    const char *at_sign = strchr(name, '@');
    return stands_in(name, strlen(name), password, size) ||
           (at_sign && stands_in(name, (size_t)(at_sign - name), password, size));
}
