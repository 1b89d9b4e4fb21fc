/* SPDX-License-Identifier: Apache-2.0 */
#include "json_put.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <svms/time.h>

#include "utf8.h"

static void put(svms_builder *out, const char *text)
{
    svms_put_bytes(out, text, strlen(text));
}

static bool comma_is_due(const svms_builder *out)
{
    uint8_t last = out->size > 0 ? out->data[out->size - 1] : '{';
    return last != '{' && last != '[' && last != ':';
}

static void begin(svms_builder *out, const char *name)
{
    if (comma_is_due(out)) {
        put(out, ",");
    }
    if (name != NULL) {
        put(out, "\"");
        put(out, name);
        put(out, "\":");
    }
}

void svms_json_open(svms_builder *out, const char *name, char bracket)
{
    begin(out, name);
    svms_put_u8(out, (uint8_t)bracket);
}

void svms_json_close(svms_builder *out, char bracket)
{
    svms_put_u8(out, (uint8_t)bracket);
}

void svms_json_put_raw(svms_builder *out, const char *name, const void *json, size_t size)
{
    begin(out, name);
    svms_put_bytes(out, json, size);
}

/* One character of a text; what is none is replaced byte by byte. */
static void put_character(svms_builder *out, svms_cursor *text)
{
    static const uint8_t replacement[] = { 0xEF, 0xBF, 0xBD };
    unsigned long character = 0;
    char escape[8];
    size_t length = svms_utf8_peek(text, &character);
    const uint8_t *bytes = svms_read_bytes(text, length > 0 ? length : 1);
    if (length == 0) {
        svms_put_bytes(out, replacement, sizeof(replacement));
    } else if (character == '"' || character == '\\') {
        svms_put_u8(out, '\\');
        svms_put_u8(out, (uint8_t)character);
    } else if (character < 0x20) {
        (void)snprintf(escape, sizeof(escape), "\\u%04lx", character);
        put(out, escape);
    } else {
        svms_put_bytes(out, bytes, length);
    }
}

void svms_json_put_text(svms_builder *out, const char *name, const char *text)
{
    if (text == NULL) {
        svms_json_put_null(out, name);
        return;
    }
    svms_cursor cursor = svms_cursor_over(text, strlen(text), 0);
    begin(out, name);
    put(out, "\"");
    while (!svms_cursor_at_end(&cursor)) {
        put_character(out, &cursor);
    }
    put(out, "\"");
}

void svms_json_put_name(svms_builder *out, const char *name)
{
    svms_json_put_text(out, NULL, name);
    put(out, ":");
}

void svms_json_put_number(svms_builder *out, const char *name, uint64_t number)
{
    char digits[24];
    (void)snprintf(digits, sizeof(digits), "%" PRIu64, number);
    begin(out, name);
    put(out, digits);
}

void svms_json_put_flag(svms_builder *out, const char *name, bool flag)
{
    begin(out, name);
    put(out, flag ? "true" : "false");
}

void svms_json_put_null(svms_builder *out, const char *name)
{
    begin(out, name);
    put(out, "null");
}

void svms_json_put_time(svms_builder *out, const char *name, int64_t utc_ns)
{
    char text[SVMS_TIME_TEXT_SIZE];
    int64_t same = 0;
    svms_time_format(utc_ns, text);
    if (svms_time_parse(&same, text, NULL) != SVMS_OK) {
        svms_json_put_null(out, name);
        return;
    }
    svms_json_put_text(out, name, text);
}

void svms_json_put_hex(svms_builder *out, const char *name, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    begin(out, name);
    put(out, "\"");
    for (size_t i = 0; i < size; i++) {
        svms_put_u8(out, (uint8_t)digits[bytes[i] >> 4]);
        svms_put_u8(out, (uint8_t)digits[bytes[i] & 15u]);
    }
    put(out, "\"");
}
