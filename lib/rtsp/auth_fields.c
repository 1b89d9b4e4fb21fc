/* SPDX-License-Identifier: Apache-2.0 */
#include "auth_fields.h"

#include <string.h>

/* tchar of RFC 7230 section 3.2.6. */
static bool is_token(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void skip(svms_text_piece *rest, size_t size)
{
    rest->data += size;
    rest->size -= size;
}

static void skip_blanks(svms_text_piece *rest)
{
    while (rest->size > 0 && is_blank(rest->data[0])) {
        skip(rest, 1);
    }
}

static svms_text_piece take_token(svms_text_piece *rest)
{
    svms_text_piece token = { rest->data, 0 };
    while (rest->size > 0 && is_token(rest->data[0])) {
        token.size++;
        skip(rest, 1);
    }
    return token;
}

/* The opening quote is the next character. */
static bool take_quoted(svms_text_piece *rest, svms_text_piece *value)
{
    skip(rest, 1);
    *value = (svms_text_piece){ rest->data, 0 };
    while (rest->size > 0 && rest->data[0] != '"') {
        size_t step = rest->data[0] == '\\' ? 2 : 1;
        if (rest->size < step) {
            return false;
        }
        value->size += step;
        skip(rest, step);
    }
    if (rest->size == 0) {
        return false;
    }
    skip(rest, 1);
    return true;
}

static bool take_value(svms_text_piece *rest, svms_auth_field *field)
{
    field->quoted = rest->size > 0 && rest->data[0] == '"';
    if (field->quoted) {
        return take_quoted(rest, &field->value);
    }
    field->value = take_token(rest);
    return field->value.size > 0;
}

/* A field ends the list or has a comma behind it. */
static bool ends_well(svms_text_piece *rest)
{
    skip_blanks(rest);
    return rest->size == 0 || rest->data[0] == ',';
}

svms_auth_next svms_auth_next_field(svms_text_piece *rest, svms_auth_field *field)
{
    while (rest->size > 0 && (is_blank(rest->data[0]) || rest->data[0] == ',')) {
        skip(rest, 1);
    }
    if (rest->size == 0) {
        return SVMS_AUTH_END;
    }
    *field = (svms_auth_field){ .name = take_token(rest) };
    if (field->name.size == 0) {
        return SVMS_AUTH_BROKEN;
    }
    bool spaced = rest->size > 0 && is_blank(rest->data[0]);
    skip_blanks(rest);
    if (rest->size == 0 || rest->data[0] != '=') {
        return rest->size == 0 || spaced || rest->data[0] == ',' ? SVMS_AUTH_SCHEME
                                                                 : SVMS_AUTH_BROKEN;
    }
    skip(rest, 1);
    skip_blanks(rest);
    return take_value(rest, field) && ends_well(rest) ? SVMS_AUTH_FIELD : SVMS_AUTH_BROKEN;
}

bool svms_auth_field_copy(const svms_auth_field *field, char *out, size_t capacity)
{
    size_t size = 0;
    for (size_t i = 0; i < field->value.size; i++) {
        /* An escape has its character behind it: take_quoted() saw to that. */
        i += field->quoted && field->value.data[i] == '\\' ? 1 : 0;
        unsigned char c = (unsigned char)field->value.data[i];
        if (size + 1 >= capacity || c < 0x20 || c == 0x7F) {
            return false;
        }
        out[size++] = (char)c;
    }
    out[size] = '\0';
    return true;
}

bool svms_auth_field_decode(const svms_auth_field *field, char *out, size_t capacity)
{
    svms_text_piece rest = field->value;
    svms_text_piece charset = svms_text_piece_cut(&rest, '\'');
    (void)svms_text_piece_cut(&rest, '\''); /* the language, which changes nothing */
    if (field->quoted || !svms_text_piece_is(charset, "UTF-8")) {
        return false;
    }
    size_t size = 0;
    while (rest.size > 0) {
        uint8_t c = (uint8_t)rest.data[0];
        size_t step = c == '%' ? 3 : 1;
        size_t one = 1;
        bool is_there = rest.size >= step;
        if (is_there && c == '%') {
            svms_text_piece digits = { rest.data + 1, 2 };
            is_there = svms_text_piece_hex(digits, &c, &one);
        }
        if (!is_there || size + 1 >= capacity || c < 0x20 || c == 0x7F) {
            return false;
        }
        out[size++] = (char)c;
        skip(&rest, step);
    }
    out[size] = '\0';
    return true;
}

void svms_auth_put_quoted(svms_builder *out, const char *name, svms_text_piece value)
{
    svms_put_bytes(out, name, strlen(name));
    svms_put_bytes(out, "=\"", 2);
    for (size_t i = 0; i < value.size; i++) {
        if (value.data[i] == '"' || value.data[i] == '\\') {
            svms_put_u8(out, '\\');
        }
        svms_put_u8(out, (uint8_t)value.data[i]);
    }
    svms_put_u8(out, '"');
}

/* attr-char of RFC 8187: what stands for itself. */
static bool is_plain(char c)
{
    return is_token(c) && c != '*' && c != '\'' && c != '%';
}

void svms_auth_put_encoded(svms_builder *out, const char *name, svms_text_piece value)
{
    static const char digits[] = "0123456789ABCDEF";
    svms_put_bytes(out, name, strlen(name));
    svms_put_bytes(out, "*=UTF-8''", 9);
    for (size_t i = 0; i < value.size; i++) {
        uint8_t c = (uint8_t)value.data[i];
        if (is_plain(value.data[i])) {
            svms_put_u8(out, c);
        } else {
            const char escape[3] = { '%', digits[c >> 4], digits[c & 15] };
            svms_put_bytes(out, escape, sizeof escape);
        }
    }
}
