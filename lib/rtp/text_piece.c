/* SPDX-License-Identifier: Apache-2.0 */
#include "text_piece.h"

#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

svms_text_piece svms_text_piece_trim(svms_text_piece piece)
{
    while (piece.size > 0 && is_blank(piece.data[0])) {
        piece.data++;
        piece.size--;
    }
    while (piece.size > 0 && is_blank(piece.data[piece.size - 1])) {
        piece.size--;
    }
    return piece;
}

svms_text_piece svms_text_piece_cut(svms_text_piece *rest, char separator)
{
    const char *end = rest->size > 0 ? memchr(rest->data, separator, rest->size) : NULL;
    size_t size = end ? (size_t)(end - rest->data) : rest->size;
    svms_text_piece piece = { rest->data, size };
    size_t used = end ? size + 1 : size;
    rest->data += used;
    rest->size -= used;
    return svms_text_piece_trim(piece);
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

bool svms_text_piece_is(svms_text_piece piece, const char *name)
{
    if (strlen(name) != piece.size) {
        return false;
    }
    for (size_t i = 0; i < piece.size; i++) {
        if (upper(piece.data[i]) != upper(name[i])) {
            return false;
        }
    }
    return true;
}

bool svms_text_piece_number(svms_text_piece piece, uint32_t most, uint32_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < piece.size; i++) {
        if (piece.data[i] < '0' || piece.data[i] > '9') {
            return false;
        }
        value = value * 10 + (uint64_t)(piece.data[i] - '0');
        if (value > most) {
            return false;
        }
    }
    *out = (uint32_t)value;
    return piece.size > 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char letter = upper(c);
    return letter >= 'A' && letter <= 'F' ? letter - 'A' + 10 : -1;
}

bool svms_text_piece_hex(svms_text_piece piece, uint8_t *out, size_t *size)
{
    if (piece.size % 2 != 0 || piece.size / 2 > *size) {
        return false;
    }
    for (size_t i = 0; i < piece.size; i += 2) {
        int high = hex_digit(piece.data[i]);
        int low = hex_digit(piece.data[i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i / 2] = (uint8_t)(high << 4 | low);
    }
    *size = piece.size / 2;
    return true;
}
